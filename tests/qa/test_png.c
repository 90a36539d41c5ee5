#include "qa/png.h"
#include "tests/qa/png_files.h"

#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>

#include <cmocka.h>

static uint8_t *
read_bytes_by_libpng(struct str file, unsigned channels)
{
	unsigned got;
	uint8_t *pixels = read_by_libpng(file, false, &got);
	assert_int_equal(got, channels);
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
	uint8_t *wanted = read_bytes_by_libpng(buf_str(&file), p.channels);
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

/* ---- files made by hand ---- */

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
	uint8_t *by_libpng = read_bytes_by_libpng(buf_str(ret), (unsigned)channels);
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
