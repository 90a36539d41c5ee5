/* How the result of a replay differs from what its recipe yielded. */
#include "runner/standup.h"

#include "base/map.h"
#include "envprobe/built.h"

#include <string.h>

static void
add_difference(json_t *to, const char *id, const enum test_status *was, const enum test_status *is)
{
	json_array_append_new(to, json_pack("{s:o, s:s?, s:s?}", "id", json_text(str_of(id)), "was",
					  was ? test_status_names[*was] : NULL, "is",
					  is ? test_status_names[*is] : NULL));
}

static json_t *
compare_tests(const struct case_result_list *before, const struct test_case_list *now)
{
	struct map known = {0};
	json_t *all = json_array();
	for (size_t i = 0; i < now->n; i++)
		map_put(&known, now->v[i].id, &now->v[i]);
	for (size_t i = 0; i < before->n; i++) {
		const struct case_result *c = &before->v[i];
		const struct test_case *is = map_get(&known, c->id);
		if (!is || is->status != c->status)
			add_difference(all, c->id, &c->status, is ? &is->status : NULL);
		(void)map_remove(&known, c->id);
	}
	for (struct map_entry *e = map_first(&known); e; e = map_next(e))
		add_difference(all, map_key(e), NULL, &((struct test_case *)map_value(e))->status);
	map_cleanup(&known);
	return all;
}

json_t *
replay_differences(const struct recipe *r, const struct probe_result *now)
{
	struct built_difference d = {0};
	if (!r->built_files.n && !r->cases.n)
		return NULL;
	built_files_compare(&r->built_files, &now->built_files, &d);
	json_t *j = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "missing",
		json_from_strings(&d.missing), "added", json_from_strings(&d.added), "linked",
		json_from_strings(&d.linked), "text", json_from_strings(&d.text), "bytes",
		json_from_strings(&d.bytes), "tests", compare_tests(&r->cases, &now->tests.cases));
	built_difference_cleanup(&d);
	return j;
}
