/*
 * Inside the room: fingerprints of structures.  Input is [[depth, label], ...] in document order.  Neighbours below one
 * parent that are the same count as one, so a list of three and one of thirty are the same; no threshold is involved.
 */
#ifndef QA_CRAWL_PRINT_H
#define QA_CRAWL_PRINT_H

#include "base/hash.h"
#include "base/json.h"

#define CRAWL_PRINT 16 /* hexadecimal digits of it that are used */

/* What is no such pair is left out. */
struct hash_hex crawl_print(const json_t *nodes);

#endif
