/*
 * Child processes of our own trusted programs (drydock-box, drydock-core workers, git, apt):
 * an argv array, never a shell, an explicit environment, and only the descriptors that are named.
 * Code of the target is never started here: it runs in a pod (sandbox/sandbox.h).
 *
 * Between fork and exec only async-signal-safe calls are made.  The child is told to die with its
 * parent (PR_SET_PDEATHSIG: with the thread that started it).  It starts with every signal at its
 * default, but those that are ignored here other than SIGPIPE, and none blocked.
 */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include "base/err.h"
#include "base/str.h"
#include <sys/types.h>

struct spawn_fd {
	int fd;	   /* descriptor here */
	int child; /* its number in the child */
};

struct spawn_spec {
	const char *const *argv;    /* argv[0] without a slash is looked up in our PATH */
	const char *program;	    /* what is executed instead of argv[0]; NULL */
	const char *const *env;	    /* NULL: inherit */
	const char *cwd;	    /* NULL: inherit */
	const struct spawn_fd *fds; /* what is not listed among 0, 1, 2 becomes /dev/null */
	size_t nfds;
	uid_t uid; /* 0: keep; else drop to this uid and gid with no groups */
	bool new_session;
	unsigned timeout_ms; /* spawn_capture only: 0 none, else kill it (DD_ELIMIT) after that */
};

/*
 * Start; ret_pidfd may be NULL.  A failure in the child before or at the exec is reported here,
 * with the program's name.  The caller waits for the child and closes the pidfd.
 */
int spawn_start(const struct spawn_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct dd_err *err)
	DD_MUST_USE;

/* Wait for the end; ret_status as from waitpid. */
int spawn_wait(pid_t pid, int *ret_status, struct dd_err *err) DD_MUST_USE;

/*
 * Run to completion, feed `input` to standard input and gather standard output (appended to out;
 * what goes past out->max is read and dropped, and out->truncated set) and the last 64 KiB of
 * standard error (errout, may be NULL).  Both count until the last process that holds them closed
 * them.  DD_EIO when the program did not exit with 0; the message ends with its last line of
 * standard error, made visible.  DD_ELIMIT past timeout_ms.  Entries of spec->fds for 0, 1 and 2
 * are not used.
 */
int spawn_capture(const struct spawn_spec *spec, struct str input, struct buf *out,
	struct buf *errout, struct dd_err *err) DD_MUST_USE;

#endif
