/*
 * Cases that did not run prove nothing.  What the tests say that they skip cases for is installed for one more
 * attempt, and services that the source declares are started; it is kept when more cases run and nothing that passed does worse,
 * or, where no single case is told, when less is said to be skipped.
 */
#include "envprobe/trial.h"

#include "base/log.h"
#include "envprobe/supply.h"

#include <string.h>

static bool
is_good(enum test_status s)
{
	return s == TEST_PASSED || s == TEST_SKIPPED;
}

/* A case that failed then may fail now; one that did not must not. */
static bool
is_wider(const struct trial *known, const struct probe_result *now)
{
	const struct test_run *a = &known->tests, *b = &now->tests;
	struct map after = {0};
	if (a->by_exit_status && b->by_exit_status) /* no case shows it */
		return b->passed >= a->passed && b->failed <= a->failed &&
		       known->skips_now < known->skips;
	bool wider = b->passed > a->passed && b->failed <= a->failed;
	for (size_t i = 0; i < b->cases.n; i++)
		map_put(&after, b->cases.v[i].id, &b->cases.v[i]);
	for (size_t i = 0; wider && i < a->cases.n; i++) {
		const struct test_case *c = map_get(&after, a->cases.v[i].id);
		wider = a->cases.v[i].status != TEST_PASSED || (c && is_good(c->status));
	}
	map_cleanup(&after);
	return wider;
}

/* Why a command that counts as one case may have shown nothing: what it said; heap, NULL. */
static char *
said_to_skip(const struct loop *l)
{
	for (size_t i = 0; l->r->tests.by_exit_status && i < l->problems.n; i++)
		if (strcasestr(l->problems.v[i].text, "skip"))
			return mem_strdup(l->problems.v[i].text);
	return NULL;
}

static void
add_note(struct test_run *tests, const char *lead, const char *text)
{
	char *before = tests->note;
	tests->note = mem_printf("%s%s%s%s", before ? before : "", before ? "; " : "", lead, text);
	free(before);
}

/* Cases that would fail are not hidden by skipping them. */
static void
note_failed(struct loop *l, const struct trial *t)
{
	const struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	if (t->failed_now <= l->r->tests.failed || !a->added.n)
		return;
	OWN(buf) struct buf text = {.max = 1000};
	for (size_t i = 0; i < a->added.n && i < 12; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", a->added.v[i]);
	buf_printf(&text,
		" installed, %lld cases passed and %lld failed, so that what asks for it is left skipped",
		(long long)t->passed_now, (long long)t->failed_now);
	add_note(&l->r->tests, "with ", text.p);
}

/* A script that only asks whether a program is there opens no file of it, and its one case passes without, too. */
static void
prove_wanted(struct loop *l)
{
	for (size_t i = 0; l->r->tests.by_exit_status && i < l->wanted.n; i++)
		if (!l->wanted.v[i].proof)
			l->wanted.v[i].proof =
				mem_strdup("the tests say that they skip something without it");
}

static int
widen(struct loop *l, bool *ret_wider, struct dd_err *err)
{
	struct trial t;
	bool any = loop_want_skipped(l);
	prove_wanted(l);
	any = loop_guess_services(l) || any;
	if (!any)
		return 0;
	(void)loop_begin_attempt(l);
	trial_begin(l, true, &t);
	int step = progress_begin("attempt %lld, with what skipped tests ask for", (long long)l->n);
	int rc = trial_make(l, &t, is_wider, ret_wider, err);
	if (rc == 0) {
		struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
		a->ended = *ret_wider ? ATTEMPT_WIDER : ATTEMPT_NO_WIDER;
		if (*ret_wider) {
			loop_judge_tests(l);
		} else {
			note_failed(l, &t);
			supply_withdraw(l);
		}
	}
	progress_end(
		step, rc < 0 ? "stopped"
			     : attempt_end_names[*ret_wider ? ATTEMPT_WIDER : ATTEMPT_NO_WIDER]);
	return rc;
}

int
loop_widen(struct loop *l, struct dd_err *err)
{
	const struct test_run *tests = &l->r->tests;
	bool wider = false;
	/* A command that is one case may have skipped all that it had. */
	if (!(tests->skipped || tests->by_exit_status) || !tests->passed)
		return 0;
	OWN_FREE char *said = said_to_skip(l);
	int rc = widen(l, &wider, err);
	if (rc == 0 && said && !wider)
		add_note(&l->r->tests, "it says that it skips: ", said);
	return rc;
}
