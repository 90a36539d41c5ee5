#include "qa/png.h"

#include <endian.h>
#include <libdeflate.h>
#include <string.h>

#define LEVEL 4

static void
put_number(struct buf *out, uint32_t v)
{
	v = htobe32(v);
	buf_add(out, &v, sizeof(v));
}

static void
put_chunk(struct buf *out, const char *name, const void *p, size_t n)
{
	uint32_t crc = libdeflate_crc32(libdeflate_crc32(0, name, 4), p, n);
	put_number(out, (uint32_t)n);
	buf_add(out, name, 4);
	buf_add(out, p, n);
	put_number(out, crc);
}

/* Filter "up": what pages are made of goes on downwards, and it costs one subtraction. */
static uint8_t *
filtered(const struct picture *p, size_t *ret_n)
{
	const size_t n = (size_t)p->w * p->channels;
	uint8_t *v = mem_alloc((n + 1) * p->h), *at = v;
	for (uint32_t y = 0; y < p->h; y++) {
		*at++ = y ? 2 : 0;
		for (size_t i = 0; y && i < n; i++)
			at[i] = (uint8_t)(p->rows[y][i] - p->rows[y - 1][i]);
		if (!y)
			memcpy(at, p->rows[0], n);
		at += n;
	}
	*ret_n = (n + 1) * p->h;
	return v;
}

void
png_write(const struct picture *p, struct buf *out)
{
	struct {
		uint32_t w, h;
		uint8_t depth, colour, compression, filter, interlace;
	} __attribute__((packed))
	header = {htobe32(p->w), htobe32(p->h), 8, p->channels == 4 ? 6 : 2, 0, 0, 0};
	size_t n;
	OWN_FREE uint8_t *raw = filtered(p, &n);
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(LEVEL);
	if (!c)
		abort(); /* out of memory, as mem_alloc */
	size_t bound = libdeflate_zlib_compress_bound(c, n);
	OWN_FREE uint8_t *data = mem_alloc(bound);
	n = libdeflate_zlib_compress(c, raw, n, data, bound);
	libdeflate_free_compressor(c);
	buf_add(out, "\x89PNG\r\n\x1a\n", 8);
	put_chunk(out, "IHDR", &header, sizeof(header));
	put_chunk(out, "IDAT", data, n);
	put_chunk(out, "IEND", "", 0);
}
