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
#include "sandbox/tracer.h"

#include "call_names.inc" /* made by sandbox/box/gen */

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* newer (6.6) than the headers of Debian 12 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#define STACK_BYTES ((size_t)1 << 20) /* where libc gives a thread too little */

struct supervisor {
	struct supervisor_spec spec;
	struct target_cache *cache;
	int root;  /* with one_root, once it is known; -1 */
	bool seen; /* the notification that is answered next is to be recorded: */
	struct target seen_by;
	struct traced what;
	pthread_t thread;
	enum trace_method used;
};

/* ---- denied calls ---- */

/* Heap; a call that was not known when drydock was built goes by its number. */
static char *
name_call(int nr)
{
	const size_t n = sizeof(call_names) / sizeof(*call_names);
	if (nr >= 0 && (size_t)nr < n && call_names[nr])
		return mem_strdup(call_names[nr]);
	return mem_printf("call %d", nr);
}

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
answer_denied(struct supervisor *s, const struct target *t, const char *call)
{
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

/* Looked at now, before the call goes on; recorded when the kernel has said that it was still the one. */
static void
observe(struct supervisor *s, struct target *t, int nr, const uint64_t *args)
{
	target_identify(s->cache, t, nr == SYS_execve || nr == SYS_execveat);
	if (!trace_call_name(t, nr, args, &s->what))
		return;
	if (s->spec.one_root && s->root < 0)
		s->root = target_open_root(t);
	t->root = s->root;
	trace_call_look(t, &s->what);
	s->seen_by = *t;
	s->seen = true;
}

static void
answer(struct supervisor *s, const struct seccomp_notif *req, struct seccomp_notif_resp *ret)
{
	struct target t = {
		.pid = (pid_t)req->pid, .listener = s->spec.socket, .id = req->id, .root = -1};
	uint64_t args[6];
	int nr = req->data.nr;
	memcpy(args, req->data.args, sizeof(args));
	*ret = (struct seccomp_notif_resp){.id = req->id};
	if (s->spec.owners && is_owner_call(nr)) {
		owners_record(s->spec.owners, &t, nr, args);
		return;
	}
	if (trace_call_is_observed(nr, s->spec.observe)) {
		if (s->spec.trace)
			observe(s, &t, nr, args);
		ret->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		return;
	}
	OWN_FREE char *call = name_call(nr);
	if (is_faked(s, call))
		return;
	target_identify(s->cache, &t, false);
	ret->error = -answer_denied(s, &t, call);
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
	s->seen = false;
	answer(s, &req, &resp);
	if (ioctl(s->spec.socket, SECCOMP_IOCTL_NOTIF_SEND, &resp) < 0)
		return errno == ENOENT || errno == EINTR;
	if (s->seen)
		trace_call_add(s->spec.trace, &s->seen_by, &s->what);
	return true;
}

/* The pid, seen from here, of the process behind a pidfd; 0: it is gone. */
static pid_t
pid_of(int pidfd)
{
	OWN_FREE char *path = mem_printf("/proc/self/fdinfo/%d", pidfd);
	OWN(buf) struct buf text = {0};
	struct str rest, line, word;
	uint64_t pid = 0;
	if (fs_read(path, 4096, &text, NULL) < 0)
		return 0;
	rest = buf_str(&text);
	while (str_next_line(&rest, &line))
		if (str_next_word(&line, &word) && str_eq(word, "Pid:") &&
			str_next_word(&line, &word) && str_parse_u64(word, INT32_MAX, &pid))
			return (pid_t)pid;
	return 0;
}

static void
serve_by_ptrace(struct supervisor *s, int pidfd)
{
	const struct tracer_spec spec = {.pid = pid_of(pidfd),
		.observe = s->spec.observe,
		.exact = s->spec.method == TRACE_EXACT,
		.cache = s->cache,
		.trace = s->spec.trace};
	OWN(request) struct request go;
	request_init(&go, BOX_TRACE);
	if (spec.pid <= 0 || !tracer_attach(spec.pid))
		return;
	s->used = spec.exact ? TRACE_EXACT : TRACE_PTRACE;
	if (channel_send(s->spec.socket, &go, NULL) == 0)
		tracer_run(&spec);
}

/* The socket gives way to the listener that came over it. */
static void
serve_listener(struct supervisor *s, int listener)
{
	(void)close(s->spec.socket);
	s->spec.socket = listener;
	s->used = s->spec.method != TRACE_NOTIFY && ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS,
							    SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) == 0
			  ? TRACE_NOTIFY_SYNC
			  : TRACE_NOTIFY;
	while (serve_one(s))
		;
}

static void *
supervise(void *arg)
{
	struct supervisor *s = arg;
	OWN(reply) struct reply r = {0};
	int fd = channel_receive(s->spec.socket, &r, NULL) == 0 ? reply_take_fd(&r, 0) : -1;
	if (fd >= 0 && r.type == BOX_TRACE) {
		serve_by_ptrace(s, fd);
		(void)close(fd);
	} else if (fd >= 0) {
		serve_listener(s, fd);
	}
	(void)close(s->spec.socket);
	return NULL;
}

/* ---- starting and ending ---- */

int
supervisor_start(const struct supervisor_spec *spec, struct supervisor **ret, struct dd_err *err)
{
	struct supervisor *s = mem_new(struct supervisor);
	sigset_t all, before;
	pthread_attr_t attributes;
	*s = (struct supervisor){
		.spec = *spec, .cache = target_cache_create(), .root = -1, .used = TRACE_NONE};
	/* Signals are for the thread that runs the command. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
	int errnum = pthread_create(&s->thread, &attributes, supervise, s);
	(void)pthread_attr_destroy(&attributes);
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

enum trace_method
supervisor_join(struct supervisor *s)
{
	(void)pthread_join(s->thread, NULL);
	if (s->root >= 0)
		(void)close(s->root);
	enum trace_method used = s->used;
	target_cache_destroy(s->cache);
	free(s);
	return used;
}

const char *
trace_method_name(enum trace_method m)
{
	static const char *const names[] = {[TRACE_BEST] = "the best there is",
		[TRACE_NOTIFY_SYNC] = "seccomp user notification with synchronous wake-up",
		[TRACE_NOTIFY] = "seccomp user notification",
		[TRACE_PTRACE] = "ptrace",
		[TRACE_EXACT] = "ptrace, exact",
		[TRACE_NONE] = "nothing"};
	return names[m];
}
