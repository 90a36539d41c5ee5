#include "runner/verdict.h"

#include "base/log.h"
#include "runner/session.h"

#include <string.h>

int
verdict_exit_status(enum run_outcome o)
{
	switch (o) {
	case OUTCOME_UP:
	case OUTCOME_BUILT:
		return EXIT_DONE;
	case OUTCOME_STOPPED:
		return EXIT_RESUMABLE;
	case OUTCOME_NONE:
		return EXIT_OURS;
	default:
		return EXIT_TARGET_FAILED;
	}
}

/* A line whose value came from the target: made safe for a terminal, and secrets taken out. */
static void
print_text(const struct answers *a, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	OWN(buf) struct buf plain = {.max = 4096}, safe = {.max = 16384};
	answers_redact(a, str_of(text), &plain);
	buf_put_visible(&safe, buf_str(&plain));
	printf("  %-10s %s\n", label, safe.p ? safe.p : "");
}

static void
print_tests(const struct answers *a, const struct test_run *t)
{
	if (!t->cases.n && !t->note)
		return;
	printf("  %-10s %lld passed, %lld failed, %lld skipped\n", "tests", (long long)t->passed,
		(long long)t->failed, (long long)t->skipped);
	size_t shown = 0;
	for (size_t i = 0; i < t->cases.n && shown < 10; i++) {
		const struct test_case *c = &t->cases.v[i];
		if (c->status != TEST_FAILED && c->status != TEST_ERROR)
			continue;
		print_text(a, "failed", c->id);
		shown++;
	}
	print_text(a, "note", t->note);
}

static void
print_questions(const struct answers *a, const struct question_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct question *q = &l->v[i];
		if (!q->blocking)
			continue;
		print_text(a, "question", q->id);
		print_text(a, "", q->text);
	}
}

/* Of a replay: how many of which kind. */
static void
print_differences(const json_t *differences)
{
	OWN(buf) struct buf text = {.max = 1000};
	const char *key;
	json_t *list;
	json_object_foreach ((json_t *)differences, key, list)
		if (json_array_size(list))
			buf_printf(
				&text, "%s%zu %s", text.n ? ", " : "", json_array_size(list), key);
	if (text.n)
		printf("  %-10s %s (--json names them)\n", "differs", text.p);
}

static void
print_summary(const struct run *run, const struct answers *a, const struct standup_result *r)
{
	const struct probe_result *p = &r->probe;
	OWN(buf) struct buf name = {.max = 1024};
	buf_put_visible(&name, str_of(r->source.name));
	printf("%s: %s\n", name.n ? name.p : "", run_outcome_names[p->outcome]);
	print_text(a, "diagnosis", p->diagnosis.text);
	print_text(a, "where", p->diagnosis.where);
	print_text(a, "way out", p->diagnosis.way_out);
	print_tests(a, &p->tests);
	print_differences(r->differences);
	print_questions(a, &p->questions);
	if (p->outcome == OUTCOME_BLOCKED)
		printf("  %-10s drydock resume %s --answers FILE\n", "then", run->id);
	print_text(a, "recipe", r->recipe);
	print_text(a, "report", r->report);
}

static void
put_json(const struct run *run, const struct answers *a, const struct standup_result *r,
	struct buf *out)
{
	OWN_JSON json_t *j = standup_to_json(run, r, a);
	json_print(j, 2, out);
	buf_putc(out, '\n');
}

static void
print_json(const struct run *run, const struct answers *a, const struct standup_result *r)
{
	OWN(buf) struct buf out = {0};
	put_json(run, a, r, &out);
	printf("%s", out.p);
}

/*
 * Ids in the answers file that nothing asked for, once the whole run was seen.  The outcome is what
 * it is without them.  What a step asked that was done before a resumption is among the questions only.
 */
static void
name_unused_answers(const struct answers *a, const struct probe_result *p)
{
	enum run_outcome o = p->outcome;
	if (o != OUTCOME_UP && o != OUTCOME_BUILT && o != OUTCOME_TESTS_FAILED)
		return;
	OWN(strlist) struct strlist unused = {0};
	answers_unused(a, &unused);
	for (size_t i = 0; i < unused.n; i++) {
		OWN(buf) struct buf id = {.max = 512};
		if (question_list_find(&p->questions, unused.v[i]))
			continue;
		buf_put_visible(&id, str_of(unused.v[i]));
		fprintf(stderr, "drydock: answers: %s answers no question of this application\n",
			id.p);
	}
}

/* What there is to say when a run was stopped: the object of --json, and how to go on. */
static void
put_stopped(const struct cli_call *call, const struct run *run, const struct answers *a,
	struct buf *out, struct buf *words)
{
	const struct common_options *common = call->options;
	struct standup_result r = {.probe = {.outcome = OUTCOME_STOPPED}};
	struct diagnosis *d = &r.probe.diagnosis;
	d->class = DIAGNOSIS_STOPPED;
	d->text = mem_strdup("it was stopped before it was done, and can go on where it was");
	d->way_out = mem_printf("drydock resume %s", run->id);
	(void)!standup_seconds(run, &r.seconds, NULL);
	if (common->json)
		put_json(run, a, &r, out);
	standup_result_cleanup(&r);
	buf_printf(words, "drydock: stopped; go on with: drydock resume %s\n", run->id);
}

static int
stopped(const struct cli_call *call, const struct run *run, const struct answers *answers)
{
	OWN(buf) struct buf out = {0}, words = {0};
	put_stopped(call, run, answers, &out, &words);
	if (out.n)
		printf("%s", out.p);
	fprintf(stderr, "%s", words.p);
	return EXIT_RESUMABLE;
}

/* A run that has not even its source has nothing to go on with: the same command does as well. */
static bool
discard_empty(const struct state *st, struct run *run)
{
	OWN_JSON json_t *source = NULL;
	if (journal_find(run->journal, "source", &source, NULL) < 0 || source)
		return false;
	return run_discard(st, run, NULL) == 0;
}

int
verdict_run(const struct cli_call *call, struct state *st, struct run *run, struct answers *answers)
{
	const struct common_options *common = call->options;
	OWN(dd_err) struct dd_err err = {0};
	struct standup_result r;
	OWN(buf) struct buf out = {0}, words = {0};
	put_stopped(call, run, answers, &out, &words);
	session_set_last_words(out.p, words.p);
	st->limits = limit_options_to_pod(&run->options.limits);
	int rc = standup(st, run, answers, &r, &err);
	session_set_last_words(NULL, NULL);
	if (rc == -DD_ESTOPPED)
		return stopped(call, run, answers);
	if (rc < 0) {
		(void)cli_fail(0, &err);
		if (!discard_empty(st, run))
			fprintf(stderr, "drydock: when the cause is gone: drydock resume %s\n",
				run->id);
		return cli_status_of(&err);
	}
	if (common->json)
		print_json(run, answers, &r);
	else
		print_summary(run, answers, &r);
	int status = verdict_exit_status(r.probe.outcome);
	name_unused_answers(answers, &r.probe);
	standup_result_cleanup(&r);
	return status;
}
