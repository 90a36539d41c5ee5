/* Whether what makes tests pass is a repair, and whether the loop swings between two states. */
#include "runner/fix_gates.h"
#include "runner/fix_loop.h"

/* ---- honesty ---- */

/* On the packages that it was tested with. */
static int
do_judge(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	const struct standup_result *now = f->now;
	OWN(strlist) struct strlist env = {0};
	struct stack work = {0};
	fix_environment(f, now, &env);
	fix_tree(f, &work);
	const struct fix_ground g = fix_ground_of(f, &work, (const char *const *)env.v);
	enum run_outcome o = now->probe.outcome;
	OWN_JSON json_t *asked_for = fix_tests_changed(f->attempt->changes, &f->aim.reach);
	bool tests_may_change = f->author != AUTHOR_MODEL || json_array_size(asked_for);
	int rc = fix_judge(&g, json_string_value(json_object_get(f->attempt->proposed, "layer")),
		o == OUTCOME_UP || o == OUTCOME_BUILT, tests_may_change, ret_result, err);
	stack_cleanup(&work);
	return rc;
}

int
fix_is_honest(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	OWN_FREE char *key = mem_printf("fix/%lld/judge", (long long)f->n);
	*ret = true;
	if (!command_list_has(&now->probe.project.commands, PHASE_TEST))
		return 0;
	f->now = now;
	int rc = journal_step(f->run->journal, key, do_judge, f, &a->judged, err);
	*ret = rc == 0 && !json_array_size(json_object_get(a->judged, "findings"));
	if (!*ret || !json_object_get(a->judged, "ended")) /* else not all of it was looked at */
		fix_pass(a, GATE_JUDGED, *ret);
	return rc;
}

/* ---- oscillation ---- */

void
fix_forget(struct fixing *f)
{
	struct fix_result *r = f->r;
	flips_cleanup(&r->flips);
	for (size_t i = 0; i < r->nsides; i++)
		strlist_cleanup(&r->sides[i].layers);
	free(r->sides);
	r->sides = NULL;
	r->nsides = r->sides_cap = 0;
}

void
fix_remember(struct fixing *f, const struct case_result_list *cases, const char *layer)
{
	struct fix_result *r = f->r;
	OWN(strlist) struct strlist files = {0}, requirements = {0};
	size_t i;
	json_t *file;
	if (layer) {
		json_array_foreach (json_object_get(f->attempt->changes, "files"), i, file)
			strlist_add(&files, json_string_value(json_object_get(file, "path")));
		json_to_strings(
			json_object_get(f->attempt->proposed, "requirements"), &requirements);
	}
	flips_add(&r->flips, cases, &files, &requirements);
	r->sides = mem_grow(r->sides, r->nsides, &r->sides_cap, sizeof(*r->sides));
	struct fix_side *side = &r->sides[r->nsides++];
	*side = (struct fix_side){.kept = r->layers.n, .attempt = layer ? r->attempts.n - 1 : 0};
	strlist_copy(&side->layers, &r->layers);
	if (layer)
		strlist_add(&side->layers, layer);
}
