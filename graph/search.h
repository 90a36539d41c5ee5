/*
 * What a text in plain words means, among the entities of a map: by its words (semantic: BM25 over the parts of
 * names, parameters, paths, commit subjects and the source itself, comments with it), by relations (relational: what is around the
 * entities whose names it says), and both as one ranking (reciprocal ranks).  When the two hardly agree, both look
 * farther, and it is told.
 */
#ifndef GRAPH_SEARCH_H
#define GRAPH_SEARCH_H

#include "graph/answer.h"
#include "graph/graph.h"

struct search_hit {
	uint32_t id;
	double score;		       /* of the ranking it is in; the fusion's are below 1 */
	uint32_t semantic, relational; /* rank from 1 in each; 0: it is not among them */
	uint32_t words;		       /* bits: which words of the query it has */
};

struct search_result {
	struct search_hit *v;
	size_t n;
	struct strlist words; /* of the query, as they are looked for */
	double agreement;     /* how much of the first ten of each is in the other's, 0..1 */
	bool widened;
};
void search_result_cleanup(struct search_result *r);

/* The best ones, at most max, best first.  DD_EINVAL: the query has no word to look for. */
int search(struct graph *g, const char *query, enum graph_search by, size_t max,
	struct search_result *ret, struct dd_err *err) DD_MUST_USE;

#endif
