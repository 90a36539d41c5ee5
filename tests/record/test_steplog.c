#include "record/steplog.h"

#include "base/fs.h"
#include "tests/base/tmpdir.h"
#include "tests/base/under_fault.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int
write_log(void *ctx, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("%s/logs/build.log", (char *)ctx);
	struct steplog *l;
	int rc = steplog_open(path, NULL, &l, err);
	if (rc < 0)
		return rc;
	steplog_note(l, "$ make");
	steplog_add(l, STR("cc -c a.c\n"));
	steplog_add(l, STR("done\n"));
	return steplog_close(l, err);
}

static void
a_log_comes_into_being_with_its_directory(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = mem_printf("%s/logs/build.log", dir);
	assert_int_equal(write_log(dir, &err), 0);
	assert_int_equal(fs_read(path, 1000, &text, &err), 0);
	assert_string_equal(text.p, "$ make\ncc -c a.c\ndone\n");
}

static void
check_path_and_reason(void *ctx, const struct fault_outcome *o, int n)
{
	OWN_FREE char *logs = mem_printf("%s/logs", (char *)ctx);
	if (o->rc != -DD_EIO || strncmp(o->msg, "log", 3) != 0 || !strstr(o->msg, logs) ||
		!strstr(o->msg, ": No space left on device"))
		fail_msg("fault %d: %d, \"%s\"", n, o->rc, o->msg);
	(void)!fs_remove_tree(logs, NULL);
}

static void
a_log_that_cannot_be_written_is_named_with_the_reason(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	assert_true(under_each_fault("ENOSPC", write_log, dir, check_path_and_reason) >= 5);
	assert_true(under_each_fault("short", write_log, dir, check_path_and_reason) >= 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_comes_into_being_with_its_directory),
		cmocka_unit_test(a_log_that_cannot_be_written_is_named_with_the_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
