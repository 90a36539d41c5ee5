#include "qa/pixels.h"

#include <endian.h>
#include <string.h>

#define MAX_DISTANCE 35215.0
#define SHIFT 12

/* As bytes in memory: red first. */
struct pixel {
	int r, g, b, a;
};

/* One number for each colour, red in the lowest byte. */
static inline uint32_t
colour_at(const struct picture *p, uint32_t x, uint32_t y)
{
	uint32_t v;
	memcpy(&v, p->rows[y] + (size_t)x * p->channels, sizeof(v));
	v = le32toh(v);
	return p->channels == 4 ? v : v | 0xff000000;
}

static inline struct pixel
to_pixel(uint32_t v)
{
	return (struct pixel){v & 255, v >> 8 & 255, v >> 16 & 255, (int)(v >> 24)};
}

static inline struct pixel
pixel_at(const struct picture *p, uint32_t x, uint32_t y)
{
	return to_pixel(colour_at(p, x, y));
}

/* ---- the distance in integers ---- */

#define FIXED(x) ((int64_t)((x) * (1 << SHIFT)))

struct yiq {
	int64_t y, i, q;
};

static inline int64_t
over_white(int v, int alpha)
{
	const int64_t white = (int64_t)255 << SHIFT;
	return alpha == 0 ? white : white + (int64_t)(v - 255) * alpha * (1 << SHIFT) / 255;
}

static inline struct yiq
to_yiq(struct pixel p)
{
	const int64_t r = over_white(p.r, p.a), g = over_white(p.g, p.a), b = over_white(p.b, p.a);
	return (struct yiq){
		(r * FIXED(0.29889531) + g * FIXED(0.58662247) + b * FIXED(0.11448223)) >> SHIFT,
		(r * FIXED(0.59597799) + g * FIXED(-0.27417610) + b * FIXED(-0.32180189)) >> SHIFT,
		(r * FIXED(0.21147017) + g * FIXED(-0.52261711) + b * FIXED(0.31114694)) >> SHIFT};
}

static inline int64_t
weigh(struct yiq d)
{
	return (d.y * d.y * FIXED(0.5053) + d.i * d.i * FIXED(0.299) + d.q * d.q * FIXED(0.1957)) >>
	       (2 * SHIFT);
}

static inline int64_t
distance_in_integers(struct pixel a, struct pixel b)
{
	if (a.a == 255 && b.a == 255) { /* the same, and linear */
		const int r = a.r - b.r, g = a.g - b.g, v = a.b - b.b;
		return weigh((struct yiq){r * (int)FIXED(0.29889531) + g * (int)FIXED(0.58662247) +
						  v * (int)FIXED(0.11448223),
			r * (int)FIXED(0.59597799) + g * (int)FIXED(-0.27417610) +
				v * (int)FIXED(-0.32180189),
			r * (int)FIXED(0.21147017) + g * (int)FIXED(-0.52261711) +
				v * (int)FIXED(0.31114694)});
	}
	const struct yiq s = to_yiq(a), t = to_yiq(b);
	return weigh((struct yiq){s.y - t.y, s.i - t.i, s.q - t.q});
}

/* ---- the distance in doubles ---- */

struct rgb {
	double r, g, b;
};

/* k: the offset of the pixel in RGBA; what shines through depends on it. */
static inline struct rgb
difference(struct pixel a, struct pixel b, uint64_t k)
{
	struct rgb d = {a.r - b.r, a.g - b.g, a.b - b.b};
	if (a.a < 255 || b.a < 255) {
		const double alpha = a.a - b.a;
		const double under_r = 48 + 159 * (double)(k % 2),
			     under_g = 48 +
				       159 * (double)((int64_t)((double)k / 1.618033988749895) % 2),
			     under_b = 48 +
				       159 * (double)((int64_t)((double)k / 2.618033988749895) % 2);
		d.r = (a.r * a.a - b.r * b.a - under_r * alpha) / 255;
		d.g = (a.g * a.a - b.g * b.a - under_g * alpha) / 255;
		d.b = (a.b * a.a - b.b * b.a - under_b * alpha) / 255;
	}
	return d;
}

static inline double
brightness(struct rgb d)
{
	return d.r * 0.29889531 + d.g * 0.58662247 + d.b * 0.11448223;
}

static inline double
distance_in_doubles(struct pixel a, struct pixel b, uint64_t k)
{
	const struct rgb d = difference(a, b, k);
	const double y = brightness(d);
	const double i = d.r * 0.59597799 - d.g * 0.27417610 - d.b * 0.32180189;
	const double q = d.r * 0.21147017 - d.g * 0.52261711 + d.b * 0.31114694;
	return 0.5053 * y * y + 0.299 * i * i + 0.1957 * q * q;
}

/* ---- anti-aliasing ---- */

struct window {
	uint32_t x0, y0, x1, y1;
	bool at_edge;
};

static inline struct window
around(const struct picture *p, uint32_t x, uint32_t y)
{
	const struct window w = {x ? x - 1 : 0, y ? y - 1 : 0, x + 1 < p->w ? x + 1 : x,
		y + 1 < p->h ? y + 1 : y, x == 0 || y == 0 || x + 1 == p->w || y + 1 == p->h};
	return w;
}

/* Of the places around it, those outside being one, are more than two as it is? */
static bool
has_many_siblings(const struct picture *p, uint32_t x, uint32_t y)
{
	if (x >= p->w || y >= p->h)
		return false;
	const struct window w = around(p, x, y);
	const uint32_t at = colour_at(p, x, y);
	int equal = w.at_edge - 1; /* itself */
	for (uint32_t j = w.y0; j <= w.y1; j++)
		for (uint32_t i = w.x0; i <= w.x1; i++)
			equal += colour_at(p, i, j) == at;
	return equal > 2;
}

/* A pixel between a darker and a brighter one, of which one lies in an area that both pictures have. */
static bool
is_smooth(const struct picture *p, const struct picture *other, uint32_t x, uint32_t y)
{
	if (has_many_siblings(p, x, y))
		return false; /* found sooner than below, where it would be as well */
	const struct window w = around(p, x, y);
	const uint32_t centre = colour_at(p, x, y);
	const struct pixel at = to_pixel(centre);
	const uint64_t k = ((uint64_t)y * p->w + x) * 4;
	uint32_t dark_x = 0, dark_y = 0, bright_x = 0, bright_y = 0;
	double darkest = 0, brightest = 0;
	int equal = w.at_edge;
	for (uint32_t i = w.x0; i <= w.x1; i++)
		for (uint32_t j = w.y0; j <= w.y1; j++) {
			if (i == x && j == y)
				continue;
			const uint32_t n = colour_at(p, i, j);
			const double d =
				n == centre ? 0 : brightness(difference(at, to_pixel(n), k));
			if (d == 0 && ++equal > 2)
				return false;
			if (d < darkest) {
				darkest = d;
				dark_x = i;
				dark_y = j;
			} else if (d > brightest) {
				brightest = d;
				bright_x = i;
				bright_y = j;
			}
		}
	if (darkest == 0 || brightest == 0)
		return false;
	return (has_many_siblings(p, dark_x, dark_y) && has_many_siblings(other, dark_x, dark_y)) ||
	       (has_many_siblings(p, bright_x, bright_y) &&
		       has_many_siblings(other, bright_x, bright_y));
}

/* ---- rows ---- */

/* The first place from `at` on where n bytes of a and b differ; n: none. */
static inline size_t
next_difference(const uint8_t *a, const uint8_t *b, size_t at, size_t n)
{
	typedef uint64_t wide __attribute__((vector_size(32)));
	for (; at + sizeof(wide) <= n; at += sizeof(wide)) {
		wide s, t;
		memcpy(&s, a + at, sizeof(s));
		memcpy(&t, b + at, sizeof(t));
		s ^= t;
		if (s[0] | s[1] | s[2] | s[3])
			break;
	}
	while (at < n && a[at] == b[at])
		at++;
	return at;
}

/* The next pixel from x on that is not the same in both rows; n: there is none. */
static inline uint32_t
next_pixel(const struct picture *a, const uint8_t *ra, const struct picture *b, const uint8_t *rb,
	uint32_t x, uint32_t n)
{
	if (a->channels == b->channels)
		return (uint32_t)(next_difference(ra, rb, (size_t)x * a->channels,
					  (size_t)n * a->channels) /
				  a->channels);
	for (; x < n; x++) {
		const uint8_t *s = ra + (size_t)x * a->channels, *t = rb + (size_t)x * b->channels;
		const uint8_t alpha = a->channels == 4 ? s[3] : t[3];
		if (s[0] != t[0] || s[1] != t[1] || s[2] != t[2] || alpha != 255)
			break;
	}
	return x;
}

struct judge {
	int64_t max_integer;
	double max_double;
	pixel_fn *fn;
	void *ctx;
	struct pixel_counts *counts; /* NULL: only `differing` is asked for */
};

static struct judge
make_judge(double threshold, pixel_fn *fn, void *ctx)
{
	/* Both in the order in which they are multiplied elsewhere: the last bit counts. */
	return (struct judge){
		.max_integer = (int64_t)(MAX_DISTANCE * (threshold * threshold) * (1 << SHIFT)),
		.max_double = MAX_DISTANCE * threshold * threshold,
		.fn = fn,
		.ctx = ctx};
}

static uint64_t
compare_row(const struct judge *j, const struct picture *a, uint32_t ya, const struct picture *b,
	uint32_t yb)
{
	const uint32_t n = a->w < b->w ? a->w : b->w;
	const uint8_t *ra = a->rows[ya], *rb = b->rows[yb];
	uint64_t differing = 0;
	if (ra == rb)
		return 0;
	for (uint32_t x = 0; (x = next_pixel(a, ra, b, rb, x, n)) < n; x++) {
		const struct pixel s = pixel_at(a, x, ya), t = pixel_at(b, x, yb);
		const bool differs = distance_in_integers(s, t) > j->max_integer;
		bool smooth = false;
		if (j->counts &&
			distance_in_doubles(s, t, ((uint64_t)ya * a->w + x) * 4) > j->max_double) {
			smooth = is_smooth(a, b, x, ya) || is_smooth(b, a, x, yb);
			j->counts->differing_aa += !smooth;
		}
		differing += differs;
		if (differs && j->fn)
			j->fn(j->ctx, x, yb, smooth);
	}
	return differing;
}

uint64_t
pixels_compare_row(const struct picture *a, uint32_t ya, const struct picture *b, uint32_t yb,
	double threshold, pixel_fn *fn, void *ctx)
{
	const struct judge j = make_judge(threshold, fn, ctx);
	return compare_row(&j, a, ya, b, yb);
}

/* Those of p from (x, y) to the end of its row that can be seen. */
static uint64_t
visible(const struct picture *p, uint32_t x, uint32_t y)
{
	uint64_t n = 0;
	if (p->channels == 3)
		return x < p->w ? p->w - x : 0;
	for (; x < p->w; x++)
		n += p->rows[y][(size_t)x * 4 + 3] != 0;
	return n;
}

static uint64_t
visible_outside(const struct picture *p, uint32_t w, uint32_t h)
{
	uint64_t n = 0;
	if (p->w == w && p->h == h)
		return 0;
	for (uint32_t y = 0; y < p->h; y++)
		n += visible(p, y < h ? w : 0, y);
	return n;
}

void
pixels_count(const struct picture *a, const struct picture *b, double threshold, pixel_fn *fn,
	void *ctx, struct pixel_counts *ret)
{
	const uint32_t w = a->w < b->w ? a->w : b->w, h = a->h < b->h ? a->h : b->h;
	const uint64_t outside = visible_outside(a, w, h) + visible_outside(b, w, h);
	struct judge j = make_judge(threshold, fn, ctx);
	*ret = (struct pixel_counts){outside, outside};
	j.counts = ret;
	for (uint32_t y = 0; y < h; y++)
		ret->differing += compare_row(&j, a, y, b, y);
}
