/*
 * Playing cases: their files are made, their calls executed one after another, and what they gave and left is kept.  Cases are played on
 * lanes, each a pod a side, so that several run at once; what was played before is taken from memory (memory.h).
 */
#ifndef PARITY_PLAY_H
#define PARITY_PLAY_H

#include "parity/memory.h"
#include "parity/seen.h"

#define PLAY_DIR \
	"/tmp/drydock-parity" /* of a case, in a pod: work, which it is called in; home; tmp */
#define PLAY_OUTPUT_MAX ((size_t)1 << 20)

struct play_lane {
	const struct parity_side *sides[2]; /* borrowed */
	const struct memory_state
		*there; /* in their directories, as long as the pods are the same; NULL: unknown */
};

struct play { /* what it points to is borrowed */
	struct play_lane lanes[PARITY_LANES];
	size_t n;
	const struct strlist *names; /* hidden in what is printed */
	struct memory *memory;	     /* NULL: nothing is remembered */
	bool loose_errors;
};

struct play_job {
	const struct parity_case *c; /* borrowed */
	bool whole; /* from its beginning to its end, whatever is remembered; it is checked against that */
	struct parity_seen seen[2]; /* what came of it, a side each; the caller cleans up */
	size_t remembered;	    /* calls that were not played */
};
void play_job_cleanup(struct play_job *j); /* also of one that was not played */

/* What programs are called by whoever prints their names; longest first. */
void play_names(const struct parity_side *const *sides, size_t n, struct strlist *ret);

/* All of them.  DD_ESTOPPED; DD_EIO: files could not be made; DD_EUNSUPPORTED: what was left could not be gathered. */
int play_jobs(struct play *p, struct play_job *jobs, size_t n, struct dd_err *err) DD_MUST_USE;

/* From here on processes have other numbers in the first lane than in a pod that is new. */
int play_disturb(const struct play *p, struct dd_err *err) DD_MUST_USE;

#endif
