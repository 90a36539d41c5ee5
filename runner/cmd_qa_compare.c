/* drydock qa compare: the cases of two runs against each other. */
#include "runner/commands.h"

#include "qa/qa.h"
#include "runner/flaky.h"
#include "runner/handed.h"

#include <string.h>

struct compare_options {
	struct common_options common;
};

static int
load_cases(const struct run *r, struct test_case_list *ret, struct dd_err *err)
{
	OWN_JSON json_t *lines = handed_lines(r, "tests.jsonl"), *flakes = flaky_read(r);
	size_t i;
	json_t *flake;
	int rc = test_case_list_from_json(lines, "tests.jsonl", ret, err);
	if (rc < 0)
		return rc;
	json_array_foreach (flakes, i, flake) {
		const char *id = json_string_value(json_object_get(flake, "id"));
		for (size_t k = 0; id && k < ret->n; k++)
			if (strcmp(ret->v[k].id, id) == 0)
				ret->v[k].flaky = true;
	}
	return 0;
}

static void
count_changes(const struct change_list *l, size_t n[])
{
	for (size_t i = 0; i < l->n; i++)
		n[l->v[i].kind]++;
}

static void
print_json(const struct run *a, const struct run *b, const struct change_list *l)
{
	OWN(buf) struct buf out = {0};
	size_t n[CHANGE_FIX + 1] = {0};
	OWN_JSON json_t *j = json_pack("{s:[s, s], s:{}, s:o}", "runs", a->id, b->id, "counts",
		"changes", change_list_to_json(l));
	count_changes(l, n);
	for (int kind = 0; change_kind_names[kind]; kind++)
		json_object_set_new(json_object_get(j, "counts"), change_kind_names[kind],
			json_integer((json_int_t)n[kind]));
	json_print(j, 2, &out);
	printf("%s\n", out.p);
}

/* "regression         unit         tests/a/b    passed -> failed: first line of the message" */
static void
print_change(const struct change *c)
{
	OWN(buf) struct buf line = {.max = 4096};
	struct str rest = str_of(c->message), first = {"", 0};
	(void)str_next_line(&rest, &first);
	buf_printf(&line, "%-18s %-12s ", change_kind_names[c->kind], test_level_names[c->level]);
	buf_put_visible(&line, str_of(c->id));
	buf_printf(&line, "  %s -> %s", c->was ? c->was : "-", c->is ? c->is : "-");
	if (first.n) {
		buf_puts(&line, ": ");
		buf_put_visible(&line, (struct str){first.p, first.n > 200 ? 200 : first.n});
	}
	printf("%s\n", line.p);
}

static void
print_table(const struct change_list *l)
{
	size_t n[CHANGE_FIX + 1] = {0};
	for (size_t i = 0; i < l->n; i++)
		print_change(&l->v[i]);
	count_changes(l, n);
	if (!l->n)
		printf("no case ended otherwise\n");
	for (int kind = 0, any = 0; change_kind_names[kind] && l->n; kind++)
		if (n[kind] || !change_kind_names[kind + 1])
			printf("%s%zu %s%s", any++ ? ", " : "", n[kind], change_kind_names[kind],
				change_kind_names[kind + 1] ? "" : "\n");
}

static bool
is_worse(const struct change_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].kind <= CHANGE_SKIPPED)
			return true;
	return false;
}

static int
run_compare(const struct cli_call *call)
{
	const struct compare_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0}, same = {0};
	struct run a = {.lock_fd = -1}, b = {.lock_fd = -1};
	struct test_case_list before = {0}, after = {0};
	struct change_list changes = {0};
	bool worse = false;
	int rc = handed_open(&o->common, call->args[0], &st, &a, &err);
	if (rc == 0)
		rc = handed_open(&o->common, call->args[1], &same, &b, &err);
	if (rc == 0)
		rc = load_cases(&a, &before, &err);
	if (rc == 0)
		rc = load_cases(&b, &after, &err);
	if (rc == 0) {
		qa_compare(&before, &after, &changes);
		worse = is_worse(&changes);
		if (o->common.json)
			print_json(&a, &b, &changes);
		else
			print_table(&changes);
	}
	test_case_list_cleanup(&before);
	test_case_list_cleanup(&after);
	change_list_cleanup(&changes);
	run_cleanup(&a);
	run_cleanup(&b);
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err)
		      : (worse ? EXIT_TARGET_FAILED : EXIT_DONE);
}

const struct subcommand cmd_qa_compare = {
	.name = "qa compare",
	.summary = "the tests of two runs, case by case: regressions, fixes, what vanished",
	.args = "RUN1 RUN2",
	.description =
		"A case is one of: regression (passed, and fails), vanished, skipped (ran, and is skipped now),\n"
		"different failure, flaky (in either), same failure, new, fix. Two failures are the same when their\n"
		"messages are, without numbers, addresses, times and the folders of paths. A fix was seen to\n"
		"pass once: drydock qa test --repeat tells a flake.\n\n"
		"Exits with 1 when there is a regression, or a case that vanished or is skipped now.",
	.options_size = sizeof(struct compare_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_compare,
};
