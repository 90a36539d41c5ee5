/*
 * The facts of one file from its path and bytes.  Deterministic: a limit counts bytes, lines, depth or the parser's
 * own steps, never time.
 */
#ifndef GRAPH_EXTRACT_H
#define GRAPH_EXTRACT_H

#include "graph/facts.h"

#define EXTRACT_MAX_BYTES ((size_t)32 << 20) /* of a file that is read at all */

struct extractor; /* a thread has its own */

struct extractor *extractor_create(void);
void extractor_destroy(struct extractor *x);

/*
 * ret: as facts_reset leaves it, or used before.  Its strings are views of path, text and x, good until x is used
 * again.
 */
void extract(struct extractor *x, const char *path, struct str text, struct facts *ret);

/* Only parse, as extract would: what a measurement compares with. */
void extract_parse_only(struct extractor *x, const char *path, struct str text);

#endif
