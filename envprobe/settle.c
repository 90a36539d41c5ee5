/*
 * What a run keeps of what it tried.  An attempt that failed where the one before failed, for the same reason,
 * gained nothing by what was installed for it.  Attempts are not undone at once, since two packages may only
 * help together; when the last one is over, those at the end that gained nothing are, and what nothing was seen
 * to use is left out of one more attempt, which shows whether it was needed.
 */
#include "envprobe/loop.h"

#include "base/log.h"
#include "envprobe/files.h"

#include <string.h>

static char yes;

void
loop_weigh(struct loop *l)
{
	const struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	bool same = l->failure && l->good_failure && strcmp(l->failure, l->good_failure) == 0;
	if (same) {
		for (size_t i = 0; i < a->added.n; i++)
			map_put(&l->idle, a->added.v[i], &yes);
		return;
	}
	free(l->good_failure);
	l->good_failure = l->failure ? mem_strdup(l->failure) : NULL;
	l->good = (struct gained){
		l->r->root.n, l->r->packages.n, l->r->batches.n, l->r->features_off.n};
}

/* ---- back to the last attempt that gained something ---- */

static void
take_out_again(struct loop *l)
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
}

/* ---- once more without what was not used ---- */

/* Of what was installed for tests, or by an attempt that gained nothing. */
static bool
is_unused(const struct loop *l, const struct package *p)
{
	return p->requested && !p->proof && (p->scope == SCOPE_TEST || map_get(&l->idle, p->name));
}

/* What the result of a run was, while another is tried. */
struct kept {
	struct stack root, work;
	struct package_list packages;
	struct install_batch_list batches;
	struct feature_off_list features_off;
	struct prompt_answer_list prompts;
	struct test_run tests;
	size_t refused;
	double build_seconds;
	char *failure; /* NULL: the tests passed, or there are none */
};

static void
put_aside(struct loop *l, struct kept *k)
{
	struct probe_result *r = l->r;
	*k = (struct kept){r->root, r->work, r->packages, r->batches, r->features_off, r->prompts,
		r->tests, r->refused.n, r->build_seconds, TAKE(l->failure)};
	r->root = r->work = (struct stack){0};
	r->packages = (struct package_list){0};
	r->batches = (struct install_batch_list){0};
	r->features_off = (struct feature_off_list){0};
	r->prompts = (struct prompt_answer_list){0};
	r->tests = (struct test_run){0};
	stack_copy(&r->root, &l->spec->image->stack);
	stack_copy(&r->work, &l->tree);
}

static void
swap_back(struct loop *l, struct kept *k)
{
	struct probe_result *r = l->r;
	struct kept tried = {r->root, r->work, r->packages, r->batches, r->features_off, r->prompts,
		r->tests, r->refused.n, r->build_seconds, NULL};
	r->root = k->root;
	r->work = k->work;
	r->packages = k->packages;
	r->batches = k->batches;
	r->features_off = k->features_off;
	r->prompts = k->prompts;
	r->tests = k->tests;
	r->build_seconds = k->build_seconds;
	while (r->refused.n > k->refused)
		refusal_cleanup(&r->refused.v[--r->refused.n]);
	tried.failure = k->failure;
	*k = tried;
}

static void
kept_cleanup(struct kept *k)
{
	stack_cleanup(&k->root);
	stack_cleanup(&k->work);
	package_list_cleanup(&k->packages);
	install_batch_list_cleanup(&k->batches);
	feature_off_list_cleanup(&k->features_off);
	prompt_answer_list_cleanup(&k->prompts);
	test_run_cleanup(&k->tests);
	free(k->failure);
}

static void
want_the_used(struct loop *l, const struct package_list *packages)
{
	for (size_t i = 0; i < packages->n; i++) {
		const struct package *p = &packages->v[i];
		if (!p->requested || is_unused(l, p))
			continue;
		l->wanted.v =
			mem_grow(l->wanted.v, l->wanted.n, &l->wanted.cap, sizeof(*l->wanted.v));
		l->wanted.v[l->wanted.n++] = (struct wanted){.package = mem_strdup(p->name),
			.scope = p->scope,
			.why = mem_strdup(p->why),
			.proof = p->proof ? mem_strdup(p->proof) : NULL};
	}
}

static int
build_and_test(struct loop *l, bool *ret_built, struct dd_err *err)
{
	int rc = loop_install(l, err);
	if (rc == 0)
		rc = files_place(l, err);
	if (rc == 0)
		rc = loop_build(l, err);
	bool built = l->built; /* what the tests show takes its place */
	if (rc == 0 && built && command_list_has(&l->r->project.commands, PHASE_TEST))
		rc = loop_test(l, err);
	if (rc == 0)
		*ret_built = built;
	return rc;
}

static bool
is_the_same(const struct loop *l, const struct kept *k)
{
	const struct test_run *now = &l->r->tests, *before = &k->tests;
	return now->passed == before->passed && now->failed == before->failed &&
	       now->skipped == before->skipped;
}

static int
try_without(struct loop *l, const char *names, struct dd_err *err)
{
	struct kept kept;
	put_aside(l, &kept);
	struct attempt *a = loop_begin_attempt(l);
	want_the_used(l, &kept.packages);
	int step = progress_begin("attempt %lld, without %s", (long long)l->n, names);
	bool built = false;
	int rc = build_and_test(l, &built, err);
	bool same = rc == 0 && built && is_the_same(l, &kept);
	if (rc == 0) {
		a = &l->r->attempts.v[l->r->attempts.n - 1];
		a->ended = mem_strdup(same ? "the same" : "not the same");
		a->learnt = mem_printf("%s %s",
			same ? "needs no" : "nothing was seen to use, and it needs:", names);
	}
	progress_end(step, rc < 0 ? "stopped" : same ? "the same" : "not the same");
	if (!same)
		swap_back(l, &kept);
	kept_cleanup(&kept);
	return rc;
}

int
loop_settle(struct loop *l, struct dd_err *err)
{
	enum run_outcome o = l->r->outcome;
	OWN(buf) struct buf names = {.max = 1000};
	take_out_again(l);
	if (o != OUTCOME_UP && o != OUTCOME_BUILT && o != OUTCOME_TESTS_FAILED)
		return 0;
	for (size_t i = 0; i < l->r->packages.n; i++)
		if (is_unused(l, &l->r->packages.v[i]))
			buf_printf(&names, "%s%s", names.n ? ", " : "", l->r->packages.v[i].name);
	return names.n ? try_without(l, names.p, err) : 0;
}
