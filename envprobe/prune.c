/*
 * What nothing was seen to use, or what was guessed and may have been for nothing, is taken out, if the result is the
 * same without it.  The trace of the run that succeeded names the candidates; one more attempt without all of them shows whether they were needed, and if
 * it ends otherwise, parts are tried.  An attempt is the same when the build made the same files, linked to
 * the same libraries and with the same in its texts, and every test ended as it did.
 */
#include "envprobe/trial.h"

#include "base/log.h"
#include "envprobe/built.h"
#include "envprobe/resolve.h"

#include <string.h>

#define MAX_TRIALS 8
#define MAX_TIMES 3.0 /* of what the attempt took that is pruned, and ... */
#define FREE_SECONDS 60.0

static bool
is_the_same(const struct trial *known, const struct probe_result *now)
{
	return trial_tests_alike(&known->tests, &now->tests) &&
	       built_files_are_alike(&known->built_files, &now->built_files);
}

static void
note(struct loop *l, bool same, const char *names)
{
	struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	a->ended = same ? ATTEMPT_THE_SAME : ATTEMPT_NOT_THE_SAME;
	a->learnt = mem_printf(
		"%s %s", same ? "needs no" : "nothing was seen to use, and it needs of:", names);
}

static int
try_without(struct loop *l, const struct strlist *names, bool *ret_same, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = 1000};
	struct trial t;
	for (size_t i = 0; i < names->n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", names->v[i]);
	loop_begin_attempt(l)->pruning = true;
	trial_begin(l, false, &t);
	struct stack whole = {0};
	struct package_list whole_packages = t.packages;
	stack_copy(&whole, &t.root);
	l->whole = &whole;
	l->whole_packages = &whole_packages;
	loop_want_all_but(l, &t.packages, names);
	int step = progress_begin("attempt %lld, without %s", (long long)l->n, text.p);
	int rc = trial_make(l, &t, is_the_same, ret_same, err);
	if (rc == 0)
		note(l, *ret_same, text.p);
	progress_end(step,
		rc < 0 ? "stopped"
		       : attempt_end_names[*ret_same ? ATTEMPT_THE_SAME : ATTEMPT_NOT_THE_SAME]);
	l->whole = NULL;
	l->whole_packages = NULL;
	stack_cleanup(&whole);
	return rc;
}

/* ---- which, and for how long ---- */

struct budget {
	int trials;
	double seconds;
};

static void
blame_need(const struct loop *l, const struct need *n, struct map *ret)
{
	struct resolution r = resolve_need(l->index, n);
	static char yes;
	if (r.package)
		map_put(ret, r.package, &yes);
	resolution_cleanup(&r);
}

/*
 * What the failed attempt says that it lacks, else the one program of them that it looked for in vain, is needed; the
 * others of the names may not be.  False: it says nothing of some, or of all of them.
 */
static bool
blame(const struct loop *l, const struct strlist *names, struct strlist *ret_others)
{
	struct map needed = {0};
	struct need n;
	size_t blamed = 0;
	bool said = false;
	for (size_t i = 0; i < l->problems.n; i++)
		if (problem_to_need(&l->problems.v[i], &n)) {
			blame_need(l, &n, &needed);
			need_cleanup(&n);
		}
	said = map_count(&needed) > 0;
	for (size_t i = 0; !said && i < l->missing.n; i++)
		if (l->missing.v[i].kind == NEED_PROGRAM)
			blame_need(l, &l->missing.v[i], &needed);
	for (size_t i = 0; i < names->n; i++)
		if (map_get(&needed, names->v[i]))
			blamed++;
		else
			strlist_add(ret_others, names->v[i]);
	map_cleanup(&needed);
	return ret_others->n && blamed && (said || blamed == 1);
}

/*
 * Two parts to try one after the other: what the failed attempt did not even look for, which can go at once, and the
 * rest; halves where that tells nothing.
 */
static void
split(const struct loop *l, const struct strlist *names, struct strlist *first,
	struct strlist *second)
{
	struct map looked_for = {0};
	size_t n = 0;
	for (size_t i = 0; i < l->missing.n; i++)
		blame_need(l, &l->missing.v[i], &looked_for);
	for (size_t i = 0; i < names->n; i++)
		n += map_get(&looked_for, names->v[i]) != NULL;
	bool told = n && n < names->n;
	for (size_t i = 0; i < names->n; i++) {
		bool late = told ? map_get(&looked_for, names->v[i]) != NULL : i >= names->n / 2;
		strlist_add(late ? second : first, names->v[i]);
	}
	map_cleanup(&looked_for);
}

static int
prune(struct loop *l, const struct strlist *names, struct budget *b, struct dd_err *err)
{
	bool same = false;
	if (!names->n || b->trials <= 0 || b->seconds <= 0)
		return 0;
	int rc = try_without(l, names, &same, err);
	b->trials--;
	b->seconds -= l->r->attempts.v[l->r->attempts.n - 1].seconds;
	if (rc < 0 || same || names->n == 1)
		return rc;
	OWN(strlist) struct strlist others = {0}, first = {0}, second = {0};
	if (blame(l, names, &others))
		return prune(l, &others, b, err);
	split(l, names, &first, &second);
	rc = prune(l, &first, b, err);
	return rc < 0 ? rc : prune(l, &second, b, err);
}

/* A language's module may be loaded only when the application runs; what tests need, where none are run. */
static bool
is_candidate(const struct loop *l, const struct package *p)
{
	bool shown = p->scope == SCOPE_BUILD || (p->scope == SCOPE_TEST && !l->spec->build_only);
	return p->requested && shown && (!p->proof || map_get(&l->doubtful, p->name));
}

int
loop_prune(struct loop *l, struct dd_err *err)
{
	enum run_outcome o = l->r->outcome;
	OWN(strlist) struct strlist names = {0};
	if (o != OUTCOME_UP && o != OUTCOME_BUILT && o != OUTCOME_TESTS_FAILED)
		return 0;
	for (size_t i = 0; i < l->r->packages.n; i++)
		if (is_candidate(l, &l->r->packages.v[i]))
			strlist_add(&names, l->r->packages.v[i].name);
	double took = l->r->attempts.v[l->r->attempts.n - 1].seconds;
	struct budget b = {MAX_TRIALS, FREE_SECONDS + MAX_TIMES * took};
	return prune(l, &names, &b, err);
}
