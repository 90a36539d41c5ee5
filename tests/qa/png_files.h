/*
 * Files of every kind of PNG, as libpng writes them, from a seed.  Only for tests.
 */
#ifndef TESTS_QA_PNG_FILES_H
#define TESTS_QA_PNG_FILES_H

#include "base/str.h"
#include "tests/qa/page.h"

#include <setjmp.h>

struct kind {
	int colour, depth, interlace, filters;
	bool transparent; /* with a tRNS chunk */
	uint32_t w, h;
	size_t pieces; /* bytes of an IDAT chunk; 0: libpng's own choice */
};

static inline void
append(png_structp png, png_bytep p, png_size_t n)
{
	buf_add(png_get_io_ptr(png), p, n);
}

static inline void
flush(png_structp png)
{
	(void)png;
}

static inline void
set_extras(png_structp png, png_infop info, const struct kind *k, uint32_t *s)
{
	png_color palette[256];
	png_byte alpha[256];
	const int colours = 1 << (k->depth < 8 ? k->depth : 8);
	for (int i = 0; i < 256; i++) {
		palette[i] = (png_color){(png_byte)page_random(s), (png_byte)page_random(s),
			(png_byte)page_random(s)};
		alpha[i] = (png_byte)page_random(s);
	}
	const png_color_16 key = {
		.gray = (png_uint_16)(1 % colours), .red = 3, .green = 3, .blue = 3};
	if (k->colour == PNG_COLOR_TYPE_PALETTE)
		png_set_PLTE(png, info, palette, colours);
	if (k->transparent && k->colour == PNG_COLOR_TYPE_PALETTE)
		png_set_tRNS(png, info, alpha, colours > 2 ? colours - 1 : 1, NULL);
	else if (k->transparent)
		png_set_tRNS(png, info, NULL, 0, &key);
}

/* Runs of equal pixels and noise, so that every filter has something to do, and some are the key of transparency. */
static inline void
fill_row(uint8_t *row, size_t n, uint32_t *s)
{
	for (size_t i = 0; i < n; i++) {
		const uint32_t r = page_random(s);
		row[i] = r % 4 == 0 ? (uint8_t)(r >> 8) : r % 4 == 1 ? 3 : i >= 8 ? row[i - 8] : 0;
	}
}

static inline void
make_file(const struct kind *k, uint32_t seed, struct buf *ret)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	uint32_t s = page_seed(seed);
	if (setjmp(png_jmpbuf(png)))
		abort();
	png_set_write_fn(png, ret, append, flush);
	png_set_IHDR(png, info, k->w, k->h, k->depth, k->colour, k->interlace,
		PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_set_filter(png, 0, k->filters);
	if (k->pieces)
		png_set_compression_buffer_size(png, k->pieces);
	set_extras(png, info, k, &s);
	png_write_info(png, info);
	const size_t n = png_get_rowbytes(png, info);
	png_bytepp rows = malloc(k->h * sizeof(*rows));
	for (uint32_t y = 0; y < k->h; y++) {
		rows[y] = malloc(n);
		fill_row(rows[y], n, &s);
		if (y % 3 == 2)
			memcpy(rows[y], rows[y - 1], n);
		if (y % 5 == 3)
			memset(rows[y], (int)(page_random(&s) & 255), n);
		if (y % 7 == 6)
			memset(rows[y], 0, n);
	}
	png_write_image(png, rows);
	png_write_end(png, info);
	for (uint32_t y = 0; y < k->h; y++)
		free(rows[y]);
	free(rows);
	png_destroy_write_struct(&png, &info);
}

static inline void
take(png_structp png, png_bytep to, png_size_t n)
{
	struct str *rest = png_get_io_ptr(png);
	if (rest->n < n)
		png_error(png, "end");
	memcpy(to, rest->p, n);
	rest->p += n;
	rest->n -= n;
}

/* What libpng makes of it: 8 bits, RGB or RGBA; all: 16 bits and RGBA, of whatever kind it is; heap. */
static inline uint8_t *
read_by_libpng(struct str file, bool all, unsigned *ret_channels)
{
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	if (setjmp(png_jmpbuf(png)))
		abort();
	png_set_read_fn(png, &file, take);
	png_read_info(png, info);
	png_set_expand(png);
	if (all) {
		png_set_expand_16(png);
		png_set_add_alpha(png, 0xffff, PNG_FILLER_AFTER);
	} else {
		png_set_strip_16(png);
	}
	png_set_gray_to_rgb(png);
	(void)png_set_interlace_handling(png);
	png_read_update_info(png, info);
	*ret_channels = png_get_channels(png, info);
	const uint32_t h = png_get_image_height(png, info);
	const size_t n = png_get_rowbytes(png, info);
	uint8_t *pixels = malloc(n * h);
	png_bytepp rows = malloc(h * sizeof(*rows));
	for (uint32_t y = 0; y < h; y++)
		rows[y] = pixels + y * n;
	png_read_image(png, rows);
	free(rows);
	png_destroy_read_struct(&png, &info, NULL);
	return pixels;
}

/* A chunk with a right checksum. */
static inline void
add_chunk(struct buf *out, const char *name, const void *p, size_t n)
{
	const uint32_t length = __builtin_bswap32((uint32_t)n);
	uint32_t crc = 0xffffffff;
	buf_add(out, &length, 4);
	const size_t from = out->n;
	buf_add(out, name, 4);
	buf_add(out, p, n);
	for (size_t i = from; i < out->n; i++) {
		crc ^= (uint8_t)out->p[i];
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	crc = __builtin_bswap32(~crc);
	buf_add(out, &crc, 4);
}

#endif
