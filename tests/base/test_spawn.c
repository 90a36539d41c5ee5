#include "base/fs.h"
#include "base/log.h"
#include "base/spawn.h"

#include "tests/base/tmpdir.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

/* The programs started here are the host's own: sh, cat, sleep. */

static int
run_sh(const char *script, struct str input, struct buf *out, struct buf *errout,
	struct dd_err *err)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	return spawn_capture(&(struct spawn_spec){.argv = argv}, input, out, errout, err);
}

/* ---- capture ---- */

static void
both_outputs_are_gathered(void **state)
{
	(void)state;
	OWN(buf) struct buf out = {0}, errs = {0};
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(run_sh("echo one; echo two >&2", STR(""), &out, &errs, &err), 0);
	assert_string_equal(out.p, "one\n");
	assert_string_equal(errs.p, "two\n");
}

static void
arguments_pass_no_shell(void **state)
{
	(void)state;
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err err = {0};
	const char *argv[] = {"printf", "%s|", "a b", "$(id)", "*", "", NULL};
	assert_int_equal(
		spawn_capture(&(struct spawn_spec){.argv = argv}, STR(""), &out, NULL, &err), 0);
	assert_string_equal(out.p, "a b|$(id)|*||");
}

static void
more_than_the_pipes_hold_passes_both_ways(void **state)
{
	(void)state;
	OWN(buf) struct buf in = {0}, out = {0};
	OWN(dd_err) struct dd_err err = {0};
	for (int i = 0; i < 100000; i++)
		buf_printf(&in, "%d\n", i);
	assert_int_equal(run_sh("cat", buf_str(&in), &out, NULL, &err), 0);
	assert_int_equal(out.n, in.n);
	assert_memory_equal(out.p, in.p, in.n);
}

static void
output_past_the_bound_is_dropped_and_marked(void **state)
{
	(void)state;
	OWN(buf) struct buf out = {.max = 10};
	OWN(dd_err) struct dd_err err = {0};
	const char *script = "head -c 1000000 /dev/zero | tr '\\0' x";
	assert_int_equal(run_sh(script, STR(""), &out, NULL, &err), 0);
	assert_string_equal(out.p, "xxxxxxxxxx");
	assert_true(out.truncated);
}

static void
the_end_of_a_long_standard_error_is_kept(void **state)
{
	(void)state;
	OWN(buf) struct buf errs = {0};
	OWN(dd_err) struct dd_err err = {0};
	const char *script =
		"head -c 200000 /dev/zero | tr '\\0' x >&2; echo >&2; echo last >&2; exit 3";
	assert_int_equal(run_sh(script, STR(""), NULL, &errs, &err), -DD_EIO);
	assert_int_equal(errs.n, 65536);
	assert_true(str_ends(buf_str(&errs), "x\nlast\n"));
	assert_string_equal(err_msg(&err), "sh exited with status 3: last");
}

static void
a_failure_shows_its_last_line_and_no_terminal_escape(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	const char *script = "printf 'first\\nbad \\033]0;x\\007\\n\\n' >&2; exit 1";
	assert_int_equal(run_sh(script, STR(""), NULL, NULL, &err), -DD_EIO);
	assert_string_equal(err_msg(&err), "sh exited with status 1: bad \\x1b]0;x\\x07");
}

static void
a_death_by_signal_is_told(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(run_sh("kill -9 $$", STR(""), NULL, NULL, &err), -DD_EIO);
	assert_string_equal(err_msg(&err), "sh died of signal 9");
}

static void
a_program_that_does_not_read_its_input_does_no_harm(void **state)
{
	(void)state;
	OWN(buf) struct buf in = {0}, out = {0};
	OWN(dd_err) struct dd_err err = {0};
	sigset_t pending;
	for (int i = 0; i < 100000; i++)
		buf_puts(&in, "0123456789");
	assert_int_equal(run_sh("exec 0<&-; echo fine", buf_str(&in), &out, NULL, &err), 0);
	assert_string_equal(out.p, "fine\n");
	assert_int_equal(sigpending(&pending), 0);
	assert_false(sigismember(&pending, SIGPIPE));
}

static void
a_program_past_its_time_is_killed(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	const char *talks[] = {"sh", "-c", "while :; do echo x; sleep 0.01; done", NULL};
	const char *closes[] = {"sh", "-c", "exec sleep 100 >&- 2>&-", NULL};
	const char *const *const each[] = {talks, closes};
	for (int i = 0; i < 2; i++) {
		OWN(buf) struct buf out = {0};
		struct spawn_spec spec = {.argv = each[i], .timeout_ms = 100};
		int64_t start = clock_mono_ns();
		assert_int_equal(spawn_capture(&spec, STR(""), &out, NULL, &err), -DD_ELIMIT);
		assert_string_equal(err_msg(&err), "sh took longer than 100 ms");
		assert_true(clock_mono_ns() - start < (int64_t)20 * 1000000000);
	}
	struct spawn_spec quick = {.argv = (const char *[]){"true", NULL}, .timeout_ms = 60000};
	assert_int_equal(spawn_capture(&quick, STR(""), NULL, NULL, &err), 0);
}

static void
capture_leaves_no_descriptor_open(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	int before = dup(0);
	(void)close(before);
	const char *none[] = {"/nonexistent/program", NULL};
	assert_int_equal(run_sh("exit 1", STR("x"), NULL, NULL, &err), -DD_EIO);
	assert_int_equal(run_sh("exit 0", STR("x"), NULL, NULL, &err), 0);
	assert_int_equal(
		spawn_capture(&(struct spawn_spec){.argv = none}, STR(""), NULL, NULL, &err),
		-DD_ENOENT);
	int after = dup(0);
	(void)close(after);
	assert_int_equal(after, before);
}

/* ---- start ---- */

static void
a_failed_exec_is_reported_with_the_program(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	pid_t pid = 77;
	int pidfd = 77;
	const char *missing[] = {"/nonexistent/program", NULL}, *no_program[] = {"/etc", NULL};
	assert_int_equal(
		spawn_start(&(struct spawn_spec){.argv = missing}, &pid, &pidfd, &err), -DD_ENOENT);
	assert_string_equal(
		err_msg(&err), "cannot start /nonexistent/program: No such file or directory");
	assert_int_equal(
		spawn_start(&(struct spawn_spec){.argv = no_program}, &pid, &pidfd, &err), -DD_EIO);
	assert_int_equal(pid, 77);
	assert_int_equal(pidfd, 77);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie stays */
}

static void
a_directory_that_is_not_there_is_reported(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	pid_t pid;
	struct spawn_spec spec = {.argv = (const char *[]){"true", NULL}, .cwd = "/nonexistent"};
	assert_int_equal(spawn_start(&spec, &pid, NULL, &err), -DD_ENOENT);
}

static void
environment_and_directory_are_as_told(void **state)
{
	(void)state;
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err err = {0};
	struct spawn_spec spec = {.argv = (const char *[]){"/bin/sh", "-c", "pwd; env", NULL},
		.env = (const char *[]){"ONLY=this", "PWD=/", NULL},
		.cwd = "/"};
	assert_int_equal(spawn_capture(&spec, STR(""), &out, NULL, &err), 0);
	assert_true(str_starts(buf_str(&out), "/\n"));
	assert_non_null(strstr(out.p, "ONLY=this\n"));
	assert_null(strstr(out.p, "HOME="));
}

static void
only_named_descriptors_are_open_in_the_child(void **state)
{
	(void)state;
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err err = {0};
	/* One without close-on-exec far up, and one just above the standard ones. */
	OWN_FD int secret = open("/etc/hostname", O_RDONLY);
	OWN_FD int far = fcntl(secret, F_DUPFD, 700);
	OWN_FD int given = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_true(secret >= 0 && far >= 700 && given >= 0);
	struct spawn_fd fds[] = {{given, 9}};
	struct spawn_spec spec = {.argv = (const char *[]){"sh", "-c",
					  "ls /proc/$$/fd; readlink /proc/$$/fd/9; true", NULL},
		.fds = fds,
		.nfds = 1};
	assert_int_equal(spawn_capture(&spec, STR(""), &out, NULL, &err), 0);
	assert_string_equal(out.p, "0\n1\n2\n9\n/dev/zero\n");
}

static void
standard_descriptors_that_are_not_named_are_null(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	int p[2], status;
	pid_t pid;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	struct spawn_fd fds[] = {{p[1], 5}};
	struct spawn_spec spec = {
		.argv = (const char *[]){"sh", "-c",
			"x=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); echo \"$x\" >&5",
			NULL},
		.fds = fds,
		.nfds = 1};
	assert_int_equal(spawn_start(&spec, &pid, NULL, &err), 0);
	(void)close(p[1]);
	OWN_FREE char *path = mem_printf("/dev/fd/%d", p[0]);
	assert_int_equal(fs_read(path, 1000, &out, &err), 0);
	assert_int_equal(spawn_wait(pid, &status, &err), 0);
	assert_string_equal(out.p, "/dev/null\n/dev/null\n/dev/null\n");
	(void)close(p[0]);
}

static void
descriptors_may_change_places(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int dir_fd = tmpdir_open_fd(dir);
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err err = {0};
	tmpdir_write(dir_fd, "a", "A");
	tmpdir_write(dir_fd, "b", "B");
	int low = openat(dir_fd, "a", O_RDONLY | O_CLOEXEC);
	int high = openat(dir_fd, "b", O_RDONLY | O_CLOEXEC);
	struct spawn_fd fds[] = {{low, high}, {high, low}, {low, high + 1}};
	OWN_FREE char *script = mem_printf("cat <&%d; cat <&%d", low, high);
	/* dash takes one digit only, so the numbers must be small: they are, in this program. */
	assert_true(high < 9);
	struct spawn_spec spec = {
		.argv = (const char *[]){"sh", "-c", script, NULL}, .fds = fds, .nfds = 3};
	assert_int_equal(spawn_capture(&spec, STR(""), &out, NULL, &err), 0);
	assert_string_equal(out.p, "BA");
	(void)close(low);
	(void)close(high);
}

static void
more_descriptors_than_sixteen_are_passed(void **state)
{
	(void)state;
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err err = {0};
	OWN_FD int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct spawn_fd fds[40];
	for (int i = 0; i < 40; i++)
		fds[i] = (struct spawn_fd){zero, 10 + i};
	struct spawn_spec spec = {
		.argv = (const char *[]){"sh", "-c", "set -- /proc/$$/fd/*; echo $#", NULL},
		.fds = fds,
		.nfds = 40};
	assert_int_equal(spawn_capture(&spec, STR(""), &out, NULL, &err), 0);
	assert_string_equal(out.p, "44\n"); /* with the one that the shell lists them by */
}

static void
handlers_and_masks_do_not_reach_the_child(void **state)
{
	(void)state;
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err err = {0};
	sigset_t usr1, before;
	(void)sigemptyset(&usr1);
	(void)sigaddset(&usr1, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &usr1, &before);
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	const char *argv[] = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status", NULL};
	int rc = spawn_capture(&(struct spawn_spec){.argv = argv}, STR(""), &out, NULL, &err);
	(void)signal(SIGPIPE, old);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(rc, 0);
	struct str rest = buf_str(&out), line;
	while (str_next_line(&rest, &line)) {
		unsigned long long set = strtoull(line.p + 8, NULL, 16);
		assert_int_equal(set & (1ull << (SIGUSR1 - 1) | 1ull << (SIGPIPE - 1)), 0);
	}
}

/* Standard input of the group is a terminal or not; here only the ids are looked at. */
static void
a_new_session_is_its_own_leader(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	pid_t pid, plain;
	int status;
	const char *argv[] = {"sleep", "100", NULL};
	struct spawn_spec spec = {.argv = argv, .new_session = true};
	assert_int_equal(spawn_start(&spec, &pid, NULL, &err), 0);
	spec.new_session = false;
	assert_int_equal(spawn_start(&spec, &plain, NULL, &err), 0);
	pid_t sid = getsid(pid), plain_sid = getsid(plain);
	(void)kill(pid, SIGKILL);
	(void)kill(plain, SIGKILL);
	assert_int_equal(spawn_wait(pid, &status, &err), 0);
	assert_int_equal(spawn_wait(plain, &status, &err), 0);
	assert_int_equal(sid, pid);
	assert_int_equal(plain_sid, getsid(0));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(spawn_wait(pid, &status, &err), -DD_EIO);
}

static void
a_pidfd_tells_the_end(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN_FD int pidfd = -1;
	pid_t pid;
	int status;
	struct spawn_spec spec = {.argv = (const char *[]){"sh", "-c", "exit 7", NULL}};
	assert_int_equal(spawn_start(&spec, &pid, &pidfd, &err), 0);
	assert_int_equal(poll(&(struct pollfd){pidfd, POLLIN, 0}, 1, 20000), 1);
	assert_int_equal(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(spawn_wait(pid, &status, &err), 0);
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void
a_child_dies_with_its_parent(void **state)
{
	(void)state;
	int p[2];
	char c;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid_t parent = fork();
	if (parent == 0) {
		pid_t pid;
		struct spawn_fd fds[] = {{p[1], 3}};
		struct spawn_spec spec = {
			.argv = (const char *[]){"sleep", "1000", NULL}, .fds = fds, .nfds = 1};
		if (spawn_start(&spec, &pid, NULL, NULL) == 0)
			(void)!write(p[1], "s", 1);
		(void)kill(getpid(), SIGKILL);
	}
	(void)close(p[1]);
	assert_int_equal(read(p[0], &c, 1), 1);
	/* The grandchild holds the other end: end of file comes when it is gone. */
	assert_int_equal(poll(&(struct pollfd){p[0], POLLIN, 0}, 1, 20000), 1);
	assert_int_equal(read(p[0], &c, 1), 0);
	(void)close(p[0]);
	(void)waitpid(parent, NULL, 0);
}

static void
privileges_are_dropped_for_good(void **state)
{
	(void)state;
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err err = {0};
	if (geteuid() != 0) {
		print_message("only root can become another\n");
		skip();
	}
	const char *argv[] = {
		"grep", "-E", "^(Uid|Gid|Groups|CapEff|NoNewPrivs)", "/proc/self/status", NULL};
	struct spawn_spec spec = {.argv = argv, .uid = 65534};
	assert_int_equal(spawn_capture(&spec, STR(""), &out, NULL, &err), 0);
	assert_non_null(strstr(out.p, "Uid:\t65534\t65534\t65534\t65534\n"));
	assert_non_null(strstr(out.p, "Gid:\t65534\t65534\t65534\t65534\n"));
	assert_non_null(strstr(out.p, "Groups:\t \n"));
	assert_non_null(strstr(out.p, "CapEff:\t0000000000000000\n"));
	assert_non_null(strstr(out.p, "NoNewPrivs:\t1\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_outputs_are_gathered),
		cmocka_unit_test(arguments_pass_no_shell),
		cmocka_unit_test(more_than_the_pipes_hold_passes_both_ways),
		cmocka_unit_test(output_past_the_bound_is_dropped_and_marked),
		cmocka_unit_test(the_end_of_a_long_standard_error_is_kept),
		cmocka_unit_test(a_failure_shows_its_last_line_and_no_terminal_escape),
		cmocka_unit_test(a_death_by_signal_is_told),
		cmocka_unit_test(a_program_that_does_not_read_its_input_does_no_harm),
		cmocka_unit_test(a_program_past_its_time_is_killed),
		cmocka_unit_test(capture_leaves_no_descriptor_open),
		cmocka_unit_test(a_failed_exec_is_reported_with_the_program),
		cmocka_unit_test(a_directory_that_is_not_there_is_reported),
		cmocka_unit_test(environment_and_directory_are_as_told),
		cmocka_unit_test(only_named_descriptors_are_open_in_the_child),
		cmocka_unit_test(standard_descriptors_that_are_not_named_are_null),
		cmocka_unit_test(descriptors_may_change_places),
		cmocka_unit_test(more_descriptors_than_sixteen_are_passed),
		cmocka_unit_test(handlers_and_masks_do_not_reach_the_child),
		cmocka_unit_test(a_new_session_is_its_own_leader),
		cmocka_unit_test(a_pidfd_tells_the_end),
		cmocka_unit_test(a_child_dies_with_its_parent),
		cmocka_unit_test(privileges_are_dropped_for_good),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
