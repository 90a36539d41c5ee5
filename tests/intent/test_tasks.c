/* What of a plan is told to who does a task of it. */
#include "intent/intent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char plan[] =
	"# Plan: x\n\n## Requirements\n"
	"### R-1: rates by flag\n- check: dan pays 2.50\n- check: none pays 3.00\n"
	"### R-2: a line has a dash\n- check: it is printed\n"
	"### R-3: fees stay\n- kind: constraint\n- check: they do\n"
	"## Edge cases\n### E-1: no flag at all\n- from: `R-1`\n### E-2: of the journal\n- place: journal.c:7\n### E-3: of nothing here\n- place: other.c:1\n"
	"## Trade-offs\n### D-1: where?\n- from: `R-1`\n- option a: in rate.c\n- option b: elsewhere\n- chosen: b\n"
	"### D-2: of another\n- from: `R-2`\n- option a: yes\n- chosen: a\n"
	"## Contradictions\n### C-1: two numbers\n- between: `R-1`, `R-3`\n- resolved: the first\n"
	"## Questions\n### Q-1: And old ones?\n- answer: they are kept\n### Q-2: Why?\n- answer:\n"
	"## Tasks\n"
	"### T-2: the dash\n- requirements: `R-2`\n- writes: `journal.c`\n- after: `T-1`\n- gate: it builds\n"
	"### T-1: the rates\n- requirements: `R-1`\n- holds: `R-3`\n- writes: `rate.c`, `tests/fees.sh`\n- parallel with: `T-3`, `T-2`\n- tests: `tests/fees.sh`\n- gate: it builds\nTake care of the old ones.\n"
	"### T-3: the rest\n- requirements: `R-2`\n- writes: `rest.c`\n- parallel with: `T-1`\n- gate: it builds\n";

static void
read_plan(struct intent_tasks *ret)
{
	OWN(plandoc) struct plandoc p = {0};
	OWN(dd_err) struct dd_err err = {0};
	if (plandoc_parse(str_of(plan), &p, &err) < 0)
		fail_msg("%s", err_msg(&err));
	intent_tasks(&p, ret);
}

static void
each_is_behind_those_it_is_after(void **state)
{
	OWN(intent_tasks) struct intent_tasks t = {0};
	(void)state;
	read_plan(&t);
	assert_int_equal(t.n, 3);
	assert_string_equal(t.v[0].id, "T-1");
	assert_string_equal(t.v[1].id, "T-2");
	assert_string_equal(t.v[2].id, "T-3");
	assert_int_equal(t.v[0].writes.n, 2);
	assert_string_equal(t.v[0].tests.v[0], "tests/fees.sh");
}

static void
side_by_side_are_those_of_which_both_say_so_and_which_share_no_file(void **state)
{
	OWN(intent_tasks) struct intent_tasks t = {0};
	(void)state;
	read_plan(&t);
	struct intent_task *rates = &t.v[0], *dash = &t.v[1], *rest = &t.v[2];
	assert_true(intent_are_beside(rates, rest));
	assert_true(intent_are_beside(rest, rates));
	assert_false(intent_are_beside(rates, dash)); /* one of them says it */
	assert_false(intent_are_beside(dash, rest));
	strlist_add(&rest->writes, "rate.c");
	assert_false(intent_are_beside(rates, rest));
	strlist_cleanup(&rest->writes); /* nobody knows what it writes */
	assert_false(intent_are_beside(rates, rest));
}

static void
requirements_come_with_their_checks_and_what_must_hold(void **state)
{
	OWN(intent_tasks) struct intent_tasks t = {0};
	(void)state;
	read_plan(&t);
	assert_int_equal(t.v[0].wanted.n, 2);
	assert_string_equal(t.v[0].wanted.v[0],
		"R-1: rates by flag Check: dan pays 2.50 Check: none pays 3.00");
	assert_string_equal(t.v[0].wanted.v[1], "R-3: fees stay Check: they do");
	assert_int_equal(t.nwanted, 3); /* R-2 once, though two tasks are for it */
	assert_string_equal(t.wanted[2].id, "R-2");
}

static void
a_goal_has_what_is_about_its_task_and_nothing_else(void **state)
{
	static const char *const has[] = {"T-1: the rates\n", "Take care of the old ones.\n",
		"- where?: elsewhere\n", "- two numbers: the first\n",
		"- And old ones?: they are kept\n", "- no flag at all\n", "- it builds\n", NULL};
	static const char *const has_not[] = {
		"of another", "Why?", "of the journal", "of nothing here", "T-2", NULL};
	OWN(intent_tasks) struct intent_tasks t = {0};
	(void)state;
	read_plan(&t);
	for (size_t i = 0; has[i]; i++)
		if (!strstr(t.v[0].goal, has[i]))
			fail_msg("\"%s\" is not in: %s", has[i], t.v[0].goal);
	for (size_t i = 0; has_not[i]; i++)
		if (strstr(t.v[0].goal, has_not[i]))
			fail_msg("\"%s\" is in: %s", has_not[i], t.v[0].goal);
	assert_non_null(strstr(t.v[1].goal, "- of the journal\n"));
}

/* "PICTURE DIGEST PERCENT AT", "" where it is none */
static char *
screen(const char *value)
{
	OWN(intent_screen_list) struct intent_screen_list l = {0};
	if (!intent_read_screen(value, &l))
		return mem_strdup("");
	assert_int_equal(l.n, 1);
	return mem_printf("%s %.4s %g %s", l.v[0].picture, l.v[0].digest ? l.v[0].digest : "-",
		l.v[0].percent, l.v[0].at);
}

static void
a_screen_is_a_picture_how_much_may_differ_and_where(void **state)
{
	static const char digest[] =
		"5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
	OWN_FREE char *named = mem_printf(
		"`pictures/a b.png` %s, at most 0.5 %% of its pixels differ, at `/berths`", digest);
	const char *const all[][2] = {{named, "pictures/a b.png 5f70 0.5 /berths"},
		{"`a.png`, at most 3% of its pixels differ", "a.png - 3 /"},
		{"`a.png` 5f70bf18, 12 %", ""}, {"`a.png` abate, 12 %", "a.png - 12 /"},
		{"a.png, at most 3 %", ""}, {"`a.png`", ""}, {"`a.png`, at most some %", ""},
		{"`a.png`, at most 300 %", ""}, {"`a.png`, at most 3 %, at `berths`", ""},
		{"`a.png`, at most 3 %, at `@example.org/`", ""}, {"``, at most 3 %", ""},
		{"", ""}};
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		OWN_FREE char *got = screen(all[i][0]);
		assert_string_equal(got, all[i][1]);
	}
	OWN(intent_screen_list) struct intent_screen_list l = {0};
	assert_true(intent_read_screen(named, &l));
	OWN_FREE char *again = intent_screen_text(&l.v[0]);
	assert_string_equal(again, named);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_behind_those_it_is_after),
		cmocka_unit_test(
			side_by_side_are_those_of_which_both_say_so_and_which_share_no_file),
		cmocka_unit_test(requirements_come_with_their_checks_and_what_must_hold),
		cmocka_unit_test(a_goal_has_what_is_about_its_task_and_nothing_else),
		cmocka_unit_test(a_screen_is_a_picture_how_much_may_differ_and_where),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
