/*
 * Whether the tree is still what a map is of, by stat(2), for answers that must not wait for it.  A small tree is looked at as a
 * whole, but no more than a twentieth of the time goes into that: what was seen holds for twenty times as long as the looking took.
 * A large one is looked at as a whole only where that is asked for; in both, the files that an answer names are looked at each time.
 */
#ifndef GRAPH_FRESH_H
#define GRAPH_FRESH_H

#include "graph/answer.h"

#define FRESH_SMALL_FILES 4000 /* of the map */

/*
 * "index" of an answer that begins: {"digest", "age_s", "stale", "unread", "checked": "tree" or "files"}, a new reference.  whole:
 * the tree is looked at now, however large it is.
 */
int fresh_index(struct graph *g, bool whole, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* The answer names the file of that number; an answer is stale with it. */
int fresh_name(struct graph *g, json_t *answer, uint32_t file, struct dd_err *err) DD_MUST_USE;
void fresh_mark_stale(json_t *answer);

#endif
