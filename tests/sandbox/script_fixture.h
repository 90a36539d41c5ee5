/* Scripts in a pod on the tools root, for test programs of the sandbox. */
#ifndef TESTS_SANDBOX_SCRIPT_FIXTURE_H
#define TESTS_SANDBOX_SCRIPT_FIXTURE_H

#include "tests/sandbox/state_fixture.h"

static const struct stack nothing;

/* What a script prints. */
static inline char *
say(struct pod *p, enum exec_profile profile, const char *script)
{
	OWN(dd_err) struct dd_err err = {0};
	struct buf out = {0};
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	const struct exec_spec spec = {.argv = argv,
		.profile = profile,
		.user = "nobody",
		.cwd = "/",
		.fds = {-1, -1, -1},
		.on_output = keep,
		.ctx = &out,
		.time_limit_ms = 20000};
	struct exec_result r;
	must(pod_exec(p, &spec, &r, &err), &err);
	buf_putc(&out, '\0');
	return out.p;
}

#define SAYS(p, profile, script, text) \
	do { \
		OWN_FREE char *said = say(p, profile, script); \
		assert_string_equal(said, text); \
	} while (0)

#endif
