/*
 * Pictures that look like pages, drawn from a seed, and seeded changes of them: text with smooth edges, buttons,
 * pictures with noise, rules.  Only for tests and measurements.
 */
#ifndef TESTS_QA_PAGE_H
#define TESTS_QA_PAGE_H

#include <png.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum element_kind { TEXT, BUTTON, IMAGE, RULE, ELEMENT_KINDS };

struct element {
	enum element_kind kind;
	int x, y, w, h;
	uint32_t seed, colour;
};

#define PAGE_MAX 512
struct page {
	int w, h;
	struct element v[PAGE_MAX];
	int n;
};

struct place {
	int x, y, w, h;
};

static inline uint32_t
page_random(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

static inline uint32_t
page_seed(uint32_t seed)
{
	uint32_t s = seed * 2654435761u ^ 0x5bd1e995u;
	return s ? s : 1;
}

static inline void
page_make(struct page *p, int w, int h, uint32_t seed)
{
	uint32_t s = page_seed(seed);
	*p = (struct page){.w = w, .h = h};
	for (int y = 20; y < h - 60 && p->n + 2 < PAGE_MAX;) {
		const enum element_kind kind =
			page_random(&s) % 8 < 5 ? TEXT : page_random(&s) % ELEMENT_KINDS;
		struct element e = {kind, 24 + (int)(page_random(&s) % 40), y, 0, 0,
			page_random(&s) | 1, page_random(&s) & 0x6f6f6f};
		e.w = kind == BUTTON ? 60 + (int)(page_random(&s) % 120)
		      : kind == RULE ? w - 2 * e.x
				     : w / 4 + (int)(page_random(&s) % (unsigned)(w / 2));
		e.h = kind == TEXT     ? 11
		      : kind == BUTTON ? 28
		      : kind == RULE   ? 1
				       : 40 + (int)(page_random(&s) % 80);
		if (e.x + e.w > w - 8)
			e.w = w - 8 - e.x;
		if (e.y + e.h > h - 8)
			break;
		p->v[p->n++] = e;
		y += e.h + 10 + (int)(page_random(&s) % 14);
	}
}

static inline void
page_pixel(const struct page *p, uint8_t *rgb, int x, int y, uint32_t colour, unsigned alpha)
{
	if (x < 0 || y < 0 || x >= p->w || y >= p->h)
		return;
	uint8_t *v = rgb + ((size_t)y * (size_t)p->w + (size_t)x) * 3;
	for (int i = 0; i < 3; i++)
		v[i] = (uint8_t)((v[i] * (255 - alpha) + (colour >> (8 * i) & 255) * alpha) / 255);
}

/* Letters of 5 to 8 pixels, each a few strokes with smooth edges. */
static inline void
page_text(const struct page *p, uint8_t *rgb, const struct element *e)
{
	uint32_t s = e->seed;
	for (int x = 0; x + 8 < e->w; x += 6 + (int)(page_random(&s) % 3)) {
		if (page_random(&s) % 7 == 0)
			continue;
		const uint32_t shape = page_random(&s);
		for (int j = 0; j < e->h; j++)
			for (int i = 0; i < 6; i++) {
				const bool stroke = (shape >> ((i + j * 3 / 2) % 29) & 1) &&
						    (i == 1 || i == 4 || j % 5 == 2);
				const unsigned edge = (shape >> ((i * 5 + j) % 23)) & 3;
				if (stroke)
					page_pixel(p, rgb, e->x + x + i, e->y + j, e->colour, 255);
				else if (edge == 3 && (i == 0 || i == 2 || i == 5))
					page_pixel(p, rgb, e->x + x + i, e->y + j, e->colour,
						40 + (shape >> 8 & 127));
			}
	}
}

static inline void
page_element(const struct page *p, uint8_t *rgb, const struct element *e)
{
	uint32_t s = e->seed;
	if (e->kind == TEXT) {
		page_text(p, rgb, e);
		return;
	}
	for (int j = 0; j < e->h; j++)
		for (int i = 0; i < e->w; i++) {
			uint32_t colour = e->kind == RULE ? e->colour : e->colour | 0x804000;
			if (e->kind == IMAGE) {
				const uint32_t shade = (uint32_t)((i * 2 + j * 3) / 4 & 255),
					       grain = page_random(&s) & 7;
				colour = (shade ^ grain) | ((255 - shade) << 8) |
					 ((e->colour & 255) << 16);
			}
			const bool corner = e->kind == BUTTON && ((i == 0 || i == e->w - 1) &&
									 (j == 0 || j == e->h - 1));
			page_pixel(p, rgb, e->x + i, e->y + j, colour, corner ? 90 : 255);
		}
	if (e->kind == BUTTON) {
		const struct element label = {
			TEXT, e->x + 8, e->y + 8, e->w - 16, 11, e->seed | 1, 0xffffff};
		page_text(p, rgb, &label);
	}
}

/* w * h * 3 bytes, heap. */
static inline uint8_t *
page_draw(const struct page *p)
{
	const size_t n = (size_t)p->w * (size_t)p->h * 3;
	uint8_t *rgb = malloc(n);
	memset(rgb, 255, n);
	for (int i = 0; i < p->n; i++)
		page_element(p, rgb, &p->v[i]);
	return rgb;
}

static inline struct place
page_union(struct place a, struct place b)
{
	const int x = a.x < b.x ? a.x : b.x, y = a.y < b.y ? a.y : b.y;
	const int x1 = a.x + a.w > b.x + b.w ? a.x + a.w : b.x + b.w,
		  y1 = a.y + a.h > b.y + b.h ? a.y + a.h : b.y + b.h;
	return (struct place){x, y, x1 - x, y1 - y};
}

/* One change that can be seen; gives where.  rows: how many rows were put in (the place is then where). */
static inline struct place
page_change(struct page *p, uint32_t seed, const char **ret_what, int *ret_rows)
{
	uint32_t s = page_seed(seed + 77);
	const int at = (int)(page_random(&s) % (unsigned)p->n);
	struct element *e = &p->v[at];
	const struct place was = {e->x, e->y, e->w, e->h};
	struct place now = was;
	*ret_rows = 0;
	switch (page_random(&s) % 7) {
	case 0:
		*ret_what = "other colour";
		e->colour ^= e->kind == IMAGE || e->kind == BUTTON ? 0x80 : 0x8f8f8f;
		break;
	case 1:
		*ret_what = "other content";
		e->seed = e->seed * 48271 + 11;
		if (e->kind == RULE || e->kind == IMAGE)
			e->colour ^= 0x6f6fff;
		if (e->kind == BUTTON) /* of its label */
			return (struct place){e->x + 8, e->y + 8, e->w - 16, 11};
		break;
	case 2:
		*ret_what = "moved right";
		e->x += 1 + (int)(page_random(&s) % 5);
		now.x = e->x;
		break;
	case 3:
		*ret_what = "moved down";
		e->y += 1 + (int)(page_random(&s) % 5);
		now.y = e->y;
		break;
	case 4:
		*ret_what = "gone";
		p->v[at] = p->v[--p->n];
		break;
	case 5:
		*ret_what = "narrower";
		e->w -= e->w / 3;
		/* from where a label's last letter may end */
		return (struct place){e->x + e->w - 16, e->y, was.w - e->w + 16, e->h};
	default:
		*ret_what = "rows put in";
		*ret_rows = 1 + (int)(page_random(&s) % 8);
		for (int i = 0; i < p->n; i++)
			if (p->v[i].y >= was.y)
				p->v[i].y += *ret_rows;
		p->h += *ret_rows;
		return (struct place){0, was.y, p->w, *ret_rows};
	}
	return page_union(was, now);
}

/* With libpng as it comes: all filters, level 6. */
static inline void
page_write(const char *path, const uint8_t *rgb, int w, int h, bool with_alpha)
{
	FILE *f = fopen(path, "wb");
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	if (!f)
		abort(); /* as libpng does when it fails */
	png_init_io(png, f);
	png_set_IHDR(png, info, (png_uint_32)w, (png_uint_32)h, 8,
		with_alpha ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
		PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	uint8_t *row = malloc((size_t)w * 4);
	for (int y = 0; y < h; y++) {
		const uint8_t *from = rgb + (size_t)y * (size_t)w * 3;
		for (int x = 0; with_alpha && x < w; x++) {
			memcpy(row + 4 * (size_t)x, from + 3 * (size_t)x, 3);
			row[4 * (size_t)x + 3] = 255;
		}
		png_write_row(png, with_alpha ? row : from);
	}
	free(row);
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	if (fclose(f) != 0)
		abort();
}

#endif
