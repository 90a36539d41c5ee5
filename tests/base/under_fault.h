/*
 * A function under a fault (base/fault.h), in a child of its own: the test itself goes on without.
 */
#ifndef TESTS_BASE_UNDER_FAULT_H
#define TESTS_BASE_UNDER_FAULT_H

#include "base/err.h"

#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

struct fault_outcome {
	bool injected;
	int signal; /* that ended the child; 0: it returned */
	int rc;
	char msg[2000]; /* "" on success */
};

static inline void
under_fault_child(int out, int (*fn)(void *ctx, struct dd_err *err), void *ctx)
{
	struct dd_err err = {0};
	struct fault_outcome o = {.rc = fn(ctx, &err)};
	if (o.rc < 0)
		(void)snprintf(o.msg, sizeof(o.msg), "%s", err_msg(&err));
	_exit(write(out, &o, sizeof(o)) == sizeof(o) ? 0 : 1);
}

/* wish: of DRYDOCK_FAULT.  An error is to be returned with a message. */
static inline struct fault_outcome
under_fault(const char *wish, int (*fn)(void *ctx, struct dd_err *err), void *ctx)
{
	char log[] = "/tmp/drydock-fault-XXXXXX";
	OWN_FD int log_fd = mkstemp(log);
	struct fault_outcome o = {0};
	int ends[2], status = 0;
	if (log_fd < 0 || pipe(ends) < 0)
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		(void)setenv("DRYDOCK_FAULT", wish, 1);
		(void)setenv("DRYDOCK_FAULT_LOG", log, 1);
		under_fault_child(ends[1], fn, ctx);
	}
	(void)close(ends[1]);
	bool told = read(ends[0], &o, sizeof(o)) == sizeof(o);
	(void)close(ends[0]);
	if (waitpid(pid, &status, 0) != pid)
		abort();
	if (!told)
		o.signal = WIFSIGNALED(status) ? WTERMSIG(status) : -1;
	o.injected = lseek(log_fd, 0, SEEK_END) > 0;
	(void)unlink(log);
	return o;
}

/*
 * Under "io:N:EFFECT" for N from 1 until no fault is injected any more; check looks at each that
 * was. How many there were.
 */
static inline int
under_each_fault(const char *effect, int (*fn)(void *ctx, struct dd_err *err), void *ctx,
	void (*check)(void *ctx, const struct fault_outcome *o, int n))
{
	for (int n = 1;; n++) {
		OWN_FREE char *wish = mem_printf("io:%d:%s", n, effect);
		struct fault_outcome o = under_fault(wish, fn, ctx);
		if (!o.injected)
			return n - 1;
		check(ctx, &o, n);
	}
}

#endif
