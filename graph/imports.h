/*
 * What was imported into a map: indexes of compilers, and what was seen when the program ran.  A worker reads the file
 * (graph_import_worker_main) and gives it packed: what made it, the paths it speaks of, then one text for each of them.  Each is a row
 * of the map with the digest that its file had; a map that is made after it takes over the rows of the files that
 * are what they were, and counts those that it dropped.
 */
#ifndef GRAPH_IMPORTS_H
#define GRAPH_IMPORTS_H

#include "base/hash.h"
#include "graph/graph.h"
#include "graph/overlay.h"
#include "graph/store.h"

#define IMPORTS_MAX 64 /* of one map */

/* ---- in the worker ---- */

/* The beginning of what a worker gives; then pack_str for each path, in their order. */
void imports_begin(struct buf *out, struct str tool, const struct strlist *paths);
/* DD_EINVAL: it is no such file. */
int imports_read_scip(struct str index, struct buf *out, struct dd_err *err) DD_MUST_USE;

/* ---- while a map is made ---- */

struct imports;
struct imports *imports_create(struct db *db, struct model *m);
void imports_destroy(struct imports *im); /* NULL is fine */
/* From the map that was there: all files are in the model, and have their rows. */
int imports_carry(struct imports *im, struct db *old, size_t *ret_dropped, struct dd_err *err)
	DD_MUST_USE;
/* A new one; counted into ret.  DD_EINVAL: there are too many, or nothing of it is in the map; DD_ECORRUPT. */
int imports_add(struct imports *im, const struct graph_import *add, struct graph_import_result *ret,
	struct dd_err *err) DD_MUST_USE;
/* After both: what the digest of the map takes in of them. */
int imports_load(struct imports *im, struct hash *digest, struct dd_err *err) DD_MUST_USE;
/* Of the file of that number (from 0); *ret: NULL when no index has it.  Good until the next call. */
int imports_overlay(struct imports *im, size_t file, struct overlay **ret, struct dd_err *err)
	DD_MUST_USE;
/* When all is resolved: what was seen becomes rows, and calls of the model. */
int imports_seen(struct imports *im, struct dd_err *err) DD_MUST_USE;
/* Added: of all files that imports_overlay was asked for. */
void imports_counts(struct imports *im, struct graph_import_result *ret);

#endif
