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

/* Any number; those below are for that most are of one byte or two, for which there is room. */
void pack_long(struct buf *b, uint64_t v);
uint64_t unpack_long(struct unpacker *u);

static inline void
pack_u64(struct buf *b, uint64_t v)
{
	const size_t n = b->n;
	if (v >= 0x4000 || n + 2 >= b->cap || n + 2 > (b->max ? b->max : BUF_DEFAULT_MAX)) {
		pack_long(b, v);
		return;
	}
	char *p = b->p + n;
	const bool one = v < 0x80;
	p[0] = (char)(one ? v : v | 0x80);
	p[1] = (char)(v >> 7);
	p[2] = '\0';
	b->n = n + (one ? 1 : 2);
}
static inline void
pack_i64(struct buf *b, int64_t v) /* small for small absolute values */
{
	pack_u64(b, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}
void pack_str(struct buf *b, struct str s);

struct unpacker unpacker_of(struct str bytes);
static inline uint64_t
unpack_u64(struct unpacker *u)
{
	const uint8_t *p = u->p;
	if (u->end - p < 2 || u->bad || (p[0] & p[1] & 0x80))
		return unpack_long(u);
	if (p[0] < 0x80) {
		u->p = p + 1;
		return p[0];
	}
	u->p = p + 2;
	return (p[0] & 0x7fu) | (uint64_t)p[1] << 7;
}
static inline uint32_t
unpack_u32(struct unpacker *u) /* bad: it is larger */
{
	uint64_t v = unpack_u64(u);
	if (v > UINT32_MAX)
		u->bad = true;
	return u->bad ? 0 : (uint32_t)v;
}
int64_t unpack_i64(struct unpacker *u);
struct str unpack_str(struct unpacker *u); /* a view of the bytes read */
/* How many things of at least one byte each may follow; bad: more than bytes are left. */
uint32_t unpack_count(struct unpacker *u);

#endif
