#include "graph/pool.h"

#include "graph/rule.h"

#include <string.h>

#define UNIT 16	    /* sizes, and what addresses are a multiple of */
#define CLASSES 256 /* pieces of fewer units come from slabs, others from malloc */
#define SLAB_BYTES ((size_t)256 << 10)

/* Before each piece stands how many units it has with this; 0: malloc made it, and its size stands before. */
typedef uint64_t head;

struct piece {
	struct piece *next;
};

struct slab {
	struct slab *next;
	char bytes[SLAB_BYTES - sizeof(struct slab *)];
};

static _Thread_local struct {
	struct piece *free[CLASSES];
	char *at, *end; /* of the newest slab: what is not in pieces yet */
	struct slab *slabs;
	size_t nslabs;
} pool;

static head *
head_of(void *piece)
{
	return (head *)piece - 1;
}

static size_t
units_of(size_t n)
{
	return n / UNIT + (n % UNIT + sizeof(head) + UNIT - 1) / UNIT;
}

static void *
large(void *old, size_t n)
{
	head *at = mem_realloc(old ? head_of(old) - 1 : NULL, n + UNIT, 1);
	at[0] = n;
	at[1] = 0;
	return at + 2;
}

/* The heads of pieces stand eight bytes before what is a multiple of a unit. */
static void *
carve(size_t units)
{
	if ((size_t)(pool.end - pool.at) < units * UNIT) {
		struct slab *s = mem_alloc(sizeof(*s));
		s->next = pool.slabs;
		pool.slabs = s;
		pool.nslabs++;
		pool.at = s->bytes;
		pool.end = s->bytes + sizeof(s->bytes);
	}
	head *at = (head *)(void *)pool.at;
	pool.at += units * UNIT;
	*at = units;
	return at + 1;
}

static void *
pool_malloc(size_t n)
{
	size_t units = units_of(n);
	if (units >= CLASSES)
		return large(NULL, n);
	struct piece *p = pool.free[units];
	if (!p)
		return carve(units);
	pool.free[units] = p->next;
	return p;
}

static void *
pool_calloc(size_t count, size_t size)
{
	size_t n;
	if (__builtin_mul_overflow(count, size, &n))
		abort();
	return memset(pool_malloc(n), 0, n);
}

static void
pool_free(void *p)
{
	if (!p)
		return;
	size_t units = *head_of(p);
	if (!units) {
		free(head_of(p) - 1);
		return;
	}
	struct piece *piece = p;
	piece->next = pool.free[units];
	pool.free[units] = piece;
}

static void *
pool_realloc(void *p, size_t n)
{
	if (!p)
		return pool_malloc(n);
	size_t units = *head_of(p), now = units_of(n);
	if (!units && now >= CLASSES)
		return large(p, n);
	if (units && now <= units)
		return p;
	size_t had = units ? units * UNIT - sizeof(head) : (size_t)head_of(p)[-1];
	void *to = pool_malloc(n);
	memcpy(to, p, had < n ? had : n);
	pool_free(p);
	return to;
}

void
pool_use(void)
{
	ts_set_allocator(pool_malloc, pool_calloc, pool_realloc, pool_free);
}

size_t
pool_bytes(void)
{
	return pool.nslabs * sizeof(struct slab);
}

void
pool_drop(void)
{
	for (struct slab *s = pool.slabs, *next; s; s = next) {
		next = s->next;
		free(s);
	}
	memset(&pool, 0, sizeof(pool));
}
