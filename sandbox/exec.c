/*
 * Theory of operation.  exec_start hands the command to the box with the descriptors it may have:
 * ours, or the ends of pipes and of a terminal made inside the pod.  exec_wait is one poll loop
 * over all that can happen to it: output, the terminal, trace notifications, the box's messages,
 * and a tick for limits, time, silence, prompts and the wish to stop.  Whoever ends it first names
 * the cause.
 */
#include "sandbox/pod.h"

#include "base/fs.h"
#include "base/log.h"
#include "sandbox/bypass.h"
#include "sandbox/stdio.h"
#include "sandbox/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>

#define TAIL_BYTES 1024
#define ECHO_MS 200
#define PROMPT_QUIET_NS 300000000
#define DRAIN_NS 2000000000
#define PATIENCE_NS 2000000000
#define MAX_FILES 65536

static volatile sig_atomic_t stop_requested;

void
sandbox_request_stop(void)
{
	stop_requested = 1;
}

bool
sandbox_stop_requested(void)
{
	return stop_requested != 0;
}

const char *
exec_cause_name(enum exec_cause c)
{
	static const char *const names[] = {
		"none", "signal", "time", "silence", "memory", "pids", "disk", "prompt", "stopped"};
	return names[c];
}

static const char *const profile_names[] = {
	[PROFILE_BUILD] = BOX_PROFILE_BUILD,
	[PROFILE_TEST] = BOX_PROFILE_BUILD,
	[PROFILE_PROVISION] = BOX_PROFILE_PROVISION,
	[PROFILE_IMAGE] = BOX_PROFILE_IMAGE,
	[PROFILE_SERVICE] = BOX_PROFILE_SERVICE,
	[PROFILE_PARSER] = BOX_PROFILE_PARSER,
	[PROFILE_BROWSER] = BOX_PROFILE_BROWSER,
	[PROFILE_DEBUG] = BOX_PROFILE_DEBUG,
};

/* ---- starting ---- */

struct child_fds { /* what the command gets; closed here once it is sent */
	int fd[3];
	bool ours[3];	/* to be closed */
	bool null[3];	/* /dev/null */
	int supervisor; /* socket for the listener; -1 */
};

static void
close_child_fds(struct child_fds *c)
{
	for (int i = 0; i < 3; i++)
		if (c->ours[i] && c->fd[i] >= 0)
			(void)close(c->fd[i]);
	if (c->supervisor >= 0)
		(void)close(c->supervisor);
}

static int
open_null(struct child_fds *c, int i, struct dd_err *err)
{
	for (int k = 0; k < i; k++)
		if (c->null[k]) { /* one is enough */
			c->fd[i] = c->fd[k];
			return 0;
		}
	c->null[i] = true;
	c->fd[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
	c->ours[i] = true;
	return c->fd[i] < 0 ? err_errno(err, errno, "cannot open /dev/null") : 0;
}

static int
open_pipe(struct exec *e, struct child_fds *c, int i, struct dd_err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	/* So that it can be opened again as /dev/stdout. */
	uid_t owner = e->pod->state->id_base + POD_UID;
	if (e->pod->state->root && fchown(ends[1], owner, owner) < 0)
		log_warn("a pipe could not be given away: %s", strerror(errno));
	e->out[i - 1] = ends[0];
	c->fd[i] = ends[1];
	c->ours[i] = true;
	return 0;
}

static int
open_terminal(struct exec *e, struct child_fds *c, struct dd_err *err)
{
	int rc = pod_terminal(e->pod, &e->terminal, &c->fd[0], err);
	c->ours[0] = rc == 0;
	return rc;
}

/* A descriptor of the caller's, see stdio.h. */
static int
pass_fd(struct exec *e, struct child_fds *c, int i, int fd, struct dd_err *err)
{
	enum stdio_way way;
	int rc = stdio_judge(e->pod->state, fd, &way, err);
	if (rc < 0)
		return rc;
	c->fd[i] = fd;
	if (way == STDIO_PASS)
		return 0;
	if (i == 0) {
		c->ours[0] = true;
		c->fd[0] = -1;
		return stdio_copy(fd, e->pod->dir, &c->fd[0], err);
	}
	if (i == 2 && e->forward[0] >= 0 && stdio_is_same(fd, e->forward[0])) {
		c->fd[2] = c->fd[1];
		return 0;
	}
	e->forward[i - 1] = fd;
	return open_pipe(e, c, i, err);
}

static int
open_fds(struct exec *e, const struct exec_spec *spec, struct child_fds *c, struct dd_err *err)
{
	int rc = 0;
	for (int i = 0; rc == 0 && i < 3; i++) {
		if (spec->fds[i] >= 0)
			rc = pass_fd(e, c, i, spec->fds[i], err);
		else if (i == 0 && spec->on_prompt)
			rc = open_terminal(e, c, err);
		else if (i > 0 && spec->on_output)
			rc = open_pipe(e, c, i, err);
		else
			rc = open_null(c, i, err);
	}
	return rc;
}

/* What is recorded of an exec; our own parsers are not worth it. */
static unsigned
observed(const struct exec *e, const struct exec_spec *spec)
{
	bool fake_root = !e->pod->state->root &&
			 (spec->profile == PROFILE_PROVISION || spec->profile == PROFILE_IMAGE);
	unsigned observe = fake_root ? BOX_OBSERVE_OWNERS : 0;
	if (spec->trace)
		observe |= spec->trace_classes | BOX_OBSERVE_CONNECT | BOX_OBSERVE_DENIED;
	if (e->pod->egress_log >= 0)
		observe |= BOX_OBSERVE_CONNECT;
	return observe;
}

static int
start_supervisor(
	struct exec *e, const struct exec_spec *spec, struct child_fds *c, struct dd_err *err)
{
	int ends[2];
	e->observe = observed(e, spec);
	if (!e->observe)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_errno(err, errno, "cannot make a socket pair");
	c->supervisor = ends[1];
	e->watch = spec->trace || e->pod->egress_log < 0 ? NULL : trace_create();
	e->trace = spec->trace ? spec->trace : e->watch;
	const struct supervisor_spec how = {.trace = e->watch ? e->watch : spec->trace,
		.observe = e->observe,
		.method = spec->trace_method,
		.owners = e->observe & BOX_OBSERVE_OWNERS ? e->pod->owners : NULL,
		.one_root = spec->profile == PROFILE_BUILD || spec->profile == PROFILE_TEST,
		.socket = ends[0]};
	return supervisor_start(&how, &e->supervisor, err);
}

static const char *const default_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" POD_HOME,
	"LANG=C.UTF-8", NULL};

static int
check_passed(const struct exec_spec *spec, struct dd_err *err)
{
	if (spec->npass > EXEC_MAX_PASSED)
		return err_set(err, DD_ELIMIT, "more than %d descriptors to pass", EXEC_MAX_PASSED);
	for (size_t i = 0; i < spec->npass; i++)
		if (spec->pass[i].as < 3 || spec->pass[i].as >= EXEC_FD_END)
			return err_set(err, DD_EINVAL,
				"a descriptor is passed as one from 3 to %d, not %d",
				EXEC_FD_END - 1, spec->pass[i].as);
	return 0;
}

static void
describe(struct request *r, const struct exec *e, const struct exec_spec *spec,
	const struct child_fds *c)
{
	const char *const *env = spec->env ? spec->env : default_env;
	request_init(r, BOX_EXEC);
	request_add(r, "id", e->id);
	request_add(r, "profile", profile_names[spec->profile]);
	request_add(r, "cwd", spec->cwd ? spec->cwd : e->pod->default_dir);
	if (spec->user)
		request_add(r, "user", spec->user);
	request_add_number(r, "tty", e->terminal >= 0 || spec->terminal);
	request_add_number(r, "observe", e->observe);
	request_add_number(r, "ptrace",
		spec->trace_method == TRACE_PTRACE || spec->trace_method == TRACE_EXACT);
	request_add_number(r, "max_files", MAX_FILES);
	/* A file alone may grow beyond what all of them may: then the disk is the cause. */
	request_add_number(r, "max_file", e->pod->limits.want.disk_bytes / 8 * 9);
	if (!e->pod->limits.pids_group)
		request_add_number(r, "max_tasks", e->pod->limits.want.pids);
	for (const char *const *a = spec->argv; *a; a++)
		request_add(r, "arg", *a);
	for (; *env; env++)
		request_add(r, "env", *env);
	for (int i = 0; i < 3; i++)
		request_add_fd(r, c->fd[i]);
	if (c->supervisor >= 0)
		request_add_fd(r, c->supervisor);
	for (size_t i = 0; i < spec->npass; i++) {
		request_add_number(r, "fd", (uint64_t)spec->pass[i].as);
		request_add_fd(r, spec->pass[i].fd);
	}
	for (const char *const *d = spec->dirs; d && *d; d++)
		request_add(r, "dir", *d);
}

static void
free_exec(struct exec *e)
{
	if (e->pod)
		TAILQ_REMOVE(&e->pod->execs, e, link);
	int fds[] = {e->out[0], e->out[1], e->terminal};
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	if (e->supervisor)
		(void)supervisor_join(e->supervisor);
	trace_destroy(e->watch);
	buf_cleanup(&e->tail);
	dd_err_cleanup(&e->broken);
	free(e->id);
	free(e->failed);
	free(e);
}

int
exec_start(struct pod *p, const struct exec_spec *spec, struct exec **ret, struct dd_err *err)
{
	if (sandbox_stop_requested())
		return err_set(err, DD_ESTOPPED, "stopped");
	int rc = check_passed(spec, err);
	if (rc < 0)
		return rc;
	struct exec *e = mem_new(struct exec);
	struct child_fds c = {.fd = {-1, -1, -1}, .supervisor = -1};
	*e = (struct exec){.pod = p,
		.id = mem_printf("%u", p->next_exec++),
		.out = {-1, -1},
		.forward = {-1, -1},
		.terminal = -1,
		.on_output = spec->on_output,
		.on_prompt = spec->on_prompt,
		.ctx = spec->ctx,
		.time_limit_ns = spec->time_limit_ms * 1000000,
		.silence_limit_ns = spec->silence_limit_ms * 1000000,
		.start_ns = clock_mono_ns()};
	e->last_output_ns = e->start_ns;
	TAILQ_INSERT_TAIL(&p->execs, e, link);
	if (p->made)
		limits_begin(&p->limits);
	rc = open_fds(e, spec, &c, err);
	if (rc == 0)
		rc = start_supervisor(e, spec, &c, err);
	if (rc == 0) {
		OWN(request) struct request r;
		OWN(reply) struct reply answer = {0};
		describe(&r, e, spec, &c);
		rc = pod_call(p, &r, &answer, err);
	}
	close_child_fds(&c);
	if (rc < 0) {
		free_exec(e);
		return rc;
	}
	*ret = e;
	return 0;
}

void
exec_forget(struct exec *e)
{
	free_exec(e);
}

static int
send_signal(struct exec *e, int sig, bool top, struct dd_err *err)
{
	OWN(request) struct request r;
	request_init(&r, BOX_SIGNAL);
	request_add(&r, "id", e->id);
	request_add_number(&r, "sig", (uint64_t)sig);
	request_add_number(&r, "top", top);
	return e->pod ? channel_send(e->pod->control, &r, err)
		      : err_set(err, DD_EIO, "the pod is closed");
}

int
exec_signal(struct exec *e, int sig, struct dd_err *err)
{
	return send_signal(e, sig, false, err);
}

int
exec_signal_main(struct exec *e, int sig, struct dd_err *err)
{
	return send_signal(e, sig, true, err);
}

/*
 * End it for a reason; the first reason stays.  A pod that does not manage to (the target has everything
 * there is of a processor, say) ends as a whole: pid 1 dies with the outer half of the box.
 */
static void
end_for(struct exec *e, enum exec_cause cause)
{
	int64_t now = clock_mono_ns();
	if (e->cause == CAUSE_NONE) {
		e->cause = cause;
		e->ended_ns = now;
	}
	if (now - e->ended_ns > PATIENCE_NS)
		(void)kill(e->pod->box, SIGKILL);
	else
		(void)!exec_signal(e, SIGKILL, NULL);
}

/* ---- what happens to it ---- */

static void
keep_tail(struct exec *e, struct str data)
{
	if (!e->on_prompt)
		return;
	if (data.n > TAIL_BYTES)
		data = (struct str){data.p + data.n - TAIL_BYTES, TAIL_BYTES};
	if (e->tail.n + data.n > TAIL_BYTES)
		buf_drop_front(&e->tail, e->tail.n + data.n - TAIL_BYTES);
	buf_add_str(&e->tail, data);
}

static void
take_output(struct exec *e, int *fd, int stream)
{
	char chunk[65536];
	ssize_t n = read(*fd, chunk, sizeof(chunk));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* a terminal whose last user is gone gives EIO */
		(void)close(*fd);
		*fd = -1;
		return;
	}
	struct str data = {chunk, (size_t)n};
	int file = stream == 1 ? e->forward[0] : e->forward[1];
	e->last_output_ns = clock_mono_ns();
	keep_tail(e, data);
	if (file >= 0 && fs_write_all(file, data.p, data.n, NULL) < 0) {
		(void)close(*fd); /* as if the command had written there itself and failed */
		*fd = -1;
	} else if (file < 0 && e->on_output)
		e->on_output(e->ctx, stream, data);
}

static bool
is_blocked(struct exec *e)
{
	OWN(request) struct request r;
	OWN(reply) struct reply answer = {0};
	request_init(&r, BOX_BLOCKED);
	request_add(&r, "id", e->id);
	return pod_call(e->pod, &r, &answer, NULL) == 0 && reply_number(&answer, "yes");
}

/*
 * A terminal shows what is typed.  That comes by another way than the output of a program that goes on at once:
 * it is waited for, so that it stands before that output.
 */
static void
take_echo(struct exec *e)
{
	struct termios t;
	struct pollfd p = {e->terminal, POLLIN, 0};
	if (tcgetattr(e->terminal, &t) == 0 && (t.c_lflag & ECHO) && poll(&p, 1, ECHO_MS) > 0)
		take_output(e, &e->terminal, 1);
}

/* Quiet for a moment and blocked in a read of the terminal: it asks something. */
static void
check_prompt(struct exec *e, int64_t now)
{
	if (e->terminal < 0 || !e->on_prompt || now - e->last_output_ns < PROMPT_QUIET_NS ||
		now - e->prompt_checked_ns < PROMPT_QUIET_NS)
		return;
	e->prompt_checked_ns = now;
	if (!is_blocked(e))
		return;
	OWN_FREE char *answer = e->on_prompt(e->ctx, buf_str(&e->tail));
	if (!answer) {
		end_for(e, CAUSE_PROMPT);
		return;
	}
	(void)!write(e->terminal, answer, strlen(answer));
	take_echo(e);
	buf_reset(&e->tail);
	e->last_output_ns = clock_mono_ns();
}

/* Nobody can go on without room on the state's disk, or when the way out has broken down. */
static int
check_props(struct exec *e)
{
	const struct pod_prop *way_out = &e->pod->way_out;
	if (e->broken.msg)
		return -DD_EIO;
	int rc = state_check_room(e->pod->state, &e->broken);
	return rc == 0 && way_out->check ? way_out->check(way_out->ctx, &e->broken) : rc;
}

static void
check_limits(struct exec *e, int64_t now)
{
	if (stop_requested) {
		end_for(e, CAUSE_STOPPED);
		return;
	}
	if (e->time_limit_ns && now - e->start_ns > e->time_limit_ns)
		end_for(e, CAUSE_TIME);
	else if (e->silence_limit_ns && now - e->last_output_ns > e->silence_limit_ns)
		end_for(e, CAUSE_SILENCE);
	enum exec_cause cause = limits_check(&e->pod->limits);
	if (cause != CAUSE_NONE)
		end_for(e, cause);
	else if (e->cause == CAUSE_NONE && check_props(e) < 0)
		(void)!exec_signal(e, SIGKILL, NULL);
}

enum slot { SLOT_CONTROL, SLOT_OUT, SLOT_ERR, SLOT_TERMINAL, N_SLOTS };

static int
wait_once(struct exec *e, int timeout_ms, struct dd_err *err)
{
	struct pollfd p[N_SLOTS] = {
		[SLOT_CONTROL] = {e->pod->control, POLLIN, 0},
		[SLOT_OUT] = {e->out[0], POLLIN, 0},
		[SLOT_ERR] = {e->out[1], POLLIN, 0},
		[SLOT_TERMINAL] = {e->terminal, POLLIN, 0},
	};
	int n = poll(p, N_SLOTS, timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : err_errno(err, errno, "poll");
	if (p[SLOT_OUT].revents)
		take_output(e, &e->out[0], 1);
	if (p[SLOT_ERR].revents)
		take_output(e, &e->out[1], 2);
	if (p[SLOT_TERMINAL].revents)
		take_output(e, &e->terminal, 1);
	return p[SLOT_CONTROL].revents ? pod_take_message(e->pod, err) : 0;
}

/* What is still in the pipes; leftovers are dead, so that they end soon. */
static void
drain(struct exec *e)
{
	int64_t deadline = clock_mono_ns() + DRAIN_NS;
	while ((e->out[0] >= 0 || e->out[1] >= 0) && clock_mono_ns() < deadline) {
		struct pollfd p[2] = {{e->out[0], POLLIN, 0}, {e->out[1], POLLIN, 0}};
		if (poll(p, 2, 100) <= 0)
			continue;
		if (p[0].revents)
			take_output(e, &e->out[0], 1);
		if (p[1].revents)
			take_output(e, &e->out[1], 2);
	}
	while (e->terminal >= 0) {
		struct pollfd p = {e->terminal, POLLIN, 0};
		if (poll(&p, 1, 0) <= 0)
			break;
		take_output(e, &e->terminal, 1);
	}
}

static int
finish(struct exec *e, struct exec_result *ret, struct dd_err *err)
{
	drain(e);
	int code = WIFEXITED(e->status) ? WEXITSTATUS(e->status) : -1;
	/* 126 and 127 are the command's own business; anything else that failed is ours. */
	if (e->failed && code != 126 && code != 127)
		return err_set(err, DD_EIO, "sandbox: %s", e->failed);
	if (e->failed && e->on_output) {
		OWN_FREE char *line = mem_printf("%s\n", e->failed);
		e->on_output(e->ctx, 2, str_of(line));
	} else if (e->failed) {
		log_warn("%s", e->failed);
	}
	enum exec_cause cause = e->cause;
	/* A full disk makes anything fail: that is no result of the command. */
	if (cause == CAUSE_NONE && code != 0)
		(void)!check_props(e);
	if (cause == CAUSE_NONE && e->broken.msg)
		return err_move(err, &e->broken);
	if (cause == CAUSE_NONE && code != 0)
		cause = limits_check_end(&e->pod->limits, e->pod->dir);
	/* A limit that was touched and survived (a fork that failed once) did not end it. */
	if (code == 0 && cause != CAUSE_STOPPED)
		cause = CAUSE_NONE;
	if (cause == CAUSE_NONE && WIFSIGNALED(e->status))
		cause = CAUSE_SIGNAL;
	uint64_t peak = limits_peak(&e->pod->limits);
	enum trace_method method =
		e->supervisor ? supervisor_join(TAKE(e->supervisor)) : TRACE_BEST;
	int rc = e->trace ? bypass_note(e->pod->egress_log, e->trace, err) : 0;
	if (rc < 0)
		return rc;
	*ret = (struct exec_result){
		.exit_code = code,
		.signal = WIFSIGNALED(e->status) ? WTERMSIG(e->status) : 0,
		.cause = cause,
		.wall_ns = clock_mono_ns() - e->start_ns,
		.cpu_ns = (int64_t)e->cpu_us * 1000,
		.peak_bytes = peak ? peak : e->peak_kib * 1024,
		.trace_off = method == TRACE_NONE,
		.trace_method = method,
	};
	return 0;
}

int
exec_wait(struct exec *e, int timeout_ms, struct exec_result *ret, struct dd_err *err)
{
	int64_t deadline =
		timeout_ms < 0 ? INT64_MAX : clock_mono_ns() + (int64_t)timeout_ms * 1000000;
	int64_t checked = e->start_ns;
	int rc = e->pod ? 0 : err_set(err, DD_EIO, "the pod is closed");
	while (rc == 0 && !e->exited) {
		int64_t now = clock_mono_ns();
		int64_t left_ms = now < deadline ? (deadline - now + 999999) / 1000000 : 0;
		if (now - checked >= LIMITS_PERIOD_MS * 1000000LL || stop_requested) {
			check_limits(e, now);
			check_prompt(e, now);
			checked = now;
		}
		rc = wait_once(
			e, (int)(left_ms < LIMITS_PERIOD_MS ? left_ms : LIMITS_PERIOD_MS), err);
		if (rc == 0 && !e->exited && clock_mono_ns() >= deadline)
			return err_set(err, DD_EBUSY, "the command still runs");
	}
	if (rc < 0 && e->pod && e->cause == CAUSE_NONE)
		e->cause = limits_check(&e->pod->limits); /* pid 1 may have gone for its memory */
	if (rc < 0 && e->cause != CAUSE_NONE) {		  /* the pod went with it */
		if (err)
			dd_err_cleanup(err);
		e->status = SIGKILL;
		rc = 0;
	}
	if (rc == 0)
		rc = finish(e, ret, err);
	free_exec(e);
	return rc;
}

void
exec_keep(void *ctx, int stream, struct str data)
{
	(void)stream;
	buf_add_str(ctx, data);
}

int
pod_exec(struct pod *p, const struct exec_spec *spec, struct exec_result *ret, struct dd_err *err)
{
	struct exec *e;
	int rc = exec_start(p, spec, &e, err);
	return rc < 0 ? rc : exec_wait(e, -1, ret, err);
}
