#include "base/fault.h"

#include "base/io.h"
#include "tests/base/tmpdir.h"
#include "tests/base/under_fault.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

/* Passes "a" up to n times in a child under that wish; how many it survived, -1 if it was not
 * killed. */
static int
passes_survived(const char *wish, int n, bool in_grandchild_first)
{
	int p[2], survived = 0, status;
	char c;
	assert_int_equal(pipe(p), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (wish)
			(void)setenv("DRYDOCK_FAULT", wish, 1);
		else
			(void)unsetenv("DRYDOCK_FAULT");
		if (in_grandchild_first && fork() == 0) {
			fault_point("a");
			_exit(0);
		}
		for (int i = 0; i < n; i++) {
			fault_point("b");
			fault_point("a");
			(void)!write(p[1], "x", 1);
		}
		_exit(0);
	}
	(void)close(p[1]);
	while (read(p[0], &c, 1) == 1)
		survived++;
	(void)close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		return -1;
	assert_int_equal(WTERMSIG(status), SIGKILL);
	return survived;
}

static void
the_wished_pass_kills(void **state)
{
	(void)state;
	assert_int_equal(passes_survived("a:1", 5, false), 0);
	assert_int_equal(passes_survived("a:3", 5, false), 2);
	assert_int_equal(passes_survived("b:2", 5, false), 1);
}

static void
fewer_passes_than_wished_do_not_kill(void **state)
{
	(void)state;
	assert_int_equal(passes_survived("a:6", 5, false), -1);
}

static void
other_points_and_bad_wishes_do_not_kill(void **state)
{
	(void)state;
	const char *wishes[] = {NULL, "", "a", "a:", "a:0", "a:x", "c:1", "aa:1", ":1"};
	for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++)
		assert_int_equal(passes_survived(wishes[i], 5, false), -1);
}

static void
each_process_counts_for_itself(void **state)
{
	(void)state;
	assert_int_equal(passes_survived("a:2", 5, true), 1);
}

/* ---- calls ---- */

/* Makes "a", twice gives it a name, and tells what came of it. */
static int
three_calls(void *ctx, struct dd_err *err)
{
	const char *dir = ctx;
	OWN_FREE char *a = mem_printf("%s/a", dir);
	OWN_FREE char *b = mem_printf("%s/b", dir);
	errno = 0;
	OWN_FD int fd = io_create(a, O_WRONLY | O_CREAT, 0600);
	int create = fd < 0 ? errno : 0;
	int first = io_rename(a, b) < 0 ? errno : 0;
	int second = io_rename(b, a) < 0 ? errno : 0;
	return err_set(err, DD_EIO, "%d %d %d", create, first, second);
}

static void
assert_three(const char *wish, int create, int first, int second)
{
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *wanted = mem_printf("%d %d %d", create, first, second);
	struct fault_outcome o = under_fault(wish, three_calls, dir);
	assert_string_equal(o.msg, wanted);
	assert_int_equal(o.injected, create || first || second);
}

static void
the_wished_call_fails_and_is_not_made(void **state)
{
	(void)state;
	assert_three("rename:1:EIO", 0, EIO, ENOENT); /* there is no b then */
	assert_three("rename:2:EROFS", 0, 0, EROFS);
	assert_three("create:1:ENOSPC", ENOSPC, ENOENT, ENOENT);
	assert_three("rename:3:EIO", 0, 0, 0);
}

static void
a_full_disk_stays_full(void **state)
{
	(void)state;
	assert_three("rename:1+:EDQUOT", 0, EDQUOT, EDQUOT);
	assert_three("io:2+:ENOSPC", 0, ENOSPC, ENOSPC);
}

static void
a_wish_concerns_its_calls_only(void **state)
{
	(void)state;
	assert_three("write:1+:EIO", 0, 0, 0);
	assert_three("read:1+:EIO", 0, 0, 0);
	assert_three("io:3:EIO", 0, 0, EIO);
	assert_three("rename:1:EWHAT", 0, 0, 0);
}

static int
write_three_times(void *ctx, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("%s/w", (char *)ctx);
	OWN_FD int fd = io_create(path, O_WRONLY | O_CREAT, 0600);
	ssize_t a = io_write(fd, "12345678", 8), b = io_write(fd, "12345678", 8);
	int errnum = errno;
	ssize_t c = io_write(fd, "12345678", 8);
	return err_set(err, DD_EIO, "%zd %zd %d %zd", a, b, errnum, c);
}

static void
a_write_is_cut_short_and_the_next_fails(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *wanted = mem_printf("4 -1 %d 8", ENOSPC);
	struct fault_outcome o = under_fault("write:1:short", write_three_times, dir);
	assert_string_equal(o.msg, wanted);
}

static void
a_call_can_kill_too(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	struct fault_outcome o = under_fault("rename:1", three_calls, dir);
	assert_int_equal(o.signal, SIGKILL);
	assert_true(o.injected);
}

static void
calls_can_be_listed(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	struct fault_outcome o = under_fault("io:1+:log", three_calls, dir);
	assert_string_equal(o.msg, "0 0 0");
	assert_true(o.injected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wished_pass_kills),
		cmocka_unit_test(fewer_passes_than_wished_do_not_kill),
		cmocka_unit_test(other_points_and_bad_wishes_do_not_kill),
		cmocka_unit_test(each_process_counts_for_itself),
		cmocka_unit_test(the_wished_call_fails_and_is_not_made),
		cmocka_unit_test(a_full_disk_stays_full),
		cmocka_unit_test(a_wish_concerns_its_calls_only),
		cmocka_unit_test(a_write_is_cut_short_and_the_next_fails),
		cmocka_unit_test(a_call_can_kill_too),
		cmocka_unit_test(calls_can_be_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
