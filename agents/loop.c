#include "agents/loop.h"

#include "base/map.h"

const char *const gate_names[] = {"parses", "writes", "untampered", "symbols", "builds", "tests",
	"lint", "coverage", "integration", "e2e", "screens", "parity", "judged", "secure", "review",
	NULL};
const char *const gate_result_names[] = {"not-run", "passed", "failed", "told", NULL};
const char *const attempt_verdict_names[] = {
	"kept", "dropped", "nothing-proposed", "waiting", "apart", NULL};
const char *const fix_outcome_names[] = {
	"", "fixed", "improved", "stuck", "contradictory", "budget", "blocked", "clean", NULL};

void
comparison_cleanup(struct comparison *c)
{
	strlist_cleanup(&c->worse);
	strlist_cleanup(&c->better);
}

void
loop_compare(const struct case_result_list *before, const struct case_result_list *after,
	struct comparison *ret)
{
	OWN(map) struct map was = {0}, is = {0};
	for (size_t i = 0; i < before->n; i++)
		map_put(&was, before->v[i].id, &before->v[i]);
	for (size_t i = 0; i < after->n; i++)
		map_put(&is, after->v[i].id, &after->v[i]);
	for (size_t i = 0; i < before->n; i++) {
		const struct case_result *b = &before->v[i], *a = map_get(&is, b->id);
		bool ran = b->status == TEST_FAILED || b->status == TEST_ERROR;
		bool runs_not = !a || a->status == TEST_SKIPPED;
		if (b->status == TEST_PASSED ? !a || a->status != TEST_PASSED : ran && runs_not)
			strlist_add(&ret->worse, b->id);
		else if (a && b->status != TEST_PASSED && a->status == TEST_PASSED)
			strlist_add(&ret->better, b->id);
	}
	for (size_t i = 0; i < after->n; i++)
		if (after->v[i].status == TEST_PASSED && !map_get(&was, after->v[i].id))
			strlist_add(&ret->better, after->v[i].id);
}
