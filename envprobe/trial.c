#include "envprobe/trial.h"

#include "envprobe/files.h"

#include <string.h>

static size_t
count_skips(const struct loop *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->problems.n; i++)
		n += strcasestr(l->problems.v[i].text, "skip") != NULL;
	return n;
}

static void
take_result(struct loop *l, struct trial *ret)
{
	struct probe_result *r = l->r;
	*ret = (struct trial){r->root, r->work, r->packages, r->batches, r->prompts, r->tests,
		r->built_files, r->refused.n, r->features_off.n, r->build_seconds, r->test_seconds,
		TAKE(l->failure), false, count_skips(l), 0, 0, 0};
	r->root = r->work = (struct stack){0};
	r->packages = (struct package_list){0};
	r->batches = (struct install_batch_list){0};
	r->prompts = (struct prompt_answer_list){0};
	r->tests = (struct test_run){0};
	r->built_files = (struct built_file_list){0};
}

static void
put_result(struct loop *l, struct trial *k)
{
	struct probe_result *r = l->r;
	r->root = k->root;
	r->work = k->work;
	r->packages = k->packages;
	r->batches = k->batches;
	r->prompts = k->prompts;
	r->tests = k->tests;
	r->built_files = k->built_files;
	r->build_seconds = k->build_seconds;
	r->test_seconds = k->test_seconds;
	free(l->failure);
	l->failure = k->failure;
	while (r->refused.n > k->refused)
		refusal_cleanup(&r->refused.v[--r->refused.n]);
	while (r->features_off.n > k->features)
		feature_off_cleanup(&r->features_off.v[--r->features_off.n]);
}

void
trial_cleanup(struct trial *k)
{
	stack_cleanup(&k->root);
	stack_cleanup(&k->work);
	package_list_cleanup(&k->packages);
	install_batch_list_cleanup(&k->batches);
	prompt_answer_list_cleanup(&k->prompts);
	test_run_cleanup(&k->tests);
	built_file_list_cleanup(&k->built_files);
	free(k->failure);
}

void
trial_restore(struct loop *l, struct trial *t)
{
	struct trial made;
	take_result(l, &made);
	put_result(l, t);
	trial_cleanup(&made);
}

void
trial_begin(struct loop *l, bool on_top, struct trial *ret)
{
	take_result(l, ret);
	stack_copy(&l->r->root, on_top ? &ret->root : &l->spec->image->stack);
	stack_copy(&l->r->work, &l->tree);
	if (on_top) {
		package_list_copy(&l->r->packages, &ret->packages);
		install_batch_list_copy(&l->r->batches, &ret->batches);
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

bool
trial_tests_alike(const struct test_run *a, const struct test_run *b)
{
	struct map before = {0};
	bool same = a->cases.n == b->cases.n;
	for (size_t i = 0; i < a->cases.n; i++)
		map_put(&before, a->cases.v[i].id, &a->cases.v[i]);
	for (size_t i = 0; same && i < b->cases.n; i++) {
		const struct test_case *c = map_get(&before, b->cases.v[i].id);
		same = c && c->status == b->cases.v[i].status;
	}
	map_cleanup(&before);
	return same;
}

struct judging {
	const struct trial *known;
	const struct probe_result *now;
	trial_judge *is_kept;
};

static int
do_judge(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct judging *j = ctx;
	(void)err;
	*ret_result = json_pack("{s:b}", "kept", j->known->built && j->is_kept(j->known, j->now));
	return 0;
}

int
trial_make(
	struct loop *l, struct trial *t, trial_judge *is_kept, bool *ret_kept, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("attempt/%lld/judged", (long long)l->n);
	OWN_JSON json_t *result = NULL;
	struct judging j = {t, l->r, is_kept};
	int rc = build_and_test(l, &t->built, err);
	t->skips_now = count_skips(l);
	t->passed_now = l->r->tests.passed;
	t->failed_now = l->r->tests.failed;
	if (rc == 0)
		rc = journal_step(l->spec->journal, key, do_judge, &j, &result, err);
	bool kept = rc == 0 && json_is_true(json_object_get(result, "kept"));
	if (kept)
		trial_cleanup(t);
	else
		trial_restore(l, t);
	l->n++;
	*ret_kept = kept;
	return rc;
}
