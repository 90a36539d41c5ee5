/* drydock qa test: the tests of a run once more, in a new pod on what it left. */
#include "runner/commands.h"

#include "base/fs.h"
#include "base/log.h"
#include "qa/qa.h"
#include "runner/flaky.h"
#include "runner/retest.h"
#include "runner/session.h"

#include <string.h>

struct test_options {
	struct common_options common;
	const char *run, *format, *output, *answers;
	uint64_t repeat;
	bool causes;
};

#define O(member) offsetof(struct test_options, member)
static const struct option_def options[] = {
	{"run", 0, OPTION_TEXT, O(run), "RUN", "whose tests (default: the latest)"},
	{"repeat", 0, OPTION_NUMBER, O(repeat), "N",
		"run all of them so often, and look into what does not always end the same"},
	{"causes", 0, OPTION_FLAG, O(causes), NULL,
		"look into what failed: run it again alone, in order, under load, with time and chance held still"},
	{"format", 0, OPTION_TEXT, O(format), "NAME", "junit, tap or json (default: a table)"},
	{"output", 'o', OPTION_TEXT, O(output), "FILE", "write the report there"},
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers to use instead of those of the run"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

struct results {
	struct test_run tests;
	struct flake_list flakes;
};

/* What an experiment saw of connections and the like may be an answer. */
static void
redact_flakes(const struct answers *answers, struct flake_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		answers_redact_text(answers, &l->v[i].id);
		answers_redact_text(answers, &l->v[i].with);
		answers_redact_text(answers, &l->v[i].evidence);
	}
}

static int
run_tests(const struct state *st, const struct run *run, const struct test_options *o,
	struct results *ret, struct dd_err *err)
{
	struct retest t;
	enum exec_cause cause = CAUSE_NONE;
	int rc = retest_open(st, run, o->answers, RUN_LATER "/qa-tests.log", &t, err);
	if (rc == 0 && (o->repeat || o->causes))
		rc = qa_find_flakes(&t.spec, o->repeat ? (int64_t)o->repeat : 1, &ret->tests,
			&ret->flakes, &cause, err);
	else if (rc == 0)
		rc = qa_run_tests(&t.spec, &ret->tests, &cause, err);
	if (rc == 0 && cause != CAUSE_NONE && ret->tests.ended && !ret->tests.note)
		ret->tests.note = mem_printf(
			"\"%s\" was ended: %s", ret->tests.ended, exec_cause_name(cause));
	redact_flakes(t.left.answers, &ret->flakes);
	if (rc == 0 && (o->repeat || o->causes))
		rc = flaky_write(run, &ret->flakes, err);
	retest_close(&t);
	return rc;
}

static void
put_line(const char *word, const char *id, const char *message, struct buf *out)
{
	struct str rest = str_of(message), first = {"", 0};
	(void)str_next_line(&rest, &first);
	buf_printf(out, "%-8s ", word);
	buf_put_visible(out, str_of(id));
	if (first.n) {
		buf_puts(out, ": ");
		buf_put_visible(out, (struct str){first.p, first.n > 200 ? 200 : first.n});
	}
	buf_putc(out, '\n');
}

static void
put_table(const struct results *r, struct buf *out)
{
	for (size_t i = 0; i < r->tests.cases.n; i++) {
		const struct test_case *c = &r->tests.cases.v[i];
		if (c->status == TEST_FAILED || c->status == TEST_ERROR)
			put_line(test_status_names[c->status], c->id, c->message, out);
	}
	for (size_t i = 0; i < r->flakes.n; i++) {
		const struct flake *f = &r->flakes.v[i];
		OWN_FREE char *text = mem_printf(
			"cause: %s%s%s; failed %lld of %lld times (95 %% confidence: %.0f to %.0f %%)%s%s",
			flake_cause_names[f->cause], f->with ? ", after " : "",
			f->with ? f->with : "", (long long)f->failed, (long long)f->runs,
			f->low * 100, f->high * 100, f->evidence ? "; " : "",
			f->evidence ? f->evidence : "");
		put_line("flaky", f->id, text, out);
	}
	buf_printf(out, "%lld passed, %lld failed, %lld skipped, %zu flaky%s%s\n",
		(long long)r->tests.passed, (long long)r->tests.failed, (long long)r->tests.skipped,
		r->flakes.n, r->tests.note ? "; " : "", r->tests.note ? r->tests.note : "");
}

static int
write_report(const struct test_options *o, const struct results *r, struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = (size_t)1 << 30};
	int format = -1;
	for (int i = 0; qa_emit_format_names[i]; i++)
		if (strcmp(o->format	     ? o->format
			    : o->common.json ? "json"
					     : "",
			    qa_emit_format_names[i]) == 0)
			format = i;
	if (format < 0)
		put_table(r, &out);
	else
		qa_emit((enum qa_emit_format)format, &r->tests, &r->flakes, &out);
	if (o->output)
		return fs_write_atomic(o->output, buf_str(&out), 0644, err);
	fputs(out.p, stdout);
	return 0;
}

static bool
is_format(const char *name)
{
	for (int i = 0; qa_emit_format_names[i]; i++)
		if (strcmp(name, qa_emit_format_names[i]) == 0)
			return true;
	return false;
}

static int
run_test(const struct cli_call *call)
{
	const struct test_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct run run = {.lock_fd = -1};
	struct results results = {0};
	if (o->format && !is_format(o->format))
		return cli_usage_error(call->command, "a format is junit, tap or json");
	if (o->repeat > 1000)
		return cli_usage_error(call->command, "--repeat is at most 1000");
	int rc = session_require(&o->common, &err);
	if (rc == 0)
		rc = session_start(&o->common, &st, &err);
	if (rc == 0)
		rc = run_open_held(&st, o->run, &run, &err);
	st.limits = limit_options_to_pod(&run.options.limits);
	if (rc == 0)
		rc = run_tests(&st, &run, o, &results, &err);
	if (rc == 0)
		rc = write_report(o, &results, &err);
	bool good = results.tests.passed && !results.tests.failed && !results.flakes.n;
	test_run_cleanup(&results.tests);
	flake_list_cleanup(&results.flakes);
	run_cleanup(&run);
	if (rc < 0)
		return cli_fail(command_status_of_name(&err), &err);
	return good ? EXIT_DONE : EXIT_TARGET_FAILED;
}

const struct subcommand cmd_qa_test = {
	.name = "qa test",
	.summary = "run the tests of a run again, in a new pod; tell flakes and their cause",
	.args = "",
	.description =
		"The tests get the run's packages, built tree, services and answers. The report is a table, JUnit\n"
		"XML (with the elements flakyFailure and rerunFailure), TAP 14, or with --json JSON, in which each case\n"
		"has its level (unit, integration, e2e).\n\n"
		"The cause of a flake is one of order (with the case that spoils it, where the runner can run some\n"
		"cases only), time, random, network, resource, unknown. Calendar and random bytes are held still\n"
		"for programs that use the C library; those of Go, for one, do not. The interval beside a failure\n"
		"rate is Wilson's. Flakes are kept beside the run, outside of its attestation, as a page (later/flakes.html), for\n"
		"drydock qa compare, report and qa report; what was printed is its log qa-tests.\n\n"
		"Exits with 1 when a case failed or is flaky, or none passed.",
	.options = options,
	.options_size = sizeof(struct test_options),
	.run = run_test,
};
