/*
 * What the text of a Python file says of values, as the walk comes by: graph/facts.h has the trees, graph/values.h what
 * is made of them.  Statements are told in the order of the text.
 */
#ifndef GRAPH_PYTHON_VALUES_H
#define GRAPH_PYTHON_VALUES_H

#include "graph/walk.h"

/* What is given to a target: a name, an attribute, an item, or several in a tuple.  each: one after another, in a loop. */
void python_values_assign(struct walk *w, TSNode target, TSNode value, TSNode type);
/* "for target in value"; at: where it is called from. */
void python_values_loop(struct walk *w, TSNode target, TSNode value, TSNode at);
/* "with value as target"; target may be null. */
void python_values_enter(struct walk *w, TSNode target, TSNode value, TSNode at);
/* A parameter that has a type or a default, either may be null. */
void python_values_parameter(struct walk *w, uint32_t name, TSNode type, TSNode value);
/* return, yield; value may be null; each: what going through it gives. */
void python_values_give(struct walk *w, enum fact_value_op op, TSNode value, bool each);
void python_values_raise(struct walk *w, TSNode value, TSNode at);

/* The call is what the reference of that index says. */
void python_values_call(struct walk *w, TSNode call, uint32_t ref);
/* The lambda is that entity; its statements follow. */
void python_values_lambda(struct walk *w, TSNode lambda, uint32_t entity);
/* The entity that comes next, in w->scope, is decorated; its number, and its decorators with their references. */
void python_values_decorated(struct walk *w, uint32_t name, uint32_t entity,
	const TSNode *decorators, const uint32_t *refs, unsigned n);

/* Of an annotation what it is about: of "A | None" and "Optional[A]" A. */
TSNode python_values_type(struct walk *w, TSNode type);

#endif
