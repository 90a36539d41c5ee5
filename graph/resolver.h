/* Inside the room: what the resolvers of the languages share. */
#ifndef GRAPH_RESOLVER_H
#define GRAPH_RESOLVER_H

#include "graph/resolve.h"

struct resolver {
	struct model *m;
	const struct facts *f;
	const struct model_file *file;
	uint32_t *names; /* of the model, by string of the file; UINT32_MAX: not asked for yet */
	unsigned steps;	 /* left for one reference */
};

#define RESOLVE_STEPS 400
#define RESOLVE_CANDIDATES 64

/* The name's number in the model; 0: no entity has it. */
uint32_t resolver_name(struct resolver *r, uint32_t string);
void resolver_emit(struct resolver *r, const struct fact_ref *ref, enum graph_relation relation,
	uint32_t dst, enum graph_prov prov, unsigned conf);
/* Calls, imports and the like are kept, too, when nothing is known of what they mean. */
void resolver_unresolved(struct resolver *r, const struct fact_ref *ref);

void resolve_c_ref(struct resolver *r, const struct fact_ref *ref);
/* A method by its name alone, where the receiver says nothing: a few candidates at a low confidence. */
bool resolve_by_method_name(struct resolver *r, const struct fact_ref *ref);

#endif
