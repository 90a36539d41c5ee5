/*
 * Theory of operation.  A file goes through three steps: its chunks are walked and checked, its compressed data is
 * inflated into one piece of memory, and the filters are undone there, row by row.  A picture of RGB or RGBA with 8
 * bits a sample is then as it shall be, in place; every other kind is expanded into new memory.
 */
#include "qa/png.h"

#include "qa/png_filter.h"
#include "qa/png_parts.h"

#include <endian.h>
#include <errno.h>
#include <libdeflate.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#define SIGNATURE "\x89PNG\r\n\x1a\n"
#define SIGNATURE_BYTES 8
#define MAX_RATIO 1040 /* what DEFLATE can make of a byte (1032), and a little */

struct png {
	struct str rest; /* chunks not walked yet */
	uint32_t w, h;
	unsigned depth, colour;
	bool interlaced;
	uint8_t palette[256][4];
	bool has_palette, has_key;
	bool has_alpha;	 /* the result shall have it */
	uint16_t key[3]; /* the colour that is transparent, in samples of the file */
	struct str data; /* compressed */
	uint8_t *joined; /* where it is when it came in pieces */
	uint8_t *raw;	 /* inflated, with a filter byte ahead of each row; mapped */
	size_t raw_bytes;
};

struct chunk {
	char name[5];
	const uint8_t *p;
	uint32_t n;
};

/* ---- pictures ---- */

#define HUGE ((size_t)2 << 20)

/*
 * In huge pages as far as there are any: a fault for 2 MiB instead of 512, and most of the time goes into faults
 * otherwise.  They have to begin at a multiple of their size.
 */
static int
map_memory(size_t n, uint8_t **ret, size_t *ret_n, struct dd_err *err)
{
	const size_t spare = n >= HUGE / 2 ? HUGE : 0;
	if (spare && n % HUGE > HUGE / 4)
		n = (n + HUGE - 1) & ~(HUGE - 1);
	uint8_t *p =
		mmap(NULL, n + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return err_errno(err, errno, "cannot have %zu bytes", n);
	if (spare) {
		const size_t before = -(uintptr_t)p & (HUGE - 1), after = spare - before;
		if (before)
			(void)munmap(p, before);
		p += before;
		n = (n + 4095) & ~(size_t)4095;
		if (after)
			(void)munmap(p + n, after);
		(void)madvise(p, n, MADV_HUGEPAGE);
	}
	*ret = p;
	*ret_n = n;
	return 0;
}

static void
unmap_memory(uint8_t *p, size_t n)
{
	if (p)
		(void)munmap(p, n);
}

int
picture_make(uint32_t w, uint32_t h, unsigned channels, struct picture *ret, struct dd_err *err)
{
	uint64_t bytes = (uint64_t)w * h * channels;
	if (!bytes)
		return err_set(err, DD_EINVAL, "a picture without pixels");
	if (w > PNG_MAX_SIDE || h > PNG_MAX_SIDE || bytes > PNG_MAX_BYTES)
		return err_set(err, DD_ELIMIT, "%u x %u pixels are too many", w, h);
	struct picture p = {.w = w, .h = h, .channels = channels};
	int rc = map_memory(bytes + PICTURE_PADDING, &p.memory, &p.memory_bytes, err);
	if (rc < 0)
		return rc;
	p.rows = mem_alloc(h * sizeof(*p.rows));
	for (uint32_t y = 0; y < h; y++)
		p.rows[y] = p.memory + (size_t)y * w * channels;
	*ret = p;
	return 0;
}

void
picture_cleanup(struct picture *p)
{
	unmap_memory(p->memory, p->memory_bytes);
	free(p->rows);
	*p = (struct picture){0};
}

bool
picture_is_uniform(const struct picture *p)
{
	const size_t n = (size_t)p->w * p->channels;
	if (memcmp(p->rows[0], p->rows[0] + p->channels, n - p->channels) != 0)
		return false;
	for (uint32_t y = 1; y < p->h; y++)
		if (p->rows[y] != p->rows[0] && memcmp(p->rows[y], p->rows[0], n) != 0)
			return false;
	return true;
}

/* ---- chunks ---- */

static uint32_t
number_at(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static int
next_chunk(struct png *p, struct chunk *ret, struct dd_err *err)
{
	if (p->rest.n < 12)
		return err_set(err, DD_ECORRUPT, "the PNG ends before its last chunk");
	const uint8_t *at = (const uint8_t *)p->rest.p;
	*ret = (struct chunk){.n = number_at(at), .p = at + 8};
	memcpy(ret->name, at + 4, 4);
	for (int i = 0; i < 4; i++)
		if ((at[4 + i] | 0x20) < 'a' || (at[4 + i] | 0x20) > 'z')
			return err_set(err, DD_ECORRUPT, "a chunk of the PNG has no name");
	if (ret->n > INT32_MAX || ret->n > p->rest.n - 12)
		return err_set(err, DD_ECORRUPT, "the PNG ends inside its chunk %s", ret->name);
	if (libdeflate_crc32(0, at + 4, ret->n + 4) != number_at(ret->p + ret->n))
		return err_set(err, DD_ECORRUPT, "the checksum of chunk %s is wrong", ret->name);
	p->rest.p += ret->n + 12;
	p->rest.n -= ret->n + 12;
	return 0;
}

static bool
is_known_kind(unsigned colour, unsigned depth)
{
	switch (colour) {
	case PNG_GREY:
		return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
	case PNG_PALETTE:
		return depth == 1 || depth == 2 || depth == 4 || depth == 8;
	case PNG_RGB:
	case PNG_GREY_ALPHA:
	case PNG_RGBA:
		return depth == 8 || depth == 16;
	default:
		return false;
	}
}

static int
take_header(struct png *p, struct dd_err *err)
{
	struct chunk c;
	int rc = next_chunk(p, &c, err);
	if (rc < 0)
		return rc;
	if (strcmp(c.name, "IHDR") != 0 || c.n != 13)
		return err_set(err, DD_ECORRUPT, "the PNG does not begin with its header");
	p->w = number_at(c.p);
	p->h = number_at(c.p + 4);
	p->depth = c.p[8];
	p->colour = c.p[9];
	p->interlaced = c.p[12] == 1;
	p->has_alpha = p->colour == PNG_GREY_ALPHA || p->colour == PNG_RGBA;
	if (!p->w || !p->h || !is_known_kind(p->colour, p->depth) || c.p[10] || c.p[11] ||
		c.p[12] > 1)
		return err_set(err, DD_ECORRUPT, "the PNG's header asks for what does not exist");
	if (p->w > PNG_MAX_SIDE || p->h > PNG_MAX_SIDE)
		return err_set(err, DD_ELIMIT, "%u x %u pixels are too many", p->w, p->h);
	return 0;
}

static int
take_palette(struct png *p, const struct chunk *c, struct dd_err *err)
{
	if (p->has_palette || p->has_key || p->colour == PNG_GREY || p->colour == PNG_GREY_ALPHA ||
		c->n % 3 || !c->n || c->n > 768)
		return err_set(err, DD_ECORRUPT, "the PNG's palette is wrong");
	p->has_palette = true;
	for (uint32_t i = 0; i < c->n / 3; i++)
		memcpy(p->palette[i], c->p + 3 * (size_t)i, 3);
	return 0;
}

static int
take_transparency(struct png *p, const struct chunk *c, struct dd_err *err)
{
	if (p->colour == PNG_GREY_ALPHA || p->colour == PNG_RGBA)
		return 0; /* it means nothing there */
	if (p->has_key || (p->colour == PNG_PALETTE ? !p->has_palette || c->n > 256
						    : c->n != 2 * png_samples(p->colour)))
		return err_set(err, DD_ECORRUPT, "the PNG's transparency is wrong");
	p->has_key = p->has_alpha = true;
	if (p->colour == PNG_PALETTE)
		for (uint32_t i = 0; i < c->n; i++)
			p->palette[i][3] = c->p[i];
	else
		for (uint32_t i = 0; i < c->n / 2; i++)
			p->key[i] = (uint16_t)(c->p[2 * i] << 8 | c->p[2 * i + 1]);
	return 0;
}

static int
take_ancillary(struct png *p, const struct chunk *c, struct dd_err *err)
{
	if (strcmp(c->name, "PLTE") == 0)
		return take_palette(p, c, err);
	if (strcmp(c->name, "tRNS") == 0)
		return take_transparency(p, c, err);
	if (!(c->name[0] & 0x20))
		return err_set(err, DD_ECORRUPT, "chunk %s is out of place", c->name);
	return 0;
}

/* One chunk of data is used where it is, more are joined; c is the first. */
static int
take_data(struct png *p, struct chunk *c, struct dd_err *err)
{
	OWN(buf) struct buf joined = {.max = p->rest.n + c->n + 1};
	int rc = 0;
	p->data = (struct str){(const char *)c->p, c->n};
	while ((rc = next_chunk(p, c, err)) == 0 && strcmp(c->name, "IDAT") == 0) {
		if (!joined.n)
			buf_add_str(&joined, p->data);
		buf_add(&joined, c->p, c->n);
	}
	if (joined.n) {
		p->data.n = joined.n;
		p->joined = (uint8_t *)buf_take(&joined);
		p->data.p = (const char *)p->joined;
	}
	return rc;
}

static int
walk_chunks(struct png *p, struct dd_err *err)
{
	struct chunk c;
	int rc = take_header(p, err);
	for (int i = 0; i < 256; i++)
		p->palette[i][3] = 255;
	while (rc == 0 && (rc = next_chunk(p, &c, err)) == 0 && strcmp(c.name, "IDAT") != 0)
		rc = take_ancillary(p, &c, err);
	if (rc == 0 && p->colour == PNG_PALETTE && !p->has_palette)
		rc = err_set(err, DD_ECORRUPT, "the PNG has no palette");
	if (rc == 0)
		rc = take_data(p, &c, err);
	while (rc == 0 && strcmp(c.name, "IEND") != 0) {
		if (!(c.name[0] & 0x20))
			rc = err_set(err, DD_ECORRUPT, "chunk %s is out of place", c.name);
		else
			rc = next_chunk(p, &c, err);
	}
	return rc;
}

/* ---- data ---- */

struct pass {
	uint8_t x, y, dx, dy;
};
static const struct pass whole = {0, 0, 1, 1};
static const struct pass adam7[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
	{0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};

static size_t
passes_of(const struct png *p, const struct pass **ret)
{
	*ret = p->interlaced ? adam7 : &whole;
	return p->interlaced ? sizeof(adam7) / sizeof(*adam7) : 1;
}

static uint32_t
steps(uint32_t size, uint8_t from, uint8_t by)
{
	return size > from ? (size - from + by - 1) / by : 0;
}

static size_t
row_bytes(const struct png *p, uint32_t pixels)
{
	return ((size_t)pixels * png_samples(p->colour) * p->depth + 7) / 8;
}

static uint64_t
raw_size(const struct png *p)
{
	const struct pass *v;
	uint64_t n = 0;
	for (size_t i = 0, k = passes_of(p, &v); i < k; i++) {
		uint32_t w = steps(p->w, v[i].x, v[i].dx), h = steps(p->h, v[i].y, v[i].dy);
		if (w)
			n += (uint64_t)h * (row_bytes(p, w) + 1);
	}
	return n;
}

static int
inflate(struct png *p, struct dd_err *err)
{
	const uint64_t n = raw_size(p);
	if (n > PNG_MAX_BYTES || (uint64_t)p->w * p->h * 4 > PNG_MAX_BYTES)
		return err_set(err, DD_ELIMIT, "%u x %u pixels are too many", p->w, p->h);
	if (n / MAX_RATIO > p->data.n)
		return err_set(err, DD_ECORRUPT, "the PNG has too little data for %u x %u pixels",
			p->w, p->h);
	int rc = map_memory(n + PICTURE_PADDING, &p->raw, &p->raw_bytes, err);
	if (rc < 0)
		return rc;
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	if (!d)
		return err_set(err, DD_EIO, "out of memory");
	enum libdeflate_result r =
		libdeflate_zlib_decompress(d, p->data.p, p->data.n, p->raw, n, NULL);
	libdeflate_free_decompressor(d);
	return r == LIBDEFLATE_SUCCESS ? 0
				       : err_set(err, DD_ECORRUPT,
						 "the PNG's data is damaged, or not as long as "
						 "its size asks for");
}

static int
open_png(struct str file, struct png *p, struct dd_err *err)
{
	if (file.n < SIGNATURE_BYTES || memcmp(file.p, SIGNATURE, SIGNATURE_BYTES) != 0)
		return err_set(err, DD_ECORRUPT, "not a PNG");
	p->rest = (struct str){file.p + SIGNATURE_BYTES, file.n - SIGNATURE_BYTES};
	int rc = walk_chunks(p, err);
	return rc < 0 ? rc : inflate(p, err);
}

static void
png_cleanup(struct png *p)
{
	free(p->joined);
	unmap_memory(p->raw, p->raw_bytes);
}

/* ---- from rows of the file to pixels ---- */

static bool
is_direct(const struct png *p)
{
	return p->depth == 8 && !p->interlaced && !p->has_key &&
	       (p->colour == PNG_RGB || p->colour == PNG_RGBA);
}

/* Sample i of a row, in samples of the file. */
static inline unsigned
sample(const struct png *p, const uint8_t *row, size_t i)
{
	switch (p->depth) {
	case 16:
		return (unsigned)(row[2 * i] << 8 | row[2 * i + 1]);
	case 8:
		return row[i];
	default: {
		const unsigned per_byte = 8 / p->depth;
		unsigned shift = (unsigned)(per_byte - 1 - i % per_byte) * p->depth;
		return (unsigned)(row[i / per_byte] >> shift) & ((1u << p->depth) - 1);
	}
	}
}

static inline uint8_t
to_byte(const struct png *p, unsigned v)
{
	return (uint8_t)(p->depth == 16 ? v >> 8 : v * 255 / ((1u << p->depth) - 1));
}

static void
expand_pixel(const struct png *p, const uint8_t *row, size_t x, uint8_t *to)
{
	const unsigned n = png_samples(p->colour);
	if (p->colour == PNG_PALETTE) {
		memcpy(to, p->palette[sample(p, row, x)], p->has_alpha ? 4 : 3);
		return;
	}
	unsigned v[4];
	for (unsigned i = 0; i < n; i++)
		v[i] = sample(p, row, x * n + i);
	const bool grey = n < 3;
	for (unsigned i = 0; i < 3; i++)
		to[i] = to_byte(p, v[grey ? 0 : i]);
	if (p->has_key)
		to[3] = v[0] == p->key[0] && (grey || (v[1] == p->key[1] && v[2] == p->key[2]))
				? 0
				: 255;
	else if (p->has_alpha)
		to[3] = to_byte(p, v[n - 1]);
}

static int
expand(struct png *p, struct picture *ret, struct dd_err *err)
{
	const unsigned channels = p->has_alpha ? 4 : 3;
	const unsigned bpp = png_samples(p->colour) * p->depth / 8;
	int rc = picture_make(p->w, p->h, channels, ret, err);
	uint8_t *at = p->raw, *zeros = mem_zalloc(1, row_bytes(p, p->w) + 1);
	const struct pass *v;
	for (size_t i = 0, k = passes_of(p, &v); rc == 0 && i < k; i++) {
		const uint32_t w = steps(p->w, v[i].x, v[i].dx), h = steps(p->h, v[i].y, v[i].dy);
		const size_t n = row_bytes(p, w);
		const uint8_t *above = zeros;
		for (uint32_t y = 0; rc == 0 && w && y < h; y++, at += n + 1) {
			uint8_t *to = ret->rows[v[i].y + y * v[i].dy] + (size_t)v[i].x * channels;
			if (!png_unfilter_row(at[0], at + 1, above, n, bpp ? bpp : 1))
				rc = err_set(
					err, DD_ECORRUPT, "a row of the PNG has no known filter");
			for (uint32_t x = 0; rc == 0 && x < w; x++)
				expand_pixel(p, at + 1, x, to + (size_t)x * v[i].dx * channels);
			above = at + 1;
		}
	}
	free(zeros);
	if (rc < 0)
		picture_cleanup(ret);
	return rc;
}

/* The inflated data becomes the picture's memory. */
static void
adopt(struct png *p, struct picture *ret)
{
	const size_t n = row_bytes(p, p->w);
	*ret = (struct picture){.w = p->w,
		.h = p->h,
		.channels = png_samples(p->colour),
		.rows = mem_alloc(p->h * sizeof(*ret->rows)),
		.memory = TAKE(p->raw),
		.memory_bytes = p->raw_bytes};
	for (uint32_t y = 0; y < p->h; y++)
		ret->rows[y] = ret->memory + y * (n + 1) + 1;
}

static bool
is_zero(const uint8_t *p, size_t n)
{
	typedef uint64_t wide __attribute__((vector_size(32)));
	uint8_t rest = 0;
	for (; n >= sizeof(wide); p += sizeof(wide), n -= sizeof(wide)) {
		wide v;
		memcpy(&v, p, sizeof(v));
		if (v[0] | v[1] | v[2] | v[3])
			return false;
	}
	for (; n; p++, n--)
		rest |= *p;
	return !rest;
}

/* The filter byte is ahead of the row.  Nothing added to what is above: the row above it is. */
static bool
unfilter(struct picture *p, uint32_t y, const uint8_t *zeros)
{
	const size_t n = (size_t)p->w * p->channels;
	if (y && (p->rows[y][-1] == 2 || p->rows[y][-1] == 4) && is_zero(p->rows[y], n)) {
		p->rows[y] = p->rows[y - 1];
		return true;
	}
	return png_unfilter_row(
		p->rows[y][-1], p->rows[y], y ? p->rows[y - 1] : zeros, n, p->channels);
}

static int
finish(struct png *p, struct picture *ret, struct dd_err *err)
{
	if (!is_direct(p))
		return expand(p, ret, err);
	adopt(p, ret);
	uint8_t *zeros = mem_zalloc(ret->w, ret->channels);
	bool good = true;
	for (uint32_t y = 0; good && y < ret->h; y++)
		good = unfilter(ret, y, zeros);
	free(zeros);
	if (good)
		return 0;
	picture_cleanup(ret);
	return err_set(err, DD_ECORRUPT, "a row of the PNG has no known filter");
}

/*
 * A row whose filtered bytes are those of the other's is the same when the rows above are, or when its filter looks
 * at its own row only.
 */
static bool
finish_row_pair(struct picture *a, struct picture *b, uint32_t y, const uint8_t *zeros, bool *same)
{
	const size_t n = (size_t)a->w * a->channels;
	const bool shared = (*same || a->rows[y][-1] <= 1) &&
			    memcmp(a->rows[y] - 1, b->rows[y] - 1, n + 1) == 0;
	if (!unfilter(a, y, zeros) || (!shared && !unfilter(b, y, zeros)))
		return false;
	*same = shared || a->rows[y] == b->rows[y] || memcmp(a->rows[y], b->rows[y], n) == 0;
	if (*same)
		b->rows[y] = a->rows[y];
	return true;
}

static int
finish_pair(struct png *p, struct picture *a, struct picture *b, struct dd_err *err)
{
	adopt(&p[0], a);
	adopt(&p[1], b);
	uint8_t *zeros = mem_zalloc(a->w, a->channels);
	bool same = true, good = true;
	for (uint32_t y = 0; good && y < a->h; y++)
		good = finish_row_pair(a, b, y, zeros, &same);
	free(zeros);
	if (good)
		return 0;
	picture_cleanup(a);
	picture_cleanup(b);
	return err_set(err, DD_ECORRUPT, "a row of one of the PNGs has no known filter");
}

/* ---- the front door ---- */

int
png_read(struct str file, struct picture *ret, struct dd_err *err)
{
	struct png p = {0};
	int rc = open_png(file, &p, err);
	if (rc == 0)
		rc = finish(&p, ret, err);
	png_cleanup(&p);
	return rc;
}

#define WORTH_A_THREAD \
	((size_t)256 << 10) /* bytes of both files; below, it costs more than it saves */

struct opening {
	struct str file;
	struct png *png;
	struct dd_err err;
	int rc;
};

static void *
open_beside(void *arg)
{
	struct opening *o = arg;
	o->rc = open_png(o->file, o->png, &o->err);
	return NULL;
}

int
png_read_pair(struct str first, struct str second, struct picture *ret_first,
	struct picture *ret_second, struct dd_err *err)
{
	struct png p[2] = {0};
	struct opening beside = {.file = second, .png = &p[1]};
	pthread_t thread;
	const bool threaded = first.n + second.n > WORTH_A_THREAD &&
			      pthread_create(&thread, NULL, open_beside, &beside) == 0;
	int rc = open_png(first, &p[0], err);
	if (rc < 0)
		rc = err_wrap(err, "first");
	if (threaded)
		(void)pthread_join(thread, NULL);
	else
		(void)open_beside(&beside);
	if (rc == 0 && beside.rc < 0) {
		(void)err_move(err, &beside.err);
		rc = err_wrap(err, "second");
	}
	dd_err_cleanup(&beside.err);
	if (rc == 0 && is_direct(&p[0]) && is_direct(&p[1]) && p[0].colour == p[1].colour &&
		p[0].w == p[1].w && p[0].h == p[1].h) {
		rc = finish_pair(p, ret_first, ret_second, err);
	} else if (rc == 0) {
		rc = finish(&p[0], ret_first, err);
		if (rc < 0)
			rc = err_wrap(err, "first");
		else if ((rc = finish(&p[1], ret_second, err)) < 0) {
			picture_cleanup(ret_first);
			rc = err_wrap(err, "second");
		}
	}
	png_cleanup(&p[0]);
	png_cleanup(&p[1]);
	return rc;
}
