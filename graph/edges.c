#include "graph/edges.h"

#include <string.h>

enum { HAS_COND = 0x20, HAS_COUNT = 0x40, UNRESOLVED = 0x80 };

static int
by_source(const void *a, const void *b)
{
	const struct model_edge *x = a, *y = b;
#define COMPARE(field) \
	if (x->field != y->field) \
	return x->field < y->field ? -1 : 1
	COMPARE(src);
	COMPARE(relation);
	COMPARE(dst);
	COMPARE(name);
	COMPARE(line);
	COMPARE(cond);
	COMPARE(prov);
#undef COMPARE
	return (x->conf < y->conf) - (x->conf > y->conf);
}

/* What says the same becomes one: the first line, the best confidence, and no condition if one has none. */
static size_t
merge_edges(struct model_edge *v, size_t n)
{
	size_t to = 0;
	for (size_t i = 0; i < n; i++) {
		struct model_edge *last = to ? &v[to - 1] : NULL;
		if (!last || last->src != v[i].src || last->relation != v[i].relation ||
			last->dst != v[i].dst || last->name != v[i].name) {
			v[to++] = v[i];
			continue;
		}
		last->count += v[i].line != last->line ? v[i].count : 0;
		if (!v[i].cond)
			last->cond = 0;
		if (v[i].conf > last->conf) {
			last->conf = v[i].conf;
			last->prov = v[i].prov;
		}
	}
	return to;
}

static void
pack_edge(struct buf *b, const struct model_edge *e, uint32_t line)
{
	pack_u64(b, e->relation | (e->cond ? HAS_COND : 0u) | (e->count > 1 ? HAS_COUNT : 0u) |
			    (e->dst ? 0u : UNRESOLVED));
	if (e->dst)
		pack_i64(b, (int64_t)e->dst - e->src);
	else
		pack_u64(b, e->name);
	pack_i64(b, (int64_t)e->line - line);
	pack_u64(b, e->conf * 8u + e->prov);
	if (e->cond)
		pack_u64(b, e->cond);
	if (e->count > 1)
		pack_u64(b, e->count);
}

static void
unpack_edge(struct unpacker *u, struct model_edge *e, uint32_t src, uint32_t line)
{
	uint32_t head = unpack_u32(u);
	*e = (struct model_edge){.src = src, .relation = head & 0x1f, .count = 1};
	if (head & UNRESOLVED)
		e->name = unpack_u32(u);
	else
		e->dst = (uint32_t)((int64_t)src + unpack_i64(u));
	e->line = (uint32_t)((int64_t)line + unpack_i64(u));
	uint32_t conf = unpack_u32(u);
	e->conf = (uint8_t)(conf / 8);
	e->prov = conf & 7;
	e->cond = head & HAS_COND ? unpack_u32(u) : 0;
	e->count = head & HAS_COUNT ? unpack_u32(u) : 1;
}

/* Those of one source. */
static void
sort_few(struct model_edge *v, size_t n)
{
	if (n > 40) {
		qsort(v, n, sizeof(*v), by_source);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		const struct model_edge e = v[i];
		size_t to = i;
		for (; to && by_source(&v[to - 1], &e) > 0; to--)
			v[to] = v[to - 1];
		v[to] = e;
	}
}

/* The sources of a file are few and stand together: each relation is put among those of its own, which are sorted then. */
static void
sort_by_source(struct model_edge *v, size_t n)
{
	uint32_t first = UINT32_MAX, last = 0;
	for (size_t i = 0; i < n; i++) {
		first = v[i].src < first ? v[i].src : first;
		last = v[i].src > last ? v[i].src : last;
	}
	if (n < 2)
		return;
	OWN_FREE size_t *end = mem_zalloc((size_t)last - first + 2, sizeof(*end));
	OWN_FREE struct model_edge *unsorted = mem_alloc(n * sizeof(*v));
	memcpy(unsorted, v, n * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		end[v[i].src - first + 1]++;
	for (size_t i = 1; i <= last - first; i++)
		end[i] += end[i - 1];
	for (size_t i = 0; i < n; i++)
		v[end[unsorted[i].src - first]++] = unsorted[i];
	for (size_t from = 0, i = 0; i <= last - first; from = end[i++])
		sort_few(v + from, end[i] - from);
}

void
edges_keep(struct model *m)
{
	struct model_edge *v = m->edges;
	sort_by_source(v, m->nedges);
	size_t n = merge_edges(v, m->nedges);
	m->kept.max = SIZE_MAX / 2;
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && v[end].src == v[i].src;)
			end++;
		pack_u64(&m->kept, v[i].src - m->kept_src);
		pack_u64(&m->kept, end - i);
		m->kept_src = v[i].src;
		for (size_t k = i; k < end; k++)
			pack_edge(&m->kept, &v[k], k > i ? v[k - 1].line : 0);
	}
	m->nedges = 0;
}

/* ---- the way back ---- */

static void
take_source(struct edges_reader *r)
{
	bool any = r->kept.p < r->kept.end;
	r->next = any ? r->src + unpack_u32(&r->kept) : UINT32_MAX;
}

void
edges_reader_init(struct edges_reader *r, struct model *m, bool late)
{
	*r = (struct edges_reader){
		.m = m, .kept = unpacker_of(buf_str(&m->kept)), .nlate = late ? m->nlate : 0};
	if (r->nlate)
		qsort(m->late, m->nlate, sizeof(*m->late), by_source);
	take_source(r);
}

void
edges_reader_finish(struct edges_reader *r)
{
	free(r->v);
}

static struct model_edge *
add(struct edges_reader *r)
{
	r->v = mem_grow(r->v, r->n, &r->cap, sizeof(*r->v));
	return &r->v[r->n++];
}

/* To their places among those of the same source; of two that are the same the late one stands behind. */
static void
add_late(struct edges_reader *r)
{
	const struct model_edge *late = r->m->late;
	size_t from = r->n, first = r->late;
	for (; r->late < r->nlate && late[r->late].src == r->src; r->late++)
		(void)add(r);
	for (size_t to = r->n, l = r->late; l > first;)
		r->v[--to] = from && by_source(&r->v[from - 1], &late[l - 1]) > 0 ? r->v[--from]
										  : late[--l];
	r->n = merge_edges(r->v, r->n);
}

bool
edges_next(struct edges_reader *r)
{
	uint32_t late = r->late < r->nlate ? r->m->late[r->late].src : UINT32_MAX;
	if (r->next == UINT32_MAX && late == UINT32_MAX)
		return false;
	r->n = 0;
	if (r->next > late) {
		r->src = late;
		add_late(r);
		return true;
	}
	r->src = r->next;
	uint32_t line = 0;
	for (uint32_t n = unpack_u32(&r->kept); n; n--) {
		struct model_edge *e = add(r);
		unpack_edge(&r->kept, e, r->src, line);
		line = e->line;
	}
	take_source(r);
	if (late == r->src)
		add_late(r);
	return true;
}
