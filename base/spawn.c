/*
 * Theory of operation.  The parent prepares everything that needs memory (argv, environment, the
 * descriptor plan), then forks.  The child makes only system calls: it dies with the parent, moves
 * the named descriptors to their numbers through copies above them (so that no move overwrites a
 * source still needed), closes all others, drops privileges, and execs.  A close-on-exec pipe tells
 * the parent why an exec failed; its end of file means success.
 */
#include "base/spawn.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ERROR_TAIL 65536

extern char **environ;

struct plan {
	const struct spawn_spec *spec;
	char *program;
	struct spawn_fd *fds; /* sources above every target once the child has copied them */
	size_t nfds;
	int max_child; /* largest target number */
	int report_fd;
	pid_t parent;
};

static void __attribute__((noreturn)) child_fail(int report_fd)
{
	int errnum = errno;
	(void)!write(report_fd, &errnum, sizeof(errnum));
	_exit(127);
}

static void
child_place_fds(struct plan *p)
{
	int floor = p->max_child + 1;
	int report = fcntl(p->report_fd, F_DUPFD_CLOEXEC, floor + (int)p->nfds);
	if (report < 0)
		child_fail(p->report_fd);
	p->report_fd = report;
	for (size_t i = 0; i < p->nfds; i++) {
		int fd = fcntl(p->fds[i].fd, F_DUPFD_CLOEXEC, floor);
		if (fd < 0)
			child_fail(report);
		p->fds[i].fd = fd;
	}
	for (size_t i = 0; i < p->nfds; i++)
		if (dup2(p->fds[i].fd, p->fds[i].child) < 0)
			child_fail(report);
	/* What is open and not a target goes, but the report, which closes itself on exec. */
	for (int fd = 0; fd <= p->max_child; fd++) {
		bool wanted = false;
		for (size_t i = 0; i < p->nfds; i++)
			wanted = wanted || p->fds[i].child == fd;
		if (!wanted)
			(void)close(fd);
	}
	if (report > floor)
		(void)syscall(SYS_close_range, floor, report - 1, 0);
	(void)syscall(SYS_close_range, report + 1, ~0U, 0);
}

static void __attribute__((noreturn)) child_main(struct plan *p)
{
	const struct spawn_spec *s = p->spec;
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	child_place_fds(p);
	if (s->new_session)
		(void)setsid();
	if (s->cwd && chdir(s->cwd) < 0)
		child_fail(p->report_fd);
	if (s->uid && (setgroups(0, NULL) < 0 || setresgid(s->uid, s->uid, s->uid) < 0 ||
			      setresuid(s->uid, s->uid, s->uid) < 0 ||
			      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0))
		child_fail(p->report_fd);
	/* After the change of uid, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != p->parent)
		child_fail(p->report_fd);
	(void)execve(p->program, (char *const *)s->argv, s->env ? (char *const *)s->env : environ);
	child_fail(p->report_fd);
}

/* argv[0] as it is when it holds a slash, else looked up in our own PATH. */
static char *
find_program(const char *name)
{
	if (strchr(name, '/'))
		return mem_strdup(name);
	const char *path = getenv("PATH");
	struct str rest = str_of(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin"), dir;
	while (str_next(&rest, ':', &dir)) {
		OWN_FREE char *d = str_dup(dir);
		OWN_FREE char *full = fs_join(d, name);
		if (dir.n && access(full, X_OK) == 0)
			return TAKE(full);
	}
	return mem_strdup(name);
}

static void
make_plan(const struct spawn_spec *spec, int null_fd, struct plan *p)
{
	p->spec = spec;
	p->program = find_program(spec->argv[0]);
	p->parent = getpid();
	p->fds = mem_zalloc(spec->nfds + 3, sizeof(*p->fds));
	for (size_t i = 0; i < spec->nfds; i++)
		p->fds[p->nfds++] = spec->fds[i];
	for (int fd = 0; fd < 3; fd++) {
		bool named = false;
		for (size_t i = 0; i < spec->nfds; i++)
			named = named || spec->fds[i].child == fd;
		if (!named)
			p->fds[p->nfds++] = (struct spawn_fd){null_fd, fd};
	}
	for (size_t i = 0; i < p->nfds; i++)
		if (p->fds[i].child > p->max_child)
			p->max_child = p->fds[i].child;
}

/* Wait for the end of file (success) or the errno of the child. */
static int
read_report(int fd)
{
	int errnum = 0;
	ssize_t n;
	while ((n = read(fd, &errnum, sizeof(errnum))) < 0 && errno == EINTR)
		;
	return n == (ssize_t)sizeof(errnum) ? errnum : 0;
}

int
spawn_start(const struct spawn_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct dd_err *err)
{
	int report[2];
	OWN_FD int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return err_errno(err, errno, "cannot open /dev/null");
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	struct plan p = {.report_fd = report[1]};
	make_plan(spec, null_fd, &p);
	pid_t pid = fork();
	if (pid == 0)
		child_main(&p);
	int errnum = errno;
	(void)close(report[1]);
	if (pid > 0)
		errnum = read_report(report[0]);
	(void)close(report[0]);
	free(p.fds);
	OWN_FREE char *program = p.program;
	if (pid < 0)
		return err_errno(err, errnum, "cannot start %s", program);
	if (errnum) {
		(void)waitpid(pid, NULL, 0);
		return err_errno(err, errnum, "cannot start %s", program);
	}
	if (ret_pidfd) {
		int fd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (fd < 0) {
			errnum = errno;
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
			return err_errno(err, errnum, "cannot watch %s", program);
		}
		*ret_pidfd = fd;
	}
	*ret_pid = pid;
	return 0;
}

int
spawn_wait(pid_t pid, int *ret_status, struct dd_err *err)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(err, errno, "cannot wait for process %d", (int)pid);
	*ret_status = status;
	return 0;
}

/* ---- capture
 * ------------------------------------------------------------------------------------- */

struct pump {
	int in;	 /* write end of its standard input; -1 when done */
	int out; /* read ends */
	int errs;
	struct str input;
	struct buf *output;
	struct buf *errors;
};

static void
close_end(int *fd)
{
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

static void
pump_all(struct pump *p)
{
	while (p->out >= 0 || p->errs >= 0) {
		struct pollfd fds[3] = {
			{p->in, POLLOUT, 0}, {p->out, POLLIN, 0}, {p->errs, POLLIN, 0}};
		if (poll(fds, 3, -1) < 0)
			continue;
		if (p->in >= 0 && fds[0].revents)
			pump_input(p);
		if (p->out >= 0 && fds[1].revents)
			pump_output(&p->out, p->output, false);
		if (p->errs >= 0 && fds[2].revents)
			pump_output(&p->errs, p->errors, true);
	}
	if (p->in >= 0)
		close_end(&p->in);
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
	struct str line = last_line(errors);
	const char *colon = line.n ? ": " : "";
	if (WIFSIGNALED(status))
		return err_set(err, DD_EIO, "%s died of signal %d%s" STR_FMT, program,
			WTERMSIG(status), colon, STR_ARG(line));
	return err_set(err, DD_EIO, "%s exited with status %d%s" STR_FMT, program,
		WEXITSTATUS(status), colon, STR_ARG(line));
}

static int
open_pipes(int in[2], int out[2], int errs[2], struct dd_err *err)
{
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(errs, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	(void)fcntl(in[1], F_SETFL, O_NONBLOCK);
	return 0;
}

int
spawn_capture(const struct spawn_spec *spec, struct str input, struct buf *out, struct buf *errout,
	struct dd_err *err)
{
	int in[2] = {-1, -1}, o[2] = {-1, -1}, e[2] = {-1, -1};
	OWN(buf) struct buf own_errors = {0};
	struct buf *errors = errout ? errout : &own_errors;
	struct spawn_fd fds[16] = {{-1, 0}, {-1, 1}, {-1, 2}};
	struct spawn_spec s = *spec;
	pid_t pid;
	int status, rc = open_pipes(in, o, e, err);
	fds[0].fd = in[0];
	fds[1].fd = o[1];
	fds[2].fd = e[1];
	s.nfds = 3;
	for (size_t i = 0; i < spec->nfds && s.nfds < 16; i++)
		if (spec->fds[i].child > 2)
			fds[s.nfds++] = spec->fds[i];
	s.fds = fds;
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	if (rc == 0)
		rc = spawn_start(&s, &pid, NULL, err);
	for (int i = 0; i < 3; i++)
		if (fds[i].fd >= 0)
			(void)close(fds[i].fd);
	struct pump p = {in[1], o[0], e[0], input, out, errors};
	if (rc == 0 && !input.n)
		close_end(&p.in);
	if (rc == 0) {
		pump_all(&p);
		rc = spawn_wait(pid, &status, err);
	} else {
		(void)close(in[1]);
		(void)close(o[0]);
		(void)close(e[0]);
	}
	(void)signal(SIGPIPE, old);
	return rc < 0 ? rc : check_status(spec->argv[0], status, errors, err);
}
