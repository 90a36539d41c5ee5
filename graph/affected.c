/*
 * Theory of operation.  What a change of some files may affect, as a set of files that errs on the side of too many: two changes whose
 * sets have nothing in common cannot meet.  Nodes are files, and the things that are known by their name alone (a table,
 * an endpoint, a variable of the environment, a target of a build).  An edge goes from what is changed to what may notice:
 *   - from a file to each file that has a relation to something in it, however unsure that relation is;
 *   - from a file to what it writes: a global's file, a table, a variable, an endpoint;
 *   - from an overriding method's file to that of the method it overrides, for calls through it;
 *   - from each file that defines a name to each that mentions that name without its being resolved.
 * The whole of a file is affected as soon as a part of it is.  Edges are kept once for a pair of nodes, with the surest relation as their reason.
 */
#include "graph/answer.h"

#include "base/fs.h"
#include "base/map.h"

#include <string.h>

#define MAX_AFFECTED_EDGES 12000000
#define FIRST_EDGES 256 /* that there is room for; many are of a pair that is there, and go before there is more */
#define MAX_SAME_NAME 64 /* definitions of a name; more of them, and it says nothing */

struct influence {
	uint32_t from, to; /* nodes */
	uint32_t src, dst; /* entities of the relation; dst 0: by an unresolved name */
	uint8_t relation, conf;
};

struct graph_affected {
	struct graph *g;
	char **paths; /* by file; NULL: none of that number */
	bool *code, *unread;
	size_t nfiles, nodes;
	uint32_t *node_of; /* by entity */
	uint8_t *kind;	   /* by entity */
	size_t nentities;
	uint32_t *file_named; /* pairs: name, file; sorted */
	size_t nnamed, named_cap;
	struct influence *v; /* sorted by from */
	size_t n, cap;
	size_t *first; /* by node; one more at the end */
	bool truncated;
	uint32_t at;
	struct dd_err *err;
};

void
graph_affected_close(struct graph_affected *a)
{
	if (!a)
		return;
	for (size_t i = 0; a->paths && i < a->nfiles; i++)
		free(a->paths[i]);
	free(a->paths);
	free(a->code);
	free(a->unread);
	free(a->node_of);
	free(a->kind);
	free(a->file_named);
	free(a->v);
	free(a->first);
	free(a);
}

static int
load_files(struct graph_affected *a)
{
	struct db_stmt *st;
	uint32_t last = 0;
	int rc = answer_last_id(a->g, "SELECT max(id) FROM file", &last, a->err);
	a->nfiles = (size_t)last + 1;
	a->paths = mem_zalloc(a->nfiles, sizeof(*a->paths));
	a->code = mem_zalloc(a->nfiles, sizeof(*a->code));
	a->unread = mem_zalloc(a->nfiles, sizeof(*a->unread));
	if (rc == 0)
		rc = db_query(a->g->db, &st, a->err,
			"SELECT id, path, lang, state, bad_bytes FROM file", "");
	while (rc == 0 && (rc = db_step(st, a->err)) == 1) {
		rc = 0;
		uint64_t id = (uint64_t)db_int(st, 0);
		if (!id || id >= a->nfiles)
			continue;
		a->paths[id] = str_dup(db_text(st, 1));
		a->code[id] = db_int(st, 2) > 0;
		a->unread[id] = db_int(st, 3) != FILE_PARSED || db_int(st, 4) > 0;
	}
	return rc < 0 ? rc : 0;
}

static bool
is_own_node(unsigned kind)
{
	return graph_kind_is_shared(kind) || kind == KIND_TARGET;
}

static void
add_named(struct graph_affected *a, uint32_t name, uint32_t file)
{
	if ((a->nnamed + 2) > a->named_cap) {
		a->named_cap = a->named_cap ? a->named_cap * 2 : 1024;
		a->file_named = mem_realloc(a->file_named, a->named_cap, sizeof(*a->file_named));
	}
	a->file_named[a->nnamed++] = name;
	a->file_named[a->nnamed++] = file;
}

static int
load_entities(struct graph_affected *a)
{
	struct db_stmt *st;
	uint32_t last = 0;
	int rc = answer_last_id(a->g, "SELECT max(id) FROM entity", &last, a->err);
	a->nentities = (size_t)last + 1;
	a->node_of = mem_zalloc(a->nentities, sizeof(*a->node_of));
	a->kind = mem_zalloc(a->nentities, sizeof(*a->kind));
	a->nodes = a->nfiles;
	if (rc == 0)
		rc = db_query(a->g->db, &st, a->err, "SELECT id, kind, name, file FROM entity", "");
	while (rc == 0 && (rc = db_step(st, a->err)) == 1) {
		rc = 0;
		uint64_t id = (uint64_t)db_int(st, 0), file = (uint64_t)db_int(st, 3);
		unsigned kind = (unsigned)db_int(st, 1);
		if (id >= a->nentities)
			continue;
		a->kind[id] = (uint8_t)kind;
		a->node_of[id] = is_own_node(kind)  ? (uint32_t)a->nodes++
				 : file < a->nfiles ? (uint32_t)file
						    : 0;
		if (kind >= KIND_TYPE && kind <= KIND_MACRO && file && file < a->nfiles)
			add_named(a, (uint32_t)db_int(st, 2), (uint32_t)file);
	}
	return rc < 0 ? rc : 0;
}

static bool
is_same_pair(const struct influence *a, const struct influence *b)
{
	return a->from == b->from && a->to == b->to;
}

static int
by_nodes(const void *x, const void *y)
{
	const struct influence *a = x, *b = y;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	if (a->conf != b->conf)
		return a->conf > b->conf ? -1 : 1;
	if (a->src != b->src)
		return a->src < b->src ? -1 : 1;
	return (a->dst > b->dst) - (a->dst < b->dst);
}

/* Sort them, and leave one of each pair. */
static void
merge(struct graph_affected *a)
{
	size_t to = 0;
	if (a->n)
		qsort(a->v, a->n, sizeof(*a->v), by_nodes);
	for (size_t i = 0; i < a->n; i++)
		if (!to || !is_same_pair(&a->v[to - 1], &a->v[i]))
			a->v[to++] = a->v[i];
	a->n = to;
}

/* For one more.  False: there are too many. */
static bool
make_room(struct graph_affected *a)
{
	if (a->n < a->cap)
		return true;
	merge(a);
	if (a->n > MAX_AFFECTED_EDGES)
		return false;
	if (a->n >= a->cap - a->cap / 4) {
		a->cap = a->cap ? a->cap * 2 : FIRST_EDGES;
		a->v = mem_realloc(a->v, a->cap, sizeof(*a->v));
	}
	return true;
}

static void
add_influence(struct graph_affected *a, uint32_t from, uint32_t to, const struct influence *why)
{
	if (!from || !to || from == to || a->truncated)
		return;
	if (!make_room(a)) {
		a->truncated = true;
		return;
	}
	a->v[a->n] = *why;
	a->v[a->n].from = from;
	a->v[a->n++].to = to;
}

static int
by_name_then_file(const void *x, const void *y)
{
	const uint32_t *a = x, *b = y;
	if (a[0] != b[0])
		return a[0] < b[0] ? -1 : 1;
	return (a[1] > b[1]) - (a[1] < b[1]);
}

/* Whoever has an entity of that name may be what is meant. */
static void
add_by_name(struct graph_affected *a, uint32_t name, const struct influence *why)
{
	size_t low = 0, high = a->nnamed / 2;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (a->file_named[mid * 2] < name)
			low = mid + 1;
		else
			high = mid;
	}
	uint32_t before = 0;
	for (size_t i = low, k = 0;
		i < a->nnamed / 2 && a->file_named[i * 2] == name && k < MAX_SAME_NAME; i++) {
		uint32_t file = a->file_named[i * 2 + 1];
		if (file == before)
			continue;
		add_influence(a, file, a->node_of[why->src], why);
		before = file;
		k++;
	}
}

static bool
tells_nothing(enum graph_relation r, unsigned dst_kind)
{
	return r == REL_CO_CHANGES || r == REL_NONE || dst_kind == KIND_COMMAND ||
	       dst_kind == KIND_SERVICE || dst_kind == KIND_DIRECTORY;
}

static bool
is_writing(enum graph_relation r)
{
	return r == REL_WRITES || r == REL_CONFIGURES || r == REL_SERVES || r == REL_OVERRIDES ||
	       r == REL_QUERIES_TABLE || r == REL_TAKES_ADDRESS || r == REL_PUBLISHES;
}

static int
take_relation(void *ctx, const struct store_relation *r)
{
	struct graph_affected *a = ctx;
	uint32_t here = a->node_of[a->at];
	const struct influence why = {.src = a->at,
		.dst = r->dst,
		.relation = (uint8_t)r->relation,
		.conf = (uint8_t)r->conf};
	if (!r->dst) {
		if (r->name && r->relation != REL_IMPORTS)
			add_by_name(a, r->name, &why);
		return 0;
	}
	if (r->dst >= a->nentities || tells_nothing(r->relation, a->kind[r->dst]))
		return 0;
	uint32_t there = a->node_of[r->dst];
	bool holds = r->relation == REL_CONTAINS;
	if (!holds)
		add_influence(a, there, here, &why);
	if (is_writing(r->relation) || (holds && is_own_node(a->kind[r->dst])))
		add_influence(a, here, there, &why);
	return 0;
}

static int
load_influences(struct graph_affected *a)
{
	struct db_stmt *st;
	if (a->nnamed)
		qsort(a->file_named, a->nnamed / 2, 2 * sizeof(*a->file_named), by_name_then_file);
	int rc = db_query(
		a->g->db, &st, a->err, "SELECT id, rout FROM entity WHERE length(rout) > 0", "");
	while (rc == 0 && (rc = db_step(st, a->err)) == 1) {
		rc = 0;
		a->at = (uint32_t)db_int(st, 0);
		if (a->at < a->nentities && a->node_of[a->at])
			rc = store_each_out(db_blob(st, 1), a->at, take_relation, a, a->err);
	}
	return rc < 0 ? rc : 0;
}

/* What is only read while influences are looked for goes, and so does room that none took. */
static void
settle(struct graph_affected *a)
{
	free(a->file_named);
	free(a->kind);
	a->file_named = NULL;
	a->kind = NULL;
	merge(a);
	if (a->n)
		a->v = mem_realloc(a->v, a->n, sizeof(*a->v));
	a->first = mem_zalloc(a->nodes + 2, sizeof(*a->first));
	for (size_t i = 0, node = 0; node <= a->nodes; node++) {
		while (i < a->n && a->v[i].from < node)
			i++;
		a->first[node] = i;
	}
}

int
graph_affected_open(struct graph *g, struct graph_affected **ret, struct dd_err *err)
{
	struct graph_affected *a = mem_new(struct graph_affected);
	a->g = g;
	a->err = err;
	int rc = load_files(a);
	if (rc == 0)
		rc = load_entities(a);
	if (rc == 0)
		rc = load_influences(a);
	if (rc < 0) {
		graph_affected_close(a);
		return err_wrap(err, "graph");
	}
	settle(a);
	*ret = a;
	return 0;
}

/* ---- asking ---- */

struct wave {
	uint32_t *queue, *steps; /* steps by node, from 1; 0: not reached */
	size_t *by;		 /* by node: the influence that reached it */
	size_t n;
};

static void
wave_cleanup(struct wave *w)
{
	free(w->queue);
	free(w->steps);
	free(w->by);
}

static void
wave_add(struct wave *w, uint32_t node, uint32_t steps, size_t by)
{
	if (w->steps[node])
		return;
	w->steps[node] = steps;
	w->by[node] = by;
	w->queue[w->n++] = node;
}

/* Neither a guess by name, nor that what is pointed to may be written through the pointer. */
static bool
is_for_people(const struct graph_affected *a, const struct influence *e)
{
	return e->dst && !(e->relation == REL_TAKES_ADDRESS && a->node_of[e->src] == e->from);
}

static void
wave_spread(const struct graph_affected *a, struct wave *w, unsigned depth)
{
	for (size_t i = 0; i < w->n; i++) {
		uint32_t node = w->queue[i];
		if (depth && w->steps[node] > depth)
			continue;
		for (size_t e = a->first[node]; e < a->first[node + 1]; e++)
			if (depth ? is_for_people(a, &a->v[e]) : a->v[e].relation != REL_DOCUMENTS)
				wave_add(w, a->v[e].to, w->steps[node] + 1, e);
	}
}

/* Why a node was reached, in words; and where. */
static int
explain(const struct graph_affected *a, const struct influence *why, struct buf *ret,
	char **ret_place, struct dd_err *err)
{
	struct entity src, dst;
	OWN_FREE char *from = NULL, *to = NULL, *path = NULL;
	int rc = answer_entity(a->g, why->src, &src, err);
	if (rc == 0)
		rc = answer_name(a->g, src.name, &from, err);
	if (rc == 0)
		rc = answer_path(a->g, &src, &path, err);
	if (rc == 0 && why->dst)
		rc = answer_entity(a->g, why->dst, &dst, err);
	if (rc == 0 && why->dst)
		rc = answer_name(a->g, dst.name, &to, err);
	if (rc < 0)
		return rc;
	if (why->dst)
		buf_printf(ret, "%s %s %s", from,
			graph_relation_name((enum graph_relation)why->relation), to);
	else
		buf_printf(ret, "%s may mean something in it: a name that is not resolved", from);
	*ret_place = mem_printf("%s:%u", path, src.line ? src.line : 1);
	return 0;
}

static int
describe_node(const struct graph_affected *a, const struct wave *w, uint32_t node, json_t *list,
	struct dd_err *err)
{
	OWN(buf) struct buf reason = {0};
	OWN_FREE char *place = NULL;
	bool seed = w->by[node] == SIZE_MAX;
	int rc = seed ? 0 : explain(a, &a->v[w->by[node]], &reason, &place, err);
	if (rc < 0)
		return rc;
	json_array_append_new(
		list, json_pack("{s:o, s:I, s:o, s:o*, s:f, s:b, s:b}", "file",
			      json_text(str_of(a->paths[node])), "steps",
			      (json_int_t)w->steps[node] - 1, "reason", json_text(buf_str(&reason)),
			      "place", place ? json_text(str_of(place)) : NULL, "conf",
			      seed ? 1.0 : a->v[w->by[node]].conf / 100.0, "code", a->code[node],
			      "unread", a->unread[node]));
	return 0;
}

int
graph_affected_by(struct graph_affected *a, const struct strlist *files, unsigned depth,
	json_t **ret, struct dd_err *err)
{
	struct wave w = {mem_zalloc(a->nodes + 1, sizeof(uint32_t)),
		mem_zalloc(a->nodes + 1, sizeof(uint32_t)),
		mem_zalloc(a->nodes + 1, sizeof(size_t)), 0};
	OWN_JSON json_t *list = json_array();
	OWN_JSON json_t *shared = json_array();
	int rc = 0;
	OWN(map) struct map wanted = {0};
	for (size_t i = 0; i < files->n; i++)
		map_put(&wanted, files->v[i], files->v[i]);
	for (uint32_t i = 1; i < a->nfiles; i++)
		if (a->paths[i] && map_get(&wanted, a->paths[i]))
			wave_add(&w, i, 1, SIZE_MAX);
	wave_spread(a, &w, depth);
	for (size_t i = 0; rc == 0 && i < w.n; i++) {
		uint32_t node = w.queue[i];
		if (node < a->nfiles && a->paths[node])
			rc = describe_node(a, &w, node, list, err);
		else
			json_array_append_new(shared, json_integer(node));
	}
	wave_cleanup(&w);
	if (rc < 0)
		return err_wrap(err, "graph");
	*ret = json_pack(
		"{s:O, s:O, s:b}", "files", list, "shared", shared, "truncated", a->truncated);
	return 0;
}
