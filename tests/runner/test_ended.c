/* A command of tests that did not end, and does: what that shows. */
#include "runner/fix_loop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
add(struct case_result_list *l, const char *id, enum test_status status)
{
	struct case_result *c = case_result_list_add(l);
	c->id = mem_strdup(id);
	c->status = status;
}

static size_t
ended(const char *with)
{
	struct case_result_list was = {0}, is = {0};
	add(&was, "test/command/make check", TEST_ERROR);
	add(&is, "build", TEST_PASSED);
	if (with)
		add(&is, with, TEST_PASSED);
	fix_add_ended(&was, &is);
	size_t n = is.n - 1 - (with != NULL);
	case_result_list_cleanup(&was);
	case_result_list_cleanup(&is);
	return n;
}

static void
a_command_that_ends_passes_where_tests_ran(void **state)
{
	(void)state;
	assert_int_equal(ended("test/tests/half"), 1);
	assert_int_equal(ended("test/command/make check"), 0); /* it tells of itself */
	assert_int_equal(ended("test/command/make test"), 0);
	assert_int_equal(ended(NULL), 0); /* nothing is tested any more */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_that_ends_passes_where_tests_ran),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
