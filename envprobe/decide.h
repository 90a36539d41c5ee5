/*
 * Inside the room: choices where the evidence is split.  One is made, and asked about without waiting: an
 * answer changes it in the next run.
 */
#ifndef ENVPROBE_DECIDE_H
#define ENVPROBE_DECIDE_H

#include "envprobe/loop.h"
#include "envprobe/resolve.h"

struct decision {
	const char *slug;		    /* of the id "decision:SLUG" */
	const struct strlist *alternatives; /* two or more; the default first */
	const char *text;		    /* of the question */
	const char *where, *why;
};

/*
 * The alternative that is answered, else the first; borrowed.  An answer that is none of them is kept in
 * l->wrong_answer, which ends the run.
 */
const char *decide(struct loop *l, const struct decision *d);

/* The build system that is wanted; NULL: the one that detection thinks best. */
const char *decide_system_wanted(struct loop *l);
/* Detection is over: ask, if there is another. */
void decide_system(struct loop *l);

/*
 * Libraries of Composer of another version than is asked for: ask whether they are to be used.  Programs of a version that no source has: ask whether to go on with the one there is.  Who answers "try" has the
 * version left out of the need.
 */
void decide_versions(struct loop *l);

/*
 * The package for a need: what was resolved, or one of those that can stand in for it: the one that is wanted
 * already, or that is answered.  Borrowed.
 */
const char *decide_provider(struct loop *l, const struct need *need, const struct resolution *r);

#endif
