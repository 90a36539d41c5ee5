/*
 * Inside the room: puts look-ups of a process together to searches.  Consecutive look-ups of one
 * name (up to its first dot: a search for Foo.pm also tries Foo.pmc) by one process are one search,
 * which ends when the name was found or another is looked for.
 */
#ifndef SANDBOX_TRACE_GROUP_H
#define SANDBOX_TRACE_GROUP_H

#include "base/map.h"
#include "sandbox/trace_record.h"

#define GROUP_SLOTS 256

struct search; /* one that goes on */

struct groups {
	struct search *going_on[GROUP_SLOTS]; /* by pid */
	struct map done;		      /* -> struct trace_group, owned */
	size_t bytes;			      /* of the paths in done */
	uint64_t dropped;
};

/* program and args of the look must outlive g. */
void groups_add(struct groups *g, const struct trace_look *look);
/* End the searches that go on. */
void groups_finish(struct groups *g);
void groups_cleanup(struct groups *g);

#endif
