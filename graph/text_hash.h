/* The hash of a text, for tables in memory: FNV-1a, eight bytes a step.  Whoever reads hostile text gives it a seed. */
#ifndef GRAPH_TEXT_HASH_H
#define GRAPH_TEXT_HASH_H

#include "base/str.h"

#include <string.h>

/* Fewer than eight bytes, as one number; the length is in the hash. */
static inline uint64_t
text_hash_rest(const char *p, size_t n)
{
	uint32_t first, last;
	if (!n)
		return 0;
	if (n < 4)
		return (uint64_t)(uint8_t)p[0] << 16 | (uint64_t)(uint8_t)p[n / 2] << 8 |
		       (uint8_t)p[n - 1];
	memcpy(&first, p, sizeof(first));
	memcpy(&last, p + n - sizeof(last), sizeof(last));
	return (uint64_t)first << 32 | last;
}

static inline uint64_t
text_hash(uint64_t seed, struct str s)
{
	uint64_t h = (seed ^ s.n) * 0xff51afd7ed558ccdu ^ 0xcbf29ce484222325u, w;
	for (; s.n >= sizeof(w); s.p += sizeof(w), s.n -= sizeof(w)) {
		memcpy(&w, s.p, sizeof(w));
		h = (h ^ w) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	h = (h ^ text_hash_rest(s.p, s.n)) * 0x9e3779b97f4a7c15u;
	h = (h ^ h >> 32) * 0xc4ceb9fe1a85ec53u;
	return h ^ (h >> 32);
}

#endif
