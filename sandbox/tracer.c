#include "sandbox/tracer.h"

#include "base/own.h"
#include "sandbox/trace_call.h"

#include <errno.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* <sys/ptrace.h> and <linux/ptrace.h> define the same things differently. */
long ptrace(int request, ...);
#define OPTIONS \
	(PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
		PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)
#define SYSCALL_STOP (SIGTRAP | 0x80)

struct pending { /* a call that has begun and not returned; exact mode */
	LIST_ENTRY(pending) link;
	pid_t pid;
	struct traced call;
};

struct tracer {
	const struct tracer_spec *spec;
	LIST_HEAD(, pending) pending; /* as many as there are stopped threads */
};

bool
tracer_attach(pid_t pid)
{
	return ptrace(PTRACE_SEIZE, pid, NULL, (void *)OPTIONS) == 0;
}

static bool
read_call(pid_t pid, struct ptrace_syscall_info *info)
{
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(*info), info) > 0;
}

static struct pending *
find_pending(struct tracer *t, pid_t pid)
{
	struct pending *p;
	LIST_FOREACH (p, &t->pending, link) {
		if (p->pid == pid)
			return p;
	}
	return NULL;
}

static void
forget(struct pending *p)
{
	if (!p)
		return;
	LIST_REMOVE(p, link);
	free(p);
}

/* A traced call begins.  True: it is to stop again when it returns. */
static bool
on_call(struct tracer *t, pid_t pid)
{
	struct ptrace_syscall_info info = {0};
	struct target target = {.pid = pid, .listener = -1, .root = -1};
	struct traced x;
	uint64_t args[6];
	if (!t->spec->trace || !read_call(pid, &info) || info.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return false;
	for (size_t i = 0; i < 6; i++)
		args[i] = info.seccomp.args[i];
	int nr = (int)info.seccomp.nr;
	if (!trace_call_is_observed(nr, t->spec->observe) ||
		!trace_call_name(&target, nr, args, &x))
		return false;
	trace_call_look(&target, &x);
	if (!t->spec->exact) {
		target_identify(t->spec->cache, &target, x.class == 2);
		trace_call_add(t->spec->trace, &target, &x);
		return false;
	}
	forget(find_pending(t, pid)); /* of a thread that an exec ended */
	struct pending *p = mem_new(struct pending);
	p->pid = pid;
	p->call = x;
	LIST_INSERT_HEAD(&t->pending, p, link);
	/* Before an exec changes who it is. */
	target_identify(t->spec->cache, &target, false);
	return true;
}

static void
on_return(struct tracer *t, pid_t pid)
{
	struct ptrace_syscall_info info = {0};
	struct pending *p = find_pending(t, pid);
	struct target target = {.pid = pid, .listener = -1, .root = -1};
	if (p && read_call(pid, &info) && info.op == PTRACE_SYSCALL_INFO_EXIT) {
		trace_call_judge(info.exit.rval, &p->call);
		target_identify(t->spec->cache, &target, p->call.class == 2);
		trace_call_add(t->spec->trace, &target, &p->call);
	}
	forget(p);
}

/* What to let a stopped thread go on with: a request and a signal. */
static void
on_stop(struct tracer *t, pid_t pid, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;
	long request = find_pending(t, pid) ? PTRACE_SYSCALL : PTRACE_CONT;
	long deliver = 0;
	if (event == PTRACE_EVENT_SECCOMP)
		request = on_call(t, pid) ? PTRACE_SYSCALL : PTRACE_CONT;
	else if (event == PTRACE_EVENT_STOP &&
		 (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU))
		request = PTRACE_LISTEN; /* stopped by its own people */
	else if (event == 0 && sig == SYSCALL_STOP) {
		on_return(t, pid);
		request = PTRACE_CONT;
	} else if (event == 0)
		deliver = sig;
	(void)ptrace((int)request, pid, NULL, (void *)deliver);
}

void
tracer_run(const struct tracer_spec *spec)
{
	struct tracer t = {.spec = spec};
	int status;
	for (;;) {
		/* Of this thread only: the box belongs to another. */
		pid_t pid = waitpid(-1, &status, __WALL | __WNOTHREAD);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			break;
		if (WIFSTOPPED(status))
			on_stop(&t, pid, status);
		else
			forget(find_pending(&t, pid));
	}
	while (!LIST_EMPTY(&t.pending))
		forget(LIST_FIRST(&t.pending));
}
