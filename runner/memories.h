/* What was learnt about files of a tree, for whoever works on them: memories (agents/memory.h) and the map together. */
#ifndef RUNNER_MEMORIES_H
#define RUNNER_MEMORIES_H

#include "agents/memory.h"
#include "graph/graph.h"
#include "runner/cli.h"

/* The database in the state directory. */
int runner_memories_open(const struct common_options *o, struct memories **ret, struct dd_err *err)
	DD_MUST_USE;
/* Memories of the clusters that these files are in, surest first; root: the tree's absolute path.  As memories_for. */
int runner_memories_about(const struct common_options *o, struct graph *g, const char *root,
	const struct strlist *files, json_t **ret, struct dd_err *err) DD_MUST_USE;

#endif
