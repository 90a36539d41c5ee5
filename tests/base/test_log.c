#include "base/log.h"
#include "base/str.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

/* Run f in a child whose standard error is a pipe, or a terminal of 40 columns; what it wrote. */
static char *
said(void (*f)(void), bool terminal)
{
	struct buf out = {0};
	int read_end, write_end, p[2], status;
	if (terminal) {
		read_end = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_true(read_end >= 0 && grantpt(read_end) == 0 && unlockpt(read_end) == 0);
		write_end = open(ptsname(read_end), O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_int_equal(
			ioctl(write_end, TIOCSWINSZ, &(struct winsize){.ws_row = 5, .ws_col = 40}),
			0);
	} else {
		assert_int_equal(pipe2(p, O_CLOEXEC), 0);
		read_end = p[0];
		write_end = p[1];
	}
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(write_end, 2);
		f();
		_exit(0);
	}
	(void)close(write_end);
	char chunk[4096];
	ssize_t n;
	while ((n = read(read_end, chunk, sizeof(chunk))) > 0)
		buf_add(&out, chunk, (size_t)n);
	(void)close(read_end);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return buf_take(&out);
}

static void
clean_environment(void)
{
	(void)unsetenv("NO_COLOR");
	(void)unsetenv("DRYDOCK_LOG");
	(void)setenv("TERM", "xterm", 1);
}

static void
speak(enum log_level level)
{
	log_init(level);
	log_warn("w%d", 1);
	log_info("i%d", 2);
	log_debug("d%d", 3);
}

static void
speak_quiet(void)
{
	speak(LOG_QUIET);
}

static void
speak_normal(void)
{
	speak(LOG_NORMAL);
}

static void
speak_verbose(void)
{
	speak(LOG_VERBOSE);
}

#define WARNING "drydock: warning: w1\n"

static void
the_level_decides_what_is_said(void **state)
{
	(void)state;
	clean_environment();
	OWN_FREE char *quiet = said(speak_quiet, false), *normal = said(speak_normal, false);
	OWN_FREE char *verbose = said(speak_verbose, false);
	assert_string_equal(quiet, WARNING);
	assert_string_equal(normal, WARNING "drydock: i2\n");
	assert_string_equal(verbose, WARNING "drydock: i2\ndrydock: d3\n");
}

static void
the_environment_decides_where_the_command_line_did_not(void **state)
{
	(void)state;
	clean_environment();
	(void)setenv("DRYDOCK_LOG", "quiet", 1);
	OWN_FREE char *normal = said(speak_normal, false), *verbose = said(speak_verbose, false);
	assert_string_equal(normal, WARNING);
	assert_string_equal(verbose, WARNING "drydock: i2\ndrydock: d3\n");
	(void)setenv("DRYDOCK_LOG", "verbose", 1);
	OWN_FREE char *more = said(speak_normal, false), *quiet = said(speak_quiet, false);
	assert_string_equal(more, WARNING "drydock: i2\ndrydock: d3\n");
	assert_string_equal(quiet, WARNING);
}

static void
colour_is_for_terminals_that_want_it(void **state)
{
	(void)state;
	clean_environment();
	OWN_FREE char *plain = said(speak_quiet, false), *coloured = said(speak_quiet, true);
	assert_null(strchr(plain, '\x1b'));
	assert_string_equal(coloured, "drydock: \x1b[33mwarning: \x1b[mw1\r\n");
	(void)setenv("NO_COLOR", "1", 1);
	OWN_FREE char *refused = said(speak_quiet, true);
	assert_null(strchr(refused, '\x1b'));
	clean_environment();
	(void)setenv("TERM", "dumb", 1);
	OWN_FREE char *dumb = said(speak_quiet, true);
	assert_null(strchr(dumb, '\x1b'));
}

static void
speak_hostile(void)
{
	log_init(LOG_NORMAL);
	log_warn("file %s", "\x1b]52;c;x\x07\xff");
	int step = progress_begin("step %s", "\x1b[2J");
	progress_note("at %s", "\x1b[2J");
	progress_end(step, "\x1b[2J");
}

static void
escapes_from_names_are_shown_not_sent(void **state)
{
	(void)state;
	clean_environment();
	OWN_FREE char *log = said(speak_hostile, false), *terminal = said(speak_hostile, true);
	assert_non_null(strstr(log, "file \\x1b]52;c;x\\x07\\xff\n"));
	assert_null(strchr(log, '\x1b'));
	assert_null(strstr(terminal, "\x1b[2J"));
	assert_non_null(strstr(terminal, "\\x1b[2J"));
}

static void
two_steps(void)
{
	log_init(LOG_NORMAL);
	int outer = progress_begin("outer %d", 1);
	progress_note("not for a log");
	int inner = progress_begin("inner");
	log_info("meanwhile");
	progress_end(inner, "ok");
	progress_end(outer, "failed");
}

static void
a_log_has_a_line_when_a_step_begins_and_ends(void **state)
{
	(void)state;
	clean_environment();
	OWN_FREE char *log = said(two_steps, false);
	assert_string_equal(log, "outer 1 ...\n  inner ...\ndrydock: meanwhile\n"
				 "  inner: ok (0.0s)\nouter 1: failed (0.0s)\n");
}

static void
a_terminal_redraws_one_line(void **state)
{
	(void)state;
	clean_environment();
	OWN_FREE char *text = said(two_steps, true);
	assert_non_null(strstr(text, "\r\x1b[Kouter 1 ..."));
	assert_non_null(strstr(text, "\r\x1b[K  inner ..."));
	assert_non_null(strstr(text, "\r\x1b[Kdrydock: meanwhile\r\n"));
	/* The step's line was wiped by the message and is not wiped again. */
	assert_non_null(strstr(text, "meanwhile\r\n  inner: ok (0.0s)\r\nouter 1: failed"));
}

static void
long_step(void)
{
	log_init(LOG_NORMAL);
	int step =
		progress_begin("%s", "\xc3\xa4 123456789 123456789 123456789 123456789 123456789");
	nanosleep(&(struct timespec){.tv_nsec = 150000000}, NULL);
	progress_note("note\twith\nlines");
	progress_end(step, "ok");
}

static void
a_progress_line_never_wraps(void **state)
{
	(void)state;
	clean_environment();
	OWN_FREE char *text = said(long_step, true);
	/* 39 of 40 columns: the first is two bytes. */
	assert_true(str_starts(
		str_of(text), "\r\x1b[K\xc3\xa4 123456789 123456789 123456789 1234567\r\x1b[K"));
}

static void
ticking_step(void)
{
	log_init(LOG_NORMAL);
	int step = progress_begin("s");
	for (int i = 0; i < 200; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
		progress_tick();
	}
	progress_end(step, "ok");
}

static void
ticks_redraw_at_a_bounded_rate(void **state)
{
	(void)state;
	clean_environment();
	OWN_FREE char *text = said(ticking_step, true), *log = said(ticking_step, false);
	int drawn = 0;
	for (char *p = text; (p = strstr(p, "\r\x1b[Ks ...")); p++)
		drawn++;
	/* 0.4 s or, on a busy machine, more: one at the start and at most one each tenth. */
	assert_true(drawn >= 3);
	assert_true(drawn <= 100);
	assert_string_equal(strchr(log, '\n') + 1, strstr(log, "s: ok"));
}

static void
wrong_numbers(void)
{
	log_init(LOG_NORMAL);
	int steps[20];
	progress_end(0, "never began");
	for (int i = 0; i < 20; i++)
		steps[i] = progress_begin("%d", i);
	for (int i = 19; i >= 0; i--)
		progress_end(steps[i], "ok");
	progress_end(steps[3], "twice");
	int outer = progress_begin("outer");
	(void)progress_begin("forgotten");
	progress_end(outer, "ok");
	log_info("%d", progress_begin("again"));
}

static void
steps_too_deep_forgotten_or_ended_twice_do_no_harm(void **state)
{
	(void)state;
	clean_environment();
	OWN_FREE char *log = said(wrong_numbers, false);
	assert_null(strstr(log, "never began"));
	assert_null(strstr(log, "16 ..."));
	assert_non_null(strstr(log, "15 ..."));
	assert_null(strstr(log, "twice"));
	assert_true(str_ends(str_of(log), "outer: ok (0.0s)\nagain ...\ndrydock: 0\n"));
}

static void
clocks_are_in_nanoseconds(void **state)
{
	(void)state;
	int64_t mono = clock_mono_ns(), real = clock_real_ns();
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	assert_true(clock_mono_ns() - mono >= 2000000);
	assert_true(real / 1000000000 - time(NULL) < 5);
	assert_true(time(NULL) - real / 1000000000 < 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_level_decides_what_is_said),
		cmocka_unit_test(the_environment_decides_where_the_command_line_did_not),
		cmocka_unit_test(colour_is_for_terminals_that_want_it),
		cmocka_unit_test(escapes_from_names_are_shown_not_sent),
		cmocka_unit_test(a_log_has_a_line_when_a_step_begins_and_ends),
		cmocka_unit_test(a_terminal_redraws_one_line),
		cmocka_unit_test(a_progress_line_never_wraps),
		cmocka_unit_test(ticks_redraw_at_a_bounded_rate),
		cmocka_unit_test(steps_too_deep_forgotten_or_ended_twice_do_no_harm),
		cmocka_unit_test(clocks_are_in_nanoseconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
