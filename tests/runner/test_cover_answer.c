#include "runner/cover_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FUNCTION(lines, cases) \
	"{\"functions\": [{\"path\": \"a.py\", \"module\": \"a\", \"root\": \".\", \"name\": \"f\", \"line\": 1, \"lines\": " lines \
	", \"reason\": null, \"cases\": " cases ", \"more\": [1]}]}"
#define FILE_WITH(text) \
	"{\"style\": \"pytest\", \"files\": [{\"path\": \"t.py\", \"module\": \"a\", \"source\": \"a.py\", \"root\": \".\", \"text\": " text \
	", \"tests\": [{\"name\": \"t\", \"function\": \"f\", \"lines\": [2]}]}]}"
#define CASE(gave) "{\"args\": [\"1\"], \"lines\": [2, 3]" gave "}"

static void
what_is_built_on_is_taken_and_nothing_else(void **state)
{
	(void)state;
	static const struct {
		const char *mode, *text, *wanted;
	} cases[] = {
		{"measure", "{\"statuses\": [0, -1], \"lines\": {\"a.py\": [1, 2, 9]}, \"x\": {}}",
			"{\"statuses\": [0, -1], \"lines\": {\"a.py\": [1, 2, 9]}}"},
		{"record", FUNCTION("[2, 3]", "[" CASE(", \"result\": \"4\"") "]"),
			"{\"functions\": [{\"path\": \"a.py\", \"module\": \"a\", \"root\": \".\", \"name\": \"f\", \"line\": 1, "
			"\"lines\": [2, 3], \"reason\": null, \"cases\": [{\"args\": [\"1\"], \"lines\": [2, 3], \"result\": \"4\", "
			"\"raises\": null}]}]}"},
		{"write", FILE_WITH("\"pass\""), FILE_WITH("\"pass\"")},
		{"check", "{\"tests\": {\"a\": {\"t\": true, \"u\": false}}}",
			"{\"tests\": {\"a\": {\"t\": true, \"u\": false}}}"},
		{"mutants", "{\"killed\": {\"a\": {\"t\": [2]}}, \"made\": 3}",
			"{\"killed\": {\"a\": {\"t\": [2]}}}"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN(dd_err) struct dd_err err = {0};
		OWN_JSON json_t *got = NULL, *wanted = NULL;
		int rc = cover_answer_take(cases[i].mode, str_of(cases[i].text), &got, &err);
		if (rc == 0)
			rc = json_parse(str_of(cases[i].wanted), &wanted, &err);
		if (rc < 0 || !json_equal(got, wanted))
			fail_msg("%s: %s", cases[i].mode, rc < 0 ? err_msg(&err) : "another value");
	}
}

static void
what_has_another_form_is_refused_with_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *mode, *text, *says;
	} cases[] = {
		{"write", "[]", "expected object, got array"},
		{"write", "{\"style\": \"pytest\"}", "answer.files"},
		{"write", "{\"style\": \"sh\", \"files\": []}", "answer.style"},
		{"write", FILE_WITH("7"), "answer.files[0].text: expected string, got integer"},
		{"record", FUNCTION("[3, 2]", "[]"), "lines[1] is no number of a line"},
		{"record", FUNCTION("[2, 2]", "[]"), "lines[1] is no number of a line"},
		{"record", FUNCTION("[0]", "[]"), "lines[0] is no number of a line"},
		{"record", FUNCTION("[1e9]", "[]"), "lines[0] is no number of a line"},
		{"record", FUNCTION("[600000]", "[]"), "lines[0] is no number of a line"},
		{"record", FUNCTION("null", "[]"), "lines: expected array, got null"},
		{"record", FUNCTION("[2]", "[" CASE("") "]"), "gives nothing, or two things"},
		{"record", FUNCTION("[2]", "{}"), "answer.functions[0].cases"},
		{"measure", "{\"statuses\": [\"0\"], \"lines\": {}}",
			"statuses[0]: expected integer"},
		{"measure", "{\"statuses\": [], \"lines\": []}", "expected object, got array"},
		{"check", "{\"tests\": {\"a\": {\"t\": 1}}}", "neither passed nor failed"},
		{"mutants", "{\"killed\": {\"a\": [1]}}", "expected object, got array"},
		{"mutants", "{\"killed\": {}", "line 1"},
		{"sing", "{}", "no mode sing"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN(dd_err) struct dd_err err = {0};
		OWN_JSON json_t *got = NULL;
		int rc = cover_answer_take(cases[i].mode, str_of(cases[i].text), &got, &err);
		if (rc == 0 || got || !strstr(err_msg(&err), cases[i].says))
			fail_msg("%s: %d %s", cases[i].text, rc, rc < 0 ? err_msg(&err) : "");
	}
}

/* An answer in which something is n times. */
static int
take_many(const char *mode, const char *before, const char *one, size_t n, const char *after)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *got = NULL;
	buf_puts(&text, before);
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", one);
	buf_puts(&text, after);
	return cover_answer_take(mode, buf_str(&text), &got, &err);
}

static void
there_are_no_more_than_the_tool_gives(void **state)
{
	(void)state;
	static const char function
		[] = "{\"path\": \"a.py\", \"module\": \"a\", \"root\": \".\", \"name\": \"f\", \"line\": 1, \"lines\": [2], "
		     "\"cases\": []}",
	file[] =
		"{\"path\": \"t\", \"module\": \"a\", \"source\": \"a\", \"root\": \".\", \"text\": \"\", \"tests\": []}",
	test[] = "{\"name\": \"t\", \"function\": \"f\", \"lines\": []}",
	tried[] = "{\"args\": [], \"lines\": [2], \"result\": \"1\"}";
	static const char files[] = "{\"style\": \"pytest\", \"files\": [";
	static const char tests[] =
		"{\"style\": \"pytest\", \"files\": [{\"path\": \"t\", \"module\": \"a\", \"source\": \"a\", \"root\": \".\", "
		"\"text\": \"\", \"tests\": [";
	static const char cases[] =
		"{\"functions\": [{\"path\": \"a\", \"module\": \"a\", \"root\": \".\", \"name\": \"f\", \"line\": 1, "
		"\"lines\": [2], \"cases\": [";
	static const struct {
		const char *mode, *before, *one;
		size_t n;
		const char *after;
	} all[] = {
		{"record", "{\"functions\": [", function, 400, "]}"},
		{"record", cases, tried, 6, "]}]}"},
		{"write", files, file, 400, "]}"},
		{"write", tests, test, 2400, "]}]}"},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		assert_int_equal(
			take_many(all[i].mode, all[i].before, all[i].one, all[i].n, all[i].after),
			0);
		assert_int_equal(take_many(all[i].mode, all[i].before, all[i].one, all[i].n + 1,
					 all[i].after),
			-DD_ELIMIT);
	}
}

static void
a_line_is_found_in_a_list_that_ascends(void **state)
{
	(void)state;
	OWN_JSON json_t *lines = json_array();
	for (json_int_t n = 1; n < 40; n += 3)
		json_array_append_new(lines, json_integer(n));
	for (json_int_t n = -2; n < 45; n++)
		assert_int_equal(cover_answer_has(lines, n), n > 0 && n < 40 && n % 3 == 1);
	assert_false(cover_answer_has(NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_on_is_taken_and_nothing_else),
		cmocka_unit_test(what_has_another_form_is_refused_with_its_place),
		cmocka_unit_test(there_are_no_more_than_the_tool_gives),
		cmocka_unit_test(a_line_is_found_in_a_list_that_ascends)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
