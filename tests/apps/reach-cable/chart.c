#include "cable.h"

#include <stdlib.h>

static const char *const names[] = {"shoal", "shelf", "deep"};

static int
by_depth(const void *a, const void *b)
{
	const struct sounding *x = a, *y = b;
	return y->depth - x->depth;
}

static int
first(const struct sounding *v)
{
	return v[0].depth;
}

int
chart_deepest(struct sounding *v, int n)
{
	int (*pick)(const struct sounding *) = first;
	qsort(v, (size_t)n, sizeof(*v), by_depth);
	return pick(v);
}

const char *
chart_name(int depth)
{
	return names[depth < 10 ? 0 : depth < 200 ? 1 : 2];
}

int
chart_unused(int x)
{
	return x + 1;
}
