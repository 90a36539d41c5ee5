/*
 * Theory of operation.  A file is read to pixels (png_read.c); the smallest kind of PNG that holds them all exactly is
 * found by looking at each once: a palette of up to 256 colours, grey, without alpha where all of it is opaque.  Its
 * rows are filtered in several ways, each is compressed in haste, and the one that came out smallest is compressed with
 * patience.  A file that says more of how it is to be shown than its pixels (a profile, an orientation, an animation) or
 * has samples of 16 bits, of which png_read.c keeps half, stays as it is.
 */
#include "qa/png.h"

#include "qa/png_filter.h"
#include "qa/png_parts.h"

#include <endian.h>
#include <string.h>

#define MAX_COLOURS 256
#define MAX_ROWS ((size_t)128 << 20) /* bytes; more would take too long */
#define HASTE 2			     /* levels of libdeflate */
#define PATIENCE 10		     /* 12: 7 % fewer bytes for three times the processor */
#define FEW_BYTES ((size_t)16 << 20) /* of rows; above, patience is cut */
#define LESS_PATIENCE 8

/* ---- what a file says beside its pixels ---- */

struct header {
	unsigned depth, colour;
};

/*
 * Pixels, or what changes nothing of what is seen.  Readers differ in what an index behind the palette is, and where a
 * transparent colour that no sample can have.
 */
static bool
is_plain_chunk(const struct header *h, const char *name, uint32_t n)
{
	static const char *const plain[] = {"IHDR", "IDAT", "IEND", "tEXt", "zTXt", "iTXt", "tIME",
		"sBIT", "hIST", "bKGD", "pHYs", NULL};
	if (memcmp(name, "PLTE", 4) == 0)
		return h->colour != PNG_PALETTE || n / 3 >= 1u << h->depth;
	if (memcmp(name, "tRNS", 4) == 0)
		return h->colour == PNG_PALETTE;
	for (size_t i = 0; plain[i]; i++)
		if (memcmp(plain[i], name, 4) == 0)
			return true;
	return false;
}

/* The file was read: its chunks are whole. */
static bool
is_plain(struct str file)
{
	const struct header h = {(uint8_t)file.p[24], (uint8_t)file.p[25]};
	for (size_t at = 8; at + 12 <= file.n;) {
		uint32_t n;
		memcpy(&n, file.p + at, sizeof(n));
		n = be32toh(n);
		if (!is_plain_chunk(&h, file.p + at + 4, n))
			return false;
		if (memcmp(file.p + at + 4, "IEND", 4) == 0)
			break;
		at += (size_t)n + 12;
	}
	return h.depth <= 8;
}

/* ---- colours ---- */

#define SLOTS 1024 /* a power of two; four times the colours, so that searches are short */

struct colours {
	uint32_t v[MAX_COLOURS];
	uint32_t n;		 /* one more than there may be: too many */
	uint16_t slots[SLOTS];	 /* 1 + index in v */
	bool is_grey, is_opaque; /* of all pixels */
};

/* Red in the lowest byte. */
static inline uint32_t
pixel_at(const struct picture *p, const uint8_t *row, size_t x)
{
	uint32_t v;
	memcpy(&v, row + x * p->channels, sizeof(v)); /* the last may read what is behind it */
	v = le32toh(v);
	return p->channels == 4 ? v : v | 0xff000000u;
}

/* Its place; where it is new it gets one.  MAX_COLOURS: there is none left. */
static uint32_t
colour_index(struct colours *c, uint32_t colour)
{
	uint32_t slot = colour * 2654435761u >> 22;
	while (c->slots[slot] && c->v[c->slots[slot] - 1] != colour)
		slot = (slot + 1) % SLOTS;
	if (c->slots[slot])
		return c->slots[slot] - 1u;
	if (c->n == MAX_COLOURS)
		return MAX_COLOURS;
	c->v[c->n++] = colour;
	c->slots[slot] = (uint16_t)c->n;
	return c->n - 1;
}

static void
look_at_row(struct colours *c, const struct picture *p, const uint8_t *row)
{
	uint32_t last = ~pixel_at(p, row, 0);
	for (size_t x = 0; x < p->w; x++) {
		const uint32_t v = pixel_at(p, row, x);
		if (v == last)
			continue;
		last = v;
		c->is_opaque = c->is_opaque && v >> 24 == 255;
		c->is_grey =
			c->is_grey && (v & 255) == (v >> 8 & 255) && (v & 255) == (v >> 16 & 255);
		if (c->n <= MAX_COLOURS && colour_index(c, v) == MAX_COLOURS)
			c->n = MAX_COLOURS + 1;
	}
}

static void
look_at(const struct picture *p, struct colours *c)
{
	*c = (struct colours){.is_grey = true, .is_opaque = true};
	for (uint32_t y = 0; y < p->h; y++)
		if (!y || p->rows[y] != p->rows[y - 1])
			look_at_row(c, p, p->rows[y]);
}

/* ---- kinds of PNG ---- */

#define MAX_KINDS 2

struct png_kind {
	enum png_colour colour;
	unsigned depth;
	unsigned bpp; /* bytes from a sample to the same of the next pixel; at least 1 */
	size_t row_bytes;
};

static struct png_kind
kind_of(const struct picture *p, enum png_colour colour, unsigned depth)
{
	const unsigned bits = png_samples(colour) * depth;
	return (struct png_kind){
		colour, depth, bits < 8 ? 1 : bits / 8, ((size_t)p->w * bits + 7) / 8};
}

/* Each that holds the picture and may be the smallest. */
static size_t
choose_kinds(const struct picture *p, const struct colours *c, struct png_kind ret[MAX_KINDS])
{
	const bool few = c->n <= 16;
	size_t n = 0;
	if (c->n <= MAX_COLOURS)
		ret[n++] = kind_of(p, PNG_PALETTE, c->n <= 2 ? 1 : c->n <= 4 ? 2 : few ? 4 : 8);
	if (!few && c->is_grey)
		ret[n++] = kind_of(p, c->is_opaque ? PNG_GREY : PNG_GREY_ALPHA, 8);
	else if (!few)
		ret[n++] = kind_of(p, c->is_opaque ? PNG_RGB : PNG_RGBA, 8);
	return n;
}

static void
make_palette_row(
	const struct picture *p, struct colours *c, unsigned depth, const uint8_t *row, uint8_t *to)
{
	uint32_t last = pixel_at(p, row, 0), index = colour_index(c, last);
	memset(to, 0, ((size_t)p->w * depth + 7) / 8);
	for (size_t x = 0; x < p->w; x++) {
		const uint32_t v = pixel_at(p, row, x);
		if (v != last) {
			last = v;
			index = colour_index(c, v);
		}
		const size_t bit = x * depth;
		to[bit / 8] = (uint8_t)(to[bit / 8] | index << (8 - depth - bit % 8));
	}
}

static void
make_row(const struct picture *p, struct colours *c, const struct png_kind *k, const uint8_t *row,
	uint8_t *to)
{
	if (k->colour == PNG_PALETTE) {
		make_palette_row(p, c, k->depth, row, to);
		return;
	}
	for (size_t x = 0; x < p->w; x++, row += p->channels, to += k->bpp) {
		if (k->bpp > 2)
			memcpy(to, row, k->bpp);
		else
			to[0] = row[0];
		if (k->colour == PNG_GREY_ALPHA)
			to[1] = row[3];
	}
}

static void
make_rows(const struct picture *p, struct colours *c, const struct png_kind *k, uint8_t *to)
{
	for (uint32_t y = 0; y < p->h; y++)
		make_row(p, c, k, p->rows[y], to + y * k->row_bytes);
}

/* ---- filters ---- */

enum filter { NONE, SUB, UP, AVERAGE, PAETH, BEST };

static uint64_t
size_of_steps(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (uint64_t)abs((int8_t)p[i]);
	return sum;
}

/* BEST: of each row the filter whose bytes are nearest to zero. */
static void
put_filtered_row(enum filter f, const uint8_t *row, const uint8_t *above, const struct png_kind *k,
	uint8_t *to, uint8_t *spare)
{
	uint64_t least = UINT64_MAX;
	if (f != BEST) {
		to[0] = (uint8_t)f;
		png_filter_row(f, row, above, k->row_bytes, k->bpp, to + 1);
		return;
	}
	for (enum filter g = NONE; g < BEST; g++) {
		png_filter_row(g, row, above, k->row_bytes, k->bpp, spare);
		const uint64_t size = size_of_steps(spare, k->row_bytes);
		if (size >= least)
			continue;
		least = size;
		to[0] = (uint8_t)g;
		memcpy(to + 1, spare, k->row_bytes);
	}
}

static void
put_filtered(enum filter f, const uint8_t *rows, uint32_t h, const struct png_kind *k, uint8_t *to)
{
	OWN_FREE uint8_t *zeros = mem_zalloc(1, k->row_bytes), *spare = mem_alloc(k->row_bytes);
	const uint8_t *above = zeros;
	for (uint32_t y = 0; y < h; y++, rows += k->row_bytes, to += k->row_bytes + 1) {
		put_filtered_row(f, rows, above, k, to, spare);
		above = rows;
	}
}

/* ---- trying ---- */

static void
put_palette(const struct colours *c, struct buf *out)
{
	uint8_t rgb[3 * MAX_COLOURS], alpha[MAX_COLOURS];
	for (uint32_t i = 0; i < c->n; i++) {
		for (int k = 0; k < 3; k++)
			rgb[3 * i + k] = (uint8_t)(c->v[i] >> 8 * k);
		alpha[i] = (uint8_t)(c->v[i] >> 24);
	}
	png_put_chunk(out, "PLTE", rgb, 3 * (size_t)c->n);
	if (!c->is_opaque)
		png_put_chunk(out, "tRNS", alpha, c->n);
}

struct packing {
	const struct picture *picture;
	struct colours colours;
	uint8_t *rows, *filtered; /* room for those of any kind */
};

static void
put_file(struct packing *k, const struct png_kind *kind, enum filter f, int level, struct buf *out)
{
	const struct picture *p = k->picture;
	put_filtered(f, k->rows, p->h, kind, k->filtered);
	png_put_head(out, p->w, p->h, kind->depth, kind->colour);
	if (kind->colour == PNG_PALETTE)
		put_palette(&k->colours, out);
	png_put_rows(out, k->filtered, (kind->row_bytes + 1) * p->h, level);
}

/* The way that comes out smallest in haste. */
static void
choose(struct packing *k, struct png_kind *ret_kind, enum filter *ret_filter)
{
	static const enum filter filters[] = {NONE, SUB, UP, PAETH, BEST};
	struct png_kind kinds[MAX_KINDS];
	size_t least = SIZE_MAX;
	OWN(buf) struct buf out = {.max = 2 * MAX_ROWS};
	for (size_t i = 0, n = choose_kinds(k->picture, &k->colours, kinds); i < n; i++) {
		make_rows(k->picture, &k->colours, &kinds[i], k->rows);
		for (size_t f = 0; f < sizeof(filters) / sizeof(*filters); f++) {
			buf_reset(&out);
			put_file(k, &kinds[i], filters[f], HASTE, &out);
			if (out.n >= least)
				continue;
			least = out.n;
			*ret_kind = kinds[i];
			*ret_filter = filters[f];
		}
	}
}

static void
pack(const struct picture *p, size_t room, struct buf *out)
{
	OWN_FREE uint8_t *rows = mem_alloc(room), *filtered = mem_alloc(room + p->h);
	struct packing k = {.picture = p, .rows = rows, .filtered = filtered};
	struct png_kind kind = {0};
	enum filter filter = NONE;
	look_at(p, &k.colours);
	choose(&k, &kind, &filter);
	make_rows(p, &k.colours, &kind, rows);
	put_file(&k, &kind, filter, room <= FEW_BYTES ? PATIENCE : LESS_PATIENCE, out);
}

int
png_pack(struct str file, struct buf *out, struct dd_err *err)
{
	OWN(picture) struct picture p = {0};
	OWN(buf) struct buf packed = {.max = 2 * MAX_ROWS};
	int rc = png_read(file, &p, err);
	if (rc < 0)
		return rc;
	const size_t room = (size_t)p.w * p.h * p.channels;
	if (!is_plain(file) || room > MAX_ROWS)
		return 0;
	pack(&p, room, &packed);
	if (packed.n < file.n)
		buf_add_str(out, buf_str(&packed));
	return 0;
}
