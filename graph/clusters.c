/*
 * Theory of operation.  Cohesive areas: files are nodes, the relations between what they hold are edges with the confidence
 * as their weight, and files of one directory hold together a little, too.  Labels spread (label propagation): in the
 * order of paths each file takes the label that weighs most among its neighbours, the smaller one of equals, until
 * nothing moves.  Nothing in it is by chance, so that the same tree has the same areas.  An area is named by the directory that
 * most of its files are in, and by its most related-to file where several share one.
 */
#include "graph/answer.h"

#include "base/fs.h"
#include "base/map.h"

#include <string.h>

#define ROUNDS 30
#define MAX_EDGES 8000000
#define SAME_DIRECTORY \
	2.0 /* relations that being in one directory is worth, shared among its files */

struct edge {
	uint32_t a, b; /* files */
	float weight;
};

struct clustering {
	struct graph *g;
	uint32_t *file_of; /* by entity */
	size_t nentities;
	char **paths;  /* by file; NULL: it has no code */
	uint32_t *dir; /* by file: the first file of its directory */
	size_t nfiles;
	struct edge *edges; /* in both directions, sorted by a */
	size_t n, cap;
	size_t *first;	 /* edges of a file begin here; one more at the end */
	uint32_t *label; /* by file */
	uint32_t at;
	struct dd_err *err;
};

static void
clustering_cleanup(struct clustering *c)
{
	for (size_t i = 0; c->paths && i < c->nfiles; i++)
		free(c->paths[i]);
	free(c->paths);
	free(c->dir);
	free(c->file_of);
	free(c->edges);
	free(c->first);
	free(c->label);
}

static int
load(struct clustering *c)
{
	struct db_stmt *st;
	uint32_t files = 0, entities = 0;
	int rc = answer_last_id(c->g, "SELECT max(id) FROM file", &files, c->err);
	if (rc == 0)
		rc = answer_last_id(c->g, "SELECT max(id) FROM entity", &entities, c->err);
	c->nfiles = (size_t)files + 1;
	c->nentities = (size_t)entities + 1;
	c->paths = mem_zalloc(c->nfiles, sizeof(*c->paths));
	c->dir = mem_zalloc(c->nfiles, sizeof(*c->dir));
	c->file_of = mem_zalloc(c->nentities, sizeof(*c->file_of));
	if (rc == 0)
		rc = db_query(
			c->g->db, &st, c->err, "SELECT id, path FROM file WHERE lang > 0", "");
	while (rc == 0 && (rc = db_step(st, c->err)) == 1) {
		rc = 0;
		uint64_t id = (uint64_t)db_int(st, 0);
		if (id < c->nfiles)
			c->paths[id] = str_dup(db_text(st, 1));
	}
	if (rc == 0)
		rc = db_query(c->g->db, &st, c->err,
			"SELECT id, file, kind FROM entity WHERE file > 0", "");
	while (rc == 0 && (rc = db_step(st, c->err)) == 1) {
		rc = 0;
		uint64_t id = (uint64_t)db_int(st, 0), file = (uint64_t)db_int(st, 1);
		if (id < c->nentities && file < c->nfiles && c->paths[file] &&
			!graph_kind_is_shared((unsigned)db_int(st, 2)))
			c->file_of[id] = (uint32_t)file;
	}
	return rc < 0 ? rc : 0;
}

static void
add_edge(struct clustering *c, uint32_t a, uint32_t b, float weight)
{
	if (!a || !b || a == b || c->n + 2 > MAX_EDGES)
		return;
	for (int i = 0; i < 2; i++) {
		c->edges = mem_grow(c->edges, c->n, &c->cap, sizeof(*c->edges));
		c->edges[c->n++] = (struct edge){i ? b : a, i ? a : b, weight};
	}
}

static int
take_relation(void *ctx, const struct store_relation *r)
{
	struct clustering *c = ctx;
	if (r->dst && r->dst < c->nentities)
		add_edge(c, c->at, c->file_of[r->dst], (float)r->conf / 100);
	return 0;
}

static int
load_edges(struct clustering *c)
{
	struct db_stmt *st;
	int rc = db_query(
		c->g->db, &st, c->err, "SELECT id, rout FROM entity WHERE length(rout) > 0", "");
	while (rc == 0 && (rc = db_step(st, c->err)) == 1) {
		uint64_t id = (uint64_t)db_int(st, 0);
		c->at = id < c->nentities ? c->file_of[id] : 0;
		rc = c->at ? store_each_out(db_blob(st, 1), (uint32_t)id, take_relation, c, c->err)
			   : 0;
	}
	return rc < 0 ? rc : 0;
}

static struct str
directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? (struct str){path, (size_t)(slash - path)} : STR(".");
}

/* Each file with the one before it in its directory: paths are in order, so these are a chain. */
static void
add_directories(struct clustering *c)
{
	OWN(map) struct map last = {0};
	for (uint32_t i = 1; i < c->nfiles; i++) {
		if (!c->paths[i])
			continue;
		OWN_FREE char *dir = str_dup(directory(c->paths[i]));
		uint32_t before = (uint32_t)(uintptr_t)map_get(&last, dir);
		c->dir[i] = before ? c->dir[before] : i;
		add_edge(c, before, i, (float)SAME_DIRECTORY);
		map_put(&last, dir, (void *)(uintptr_t)i); // NOLINT(performance-no-int-to-ptr)
	}
}

static int
by_files(const void *x, const void *y)
{
	const struct edge *a = x, *b = y;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

static void
merge(struct clustering *c)
{
	size_t to = 0;
	if (c->n)
		qsort(c->edges, c->n, sizeof(*c->edges), by_files);
	for (size_t i = 0; i < c->n; i++) {
		if (to && by_files(&c->edges[to - 1], &c->edges[i]) == 0)
			c->edges[to - 1].weight += c->edges[i].weight;
		else
			c->edges[to++] = c->edges[i];
	}
	c->n = to;
	c->first = mem_zalloc(c->nfiles + 2, sizeof(*c->first));
	for (size_t i = 0, f = 0; f <= c->nfiles; f++) {
		while (i < c->n && c->edges[i].a < f)
			i++;
		c->first[f] = i;
	}
}

/* What a neighbour that everybody is related to says weighs less: its weight is shared among all its own. */
static double
strength(const struct clustering *c, const struct edge *e)
{
	return e->weight / (1.0 + (double)(c->first[e->b + 1] - c->first[e->b]) / 8.0);
}

static uint32_t
best_label(const struct clustering *c, uint32_t file, double *weights)
{
	uint32_t best = c->label[file];
	double most = 0;
	for (size_t i = c->first[file]; i < c->first[file + 1]; i++) {
		uint32_t l = c->label[c->edges[i].b];
		weights[l] += strength(c, &c->edges[i]);
		if (weights[l] > most || (weights[l] == most && l < best)) {
			most = weights[l];
			best = l;
		}
	}
	for (size_t i = c->first[file]; i < c->first[file + 1]; i++)
		weights[c->label[c->edges[i].b]] = 0;
	return best;
}

static void
spread_labels(struct clustering *c)
{
	OWN_FREE double *weights = mem_zalloc(c->nfiles + 1, sizeof(*weights));
	c->label = mem_alloc((c->nfiles + 1) * sizeof(*c->label));
	for (uint32_t i = 0; i <= c->nfiles; i++)
		c->label[i] = i;
	bool moved = true;
	for (int round = 0; moved && round < ROUNDS; round++) {
		moved = false;
		for (uint32_t i = 1; i < c->nfiles; i++) {
			uint32_t l = c->paths[i] ? best_label(c, i, weights) : i;
			moved |= l != c->label[i];
			c->label[i] = l;
		}
	}
}

/* ---- areas ---- */

struct area {
	uint32_t label, files;
	double inside, outside;
	uint32_t dir, in_dir; /* the directory most of its files are in */
	uint32_t most;	      /* the file of it there that is related to most */
	double most_weight;
};

static void
measure(const struct clustering *c, struct area *areas)
{
	OWN_FREE uint32_t *in_dir = mem_zalloc(c->nfiles + 1, sizeof(*in_dir));
	for (uint32_t i = 1; i < c->nfiles; i++) {
		if (!c->paths[i])
			continue;
		struct area *a = &areas[c->label[i]];
		a->label = c->label[i];
		a->files++;
		for (size_t e = c->first[i]; e < c->first[i + 1]; e++) {
			bool same = c->label[c->edges[e].b] == c->label[i];
			*(same ? &a->inside : &a->outside) += c->edges[e].weight;
		}
	}
	for (uint32_t l = 1; l < c->nfiles; l++) {
		for (uint32_t i = 1; areas[l].files && i < c->nfiles; i++)
			if (c->paths[i] && c->label[i] == l &&
				++in_dir[c->dir[i]] > areas[l].in_dir) {
				areas[l].in_dir = in_dir[c->dir[i]];
				areas[l].dir = c->dir[i];
			}
		for (uint32_t i = 1; areas[l].files && i < c->nfiles; i++)
			in_dir[c->dir[i]] = 0;
	}
}

static void
find_centres(const struct clustering *c, struct area *areas)
{
	for (uint32_t i = 1; i < c->nfiles; i++) {
		struct area *a = c->paths[i] ? &areas[c->label[i]] : NULL;
		double weight = 0;
		for (size_t e = c->first[i]; a && e < c->first[i + 1]; e++)
			weight += c->edges[e].weight;
		if (a && c->dir[i] == a->dir && (!a->most || weight > a->most_weight)) {
			a->most = i;
			a->most_weight = weight;
		}
	}
}

static json_t *
describe(const struct clustering *c, const struct area *a, const struct area *areas)
{
	json_t *files = json_array();
	bool alone = true; /* of its directory */
	for (uint32_t l = 1; l < c->nfiles; l++)
		alone &= l == a->label || !areas[l].files || areas[l].dir != a->dir;
	struct str dir = directory(c->paths[a->dir]);
	OWN_FREE char *name =
		alone ? str_dup(dir)
		      : mem_printf(STR_FMT "/%s", STR_ARG(dir), fs_name(c->paths[a->most]));
	for (uint32_t i = 1; i < c->nfiles; i++)
		if (c->paths[i] && c->label[i] == a->label)
			json_array_append_new(files, json_text(str_of(c->paths[i])));
	double all = a->inside + a->outside;
	return json_pack("{s:o, s:o, s:f, s:o}", "name", json_text(str_of(name)), "centre",
		json_text(str_of(c->paths[a->most])), "cohesion", all > 0 ? a->inside / all : 0.0,
		"files", files);
}

int
graph_clusters(struct graph *g, json_t **ret, struct dd_err *err)
{
	struct clustering c = {.g = g, .err = err};
	OWN_JSON json_t *answer = NULL;
	int rc = answer_begin_whole(g, &answer, err);
	if (rc == 0)
		rc = load(&c);
	if (rc == 0)
		rc = load_edges(&c);
	if (rc == 0) {
		add_directories(&c);
		merge(&c);
		spread_labels(&c);
		OWN_FREE struct area *areas = mem_zalloc(c.nfiles + 1, sizeof(*areas));
		measure(&c, areas);
		find_centres(&c, areas);
		json_object_del(answer, "items");
		json_t *list = json_array();
		for (size_t i = 1; i < c.nfiles; i++)
			if (areas[i].files)
				json_array_append_new(list, describe(&c, &areas[i], areas));
		json_object_set_new(answer, "clusters", list);
		*ret = TAKE(answer);
	}
	clustering_cleanup(&c);
	return rc < 0 ? err_wrap(err, "graph") : 0;
}
