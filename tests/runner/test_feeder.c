/* A directory that nobody reads to its end. */
#include "runner/feeder.h"

#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
a_reader_that_ends_early_ends_the_feeder_alone(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	static char text[1 << 20]; /* more than a pipe holds */
	memset(text, 'x', sizeof(text) - 1);
	tmpdir_write(fd, "long", text);
	struct feeder f = {.dir_fd = -1};
	int input = -1;
	(void)signal(SIGPIPE, SIG_DFL);
	assert_int_equal(feeder_start(&f, dir, &input, NULL), 0);
	assert_int_equal(close(input), 0);
	assert_false(feeder_end(&f));
	assert_true(f.rc < 0);
	dd_err_cleanup(&f.err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_that_ends_early_ends_the_feeder_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
