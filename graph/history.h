/*
 * What the repository's history says of the files of the map: how often and when each changed, who changed it most,
 * and which changed together.  The worker "history" (graph_history_worker_main) reads the repository; what it gives is
 * checked when it is read.
 */
#ifndef GRAPH_HISTORY_H
#define GRAPH_HISTORY_H

#include "graph/model.h"
#include "graph/store.h"

#define HISTORY_COMMITS 3000 /* the newest, along the first parents */
#define HISTORY_PATHS 40     /* a commit that changed more tells nothing of what belongs together */

/* The packed commits of a worker's output become rows of the map and, in the model, relations. DD_ECORRUPT. */
int history_add(struct db *db, struct model *m, struct str packed, struct dd_err *err) DD_MUST_USE;

#endif
