/* What runs beside tests: whose failure it is. */
#include "runner/beside.h"

#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The member is there, and its journal was lost: no test of another can fail for that. */
static void
what_is_ours_is_no_result_of_tests(void **state)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_TMPDIR char *whole = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(whole);
	OWN_FREE char *dir = mem_printf("%s/" RUN_MEMBERS "/winch", whole);
	char id[] = "1";
	struct run part = {.lock_fd = -1, .id = id, .dir = dir, .whole = whole};
	struct qa_spec spec = {0};
	struct test_run tests = {0};
	enum exec_cause cause = CAUSE_NONE;
	(void)state;
	assert_int_equal(mkdirat(fd, RUN_MEMBERS, 0700), 0);
	assert_int_equal(mkdirat(fd, RUN_MEMBERS "/tides", 0700), 0);
	strlist_add(&part.options.peers, "tides");
	assert_int_equal(beside_run_tests(&part, &spec, &tests, &cause, &err), -DD_ENOENT);
	assert_int_equal(tests.cases.n, 0);
	assert_true(str_starts(str_of(err_msg(&err)), "tides: "));
	strlist_cleanup(&part.options.peers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_ours_is_no_result_of_tests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
