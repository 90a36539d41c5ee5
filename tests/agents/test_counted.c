/* What tests execute of a change: counters as they are printed, and what they come to. */
#include "agents/counted.h"
#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Of a.c lines 3 and 4 become 3, 4 and 5; b.py has a new line 1. */
static void
comes_to(const char *was, const char *is, const char *wanted)
{
	OWN_JSON json_t *files =
		json_pack("[{s:s, s:[[i, i]], s:[[i, i]]}, {s:s, s:[], s:[[i, i]]}]", "path",
			"lib/a.c", "was", 3, 2, "is", 3, 3, "path", "b.py", "was", "is", 1, 1);
	OWN_JSON json_t *j = counted_compare(WORK_DIR, files, str_of(was), str_of(is));
	OWN(buf) struct buf got = {0};
	size_t i;
	json_t *one;
	json_print(json_object_get(j, "was"), 0, &got);
	json_print(json_object_get(j, "is"), 0, &got);
	json_array_foreach (json_object_get(j, "findings"), i, one)
		buf_printf(&got, " %s:%lld", json_string_in(one, "path"),
			(long long)json_integer_value(json_object_get(one, "line")));
	json_array_foreach (json_object_get(j, "not_measured"), i, one)
		buf_printf(&got, " !%s", json_string_value(one));
	buf_puts(&got, json_is_true(json_object_get(j, "lower")) ? " lower" : "");
	assert_string_equal(got.p, wanted);
}

#define L(path, line, n) "L\t" WORK_DIR "/" path "\t" line "\t" n "\n"

static void
only_touched_lines_that_can_be_executed_count(void **s)
{
	(void)s;
	comes_to("", "", "[0,0][0,0] !lib/a.c !b.py");
	comes_to(L("lib/a.c", "3", "1"), L("lib/a.c", "3", "7"), "[1,1][1,1] !b.py");
	comes_to(L("lib/a.c", "3", "1") L("lib/a.c", "9", "0"),
		L("lib/a.c", "3", "0") L("lib/a.c", "3", "2") L("lib/a.c", "10", "0"),
		"[1,1][1,1] !b.py");
	comes_to(L("lib/a.c", "3", "1") "L\t/else/lib/a.c\t4\t0\nL\t" WORK_DIR "/lib/a.c\nL\n",
		L("lib/a.c", "3", "1") L("b.py", "1", "1"), "[1,1][2,2]");
}

static void
a_smaller_part_is_lower(void **s)
{
	(void)s;
	comes_to(L("lib/a.c", "3", "1") L("lib/a.c", "4", "1"),
		L("lib/a.c", "3", "1") L("lib/a.c", "4", "0") L("lib/a.c", "5", "1"),
		"[2,2][2,3] lib/a.c:4 !b.py lower");
	comes_to(L("lib/a.c", "3", "1") L("lib/a.c", "4", "0"),
		L("lib/a.c", "3", "1") L("lib/a.c", "4", "0"), "[1,2][1,2] lib/a.c:4 !b.py");
	/* Before, nothing was there that could be executed, or nothing could be measured. */
	comes_to("", L("lib/a.c", "3", "0"), "[0,0][0,1] lib/a.c:3 !b.py");
	comes_to(L("lib/a.c", "3", "1"), L("lib/a.c", "9", "0"), "[1,1][0,0] !b.py");
	/* Nothing of the file is seen to run any more. */
	comes_to(L("lib/a.c", "3", "1"), "", "[1,1][0,3] lib/a.c:0 !b.py lower");
	comes_to(L("lib/a.c", "3", "1"), L("b.py", "1", "1"), "[1,1][1,4] lib/a.c:0 lower");
	comes_to(L("b.py", "1", "1"), "", "[0,0][0,1] b.py:0 !lib/a.c");
}

static void
gcov_is_read(void **s)
{
	(void)s;
	const char *text =
		"{\"current_working_directory\": \"" WORK_DIR
		"/lib/deep\", \"files\": [{\"file\": \".././a.c\", \"lines\": "
		"[{\"line_number\": 3, \"count\": 4}, {\"line_number\": 4, \"count\": 0}]}, {\"file\": \"/usr/include/x.h\", "
		"\"lines\": [{\"line_number\": 3, \"count\": 4}]}]}\n{\"broken\n";
	comes_to("", text, "[0,0][1,2] lib/a.c:4 !b.py");
}

static void
what_has_counters_is_known(void **s)
{
	(void)s;
	assert_true(
		counted_must_build("a/b.c") && counted_must_build("b.hpp") && counted_knows("b.h"));
	assert_true(counted_knows("x.py") && counted_knows("x.mjs"));
	assert_false(
		counted_must_build("x.py") || counted_knows("x.rb") || counted_knows("README"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_touched_lines_that_can_be_executed_count),
		cmocka_unit_test(a_smaller_part_is_lower),
		cmocka_unit_test(gcov_is_read),
		cmocka_unit_test(what_has_counters_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
