/* Earlier changes whose subjects say what a text says. */
#ifndef GRAPH_PAST_H
#define GRAPH_PAST_H

#include "graph/store.h"

/*
 * The files that they touched: how like the text the likest of them is, by its rare words more than by common ones (cosine of inverse
 * document frequencies), less for those that touched many files at once; the best file has 1.  Of what a history
 * keeps (history.h); nothing for a map without one.
 */
int past_alike(struct db *db, const char *text,
	void (*each)(void *ctx, uint32_t file, double share), void *ctx, struct dd_err *err)
	DD_MUST_USE;

#endif
