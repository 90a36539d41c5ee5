/* Cases of two runs against each other, messages without what differs by chance, reports of ours read again. */
#include "qa/qa.h"

#include "qa/parse.h"
#include "qa/select.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct test_case *
add(struct test_case_list *l, const char *suite, const char *name, enum test_status status,
	const char *message)
{
	struct test_case *c = test_case_list_add(l);
	c->id = mem_printf("%s/%s", suite, name);
	c->suite = mem_strdup(suite);
	c->name = mem_strdup(name);
	c->status = status;
	c->ms = -1;
	c->message = message ? mem_strdup(message) : NULL;
	return c;
}

/* ---- messages ---- */

static const struct {
	const char *a, *b;
	bool same;
} messages[] = {
	{"want 3, got 17", "want 3, got 18", true},
	{"at 0x7f3a10 in f", "at 0x55d0c0ffee in f", true},
	{"/tmp/a1/tide.py:12: no", "/work/tide.py:13: no", true},
	{"2026-11-28T16:04:44Z late", "2027-01-02T03:04:05Z late", true},
	{"took 1.5s", "took 12.25s", true},
	{"object 3f9a2b7c4d1e", "object 00ff11ee22dd", true},
	{"low is not high", "high is not low", false},
	{"no file tide.py", "no file wave.py", false},
	{"/a/tide.py: no", "/a/wave.py: no", false},
	{"utf8 decode", "utf16 decode", true}, /* the price of it: numbers in words, too */
	{"a timeout", "a refusal", false},
	{NULL, "something", false},
	{NULL, "", true},
};

static void
messages_are_the_same_without_what_differs_by_chance(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		OWN_FREE char *a = qa_normal_message(messages[i].a);
		OWN_FREE char *b = qa_normal_message(messages[i].b);
		if ((strcmp(a, b) == 0) != messages[i].same)
			fail_msg("\"%s\" and \"%s\": \"%s\" and \"%s\"", messages[i].a,
				messages[i].b, a, b);
	}
}

/* ---- kinds ---- */

enum { NO = -1, PASS = TEST_PASSED, FAIL = TEST_FAILED, SKIP = TEST_SKIPPED };

static const struct {
	int was, is;
	const char *message_was, *message_is;
	int kind; /* -1: nothing is said */
} kinds[] = {
	{PASS, FAIL, NULL, "a", CHANGE_REGRESSION},
	{PASS, NO, NULL, NULL, CHANGE_VANISHED},
	{FAIL, NO, "a", NULL, CHANGE_VANISHED},
	{PASS, SKIP, NULL, NULL, CHANGE_SKIPPED},
	{FAIL, SKIP, "a", NULL, CHANGE_SKIPPED},
	{FAIL, FAIL, "got 1", "got 2", CHANGE_SAME},
	{FAIL, FAIL, "low", "high", CHANGE_DIFFERENT},
	{FAIL, PASS, "a", NULL, CHANGE_FIX},
	{NO, PASS, NULL, NULL, CHANGE_NEW},
	{NO, FAIL, NULL, "a", CHANGE_NEW},
	{PASS, PASS, NULL, NULL, -1},
	{SKIP, PASS, NULL, NULL, -1},
};

static void
each_change_has_its_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct test_case_list a = {0}, b = {0};
		struct change_list changes = {0};
		if (kinds[i].was != NO)
			add(&a, "s", "x", (enum test_status)kinds[i].was, kinds[i].message_was);
		if (kinds[i].is != NO)
			add(&b, "s", "x", (enum test_status)kinds[i].is, kinds[i].message_is);
		qa_compare(&a, &b, &changes);
		if ((int)changes.n != (kinds[i].kind >= 0) ||
			(changes.n && (int)changes.v[0].kind != kinds[i].kind))
			fail_msg("row %zu: %zu changes, the first \"%s\"", i, changes.n,
				changes.n ? change_kind_names[changes.v[0].kind] : "");
		change_list_cleanup(&changes);
		test_case_list_cleanup(&a);
		test_case_list_cleanup(&b);
	}
}

static void
a_flake_is_no_regression_and_the_worst_comes_first(void **state)
{
	struct test_case_list a = {0}, b = {0};
	struct change_list changes = {0};
	(void)state;
	add(&a, "s", "flake", TEST_PASSED, "once")->flaky = true;
	add(&b, "s", "flake", TEST_FAILED, "once");
	add(&a, "s", "fixed", TEST_FAILED, "x");
	add(&b, "s", "fixed", TEST_PASSED, NULL);
	add(&a, "s", "broken", TEST_PASSED, NULL);
	add(&b, "s", "broken", TEST_ERROR, "x");
	qa_compare(&a, &b, &changes);
	assert_int_equal(changes.n, 3);
	assert_string_equal(changes.v[0].id, "s/broken");
	assert_int_equal(changes.v[1].kind, CHANGE_FLAKY);
	assert_int_equal(changes.v[2].kind, CHANGE_FIX);
	change_list_cleanup(&changes);
	test_case_list_cleanup(&a);
	test_case_list_cleanup(&b);
}

/* ---- reports ---- */

static void
check_round(enum qa_emit_format format, const struct test_run *t, const struct flake_list *flakes)
{
	OWN(buf) struct buf out = {0};
	struct test_run back = {0};
	char run[] = "qa";
	const struct command c = {.run = run, .format = FORMAT_AUTO};
	qa_emit(format, t, flakes, &out);
	parse_report(buf_str(&out), 1, &c, &back);
	if (back.cases.n != t->cases.n)
		fail_msg("%s: %zu cases of %zu\n%s", qa_emit_format_names[format], back.cases.n,
			t->cases.n, out.p);
	for (size_t i = 0; i < t->cases.n; i++) {
		const struct test_case *was = &t->cases.v[i], *is = &back.cases.v[i];
		bool same_name = format == QA_EMIT_TAP ? strcmp(is->name, was->id) == 0
						       : strcmp(is->id, was->id) == 0;
		bool same_message = !was->message || was->status == TEST_SKIPPED ||
				    (is->message && strstr(is->message, was->message));
		if (!same_name || is->status != was->status || is->flaky != was->flaky ||
			(format != QA_EMIT_TAP && !same_message))
			fail_msg("%s: %s %s%s \"%s\" became %s %s%s \"%s\"",
				qa_emit_format_names[format], was->id,
				test_status_names[was->status], was->flaky ? " flaky" : "",
				was->message, is->id, test_status_names[is->status],
				is->flaky ? " flaky" : "", is->message);
	}
	test_run_cleanup(&back);
}

static void
our_reports_read_again_lose_no_case_and_no_flake(void **state)
{
	struct test_run t = {0};
	struct flake_list flakes = {0};
	(void)state;
	add(&t.cases, "tests/test_a.py", "T::one[a # \\ b]", TEST_PASSED, NULL)->ms = 12.5;
	add(&t.cases, "tests/test_a.py", "two <&>\"'", TEST_FAILED, "low\n<&> is not ]]> high");
	add(&t.cases, "s", "three", TEST_SKIPPED, "no moon # today");
	add(&t.cases, "s", "four", TEST_PASSED, "failed once\nthen not")->flaky = true;
	add(&t.cases, "s", "five \xc3\xa9", TEST_FAILED, "...\n---\nok 7 - no case\n1..3");
	add(&t.cases, "other", "three", TEST_PASSED, NULL);
	struct flake *f = flake_list_add(&flakes);
	f->id = mem_strdup("tests/test_a.py/two <&>\"'");
	f->cause = FLAKE_ORDER;
	f->with = mem_strdup("s/three");
	test_run_count(&t);
	for (int format = 0; qa_emit_format_names[format]; format++)
		check_round((enum qa_emit_format)format, &t, &flakes);
	flake_list_cleanup(&flakes);
	test_run_cleanup(&t);
}

static void
the_interval_is_wilson_s(void **state)
{
	double low, high;
	(void)state;
	qa_wilson(1, 10, &low, &high); /* Brown, Cai, DasGupta 2001 */
	assert_true(low > 0.0178 && low < 0.0180 && high > 0.404 && high < 0.405);
	qa_wilson(0, 5, &low, &high);
	assert_true(low < 1e-9 && high > 0.43 && high < 0.44);
	qa_wilson(0, 0, &low, &high);
	assert_true(low == 0 && high == 1);
}

/* ---- some cases only ---- */

static const struct {
	enum test_format format;
	const char *run, *wanted; /* NULL: it cannot */
} selections[] = {
	{FORMAT_PYTEST, "python3 -m pytest -v tests", "python3 -m pytest -v s::a 's::b c'"},
	{FORMAT_UNITTEST, "PYTHONPATH=. python3 -m unittest discover -v -s 'tests'",
		"PYTHONPATH=. python3 -m unittest discover -v -s 'tests' -k s.a -k 's.b c'"},
	{FORMAT_GO, "go test -v ./...", "go test -v ./... -count=1 -run '^(a|b c)$'"},
	{FORMAT_CTEST, "ctest --test-dir build", "ctest --test-dir build -R '^(a|b c)$'"},
	{FORMAT_PYTEST, "pytest -n 4 -rA -xk 'not slow' --tb short --strict tests 'more tests'",
		"pytest -n 4 -rA -xk 'not slow' --tb short --strict s::a 's::b c'"},
	{FORMAT_PROVE, "prove -I lib -j4 -v t/*.t", "prove -I lib -j4 -v s"},
	{FORMAT_NODE, "node --test test/", "node --test '--test-name-pattern=^(a|b c)$' test/"},
	{FORMAT_NODE, "node --test-reporter=tap --test", NULL},
	{FORMAT_PYTEST, "uv run --with pytest-xdist pytest tests",
		"uv run --with pytest-xdist pytest s::a 's::b c'"},
	{FORMAT_AUTOMAKE, "make check", "make check -k TESTS=s"},
	{FORMAT_AUTO, "./run-tests", NULL},
	{FORMAT_PYTEST, "pytest; rm -rf x", NULL},
};

static void
a_runner_is_told_to_run_some_cases(void **state)
{
	struct test_case_list l = {0};
	(void)state;
	add(&l, "s", "a", TEST_PASSED, NULL);
	add(&l, "s", "b c", TEST_PASSED, NULL);
	const struct test_case *cases[] = {&l.v[0], &l.v[1]};
	for (size_t i = 0; i < sizeof(selections) / sizeof(*selections); i++) {
		const struct command c = {
			.run = (char *)selections[i].run, .format = selections[i].format};
		bool ordered;
		OWN_FREE char *run = select_command(&c, cases, 2, &ordered);
		if (!run != !selections[i].wanted ||
			(run && strcmp(run, selections[i].wanted) != 0))
			fail_msg("%s: %s", selections[i].run, run ? run : "none");
	}
	test_case_list_cleanup(&l);
}

/* Names come from the target. */
static void
names_are_told_as_they_are(void **state)
{
	static const struct {
		enum test_format format;
		const char *run, *suite, *name, *wanted;
	} names[] = {
		{FORMAT_AUTOMAKE, "make check", "make check", "tests/a.b+c.sh",
			"make check -k TESTS=tests/a.b+c.sh"},
		{FORMAT_AUTOMAKE, "make check", "make check", "it's$x",
			"make check -k 'TESTS=it'\\''s$$x'"},
		{FORMAT_AUTOMAKE, "make check", "lib.tap", "4 - opens",
			"make check -k TESTS=lib.tap"},
		{FORMAT_GO, "go test", "m", "TestQ'; x '/it's",
			"go test -count=1 -run '^(TestQ'\\''; x '\\'')$'"},
		{FORMAT_CTEST, "ctest", "ctest", "it's a.b", "ctest -R '^(it'\\''s a\\.b)$'"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct test_case_list l = {0};
		add(&l, names[i].suite, names[i].name, TEST_PASSED, NULL);
		const struct test_case *one = &l.v[0];
		const struct command c = {.run = (char *)names[i].run, .format = names[i].format};
		bool ordered;
		OWN_FREE char *run = select_command(&c, &one, 1, &ordered);
		assert_string_equal(run, names[i].wanted);
		test_case_list_cleanup(&l);
	}
}

static void
more_cases_than_a_command_can_hold_are_no_command(void **state)
{
	struct test_case_list l = {0};
	const struct command c = {.run = (char *)"pytest", .format = FORMAT_PYTEST};
	const struct test_case *cases[4000];
	bool ordered;
	(void)state;
	for (int i = 0; i < 4000; i++) {
		OWN_FREE char *name = mem_printf("test_of_a_long_name_%d", i);
		add(&l, "tests/test_all.py", name, TEST_PASSED, NULL);
	}
	for (size_t i = 0; i < 4000; i++)
		cases[i] = &l.v[i];
	OWN_FREE char *few = select_command(&c, cases, 1000, &ordered),
		      *many = select_command(&c, cases, 4000, &ordered);
	assert_non_null(few);
	assert_true(strlen(few) < 128 << 10);
	assert_null(many);
	test_case_list_cleanup(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_the_same_without_what_differs_by_chance),
		cmocka_unit_test(each_change_has_its_kind),
		cmocka_unit_test(a_flake_is_no_regression_and_the_worst_comes_first),
		cmocka_unit_test(our_reports_read_again_lose_no_case_and_no_flake),
		cmocka_unit_test(the_interval_is_wilson_s),
		cmocka_unit_test(a_runner_is_told_to_run_some_cases),
		cmocka_unit_test(names_are_told_as_they_are),
		cmocka_unit_test(more_cases_than_a_command_can_hold_are_no_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
