/* drydock qa impacted: the cases that a difference between two revisions can affect, and a run of those alone. */
#include "runner/commands.h"

#include "base/fs.h"
#include "base/git_log.h"
#include "base/log.h"
#include "qa/select.h"
#include "runner/impacted.h"
#include "runner/reach.h"
#include "runner/retest.h"
#include "runner/session.h"

#include <string.h>

struct impacted_options {
	struct common_options common;
	const char *run, *dir, *on, *answers;
};

#define O(member) offsetof(struct impacted_options, member)
static const struct option_def options[] = {
	{"run", 0, OPTION_TEXT, O(run), "RUN",
		"whose tests were recorded (drydock qa record; default: the latest run)"},
	{"dir", 0, OPTION_TEXT, O(dir), "DIR",
		"the repository that has the revisions (default: the source of the run)"},
	{"on", 0, OPTION_TEXT, O(on), "RUN",
		"run them, and no others, on what this run built: one of the second revision"},
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers to use instead of those of that run"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

/* ---- which ---- */

static int
ask_worker(struct state *st, const struct run *run, const char *git, const char *from,
	const char *to, struct str record, json_t **ret, struct dd_err *err)
{
	struct stack source = {0};
	struct pod *pod = NULL;
	OWN(buf) struct buf out = {.max = REACH_MAX};
	const struct pod_bind bind = {git, IMPACTED_REPOSITORY, false};
	const char *args[] = {from, to, NULL};
	const struct worker_spec worker = {.name = "impacted",
		.args = args,
		.input = record,
		.memory_bytes = (uint64_t)3 << 30};
	int rc = retest_source(st, run, &source, err);
	const struct pod_spec spec = {.state = st, .work = &source, .binds = &bind, .nbinds = 1};
	if (rc == 0)
		rc = pod_open(&spec, &pod, err);
	if (rc == 0)
		rc = worker_exec(pod, &worker, &out, err);
	pod_close(pod);
	stack_cleanup(&source);
	return rc < 0 ? rc : json_parse(buf_str(&out), ret, err);
}

static int
find_impacted(struct state *st, const struct impacted_options *o, const char *range, json_t **ret,
	struct dd_err *err)
{
	struct run run = {.lock_fd = -1};
	OWN_FREE char *from = NULL, *git = NULL, *file = NULL;
	const char *to = NULL;
	OWN(buf) struct buf record = {.max = REACH_MAX};
	int rc = gitrepo_range(range, &from, &to, err);
	if (rc == 0)
		rc = run_open_held(st, o->run, &run, err);
	if (rc == 0) {
		file = run_path(&run, REACH_FILE);
		git = fs_join(o->dir ? o->dir : run.options.source, ".git");
		if (!fs_exists(file))
			rc = err_set(err, DD_EINVAL,
				"the tests of run %s were not recorded: drydock qa record --run %s",
				run.id, run.id);
		else if (!fs_is_dir(git))
			rc = err_set(err, DD_EINVAL,
				"%s is no directory of a repository: --dir DIR says where it is",
				git);
	}
	if (rc == 0)
		rc = fs_read(file, REACH_MAX, &record, err);
	if (rc == 0)
		rc = ask_worker(st, &run, git, from, to, buf_str(&record), ret, err);
	run_cleanup(&run);
	return rc;
}

/* ---- a run of them ---- */

/* Those of one command. */
static void
cases_of(const json_t *impacted, const char *command, struct test_case_list *ret)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(impacted, "cases"), i, one) {
		if (strcmp(json_string_in(one, "command"), command) != 0)
			continue;
		struct test_case *c = test_case_list_add(ret);
		c->id = mem_strdup(json_string_in(one, "id"));
		c->suite = mem_strdup(json_string_in(one, "suite"));
		c->name = mem_strdup(json_string_in(one, "name"));
	}
}

/*
 * What runs the cases of this command; NULL: none of them is impacted.  A command that was not recorded, and one whose runner cannot
 * select, is run as it is.  Heap.
 */
static char *
command_for(const json_t *impacted, const struct command *c, bool known)
{
	struct test_case_list cases = {0};
	bool ordered;
	cases_of(impacted, c->run, &cases);
	char *run = NULL;
	if (!known || json_is_string(json_object_get(impacted, "all"))) {
		run = mem_strdup(c->run);
	} else if (cases.n) {
		const struct test_case **some = mem_zalloc(cases.n, sizeof(*some));
		for (size_t i = 0; i < cases.n; i++)
			some[i] = &cases.v[i];
		run = select_command(c, some, cases.n, &ordered);
		run = run ? run : mem_strdup(c->run);
		free(some);
	}
	test_case_list_cleanup(&cases);
	return run;
}

static bool
is_recorded(const json_t *impacted, const char *command)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(impacted, "commands"), i, one)
		if (strcmp(json_string_value(one), command) == 0)
			return true;
	return false;
}

static int
run_selected(struct state *st, const struct impacted_options *o, const json_t *impacted,
	struct test_run *ret, struct dd_err *err)
{
	struct run run = {.lock_fd = -1};
	struct retest t = {0};
	struct command_list some = {0};
	enum exec_cause cause;
	int rc = run_open_held(st, o->on, &run, err);
	st->limits = limit_options_to_pod(&run.options.limits);
	if (rc == 0)
		rc = retest_open(st, &run, o->answers, RUN_LATER "/qa-impacted.log", &t, err);
	for (size_t i = 0; rc == 0 && i < t.left.recipe.commands.n; i++) {
		const struct command *c = &t.left.recipe.commands.v[i];
		char *text = c->phase == PHASE_TEST
				     ? command_for(impacted, c, is_recorded(impacted, c->run))
				     : NULL;
		if (!text)
			continue;
		struct command *one = command_list_add(&some);
		*one = *c;
		one->run = text;
	}
	t.spec.commands = &some;
	if (rc == 0 && some.n)
		rc = qa_run_tests(&t.spec, ret, &cause, err);
	for (size_t i = 0; i < some.n; i++)
		free(some.v[i].run);
	free(some.v);
	retest_close(&t);
	run_cleanup(&run);
	return rc;
}

/* ---- told ---- */

static void
put_text(const char *text, struct buf *out)
{
	buf_put_visible(out, str_of(text));
}

static void
put_impacted(const json_t *j, struct buf *out)
{
	size_t i;
	json_t *one;
	const char *all = json_string_value(json_object_get(j, "all"));
	json_array_foreach (json_object_get(j, "cases"), i, one) {
		put_text(json_string_in(one, "id"), out);
		if (!all) {
			buf_puts(out, "  (");
			put_text(json_string_in(one, "why"), out);
			buf_putc(out, ')');
		}
		buf_putc(out, '\n');
	}
	buf_printf(out, "%zu of %lld cases", json_array_size(json_object_get(j, "cases")),
		(long long)json_integer_value(json_object_get(j, "total")));
	if (all) {
		buf_puts(out, ", all of them: ");
		put_text(all, out);
	}
	buf_putc(out, '\n');
}

static void
put_tests(const struct test_run *t, struct buf *out)
{
	for (size_t i = 0; i < t->cases.n; i++) {
		const struct test_case *c = &t->cases.v[i];
		if (c->status != TEST_FAILED && c->status != TEST_ERROR)
			continue;
		buf_printf(out, "%s ", test_status_names[c->status]);
		put_text(c->id, out);
		buf_putc(out, '\n');
	}
	buf_printf(out, "%lld passed, %lld failed, %lld skipped\n", (long long)t->passed,
		(long long)t->failed, (long long)t->skipped);
}

static void
print_all(const struct impacted_options *o, json_t *j, const struct test_run *t)
{
	OWN(buf) struct buf out = {.max = (size_t)1 << 30};
	if (o->common.json) {
		if (o->on)
			json_object_set_new(j, "tests", json_encode(test_run_fields, t));
		json_print(j, 2, &out);
		buf_putc(&out, '\n');
	} else {
		put_impacted(j, &out);
		if (o->on)
			put_tests(t, &out);
	}
	fputs(out.p, stdout);
}

static int
run_impacted(const struct cli_call *call)
{
	const struct impacted_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN_JSON json_t *found = NULL;
	struct test_run tests = {0};
	int rc = session_require(&o->common, &err);
	if (rc == 0)
		rc = session_start(&o->common, &st, &err);
	if (rc == 0)
		rc = find_impacted(&st, o, call->args[0], &found, &err);
	if (rc == 0 && o->on)
		rc = run_selected(&st, o, found, &tests, &err);
	if (rc == 0)
		print_all(o, found, &tests);
	bool bad = tests.failed > 0;
	test_run_cleanup(&tests);
	if (rc < 0)
		return cli_fail(command_status_of_name(&err), &err);
	return bad ? EXIT_TARGET_FAILED : EXIT_DONE;
}

const struct subcommand cmd_qa_impacted = {
	.name = "qa impacted",
	.summary =
		"the test cases that a difference between two revisions can affect; run those alone",
	.args = "REV..REV",
	.description =
		"The first revision is what the run stood up; where it is not, every case is named. A change in the body of a function\n"
		"that is counted affects the cases that executed the function (or opened its file and were not counted there); one at\n"
		"the top of a file of Python or JavaScript, or of what documents a function of Python, those that loaded it; a file of\n"
		"which nothing is counted those that open it. What counters cannot see affects every case, and it is said why: types, data\n"
		"and macros of C, what the build reads, files that are new or gone, new cases. A case that failed when it was recorded, or of which not all is known, is always named.\n"
		"Not seen is what one case leaves behind for another: drydock qa test --causes finds such.\n\n"
		"Exits with 1 when --on is given and a case failed.",
	.options = options,
	.options_size = sizeof(struct impacted_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_impacted,
};
