/*
 * The relations of the map while it is made.  Those of one file are resolved into model.edges; when they are all
 * there they are sorted, merged and packed, at a quarter of the memory, and go through again by their sources: those
 * that a file tells of another one's entities (model.late) come in between.
 */
#ifndef GRAPH_EDGES_H
#define GRAPH_EDGES_H

#include "graph/model.h"
#include "graph/pack.h"

/* model.edges has those of the next file, all of whose sources are behind the ones kept so far; it is empty then. */
void edges_keep(struct model *m);

struct edges_reader {
	const struct model *m;
	struct unpacker kept;
	size_t late, nlate; /* the next of model.late */
	uint32_t next;	    /* the source of the next that were kept; UINT32_MAX: none */
	/* Of the source that edges_next came to: in their order, what says the same merged. */
	uint32_t src;
	struct model_edge *v;
	size_t n, cap;
};

/* From the first source on.  The late ones are sorted here; false: they are left out. */
void edges_reader_init(struct edges_reader *r, struct model *m, bool late);
void edges_reader_finish(struct edges_reader *r);
/* False: there are no more. */
bool edges_next(struct edges_reader *r);

#endif
