/*
 * References become relations.  The rules of the language decide; what they do not decide is stored as unresolved,
 * or, where only the name speaks for it, as `may-call` with a low confidence.
 */
#ifndef GRAPH_RESOLVE_H
#define GRAPH_RESOLVE_H

#include "graph/model.h"

struct overlay; /* graph/overlay.h */
struct values;	/* graph/values.h */

/*
 * The references of the file of that number (from 0); the model is settled.  Adds edges to it.  o, v: NULL when there
 * is none.
 */
void resolve_file(
	struct model *m, size_t file, const struct facts *f, struct overlay *o, struct values *v);

#endif
