#include "qa/png.h"
#include "tests/qa/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>

#include <cmocka.h>

/* ---- files, as libpng writes them ---- */

struct kind {
	int colour, depth, interlace, filters;
	bool transparent; /* with a tRNS chunk */
	uint32_t w, h;
	size_t pieces; /* bytes of an IDAT chunk; 0: libpng's own choice */
};

static void
append(png_structp png, png_bytep p, png_size_t n)
{
	buf_add(png_get_io_ptr(png), p, n);
}

static void
flush(png_structp png)
{
	(void)png;
}

static void
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
static void
fill_row(uint8_t *row, size_t n, uint32_t *s)
{
	for (size_t i = 0; i < n; i++) {
		const uint32_t r = page_random(s);
		row[i] = r % 4 == 0 ? (uint8_t)(r >> 8) : r % 4 == 1 ? 3 : i >= 8 ? row[i - 8] : 0;
	}
}

static void
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

static void
take(png_structp png, png_bytep to, png_size_t n)
{
	struct str *rest = png_get_io_ptr(png);
	if (rest->n < n)
		png_error(png, "end");
	memcpy(to, rest->p, n);
	rest->p += n;
	rest->n -= n;
}

/* What libpng makes of it: 8 bits, RGB or RGBA; heap. */
static uint8_t *
read_by_libpng(struct str file, unsigned channels)
{
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	if (setjmp(png_jmpbuf(png)))
		abort();
	png_set_read_fn(png, &file, take);
	png_read_info(png, info);
	png_set_expand(png);
	png_set_strip_16(png);
	png_set_gray_to_rgb(png);
	(void)png_set_interlace_handling(png);
	png_read_update_info(png, info);
	assert_int_equal(png_get_channels(png, info), channels);
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

static void
assert_read_alike(const struct kind *k, uint32_t seed)
{
	OWN(buf) struct buf file = {0};
	OWN(dd_err) struct dd_err err = {0};
	OWN(picture) struct picture p = {0};
	make_file(k, seed, &file);
	if (png_read(buf_str(&file), &p, &err) < 0)
		fail_msg("colour %d depth %d: %s", k->colour, k->depth, err_msg(&err));
	assert_int_equal(p.w, k->w);
	assert_int_equal(p.h, k->h);
	uint8_t *wanted = read_by_libpng(buf_str(&file), p.channels);
	for (uint32_t y = 0; y < p.h; y++)
		if (memcmp(p.rows[y], wanted + (size_t)y * p.w * p.channels,
			    (size_t)p.w * p.channels) != 0)
			fail_msg(
				"colour %d depth %d interlace %d filters %x %ux%u: row %u is not what libpng reads",
				k->colour, k->depth, k->interlace, (unsigned)k->filters, k->w, k->h,
				y);
	free(wanted);
}

static void
every_kind_is_read_as_libpng_reads_it(void **state)
{
	static const int kinds[][2] = {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}, {2, 8}, {2, 16},
		{3, 1}, {3, 2}, {3, 4}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}};
	static const int filters[] = {PNG_FILTER_NONE, PNG_FILTER_SUB, PNG_FILTER_UP,
		PNG_FILTER_AVG, PNG_FILTER_PAETH, PNG_ALL_FILTERS};
	static const uint32_t sizes[][2] = {{1, 1}, {2, 3}, {7, 9}, {33, 17}, {130, 20}};
	uint32_t seed = 1;
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		for (size_t f = 0; f < sizeof(filters) / sizeof(*filters); f++)
			for (size_t z = 0; z < sizeof(sizes) / sizeof(*sizes); z++)
				for (int more = 0; more < 4; more++) {
					const struct kind k = {kinds[i][0], kinds[i][1], more & 1,
						filters[f], (more & 2) && kinds[i][0] < 4,
						sizes[z][0], sizes[z][1], z == 3 ? 40 : 0};
					assert_read_alike(&k, seed++);
				}
}

/* ---- broken files ---- */

static const struct kind small_kinds[] = {
	{PNG_COLOR_TYPE_RGB, 8, 0, PNG_ALL_FILTERS, false, 9, 7, 0},
	{PNG_COLOR_TYPE_PALETTE, 4, 1, PNG_ALL_FILTERS, true, 9, 7, 0},
	{PNG_COLOR_TYPE_RGBA, 16, 1, PNG_ALL_FILTERS, false, 5, 5, 20},
};

/* At the end of a page that is followed by none, so that reading past it is a crash. */
static char *
at_page_end(struct str s, void **ret_map)
{
	const size_t n = (s.n + 4095) & ~(size_t)4095;
	char *p = mmap(NULL, n + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(p != MAP_FAILED);
	assert_int_equal(mprotect(p + n, 4096, PROT_NONE), 0);
	memcpy(p + n - s.n, s.p, s.n);
	*ret_map = p;
	return p + n - s.n;
}

static void
assert_refused(struct str s)
{
	OWN(dd_err) struct dd_err err = {0};
	struct picture p = {0};
	void *map;
	const char *at = at_page_end(s, &map);
	assert_int_not_equal(png_read((struct str){at, s.n}, &p, &err), 0);
	assert_true(*err_msg(&err) != '\0');
	assert_null(p.rows);
	assert_int_equal(munmap(map, ((s.n + 4095) & ~(size_t)4095) + 4096), 0);
}

static void
a_file_that_ends_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(small_kinds) / sizeof(*small_kinds); i++) {
		OWN(buf) struct buf file = {0};
		make_file(&small_kinds[i], 5, &file);
		for (size_t n = 0; n < file.n; n++)
			assert_refused((struct str){file.p, n});
	}
}

static void
a_file_with_any_byte_changed_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(small_kinds) / sizeof(*small_kinds); i++) {
		OWN(buf) struct buf file = {0};
		make_file(&small_kinds[i], 6, &file);
		for (size_t n = 0; n < file.n; n++) {
			file.p[n] ^= 0x11;
			assert_refused(buf_str(&file));
			file.p[n] ^= 0x11;
		}
	}
}

/* ---- files made by hand: each chunk with a right checksum ---- */

static void
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

/* Whether it is refused with that code; chunks: names, "IDAT" has data for one grey pixel. */
static int
read_chunks(uint32_t w, uint32_t h, uint8_t depth, uint8_t colour, const char *const *chunks)
{
	/* zlib, stored: two bytes, a filter and a pixel */
	static const uint8_t data[] = {
		0x78, 0x01, 1, 2, 0, 0xfd, 0xff, 0, 7, 0x00, 0x09, 0x00, 0x08};
	OWN(buf) struct buf file = {0};
	struct picture p = {0};
	uint8_t header[13] = {(uint8_t)(w >> 24), (uint8_t)(w >> 16), (uint8_t)(w >> 8), (uint8_t)w,
		(uint8_t)(h >> 24), (uint8_t)(h >> 16), (uint8_t)(h >> 8), (uint8_t)h, depth,
		colour, 0, 0, 0};
	buf_add(&file, "\x89PNG\r\n\x1a\n", 8);
	for (; *chunks; chunks++)
		if (strcmp(*chunks, "IHDR") == 0)
			add_chunk(&file, "IHDR", header, 13);
		else if (strcmp(*chunks, "IDAT") == 0)
			add_chunk(&file, "IDAT", data, sizeof(data));
		else
			add_chunk(&file, *chunks, "abcabc", strcmp(*chunks, "PLTE") == 0 ? 6 : 0);
	const int rc = png_read(buf_str(&file), &p, NULL);
	picture_cleanup(&p);
	return rc;
}

#define CHUNKS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
chunks_have_an_order_and_a_meaning(void **state)
{
	(void)state;
	assert_int_equal(read_chunks(1, 1, 8, 0, CHUNKS("IHDR", "IDAT", "IEND")), 0);
	assert_int_equal(
		read_chunks(1, 1, 8, 0, CHUNKS("IHDR", "teXt", "IDAT", "tIME", "IEND")), 0);
	assert_int_equal(read_chunks(1, 1, 8, 0, CHUNKS("IDAT", "IHDR", "IEND")), -DD_ECORRUPT);
	assert_int_equal(read_chunks(1, 1, 8, 0, CHUNKS("IHDR", "IEND")), -DD_ECORRUPT);
	assert_int_equal(read_chunks(1, 1, 8, 0, CHUNKS("IHDR", "IDAT")), -DD_ECORRUPT);
	assert_int_equal(
		read_chunks(1, 1, 8, 0, CHUNKS("IHDR", "IHDR", "IDAT", "IEND")), -DD_ECORRUPT);
	assert_int_equal(
		read_chunks(1, 1, 8, 0, CHUNKS("IHDR", "CODE", "IDAT", "IEND")), -DD_ECORRUPT);
	assert_int_equal(read_chunks(1, 1, 8, 0, CHUNKS("IHDR", "IDAT", "tIME", "IDAT", "IEND")),
		-DD_ECORRUPT);
	assert_int_equal(
		read_chunks(1, 1, 8, 0, CHUNKS("IHDR", "I!AT", "IDAT", "IEND")), -DD_ECORRUPT);
	assert_int_equal(read_chunks(1, 1, 8, 3, CHUNKS("IHDR", "IDAT", "IEND")), -DD_ECORRUPT);
	assert_int_equal(read_chunks(1, 1, 8, 3, CHUNKS("IHDR", "PLTE", "IDAT", "IEND")), 0);
	assert_int_equal(read_chunks(1, 1, 8, 3, CHUNKS("IHDR", "PLTE", "PLTE", "IDAT", "IEND")),
		-DD_ECORRUPT);
	assert_int_equal(read_chunks(1, 1, 8, 3, CHUNKS("IHDR", "tRNS", "PLTE", "IDAT", "IEND")),
		-DD_ECORRUPT);
	assert_int_equal(read_chunks(1, 1, 3, 0, CHUNKS("IHDR", "IDAT", "IEND")), -DD_ECORRUPT);
	assert_int_equal(read_chunks(1, 1, 8, 5, CHUNKS("IHDR", "IDAT", "IEND")), -DD_ECORRUPT);
	assert_int_equal(read_chunks(2, 1, 8, 0, CHUNKS("IHDR", "IDAT", "IEND")), -DD_ECORRUPT);
	assert_int_equal(read_chunks(1, 2, 8, 0, CHUNKS("IHDR", "IDAT", "IEND")), -DD_ECORRUPT);
}

static unsigned long
peak_kib(void)
{
	unsigned long kib = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmPeak: %lu", &kib) == 1)
			break;
	assert_non_null(f);
	(void)fclose(f);
	return kib;
}

/* A small file that asks for much is refused before any memory is taken. */
static void
bombs_are_refused(void **state)
{
	(void)state;
	const unsigned long before = peak_kib();
	assert_int_equal(read_chunks(0, 1, 8, 0, CHUNKS("IHDR", "IDAT", "IEND")), -DD_ECORRUPT);
	assert_int_equal(
		read_chunks(1u << 31, 1, 8, 0, CHUNKS("IHDR", "IDAT", "IEND")), -DD_ELIMIT);
	assert_int_equal(
		read_chunks(1u << 20, 1u << 20, 8, 6, CHUNKS("IHDR", "IDAT", "IEND")), -DD_ELIMIT);
	assert_int_equal(
		read_chunks(1u << 20, 1u << 20, 1, 0, CHUNKS("IHDR", "IDAT", "IEND")), -DD_ELIMIT);
	assert_int_equal(
		read_chunks(10000, 10000, 8, 6, CHUNKS("IHDR", "IDAT", "IEND")), -DD_ECORRUPT);
	assert_true(peak_kib() < before + 100000);
}

/* ---- pairs, and writing ---- */

static void
assert_same_picture(const struct picture *a, const struct picture *b)
{
	assert_int_equal(a->w, b->w);
	assert_int_equal(a->h, b->h);
	assert_int_equal(a->channels, b->channels);
	for (uint32_t y = 0; y < a->h; y++)
		assert_memory_equal(a->rows[y], b->rows[y], (size_t)a->w * a->channels);
}

static void
write_rows(const struct page *p, int channels, struct buf *ret)
{
	OWN(picture) struct picture picture = {0};
	uint8_t *rgb = page_draw(p);
	assert_int_equal(
		picture_make((uint32_t)p->w, (uint32_t)p->h, (unsigned)channels, &picture, NULL),
		0);
	for (int y = 0; y < p->h; y++)
		for (int x = 0; x < p->w; x++) {
			memcpy(picture.rows[y] + x * channels, rgb + (y * p->w + x) * 3, 3);
			if (channels == 4)
				picture.rows[y][x * 4 + 3] = (uint8_t)(255 - x % 5);
		}
	free(rgb);
	png_write(&picture, ret);
	OWN(picture) struct picture back = {0};
	assert_int_equal(png_read(buf_str(ret), &back, NULL), 0);
	assert_same_picture(&picture, &back);
	uint8_t *by_libpng = read_by_libpng(buf_str(ret), (unsigned)channels);
	for (uint32_t y = 0; y < back.h; y++)
		assert_memory_equal(back.rows[y], by_libpng + (size_t)y * back.w * back.channels,
			back.w * back.channels);
	free(by_libpng);
}

static void
what_is_written_is_read_again(void **state)
{
	static struct page p;
	OWN(buf) struct buf rgb = {0}, rgba = {0}, again = {0};
	(void)state;
	page_make(&p, 301, 203, 4);
	write_rows(&p, 3, &rgb);
	write_rows(&p, 4, &rgba);
	write_rows(&p, 3, &again);
	assert_int_equal(rgb.n, again.n);
	assert_memory_equal(rgb.p, again.p, rgb.n);
}

static void
assert_pair(struct str a, struct str b)
{
	OWN(picture) struct picture alone_a = {0}, alone_b = {0}, pair_a = {0}, pair_b = {0};
	assert_int_equal(png_read(a, &alone_a, NULL), 0);
	assert_int_equal(png_read(b, &alone_b, NULL), 0);
	assert_int_equal(png_read_pair(a, b, &pair_a, &pair_b, NULL), 0);
	assert_same_picture(&alone_a, &pair_a);
	assert_same_picture(&alone_b, &pair_b);
}

/* Rows are shared between the two where bytes are equal, which must not show. */
static void
a_pair_is_read_as_each_alone(void **state)
{
	static struct page p;
	(void)state;
	for (uint32_t seed = 1; seed <= 12; seed++) {
		OWN(buf) struct buf a = {0}, b = {0};
		const char *what;
		int rows;
		page_make(&p, 320, 240, seed);
		write_rows(&p, 3, &a);
		(void)page_change(&p, seed, &what, &rows);
		write_rows(&p, 3, &b);
		assert_pair(buf_str(&a), buf_str(&b));
	}
	for (size_t i = 0; i < 6; i++) { /* noise, of which the first rows are the same */
		static const int filters[] = {PNG_FILTER_NONE, PNG_FILTER_SUB, PNG_FILTER_UP,
			PNG_FILTER_AVG, PNG_FILTER_PAETH, PNG_ALL_FILTERS};
		OWN(buf) struct buf a = {0}, b = {0};
		const struct kind k = {PNG_COLOR_TYPE_RGBA, 8, 0, filters[i], false, 64, 40, 0};
		make_file(&k, 9, &a);
		make_file(&(struct kind){PNG_COLOR_TYPE_RGBA, 8, 0, filters[i], false, 64, 40, 100},
			9, &b);
		assert_pair(buf_str(&a), buf_str(&b));
		buf_reset(&b);
		make_file(&k, 10, &b);
		assert_pair(buf_str(&a), buf_str(&b));
	}
}

static void
large_pairs_are_read_with_two_threads(void **state)
{
	OWN(buf) struct buf a = {0}, b = {0};
	const struct kind k = {PNG_COLOR_TYPE_RGB, 8, 0, PNG_ALL_FILTERS, false, 700, 500, 0};
	(void)state;
	make_file(&k, 1, &a);
	make_file(&k, 2, &b);
	assert_true(a.n + b.n > (size_t)512 << 10);
	assert_pair(buf_str(&a), buf_str(&b));
	struct picture p = {0}, q = {0};
	b.p[b.n / 2] ^= 1;
	assert_int_equal(png_read_pair(buf_str(&a), buf_str(&b), &p, &q, NULL), -DD_ECORRUPT);
}

static void
the_broken_one_of_a_pair_is_named(void **state)
{
	OWN(buf) struct buf a = {0};
	struct picture p = {0}, q = {0};
	OWN(dd_err) struct dd_err err = {0}, other = {0};
	(void)state;
	make_file(&small_kinds[0], 1, &a);
	assert_int_equal(png_read_pair(buf_str(&a), STR("x"), &p, &q, &err), -DD_ECORRUPT);
	assert_string_equal(err_msg(&err), "second: not a PNG");
	assert_int_equal(png_read_pair(STR("x"), buf_str(&a), &p, &q, &other), -DD_ECORRUPT);
	assert_string_equal(err_msg(&other), "first: not a PNG");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_read_as_libpng_reads_it),
		cmocka_unit_test(a_file_that_ends_anywhere_is_refused),
		cmocka_unit_test(a_file_with_any_byte_changed_is_refused),
		cmocka_unit_test(chunks_have_an_order_and_a_meaning),
		cmocka_unit_test(bombs_are_refused),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(a_pair_is_read_as_each_alone),
		cmocka_unit_test(large_pairs_are_read_with_two_threads),
		cmocka_unit_test(the_broken_one_of_a_pair_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
