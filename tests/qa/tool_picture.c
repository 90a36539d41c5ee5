/*
 * Draws pages (page.h) for scripts.
 *
 *   tool_picture page W H SEED FILE                        a page
 *   tool_picture changed W H SEED CHANGE FILE              the same with one seeded change; prints "X Y W H ROWS WHAT"
 *   tool_picture shifted W H SEED N FILE                   the same, N rows lower, cut off at the bottom
 *   tool_picture alpha W H SEED FILE                       noise of every transparency
 *   tool_picture blank W H SEED FILE                       white
 */
#include "tests/qa/page.h"

static int
write_noise(int w, int h, uint32_t seed, const char *path)
{
	FILE *f = fopen(path, "wb");
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	uint32_t s = page_seed(seed), *row = malloc((size_t)w * 4);
	if (!f)
		return 1;
	png_init_io(png, f);
	png_set_IHDR(png, info, (png_uint_32)w, (png_uint_32)h, 8, PNG_COLOR_TYPE_RGBA,
		PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++)
			row[x] = page_random(&s) % 5 ? row[x ? x - 1 : 0] : page_random(&s);
		png_write_row(png, (uint8_t *)row);
	}
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	free(row);
	return fclose(f) != 0;
}

int
main(int argc, char **argv)
{
	static struct page p;
	if (argc < 6)
		return 2;
	const int w = atoi(argv[2]), h = atoi(argv[3]);
	const uint32_t seed = (uint32_t)atoi(argv[4]);
	const char *what = "", *path = argv[argc - 1];
	int rows = 0;
	if (strcmp(argv[1], "alpha") == 0)
		return write_noise(w, h, seed, path);
	page_make(&p, w, h, seed);
	if (strcmp(argv[1], "blank") == 0)
		p.n = 0;
	if (strcmp(argv[1], "changed") == 0) {
		const struct place at = page_change(&p, (uint32_t)atoi(argv[5]), &what, &rows);
		printf("%d %d %d %d %d %s\n", at.x, at.y, at.w, at.h, rows, what);
	}
	const int lower = strcmp(argv[1], "shifted") == 0 ? atoi(argv[5]) : 0;
	for (int i = 0; i < p.n; i++)
		p.v[i].y += lower;
	uint8_t *rgb = page_draw(&p);
	page_write(path, rgb, p.w, p.h, getenv("WITH_ALPHA") != NULL);
	free(rgb);
	return 0;
}
