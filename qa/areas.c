#include "qa/areas.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CELL 16 /* pixels */

/* The pixels of a cell lie between these; empty: x1 < x0. */
struct box {
	uint32_t x0, y0, x1, y1;
};

struct areas {
	uint32_t across, down; /* cells */
	struct box *cells;
};

static void
clear(struct box *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = (struct box){UINT32_MAX, UINT32_MAX, 0, 0};
}

static bool
is_empty(const struct box *b)
{
	return b->x0 > b->x1;
}

static void
join(struct box *to, const struct box *b)
{
	to->x0 = b->x0 < to->x0 ? b->x0 : to->x0;
	to->y0 = b->y0 < to->y0 ? b->y0 : to->y0;
	to->x1 = b->x1 > to->x1 ? b->x1 : to->x1;
	to->y1 = b->y1 > to->y1 ? b->y1 : to->y1;
}

struct areas *
areas_create(uint32_t w, uint32_t h)
{
	struct areas *a = mem_new(struct areas);
	a->across = (w + CELL - 1) / CELL;
	a->down = (h + CELL - 1) / CELL;
	a->cells = mem_alloc((size_t)a->across * a->down * sizeof(*a->cells));
	clear(a->cells, (size_t)a->across * a->down);
	return a;
}

void
areas_add(struct areas *a, uint32_t x, uint32_t y)
{
	const struct box pixel = {x, y, x, y};
	join(&a->cells[(size_t)(y / CELL) * a->across + x / CELL], &pixel);
}

/* Everything that hangs together with cell `at` goes into *ret, and is empty afterwards. */
static void
gather(struct areas *a, uint32_t at, uint32_t *stack, struct box *ret)
{
	size_t n = 0;
	stack[n++] = at;
	clear(ret, 1);
	join(ret, &a->cells[at]);
	clear(&a->cells[at], 1);
	while (n) {
		const uint32_t cell = stack[--n], x = cell % a->across, y = cell / a->across;
		for (uint32_t j = y ? y - 1 : 0; j <= y + 1 && j < a->down; j++)
			for (uint32_t i = x ? x - 1 : 0; i <= x + 1 && i < a->across; i++) {
				const uint32_t next = j * a->across + i;
				if (is_empty(&a->cells[next]))
					continue;
				join(ret, &a->cells[next]);
				clear(&a->cells[next], 1);
				stack[n++] = next;
			}
	}
}

static bool
overlap(const struct box *a, const struct box *b)
{
	return a->x0 <= b->x1 && b->x0 <= a->x1 && a->y0 <= b->y1 && b->y0 <= a->y1;
}

/* Boxes that cover each other become one, until none do; gives how many are left. */
static size_t
merge(struct box *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			if (overlap(&v[i], &v[k])) {
				join(&v[i], &v[k]);
				v[k] = v[--n];
				i = k = 0; /* it may cover others now */
			}
	return n;
}

/* SIZE_MAX: there are more than AREAS_MAX.  The cells are empty afterwards. */
static size_t
find(struct areas *a, struct box *ret)
{
	const uint32_t cells = a->across * a->down;
	OWN_FREE uint32_t *stack = mem_alloc(cells * sizeof(*stack));
	size_t n = 0;
	for (uint32_t i = 0; i < cells; i++) {
		struct box b;
		if (is_empty(&a->cells[i]))
			continue;
		gather(a, i, stack, &b);
		if (n == AREAS_MAX)
			return SIZE_MAX;
		ret[n++] = b;
	}
	return merge(ret, n);
}

/* Four cells become one. */
static struct areas *
halve(const struct areas *a)
{
	struct areas *h = mem_new(struct areas);
	h->across = (a->across + 1) / 2;
	h->down = (a->down + 1) / 2;
	h->cells = mem_alloc((size_t)h->across * h->down * sizeof(*h->cells));
	clear(h->cells, (size_t)h->across * h->down);
	for (uint32_t y = 0; y < a->down; y++)
		for (uint32_t x = 0; x < a->across; x++)
			join(&h->cells[(size_t)(y / 2) * h->across + x / 2],
				&a->cells[(size_t)y * a->across + x]);
	return h;
}

static struct areas *
copy(const struct areas *a)
{
	struct areas *c = mem_new(struct areas);
	const size_t n = (size_t)a->across * a->down * sizeof(*a->cells);
	*c = *a;
	c->cells = mem_alloc(n);
	memcpy(c->cells, a->cells, n);
	return c;
}

static int
from_top(const void *p, const void *q)
{
	const struct area *a = p, *b = q;
	if (a->y != b->y)
		return a->y < b->y ? -1 : 1;
	return (a->x > b->x) - (a->x < b->x);
}

size_t
areas_find(const struct areas *a, struct area ret[AREAS_MAX])
{
	struct box boxes[AREAS_MAX];
	struct areas *level = copy(a), *work = copy(a);
	size_t n;
	while ((n = find(work, boxes)) == SIZE_MAX) {
		struct areas *coarser = halve(level);
		areas_destroy(level);
		areas_destroy(work);
		level = coarser;
		work = copy(coarser);
	}
	areas_destroy(level);
	areas_destroy(work);
	for (size_t i = 0; i < n; i++) {
		const struct box *b = &boxes[i];
		ret[i] = (struct area){b->x0, b->y0, b->x1 - b->x0 + 1, b->y1 - b->y0 + 1};
	}
	qsort(ret, n, sizeof(*ret), from_top);
	return n;
}

void
areas_destroy(struct areas *a)
{
	free(a->cells);
	free(a);
}
