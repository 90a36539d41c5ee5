/*
 * Theory of operation.  The parent prepares everything that needs memory (argv, environment, the
 * descriptor plan), blocks all signals, so that no handler of ours ever runs in the child, and
 * forks; with vfork(2), because a fork copies the tables of all our memory.  The child makes only
 * system calls and changes nothing of the parent's memory but the plan: it resets the handlers and
 * the mask, moves the named descriptors to their numbers through copies above them (so that no move
 * overwrites a source still needed), closes all others, drops privileges, asks to die with the
 * parent, and execs.  A close-on-exec pipe tells the parent why that failed; its end of file means
 * success.
 */
#include "base/spawn.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

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
	if (syscall(SYS_close_range, floor, report - 1, 0) < 0 ||
		syscall(SYS_close_range, report + 1, ~0U, 0) < 0)
		child_fail(report);
}

static void
child_reset_signals(void)
{
	sigset_t none;
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction old;
		if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_DFL &&
			(sig == SIGPIPE || old.sa_handler != SIG_IGN))
			(void)signal(sig, SIG_DFL);
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn)) child_main(struct plan *p)
{
	const struct spawn_spec *s = p->spec;
	child_reset_signals();
	child_place_fds(p);
	if (s->new_session)
		(void)setsid();
	if (s->cwd && chdir(s->cwd) < 0)
		child_fail(p->report_fd);
	/* Not the functions of libc, which would change the threads of the parent, too. */
	if (s->uid && (syscall(SYS_setgroups, 0, NULL) < 0 ||
			      syscall(SYS_setresgid, s->uid, s->uid, s->uid) < 0 ||
			      syscall(SYS_setresuid, s->uid, s->uid, s->uid) < 0 ||
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
	p->program = spec->program ? mem_strdup(spec->program) : find_program(spec->argv[0]);
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
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = vfork(); /* the child changes nothing of ours but the plan */
	if (pid == 0)
		child_main(&p);
	int errnum = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
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
