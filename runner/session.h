/*
 * What every subcommand that works on the state begins with: the state directory, signal handling
 * (first SIGINT or SIGTERM: stop cleanly; second: at once), and the sweeping of leftovers.
 */
#ifndef RUNNER_SESSION_H
#define RUNNER_SESSION_H

#include "runner/cli.h"
#include "sandbox/sandbox.h"

/* Open the state the command line names; make it if it is not there. */
int session_open(const struct common_options *common, struct state *ret, struct dd_err *err)
	DD_MUST_USE;

/* For commands about what is there, before they open it: DD_EINVAL when there is no state. */
int session_require(const struct common_options *common, struct dd_err *err) DD_MUST_USE;

/* session_open for a command that runs something: handlers and sweeping, too. */
int session_start(const struct common_options *common, struct state *ret, struct dd_err *err)
	DD_MUST_USE;
/* In a process that was made to do a part of it: told to stop, it stops cleanly, and says nothing. */
void session_follow(void);
/*
 * What is written to standard output and to standard error when a second signal stops it at once; NULL: nothing.
 * Borrowed, until they are set anew.
 */
void session_set_last_words(const char *out, const char *err);

#endif
