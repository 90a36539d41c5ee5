/*
 * Packed numbers (LEB128) and the reading of them from bytes that nobody vouches for: a reader that ran past
 * its end, or met a number of more than 64 bits, is `bad` from then on and gives zeros.
 */
#ifndef GRAPH_PACK_H
#define GRAPH_PACK_H

#include "base/str.h"

struct unpacker {
	const uint8_t *p, *end;
	bool bad;
};

struct unpacker unpacker_of(struct str bytes);
void pack_u64(struct buf *b, uint64_t v);
void pack_i64(struct buf *b, int64_t v); /* small for small absolute values */
void pack_str(struct buf *b, struct str s);
uint64_t unpack_u64(struct unpacker *u);
uint32_t unpack_u32(struct unpacker *u); /* bad: it is larger */
int64_t unpack_i64(struct unpacker *u);
struct str unpack_str(struct unpacker *u); /* a view of the bytes read */
/* How many things of at least one byte each may follow; bad: more than bytes are left. */
uint32_t unpack_count(struct unpacker *u);

#endif
