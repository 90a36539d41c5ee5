/*
 * Theory of operation.  A notified call stops in the kernel until the supervisor answers.  What it
 * asked for is read from the target's memory and looked up below the target's own root (openat2,
 * RESOLVE_IN_ROOT, O_PATH: nothing of the host is followed and nothing is opened for reading); then
 * the kernel is told to go on with the call, or that it failed.  The thread lives as long as its
 * filter has users.  It holds one notification at a time; what is not answered yet waits in the
 * kernel, with its caller, so that nothing here grows with their number.
 */
#include "sandbox/supervisor.h"

#include "base/fs.h"
#include "sandbox/box/calls.h"
#include "sandbox/channel.h"
#include "sandbox/target.h"
#include "sandbox/trace_call.h"
#include "sandbox/trace_record.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* newer (6.6) than the headers of Debian 12 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

struct supervisor {
	struct supervisor_spec spec;
	struct target_cache *cache;
	pthread_t thread;
	bool listened;
};

/* ---- denied calls ---- */

static bool
is_in(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* Known to be denied, or one nobody has looked at? */
static int
denial_errno(const char *call)
{
	return is_in(calls_denied, call) || is_in(calls_debugging, call) ||
			       is_in(calls_mounting, call) || is_in(calls_checked, call) ||
			       strcmp(call, "chroot") == 0 || strcmp(call, "setsockopt") == 0
		       ? EPERM
		       : ENOSYS;
}

/* The profile that would let the call through; NULL: none does. */
static const char *
opened_by(const char *call)
{
	if (is_in(calls_debugging, call))
		return "debug";
	if (is_in(calls_mounting, call))
		return "image";
	if (strcmp(call, "chroot") == 0)
		return "provision";
	return strcmp(call, "unshare") == 0 || strcmp(call, "clone") == 0 ? "browser" : NULL;
}

static int
answer_denied(struct supervisor *s, const struct target *t, int nr)
{
	char *known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
	OWN_FREE char *call = known ? known : mem_printf("call %d", nr);
	if (s->spec.trace)
		trace_add_denial(s->spec.trace, call, t->program, opened_by(call));
	return denial_errno(call);
}

/* ---- answering ---- */

static bool
is_owner_call(int nr)
{
	return nr == SYS_fchownat || nr == SYS_fchown
#ifdef SYS_chown
	       || nr == SYS_chown || nr == SYS_lchown
#endif
		;
}

/* Of the calls that fake root lets succeed, those that change an owner are remembered. */
static bool
is_faked(const struct supervisor *s, const char *call)
{
	return (s->spec.observe & BOX_OBSERVE_OWNERS) &&
	       (is_in(calls_faked, call) || strcmp(call, "mknod") == 0 ||
		       strcmp(call, "mknodat") == 0);
}

static void
answer(struct supervisor *s, const struct seccomp_notif *req, struct seccomp_notif_resp *ret)
{
	struct target t = {.pid = (pid_t)req->pid, .listener = s->spec.socket, .id = req->id};
	uint64_t args[6];
	int nr = req->data.nr;
	memcpy(args, req->data.args, sizeof(args));
	*ret = (struct seccomp_notif_resp){.id = req->id};
	if (s->spec.owners && is_owner_call(nr)) {
		owners_record(s->spec.owners, &t, nr, args);
		return;
	}
	if (trace_call_is_observed(nr, s->spec.observe)) {
		if (s->spec.trace) {
			target_identify(s->cache, &t, nr == SYS_execve || nr == SYS_execveat);
			trace_call_record(s->spec.trace, &t, nr, args);
		}
		ret->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		return;
	}
	OWN_FREE char *call = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
	if (call && is_faked(s, call))
		return;
	target_identify(s->cache, &t, false);
	ret->error = -answer_denied(s, &t, nr);
}

/* False when nobody is left under the filter. */
static bool
serve_one(struct supervisor *s)
{
	struct pollfd p = {s->spec.socket, POLLIN, 0};
	struct seccomp_notif req = {0};
	struct seccomp_notif_resp resp;
	if (poll(&p, 1, -1) < 0)
		return errno == EINTR;
	if (!(p.revents & POLLIN))
		return false;
	if (ioctl(s->spec.socket, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0)
		return errno == EINTR || errno == ENOENT; /* it died while we came */
	answer(s, &req, &resp);
	return ioctl(s->spec.socket, SECCOMP_IOCTL_NOTIF_SEND, &resp) == 0 || errno == ENOENT ||
	       errno == EINTR;
}

/* The socket gives way to the listener that comes over it. */
static bool
take_listener(struct supervisor *s)
{
	OWN(reply) struct reply r = {0};
	int rc = channel_receive(s->spec.socket, &r, NULL);
	(void)close(TAKE_FD(s->spec.socket));
	s->spec.socket = rc == 0 ? reply_take_fd(&r, 0) : -1;
	if (s->spec.socket < 0)
		return false;
	/* Synchronous wake-up: the target and its supervisor take turns on one processor. */
	(void)ioctl(
		s->spec.socket, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	return true;
}

static void *
supervise(void *arg)
{
	struct supervisor *s = arg;
	s->listened = take_listener(s);
	while (s->listened && serve_one(s))
		;
	if (s->spec.socket >= 0)
		(void)close(TAKE_FD(s->spec.socket));
	return NULL;
}

/* ---- starting and ending ---- */

int
supervisor_start(const struct supervisor_spec *spec, struct supervisor **ret, struct dd_err *err)
{
	struct supervisor *s = mem_new(struct supervisor);
	sigset_t all, before;
	*s = (struct supervisor){.spec = *spec, .cache = target_cache_create()};
	/* Signals are for the thread that runs the command. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int errnum = pthread_create(&s->thread, NULL, supervise, s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (errnum) {
		(void)close(s->spec.socket);
		target_cache_destroy(s->cache);
		free(s);
		return err_errno(err, errnum, "cannot start a supervisor");
	}
	*ret = s;
	return 0;
}

bool
supervisor_join(struct supervisor *s)
{
	(void)pthread_join(s->thread, NULL);
	bool listened = s->listened;
	target_cache_destroy(s->cache);
	free(s);
	return listened;
}
