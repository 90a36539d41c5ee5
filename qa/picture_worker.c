/*
 * Theory of operation.  Runs in the sandbox with nothing but its input.  Both pictures are read with two threads
 * (qa/png.h) and compared in place, which gives the counts; then rows that were put in or taken out are looked for,
 * and, where there are any, the changed places are those of the rows that belong together.  What is to be packed is
 * one file alone (png_pack.c).
 */
#include "qa/align.h"
#include "qa/naming.h"
#include "qa/picture_wire.h"
#include "qa/pixels.h"

#include "base/fs.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct job {
	struct picture_request head;
	const struct picture_box *masks;
	struct str file[4];
	struct picture a, b;
	struct picture shown; /* what differs, drawn; empty unless it is asked for */
	struct areas *areas;
	struct pixel_counts counts;
	struct row_runs runs;
	uint64_t masked;
	bool is_blank_a, is_blank_b;
};

/* ---- input ---- */

static int
read_request(struct job *j, struct dd_err *err)
{
	struct stat st;
	if (fstat(STDIN_FILENO, &st) < 0 || st.st_size < (off_t)sizeof(j->head))
		return err_set(err, DD_EINVAL, "no request");
	const char *p = mmap(
		NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, STDIN_FILENO, 0);
	if (p == MAP_FAILED)
		return err_errno(err, errno, "cannot map the request");
	memcpy(&j->head, p, sizeof(j->head));
	j->masks = (const struct picture_box *)(p + sizeof(j->head));
	uint64_t at = sizeof(j->head) + j->head.nmasks * sizeof(*j->masks);
	for (size_t i = 0; i < 4; i++) {
		if (at > (uint64_t)st.st_size || j->head.bytes[i] > (uint64_t)st.st_size - at)
			return err_set(err, DD_EINVAL, "the request is cut off");
		j->file[i] = (struct str){p + at, j->head.bytes[i]};
		at += j->head.bytes[i];
	}
	return 0;
}

/* ---- masks ---- */

/* Rows of their own in memory, to be written to. */
static int
copy_picture(struct picture *p, struct dd_err *err)
{
	struct picture copy;
	int rc = picture_make(p->w, p->h, p->channels, &copy, err);
	for (uint32_t y = 0; rc == 0 && y < p->h; y++)
		memcpy(copy.rows[y], p->rows[y], (size_t)p->w * p->channels);
	if (rc == 0)
		*p = copy; /* the other picture may still have rows of the old one */
	return rc;
}

static void
paint(struct picture *p, const struct picture_box *m, const uint8_t *colour)
{
	for (uint32_t y = m->y; y < p->h && y - m->y < m->h; y++) {
		uint32_t w = m->x < p->w ? p->w - m->x : 0;
		w = w < m->w ? w : m->w;
		for (uint32_t x = 0; x < w; x++)
			memcpy(p->rows[y] + (size_t)(m->x + x) * p->channels, colour, p->channels);
	}
}

/* How many pixels of p are under masks, and (ret_open, else NULL) one that is not. */
static uint64_t
count_masked(const struct job *j, const struct picture *p, const uint8_t **ret_open)
{
	OWN_FREE uint8_t *row = mem_alloc(p->w);
	uint64_t n = 0;
	*ret_open = NULL;
	for (uint32_t y = 0; y < p->h; y++) {
		memset(row, 0, p->w);
		for (uint32_t i = 0; i < j->head.nmasks; i++) {
			const struct picture_box *m = &j->masks[i];
			if (y >= m->y && y - m->y < m->h && m->x < p->w)
				memset(row + m->x, 1, m->w < p->w - m->x ? m->w : p->w - m->x);
		}
		for (uint32_t x = 0; x < p->w; x++)
			n += row[x];
		const uint8_t *open = *ret_open ? NULL : memchr(row, 0, p->w);
		if (open)
			*ret_open = p->rows[y] + (size_t)(open - row) * p->channels;
	}
	return n;
}

/*
 * Masks in black, so that nothing under them differs; before that in the colour of a pixel beside them, which tells
 * whether all the rest is blank.
 */
static int
mask_picture(
	struct job *j, struct picture *p, uint64_t *ret_masked, bool *ret_blank, struct dd_err *err)
{
	static const uint8_t black[4] = {0, 0, 0, 255};
	const uint8_t *open;
	int rc = copy_picture(p, err);
	if (rc < 0)
		return rc;
	*ret_masked = count_masked(j, p, &open);
	for (uint32_t i = 0; open && i < j->head.nmasks; i++)
		paint(p, &j->masks[i], open);
	*ret_blank = !open || picture_is_uniform(p);
	for (uint32_t i = 0; i < j->head.nmasks; i++)
		paint(p, &j->masks[i], black);
	return 0;
}

static int
apply_masks(struct job *j, struct dd_err *err)
{
	uint64_t of_a;
	if (!j->head.nmasks) {
		j->is_blank_a = picture_is_uniform(&j->a);
		j->is_blank_b = picture_is_uniform(&j->b);
		return 0;
	}
	int rc = mask_picture(j, &j->a, &of_a, &j->is_blank_a, err);
	return rc < 0 ? rc : mask_picture(j, &j->b, &j->masked, &j->is_blank_b, err);
}

/* ---- drawing ---- */

static void
draw(struct job *j, uint32_t x, uint32_t y, uint8_t r, uint8_t g, uint8_t b)
{
	const uint8_t colour[3] = {r, g, b};
	if (j->shown.rows)
		memcpy(j->shown.rows[y] + (size_t)x * 3, colour, 3);
}

/* The second picture, pale and without colour. */
static int
draw_ground(struct job *j, struct dd_err *err)
{
	if (!j->head.wants_picture)
		return 0;
	int rc = picture_make(j->b.w, j->b.h, 3, &j->shown, err);
	for (uint32_t y = 0; rc == 0 && y < j->b.h; y++)
		for (uint32_t x = 0; x < j->b.w; x++) {
			const uint8_t *p = j->b.rows[y] + (size_t)x * j->b.channels;
			const int alpha = j->b.channels == 4 ? p[3] : 255;
			const int grey = (p[0] * 77 + p[1] * 150 + p[2] * 29) >> 8;
			const uint8_t v = (uint8_t)(255 - (255 - grey) * alpha / 255 / 5);
			draw(j, x, y, v, v, v);
		}
	return rc;
}

static void
on_pixel(void *ctx, uint32_t x, uint32_t y, bool smooth)
{
	struct job *j = ctx;
	areas_add(j->areas, x, y);
	draw(j, x, y, 255, smooth ? 170 : 0, 0);
}

/* What only the second has is green; where the first had more, a line is drawn. */
static void
draw_rows(struct job *j, const struct row_run *r)
{
	const uint32_t from = r->yb, n = r->kind == RUN_REMOVED ? from < j->b.h : r->n;
	for (uint32_t y = from; y < from + n; y++)
		for (uint32_t x = 0; x < j->b.w; x++)
			if (r->kind == RUN_REMOVED)
				draw(j, x, y, 0, 0, 255);
			else
				draw(j, x, y, 0, 160, 0);
}

/* ---- comparing ---- */

/* Columns that only one of them has are counted, and this is where they are. */
static void
add_columns(struct job *j)
{
	const uint32_t from = j->a.w < j->b.w ? j->a.w : j->b.w - 1;
	for (uint32_t y = 0; j->b.w != j->a.w && y < j->b.h; y++) {
		on_pixel(j, from, y, false);
		on_pixel(j, j->b.w - 1, y, false);
	}
}

static void
compare_aligned(struct job *j)
{
	for (size_t i = 0; i < j->runs.n; i++) {
		const struct row_run *r = &j->runs.v[i];
		for (uint32_t k = 0; r->kind == RUN_PAIRED && k < r->n; k++)
			(void)pixels_compare_row(
				&j->a, r->ya + k, &j->b, r->yb + k, j->head.threshold, on_pixel, j);
		if (r->kind != RUN_PAIRED)
			draw_rows(j, r);
	}
}

static int
compare(struct job *j, struct dd_err *err)
{
	int rc = draw_ground(j, err);
	if (rc < 0)
		return rc;
	j->areas = areas_create(j->b.w, j->b.h);
	pixels_count(&j->a, &j->b, j->head.threshold, on_pixel, j, &j->counts);
	align_rows(&j->a, &j->b, j->head.threshold, j->counts.differing, &j->runs);
	if (j->runs.n > 1) {
		areas_destroy(j->areas);
		picture_cleanup(&j->shown);
		j->areas = areas_create(j->b.w, j->b.h);
		rc = draw_ground(j, err);
		if (rc == 0)
			compare_aligned(j);
	}
	if (rc == 0)
		add_columns(j);
	return rc;
}

/* ---- output ---- */

static void
put_regions(const struct job *j, const struct naming *names, struct buf *out, uint32_t *ret_n)
{
	struct area areas[AREAS_MAX];
	const size_t n = areas_find(j->areas, areas);
	_Static_assert(AREAS_MAX <= PICTURE_MAX_REGIONS, "the answer has room for them");
	for (size_t i = 0; i < n; i++) {
		OWN_FREE char *text = naming_describe(names, &areas[i]);
		const size_t length = strnlen(text, PICTURE_MAX_TEXT);
		const struct picture_answer_region r = {
			{areas[i].x, areas[i].y, areas[i].w, areas[i].h}, (uint32_t)length};
		buf_add(out, &r, sizeof(r));
		buf_add(out, text, length);
	}
	*ret_n = (uint32_t)n;
}

static void
put_rows(const struct job *j, struct buf *out, uint32_t *ret_n)
{
	uint32_t n = 0;
	for (size_t i = 0; i < j->runs.n && n < PICTURE_MAX_ROWS; i++) {
		const struct row_run *r = &j->runs.v[i];
		if (r->kind == RUN_PAIRED)
			continue;
		const bool removed = r->kind == RUN_REMOVED;
		const struct picture_answer_rows rows = {
			removed ? r->ya : r->yb, r->n, removed ? ROWS_REMOVED : ROWS_INSERTED};
		buf_add(out, &rows, sizeof(rows));
		n++;
	}
	*ret_n = n;
}

static int
answer(const struct job *j, const struct naming *names, struct dd_err *err)
{
	OWN(buf) struct buf body = {.max = (size_t)600 << 20}, png = {.max = (size_t)600 << 20};
	struct picture_answer a = {.magic = PICTURE_MAGIC,
		.wa = j->a.w,
		.ha = j->a.h,
		.wb = j->b.w,
		.hb = j->b.h,
		.is_blank_a = j->is_blank_a,
		.is_blank_b = j->is_blank_b,
		.differing = j->counts.differing,
		.differing_aa = j->counts.differing_aa,
		.masked = j->masked};
	a.equal = !a.differing && a.wa == a.wb && a.ha == a.hb;
	put_regions(j, names, &body, &a.nregions);
	put_rows(j, &body, &a.nrows);
	if (j->shown.rows)
		png_write(&j->shown, &png);
	a.picture_bytes = png.n;
	int rc = fs_write_all(STDOUT_FILENO, &a, sizeof(a), err);
	if (rc == 0 && body.n)
		rc = fs_write_all(STDOUT_FILENO, body.p, body.n, err);
	if (rc == 0 && png.n)
		rc = fs_write_all(STDOUT_FILENO, png.p, png.n, err);
	return rc;
}

static int
compare_files(struct job *j, struct dd_err *err)
{
	struct naming *names = NULL;
	int rc = naming_create(j->file[2], j->file[3], &names, err);
	if (rc == 0)
		rc = png_read_pair(j->file[0], j->file[1], &j->a, &j->b, err);
	if (rc == 0)
		rc = apply_masks(j, err);
	if (rc == 0)
		rc = compare(j, err);
	return rc < 0 ? rc : answer(j, names, err);
}

static int
pack_file(const struct job *j, struct dd_err *err)
{
	OWN(buf) struct buf out = {0};
	int rc = png_pack(j->file[0], &out, err);
	return rc < 0 || !out.n ? rc : fs_write_all(STDOUT_FILENO, out.p, out.n, err);
}

int
picture_worker_main(void)
{
	OWN(dd_err) struct dd_err err = {0};
	struct job j = {0};
	int rc = read_request(&j, &err);
	if (rc == 0)
		rc = j.head.magic == PICTURE_PACK ? pack_file(&j, &err) : compare_files(&j, &err);
	if (rc < 0)
		fprintf(stderr, "%s\n", err_msg(&err));
	return rc < 0; /* the memory goes with the process */
}
