/*
 * Theory of operation.  The map selects, the source is what is shown: an excerpt is read from the file at that
 * moment and carries its digest, and a file that is no longer what the map knows is left out, for its lines would be
 * others.  First comes what was asked for, then what it is related to, the surest first: what it uses with its first
 * lines, who uses it in full when that is short.  Each goes in as long as it fits.
 */
#include "graph/answer.h"

#include "graph/extract.h"
#include "graph/fresh.h"
#include "graph/search.h"

#include <string.h>

#define BYTES_PER_TOKEN 4
#define NEIGHBOUR_LINES 30
#define MAX_NEIGHBOURS 400

struct neighbour {
	uint32_t id;
	unsigned conf, order;
	uint32_t src, dst;
	enum graph_relation relation;
};

struct packing {
	struct graph *g;
	json_t *answer, *excerpts;
	uint64_t budget, used; /* tokens */
	struct neighbour v[MAX_NEIGHBOURS];
	size_t n;
	uint32_t seed;
	struct dd_err *err;
};

static uint64_t
tokens(size_t bytes)
{
	return (bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
}

static int
add_neighbour(struct packing *p, uint32_t id, uint32_t src, uint32_t dst, enum graph_relation r,
	unsigned conf)
{
	if (!id || id == p->seed || p->n == MAX_NEIGHBOURS)
		return 0;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].id == id)
			return 0;
	p->v[p->n] = (struct neighbour){id, conf, (unsigned)p->n, src, dst, r};
	p->n++;
	return 0;
}

static int
add_used(void *ctx, const struct store_relation *r)
{
	struct packing *p = ctx;
	return add_neighbour(p, r->dst, p->seed, r->dst, r->relation, r->conf);
}

static int
add_user(void *ctx, uint32_t src, enum graph_relation r)
{
	struct packing *p = ctx;
	return add_neighbour(p, src, src, p->seed, r, 80);
}

static int
by_confidence(const void *a, const void *b)
{
	const struct neighbour *x = a, *y = b;
	if (x->conf != y->conf)
		return x->conf < y->conf ? 1 : -1;
	return (x->order > y->order) - (x->order < y->order);
}

static struct str
lines_of(struct str text, uint32_t from, uint32_t to)
{
	const char *p = text.p, *end = text.p + text.n, *begin = NULL;
	for (uint32_t line = 1; p < end; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *next = nl ? nl + 1 : end;
		if (line == from)
			begin = p;
		if (line == to)
			return begin ? (struct str){begin, (size_t)(next - begin)}
				     : (struct str){"", 0};
		p = next;
	}
	return begin ? (struct str){begin, (size_t)(end - begin)} : (struct str){"", 0};
}

/* As many of its first lines as fit; 0: it has none that do. */
static uint32_t
fitting(struct str text, uint64_t left, size_t *ret_bytes)
{
	uint32_t lines = 0;
	size_t fits = 0;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n' || i + 1 == text.n) {
			if (tokens(i + 1) > left)
				break;
			fits = i + 1;
			lines++;
		}
	*ret_bytes = fits;
	return lines;
}

/* must: cut to what is left; else only whole. */
static int
add_excerpt(struct packing *p, uint32_t id, uint32_t max_lines, bool must, const char *reason)
{
	struct entity e;
	const struct store_file *f;
	OWN(buf) struct buf text = {.max = EXTRACT_MAX_BYTES + 65536};
	int rc = answer_entity(p->g, id, &e, p->err);
	if (rc == 0 && !e.file)
		return 0;
	if (rc == 0)
		rc = answer_file(p->g, e.file, &f, p->err);
	if (rc < 0)
		return rc;
	if (!answer_source(p->g, f, &text)) {
		if (must)
			return err_set(p->err, DD_ENOENT,
				STR_FMT " is no longer what the map knows: ingest again",
				STR_ARG(f->path));
		fresh_mark_stale(p->answer);
		return 0;
	}
	uint32_t to = max_lines && e.end - e.line >= max_lines ? e.line + max_lines - 1 : e.end;
	struct str part = lines_of(buf_str(&text), e.line, to);
	size_t bytes = 0;
	uint32_t lines = fitting(part, p->budget - p->used, &bytes);
	if (!bytes || (!must && bytes < part.n))
		return 0;
	part.n = bytes;
	p->used += tokens(bytes);
	json_array_append_new(
		p->excerpts, json_pack("{s:o, s:o, s:I, s:I, s:o, s:o}", "file", json_text(f->path),
				     "digest", json_text(f->digest), "from", (json_int_t)e.line,
				     "to", (json_int_t)(e.line + lines - 1), "text",
				     json_text(part), "reason", json_text(str_of(reason))));
	return 0;
}

static int
add_related(struct packing *p, const struct neighbour *n)
{
	OWN(buf) struct buf reason = {0};
	OWN_FREE char *cond = NULL;
	struct answer_item item;
	size_t before = json_array_size(p->excerpts);
	int rc = answer_relation_item(
		p->g, n->src, n->dst, n->relation, &reason, &cond, &item, p->err);
	if (rc == 0)
		rc = add_excerpt(p, n->id, NEIGHBOUR_LINES, false, item.reason);
	if (rc == 0 && json_array_size(p->excerpts) > before)
		rc = answer_add(p->g, p->answer, n->id, &item, p->err);
	return rc;
}

static int
pack_around(struct packing *p)
{
	OWN(buf) struct buf out = {0}, in = {0};
	static const struct answer_item asked = {
		"contains", "what was asked for", "syntax", 100, NULL};
	int rc = add_excerpt(p, p->seed, 0, true, asked.reason);
	if (rc == 0)
		rc = answer_add(p->g, p->answer, p->seed, &asked, p->err);
	if (rc == 0)
		rc = answer_relations(p->g, p->seed, &out, &in, p->err);
	if (rc == 0)
		rc = store_each_out(buf_str(&out), p->seed, add_used, p, p->err);
	if (rc == 0)
		rc = store_each_in(buf_str(&in), add_user, p, p->err);
	qsort(p->v, p->n, sizeof(*p->v), by_confidence);
	for (size_t i = 0; rc == 0 && i < p->n; i++)
		rc = add_related(p, &p->v[i]);
	return rc;
}

static int
find_seed(struct graph *g, const char *what, uint32_t *ret, struct dd_err *err)
{
	uint32_t line;
	int rc = answer_place(g, what, ret, &line, err);
	if (rc != -DD_EINVAL)
		return rc;
	struct id_list ids = {0};
	dd_err_cleanup(err);
	rc = answer_symbol(g, what, &ids, err);
	/* A definition rather than a declaration. */
	for (size_t i = 0; rc == 0 && i < ids.n; i++) {
		struct entity e;
		rc = answer_entity(g, ids.v[i], &e, err);
		if (i == 0)
			*ret = ids.v[i];
		if (rc == 0 && !(e.flags & FACT_DECLARATION)) {
			*ret = ids.v[i];
			break;
		}
	}
	id_list_cleanup(&ids);
	return rc;
}

int
graph_context(struct graph *g, const char *what, uint64_t budget, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	OWN_FREE struct packing *p = mem_new(struct packing);
	*p = (struct packing){.g = g, .budget = budget, .err = err};
	int rc = answer_begin(g, &answer, err);
	if (rc == 0)
		rc = find_seed(g, what, &p->seed, err);
	if (rc == 0) {
		p->answer = answer;
		p->excerpts = json_array();
		json_object_set_new(answer, "excerpts", p->excerpts);
		rc = pack_around(p);
	}
	if (rc < 0)
		return err_wrap(err, "graph");
	json_object_set_new(answer, "budget", json_integer((json_int_t)budget));
	json_object_set_new(answer, "used", json_integer((json_int_t)p->used));
	*ret = TAKE(answer);
	return 0;
}

/* ---- by a text in plain words ---- */

#define QUERY_HITS 60
#define HIT_LINES 60 /* of one that is shown as a whole; of a longer one, its first lines */
#define HEAD_LINES 12

static void
describe_hit(const struct search_result *r, const struct search_hit *h, struct buf *ret)
{
	if (h->words)
		buf_puts(ret, "has");
	for (size_t i = 0; i < r->words.n; i++)
		if (h->words >> i & 1)
			buf_printf(ret, " %s", r->words.v[i]);
	if (h->semantic)
		buf_printf(ret, "%sby its words no. %u", ret->n ? "; " : "", h->semantic);
	if (h->relational)
		buf_printf(ret, "%sby its relations no. %u", ret->n ? "; " : "", h->relational);
}

static int
add_hit(struct graph *g, json_t *answer, const struct search_result *r, size_t i,
	struct dd_err *err)
{
	OWN(buf) struct buf reason = {0};
	describe_hit(r, &r->v[i], &reason);
	/* A place in a ranking is no probability: what is sure is that it was found so. */
	const struct answer_item item = {"found", reason.p ? reason.p : "",
		r->v[i].semantic ? graph_prov_name(PROV_NAME) : graph_prov_name(PROV_RESOLVED),
		(unsigned)(50 * r->v[i].score / r->v[0].score), NULL};
	return answer_add(g, answer, r->v[i].id, &item, err);
}

static void
tell_search(json_t *answer, const struct search_result *r)
{
	json_t *words = json_array();
	for (size_t i = 0; i < r->words.n; i++)
		json_array_append_new(words, json_text(str_of(r->words.v[i])));
	json_object_set_new(answer, "search",
		json_pack("{s:o, s:f, s:b}", "words", words, "agreement", r->agreement, "widened",
			r->widened));
}

int
graph_search(struct graph *g, const char *query, enum graph_search by, size_t max, json_t **ret,
	struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	struct search_result r = {0};
	int rc = answer_begin(g, &answer, err);
	if (rc == 0)
		rc = search(g, query, by, max, &r, err);
	for (size_t i = 0; rc == 0 && i < r.n; i++)
		rc = add_hit(g, answer, &r, i, err);
	if (rc == 0) {
		tell_search(answer, &r);
		*ret = TAKE(answer);
	}
	search_result_cleanup(&r);
	return rc < 0 ? err_wrap(err, "graph") : 0;
}

/* An excerpt that is inside of one that is there already shows nothing new. */
static bool
is_shown(const struct packing *p, const struct entity *e, const char *path)
{
	size_t i;
	json_t *x;
	json_array_foreach (p->excerpts, i, x) {
		const char *file = json_string_value(json_object_get(x, "file"));
		if (file && strcmp(file, path) == 0 &&
			json_integer_value(json_object_get(x, "from")) <= e->line &&
			json_integer_value(json_object_get(x, "to")) >= e->line)
			return true;
	}
	return false;
}

static int
pack_hit(struct packing *p, const struct search_result *r, size_t i)
{
	struct entity e;
	OWN_FREE char *path = NULL;
	OWN(buf) struct buf reason = {0};
	size_t before = json_array_size(p->excerpts);
	int rc = answer_entity(p->g, r->v[i].id, &e, p->err);
	if (rc == 0)
		rc = answer_path(p->g, &e, &path, p->err);
	if (rc < 0 || is_shown(p, &e, path))
		return rc;
	describe_hit(r, &r->v[i], &reason);
	uint32_t lines = e.end - e.line + 1 > HIT_LINES ? HEAD_LINES : 0;
	rc = add_excerpt(p, e.id, lines, false, reason.p ? reason.p : "");
	/* The best one is always there, as far as it fits. */
	if (rc == 0 && i == 0 && json_array_size(p->excerpts) == before)
		rc = add_excerpt(p, e.id, 0, true, reason.p ? reason.p : "");
	if (rc == -DD_ENOENT) { /* its file is another one by now; the next may do */
		dd_err_cleanup(p->err);
		rc = 0;
	}
	if (rc == 0 && json_array_size(p->excerpts) > before)
		rc = add_hit(p->g, p->answer, r, i, p->err);
	return rc;
}

int
graph_context_query(
	struct graph *g, const char *query, uint64_t budget, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	OWN_FREE struct packing *p = mem_new(struct packing);
	struct search_result r = {0};
	*p = (struct packing){.g = g, .budget = budget, .err = err};
	int rc = answer_begin(g, &answer, err);
	if (rc == 0)
		rc = search(g, query, GRAPH_BY_BOTH, QUERY_HITS, &r, err);
	p->answer = answer;
	p->excerpts = json_array();
	for (size_t i = 0; rc == 0 && i < r.n; i++)
		rc = pack_hit(p, &r, i);
	if (rc == 0)
		tell_search(answer, &r);
	search_result_cleanup(&r);
	if (rc < 0) {
		json_decref(p->excerpts);
		return err_wrap(err, "graph");
	}
	json_object_set_new(answer, "excerpts", p->excerpts);
	json_object_set_new(answer, "budget", json_integer((json_int_t)budget));
	json_object_set_new(answer, "used", json_integer((json_int_t)p->used));
	*ret = TAKE(answer);
	return 0;
}
