/*
 * Theory of operation.  An observation is placed when there is one thing of the map that it can mean: the innermost function
 * around a line, the only function of a name (or the only one in the file that is named), the endpoint whose route fits the path
 * best, a table or a service of that name.  What is placed is summed up by entity, packed by file, and found
 * again by its line and name for as long as the file is what it was.
 */
#include "graph/seen.h"

#include "graph/overlay.h"

#include <math.h>
#include <string.h>

/* ---- counts ---- */

static double
growth(void)
{
	return log(13.0 / 12);
}

uint64_t
seen_sum(uint64_t a, uint64_t b)
{
	return a > SEEN_MAX || b > SEEN_MAX - a ? SEEN_MAX : a + b;
}

void
seen_time(struct seen_counts *c, double us)
{
	double b = us < 1 ? 0 : log(us) / growth();
	c->bucket[b < SEEN_BUCKETS - 1 ? (size_t)b : SEEN_BUCKETS - 1]++;
	c->timed++;
}

static uint64_t
quantile(const struct seen_counts *c, double q)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < SEEN_BUCKETS; i++) {
		sum += c->bucket[i];
		if (c->timed && (double)sum >= q * (double)c->timed)
			return (uint64_t)exp(((double)i + 0.5) * growth());
	}
	return 0;
}

static void
pack_counts(struct buf *b, const struct seen_counts *c)
{
	uint64_t n = 0;
	size_t before = 0;
	pack_u64(b, c->count);
	pack_u64(b, c->errors);
	for (size_t i = 0; i < SEEN_BUCKETS; i++)
		n += c->bucket[i] != 0;
	pack_u64(b, n);
	for (size_t i = 0; i < SEEN_BUCKETS; i++)
		if (c->bucket[i]) {
			pack_u64(b, i - before);
			pack_u64(b, c->bucket[i]);
			before = i;
		}
}

static void
unpack_counts(struct unpacker *u, struct seen_counts *c)
{
	*c = (struct seen_counts){0};
	c->count = seen_sum(unpack_u64(u), 0);
	c->errors = seen_sum(unpack_u64(u), 0);
	uint64_t n = unpack_u64(u), at = 0;
	if (n > SEEN_BUCKETS)
		u->bad = true;
	for (uint64_t i = 0; i < n && !u->bad; i++) {
		at += unpack_u64(u);
		uint32_t count = unpack_u32(u);
		if (at >= SEEN_BUCKETS) {
			u->bad = true;
			break;
		}
		c->bucket[at] = count;
		c->timed += count;
	}
}

static void
sum_up(struct seen_counts *to, const struct seen_counts *from)
{
	to->count = seen_sum(to->count, from->count);
	to->errors = seen_sum(to->errors, from->errors);
	for (size_t i = 0; i < SEEN_BUCKETS; i++) {
		uint32_t left = UINT32_MAX - to->bucket[i],
			 more = from->bucket[i] < left ? from->bucket[i] : left;
		to->bucket[i] += more;
		to->timed += more;
	}
}

void
seen_pack(struct buf *b, const struct seen *s, const struct seen_counts *c)
{
	pack_u64(b, s->what);
	pack_u64(b, s->file);
	pack_u64(b, s->line);
	pack_str(b, s->a);
	pack_str(b, s->b);
	pack_counts(b, c);
}

static void
unpack_seen(struct unpacker *u, uint32_t nfiles, struct seen *s, struct seen_counts *c)
{
	uint64_t what = unpack_u64(u);
	s->what = (enum seen_what)(what < SEEN_WHATS ? what : 0);
	s->file = unpack_u32(u);
	s->line = unpack_u32(u);
	s->a = unpack_str(u);
	s->b = unpack_str(u);
	unpack_counts(u, c);
	if (what >= SEEN_WHATS || s->file > nfiles)
		u->bad = true;
}

/* ---- placing ---- */

struct placed {
	uint32_t entity;
	struct seen_counts c;
	uint64_t best_line; /* the most often that one of its lines was reached */
	uint64_t lines, lines_hit;
};

struct called {
	uint32_t src, dst;
	uint64_t count;
};

struct placing {
	const struct model *m;
	const uint32_t *files;
	uint32_t *by_name; /* function of a name: 0 none, MANY */
	uint32_t *endpoints;
	size_t nendpoints, endpoints_cap;
	uint32_t *slot; /* by entity: number in v, from 1 */
	struct placed *v;
	size_t n, cap;
	struct called *calls;
	size_t ncalls, calls_cap;
};

#define MANY UINT32_MAX

/* What runs; a prototype does not. */
static bool
is_body(const struct model_entity *e)
{
	return graph_kind_is_code(e->kind) && !(e->flags & FACT_DECLARATION);
}

static void
index_entities(struct placing *p)
{
	const struct model *m = p->m;
	p->by_name = mem_zalloc(m->nnames + 1, sizeof(*p->by_name));
	p->slot = mem_zalloc(m->n + 1, sizeof(*p->slot));
	for (uint32_t i = 1; i < m->n; i++) {
		const struct model_entity *e = &m->entities[i];
		if (is_body(e))
			p->by_name[e->name] = p->by_name[e->name] ? MANY : i;
		if (e->kind != KIND_ENDPOINT)
			continue;
		p->endpoints = mem_grow(
			p->endpoints, p->nendpoints, &p->endpoints_cap, sizeof(*p->endpoints));
		p->endpoints[p->nendpoints++] = i;
	}
}

static struct placed *
placed_of(struct placing *p, uint32_t entity)
{
	if (!p->slot[entity]) {
		p->v = mem_grow(p->v, p->n, &p->cap, sizeof(*p->v));
		p->v[p->n] = (struct placed){.entity = entity};
		p->slot[entity] = (uint32_t)++p->n;
	}
	return &p->v[p->slot[entity] - 1];
}

uint32_t
seen_function_around(const struct model *m, uint32_t file, uint32_t line)
{
	uint32_t id = overlay_innermost(m, &m->files[file - 1], line);
	while (id && !graph_kind_is_code(m->entities[id].kind))
		id = m->entities[id].kind == KIND_FILE ? 0 : m->entities[id].parent;
	return id;
}

/* The only one of that name in the file, or, when no file is known, in the tree. */
static uint32_t
function_named(const struct placing *p, struct str text, uint32_t file)
{
	const struct model *m = p->m;
	/* "a.b.C.f" */
	uint32_t name = model_name_if_any(m, str_behind(text, ".:/")), found = 0;
	if (!name)
		return 0;
	if (!file)
		return p->by_name[name] == MANY ? 0 : p->by_name[name];
	for (uint32_t i = m->files[file - 1].entity; i < m->files[file - 1].end; i++)
		if (m->entities[i].name == name && is_body(&m->entities[i])) {
			if (found)
				return 0;
			found = i;
		}
	return found;
}

static bool
is_parameter(struct str s)
{
	return s.n && (strchr(":{<[*", s.p[0]) || memchr(s.p, '<', s.n) || memchr(s.p, '{', s.n));
}

/* How well a path fits a route: segments that are the same, plus one; 0: it does not. */
static unsigned
fits(struct str route, struct str path)
{
	struct str a, b;
	unsigned same = 1;
	while (route.n && *route.p == '/')
		route = (struct str){route.p + 1, route.n - 1};
	while (path.n && *path.p == '/')
		path = (struct str){path.p + 1, path.n - 1};
	for (;;) {
		bool more = str_next(&route, '/', &a), there = str_next(&path, '/', &b);
		if (!more || !there)
			return more == there ? same : 0;
		if (str_eq(a, "*") || str_eq(a, "**"))
			return same;
		if (str_same(a, b))
			same += 2;
		else if (is_parameter(a) && is_parameter(b))
			same += 1; /* a route as a trace tells it */
		else if (!is_parameter(a))
			return 0;
	}
}

static uint32_t
endpoint_of(const struct placing *p, struct str method, struct str path)
{
	uint32_t found = 0;
	unsigned best = 0;
	for (size_t i = 0; i < p->nendpoints; i++) {
		struct str name = model_text(p->m, p->m->entities[p->endpoints[i]].name),
			   verb = name;
		const char *blank = memchr(name.p, ' ', name.n);
		if (blank) {
			verb.n = (size_t)(blank - name.p);
			name = (struct str){blank + 1, name.n - verb.n - 1};
		}
		bool any =
			!blank || str_eq(verb, "ANY") || str_eq(verb, "*") || str_eq(verb, "ALL");
		if (!any && (verb.n != method.n || strncasecmp(verb.p, method.p, verb.n) != 0))
			continue;
		unsigned how = fits(name, path) * 2;
		how += how && !any;
		if (how > best) {
			best = how;
			found = p->endpoints[i];
		}
	}
	return found;
}

uint32_t
seen_shared(const struct model *m, enum graph_kind kind, struct str text)
{
	uint32_t name = model_name_if_any(m, text);
	uint32_t l = name ? model_first(m, SPACE_SHARED, kind, name) : 0;
	const char *dot = memrchr(text.p, '.', text.n);
	if (!l && kind == KIND_TABLE && dot) /* "schema.table" */
		return seen_shared(
			m, kind, (struct str){dot + 1, (size_t)(text.p + text.n - dot - 1)});
	return l ? model_value(m, l) : 0;
}

static bool
place_call(struct placing *p, const struct seen *s, const struct seen_counts *c)
{
	uint32_t src = function_named(p, s->a, 0), dst = function_named(p, s->b, 0);
	if (!src || !dst || src == dst)
		return false;
	p->calls = mem_grow(p->calls, p->ncalls, &p->calls_cap, sizeof(*p->calls));
	p->calls[p->ncalls++] = (struct called){src, dst, c->count};
	return true;
}

static bool
place_one(struct placing *p, const struct seen *s, const struct seen_counts *c)
{
	uint32_t file = s->file ? p->files[s->file - 1] : 0, id = 0;
	switch (s->what) {
	case SEEN_LINE:
		id = file ? seen_function_around(p->m, file, s->line) : 0;
		if (id) {
			struct placed *x = placed_of(p, id);
			x->lines++;
			x->lines_hit += c->count > 0;
			/* The first line of one is run where it is defined, too: in Python, by the import. */
			bool body = s->line > p->m->entities[id].line ||
				    p->m->entities[id].end == p->m->entities[id].line;
			if (body && c->count > x->best_line)
				x->best_line = c->count;
		}
		return id != 0 || file; /* lines outside of functions are no loss */
	case SEEN_FUNCTION:
		if (s->file && !file)
			return false;
		id = function_named(p, s->a, file);
		break;
	case SEEN_CALL:
		return place_call(p, s, c);
	case SEEN_REQUEST:
		id = endpoint_of(p, s->a, s->b);
		break;
	case SEEN_TABLE:
		id = seen_shared(p->m, KIND_TABLE, s->a);
		break;
	case SEEN_SERVICE:
		id = seen_shared(p->m, KIND_SERVICE, s->a);
		break;
	default:
		break;
	}
	if (id)
		sum_up(&placed_of(p, id)->c, c);
	return id != 0;
}

/* ---- kept, by file ---- */

enum kept { KEPT_ENTITY, KEPT_CALL };

void
seen_pack_entity(const struct model *m, uint32_t id, struct buf *b)
{
	const struct model_entity *e = &m->entities[id];
	pack_u64(b, e->kind);
	pack_u64(b, e->line);
	pack_str(b, model_text(m, e->name));
}

static void
keep_entity(const struct placing *p, const struct placed *x, struct buf *b)
{
	struct seen_counts c = x->c;
	/* What lcov does not name as a function is reached as often as its lines. */
	if (!c.count && !c.timed)
		c.count = x->best_line;
	pack_u64(b, KEPT_ENTITY);
	seen_pack_entity(p->m, x->entity, b);
	pack_counts(b, &c);
	pack_u64(b, x->lines);
	pack_u64(b, x->lines_hit);
}

static void
keep_call(const struct placing *p, const struct called *c, struct buf *b)
{
	const struct model *m = p->m;
	uint32_t file = m->files[m->entities[c->dst].file - 1].entity;
	pack_u64(b, KEPT_CALL);
	seen_pack_entity(m, c->src, b);
	pack_str(b, model_text(m, m->entities[file].name));
	seen_pack_entity(m, c->dst, b);
	pack_u64(b, c->count);
}

static int
keep_all(struct placing *p, struct graph_import_result *ret,
	int (*put)(void *ctx, uint32_t file, struct str packed, struct dd_err *err), void *ctx,
	struct dd_err *err)
{
	struct buf *by_file = mem_zalloc(p->m->nfiles + 1, sizeof(*by_file));
	int rc = 0;
	for (size_t i = 0; i < p->n; i++) {
		uint32_t file = p->m->entities[p->v[i].entity].file;
		if (file)
			keep_entity(p, &p->v[i], &by_file[file]);
	}
	for (size_t i = 0; i < p->ncalls; i++)
		keep_call(p, &p->calls[i], &by_file[p->m->entities[p->calls[i].src].file]);
	for (uint32_t file = 1; file <= p->m->nfiles; file++) {
		if (rc == 0 && by_file[file].n) {
			ret->files++;
			rc = put(ctx, file, buf_str(&by_file[file]), err);
		}
		buf_cleanup(&by_file[file]);
	}
	free(by_file);
	return rc;
}

int
seen_place(const struct model *m, const uint32_t *files, uint32_t nfiles, struct unpacker *u,
	struct graph_import_result *ret,
	int (*put)(void *ctx, uint32_t file, struct str packed, struct dd_err *err), void *ctx,
	struct dd_err *err)
{
	struct placing p = {.m = m, .files = files};
	OWN_FREE struct seen_counts *c = mem_new(struct seen_counts);
	struct seen s;
	int rc = 0;
	index_entities(&p);
	while (u->p < u->end && !u->bad) {
		unpack_seen(u, nfiles, &s, c);
		if (u->bad)
			break;
		bool placed = place_one(&p, &s, c);
		ret->said++;
		ret->placed += placed;
	}
	rc = u->bad ? err_set(err, DD_ECORRUPT, "what was read is not well formed")
		    : keep_all(&p, ret, put, ctx, err);
	ret->entities = p.n;
	free(p.by_name);
	free(p.endpoints);
	free(p.slot);
	free(p.v);
	free(p.calls);
	return rc;
}

/* ---- read back ---- */

uint32_t
seen_unpack_entity(const struct model *m, uint32_t file, struct unpacker *u)
{
	uint32_t kind = unpack_u32(u), line = unpack_u32(u);
	struct str text = unpack_str(u);
	uint32_t name = model_name_if_any(m, text);
	if (u->bad || !file || !name)
		return 0;
	/* What is known by its name alone is at no place of the file. */
	return graph_kind_is_shared(kind) ? seen_shared(m, (enum graph_kind)kind, text)
					  : overlay_entity_at(m, &m->files[file - 1], line, name);
}

static void
unpack_call(struct model *m, uint32_t file, struct unpacker *u, enum graph_prov prov)
{
	uint32_t src = seen_unpack_entity(m, file, u), to = model_file_of(m, unpack_str(u));
	uint32_t dst = seen_unpack_entity(m, to, u);
	(void)unpack_u64(u);
	if (u->bad || !src || !dst)
		return;
	/* The call is somewhere in it: a line that the source tells comes first. */
	model_add_late_edge(m, &(struct model_edge){.src = src,
				       .dst = dst,
				       .line = m->entities[src].end,
				       .relation = REL_CALLS,
				       .prov = (uint8_t)prov,
				       .conf = RESOLVE_SEEN_CONFIDENCE});
}

int
seen_unpack(struct model *m, uint32_t file, struct str packed, enum graph_prov prov,
	int (*row)(void *ctx, const struct seen_row *r, struct dd_err *err), void *ctx,
	struct dd_err *err)
{
	struct unpacker u = unpacker_of(packed);
	OWN_FREE struct seen_counts *c = mem_new(struct seen_counts);
	int rc = 0;
	while (rc == 0 && u.p < u.end && !u.bad) {
		uint64_t what = unpack_u64(&u);
		if (what == KEPT_CALL) {
			unpack_call(m, file, &u, prov);
			continue;
		}
		struct seen_row r = {.entity = seen_unpack_entity(m, file, &u)};
		unpack_counts(&u, c);
		r.lines = unpack_u64(&u);
		r.lines_hit = unpack_u64(&u);
		r.count = c->count;
		r.errors = c->errors;
		r.timed = c->timed;
		r.p50_us = quantile(c, 0.5);
		r.p95_us = quantile(c, 0.95);
		u.bad |= what != KEPT_ENTITY;
		if (!u.bad && r.entity)
			rc = row(ctx, &r, err);
	}
	return u.bad ? err_set(err, DD_ECORRUPT, "what was imported is not well formed") : rc;
}
