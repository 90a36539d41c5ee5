/* Which entities a symbol or a place means. */
#include "graph/answer.h"

#include "graph/pack.h"

#include <stdlib.h>
#include <string.h>

/* ---- symbols ---- */

/* Entities of exactly that name, by bisection. */
static int
entities_of_name(struct graph *g, struct str name, struct id_list *ret, struct dd_err *err)
{
	uint32_t low = 1, high = 0;
	int rc = answer_last_id(g, "SELECT max(id) FROM name", &high, err);
	while (rc == 0 && low <= high && high) {
		uint32_t mid = low + (high - low) / 2;
		struct db_stmt *st;
		rc = db_query(g->db, &st, err, "SELECT s, entities FROM name WHERE id = ?", "i",
			(int64_t)mid);
		if (rc == 0)
			rc = db_step(st, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return err_set(err, DD_ECORRUPT, "the map has no name %u", mid);
		int c = str_compare(db_text(st, 0), name);
		if (c == 0) {
			struct unpacker u = unpacker_of(db_blob(st, 1));
			uint32_t id = 0;
			while (u.p < u.end && !u.bad)
				id_list_add(ret, id += unpack_u32(&u));
			db_done(st);
			return 0;
		}
		db_done(st);
		rc = 0;
		if (c < 0)
			low = mid + 1;
		else
			high = mid - 1;
	}
	return rc;
}

static struct str
last_part(struct str s)
{
	size_t i = s.n;
	while (i && s.p[i - 1] != '.' && s.p[i - 1] != ':')
		i--;
	return i < s.n ? (struct str){s.p + i, s.n - i} : s;
}

/* Does the whole name end with the symbol, at the beginning of a part? */
static bool
ends_with_part(struct str whole, const char *symbol)
{
	size_t n = strlen(symbol);
	if (!str_ends(whole, symbol))
		return false;
	return whole.n == n || whole.p[whole.n - n - 1] == '.' || whole.p[whole.n - n - 1] == ':' ||
	       whole.p[whole.n - n - 1] == '/' || whole.p[whole.n - n - 1] == '\\';
}

static int
is_meant(struct graph *g, uint32_t id, const char *symbol, bool *ret, struct dd_err *err)
{
	struct entity e;
	OWN_FREE char *qualified = NULL, *path = NULL;
	const char *colon = strrchr(symbol, ':');
	int rc = answer_entity(g, id, &e, err);
	/* It has the name.  Parameters have those of so much else: they are asked for as "function.parameter". */
	*ret = rc == 0 && e.kind != KIND_PARAMETER;
	if (rc < 0 || !strpbrk(symbol, ".:"))
		return rc;
	if (colon && colon > symbol && colon[-1] != ':') {
		OWN_FREE char *wanted_path = mem_strndup(symbol, (size_t)(colon - symbol));
		rc = answer_path(g, &e, &path, err);
		*ret = rc == 0 && ends_with_part(str_of(path), wanted_path);
		if (rc < 0 || *ret)
			return rc;
	}
	rc = answer_qualified(g, &e, &qualified, err);
	*ret = rc == 0 && ends_with_part(str_of(qualified), symbol);
	return rc;
}

int
answer_symbol(struct graph *g, const char *symbol, struct id_list *ret, struct dd_err *err)
{
	struct id_list all = {0};
	struct str last = last_part(str_of(symbol));
	int rc = entities_of_name(g, last, &all, err);
	/* A path is the name of a file as a whole. */
	if (rc == 0 && last.n < strlen(symbol))
		rc = entities_of_name(g, str_of(symbol), &all, err);
	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		bool meant = false;
		rc = is_meant(g, all.v[i], symbol, &meant, err);
		if (rc == 0 && meant)
			id_list_add(ret, all.v[i]);
	}
	id_list_cleanup(&all);
	if (rc == 0 && !ret->n)
		rc = err_set(err, DD_ENOENT, "nothing is called %s", symbol);
	return rc;
}

/* ---- places ---- */

#define NEAR 1024 /* entities */

struct span {
	uint32_t id, line, end;
};

/* The shortest of those around a line, the last of equals; the file when there is none. */
static uint32_t
innermost(const struct span *v, size_t n, uint32_t line, uint32_t file)
{
	uint32_t best = file, shortest = UINT32_MAX;
	for (size_t i = 0; i < n && v[i].line <= line; i++)
		if (v[i].end >= line && v[i].end - v[i].line <= shortest) {
			best = v[i].id;
			shortest = v[i].end - v[i].line;
		}
	return best;
}

static int
by_line(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

struct span_list {
	struct span *v;
	size_t n, cap;
};

static void
span_list_cleanup(struct span_list *l)
{
	free(l->v);
}

static void
add_span(struct span_list *l, uint32_t id, uint32_t line, uint32_t end)
{
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = (struct span){id, line, end};
}

/* Where those of the file that begin behind the line are: nearly, as a few are told behind what they hold. */
static int
behind_line(struct graph *g, const struct store_file *f, uint32_t line, uint32_t *ret,
	struct dd_err *err)
{
	uint32_t low = f->first + 1, high = f->end;
	int rc = 0;
	while (rc == 0 && low < high) {
		const uint32_t mid = low + (high - low) / 2;
		struct entity e;
		rc = answer_entity(g, mid, &e, err);
		if (rc == 0 && e.line <= line)
			low = mid + 1;
		else
			high = mid;
	}
	*ret = low;
	return rc;
}

static int
add_around(struct graph *g, const struct store_file *f, uint32_t id, struct span_list *l,
	struct dd_err *err)
{
	struct entity e;
	int rc = 0;
	while (rc == 0 && id > f->first && id < f->end) {
		rc = answer_entity(g, id, &e, err);
		if (rc == 0 && e.kind != KIND_PARAMETER)
			add_span(l, id, e.line, e.end);
		id = rc == 0 && e.parent < id ? e.parent : 0;
	}
	return rc;
}

/* Those among which the innermost of the lines are.  Of a file with very many, those told near the lines, and what these are in. */
static int
spans_near(struct graph *g, const struct store_file *f, uint32_t from, uint32_t to,
	struct span_list *l, struct dd_err *err)
{
	struct db_stmt *st;
	uint32_t first = f->first, end = f->end;
	int rc = 0;
	if (end - first > 4 * NEAR) {
		rc = behind_line(g, f, from, &first, err);
		if (rc == 0)
			rc = behind_line(g, f, to, &end, err);
		if (rc == 0)
			rc = add_around(g, f, first - 1, l, err);
		first = first - f->first > NEAR ? first - NEAR : f->first;
		end = f->end - end > NEAR ? end + NEAR : f->end;
	}
	if (rc == 0)
		rc = db_query(g->db, &st, err,
			"SELECT id, line, end FROM entity WHERE id > ? AND id < ? AND kind <> ? AND line <= ? AND end >= ?",
			"iiiii", (int64_t)first, (int64_t)end, (int64_t)KIND_PARAMETER, (int64_t)to,
			(int64_t)from);
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		add_span(l, (uint32_t)db_int(st, 0), (uint32_t)db_int(st, 1),
			(uint32_t)db_int(st, 2));
	}
	return rc < 0 ? rc : 0;
}

int
answer_lines(struct graph *g, const struct store_file *f, uint32_t from, uint32_t to,
	struct id_list *ret, struct dd_err *err)
{
	OWN(span_list) struct span_list l = {0};
	uint32_t file = f->first;
	int rc = spans_near(g, f, from, to, &l, err);
	if (rc < 0)
		return rc;
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), by_line);
	for (uint32_t line = from, last = 0; line <= to; line++) {
		uint32_t id = innermost(l.v, l.n, line, file);
		if (id != last)
			id_list_add(ret, id);
		last = id;
	}
	return 0;
}

int
answer_place(struct graph *g, const char *place, uint32_t *ret_entity, uint32_t *ret_line,
	struct dd_err *err)
{
	const char *colon = strrchr(place, ':');
	uint64_t line;
	struct store_file f;
	if (!colon || !str_parse_u64(str_of(colon + 1), UINT32_MAX, &line) || !line)
		return err_set(err, DD_EINVAL, "%s is not of the form FILE:LINE", place);
	OWN_FREE char *path = mem_strndup(place, (size_t)(colon - place));
	int rc = store_file_by_path(g->db, path, &f, err);
	if (rc < 0)
		return rc;
	struct id_list found = {0};
	rc = answer_lines(g, &f, (uint32_t)line, (uint32_t)line, &found, err);
	uint32_t best = found.n ? found.v[0] : f.first;
	id_list_cleanup(&found);
	if (rc < 0)
		return rc;
	*ret_entity = best;
	*ret_line = (uint32_t)line;
	return 0;
}
