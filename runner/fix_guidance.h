/*
 * What people said that a repair is to know: the user's rules (rules.md), what was learnt about the clusters of the map that
 * it touches (agents/memory.h), and the rules of the source tree, which are the target's text.
 */
#ifndef RUNNER_FIX_GUIDANCE_H
#define RUNNER_FIX_GUIDANCE_H

#include "agents/memory.h"
#include "graph/graph.h"
#include "sandbox/sandbox.h"

/*
 * *ret: {"rules": [texts], "of_tree": text, "memories": as memories_for}, a new reference.  map: NULL, no memories.  tree: its
 * absolute path, where the user has it.  files: that are touched.
 */
int fix_guidance_find(const struct state *st, struct graph *map, const char *tree,
	const struct strlist *files, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* The user's rules, and memories of people, as rules of a prompt, appended. */
void fix_guidance_rules(const json_t *guidance, struct strlist *ret);
/* The others and the tree's own rules, to stand among the target's text, in at most so many bytes. */
void fix_guidance_pack(const json_t *guidance, size_t max, struct buf *out);

struct fix_lesson { /* borrowed */
	const char *tree, *text, *evidence, *author;
	const struct strlist *files; /* that it is about */
	enum memory_source source;
	unsigned confidence; /* 0, and days, 0: those of its source */
	int64_t days;
};
/* A memory of what was said of a change, for the cluster of the map at db that has these files; once. */
int fix_guidance_learn(const struct state *st, const char *db, const struct fix_lesson *l,
	struct dd_err *err) DD_MUST_USE;

#endif
