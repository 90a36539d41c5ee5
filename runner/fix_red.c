/*
 * New tests of a task that says they are red before: the tests of its change alone, on the source as it was.  One that passes there would pass
 * whatever the change does, and shows nothing of it.
 */
#include "runner/fix_loop.h"

#include "base/log.h"

#include <string.h>

/* Cases that pass with the change and were in no test before. */
static void
new_cases(const struct fixing *f, struct strlist *ret)
{
	const struct strlist *better = &f->attempt->better;
	for (size_t i = 0; i < better->n; i++)
		if (str_starts(str_of(better->v[i]), CASE_TEST) &&
			!fix_find_case(&f->cases, better->v[i]))
			strlist_add(ret, better->v[i]);
}

/* The tests of the attempt's layer, as a layer of their own on the same tree. */
static int
do_tests(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	const char *layer = json_string_value(json_object_get(f->attempt->proposed, "layer"));
	OWN_FREE char *step = mem_printf("tests of %s", layer);
	OWN_JSON json_t *files = json_array(), *result = NULL;
	OWN(buf) struct buf texts = {0};
	OWN(strlist) struct strlist env = {0};
	struct stack work = {0};
	struct pod *desk = NULL;
	fix_environment(f, f->now, &env);
	fix_tree(f, &work);
	const struct fix_ground g = fix_ground_of(f, &work, (const char *const *)env.v);
	const struct pod_spec spec = {.state = f->st, .work = &work};
	int rc = fix_tests_of(f->st, &work, layer, &texts, err);
	if (rc == 0)
		rc = pod_open(&spec, &desk, err);
	if (rc == 0 && texts.n) {
		json_decref(TAKE(files));
		rc = fix_put_files(desk, buf_str(&texts), true, &files, err);
	}
	result = json_pack("{s:O?}", "fixes", files);
	if (rc == 0)
		rc = fix_keep_changes(&g, desk, AUTHOR_MERGE, step, result, err);
	else
		pod_close(desk);
	stack_cleanup(&work);
	if (rc == 0)
		*ret_result = json_incref(result);
	return rc;
}

/* Where a whole file of tests ends early, its cases are not there. */
static json_t *
red_of(const struct standup_result *was, const struct strlist *cases)
{
	json_t *red = json_array();
	const bool fails = !fix_is_built(was) || was->probe.outcome != OUTCOME_UP;
	for (size_t i = 0; i < cases->n; i++) {
		const struct test_case *c =
			test_run_find(&was->probe.tests, cases->v[i] + strlen(CASE_TEST));
		if (c ? c->status == TEST_FAILED || c->status == TEST_ERROR : fails)
			json_array_append_new(red, json_text(str_of(cases->v[i])));
	}
	return red;
}

int
fix_is_red_first(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	OWN(strlist) struct strlist cases = {0};
	OWN_FREE char *key = mem_printf("fix/%lld/tests", (long long)f->n),
		      *name = mem_printf("tests-%lld", (long long)f->n);
	OWN_JSON json_t *tests = NULL;
	struct standup_result was = {0};
	new_cases(f, &cases);
	if (!f->aim.red_first || !cases.n)
		return 0;
	f->now = now;
	int rc = journal_step(f->run->journal, key, do_tests, f, &tests, err);
	if (rc < 0 || !json_is_string(json_object_get(tests, "layer")))
		return rc; /* its tests are in files that nobody takes for tests */
	OWN_JSON json_t *given = fix_source_with(f, json_object_get(tests, "layer"));
	int step = progress_begin("its new tests without it");
	rc = fix_stand_up_part(f, name, given, &was, err);
	if (rc == 0) {
		a->red = red_of(&was, &cases);
		*ret = json_array_size(a->red) > 0;
	}
	progress_end(step, rc < 0 ? "failed" : *ret ? "red" : "not red");
	standup_result_cleanup(&was);
	return rc;
}
