#include "qa/align.h"

#include "qa/pixels.h"

#include <string.h>

struct keyed {
	uint64_t hash;
	uint32_t y;
};

struct anchor {
	uint32_t ya, yb;
};

struct aligning {
	const struct picture *a, *b;
	double threshold;
	uint64_t *hash_a, *hash_b; /* of every row; filled from `top` to the ends below */
	struct row_runs *runs;
};

/* ---- rows ---- */

/* Equal rows are compared in full before they count as equal, so that it may be a weak one. */
static uint64_t
hash_row(const uint8_t *p, size_t n)
{
	uint64_t h[4] = {1, 2, 3, 4}, v[4];
	for (; n >= sizeof(v); p += sizeof(v), n -= sizeof(v)) {
		memcpy(v, p, sizeof(v));
		for (int i = 0; i < 4; i++)
			h[i] = ((h[i] << 29 | h[i] >> 35) ^ v[i]) * 0x9e3779b97f4a7c15u;
	}
	for (; n; p++, n--)
		h[0] = ((h[0] << 7 | h[0] >> 57) ^ *p) * 0x9e3779b97f4a7c15u;
	for (int i = 1; i < 4; i++)
		h[0] = ((h[0] << 31 | h[0] >> 33) ^ h[i]) * 0xff51afd7ed558ccdu;
	return h[0] ^ h[0] >> 32;
}

static bool
is_same_row(const struct aligning *g, uint32_t ya, uint32_t yb)
{
	const uint8_t *ra = g->a->rows[ya], *rb = g->b->rows[yb];
	return ra == rb || (g->hash_a[ya] == g->hash_b[yb] &&
				   memcmp(ra, rb, (size_t)g->a->w * g->a->channels) == 0);
}

static bool
is_equal_row(const struct picture *a, uint32_t ya, const struct picture *b, uint32_t yb)
{
	return a->rows[ya] == b->rows[yb] ||
	       memcmp(a->rows[ya], b->rows[yb], (size_t)a->w * a->channels) == 0;
}

/* ---- runs ---- */

static void
add_run(struct row_runs *r, enum run_kind kind, uint32_t ya, uint32_t yb, uint32_t n)
{
	struct row_run *last = r->n ? &r->v[r->n - 1] : NULL;
	if (!n)
		return;
	if (last && last->kind == kind) {
		last->n += n; /* runs follow each other without a gap */
		return;
	}
	r->v = mem_grow(r->v, r->n, &r->cap, sizeof(*r->v));
	r->v[r->n++] = (struct row_run){kind, ya, yb, n};
}

static uint64_t
compare_rows(const struct aligning *g, uint32_t ya, uint32_t yb, uint32_t n)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < n; i++)
		sum += pixels_compare_row(g->a, ya + i, g->b, yb + i, g->threshold, NULL, NULL);
	return sum;
}

/* Rows without an equal one: na of the first, nb of the second.  What is left over goes where the rest fits better. */
static void
add_changed(const struct aligning *g, uint32_t ya, uint32_t na, uint32_t yb, uint32_t nb)
{
	const uint32_t n = na < nb ? na : nb, gone = na - n, new = nb - n;
	const bool first = n && (gone || new) &&
			   compare_rows(g, ya + gone, yb + new, n) < compare_rows(g, ya, yb, n);
	if (!first)
		add_run(g->runs, RUN_PAIRED, ya, yb, n);
	const uint32_t at_a = first ? ya : ya + n, at_b = first ? yb : yb + n;
	add_run(g->runs, RUN_REMOVED, at_a, at_b, gone);
	add_run(g->runs, RUN_INSERTED, at_a + gone, at_b, new);
	if (first)
		add_run(g->runs, RUN_PAIRED, ya + gone, yb + new, n);
}

/* Between two anchors (or ends): equal rows at both sides, and what changed between them. */
static void
add_between(const struct aligning *g, uint32_t ya, uint32_t end_a, uint32_t yb, uint32_t end_b)
{
	uint32_t head = 0, tail = 0;
	while (ya + head < end_a && yb + head < end_b && is_same_row(g, ya + head, yb + head))
		head++;
	while (end_a - tail > ya + head && end_b - tail > yb + head &&
		is_same_row(g, end_a - tail - 1, end_b - tail - 1))
		tail++;
	add_run(g->runs, RUN_PAIRED, ya, yb, head);
	add_changed(g, ya + head, end_a - tail - ya - head, yb + head, end_b - tail - yb - head);
	add_run(g->runs, RUN_PAIRED, end_a - tail, end_b - tail, tail);
}

/* ---- anchors ---- */

static int
by_hash(const void *p, const void *q)
{
	const struct keyed *a = p, *b = q;
	return a->hash != b->hash ? (a->hash < b->hash ? -1 : 1) : (a->y > b->y) - (a->y < b->y);
}

static int
by_place(const void *p, const void *q)
{
	const struct anchor *a = p, *b = q;
	return (a->ya > b->ya) - (a->ya < b->ya);
}

static struct keyed *
sort_rows(const uint64_t *hash, uint32_t from, uint32_t to)
{
	struct keyed *v = mem_alloc((to - from) * sizeof(*v));
	for (uint32_t y = from; y < to; y++)
		v[y - from] = (struct keyed){hash[y], y};
	qsort(v, to - from, sizeof(*v), by_hash);
	return v;
}

static bool
is_single(const struct keyed *v, size_t n, size_t i)
{
	return (i == 0 || v[i - 1].hash != v[i].hash) && (i + 1 == n || v[i + 1].hash != v[i].hash);
}

/* Rows that occur once in each, in the order of the first; gives how many. */
static size_t
find_singles(
	const struct aligning *g, uint32_t top, uint32_t end_a, uint32_t end_b, struct anchor *ret)
{
	OWN_FREE struct keyed *ka = sort_rows(g->hash_a, top, end_a),
			      *kb = sort_rows(g->hash_b, top, end_b);
	const size_t na = end_a - top, nb = end_b - top;
	size_t n = 0;
	for (size_t i = 0, k = 0; i < na && k < nb;) {
		if (ka[i].hash != kb[k].hash) {
			if (ka[i].hash < kb[k].hash)
				i++;
			else
				k++;
			continue;
		}
		if (is_single(ka, na, i) && is_single(kb, nb, k) &&
			is_same_row(g, ka[i].y, kb[k].y))
			ret[n++] = (struct anchor){ka[i].y, kb[k].y};
		i++;
	}
	qsort(ret, n, sizeof(*ret), by_place);
	return n;
}

/* Keep the longest of their runs that goes down in both; gives how many are left. */
static size_t
keep_longest(struct anchor *v, size_t n)
{
	OWN_FREE uint32_t *pile = mem_alloc((n + 1) * sizeof(*pile)),
			  *before = mem_alloc((n + 1) * sizeof(*before));
	size_t piles = 0;
	for (size_t i = 0; i < n; i++) {
		size_t low = 0, high = piles;
		while (low < high) {
			const size_t mid = (low + high) / 2;
			if (v[pile[mid]].yb < v[i].yb)
				low = mid + 1;
			else
				high = mid;
		}
		before[i] = low ? pile[low - 1] : UINT32_MAX;
		pile[low] = (uint32_t)i;
		piles += low == piles;
	}
	OWN_FREE struct anchor *kept = mem_alloc((piles + 1) * sizeof(*kept));
	uint32_t at = piles ? pile[piles - 1] : 0;
	for (size_t i = piles; i-- > 0; at = before[at])
		kept[i] = v[at];
	memcpy(v, kept, piles * sizeof(*v));
	return piles;
}

static void
align_middle(const struct aligning *g, uint32_t top, uint32_t end_a, uint32_t end_b)
{
	const uint32_t least = end_a < end_b ? end_a : end_b;
	OWN_FREE struct anchor *v = mem_alloc((least - top + 1) * sizeof(*v));
	const size_t n = keep_longest(v, find_singles(g, top, end_a, end_b, v));
	uint32_t ya = top, yb = top;
	for (size_t i = 0; i < n; i++) {
		add_between(g, ya, v[i].ya, yb, v[i].yb);
		ya = v[i].ya;
		yb = v[i].yb;
	}
	add_between(g, ya, end_a, yb, end_b);
}

/* ---- the front door ---- */

/*
 * Rows of one height that are told as put in and taken out must explain more than they cost: their own pixels that
 * are not background, and a few for each row.
 */
#define COST_OF_A_ROW 8

static uint64_t
cost_of_rows(const struct picture *p, uint32_t y, uint32_t n)
{
	uint64_t cost = 0;
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *row = p->rows[y + i];
		for (uint32_t x = 1; x < p->w; x++)
			cost += memcmp(row, row + (size_t)x * p->channels, p->channels) != 0;
		cost += COST_OF_A_ROW;
	}
	return cost;
}

static bool
is_worth_it(const struct aligning *g, uint64_t differing)
{
	uint64_t cost = 0;
	for (size_t i = 0; i < g->runs->n; i++) {
		const struct row_run *r = &g->runs->v[i];
		cost += r->kind == RUN_PAIRED	 ? compare_rows(g, r->ya, r->yb, r->n)
			: r->kind == RUN_REMOVED ? cost_of_rows(g->a, r->ya, r->n)
						 : cost_of_rows(g->b, r->yb, r->n);
	}
	return cost * 2 < differing;
}

static void
pair_from_top(const struct picture *a, const struct picture *b, struct row_runs *ret)
{
	const uint32_t n = a->h < b->h ? a->h : b->h;
	ret->n = 0;
	add_run(ret, RUN_PAIRED, 0, 0, n);
	add_run(ret, RUN_REMOVED, n, n, a->h - n);
	add_run(ret, RUN_INSERTED, n, n, b->h - n);
}

void
align_rows(const struct picture *a, const struct picture *b, double threshold, uint64_t differing,
	struct row_runs *ret)
{
	struct aligning g = {.a = a, .b = b, .threshold = threshold, .runs = ret};
	uint32_t top = 0, end_a = a->h, end_b = b->h;
	if (a->w != b->w || a->channels != b->channels ||
		(a->h == b->h && differing <= 4 * COST_OF_A_ROW)) {
		pair_from_top(a, b, ret);
		return;
	}
	while (top < end_a && top < end_b && is_equal_row(a, top, b, top))
		top++;
	while (end_a > top && end_b > top && is_equal_row(a, end_a - 1, b, end_b - 1)) {
		end_a--;
		end_b--;
	}
	g.hash_a = mem_zalloc(a->h, sizeof(*g.hash_a));
	g.hash_b = mem_zalloc(b->h, sizeof(*g.hash_b));
	const size_t n = (size_t)a->w * a->channels;
	for (uint32_t y = top; y < end_a; y++)
		g.hash_a[y] = hash_row(a->rows[y], n);
	for (uint32_t y = top; y < end_b; y++)
		g.hash_b[y] = y < end_a && a->rows[y] == b->rows[y] ? g.hash_a[y]
								    : hash_row(b->rows[y], n);
	add_run(ret, RUN_PAIRED, 0, 0, top);
	align_middle(&g, top, end_a, end_b);
	add_run(ret, RUN_PAIRED, end_a, end_b, a->h - end_a);
	free(g.hash_a);
	free(g.hash_b);
	if (a->h == b->h && ret->n > 1 && !is_worth_it(&g, differing))
		pair_from_top(a, b, ret);
}

void
row_runs_cleanup(struct row_runs *r)
{
	free(r->v);
	*r = (struct row_runs){0};
}
