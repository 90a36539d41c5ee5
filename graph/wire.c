#include "graph/wire.h"

static struct str
take(struct unpacker *u, size_t n)
{
	if (n > (size_t)(u->end - u->p)) {
		u->bad = true;
		return (struct str){"", 0};
	}
	struct str s = {(const char *)u->p, n};
	u->p += n;
	return s;
}

bool
wire_next(struct unpacker *u, struct wire_field *ret)
{
	if (u->bad || u->p == u->end)
		return false;
	uint64_t tag = unpack_u64(u);
	if (tag > UINT32_MAX || tag >> 3 == 0)
		u->bad = true;
	*ret = (struct wire_field){.number = (uint32_t)tag >> 3, .type = (enum wire_type)(tag & 7)};
	switch (tag & 7) {
	case WIRE_NUMBER:
		ret->value = unpack_u64(u);
		break;
	case WIRE_EIGHT:
		ret->bytes = take(u, 8);
		break;
	case WIRE_BYTES:
		ret->bytes = unpack_str(u);
		break;
	case WIRE_FOUR:
		ret->bytes = take(u, 4);
		break;
	default:
		u->bad = true;
	}
	return !u->bad;
}

void
wire_numbers(const struct wire_field *f, int32_t *v, size_t max, size_t *n)
{
	struct unpacker u = unpacker_of(f->bytes);
	if (f->type == WIRE_NUMBER && *n < max)
		v[(*n)++] = (int32_t)f->value;
	while (f->type == WIRE_BYTES && u.p < u.end && *n < max) {
		uint64_t value = unpack_u64(&u);
		if (u.bad)
			return;
		v[(*n)++] = (int32_t)value;
	}
}

void
wire_put_number(struct buf *b, uint32_t number, uint64_t value)
{
	pack_u64(b, (uint64_t)number << 3 | WIRE_NUMBER);
	pack_u64(b, value);
}

void
wire_put_bytes(struct buf *b, uint32_t number, struct str bytes)
{
	pack_u64(b, (uint64_t)number << 3 | WIRE_BYTES);
	pack_str(b, bytes);
}
