#include "base/log.h"
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define ERROR_TAIL 65536
#define MAX_WAIT_NS ((int64_t)60 * 1000000000)

struct pump {
	int in;	 /* write end of its standard input; -1 when done */
	int out; /* read ends; -1 at their end */
	int errs;
	struct str input;
	struct buf *output;
	struct buf *errors;
	int pidfd;	     /* readable once the program ended */
	int64_t deadline_ns; /* 0: none */
};

static void
close_end(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void
pump_input(struct pump *p)
{
	ssize_t n = write(p->in, p->input.p, p->input.n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		p->input.p += n;
		p->input.n -= (size_t)n;
	}
	if (n <= 0 || !p->input.n)
		close_end(&p->in);
}

static void
pump_output(int *fd, struct buf *to, bool tail)
{
	char chunk[65536];
	ssize_t n = read(*fd, chunk, sizeof(chunk));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_end(fd);
		return;
	}
	if (!to)
		return;
	if (tail && to->n + (size_t)n > ERROR_TAIL)
		buf_drop_front(to, to->n + (size_t)n - ERROR_TAIL);
	buf_add(to, chunk, (size_t)n);
}

/* How long poll may wait: -1 for ever, 0 when the time is up. */
static int
wait_ms(const struct pump *p)
{
	if (!p->deadline_ns)
		return -1;
	int64_t left_ns = p->deadline_ns - clock_mono_ns();
	if (left_ns <= 0)
		return 0;
	return left_ns > MAX_WAIT_NS ? (int)(MAX_WAIT_NS / 1000000) : (int)(left_ns / 1000000) + 1;
}

/* Until both outputs are at their end and the program ended; false when the time is up. */
static bool
pump_all(struct pump *p)
{
	for (int ms; (ms = wait_ms(p)) != 0;) {
		bool drained = p->out < 0 && p->errs < 0;
		struct pollfd fds[] = {{p->in, POLLOUT, 0}, {p->out, POLLIN, 0},
			{p->errs, POLLIN, 0}, {drained ? p->pidfd : -1, POLLIN, 0}};
		if (poll(fds, 4, ms) <= 0)
			continue;
		if (fds[0].revents)
			pump_input(p);
		if (fds[1].revents)
			pump_output(&p->out, p->output, false);
		if (fds[2].revents)
			pump_output(&p->errs, p->errors, true);
		if (fds[3].revents)
			return true;
	}
	return false;
}

static struct str
last_line(const struct buf *b)
{
	struct str s = str_trim(buf_str(b));
	const char *nl = s.n ? memrchr(s.p, '\n', s.n) : NULL;
	return nl ? (struct str){nl + 1, s.n - (size_t)(nl + 1 - s.p)} : s;
}

static int
check_status(const char *program, int status, const struct buf *errors, struct dd_err *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	OWN(buf) struct buf why = {.max = 500};
	struct str line = last_line(errors);
	if (line.n)
		buf_puts(&why, ": ");
	buf_put_visible(&why, line);
	if (WIFSIGNALED(status))
		return err_set(err, DD_EIO, "%s died of signal %d" STR_FMT, program,
			WTERMSIG(status), STR_ARG(buf_str(&why)));
	return err_set(err, DD_EIO, "%s exited with status %d" STR_FMT, program,
		WEXITSTATUS(status), STR_ARG(buf_str(&why)));
}

/* A program that does not read its input must not end us; the thread's own SIGPIPE is swallowed. */
static void
block_sigpipe(sigset_t *ret_before)
{
	sigset_t pipe_only;
	(void)sigemptyset(&pipe_only);
	(void)sigaddset(&pipe_only, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_only, ret_before);
}

static void
restore_sigpipe(const sigset_t *before)
{
	sigset_t pipe_only;
	(void)sigemptyset(&pipe_only);
	(void)sigaddset(&pipe_only, SIGPIPE);
	if (!sigismember(before, SIGPIPE))
		while (sigtimedwait(&pipe_only, NULL, &(struct timespec){0}) == SIGPIPE)
			;
	(void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* The caller's descriptors above 2 behind the three pipes of ours. */
static struct spawn_fd *
capture_fds(const struct spawn_spec *spec, const int ends[3], size_t *ret_n)
{
	struct spawn_fd *fds = mem_zalloc(spec->nfds + 3, sizeof(*fds));
	size_t n = 0;
	for (; n < 3; n++)
		fds[n] = (struct spawn_fd){ends[n], (int)n};
	for (size_t i = 0; i < spec->nfds; i++)
		if (spec->fds[i].child > 2)
			fds[n++] = spec->fds[i];
	*ret_n = n;
	return fds;
}

/* Start with pipes of ours at 0, 1 and 2; the parent's ends go to p. */
static int
capture_start(const struct spawn_spec *spec, struct pump *p, pid_t *ret_pid, struct dd_err *err)
{
	int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
	int rc = 0;
	for (int i = 0; rc == 0 && i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			rc = err_errno(err, errno, "cannot make a pipe");
	const int ends[3] = {pipes[0][0], pipes[1][1], pipes[2][1]};
	p->in = pipes[0][1];
	p->out = pipes[1][0];
	p->errs = pipes[2][0];
	if (rc == 0 && fcntl(p->in, F_SETFL, O_NONBLOCK) < 0)
		rc = err_errno(err, errno, "cannot make a pipe");
	struct spawn_spec s = *spec;
	OWN_FREE struct spawn_fd *fds = capture_fds(spec, ends, &s.nfds);
	s.fds = fds;
	if (rc == 0)
		rc = spawn_start(&s, ret_pid, &p->pidfd, err);
	for (int i = 0; i < 3; i++)
		if (ends[i] >= 0)
			(void)close(ends[i]);
	return rc;
}

int
spawn_capture(const struct spawn_spec *spec, struct str input, struct buf *out, struct buf *errout,
	struct dd_err *err)
{
	OWN(buf) struct buf own_errors = {0};
	struct pump p = {-1, -1, -1, input, out, errout ? errout : &own_errors, -1, 0};
	sigset_t before;
	pid_t pid;
	int status;
	if (spec->timeout_ms)
		p.deadline_ns = clock_mono_ns() + (int64_t)spec->timeout_ms * 1000000;
	block_sigpipe(&before);
	int rc = capture_start(spec, &p, &pid, err);
	if (rc == 0) {
		if (!input.n)
			close_end(&p.in);
		bool in_time = pump_all(&p);
		if (!in_time)
			(void)kill(spec->new_session ? -pid : pid, SIGKILL);
		rc = spawn_wait(pid, &status, err);
		if (rc == 0 && !in_time)
			rc = err_set(err, DD_ELIMIT, "%s took longer than %u ms", spec->argv[0],
				spec->timeout_ms);
		if (rc == 0)
			rc = check_status(spec->argv[0], status, p.errors, err);
	}
	close_end(&p.in);
	close_end(&p.out);
	close_end(&p.errs);
	close_end(&p.pidfd);
	restore_sigpipe(&before);
	return rc;
}
