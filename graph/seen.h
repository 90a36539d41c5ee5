/*
 * What was seen when the program ran: lines and functions that tests reached, functions on sampled stacks, requests, tables and
 * services with how often, how many failed and how long it took.  A worker reads the file and sums it up; here what it
 * speaks of becomes entities, and is kept by file, as other imports are (imports.h).
 *
 * Redacted: names of functions, methods of requests and paths without their query leave the worker, and of these only what is an entity
 * of the map comes into it, under the entity's name.  What cannot be placed is counted.
 */
#ifndef GRAPH_SEEN_H
#define GRAPH_SEEN_H

#include "graph/graph.h"
#include "graph/model.h"
#include "graph/pack.h"

enum seen_what {
	SEEN_LINE,     /* file, line */
	SEEN_FUNCTION, /* a: its name; file, or 0; line, or 0 */
	SEEN_CALL,     /* a calls b */
	SEEN_REQUEST,  /* a: its method, b: its path */
	SEEN_TABLE,    /* a */
	SEEN_SERVICE,  /* a */
	SEEN_WHATS,
};

#define RESOLVE_SEEN_CONFIDENCE 99 /* percent */
#define SEEN_BUCKETS \
	256 /* of durations, each a twelfth longer than the one before, from 1 us: quantiles are that exact */

#define SEEN_MAX ((uint64_t)INT64_MAX) /* a count; more is not told apart from it */

struct seen_counts {
	uint64_t count, errors, timed;
	uint32_t bucket[SEEN_BUCKETS];
};

struct seen { /* one observation */
	enum seen_what what;
	struct str a, b;
	uint32_t file; /* of the paths told first, from 1 */
	uint32_t line;
};

/* Their sum, SEEN_MAX where it is more. */
uint64_t seen_sum(uint64_t a, uint64_t b);
void seen_time(struct seen_counts *c, double us);
void seen_pack(struct buf *b, const struct seen *s, const struct seen_counts *c);

/* ---- in the worker ---- */

int seen_read_lcov(struct str text, struct buf *out, struct dd_err *err) DD_MUST_USE;
int seen_read_perf(struct str text, struct buf *out, struct dd_err *err) DD_MUST_USE;
int seen_read_access_log(struct str text, struct buf *out, struct dd_err *err) DD_MUST_USE;
int seen_read_otlp(struct str text, struct buf *out, struct dd_err *err) DD_MUST_USE;

/* ---- in the map ---- */

/*
 * What a worker gave of `files` (numbers in the model by those of its paths, 0: none), from *u on, placed: each file that has something of it is put with
 * what is to be kept of it, packed.  DD_ECORRUPT.
 */
int seen_place(const struct model *m, const uint32_t *files, uint32_t nfiles, struct unpacker *u,
	struct graph_import_result *ret,
	int (*put)(void *ctx, uint32_t file, struct str packed, struct dd_err *err), void *ctx,
	struct dd_err *err) DD_MUST_USE;

/* The innermost function around a line; what is known by its name alone.  0: none. */
uint32_t seen_function_around(const struct model *m, uint32_t file, uint32_t line);
uint32_t seen_shared(const struct model *m, enum graph_kind kind, struct str text);
/* How an entity of a file is kept, and found again. */
void seen_pack_entity(const struct model *m, uint32_t id, struct buf *b);
uint32_t seen_unpack_entity(const struct model *m, uint32_t file, struct unpacker *u);

struct seen_row { /* of an entity */
	uint32_t entity;
	uint64_t count, errors, timed, p50_us, p95_us, lines, lines_hit;
};
/* What was kept of a file: its rows, and its calls as relations of the model.  DD_ECORRUPT. */
int seen_unpack(struct model *m, uint32_t file, struct str packed, enum graph_prov prov,
	int (*row)(void *ctx, const struct seen_row *r, struct dd_err *err), void *ctx,
	struct dd_err *err) DD_MUST_USE;

#endif
