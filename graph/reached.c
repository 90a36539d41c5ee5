/*
 * Theory of operation.  The worker numbers paths, functions and cases for the whole file and packs, behind the paths, a record for each
 * function, call, case, and file of a case.  Placing turns functions into entities by place and name; what is kept of a file
 * names everything it needs, so that a file can be dropped without the others: its entities with how many cases reach
 * them, the calls that begin in it, what its tests open and start, and for each case of a test the spans of lines.
 */
#include "graph/reached.h"

#include "base/fs.h"
#include "graph/overlay.h"
#include "graph/reached_inner.h"

#include <string.h>

#define MAX_KEPT ((size_t)256 << 20)
#define TOLD_CASES 200
#define MAX_SPANS ((size_t)1 << 20) /* that are kept in memory at once */
#define DECORATION 64 /* lines at most between the first decorator of a function and its name */

enum kept { KEPT_ENTITY, KEPT_CALL, KEPT_LOOKED, KEPT_LINES, KEPT_END };

struct told { /* a case, as the worker told it; views */
	struct str id, name;
	uint32_t test; /* its function, or 0 */
};

/* Lines of a file; `most` is the largest `to` of those before it and its own, once they are sorted. */
struct told_span {
	uint32_t file;
	uint64_t from, to, most;
};

struct placing {
	const struct model *m;
	const uint32_t *files;
	uint32_t nfiles;
	struct unpacker *u;
	struct graph_import_result *ret;
	uint32_t *functions; /* entities, by number from 1; 0: not in the map */
	size_t nfunctions, functions_cap;
	struct told *group;
	size_t ngroup, group_cap;
	size_t *by_name; /* the group's places in the order of names; all of one name get their test at once */
	uint32_t *ran; /* functions that the group entered; 0: lines of it were told */
	size_t nran, ran_cap;
	struct told_span *spans; /* told of the group, and not yet held against ran */
	size_t nspans, spans_cap;
	size_t kept;	   /* bytes, about */
	uint64_t *reached; /* by entity: how many cases */
	struct buf *by_file;
};

static bool
is_body(const struct model_entity *e)
{
	return graph_kind_is_code(e->kind) && !(e->flags & FACT_DECLARATION);
}

/* Of that name and nearest to the line, which may be that of a decorator; else what is around the line. */
static uint32_t
function_at(const struct model *m, uint32_t file, uint32_t line, struct str text)
{
	const struct model_file *f = &m->files[file - 1];
	uint32_t name = model_name_if_any(m, text), found = 0, best = UINT32_MAX;
	if (!line)
		return f->entity;
	for (uint32_t i = f->entity; name && i < f->end; i++) {
		const struct model_entity *e = &m->entities[i];
		if (e->name != name || !is_body(e) || e->end < line || e->line > line + DECORATION)
			continue;
		uint32_t far = e->line > line ? e->line - line : line - e->line;
		if (far < best) {
			best = far;
			found = i;
		}
	}
	found = found ? found : seen_function_around(m, file, line);
	/* What has no name is part of what is around it. */
	return found || (text.n && *text.p != '<') ? found : f->entity;
}

static void
place_function(struct placing *p)
{
	uint32_t file = unpack_u32(p->u), line = unpack_u32(p->u);
	struct str name = unpack_str(p->u);
	if (p->u->bad || !file || file > p->nfiles) {
		p->u->bad = true;
		return;
	}
	uint32_t here = p->files[file - 1], entity = here ? function_at(p->m, here, line, name) : 0;
	p->functions =
		mem_grow(p->functions, p->nfunctions, &p->functions_cap, sizeof(*p->functions));
	p->functions[p->nfunctions++] = entity;
	p->ret->said += here && line;
	p->ret->placed += here && line && entity;
}

/* 0 also where it is not in the map. */
static uint32_t
unpack_function(struct placing *p)
{
	uint32_t n = unpack_u32(p->u);
	if (n > p->nfunctions)
		p->u->bad = true;
	return p->u->bad || !n ? 0 : p->functions[n - 1];
}

static struct buf *
kept_of(struct placing *p, uint32_t entity)
{
	uint32_t file = p->m->entities[entity].file;
	return file ? &p->by_file[file] : NULL;
}

/* A call of a function that the map does not have is told of that function already. */
static void
place_call(struct placing *p)
{
	uint32_t src = unpack_function(p), dst = unpack_function(p);
	struct buf *b = src ? kept_of(p, src) : NULL;
	if (p->u->bad)
		return;
	p->ret->said++;
	p->ret->placed += src && dst;
	if (!b || !dst || src == dst || !p->m->entities[dst].file)
		return;
	pack_u64(b, KEPT_CALL);
	seen_pack_entity(p->m, src, b);
	uint32_t file = p->m->files[p->m->entities[dst].file - 1].entity;
	pack_str(b, model_text(p->m, p->m->entities[file].name));
	seen_pack_entity(p->m, dst, b);
}

/* Those of a group that are told by their names; the others as one. */
static void
pack_cases(struct placing *p, struct buf *b)
{
	size_t n = p->ngroup < TOLD_CASES ? p->ngroup : TOLD_CASES, before = b->n;
	pack_u64(b, KEPT_LINES);
	pack_u64(b, n + (p->ngroup > n));
	for (size_t i = 0; i < n; i++) {
		const struct told *t = &p->group[i];
		uint32_t of = t->test ? p->m->entities[t->test].file : 0;
		pack_str(b, t->id);
		pack_str(b, of ? model_text(p->m, p->m->entities[p->m->files[of - 1].entity].name)
			       : STR(""));
		pack_str(b, of ? model_text(p->m, p->m->entities[t->test].name) : STR(""));
	}
	if (p->ngroup > n) {
		OWN_FREE char *rest =
			mem_printf("%zu more that run in the same command", p->ngroup - n);
		pack_str(b, str_of(rest));
		pack_str(b, STR(""));
		pack_str(b, STR(""));
	}
	p->kept += b->n - before;
}

static int
by_file_and_line(const void *a, const void *b)
{
	const struct told_span *x = a, *y = b;
	int c = (x->file > y->file) - (x->file < y->file);
	return c ? c : (x->from > y->from) - (x->from < y->from);
}

/* Was any line from..to of the file told?  Of the spans that do not begin behind it, one ends in it or behind it. */
static bool
is_told(const struct placing *p, uint32_t file, uint64_t from, uint64_t to)
{
	size_t low = 0, high = p->nspans;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct told_span *s = &p->spans[mid];
		bool before = s->file < file || (s->file == file && s->from <= to);
		*(before ? &low : &high) = mid + before;
	}
	return low && p->spans[low - 1].file == file && p->spans[low - 1].most >= from;
}

/* Functions of which lines were told have told enough. */
static void
forget_ran(struct placing *p)
{
	if (!p->nspans)
		return;
	qsort(p->spans, p->nspans, sizeof(*p->spans), by_file_and_line);
	for (size_t i = 0; i < p->nspans; i++) {
		struct told_span *s = &p->spans[i];
		if (i && s[-1].file == s->file && s[-1].most > s->to)
			s->most = s[-1].most;
	}
	for (size_t i = 0; i < p->nran; i++) {
		const struct model_entity *e = &p->m->entities[p->ran[i]];
		if (is_told(p, e->file, e->line, e->end))
			p->ran[i] = 0;
	}
	p->nspans = 0;
}

static void
add_told(struct placing *p, uint32_t file, uint64_t from, uint64_t to)
{
	if (p->nspans == MAX_SPANS)
		forget_ran(p);
	p->spans = mem_grow(p->spans, p->nspans, &p->spans_cap, sizeof(*p->spans));
	p->spans[p->nspans++] = (struct told_span){file, from, to, to};
}

/* A process that is killed may have told the functions that it entered, and not their lines. */
static void
end_group(struct placing *p)
{
	forget_ran(p);
	for (size_t i = 0; i < p->nran; i++) {
		const struct model_entity *e = &p->m->entities[p->ran[i]];
		struct buf *b = p->ran[i] ? kept_of(p, p->ran[i]) : NULL;
		if (!b || p->kept > MAX_KEPT)
			continue;
		pack_cases(p, b);
		pack_u64(b, 0);
		pack_u64(b, 0);
		pack_u64(b, 1);
		pack_u64(b, e->line);
		pack_u64(b, e->end > e->line ? e->end - e->line : 0);
	}
	p->nran = 0;
}

static int
by_name(const void *a, const void *b, void *ctx)
{
	const struct told *group = ctx;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	int c = str_compare(group[i].name, group[k].name);
	return c ? c : (i > k) - (i < k);
}

static void
sort_group(struct placing *p)
{
	p->by_name = mem_realloc(p->by_name, p->ngroup + 1, sizeof(*p->by_name));
	for (size_t i = 0; i < p->ngroup; i++)
		p->by_name[i] = i;
	qsort_r(p->by_name, p->ngroup, sizeof(*p->by_name), by_name, p->group);
}

/* The cases of that name are this function; of several that ran, the first. */
static void
name_test(struct placing *p, struct str name, uint32_t function)
{
	size_t low = 0, high = p->ngroup;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		bool before = str_compare(p->group[p->by_name[mid]].name, name) < 0;
		*(before ? &low : &high) = mid + before;
	}
	for (; low < p->ngroup; low++) {
		struct told *t = &p->group[p->by_name[low]];
		if (t->test || str_compare(t->name, name) != 0)
			break;
		t->test = function;
	}
}

static void
begin_group(struct placing *p)
{
	uint32_t n = unpack_count(p->u);
	end_group(p);
	p->ngroup = 0;
	for (uint32_t i = 0; i < n && !p->u->bad; i++) {
		p->group = mem_grow(p->group, p->ngroup, &p->group_cap, sizeof(*p->group));
		struct told *t = &p->group[p->ngroup++];
		*t = (struct told){.id = unpack_str(p->u), .name = unpack_str(p->u)};
		/* "holds[deep water]" is `holds` with a parameter. */
		const char *bracket = t->name.n ? memchr(t->name.p, '[', t->name.n) : NULL;
		if (bracket)
			t->name.n = (size_t)(bracket - t->name.p);
	}
	sort_group(p);
}

/* What a group ran: a case is the function of its name that ran. */
static void
place_ran(struct placing *p)
{
	uint32_t n = unpack_count(p->u);
	for (uint32_t i = 0; i < n && !p->u->bad; i++) {
		uint32_t id = unpack_function(p);
		if (!id)
			continue;
		p->reached[id] += p->ngroup;
		if (!graph_kind_is_code(p->m->entities[id].kind))
			continue;
		p->ran = mem_grow(p->ran, p->nran, &p->ran_cap, sizeof(*p->ran));
		p->ran[p->nran++] = id;
		name_test(p, model_text(p->m, p->m->entities[id].name), id);
	}
}

/* b: NULL, of a file that the map does not have. */
static void
copy_spans(struct placing *p, struct buf *b, uint32_t file)
{
	uint32_t n = unpack_count(p->u);
	uint64_t at = 0;
	if (b)
		pack_u64(b, n);
	for (uint32_t i = 0; i < n && !p->u->bad; i++) {
		uint64_t step = unpack_u64(p->u), from = at + step, more = unpack_u64(p->u);
		at = from + more;
		if (!b)
			continue;
		pack_u64(b, step);
		pack_u64(b, more);
		add_told(p, file, from, at);
	}
}

static void
place_lines(struct placing *p)
{
	uint32_t file = unpack_u32(p->u);
	if (p->u->bad || !file || file > p->nfiles || !p->ngroup) {
		p->u->bad = true;
		return;
	}
	uint32_t here = p->files[file - 1];
	struct buf *b = here ? &p->by_file[here] : NULL;
	if (b)
		pack_cases(p, b);
	const uint8_t *before = p->u->p;
	copy_spans(p, b, here);
	copy_spans(p, b, here);
	p->kept += (size_t)(p->u->p - before);
	if (b)
		pack_u64(b, 0);
}

/* What a case opened, started or connected to, where the map has the case and the thing. */
static void
place_looked(struct placing *p)
{
	uint32_t relation = unpack_u32(p->u);
	struct str what = unpack_str(p->u);
	if (p->u->bad ||
		(relation != REL_OPENS && relation != REL_EXECS && relation != REL_CONNECTS)) {
		p->u->bad = true;
		return;
	}
	for (size_t i = 0; i < p->ngroup; i++) {
		struct buf *b = p->group[i].test ? kept_of(p, p->group[i].test) : NULL;
		if (!b || i >= TOLD_CASES || (relation == REL_OPENS && !model_file_of(p->m, what)))
			continue;
		p->kept += what.n + 16;
		pack_u64(b, KEPT_LOOKED);
		seen_pack_entity(p->m, p->group[i].test, b);
		pack_u64(b, relation);
		pack_str(b, what);
	}
}

static void
keep_entities(struct placing *p)
{
	for (uint32_t i = 1; i < p->m->n; i++) {
		struct buf *b = p->reached[i] && graph_kind_is_code(p->m->entities[i].kind)
					? kept_of(p, i)
					: NULL;
		if (!b)
			continue;
		p->ret->entities++;
		pack_u64(b, KEPT_ENTITY);
		seen_pack_entity(p->m, i, b);
		pack_u64(b, p->reached[i]);
	}
}

static void
place_records(struct placing *p)
{
	static void (*const place[REACHED_END])(struct placing * p) = {
		place_function, place_call, begin_group, place_ran, place_lines, place_looked};
	while (p->u->p < p->u->end && !p->u->bad && p->kept <= MAX_KEPT) {
		uint64_t what = unpack_u64(p->u);
		if (what < REACHED_END && !p->u->bad)
			place[what](p);
		else
			p->u->bad = true;
	}
	if (!p->u->bad)
		end_group(p);
}

int
reached_place(const struct model *m, const uint32_t *files, uint32_t nfiles, struct unpacker *u,
	struct graph_import_result *ret,
	int (*put)(void *ctx, uint32_t file, struct str packed, struct dd_err *err), void *ctx,
	struct dd_err *err)
{
	struct placing p = {.m = m, .files = files, .nfiles = nfiles, .u = u, .ret = ret};
	int rc = 0;
	p.reached = mem_zalloc(m->n + 1, sizeof(*p.reached));
	p.by_file = mem_zalloc(m->nfiles + 1, sizeof(*p.by_file));
	place_records(&p);
	if (u->bad)
		rc = err_set(err, DD_ECORRUPT, "what was read is not well formed");
	else if (p.kept > MAX_KEPT)
		rc = err_set(err, DD_ELIMIT, "the cases reach more than a map keeps");
	else
		keep_entities(&p);
	for (uint32_t file = 1; file <= m->nfiles; file++) {
		if (rc == 0 && p.by_file[file].n) {
			ret->files++;
			rc = put(ctx, file, buf_str(&p.by_file[file]), err);
		}
		buf_cleanup(&p.by_file[file]);
	}
	free(p.by_file);
	free(p.reached);
	free(p.functions);
	free(p.group);
	free(p.ran);
	free(p.by_name);
	free(p.spans);
	return rc;
}

/* ---- read back ---- */

static void
add_relation(struct model *m, uint32_t src, uint32_t dst, enum graph_relation relation)
{
	if (src && dst && src != dst)
		model_add_late_edge(m, &(struct model_edge){.src = src,
					       .dst = dst,
					       .line = m->entities[src].end,
					       .relation = (uint8_t)relation,
					       .prov = PROV_RUNTIME,
					       .conf = RESOLVE_SEEN_CONFIDENCE});
}

static void
unpack_call(struct model *m, uint32_t file, struct unpacker *u)
{
	uint32_t src = seen_unpack_entity(m, file, u), to = model_file_of(m, unpack_str(u));
	uint32_t dst = seen_unpack_entity(m, to, u);
	if (!u->bad)
		add_relation(m, src, dst, REL_CALLS);
}

/* A program is a file of the tree, or known by its name. */
static uint32_t
thing_of(const struct model *m, uint32_t relation, struct str what)
{
	static const char work[] = WORK_DIR "/";
	struct str path = what;
	if (relation == REL_CONNECTS)
		return seen_shared(m, KIND_SERVICE, what);
	if (relation == REL_EXECS && str_starts(what, work))
		path = (struct str){what.p + sizeof(work) - 1, what.n - sizeof(work) + 1};
	uint32_t file = model_file_of(m, path);
	if (file)
		return m->files[file - 1].entity;
	return relation == REL_EXECS ? seen_shared(m, KIND_COMMAND, str_behind(what, "/")) : 0;
}

static void
unpack_looked(struct model *m, uint32_t file, struct unpacker *u)
{
	uint32_t src = seen_unpack_entity(m, file, u), relation = unpack_u32(u);
	struct str what = unpack_str(u);
	if (relation >= REL_END)
		u->bad = true;
	if (!u->bad)
		add_relation(m, src, thing_of(m, relation, what), (enum graph_relation)relation);
}

/* Whether the line is in the next spans, which are behind u then. */
static bool
spans_have(struct unpacker *u, uint32_t line)
{
	uint32_t n = unpack_count(u);
	uint64_t at = 0;
	bool has = false;
	for (uint32_t i = 0; i < n && !u->bad; i++) {
		uint64_t from = at + unpack_u64(u);
		at = from + unpack_u64(u);
		has = has || (line >= from && line <= at);
	}
	return has;
}

struct asking {
	uint32_t line; /* 0: nothing is asked */
	int (*each)(void *ctx, const struct reached_case *c);
	void *ctx;
};

static int
unpack_lines(struct unpacker *u, const struct asking *a)
{
	uint32_t n = unpack_count(u);
	const struct unpacker cases = *u;
	for (uint64_t i = 0; i < 3ul * n && !u->bad; i++)
		(void)unpack_str(u);
	bool in = spans_have(u, a->line), outside = spans_have(u, a->line),
	     entered = spans_have(u, a->line);
	int rc = 0;
	struct unpacker again = cases;
	for (uint32_t i = 0; rc == 0 && a->line && (in || outside || entered) && i < n && !u->bad;
		i++) {
		struct reached_case c = {.outside = !in && outside, .entered = !in && !outside};
		c.id = unpack_str(&again);
		c.test_file = unpack_str(&again);
		c.test_name = unpack_str(&again);
		rc = a->each(a->ctx, &c);
	}
	return rc;
}

static void
skip_entity(struct unpacker *u)
{
	(void)unpack_u64(u);
	(void)unpack_u64(u);
	(void)unpack_str(u);
}

/* Past one that says nothing of lines. */
static void
skip(struct unpacker *u, uint64_t what)
{
	skip_entity(u);
	if (what == KEPT_CALL) {
		(void)unpack_str(u);
		skip_entity(u);
	} else {
		(void)unpack_u64(u);
		if (what == KEPT_LOOKED)
			(void)unpack_str(u);
	}
}

int
reached_line(struct str packed, uint32_t line, int (*each)(void *ctx, const struct reached_case *c),
	void *ctx, struct dd_err *err)
{
	struct unpacker u = unpacker_of(packed);
	const struct asking a = {line, each, ctx};
	int rc = 0;
	while (rc == 0 && u.p < u.end && !u.bad) {
		uint64_t what = unpack_u64(&u);
		if (what >= KEPT_END)
			u.bad = true;
		else if (what == KEPT_LINES)
			rc = unpack_lines(&u, &a);
		else
			skip(&u, what);
	}
	return u.bad ? err_set(err, DD_ECORRUPT, "what was recorded is not well formed") : rc;
}

int
reached_unpack(struct model *m, uint32_t file, struct str packed,
	int (*row)(void *ctx, const struct seen_row *r, struct dd_err *err), void *ctx,
	struct dd_err *err)
{
	struct unpacker u = unpacker_of(packed);
	const struct asking nothing = {0};
	int rc = 0;
	while (rc == 0 && u.p < u.end && !u.bad) {
		uint64_t what = unpack_u64(&u);
		if (what == KEPT_CALL) {
			unpack_call(m, file, &u);
		} else if (what == KEPT_LOOKED) {
			unpack_looked(m, file, &u);
		} else if (what == KEPT_LINES) {
			rc = unpack_lines(&u, &nothing);
		} else if (what == KEPT_ENTITY) {
			struct seen_row r = {.entity = seen_unpack_entity(m, file, &u)};
			r.count = seen_sum(unpack_u64(&u), 0);
			if (!u.bad && r.entity)
				rc = row(ctx, &r, err);
		} else {
			u.bad = true;
		}
	}
	return u.bad ? err_set(err, DD_ECORRUPT, "what was imported is not well formed") : rc;
}
