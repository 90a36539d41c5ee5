#include "runner/commands.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/json.h"
#include "graph/graph.h"
#include "images/apt.h"
#include "runner/learnt.h"
#include "runner/run.h"
#include "runner/session.h"

#include <errno.h>
#include <sys/stat.h>

#define DEFAULT_KEEP 20
#define LEARNT_NS ((int64_t)90 * 24 * 3600 * 1000000000)

struct gc_options {
	struct common_options common;
	uint64_t keep;
	uint64_t max_bytes;
	const char *keep_text; /* to tell --keep 0 from no --keep */
	bool dry_run;
};

#define O(member) offsetof(struct gc_options, member)
static const struct option_def options[] = {
	{"keep", 0, OPTION_TEXT, O(keep_text), "N",
		"keep this many of the newest runs (default 20)"},
	{"max-bytes", 0, OPTION_BYTES, O(max_bytes), "B",
		"remove older runs until the state takes at most this much"},
	{"dry-run", 'n', OPTION_FLAG, O(dry_run), NULL, "only say what would go"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

struct gc {
	const struct state *st;
	const struct gc_options *o;
	struct strlist removed; /* runs */
	struct strlist gone;	/* their owners of leases */
	struct strlist indexes; /* digests */
	size_t maps;		/* of directories that are gone */
	size_t learnt;		/* files of what nobody took up any more */
	struct gc_result result;
	uint64_t keep;
};

/* May this run go?  Not while somebody works on it or looks into it, not when pinned. */
static bool
collectable(const struct state *st, const char *id)
{
	struct run r;
	if (run_open(st, id, false, &r, NULL) < 0)
		return false;
	bool yes = !run_is_pinned(&r) && !run_is_live(&r) && !run_is_held(&r);
	run_cleanup(&r);
	return yes;
}

static int
remove_run(struct gc *g, const char *id, struct dd_err *err)
{
	int rc = g->o->dry_run ? 0 : run_remove(g->st, id, err);
	if (rc == -DD_EBUSY) /* since a moment ago */
		return 0;
	strlist_add(&g->removed, id);
	strlist_addf(&g->gone, "run-%s", id);
	return rc;
}

/* Digests of the package indexes that runs rest on. */
static int
list_indexes_of_runs(const struct gc *g, struct strlist *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist ids = {0};
	int rc = run_list(g->st, &ids, err);
	for (size_t i = 0; rc == 0 && i < ids.n; i++) {
		struct run r;
		if (strlist_has(&g->removed, ids.v[i]) ||
			run_open(g->st, ids.v[i], false, &r, NULL) < 0)
			continue;
		OWN_JSON json_t *index = journal_result(r.journal, "index");
		const char *digest = json_string_value(json_object_get(index, "digest"));
		if (digest)
			strlist_add_new(ret, digest);
		run_cleanup(&r);
	}
	return rc;
}

/* What no run, image or index needs any more. */
static int
collect_rest(struct gc *g, struct dd_err *err)
{
	OWN(strlist) struct strlist keep = {0}, needed = {0};
	const struct gc_spec spec = {.gone = &g->gone, .needed = &needed, .dry_run = g->o->dry_run};
	int rc = list_indexes_of_runs(g, &keep, err);
	if (rc == 0)
		rc = apt_index_collect(
			g->st, &keep, g->o->dry_run, &g->indexes, &g->result.bytes, err);
	if (rc == 0)
		rc = apt_index_objects(g->st, &g->indexes, &needed, err);
	if (rc == 0)
		rc = layer_collect(g->st, &spec, &g->result, err);
	return rc < 0 ? rc : object_collect(g->st, &spec, &g->result, err);
}

static int
over_budget(struct gc *g, bool *ret, struct dd_err *err)
{
	uint64_t bytes = 0;
	int rc = fs_disk_usage(g->st->dir, &bytes, err);
	if (rc == 0)
		*ret = bytes > g->o->max_bytes;
	return rc;
}

/*
 * Until the budget holds: first the archives that are only kept to be installed again, then runs,
 * the oldest first.  A dry run cannot see what a removal would free.
 */
static int
shrink(struct gc *g, const struct strlist *ids, struct dd_err *err)
{
	bool over = false;
	int rc = g->o->dry_run ? 0 : over_budget(g, &over, err);
	if (rc == 0 && over)
		rc = apt_index_forget(g->st, err);
	if (rc == 0 && over)
		rc = collect_rest(g, err);
	if (rc == 0 && over)
		rc = over_budget(g, &over, err);
	for (size_t i = 0; rc == 0 && over && i < ids->n; i++) {
		if (!collectable(g->st, ids->v[i]))
			continue;
		rc = remove_run(g, ids->v[i], err);
		if (rc == 0)
			rc = collect_rest(g, err);
		if (rc == 0)
			rc = over_budget(g, &over, err);
	}
	return rc;
}

static int
remove_map(const char *path, const char *lock, struct dd_err *err)
{
	OWN_FD int fd = -1;
	int rc = fs_lock(lock, false, &fd, err);
	if (rc < 0)
		return rc;
	if (io_unlink(path) < 0 || io_unlink(lock) < 0)
		return err_errno(err, errno, "cannot remove %s", path);
	return 0;
}

/* Maps of directories that are there no longer; one that cannot be read says nothing of its directory, and stays. */
static int
collect_maps(struct gc *g, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	OWN_FREE char *dir = state_path(g->st, "graph");
	int rc = fs_exists(dir) ? fs_list(dir, &names, err) : 0;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = fs_join(dir, names.v[i]), *lock = mem_printf("%s.lock", path),
			      *root = NULL;
		struct stat st;
		if (!str_ends(str_of(names.v[i]), ".db") || graph_root(path, &root, NULL) < 0 ||
			fs_exists(root) || stat(path, &st) < 0)
			continue;
		rc = g->o->dry_run ? 0 : remove_map(path, lock, err);
		if (rc == -DD_EBUSY) { /* it is being made */
			dd_err_cleanup(err);
			rc = 0;
			continue;
		}
		g->maps++;
		g->result.bytes += (uint64_t)st.st_blocks * 512;
	}
	return rc;
}

static int
collect(struct gc *g, struct dd_err *err)
{
	OWN(strlist) struct strlist ids = {0};
	int rc = run_list(g->st, &ids, err);
	size_t old = ids.n > g->keep ? ids.n - (size_t)g->keep : 0;
	for (size_t i = 0; rc == 0 && i < old; i++)
		if (collectable(g->st, ids.v[i]))
			rc = remove_run(g, ids.v[i], err);
	if (rc == 0)
		rc = collect_rest(g, err);
	if (rc == 0)
		rc = collect_maps(g, err);
	if (rc == 0)
		rc = learnt_collect(
			g->st, LEARNT_NS, g->o->dry_run, &g->learnt, &g->result.bytes, err);
	if (rc == 0 && g->o->max_bytes)
		rc = shrink(g, &ids, err);
	return rc;
}

static void
print_result(const struct gc *g)
{
	OWN_JSON json_t *runs = json_array();
	for (size_t i = 0; i < g->removed.n; i++)
		json_array_append_new(runs, json_string(g->removed.v[i]));
	const struct gc_result *r = &g->result;
	if (g->o->common.json) {
		OWN_JSON json_t *j = json_pack("{s:b, s:O, s:I, s:I, s:I, s:I, s:I, s:I}",
			"dry_run", g->o->dry_run, "runs", runs, "layers", (json_int_t)r->layers,
			"objects", (json_int_t)r->objects, "indexes", (json_int_t)g->indexes.n,
			"maps", (json_int_t)g->maps, "learnt", (json_int_t)g->learnt, "bytes",
			(json_int_t)r->bytes);
		OWN(buf) struct buf out = {0};
		json_print(j, 2, &out);
		printf("%s\n", out.p);
		return;
	}
	printf("%s %zu runs, %zu layers, %zu downloads, %zu package indexes and %zu maps, %llu MiB\n",
		g->o->dry_run ? "would remove" : "removed", g->removed.n, r->layers, r->objects,
		g->indexes.n, g->maps, (unsigned long long)(r->bytes >> 20));
}

static int
run_gc(const struct cli_call *call)
{
	const struct gc_options *o = call->options;
	struct gc g = {.o = o, .keep = DEFAULT_KEEP};
	if (o->keep_text && !str_parse_u64(str_of(o->keep_text), UINT64_MAX, &g.keep))
		return cli_usage_error(
			call->command, "--keep: \"%s\" is not a number", o->keep_text);
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	g.st = &st;
	bool none = session_require(&o->common, NULL) < 0; /* nothing to collect */
	int rc = none ? 0 : session_start(&o->common, &st, &err);
	if (rc == 0 && !none)
		rc = collect(&g, &err);
	if (rc == 0)
		print_result(&g);
	strlist_cleanup(&g.removed);
	strlist_cleanup(&g.gone);
	strlist_cleanup(&g.indexes);
	return rc < 0 ? cli_fail(cli_status_of(&err), &err) : EXIT_DONE;
}

const struct subcommand cmd_gc = {
	.name = "gc",
	.summary = "remove old runs, and the layers, downloads and maps nothing needs any more",
	.args = "",
	.description =
		"Pinned runs (drydock runs --pin RUN), runs in progress, images and what they rest on are kept. "
		"Maps of directories that are gone go, too,\nand what was learnt of a source and not taken up for 90 days. With --max-bytes, archives that are only kept to be installed again go first, then runs.",
	.options = options,
	.options_size = sizeof(struct gc_options),
	.run = run_gc,
};
