/*
 * What the names, attributes, items and results of a program may hold, where functions are values like any other
 * (Python).  One set for each, with what flows into it from all statements of all files, until nothing is added any
 * more: of a name that is given something else on the way only what it may be at that point, of a function's result
 * that is one of its parameters what this call gave for it.  Sets are small; one that would grow beyond a dozen says
 * so, and nothing is concluded from it.
 *
 * The order is that of the model, so that the same facts give the same sets.  Cost: steps are counted, for each file in
 * proportion to what it says: what one that means harm leaves undone is no other file's, but nothing is sure then.  Algorithm: inclusion-based points-to analysis (Andersen 1994) with a work list.
 */
#ifndef GRAPH_VALUES_H
#define GRAPH_VALUES_H

#include "graph/model.h"

#define VALUES_MAX 12

struct values;

/* What a call may lead to. */
struct value_targets {
	uint32_t v[VALUES_MAX]; /* functions and types */
	size_t n;
	bool outside; /* what it calls is known, and not here */
	bool many;    /* there are more, or the question was too dear */
	bool given;   /* it depends on what callers give, or on what was not looked at to its end */
};

/* The model is settled and outlives it; NULL: nothing in it has values. */
struct values *values_create(struct model *m);
void values_destroy(struct values *v);

/* What the call, loop, ... at the node calls; root: the statement around it, scope: the entity that it is of. */
void values_called(
	struct values *v, uint32_t scope, uint32_t root, uint32_t node, struct value_targets *ret);
/* The method that making an object of the type in that scope calls; 0: none here. */
uint32_t values_constructor(struct values *v, uint32_t scope, uint32_t type);

#endif
