/*
 * What a run keeps of what it tried.  An attempt that failed where the one before failed, for the same reason,
 * gained nothing by what was installed for it.  Attempts are not undone at once, since two packages may only
 * help together; when the last one is over, those at the end that gained nothing are.
 */
#include "envprobe/loop.h"

#include "base/log.h"

#include <string.h>

/* Something loads what is there and could do without: of what was guessed, only what helped by itself is beyond doubt. */
static void
doubt_guesses(struct loop *l, bool gained)
{
	const struct attempt_list *all = &l->r->attempts;
	static char yes;
	size_t n = 0;
	if (!all->n)
		return;
	const struct strlist *added = &all->v[all->n - 1].added;
	for (size_t i = 0; i < added->n; i++)
		n += map_get(&l->guessed, added->v[i]) != NULL;
	for (size_t i = 0; i < added->n; i++)
		if (map_get(&l->guessed, added->v[i]) && (n > 1 || !gained))
			map_put(&l->doubtful, added->v[i], &yes);
}

void
loop_weigh(struct loop *l)
{
	bool same = l->vain ||
		    (l->failure && l->good_failure && strcmp(l->failure, l->good_failure) == 0);
	doubt_guesses(l, !same);
	if (same)
		return;
	free(l->good_failure);
	l->good_failure = l->failure ? mem_strdup(l->failure) : NULL;
	l->good = (struct gained){l->r->root.n, l->r->packages.n, l->r->batches.n,
		l->r->features_off.n, l->r->questions.n};
}

/* Services that only a package of these attempts asked for: a person would answer for nothing. */
static void
forget_services(struct loop *l)
{
	struct question_list *all = &l->r->questions;
	const struct attempt *last = &l->r->attempts.v[l->r->attempts.n - 1];
	bool any = false;
	for (size_t i = all->n; i > l->good.questions; i--)
		if (str_starts(str_of(all->v[i - 1].id), "service:")) {
			loop_forget_question(l, all->v[i - 1].id);
			any = true;
		}
	if (any && last->ended == ATTEMPT_TESTS_FAILED)
		loop_judge_tests(l);
}

void
loop_settle(struct loop *l)
{
	struct probe_result *r = l->r;
	if (r->root.n == l->good.layers)
		return;
	log_info("the last attempts gained nothing: their packages are taken out again");
	r->root.n = l->good.layers;
	while (r->packages.n > l->good.packages)
		package_cleanup(&r->packages.v[--r->packages.n]);
	while (r->batches.n > l->good.batches)
		install_batch_cleanup(&r->batches.v[--r->batches.n]);
	while (r->features_off.n > l->good.features)
		feature_off_cleanup(&r->features_off.v[--r->features_off.n]);
	struct attempt *a = &r->attempts.v[r->attempts.n - 1];
	if (!a->learnt)
		a->learnt = mem_strdup("gained nothing; its packages were taken out again");
	forget_services(l);
}
