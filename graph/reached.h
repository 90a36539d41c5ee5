/*
 * What cases of tests reach, as drydock qa record keeps it (one JSON document a line; runner/reach.h): the format "runtime" of an
 * import.  Functions that ran and calls that were made become relations with the provenance "runtime"; which case executed which lines of a file is
 * kept beside it, by name, and is an answer for as long as the file is what it was.
 */
#ifndef GRAPH_REACHED_H
#define GRAPH_REACHED_H

#include "graph/seen.h"

/* In the worker: DD_EINVAL: it is no such file. */
int reached_read(struct str text, struct buf *out, struct dd_err *err) DD_MUST_USE;

/* As seen_place; said and placed are functions and calls of files that the map has. */
int reached_place(const struct model *m, const uint32_t *files, uint32_t nfiles, struct unpacker *u,
	struct graph_import_result *ret,
	int (*put)(void *ctx, uint32_t file, struct str packed, struct dd_err *err), void *ctx,
	struct dd_err *err) DD_MUST_USE;

/* As seen_unpack. */
int reached_unpack(struct model *m, uint32_t file, struct str packed,
	int (*row)(void *ctx, const struct seen_row *r, struct dd_err *err), void *ctx,
	struct dd_err *err) DD_MUST_USE;

/* A case that executed a line; views of what was kept. */
struct reached_case {
	struct str id;
	struct str test_file, test_name; /* the function of the test; empty: it is not known */
	bool outside;			 /* not in a function */
	bool entered; /* the function around it; which lines were executed is not known */
};
/* Each of them; `packed` as kept of the file.  A result other than 0 ends it and is given back.  DD_ECORRUPT. */
int reached_line(struct str packed, uint32_t line,
	int (*each)(void *ctx, const struct reached_case *c), void *ctx, struct dd_err *err)
	DD_MUST_USE;

#endif
