/* Inside the room: of functions of one name, the one that a call means, by its arguments (Java, C#). */
#ifndef GRAPH_RESOLVE_OVERLOAD_H
#define GRAPH_RESOLVE_OVERLOAD_H

#include "graph/resolver.h"

/*
 * The thing is a function that the name of the call means: that one of those with the name, in its type and the bases of that, which takes
 * the arguments; itself, when none does.  Weak: more than one may.
 */
struct thing resolver_overload(struct resolver *r, const struct fact_ref *ref, struct thing t);
/* What the type or a base of it has under that name for so many arguments; THING_UNKNOWN: nothing. */
struct thing resolver_overload_count(
	struct resolver *r, uint32_t type, uint32_t name, unsigned nargs);

#endif
