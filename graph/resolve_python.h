/* Python: calls are resolved by what their callee may be (values.h), and only then by names. */
#ifndef GRAPH_RESOLVE_PYTHON_H
#define GRAPH_RESOLVE_PYTHON_H

#include "graph/resolver.h"

struct values;

/* Where in the model's values each reference of the file is; graph/values.h. */
struct python_calls {
	struct values *values;
	struct python_place {
		uint32_t node, root, scope; /* node 0 when root is: nowhere */
		bool there;
	} * places;
};

void python_calls_init(struct python_calls *p, const struct resolver *r, struct values *v);
void python_calls_finish(struct python_calls *p);

/* The relations of a call; false: nothing is known of its callee, or more than can be told. */
bool python_resolve_call(struct resolver *r, const struct python_calls *p,
	const struct fact_ref *ref, bool *ret_many);
/* The relations from `before` on are what names say of such a call: not sure, but for the method of its own type. */
void python_doubt_calls(struct resolver *r, const struct fact_ref *ref, size_t before);

#endif
