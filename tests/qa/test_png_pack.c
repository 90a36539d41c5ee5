#include "qa/png.h"
#include "tests/qa/png_files.h"

#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- exact ---- */

static void
assert_same_samples(struct str a, struct str b, const struct kind *k)
{
	unsigned channels;
	uint8_t *wanted = read_by_libpng(a, true, &channels);
	uint8_t *got = read_by_libpng(b, true, &channels);
	assert_int_equal(channels, 4);
	if (memcmp(wanted, got, (size_t)k->w * k->h * 8) != 0)
		fail_msg("colour %d depth %d interlace %d %ux%u: a sample is another", k->colour,
			k->depth, k->interlace, k->w, k->h);
	free(wanted);
	free(got);
}

/* Whether it became smaller. */
static bool
pack_exactly(const struct kind *k, uint32_t seed)
{
	OWN(buf) struct buf file = {0}, packed = {0};
	OWN(dd_err) struct dd_err err = {0};
	make_file(k, seed, &file);
	if (png_pack(buf_str(&file), &packed, &err) < 0)
		fail_msg("colour %d depth %d: %s", k->colour, k->depth, err_msg(&err));
	if (packed.n) {
		assert_true(packed.n < file.n);
		assert_same_samples(buf_str(&file), buf_str(&packed), k);
	}
	return packed.n;
}

static void
every_sample_of_every_kind_stays(void **state)
{
	static const struct {
		int colour, depth;
		bool packed;
	} kinds[] = {{0, 1, true}, {0, 2, true}, {0, 4, true}, {0, 8, true}, {0, 16, false},
		{2, 8, true}, {2, 16, false}, {3, 1, true}, {3, 2, true}, {3, 4, true},
		{3, 8, true}, {4, 8, true}, {4, 16, false}, {6, 8, true}, {6, 16, false}};
	static const uint32_t sizes[][2] = {{1, 1}, {2, 3}, {7, 9}, {33, 17}, {130, 20}};
	uint32_t seed = 1;
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		int smaller = 0;
		for (size_t z = 0; z < sizeof(sizes) / sizeof(*sizes); z++)
			for (int more = 0; more < 4; more++) {
				const struct kind k = {kinds[i].colour, kinds[i].depth, more & 1,
					PNG_FILTER_PAETH, (more & 2) && kinds[i].colour < 4,
					sizes[z][0], sizes[z][1], z == 3 ? 40 : 0};
				smaller += pack_exactly(&k, seed++);
			}
		if (kinds[i].packed != (smaller > 0))
			fail_msg("colour %d depth %d: %d are smaller", kinds[i].colour,
				kinds[i].depth, smaller);
	}
}

/* ---- the smallest kind that holds them all ---- */

/* A picture of n colours: colour i is made of i by these bits for each sample. */
static void
pack_colours(unsigned n, const uint32_t factor, uint8_t alpha, struct buf *ret)
{
	OWN(picture) struct picture p = {0};
	OWN(buf) struct buf file = {0};
	assert_int_equal(picture_make(397, 164, 4, &p, NULL), 0);
	for (uint32_t y = 0; y < p.h; y++)
		for (uint32_t x = 0; x < p.w; x++) {
			const uint32_t i = (x / 3 + y / 2 * 133) * 2654435761u % 9973 % n,
				       v = i * factor + (i >> 8);
			const uint8_t pixel[] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
				(uint8_t)(alpha + (alpha < 255 ? i : 0))};
			memcpy(p.rows[y] + 4 * (size_t)x, pixel, 4);
		}
	png_write(&p, &file);
	assert_int_equal(png_pack(buf_str(&file), ret, NULL), 0);
	assert_true(ret->n > 0);
	assert_same_samples(buf_str(&file), buf_str(ret), &(struct kind){.w = p.w, .h = p.h});
}

static void
a_picture_is_of_the_smallest_kind_that_holds_it(void **state)
{
	static const struct {
		unsigned n;
		uint32_t factor;
		uint8_t alpha;
		char depth, colour;
	} v[] = {{1, 0x010203, 255, 1, 3}, {2, 0x010203, 255, 1, 3}, {3, 0x010203, 255, 2, 3},
		{4, 0x010203, 255, 2, 3}, {5, 0x010203, 255, 4, 3}, {16, 0x010203, 255, 4, 3},
		{17, 0x010203, 255, 8, 3}, {256, 0x030501, 255, 8, 3}, {257, 0x030501, 255, 8, 2},
		{16, 0x010203, 100, 4, 3}, {700, 0x030501, 0, 8, 6}};
	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		OWN(buf) struct buf packed = {0};
		pack_colours(v[i].n, v[i].factor, v[i].alpha, &packed);
		if (packed.p[24] != v[i].depth || packed.p[25] != v[i].colour)
			fail_msg("%u colours: depth %d, colour %d", v[i].n, packed.p[24],
				packed.p[25]);
	}
}

/* Grey with more steps than a palette is good for. */
static void
grey_stays_grey(void **state)
{
	OWN(picture) struct picture p = {0};
	OWN(buf) struct buf file = {0}, packed = {0}, seen = {0};
	(void)state;
	assert_int_equal(picture_make(256, 64, 4, &p, NULL), 0);
	for (uint32_t y = 0; y < p.h; y++)
		for (uint32_t x = 0; x < p.w; x++)
			memset(p.rows[y] + 4 * (size_t)x, (int)((x + y) & 255), 4);
	png_write(&p, &file);
	assert_int_equal(png_pack(buf_str(&file), &packed, NULL), 0);
	assert_int_equal(packed.p[25], PNG_COLOR_TYPE_GRAY_ALPHA);
	assert_same_samples(buf_str(&file), buf_str(&packed), &(struct kind){.w = p.w, .h = p.h});
	for (uint32_t y = 0; y < p.h; y++)
		for (uint32_t x = 0; x < p.w; x++)
			p.rows[y][4 * (size_t)x + 3] = 255;
	buf_reset(&file);
	png_write(&p, &file);
	assert_int_equal(png_pack(buf_str(&file), &seen, NULL), 0);
	assert_int_equal(seen.p[25], PNG_COLOR_TYPE_GRAY);
	assert_same_samples(buf_str(&file), buf_str(&seen), &(struct kind){.w = p.w, .h = p.h});
}

static void
a_page_is_much_smaller_than_as_libpng_packs_it(void **state)
{
	static struct page page;
	OWN(buf) struct buf file = {0}, packed = {0};
	char path[] = "/tmp/drydock-page.XXXXXX";
	const int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	page_make(&page, 640, 480, 3);
	uint8_t *rgb = page_draw(&page);
	page_write(path, rgb, page.w, page.h, true);
	free(rgb);
	char bytes[65536];
	for (ssize_t n; (n = read(fd, bytes, sizeof(bytes))) > 0;)
		buf_add(&file, bytes, (size_t)n);
	(void)close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(png_pack(buf_str(&file), &packed, NULL), 0);
	assert_in_range(packed.n, 1, file.n * 4 / 5);
	assert_same_samples(buf_str(&file), buf_str(&packed),
		&(struct kind){.w = (uint32_t)page.w, .h = (uint32_t)page.h});
}

/* ---- what is left as it is ---- */

/* The file with a chunk put in behind its header. */
static void
put_in(struct str file, const char *name, size_t n, struct buf *ret)
{
	static const char zeros[64];
	const size_t header = 8 + 12 + 13;
	buf_add(ret, file.p, header);
	add_chunk(ret, name, zeros, n);
	buf_add(ret, file.p + header, file.n - header);
}

static const struct kind plain = {PNG_COLOR_TYPE_RGB, 8, 0, PNG_FILTER_NONE, false, 60, 40, 0};

static void
what_says_more_than_pixels_is_left_as_it_is(void **state)
{
	static const struct {
		const char *name;
		size_t bytes;
		bool packed;
	} v[] = {{"gAMA", 4, false}, {"cHRM", 32, false}, {"sRGB", 1, false}, {"iCCP", 20, false},
		{"cICP", 4, false}, {"eXIf", 20, false}, {"acTL", 8, false}, {"teXt", 0, false},
		{"tEXt", 9, true}, {"tIME", 7, true}, {"pHYs", 9, true}};
	OWN(buf) struct buf file = {0};
	(void)state;
	make_file(&plain, 5, &file);
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		OWN(buf) struct buf with = {0}, packed = {0};
		put_in(buf_str(&file), v[i].name, v[i].bytes, &with);
		assert_int_equal(png_pack(buf_str(&with), &packed, NULL), 0);
		if (v[i].packed != (packed.n > 0))
			fail_msg("with %s: %zu bytes", v[i].name, packed.n);
	}
}

/* Readers differ in what these are. */
static void
colours_that_are_not_there_are_left_as_they_are(void **state)
{
	const struct kind indexed = {
		PNG_COLOR_TYPE_PALETTE, 8, 0, PNG_FILTER_NONE, false, 60, 40, 0};
	const struct kind keyed = {PNG_COLOR_TYPE_RGB, 8, 0, PNG_FILTER_NONE, true, 60, 40, 0};
	OWN(buf) struct buf whole = {0}, part = {0}, key = {0}, packed = {0};
	(void)state;
	make_file(&indexed, 5, &whole);
	const size_t palette = 8 + 12 + 13;
	buf_add(&part, whole.p, palette);
	add_chunk(&part, "PLTE", whole.p + palette + 8, 600);
	buf_add(&part, whole.p + palette + 12 + 768, whole.n - palette - 12 - 768);
	assert_int_equal(png_pack(buf_str(&part), &packed, NULL), 0);
	assert_int_equal(packed.n, 0);
	make_file(&keyed, 5, &key);
	assert_int_equal(png_pack(buf_str(&key), &packed, NULL), 0);
	assert_int_equal(packed.n, 0);
	assert_int_equal(png_pack(buf_str(&whole), &packed, NULL), 0);
	assert_true(packed.n > 0);
}

static void
what_is_packed_is_not_packed_again(void **state)
{
	OWN(buf) struct buf file = {0}, packed = {0}, again = {0};
	(void)state;
	make_file(&plain, 6, &file);
	assert_int_equal(png_pack(buf_str(&file), &packed, NULL), 0);
	assert_true(packed.n > 0);
	assert_int_equal(png_pack(buf_str(&packed), &again, NULL), 0);
	assert_int_equal(again.n, 0);
}

/* A small file of very many pixels is read, and not worked on for minutes. */
static void
what_is_too_large_is_left_as_it_is(void **state)
{
	const struct kind k = {PNG_COLOR_TYPE_PALETTE, 1, 0, PNG_FILTER_NONE, false, 8192, 6144, 0};
	OWN(buf) struct buf file = {0}, packed = {0};
	(void)state;
	make_file(&k, 7, &file);
	assert_int_equal(png_pack(buf_str(&file), &packed, NULL), 0);
	assert_int_equal(packed.n, 0);
}

static void
broken_files_are_refused(void **state)
{
	OWN(buf) struct buf file = {0}, packed = {0};
	(void)state;
	make_file(&plain, 8, &file);
	for (size_t n = 0; n < file.n; n += n < 100 ? 1 : 97) {
		OWN(dd_err) struct dd_err err = {0};
		assert_int_not_equal(png_pack((struct str){file.p, n}, &packed, &err), 0);
		file.p[n] ^= 0x11;
		assert_int_not_equal(png_pack(buf_str(&file), &packed, NULL), 0);
		file.p[n] ^= 0x11;
	}
	assert_int_equal(packed.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_of_every_kind_stays),
		cmocka_unit_test(a_picture_is_of_the_smallest_kind_that_holds_it),
		cmocka_unit_test(grey_stays_grey),
		cmocka_unit_test(a_page_is_much_smaller_than_as_libpng_packs_it),
		cmocka_unit_test(what_says_more_than_pixels_is_left_as_it_is),
		cmocka_unit_test(colours_that_are_not_there_are_left_as_they_are),
		cmocka_unit_test(what_is_packed_is_not_packed_again),
		cmocka_unit_test(what_is_too_large_is_left_as_it_is),
		cmocka_unit_test(broken_files_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
