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

int
loop_widen(struct loop *l, struct dd_err *err)
{
	const struct test_run *tests = &l->r->tests;
	struct trial t;
	bool wider = false;
	/* A command that is one case may have skipped all that it had. */
	if (!(tests->skipped || tests->by_exit_status) || !tests->passed)
		return 0;
	bool any = loop_want_skipped(l);
	any = loop_guess_services(l) || any;
	if (!any)
		return 0;
	(void)loop_begin_attempt(l);
	trial_begin(l, true, &t);
	int step = progress_begin("attempt %lld, with what skipped tests ask for", (long long)l->n);
	int rc = trial_make(l, &t, is_wider, &wider, err);
	if (rc == 0) {
		struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
		a->ended = wider ? ATTEMPT_WIDER : ATTEMPT_NO_WIDER;
		if (wider)
			loop_judge_tests(l);
		else
			supply_withdraw(l);
	}
	progress_end(step,
		rc < 0 ? "stopped" : attempt_end_names[wider ? ATTEMPT_WIDER : ATTEMPT_NO_WIDER]);
	return rc;
}
