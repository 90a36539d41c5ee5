/* The gates of an attempt from its tests on, as far as they need no file of their own. */
#include "base/map.h"
#include "runner/fix_loop.h"

#include <string.h>

static char levels_of[3]; /* their addresses stand for the levels */

static void
note_levels(const struct test_run *t, struct map *ret, bool *there)
{
	for (size_t i = 0; i < t->cases.n; i++) {
		const struct test_case *c = &t->cases.v[i];
		map_put(ret, c->id, &levels_of[c->level]);
		there[c->level] = true;
	}
}

void
fix_pass_levels(struct fixing *f, const struct standup_result *now, const struct strlist *worse)
{
	static const enum gate gates[] = {GATE_TESTS, GATE_INTEGRATION, GATE_E2E};
	struct fix_attempt *a = f->attempt;
	OWN(map) struct map levels = {0};
	bool there[3] = {true};
	note_levels(&fix_best(f)->probe.tests, &levels, there);
	note_levels(&now->probe.tests, &levels, there);
	for (size_t i = 0; i < worse->n; i++) {
		struct str id = str_of(worse->v[i]);
		const char *level = str_starts(id, CASE_TEST)
					    ? map_get(&levels, id.p + strlen(CASE_TEST))
					    : NULL;
		strlist_add(&a->worse_at[level ? level - levels_of : LEVEL_UNIT], id.p);
	}
	for (int level = LEVEL_UNIT; level <= LEVEL_E2E; level++)
		if (there[level])
			fix_pass(a, gates[level], !a->worse_at[level].n);
}

#define COMMAND CASE_TEST "command/" /* as qa names them */

/* Tests that were read: a command alone tells of nothing but itself. */
static bool
has_tests(const struct case_result_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct str id = str_of(l->v[i].id);
		if (str_starts(id, CASE_TEST) && !str_starts(id, COMMAND))
			return true;
	}
	return false;
}

void
fix_add_ended(const struct case_result_list *was, struct case_result_list *is)
{
	OWN(map) struct map there = {0};
	for (size_t i = 0; i < is->n; i++)
		map_put(&there, is->v[i].id, is);
	for (size_t i = 0; i < was->n && has_tests(is); i++) {
		const struct case_result *c = &was->v[i];
		if (c->status != TEST_ERROR || !str_starts(str_of(c->id), COMMAND) ||
			map_get(&there, c->id))
			continue;
		struct case_result *ended = case_result_list_add(is);
		ended->id = mem_strdup(c->id);
		ended->status = TEST_PASSED;
	}
}

int
fix_pass_late(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
{
	int rc = fix_is_linted(f, now, ret, err);
	if (rc == 0 && *ret)
		rc = fix_is_covered(f, now, ret, err);
	if (rc == 0 && *ret)
		rc = fix_is_seen(f, now, ret, err);
	if (rc == 0 && *ret)
		rc = fix_is_like(f, now, ret, err);
	if (rc == 0 && *ret)
		rc = fix_is_same(f, now, ret, err);
	if (rc == 0 && *ret)
		rc = fix_is_honest(f, now, ret, err);
	if (rc == 0 && *ret)
		rc = fix_is_secure(f, ret, err);
	return rc;
}
