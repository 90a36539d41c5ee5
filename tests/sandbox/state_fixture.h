/* A state directory of its own for a test program of the sandbox: group fixtures, and what all of them need. */
#ifndef TESTS_SANDBOX_STATE_FIXTURE_H
#define TESTS_SANDBOX_STATE_FIXTURE_H

#include "base/fs.h"
#include "sandbox/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char dir[] = "/var/tmp/drydock-test-XXXXXX";
static struct state st;

static inline void
must(int rc, const struct dd_err *err)
{
	if (rc < 0)
		fail_msg("%s", err_msg(err));
}

/* An on_output that keeps everything; ctx is a struct buf. */
static inline void
keep(void *ctx, int stream, struct str data)
{
	(void)stream;
	buf_add_str(ctx, data);
}

static inline int
state_set_up(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	if (!mkdtemp(dir) || state_open(dir, &st, &err) < 0) {
		fprintf(stderr, "%s\n", err_msg(&err));
		return -1;
	}
	return 0;
}

static inline int
state_tear_down(void **state)
{
	(void)state;
	state_cleanup(&st);
	return fs_remove_tree(dir, NULL);
}

#endif
