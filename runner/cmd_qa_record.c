/* drydock qa record: which functions and lines each case of a run's tests reaches. */
#include "runner/commands.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "runner/graph_map.h"
#include "runner/reach.h"
#include "runner/retest.h"

#include <string.h>

struct record_options {
	struct common_options common;
	const char *run, *answers, *dir, *db;
};

#define O(member) offsetof(struct record_options, member)
static const struct option_def options[] = {
	{"run", 0, OPTION_TEXT, O(run), "RUN", "whose tests (default: the latest)"},
	{"dir", 0, OPTION_TEXT, O(dir), "DIR",
		"whose map learns it, if there is one (default: the source of the run)"},
	{"db", 0, OPTION_TEXT, O(db), "FILE", "the file of that map"},
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers to use instead of those of the run"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

struct recorded {
	struct reach_result reach;
	bool mapped;
	struct graph_ingest_result map;
	char *file;
};

static int
record(const struct state *st, const struct run *run, const char *answers, struct recorded *ret,
	struct buf *lines, struct dd_err *err)
{
	struct retest t;
	struct stack source = {0};
	OWN_FREE char *dir = run_path(run, RUN_LATER);
	int rc = retest_open(st, run, answers, RUN_LATER "/qa-record.log", &t, err);
	if (rc == 0)
		rc = retest_source(st, run, &source, err);
	int step = rc == 0 ? progress_begin("recording what each test reaches") : -1;
	if (rc == 0)
		rc = reach_record(&t.spec, run->id, &source, lines, &ret->reach, err);
	if (step >= 0)
		progress_end(step, rc < 0 ? "failed" : "ok");
	if (rc == 0)
		rc = fs_mkdirs(dir, 0700, err);
	if (rc == 0)
		rc = fs_write_atomic(ret->file, buf_str(lines), 0600, err);
	stack_cleanup(&source);
	retest_close(&t);
	return rc;
}

/* Into the map of the source, where there is one. */
static int
tell_map(const struct record_options *o, struct state *st, const struct run *run,
	struct recorded *ret, struct str lines, struct dd_err *err)
{
	const char *dir = o->dir ? o->dir : run->options.source;
	const struct graph_options of = {.common = o->common, .dir = dir, .db = o->db};
	OWN_FREE char *map = NULL, *root = NULL;
	OWN(buf) struct buf packed = {.max = GRAPH_IMPORT_MAX_BYTES};
	OWN_FD int fd = -1;
	if (!o->db && (!fs_is_dir(dir) || graph_map_find(&of, &map, err) < 0 || !fs_exists(map)))
		return 0;
	int rc = o->db ? graph_map_find(&of, &map, err) : 0;
	if (rc == 0)
		rc = graph_root(map, &root, err);
	if (rc == 0)
		rc = fs_memory_file(lines, &fd, err);
	if (rc == 0)
		rc = graph_map_read_import(
			st, graph_format_name(GRAPH_RUNTIME), run->id, fd, &packed, err);
	struct hash_hex digest = hash_bytes(lines);
	const struct graph_import import = {.format = GRAPH_RUNTIME,
		.source = run->id,
		.digest = digest.s,
		.below = "",
		.packed = buf_str(&packed)};
	if (rc == 0)
		rc = graph_map_refresh(&of, st, root, map, &import, &ret->map, err);
	ret->mapped = rc == 0;
	return rc;
}

static void
print_recorded(const struct record_options *o, const struct recorded *r)
{
	const struct graph_import_result *i = &r->map.import;
	double share = i->said ? 100.0 * (double)i->placed / (double)i->said : 100;
	OWN_JSON json_t *j = json_pack("{s:s, s:I, s:I, s:I, s:b, s:b}", "file", r->file, "groups",
		(json_int_t)r->reach.groups, "cases", (json_int_t)r->reach.cases, "lost",
		(json_int_t)r->reach.lost, "rebuilt", r->reach.rebuilt, "mapped", r->mapped);
	OWN(buf) struct buf out = {0};
	if (r->mapped) {
		json_object_set_new(j, "said", json_integer((json_int_t)i->said));
		json_object_set_new(j, "placed", json_integer((json_int_t)i->placed));
		json_object_set_new(j, "share", json_real(share));
	}
	if (o->common.json) {
		json_print(j, 2, &out);
		printf("%s\n", out.p);
		return;
	}
	printf("%zu cases in %zu groups%s; of %zu it is not all known what they reach\n",
		r->reach.cases, r->reach.groups,
		r->reach.rebuilt ? ", of a tree that was built with counters" : "", r->reach.lost);
	if (r->mapped)
		printf("the map has %zu of %zu functions and calls that were seen (%.1f %%)\n",
			i->placed, i->said, share);
}

static int
run_record(const struct cli_call *call)
{
	const struct record_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN(buf) struct buf lines = {.max = REACH_MAX};
	struct run run = {.lock_fd = -1};
	struct recorded done = {0};
	int rc = session_require(&o->common, &err);
	if (rc == 0)
		rc = session_start(&o->common, &st, &err);
	if (rc == 0)
		rc = run_open_held(&st, o->run, &run, &err);
	st.limits = limit_options_to_pod(&run.options.limits);
	if (rc == 0)
		done.file = run_path(&run, REACH_FILE);
	if (rc == 0)
		rc = record(&st, &run, o->answers, &done, &lines, &err);
	if (rc == 0)
		rc = tell_map(o, &st, &run, &done, buf_str(&lines), &err);
	if (rc == 0)
		print_recorded(o, &done);
	free(done.file);
	run_cleanup(&run);
	if (rc < 0)
		return cli_fail(command_status_of_name(&err), &err);
	return done.reach.cases ? EXIT_DONE : EXIT_TARGET_FAILED;
}

const struct subcommand cmd_qa_record = {
	.name = "qa record",
	.summary =
		"run the tests of a run again, case by case, and keep which functions and lines each reaches",
	.args = "",
	.description =
		"Where the run builds anything it is built anew, with counters. Counted are Python (functions, calls, lines), C and\n"
		"C++ of gcc (functions, calls, lines) and JavaScript of node (functions, lines); of everything else it is kept which\n"
		"files a case opens. A case runs alone where its runner can select it (pytest, unittest, ctest, prove, automake,\n"
		"go test, cargo test, node --test, jest, mocha), else with the others of its command. drydock qa impacted and\n"
		"drydock graph tests answer from it.\n\n"
		"Exits with 1 when there is no case.",
	.options = options,
	.options_size = sizeof(struct record_options),
	.run = run_record,
};
