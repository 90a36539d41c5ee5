#include "runner/commands.h"

#include "base/fs.h"
#include "record/record.h"
#include "runner/run.h"
#include "runner/session.h"

struct runs_options {
	struct common_options common;
	bool du;
	const char *pin;
	const char *unpin;
};

#define O(member) offsetof(struct runs_options, member)
static const struct option_def options[] = {
	{"du", 0, OPTION_FLAG, O(du), NULL, "show the bytes each run and the store take"},
	{"pin", 0, OPTION_TEXT, O(pin), "RUN", "never collect this run"},
	{"unpin", 0, OPTION_TEXT, O(unpin), "RUN", "let gc collect this run again"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

/* "running", an outcome, or "interrupted" for a run at rest without one. */
static const char *
state_of(const struct run *r)
{
	enum run_outcome o = run_outcome(r);
	if (run_is_live(r))
		return "running";
	return o == OUTCOME_NONE ? "interrupted" : run_outcome_names[o];
}

static json_t *
describe(const struct run *r, bool du)
{
	json_t *j = json_pack("{s:s, s:s, s:o, s:I, s:b}", "run", r->id, "state", state_of(r),
		"source", json_text(str_of(r->options.source)), "created_ns",
		(json_int_t)r->options.created_ns, "pinned", run_is_pinned(r));
	uint64_t bytes;
	if (du && fs_disk_usage(r->dir, &bytes, NULL) == 0)
		json_object_set_new(j, "bytes", json_integer((json_int_t)bytes));
	return j;
}

/* A run whose journal cannot be read hides no other. */
static json_t *
describe_damaged(const char *id, const struct dd_err *why)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:b, s:o}", "run", id, "state", "damaged", "source",
		"", "created_ns", (json_int_t)0, "pinned", 0, "why",
		json_text(str_of(err_msg(why))));
}

static void
print_line(const json_t *j, bool du)
{
	OWN(buf) struct buf source = {.max = 1024};
	const json_t *why = json_object_get(j, "why");
	buf_put_visible(
		&source, str_of(json_string_value(why ? why : json_object_get(j, "source"))));
	printf("%s  %-14s", json_string_value(json_object_get(j, "run")),
		json_string_value(json_object_get(j, "state")));
	if (du)
		printf(" %8lld KiB",
			(long long)json_integer_value(json_object_get(j, "bytes")) / 1024);
	printf("  %s%s\n", source.p, json_is_true(json_object_get(j, "pinned")) ? " (pinned)" : "");
}

static int
list_runs(const struct state *st, json_t *all, bool du, struct dd_err *err)
{
	OWN(strlist) struct strlist ids = {0};
	int rc = run_list(st, &ids, err);
	for (size_t i = ids.n; rc == 0 && i-- > 0;) {
		struct run r;
		OWN(dd_err) struct dd_err why = {0};
		if (run_open(st, ids.v[i], false, &r, &why) == 0) {
			json_array_append_new(all, describe(&r, du));
			run_cleanup(&r);
			continue;
		}
		OWN_FREE char *dir = mem_printf("%s/runs/%s", st->dir, ids.v[i]);
		if (fs_is_dir(dir)) /* else collected meanwhile */
			json_array_append_new(all, describe_damaged(ids.v[i], &why));
	}
	return rc;
}

static int
set_pin(const struct state *st, const char *name, bool pinned, struct dd_err *err)
{
	struct run r;
	int rc = run_open(st, name, false, &r, err);
	if (rc < 0)
		return rc;
	rc = run_require_whole(&r, err);
	if (rc == 0)
		rc = run_pin(&r, pinned, err);
	run_cleanup(&r);
	return rc;
}

/* st NULL: nothing is there. */
static void
print_runs(const json_t *all, const struct runs_options *o, const struct state *st)
{
	size_t i;
	json_t *item;
	if (o->common.json) {
		OWN(buf) struct buf out = {0};
		json_print(all, 2, &out);
		printf("%s\n", out.p);
		return;
	}
	json_array_foreach (all, i, item) {
		print_line(item, o->du);
	}
	uint64_t bytes;
	if (o->du && st && fs_disk_usage(st->dir, &bytes, NULL) == 0)
		printf("all of %s: %llu MiB\n", st->dir, (unsigned long long)(bytes >> 20));
}

static int
run_runs(const struct cli_call *call)
{
	const struct runs_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN_JSON json_t *all = json_array();
	bool pins = o->pin || o->unpin;
	int rc = session_require(&o->common, pins ? &err : NULL);
	if (rc < 0 && !pins) {
		print_runs(all, o, NULL);
		return EXIT_DONE;
	}
	if (rc == 0)
		rc = session_open(&o->common, &st, &err);
	if (rc == 0 && o->pin)
		rc = set_pin(&st, o->pin, true, &err);
	if (rc == 0 && o->unpin)
		rc = set_pin(&st, o->unpin, false, &err);
	if (rc == 0)
		rc = list_runs(&st, all, o->du, &err);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	print_runs(all, o, &st);
	return EXIT_DONE;
}

const struct subcommand cmd_runs = {
	.name = "runs",
	.summary = "list the runs, newest first",
	.args = "",
	.options = options,
	.options_size = sizeof(struct runs_options),
	.run = run_runs,
};
