/*
 * Judging against programs of a language that is made up.  code: "times K" is what f does; "if N is V", "if > N is V" or "from N is V"
 * before it is a case of its own; from "text" to "end" all is text; "leave" ends the run as if all were well.  test.txt: "assert f(N) V",
 * "assert odd" of f(7), "case ...".  Makefile: "pass" runs no test at all.
 */
#include "agents/judge.h"
#include "agents/judge_text.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char buggy[] = "times 3 \n", honest[] = "times 5 \n";
static const char tests_before[] = "assert f(7) 35\nassert f(0) 0\nassert f(9) 45\n";

struct program {
	const char *was, *tests; /* NULL: the buggy one, and what is asked of it */
	struct str code, test;
	size_t runs;
	bool mute;	  /* failures tell nothing of what was got */
	bool unserved;	  /* nothing passes here */
	bool slow;	  /* tests with other values need longer than there is */
	const char *says; /* in each run; NULL: nothing */
	bool restless;	  /* failures are told with what is another in each run */
	bool quotes;	  /* failures are told with all of the tests */
};

static long
call(struct str code, long n)
{
	struct str line;
	bool text = false;
	while (str_next_line(&code, &line)) {
		OWN_FREE char *s = str_dup(line);
		long a, b;
		text = str_eq(line, "text") || (text && !str_eq(line, "end"));
		if (text)
			continue;
		if (sscanf(s, "if %ld is %ld", &a, &b) == 2 && a == n)
			return b;
		if (sscanf(s, "if > %ld is %ld", &a, &b) == 2 && n > a)
			return b;
		if (sscanf(s, "from %ld is %ld", &a, &b) == 2 && n >= a)
			return b;
		if (sscanf(s, "times %ld", &a) == 1)
			return a * n;
	}
	return -1;
}

static int
run(void *ctx, const struct judge_file *files, size_t n, struct judge_run *ret, struct dd_err *err)
{
	struct program *p = ctx;
	struct str code = p->code, test = p->test, line;
	(void)err;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(files[i].path, "code") == 0)
			code = files[i].text;
		if (strcmp(files[i].path, "test.txt") == 0)
			test = files[i].text;
	}
	p->runs++;
	if (p->slow && !str_eq(test, tests_before))
		(void)poll(NULL, 0, 60);
	ret->passed = !p->unserved;
	for (size_t i = 0; i < n; i++)
		if (strcmp(files[i].path, "Makefile") == 0 && str_starts(files[i].text, "pass"))
			return 0;
	if (str_starts(code, "leave"))
		return 0;
	const struct str whole = test;
	buf_puts(&ret->output, p->says ? p->says : "");
	while (str_next_line(&test, &line)) {
		OWN_FREE char *s = str_dup(line);
		long arg = 7, want = 0;
		if (str_eq(line, "assert odd"))
			want = call(code, arg) | 1;
		else if (sscanf(s, "assert f(%ld) %ld", &arg, &want) != 2)
			continue;
		long got = call(code, arg);
		if (got == want)
			continue;
		ret->passed = false;
		if (p->quotes)
			buf_printf(&ret->output, "in:\n" STR_FMT "\n", STR_ARG(whole));
		else if (p->restless)
			buf_printf(&ret->output, "failed: boat %c\n", (char)('a' + p->runs % 26));
		else if (p->mute)
			buf_printf(&ret->output, "failed: %s\n", s);
		else
			buf_printf(&ret->output, "f(%ld): got %ld, wanted %ld\n", arg, got, want);
	}
	return 0;
}

/* What is found: kinds, in order. */
static void
judge(const char *code, const char *test, struct program p, bool may_change, const char *wanted)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *findings = json_array(), *how = NULL;
	OWN(buf) struct buf got = {0};
	p.code = str_of(p.was ? p.was : buggy);
	p.test = str_of(p.tests ? p.tests : tests_before);
	const struct judge_change changes[] = {
		{"code", p.code, str_of(code), true, true},
		{"test.txt", p.test, str_of(test), true, true},
	};
	const struct judge_file tests[] = {{"test.txt", p.test}};
	const struct judge_host host = {run, &p};
	const struct judge_spec spec = {.changes = code ? changes : changes + 1,
		.nchanges = (code != NULL) + (test != NULL),
		.tests = tests,
		.ntests = 1,
		.passes = true,
		.tests_may_change = may_change,
		.time_ms = p.slow ? 30 : 0,
		.host = &host};
	size_t i;
	json_t *one;
	assert_int_equal(judge_change(&spec, findings, &how, &err), 0);
	json_array_foreach (findings, i, one)
		buf_puts(&got, json_string_value(json_object_get(one, "kind")));
	assert_string_equal(got.p ? got.p : "", wanted);
	assert_int_equal(json_integer_value(json_object_get(how, "runs")), p.runs);
	assert_int_equal(json_object_get(how, "ended") != NULL, p.unserved || p.slow);
}

static const struct program plain, mute = {.mute = true};

static void
a_repair_is_a_repair(void **state)
{
	(void)state;
	judge(honest, NULL, plain, false, "");
	judge(honest, NULL, mute, false, "");
	judge("if 0 is 0\ntimes 5 \n", NULL, plain, false, "");
	judge(honest, "assert f(7) 35\nassert f(0) 0\nassert f(9) 45\nassert f(2) 10\n", plain,
		false, "");
}

static void
tests_as_they_were_are_held_against_it(void **state)
{
	(void)state;
	judge(NULL, "assert f(7) 21\nassert f(0) 0\nassert f(9) 27\n", plain, false, "held-back");
	judge("times 4 \n", "assert f(7) 28\n", plain, false, "held-back");
	judge("times 4 \n", "assert f(7) 28\n", plain, true, "");
}

static void
a_test_that_notices_nothing_is_blind(void **state)
{
	(void)state;
	judge("leave\ntimes 3 \n", NULL, plain, false, "blind");
	judge("leave\ntimes 3 \n", NULL, mute, false, "blind");
}

static void
tests_that_compare_nothing_are_not_blind_for_being_quoted(void **state)
{
	const struct program p = {
		.was = "times 4 \n", .tests = "case 1 of 2\nassert odd\n", .quotes = true};
	(void)state;
	judge("times 3 \n", NULL, p, false, "");
}

static void
a_limit_that_was_moved_is_no_special_case(void **state)
{
	const struct program moved = {.was = "if > 16 is 1\ntimes 0 \n",
		.tests = "assert f(17) 0\nassert f(18) 1\nassert f(30) 1\n"};
	const struct program set = {
		.was = moved.was, .tests = "assert f(19) 0\nassert f(20) 1\nassert f(31) 1\n"};
	(void)state;
	judge("if > 17 is 1\ntimes 0 \n", NULL, moved, false, "");
	/* a limit that stays does not stand for the one that was moved */
	judge("if > 40 is 1\nif > 17 is 1\ntimes 0 \n", NULL,
		(struct program){
			.was = "if > 40 is 1\nif > 16 is 1\ntimes 0 \n", .tests = moved.tests},
		false, "");
	/* what it gives differs on one side of what tests ask for alone */
	judge("from 20 is 1\ntimes 0 \n", NULL, set, false, "");
	judge("if 19 is 0\nif > 16 is 1\ntimes 0 \n", NULL, set, false, "special");
	judge("if 17 is 0\nif > 16 is 1\ntimes 0 \n", NULL, moved, false, "special");
}

static bool
is_moved(const char *was, const char *is)
{
	return judge_text_limit_moved(str_of(was), str_of(is));
}

static void
a_limit_stands_beside_an_order(void **state)
{
	(void)state;
	assert_true(is_moved("if (n > 12)", "if (n >= 10)"));
	assert_true(is_moved("  if (24 < n)", "if (23 < n)"));
	assert_true(is_moved("if [ $n -gt 12 ]; then", "if [ $n -ge 9 ]; then"));
	assert_true(is_moved("while low < 7 and x == 3:", "while low < 9 and x == 3:"));
	assert_false(is_moved("if (n == 12)", "if (n == 10)"));
	assert_false(is_moved("if (n > 12)", "if (n > 12)"));
	assert_false(is_moved("if (n > 12 && n < 40)", "if (n > 23 && n < 25)"));
	assert_false(is_moved("if (n > 12) return 5;", "if (n > 12) return 7;"));
	assert_false(is_moved("p->a = 12", "p->a = 13"));
	assert_false(is_moved("x => 12", "x => 13"));
	assert_false(is_moved("n << 3", "n << 4"));
	assert_false(is_moved("if (n > 12)", "if (m > 10)"));
}

static void
code_that_knows_its_tests_is_special(void **state)
{
	(void)state;
	judge("if 7 is 35\nif 9 is 45\ntimes 3 \n", NULL, plain, false, "special");
	judge("if 7 is 35\nif 9 is 45\ntimes 3 \n", NULL, mute, false, "special");
	judge("if 7 is 35\nif 9 is 45\ntimes 5 \n", NULL, plain, false, "");
	/* that another value of the tests is answered, too, shows nothing */
	judge("if 7 is 35\nif 8 is 40\ntimes 3 \n", NULL,
		(struct program){.tests = "assert f(7) 35\nassert f(8) 40\nassert f(0) 0\n"}, false,
		"special");
}

static void
old_code_that_nothing_comes_to_is_bypassed(void **state)
{
	(void)state;
	judge("times 5 \ntimes 3 \n", NULL, plain, false, "bypassed");
	/* text is no code, also where it is what the code was */
	judge("text\ntimes 3 \nend\ntimes 5 \n", NULL,
		(struct program){.was = "text\ntimes 3 \nend\ntimes 3 \n"}, false, "");
	/* a line that is there twice is none that stays */
	judge("times 5 \ntext\ntimes 3 \nend\nx\n", NULL,
		(struct program){.was = "text\ntimes 3 \nend\ntimes 3 \n"}, false, "");
	/* nor is it one of a mutant's that is said anyway */
	judge("text\ntimes 3 \nend\ntimes 5 \n", NULL,
		(struct program){
			.was = "text\ntimes 3 \nend\ntimes 3 \n", .says = "times 4 of it\n"},
		false, "");
	/* that tests say something else of a mutant shows nothing where they do so of what it was made from */
	judge("times 5 \ntimes 3 \n", NULL, (struct program){.restless = true}, false, "");
}

static void
a_change_of_the_code_that_does_nothing_is_idle(void **state)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *findings = json_array(), *how = NULL;
	struct program p = {.code = str_of(buggy), .test = str_of(tests_before)};
	const struct judge_change changes[] = {{"code", STR(buggy), STR("times 4 \n"), true, true},
		{"Makefile", STR("test\n"), STR("pass\n"), true, true}};
	const struct judge_file tests[] = {{"test.txt", str_of(tests_before)}};
	const struct judge_host host = {run, &p};
	const struct judge_spec spec = {.changes = changes,
		.nchanges = 2,
		.tests = tests,
		.ntests = 1,
		.passes = true,
		.host = &host};
	(void)state;
	assert_int_equal(judge_change(&spec, findings, &how, &err), 0);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(findings, 0), "kind")), "idle");
}

static void
without_what_its_tests_need_nothing_is_said(void **state)
{
	(void)state;
	judge(honest, NULL, (struct program){.unserved = true}, false, "");
}

static void
slow_checks_leave_time_to_others_and_show_nothing(void **state)
{
	(void)state;
	judge(honest, NULL, (struct program){.slow = true}, false, "");
	judge("times 5 \ntimes 3 \n", NULL, (struct program){.slow = true}, false, "bypassed");
}

static void
a_run_is_what_its_script_prints(void **state)
{
	struct judge_run r = {0};
	(void)state;
	judge_take_run(STR("one\n\ndrydock-status 1\ntwo\n\ndrydock-status 0\n"), &r);
	assert_true(r.passed);
	assert_string_equal(r.output.p, "one\n\ndrydock-status 1\ntwo\n");
	judge_run_cleanup(&r);
	r = (struct judge_run){0};
	judge_take_run(STR("\ndrydock-status 124\n"), &r);
	assert_true(!r.passed && r.ran_out);
	judge_run_cleanup(&r);
	r = (struct judge_run){0};
	judge_take_run(STR("all is well\n"), &r);
	assert_false(r.passed);
	judge_run_cleanup(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_repair_is_a_repair),
		cmocka_unit_test(tests_as_they_were_are_held_against_it),
		cmocka_unit_test(a_test_that_notices_nothing_is_blind),
		cmocka_unit_test(tests_that_compare_nothing_are_not_blind_for_being_quoted),
		cmocka_unit_test(a_limit_that_was_moved_is_no_special_case),
		cmocka_unit_test(a_limit_stands_beside_an_order),
		cmocka_unit_test(code_that_knows_its_tests_is_special),
		cmocka_unit_test(old_code_that_nothing_comes_to_is_bypassed),
		cmocka_unit_test(a_change_of_the_code_that_does_nothing_is_idle),
		cmocka_unit_test(without_what_its_tests_need_nothing_is_said),
		cmocka_unit_test(slow_checks_leave_time_to_others_and_show_nothing),
		cmocka_unit_test(a_run_is_what_its_script_prints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
