/* The questions of the front door: each a walk over the packed relations, breadth first and bounded. */
#include "graph/answer.h"

#include "base/fs.h"
#include "base/git_log.h"
#include "base/map.h"
#include "graph/fresh.h"
#include "graph/pack.h"

#include <string.h>

#define MAX_ITEMS 5000

enum direction { BACKWARD, FORWARD };

struct step {
	uint32_t src, dst;
	enum graph_relation relation;
};

/* Entities that were reached, in the order in which they were. */
struct reach {
	struct graph *g;
	enum direction direction;
	unsigned relations; /* a bit for each */
	unsigned forward; /* those that are followed forward as well, when the direction is back */
	struct id_list found;
	struct step *by; /* how; beside found */
	size_t by_cap;
	unsigned *depth;
	size_t depth_cap;
	uint32_t *seen; /* open addressing */
	size_t seen_n, seen_used;
	uint32_t at; /* whose relations are looked at */
	unsigned at_depth;
};

#define BIT(r) (1u << (r))
#define CALLING (BIT(REL_CALLS) | BIT(REL_MAY_CALL) | BIT(REL_INSTANTIATES) | BIT(REL_EXPANDS))
#define DEPENDING \
	(CALLING | BIT(REL_READS) | BIT(REL_WRITES) | BIT(REL_TAKES_ADDRESS) | BIT(REL_INHERITS) | \
		BIT(REL_OVERRIDES) | BIT(REL_HAS_TYPE) | BIT(REL_READS_ENV) | \
		BIT(REL_READS_CONFIG) | BIT(REL_QUERIES_TABLE) | BIT(REL_BUILDS) | \
		BIT(REL_DEPENDS_ON) | BIT(REL_DOCUMENTS) | BIT(REL_TESTS) | BIT(REL_IMPORTS) | \
		BIT(REL_SUBSCRIBES))
/*
 * A change reaches what it has these relations to, too: the endpoint that is served, the variable that is set, the topic that messages go
 * to.
 */
#define AFFECTING (BIT(REL_SERVES) | BIT(REL_CONFIGURES) | BIT(REL_PUBLISHES))

static void
reach_cleanup(struct reach *r)
{
	id_list_cleanup(&r->found);
	free(r->by);
	free(r->depth);
	free(r->seen);
}

static bool
mark_seen(struct reach *r, uint32_t id)
{
	if (r->seen_used * 2 >= r->seen_n) {
		uint32_t *old = r->seen;
		size_t n = r->seen_n;
		r->seen_n = n ? n * 2 : 256;
		r->seen = mem_zalloc(r->seen_n, sizeof(*r->seen));
		r->seen_used = 0;
		for (size_t i = 0; i < n; i++)
			if (old[i])
				(void)mark_seen(r, old[i]);
		free(old);
	}
	size_t i = (id * 2654435761u) & (r->seen_n - 1);
	for (; r->seen[i]; i = (i + 1) & (r->seen_n - 1))
		if (r->seen[i] == id)
			return false;
	r->seen[i] = id;
	r->seen_used++;
	return true;
}

static void
reach_add(struct reach *r, uint32_t id, struct step by, unsigned depth)
{
	if (!id || r->found.n >= MAX_ITEMS || !mark_seen(r, id))
		return;
	r->by = mem_grow(r->by, r->found.n, &r->by_cap, sizeof(*r->by));
	r->depth = mem_grow(r->depth, r->found.n, &r->depth_cap, sizeof(*r->depth));
	r->by[r->found.n] = by;
	r->depth[r->found.n] = depth;
	id_list_add(&r->found, id);
}

static int
go_forward(void *ctx, const struct store_relation *rel)
{
	struct reach *r = ctx;
	if ((r->direction == FORWARD ? r->relations : r->forward) & BIT(rel->relation))
		reach_add(r, rel->dst, (struct step){r->at, rel->dst, rel->relation},
			r->at_depth + 1);
	return 0;
}

static int
go_back(void *ctx, uint32_t src, enum graph_relation relation)
{
	struct reach *r = ctx;
	if ((unsigned)relation < REL_END && r->relations & BIT(relation))
		reach_add(r, src, (struct step){src, r->at, relation}, r->at_depth + 1);
	return 0;
}

/* From the entities that are in it, `depth` steps far. */
static int
reach_from(struct reach *r, unsigned depth, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < r->found.n && r->depth[i] < depth; i++) {
		OWN(buf) struct buf packed = {0};
		r->at = r->found.v[i];
		r->at_depth = r->depth[i];
		if (r->direction == FORWARD) {
			rc = answer_relations(r->g, r->at, &packed, NULL, err);
			if (rc == 0)
				rc = store_each_out(buf_str(&packed), r->at, go_forward, r, err);
		} else {
			OWN(buf) struct buf out = {0};
			rc = answer_relations(r->g, r->at, r->forward ? &out : NULL, &packed, err);
			if (rc == 0)
				rc = store_each_in(buf_str(&packed), go_back, r, err);
			if (rc == 0)
				rc = store_each_out(buf_str(&out), r->at, go_forward, r, err);
		}
	}
	return rc;
}

static int
add_step(struct graph *g, json_t *answer, uint32_t id, struct step by, struct dd_err *err)
{
	OWN(buf) struct buf reason = {0};
	OWN_FREE char *cond = NULL;
	struct answer_item item;
	int rc = answer_relation_item(g, by.src, by.dst, by.relation, &reason, &cond, &item, err);
	return rc < 0 ? rc : answer_add(g, answer, id, &item, err);
}

/* An answer that went over it is stale with it. */
static int
name_file(struct graph *g, json_t *answer, uint32_t id, struct dd_err *err)
{
	struct entity e;
	int rc = answer_entity(g, id, &e, err);
	return rc < 0 ? rc : fresh_name(g, answer, e.file, err);
}

static int
answer_reach(struct reach *r, size_t seeds, unsigned depth,
	bool (*wanted)(struct graph *g, uint32_t id), json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	int rc = answer_begin(r->g, &answer, err);
	if (rc == 0)
		rc = reach_from(r, depth, err);
	for (size_t i = 0; rc == 0 && i < r->found.n; i++)
		if (i < seeds || (wanted && !wanted(r->g, r->found.v[i])))
			rc = name_file(r->g, answer, r->found.v[i], err);
		else
			rc = add_step(r->g, answer, r->found.v[i], r->by[i], err);
	if (rc == 0 && r->found.n >= MAX_ITEMS)
		json_object_set_new(answer, "truncated", json_true());
	if (rc == 0)
		*ret = TAKE(answer);
	return rc;
}

static int
by_symbol(struct graph *g, const char *symbol, enum direction d, unsigned depth, json_t **ret,
	struct dd_err *err)
{
	struct reach r = {.g = g, .direction = d, .relations = CALLING};
	struct id_list ids = {0};
	int rc = answer_symbol(g, symbol, &ids, err);
	for (size_t i = 0; i < ids.n; i++)
		reach_add(&r, ids.v[i], (struct step){0}, 0);
	if (rc == 0)
		rc = answer_reach(&r, r.found.n, depth ? depth : 1, NULL, ret, err);
	id_list_cleanup(&ids);
	reach_cleanup(&r);
	return rc < 0 ? err_wrap(err, "graph") : 0;
}

int
graph_callers(struct graph *g, const char *symbol, unsigned depth, json_t **ret, struct dd_err *err)
{
	return by_symbol(g, symbol, BACKWARD, depth, ret, err);
}

int
graph_callees(struct graph *g, const char *symbol, unsigned depth, json_t **ret, struct dd_err *err)
{
	return by_symbol(g, symbol, FORWARD, depth, ret, err);
}

static int
by_place(struct graph *g, const char *place, unsigned depth,
	bool (*wanted)(struct graph *g, uint32_t id), json_t **ret, struct dd_err *err)
{
	struct reach r = {
		.g = g, .direction = BACKWARD, .relations = DEPENDING, .forward = AFFECTING};
	uint32_t id, line;
	int rc = answer_place(g, place, &id, &line, err);
	if (rc == 0) {
		reach_add(&r, id, (struct step){0}, 0);
		rc = answer_reach(&r, 1, depth ? depth : 5, wanted, ret, err);
	}
	reach_cleanup(&r);
	return rc < 0 ? err_wrap(err, "graph") : 0;
}

int
graph_impact(struct graph *g, const char *place, unsigned depth, json_t **ret, struct dd_err *err)
{
	return by_place(g, place, depth, NULL, ret, err);
}

/* ---- between revisions ---- */

#define MAX_HUNK_LINES 5000

struct differing {
	struct graph *g;
	struct reach *r;
	json_t *gone;
	size_t outside; /* files that the map does not have */
};

/* A place of the difference: the entities around its lines. */
static int
seed_hunk(struct differing *d, const char *path, uint32_t line, uint32_t lines, bool gone,
	struct dd_err *err)
{
	struct store_file f;
	struct id_list ids = {0};
	if (gone) {
		json_array_append_new(d->gone, json_text(str_of(path)));
		return 0;
	}
	int rc = store_file_by_path(d->g->db, path, &f, err);
	if (rc == -DD_ENOENT) {
		dd_err_cleanup(err);
		d->outside++;
		return 0;
	}
	uint32_t n = lines ? lines : 1;
	uint32_t to = line + (n < MAX_HUNK_LINES ? n : MAX_HUNK_LINES) - 1;
	if (rc == 0)
		rc = answer_lines(d->g, &f, line, to < line ? line : to, &ids, err);
	for (size_t i = 0; i < ids.n; i++)
		reach_add(d->r, ids.v[i], (struct step){0}, 0);
	id_list_cleanup(&ids);
	return rc;
}

static int
seed_hunks(struct differing *d, struct str packed, struct dd_err *err)
{
	struct unpacker u = unpacker_of(packed);
	int rc = 0;
	while (rc == 0 && u.p < u.end) {
		OWN_FREE char *path = str_dup(unpack_str(&u));
		uint32_t line = unpack_u32(&u), lines = unpack_u32(&u), gone = unpack_u32(&u);
		rc = u.bad ? err_set(err, DD_ECORRUPT, "the difference is not well formed")
			   : seed_hunk(d, path, line, lines, gone, err);
	}
	return rc;
}

static int
add_changed(
	struct graph *g, json_t *answer, const struct id_list *ids, size_t n, struct dd_err *err)
{
	static const struct answer_item item = {
		"changed", "its lines differ", "history", 100, NULL};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = answer_add(g, answer, ids->v[i], &item, err);
	return rc;
}

int
graph_impact_diff(struct graph *g, const struct graph_host *host, const char *range, unsigned depth,
	json_t **ret, struct dd_err *err)
{
	OWN_FREE char *from = NULL;
	const char *to;
	if (gitrepo_range(range, &from, &to, err) < 0)
		return err_wrap(err, "graph");
	OWN(buf) struct buf packed = {0};
	OWN_JSON json_t *answer = NULL;
	struct reach r = {
		.g = g, .direction = BACKWARD, .relations = DEPENDING, .forward = AFFECTING};
	struct differing d = {.g = g, .r = &r, .gone = json_array()};
	int rc = answer_begin(g, &answer, err);
	if (rc == 0)
		rc = host->history(host->ctx, g->root, from, to, &packed, err);
	if (rc == 0)
		rc = seed_hunks(&d, buf_str(&packed), err);
	size_t seeds = r.found.n;
	if (rc == 0)
		rc = add_changed(g, answer, &r.found, seeds, err);
	if (rc == 0)
		rc = reach_from(&r, depth ? depth : 5, err);
	for (size_t i = seeds; rc == 0 && i < r.found.n; i++)
		rc = add_step(g, answer, r.found.v[i], r.by[i], err);
	bool truncated = r.found.n >= MAX_ITEMS;
	reach_cleanup(&r);
	if (rc < 0) {
		json_decref(d.gone);
		return err_wrap(err, "graph");
	}
	json_object_set_new(answer, "gone", d.gone);
	json_object_set_new(answer, "not_in_the_map", json_integer((json_int_t)d.outside));
	if (truncated)
		json_object_set_new(answer, "truncated", json_true());
	*ret = TAKE(answer);
	return 0;
}

static bool
is_test(struct graph *g, uint32_t id)
{
	struct entity e;
	return answer_entity(g, id, &e, NULL) == 0 && e.kind == KIND_TEST;
}

int
graph_tests(struct graph *g, const char *place, unsigned depth, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	int rc = by_place(g, place, depth ? depth : 12, is_test, &answer, err);
	if (rc == 0)
		rc = answer_reached(g, place, answer, err);
	if (rc == 0)
		*ret = TAKE(answer);
	return rc;
}

/* ---- what is there ---- */

int
graph_find(struct graph *g, const char *name, json_t **ret, struct dd_err *err)
{
	struct id_list ids = {0};
	OWN_JSON json_t *answer = NULL;
	int rc = answer_begin(g, &answer, err);
	if (rc == 0)
		rc = answer_symbol(g, name, &ids, err);
	for (size_t i = 0; rc == 0 && i < ids.n && i < MAX_ITEMS; i++) {
		struct entity e;
		OWN_FREE char *cond = NULL;
		rc = answer_entity(g, ids.v[i], &e, err);
		if (rc == 0 && e.cond)
			rc = answer_name(g, e.cond, &cond, err);
		bool declared = rc == 0 && e.flags & FACT_DECLARATION;
		const struct answer_item item = {.relation = declared ? "declares" : "defines",
			.reason = declared ? "declared there" : "defined there",
			.prov = graph_prov_name(PROV_SYNTAX),
			.conf = 100,
			.cond = cond};
		if (rc == 0)
			rc = answer_add(g, answer, ids.v[i], &item, err);
	}
	id_list_cleanup(&ids);
	if (rc == 0)
		*ret = TAKE(answer);
	return rc < 0 ? err_wrap(err, "graph") : 0;
}

/* The entities around the line, the innermost first, then what it is related to. */
static int
add_enclosing(struct graph *g, json_t *answer, uint32_t id, struct dd_err *err)
{
	int rc = 0;
	struct entity e = {.id = id};
	for (unsigned i = 0; rc == 0 && e.id && i < 64; i++) {
		rc = answer_entity(g, e.id, &e, err);
		const struct answer_item item = {"contains",
			i ? "encloses the line" : "innermost around the line",
			graph_prov_name(PROV_SYNTAX), 100, NULL};
		if (rc == 0)
			rc = answer_add(g, answer, e.id, &item, err);
		if (rc == 0 && e.kind == KIND_FILE)
			break;
		e.id = e.parent;
	}
	return rc;
}

struct here {
	struct graph *g;
	json_t *answer;
	uint32_t src, line;
	struct dd_err *err;
};

static int
add_if_on_line(void *ctx, const struct store_relation *r)
{
	struct here *h = ctx;
	if (r->line != h->line || !r->dst)
		return 0;
	return add_step(
		h->g, h->answer, r->dst, (struct step){h->src, r->dst, r->relation}, h->err);
}

static int
add_callers_of(struct graph *g, json_t *answer, uint32_t id, struct dd_err *err)
{
	struct reach r = {.g = g, .direction = BACKWARD, .relations = DEPENDING};
	reach_add(&r, id, (struct step){0}, 0);
	int rc = reach_from(&r, 1, err);
	for (size_t i = 1; rc == 0 && i < r.found.n; i++)
		rc = add_step(g, answer, r.found.v[i], r.by[i], err);
	reach_cleanup(&r);
	return rc;
}

int
graph_at(struct graph *g, const char *place, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	OWN(buf) struct buf out = {0};
	uint32_t id, line;
	int rc = answer_begin(g, &answer, err);
	if (rc == 0)
		rc = answer_place(g, place, &id, &line, err);
	if (rc == 0)
		rc = add_enclosing(g, answer, id, err);
	if (rc == 0)
		rc = answer_relations(g, id, &out, NULL, err);
	if (rc == 0) {
		struct here h = {g, answer, id, line, err};
		rc = store_each_out(buf_str(&out), id, add_if_on_line, &h, err);
	}
	if (rc == 0)
		rc = add_callers_of(g, answer, id, err);
	if (rc == 0)
		*ret = TAKE(answer);
	return rc < 0 ? err_wrap(err, "graph") : 0;
}

/* ---- unused, status ---- */

/* What is called from outside the source. */
static bool
is_entry(struct str name)
{
	return str_eq(name, "main") || str_eq(name, "init") ||
	       (str_starts(name, "__") && str_ends(name, "__")) || str_starts(name, "<lambda");
}

static int
find_served(void *ctx, const struct store_relation *r)
{
	*(bool *)ctx |= r->relation == REL_SERVES;
	return 0;
}

int
answer_unused(struct graph *g, struct id_list *ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(g->db, &st, err,
		"SELECT entity.id, name.s, rout FROM entity JOIN name ON name.id = entity.name"
		" WHERE kind IN (?, ?) AND length(rin) = 0 AND flags & ? = 0 AND entity.file > 0"
		" AND entity.id NOT IN (SELECT entity FROM seen WHERE count > 0)",
		"iii", (int64_t)KIND_FUNCTION, (int64_t)KIND_METHOD, (int64_t)FACT_DECLARATION);
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		/* What answers at an endpoint is called by those who ask there. */
		bool served = false;
		uint32_t id = (uint32_t)db_int(st, 0);
		rc = store_each_out(db_blob(st, 2), id, find_served, &served, err);
		if (rc == 0 && ret->n < MAX_ITEMS && !served && !is_entry(db_text(st, 1)))
			id_list_add(ret, id);
	}
	return rc < 0 ? rc : 0;
}

int
graph_unused(struct graph *g, json_t **ret, struct dd_err *err)
{
	struct id_list ids = {0};
	OWN_JSON json_t *answer = NULL;
	static const struct answer_item item = {
		"unused", "no relation of the map leads there", "resolved", 70, NULL};
	int rc = answer_begin_whole(g, &answer, err);
	if (rc == 0)
		rc = answer_unused(g, &ids, err);
	for (size_t i = 0; rc == 0 && i < ids.n; i++)
		rc = answer_add(g, answer, ids.v[i], &item, err);
	id_list_cleanup(&ids);
	if (rc == 0)
		*ret = TAKE(answer);
	return rc < 0 ? err_wrap(err, "graph") : 0;
}

static int
count_into(struct graph *g, json_t *answer, const char *key, const char *sql, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(g->db, &st, err, sql, "");
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	json_object_set_new(answer, key, json_integer(db_int(st, 0)));
	db_done(st);
	return 0;
}

static int
list_incomplete(struct graph *g, json_t *answer, struct dd_err *err)
{
	struct db_stmt *st;
	json_t *list = json_array();
	json_object_set_new(answer, "incomplete", list);
	int rc = db_query(g->db, &st, err,
		"SELECT path, state, reason, bad_bytes FROM file WHERE state <> 0 AND reason <> 'no grammar' ORDER BY id",
		"");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		if (json_array_size(list) < MAX_ITEMS)
			json_array_append_new(list,
				json_pack("{s:o, s:s, s:o, s:I}", "file", json_text(db_text(st, 0)),
					"state", file_state_name((enum file_state)db_int(st, 1)),
					"reason", json_text(db_text(st, 2)), "bad_bytes",
					(json_int_t)db_int(st, 3)));
	}
	return rc < 0 ? rc : 0;
}

static int
count_languages(struct graph *g, json_t *answer, struct dd_err *err)
{
	struct db_stmt *st;
	json_t *by = json_object();
	json_object_set_new(answer, "languages", by);
	int rc = db_query(g->db, &st, err,
		"SELECT lang, count(*), sum(lines) FROM file GROUP BY lang ORDER BY lang", "");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		json_object_set_new(by, lang_name((enum lang_id)db_int(st, 0)),
			json_pack("{s:I, s:I}", "files", (json_int_t)db_int(st, 1), "lines",
				(json_int_t)db_int(st, 2)));
	}
	return rc < 0 ? rc : 0;
}

static int
list_imports(struct graph *g, json_t *answer, struct dd_err *err)
{
	struct db_stmt *st;
	json_t *list = json_array();
	json_object_set_new(answer, "imports", list);
	int rc = db_query(g->db, &st, err,
		"SELECT format, source, tool, digest, missing, dropped,"
		" (SELECT count(*) FROM evidence WHERE import = id) FROM import ORDER BY id",
		"");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		json_array_append_new(list,
			json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:I}", "format",
				json_text(db_text(st, 0)), "source", json_text(db_text(st, 1)),
				"tool", json_text(db_text(st, 2)), "digest",
				json_text(db_text(st, 3)), "missing", (json_int_t)db_int(st, 4),
				"dropped", (json_int_t)db_int(st, 5), "files",
				(json_int_t)db_int(st, 6)));
	}
	return rc < 0 ? rc : 0;
}

int
graph_status(struct graph *g, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	int rc = answer_begin_whole(g, &answer, err);
	if (rc == 0) {
		json_object_set_new(answer, "root", json_text(str_of(g->root)));
		rc = count_into(g, answer, "files", "SELECT count(*) FROM file", err);
	}
	if (rc == 0)
		rc = count_into(g, answer, "entities", "SELECT count(*) FROM entity", err);
	if (rc == 0)
		rc = count_languages(g, answer, err);
	if (rc == 0)
		rc = list_incomplete(g, answer, err);
	if (rc == 0)
		rc = list_imports(g, answer, err);
	if (rc == 0)
		*ret = TAKE(answer);
	return rc < 0 ? err_wrap(err, "graph") : 0;
}

int
graph_files(struct graph *g, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	struct db_stmt *st;
	json_t *list = json_array();
	int rc = answer_begin_whole(g, &answer, err);
	if (rc == 0)
		rc = db_query(g->db, &st, err, "SELECT path, digest FROM file ORDER BY id", "");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		json_array_append_new(
			list, json_pack("{s:o, s:o}", "file", json_text(db_text(st, 0)), "digest",
				      json_text(db_text(st, 1))));
	}
	if (rc < 0) {
		json_decref(list);
		return err_wrap(err, "graph");
	}
	json_object_del(answer, "items");
	json_object_set_new(answer, "files", list);
	*ret = TAKE(answer);
	return 0;
}
