#include "qa/png.h"

#include "qa/png_filter.h"
#include "qa/png_parts.h"

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

void
png_put_chunk(struct buf *out, const char *name, const void *p, size_t n)
{
	uint32_t crc = libdeflate_crc32(libdeflate_crc32(0, name, 4), p, n);
	put_number(out, (uint32_t)n);
	buf_add(out, name, 4);
	buf_add(out, p, n);
	put_number(out, crc);
}

void
png_put_head(struct buf *out, uint32_t w, uint32_t h, unsigned depth, enum png_colour colour)
{
	struct {
		uint32_t w, h;
		uint8_t depth, colour, compression, filter, interlace;
	} __attribute__((packed))
	header = {htobe32(w), htobe32(h), (uint8_t)depth, (uint8_t)colour, 0, 0, 0};
	buf_add(out, "\x89PNG\r\n\x1a\n", 8);
	png_put_chunk(out, "IHDR", &header, sizeof(header));
}

void
png_put_rows(struct buf *out, const void *rows, size_t n, int level)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
	if (!c)
		abort(); /* out of memory, as mem_alloc */
	size_t bound = libdeflate_zlib_compress_bound(c, n);
	OWN_FREE uint8_t *data = mem_alloc(bound);
	n = libdeflate_zlib_compress(c, rows, n, data, bound);
	libdeflate_free_compressor(c);
	png_put_chunk(out, "IDAT", data, n);
	png_put_chunk(out, "IEND", "", 0);
}

/* Filter "up": what pages are made of goes on downwards, and it costs one subtraction. */
static uint8_t *
filtered(const struct picture *p, size_t *ret_n)
{
	const size_t n = (size_t)p->w * p->channels;
	uint8_t *v = mem_alloc((n + 1) * p->h), *at = v;
	for (uint32_t y = 0; y < p->h; y++) {
		*at++ = y ? 2 : 0;
		png_filter_row(
			y ? 2 : 0, p->rows[y], y ? p->rows[y - 1] : NULL, n, p->channels, at);
		at += n;
	}
	*ret_n = (n + 1) * p->h;
	return v;
}

void
png_write(const struct picture *p, struct buf *out)
{
	size_t n;
	OWN_FREE uint8_t *raw = filtered(p, &n);
	png_put_head(out, p->w, p->h, 8, p->channels == 4 ? PNG_RGBA : PNG_RGB);
	png_put_rows(out, raw, n, LEVEL);
}
