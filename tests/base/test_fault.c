#include "base/fault.h"

#include "base/own.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/wait.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wished_pass_kills),
		cmocka_unit_test(fewer_passes_than_wished_do_not_kill),
		cmocka_unit_test(other_points_and_bad_wishes_do_not_kill),
		cmocka_unit_test(each_process_counts_for_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
