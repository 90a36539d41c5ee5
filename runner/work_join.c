/* What tasks did that were executed beside others, put onto what those left. */
#include "runner/work_loop.h"

#include "base/log.h"

#include <string.h>

/* The attempts of the task that were good where it was executed, from the first-th on: each is tried again here. */
static void
take_kept(struct working *k, size_t first, int64_t *ret, size_t *ret_n)
{
	*ret_n = 0;
	for (size_t i = first; i < k->r.attempts.n; i++) {
		struct fix_attempt *a = &k->r.attempts.v[i];
		if (a->verdict != VERDICT_KEPT)
			continue;
		a->verdict = VERDICT_APART;
		ret[(*ret_n)++] = a->n;
	}
}

/* None of those that were kept since is. */
static void
drop_since(struct working *k, size_t first)
{
	for (size_t i = first; i < k->r.attempts.n; i++)
		if (k->r.attempts.v[i].verdict == VERDICT_KEPT)
			k->r.attempts.v[i].verdict = VERDICT_DROPPED;
}

/* heap */
static char *
why_not(const struct fix_attempt *a)
{
	OWN(buf) struct buf out = {.max = 4000};
	buf_printf(&out,
		"attempt %lld: what was made beside other tasks does not hold on what they left: ",
		(long long)a->n);
	fix_put_reason(a, &out);
	return buf_take(&out);
}

/* The plan said that they cannot meet, and they did: one behind the other it may be done yet. */
static int
do_again(struct working *k, struct work_task *t, const struct fix_point *tip, size_t first,
	struct dd_err *err)
{
	t->waits = 0;
	free(t->clash);
	t->clash = why_not(k->f.attempt);
	log_info("task %s: %s", t->of->id, t->clash);
	drop_since(k, first);
	int rc = fix_point_return(&k->f, tip, err);
	return rc < 0 ? rc : work_execute(k, t, t->clash, err);
}

/* On the tip, whose cases and packages are others. */
static int
try_on(struct working *k, struct work_task *t, const struct fix_point *tip, size_t first,
	struct dd_err *err)
{
	OWN_FREE int64_t *kept = mem_zalloc(k->r.attempts.n - first + 1, sizeof(*kept));
	OWN(strlist) struct strlist lost = {0};
	size_t n, joined;
	bool holds = true;
	take_kept(k, first, kept, &n);
	if (k->f.models)
		strlist_copy(&lost, &k->f.models->lost);
	int rc = fix_point_return(&k->f, tip, err);
	for (size_t i = 0; rc == 0 && i < lost.n; i++)
		strlist_add_new(&k->f.models->lost, lost.v[i]);
	joined = k->r.attempts.n;
	for (size_t i = 0; rc == 0 && holds && i < n; i++)
		rc = fix_try_again(&k->f, kept[i], &holds, err);
	return rc < 0 || holds ? rc : do_again(k, t, tip, joined, err);
}

int
work_join(struct working *k, size_t i, struct dd_err *err)
{
	struct fixing *f = &k->f;
	struct work_task *t = &k->w.v[i];
	OWN(fix_point) struct fix_point tip = {0};
	const enum fix_outcome before = k->r.outcome;
	const size_t first = k->r.attempts.n;
	bool moved = f->best_n != k->begun[i].best_n;
	fix_point_take(f, &tip);
	f->n = (int64_t)i * WORK_NUMBERS;
	k->r.outcome =
		FIX_NONE; /* a budget that is spent keeps from asking, not from taking what is there */
	int rc = moved ? fix_point_return(f, &k->begun[i], err) : 0;
	if (rc == 0)
		rc = work_execute(k, t, NULL, err);
	if (rc == 0 && moved)
		rc = try_on(k, t, &tip, first, err);
	if (before == FIX_BUDGET)
		k->r.outcome = before;
	return rc;
}
