/*
 * The wire format of protocol buffers (protobuf.dev/programming-guides/encoding): a message is fields, each a tag and a
 * number, four or eight bytes, or a length and bytes, which may be a message again.  A reader goes over bytes that nobody
 * vouches for, allocates nothing and gives views; groups, which nobody writes any more, make it bad.
 */
#ifndef GRAPH_WIRE_H
#define GRAPH_WIRE_H

#include "graph/pack.h"

enum wire_type { WIRE_NUMBER = 0, WIRE_EIGHT = 1, WIRE_BYTES = 2, WIRE_FOUR = 5 };

struct wire_field {
	uint32_t number;
	enum wire_type type;
	uint64_t value;	  /* WIRE_NUMBER; of the others 0 */
	struct str bytes; /* WIRE_BYTES, WIRE_EIGHT, WIRE_FOUR: a view */
};

/* The next field; false at the end, and where the bytes are not well formed: then u->bad. */
bool wire_next(struct unpacker *u, struct wire_field *ret);
/* A field that holds so many numbers at most, packed or alone: appended to v from *n on; more are dropped. */
void wire_numbers(const struct wire_field *f, int32_t *v, size_t max, size_t *n);

void wire_put_number(struct buf *b, uint32_t number, uint64_t value);
void wire_put_bytes(struct buf *b, uint32_t number, struct str bytes);

#endif
