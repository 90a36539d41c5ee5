#include "graph/pack.h"

struct unpacker
unpacker_of(struct str bytes)
{
	const uint8_t *p = (const uint8_t *)bytes.p;
	return (struct unpacker){p, p + bytes.n, false};
}

void
pack_long(struct buf *b, uint64_t v)
{
	char out[10];
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		out[n++] = (char)(v | 0x80);
	out[n++] = (char)v;
	buf_add(b, out, n);
}

void
pack_str(struct buf *b, struct str s)
{
	pack_u64(b, s.n);
	buf_add_str(b, s);
}

uint64_t
unpack_long(struct unpacker *u)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (u->p == u->end)
			break;
		uint8_t c = *u->p++;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return u->bad ? 0 : v;
	}
	u->bad = true;
	return 0;
}

int64_t
unpack_i64(struct unpacker *u)
{
	uint64_t v = unpack_u64(u);
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

struct str
unpack_str(struct unpacker *u)
{
	uint64_t n = unpack_u64(u);
	if (u->bad || n > (uint64_t)(u->end - u->p)) {
		u->bad = true;
		return (struct str){"", 0};
	}
	struct str s = {(const char *)u->p, (size_t)n};
	u->p += n;
	return s;
}

uint32_t
unpack_count(struct unpacker *u)
{
	uint64_t n = unpack_u64(u);
	if (n > (uint64_t)(u->end - u->p) || n > UINT32_MAX)
		u->bad = true;
	return u->bad ? 0 : (uint32_t)n;
}
