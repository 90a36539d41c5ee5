/*
 * qa's parsers on what the real tools print (tests/qa/cases/TOOL, recorded by tools/record_samples.sh), against what a
 * person read there: expected.json has, for each file, the cases by name, in their order.
 *
 *   {"fail.out": {"format": "pytest", "exit": 1, "lost": true, "cases": [["test_alpha", "passed"], ...]}}
 *
 * `lost`: beside these cases there is an error of the command itself.  `parts`: it prints a report a program, and nothing
 * behind the last: only its exit status tells that one is missing.
 */
#include "qa/parse.h"

#include "base/fs.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define CASES "tests/qa/cases"
static size_t bad; /* samples; all of them are named before the test fails */

#define CUTS 97 /* of each file, when it is longer than that */

static enum test_format
format_named(const char *name)
{
	for (int i = 0; test_format_names[i]; i++)
		if (strcmp(test_format_names[i], name) == 0)
			return (enum test_format)i;
	fail_msg("there is no format \"%s\"", name);
	return FORMAT_NONE;
}

static struct test_run
parse(enum test_format format, struct str text, int exit_code)
{
	struct test_run run = {0};
	char command[] = "the tool";
	const struct command c = {.run = command, .level = LEVEL_UNIT, .format = format};
	parse_report(text, exit_code, &c, &run);
	return run;
}

typedef void check_fn(
	const char *path, struct str text, const json_t *wanted, enum test_format f, int exit);

static void
each_file(const char *tool, check_fn *check, size_t *n)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *all = NULL;
	OWN_FREE char *path = mem_printf(CASES "/%s/expected.json", tool);
	const char *name;
	json_t *wanted;
	if (json_parse_file(path, 1 << 20, &all, &err) < 0) {
		print_message("%s\n", err_msg(&err));
		bad++;
	}
	json_object_foreach (all, name, wanted) {
		OWN(buf) struct buf text = {0};
		OWN_FREE char *file = mem_printf(CASES "/%s/%s", tool, name);
		if (fs_read(file, 16 << 20, &text, &err) < 0)
			fail_msg("%s", err_msg(&err));
		const char *format = json_string_value(json_object_get(wanted, "format"));
		check(file, buf_str(&text), wanted, format ? format_named(format) : FORMAT_AUTO,
			(int)json_integer_value(json_object_get(wanted, "exit")));
		(*n)++;
	}
}

/* What a tool that was ended printed, and nobody can read a case in. */
static void
check_rest(const char *tool, const char *name, const json_t *all)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf text = {0};
	OWN_FREE char *file = mem_printf(CASES "/%s/%s", tool, name);
	static const char *const kinds[] = {".out", ".xml", ".tap", ".trs", NULL};
	if (json_object_get(all, name) || !str_ends_one(str_of(name), kinds))
		return;
	if (!str_starts(str_of(name), "kill.") && !str_starts(str_of(name), "crash.")) {
		print_message("%s has no row in expected.json\n", file);
		bad++;
		return;
	}
	if (fs_read(file, 16 << 20, &text, &err) < 0)
		fail_msg("%s", err_msg(&err));
	struct test_run t = parse(FORMAT_AUTO, buf_str(&text), 137);
	if (!t.failed || t.passed) {
		print_message("%s: %lld passed, %lld failed\n", file, (long long)t.passed,
			(long long)t.failed);
		bad++;
	}
	test_run_cleanup(&t);
}

static void
what_has_no_case_to_read_is_a_failure(void **state)
{
	struct dirent **tools, **files;
	int ntools = scandir(CASES, &tools, NULL, alphasort);
	(void)state;
	bad = 0;
	for (int i = 0; i < ntools; i++) {
		OWN_JSON json_t *all = NULL;
		OWN_FREE char *dir = mem_printf(CASES "/%s", tools[i]->d_name);
		OWN_FREE char *path = mem_printf("%s/expected.json", dir);
		int n = tools[i]->d_name[0] == '.' || json_parse_file(path, 1 << 20, &all, NULL) < 0
				? 0
				: scandir(dir, &files, NULL, alphasort);
		for (int k = 0; k < n; k++) {
			check_rest(tools[i]->d_name, files[k]->d_name, all);
			free(files[k]);
		}
		if (n)
			free(files);
		free(tools[i]);
	}
	free(tools);
	assert_int_equal(bad, 0);
}

static size_t
each_sample(check_fn *check)
{
	size_t n = 0;
	struct dirent **names;
	int count = scandir(CASES, &names, NULL, alphasort);
	assert_true(count > 2);
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.')
			each_file(names[i]->d_name, check, &n);
		free(names[i]);
	}
	free(names);
	return n;
}

/* ---- the cases ---- */

static void
print_cases(const struct test_run *t)
{
	for (size_t i = 0; i < t->cases.n; i++)
		print_message("   %s | %s | %s%s | %.80s\n", t->cases.v[i].suite,
			t->cases.v[i].name, test_status_names[t->cases.v[i].status],
			t->cases.v[i].flaky ? " flaky" : "",
			t->cases.v[i].message ? t->cases.v[i].message : "");
}

static bool
same_case(const struct test_case *c, const json_t *wanted)
{
	const char *status = json_string_value(json_array_get(wanted, 1));
	bool flaky = status && strcmp(status, "flaky") == 0;
	return strcmp(c->name, json_string_value(json_array_get(wanted, 0))) == 0 &&
	       c->flaky == flaky &&
	       strcmp(test_status_names[c->status], flaky ? "passed" : status) == 0;
}

static void
cases_are_as_wanted(
	const char *path, struct str text, const json_t *wanted, enum test_format f, int exit)
{
	struct test_run t = parse(f, text, exit);
	const json_t *cases = json_object_get(wanted, "cases");
	bool lost = json_is_true(json_object_get(wanted, "lost"));
	size_t n = json_array_size(cases);
	bool ok = t.cases.n == n + lost && !t.by_exit_status;
	for (size_t i = 0; ok && i < n; i++)
		ok = same_case(&t.cases.v[i], json_array_get(cases, i));
	if (ok && lost)
		ok = t.cases.v[n].status == TEST_ERROR;
	if (!ok) {
		print_message("%s (exit %d):\n", path, exit);
		print_cases(&t);
		bad++;
	}
	test_run_cleanup(&t);
}

static void
samples_of_real_tools_have_the_cases_that_a_person_sees(void **state)
{
	(void)state;
	bad = 0;
	size_t n = each_sample(cases_are_as_wanted);
	assert_int_equal(bad, 0);
	assert_true(n >= 100);
}

/* ---- truncated ---- */

static bool
same_cases(const struct test_run *a, const struct test_run *b)
{
	return a->passed == b->passed && a->failed == b->failed && a->skipped == b->skipped;
}

/* It has not failed: then nothing of it is gone, or nothing said what kind of report it is. */
static void
check_cut(const char *path, const struct test_run *whole, const struct test_run *cut, size_t at)
{
	if (!cut->by_exit_status && cut->passed > whole->passed) {
		print_message("%s cut at %zu: %lld passed, and %lld in the whole\n", path, at,
			(long long)cut->passed, (long long)whole->passed);
		bad++;
	}
	if (!cut->by_exit_status && !cut->failed && cut->passed && !same_cases(cut, whole)) {
		print_cases(cut);
		print_message("%s cut at %zu has passed, and is not whole\n", path, at);
		bad++;
	}
}

static void
no_cut_has_passed(
	const char *path, struct str text, const json_t *wanted, enum test_format f, int exit)
{
	size_t step = text.n < CUTS ? 1 : text.n / CUTS;
	struct test_run whole = parse(f, text, exit);
	bool parts = json_is_true(json_object_get(wanted, "parts"));
	for (size_t at = 0; at < text.n; at += step) {
		struct str piece = {text.p, at};
		struct test_run cut = parse(f, piece, exit), killed = parse(f, piece, -1);
		if (!parts)
			check_cut(path, &whole, &cut, at);
		if (!killed.failed)
			fail_msg("%s cut at %zu has not failed, and a signal ended it", path, at);
		test_run_cleanup(&cut);
		test_run_cleanup(&killed);
	}
	test_run_cleanup(&whole);
}

static void
a_report_that_is_cut_anywhere_is_never_a_pass(void **state)
{
	(void)state;
	bad = 0;
	(void)each_sample(no_cut_has_passed);
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_of_real_tools_have_the_cases_that_a_person_sees),
		cmocka_unit_test(what_has_no_case_to_read_is_a_failure),
		cmocka_unit_test(a_report_that_is_cut_anywhere_is_never_a_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
