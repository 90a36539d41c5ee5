/*
 * Commands in the pod.  The watcher of a command is inside-root, a child subreaper and leader of
 * nothing; the command itself is its child.  See main.c, identity.c and ids.c.
 */
#include "sandbox/box/box.h"
#include "sandbox/warden/warden.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MAX_EXECS 256
#define MAX_WORDS 8192

struct running {
	char id[32];	/* "": free */
	pid_t watcher;	/* 0: it was killed, and what it watched is being ended */
	dev_t terminal; /* of descriptor 0, if it has one */
	ino_t input;	/* the file without a name that it was given as descriptor 0, if it was */
	unsigned long long input_bytes;
};
static struct running *execs; /* shared with the warden */

struct plan {
	struct identity who;
	char **argv, **env;
	const char *cwd, *id;
	unsigned observe; /* enum box_observe */
	bool by_ptrace;
	bool tty;
	unsigned long long max_file, max_files, max_tasks;
	int fds[3];
	struct {
		int fd, as;
	} extra[BOX_MAX_EXTRA_FDS];
	size_t nextra;
	int supervisor; /* socket to send the listener over; -1 */
	enum filter_ids ids;
};

void
exec_init(void)
{
	execs = mmap(NULL, MAX_EXECS * sizeof(*execs), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (execs == MAP_FAILED)
		box_die(errno, "shared memory");
}

unsigned long long
exec_input_bytes(ino_t ino)
{
	for (size_t i = 0; i < MAX_EXECS; i++)
		if (execs[i].input == ino)
			return execs[i].input_bytes;
	return 0;
}

static struct running *
find_exec(const char *id)
{
	for (size_t i = 0; id && i < MAX_EXECS; i++)
		if (execs[i].watcher && strcmp(execs[i].id, id) == 0)
			return &execs[i];
	return NULL;
}

static struct running *
free_slot(void)
{
	for (size_t i = 0; i < MAX_EXECS; i++)
		if (!*execs[i].id)
			return &execs[i];
	return NULL;
}

static struct running *
find_watcher(pid_t pid)
{
	for (size_t i = 0; i < MAX_EXECS; i++)
		if (*execs[i].id && execs[i].watcher == pid)
			return &execs[i];
	return NULL;
}

/* ---- the command ---- */

static void
limit(int resource, unsigned long long value)
{
	struct rlimit r;
	if (!value || getrlimit(resource, &r) < 0)
		return;
	if (r.rlim_max == RLIM_INFINITY || value < r.rlim_max)
		r.rlim_max = value;
	r.rlim_cur = r.rlim_max; /* never above the hard limit that was there */
	if (setrlimit(resource, &r) < 0)
		box_fail("cannot set a limit");
}

/*
 * One byte of core keeps the kernel from writing one and, which none would not, from starting this
 * machine's core handler for a process of the target (core(5)).
 */
static void
set_limits(const struct plan *p)
{
	limit(RLIMIT_CORE, 1);
	limit(RLIMIT_FSIZE, p->max_file);
	limit(RLIMIT_NOFILE, p->max_files);
}

static void
set_dumpable(bool on)
{
	if (prctl(PR_SET_DUMPABLE, on ? 1 : 0) < 0)
		box_fail("prctl(PR_SET_DUMPABLE)");
}

/* The first that this machine ends when its memory is all gone. */
static void
offer_to_oom_killer(void)
{
	write_value("/proc/self/oom_score_adj", "1000");
}

/*
 * It must be ours to write its id maps; from then to the new program no other process is to look into it,
 * whatever id that has.
 */
static enum filter_kind
take_identity(const struct plan *p)
{
	/*
	 * Counted for the user namespace that it enters now, too: a limit on all its commands.  Above the one
	 * that the warden goes by, which would not be reached: a process that is on its way to be refused
	 * counts for the kernel, and there may be many of these at once.
	 */
	limit(RLIMIT_NPROC, p->max_tasks + WARDEN_SPARE_TASKS(p->max_tasks));
	set_dumpable(true);
	offer_to_oom_killer();
	enum filter_kind kind = identity_take(&p->who);
	set_dumpable(false);
	return kind;
}

/* Out of the way of the numbers that commands get. */
static int
move_up(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, BOX_FD_END);
	if (high < 0)
		box_fail("cannot pass a descriptor");
	return high;
}

static void
place_fds(struct plan *p)
{
	for (int i = 0; i < 3; i++)
		p->fds[i] = move_up(p->fds[i]);
	for (size_t i = 0; i < p->nextra; i++)
		p->extra[i].fd = move_up(p->extra[i].fd);
	for (int i = 0; i < 3; i++)
		if (dup2(p->fds[i], i) < 0)
			box_fail("cannot pass a descriptor");
}

/* Last of all, because one of them may get the number of the control socket; gives where that is
 * now. */
static int
place_extra_fds(const struct plan *p)
{
	int control = move_up(BOX_CONTROL_FD);
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		box_fail("cannot hide descriptors (close_range)");
	for (size_t i = 0; i < p->nextra; i++)
		if (dup2(p->extra[i].fd, p->extra[i].as) < 0)
			_exit(125);
	return control;
}

/* Ask the supervisor to trace this process; false when it will not. */
static bool
ask_for_tracer(int supervisor)
{
	struct message m;
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (self < 0)
		return false;
	set_dumpable(true); /* for a tracer without rights over this machine */
	message_send(supervisor, BOX_TRACE, &self, 1, "n=1");
	(void)close(self);
	return message_receive(supervisor, &m) && m.type == BOX_TRACE;
}

/* Observed by notification, else by a tracer, else not at all: the supervisor sees the end of the
 * socket. */
static void
install_filter(const struct plan *p, enum filter_kind kind)
{
	struct filter_spec spec = {
		.kind = kind, .ids = p->ids, .observe = p->supervisor >= 0 ? p->observe : 0};
	int listener = spec.observe && !p->by_ptrace ? filter_install_listening(&spec) : -1;
	if (listener >= 0)
		message_send(p->supervisor, BOX_FD, &listener, 1, "n=1");
	else
		filter_install(&spec, spec.observe && ask_for_tracer(p->supervisor));
}

/* argv[0] in the PATH of the command's own environment. */
static void
exec_program(const struct plan *p)
{
	const char *path = "/usr/local/bin:/usr/bin:/bin";
	char full[4096];
	for (char **e = p->env; *e; e++)
		if (strncmp(*e, "PATH=", 5) == 0)
			path = *e + 5;
	if (strchr(p->argv[0], '/')) {
		(void)execve(p->argv[0], p->argv, p->env);
		return;
	}
	int errnum = ENOENT;
	while (*path) {
		size_t n = strcspn(path, ":");
		if ((size_t)snprintf(full, sizeof(full), "%.*s/%s", (int)n, path, p->argv[0]) <
			sizeof(full)) {
			(void)execve(full, p->argv, p->env);
			if (errno != ENOENT && errno != ENOTDIR)
				errnum = errno;
		}
		path += n + (path[n] == ':');
	}
	errno = errnum;
}

static void __attribute__((noreturn)) run_command(struct plan *p)
{
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0)
		box_fail("setsid");
	place_fds(p);
	if (p->tty && ioctl(0, TIOCSCTTY, 0) < 0)
		box_fail("cannot take the terminal");
	enum filter_kind kind = take_identity(p);
	if (chdir(p->cwd) < 0)
		box_fail(p->cwd);
	set_limits(p);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		box_fail("no_new_privs");
	install_filter(p, kind);
	int control = place_extra_fds(p);
	exec_program(p);
	int errnum = errno;
	message_send(control, BOX_FAILED, NULL, 0, "id=%s\nerrno=%d\ntext=cannot run %.200s: %s",
		p->id, errnum, p->argv[0], strerror(errnum));
	_exit(errnum == ENOENT ? 127 : 126);
}

/* ---- the watcher ---- */

/* Whoever lost its parent became our child: when we have none, there is nothing below us. */
static void
end_leftovers(void)
{
	for (;;) {
		pid_t got;
		while ((got = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if ((got < 0 && errno == ECHILD) ||
			!processes_signal_below(getpid(), SIGKILL, false))
			break;
		(void)waitpid(-1, NULL, 0);
	}
}

/* It stands at its limit (RLIMIT_NPROC, which tells nobody): the reason why it failed, probably. */
static bool
is_at_task_limit(const struct plan *p)
{
	/* The command itself is gone, and the warden counts without being seen. */
	return p->max_tasks && processes_count_tasks() + 2 >= p->max_tasks;
}

static pid_t
fork_command(void)
{
	pid_t pid = fork();
	if (pid < 0)
		box_die(errno, "fork");
	return pid;
}

/* A command with one id that shall pass for several: it waits until we know how it is told its ids. */
static pid_t
start_fake(struct plan *p)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		box_die(errno, "pipe");
	/* So that we may attach to it; it closes itself again, and so do we. */
	set_dumpable(true);
	pid_t pid = fork_command();
	if (pid == 0) {
		char ids;
		(void)close(ends[1]);
		if (read(ends[0], &ids, 1) != 1)
			_exit(125);
		p->ids = (enum filter_ids)ids;
		run_command(p);
	}
	p->ids = ids_attach(pid) ? IDS_ASKED : IDS_FIXED;
	set_dumpable(false);
	char ids = (char)p->ids;
	if (write(ends[1], &ids, 1) != 1)
		box_die(errno, "pipe");
	(void)close(ends[0]);
	(void)close(ends[1]);
	return pid;
}

static pid_t
start_command(struct plan *p)
{
	if (identity_is_fake(&p->who))
		return start_fake(p);
	p->ids = IDS_REAL;
	pid_t pid = fork_command();
	if (pid == 0)
		run_command(p);
	set_dumpable(false);
	return pid;
}

/* A service lasts as long as any process of it; what another command leaves behind is ended. */
static int
wait_for(const struct plan *p, pid_t pid, bool *ret_full)
{
	int status = 0;
	for (pid_t got = 0; got != pid;)
		got = waitpid(-1, &status, 0);
	*ret_full = is_at_task_limit(p);
	if (identity_is_service(&p->who))
		while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
			;
	else
		end_leftovers();
	return status;
}

static void __attribute__((noreturn)) watch(struct plan *p)
{
	int status;
	bool full;
	struct rusage usage;
	box_exec_id = p->id;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	pid_t pid = start_command(p);
	for (int i = 0; i < 3; i++)
		(void)close(p->fds[i]);
	for (size_t i = 0; i < p->nextra; i++)
		(void)close(p->extra[i].fd);
	if (p->supervisor >= 0)
		(void)close(p->supervisor);
	if (p->ids == IDS_ASKED) {
		status = ids_serve(pid, identity_is_service(&p->who));
		full = is_at_task_limit(p);
		ids_end();
	} else {
		status = wait_for(p, pid, &full);
	}
	(void)getrusage(RUSAGE_CHILDREN, &usage);
	unsigned long long cpu_us = ((unsigned long long)usage.ru_utime.tv_sec +
					    (unsigned long long)usage.ru_stime.tv_sec) *
					    1000000 +
				    (unsigned long long)usage.ru_utime.tv_usec +
				    (unsigned long long)usage.ru_stime.tv_usec;
	message_send(BOX_CONTROL_FD, BOX_EXITED, NULL, 0,
		"id=%s\nstatus=%d\ncpu_us=%llu\npeak_kib=%ld\nfull=%d", p->id, status, cpu_us,
		usage.ru_maxrss, full);
	_exit(0);
}

/* ---- requests ---- */

static void
collect_words(const struct message *m, const char *key, char **list)
{
	size_t n = 0;
	for (const char *f = message_next(m, NULL); f; f = message_next(m, f)) {
		const char *v = field_value(f, key);
		if (v && n < MAX_WORDS)
			list[n++] = (char *)v;
	}
	list[n] = NULL;
}

static const char *
text_or(const char *s, const char *otherwise)
{
	return s ? s : otherwise;
}

static dev_t
device_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) ? st.st_rdev : 0;
}

static void
note_input(struct running *r, int fd)
{
	struct stat st;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink)
		return;
	r->input_bytes = (unsigned long long)st.st_blocks * 512;
	r->input = st.st_ino;
}

/* Descriptors behind the third; false when they are not what the fields say. */
static bool
take_extra_fds(const struct message *m, struct plan *p)
{
	size_t next = 3;
	if (p->observe)
		p->supervisor = next < m->nfds ? m->fds[next++] : -1;
	for (const char *f = message_next(m, NULL); f; f = message_next(m, f)) {
		const char *v = field_value(f, "fd");
		if (!v)
			continue;
		int as = atoi(v);
		if (next >= m->nfds || p->nextra == BOX_MAX_EXTRA_FDS || as < 3 || as >= BOX_FD_END)
			return false;
		p->extra[p->nextra].fd = m->fds[next++];
		p->extra[p->nextra++].as = as;
	}
	return next == m->nfds;
}

/* The answer to EXEC; with an id it would be about a command that runs. */
static void
refuse(const char *why)
{
	message_send(BOX_CONTROL_FD, BOX_FAILED, NULL, 0, "errno=0\ntext=%s", why);
}

void
exec_command(struct message *m, bool root_mode)
{
	static char *argv[MAX_WORDS + 1], *env[MAX_WORDS + 1], *dirs[MAX_WORDS + 1];
	struct running *slot = free_slot();
	collect_words(m, "arg", argv);
	collect_words(m, "env", env);
	collect_words(m, "dir", dirs);
	struct plan p = {
		.argv = argv,
		.env = env,
		.cwd = text_or(message_get(m, "cwd"), "/"),
		.who = {.profile = text_or(message_get(m, "profile"), BOX_PROFILE_BUILD),
			.user = message_get(m, "user"),
			.dirs = dirs,
			.root_mode = root_mode},
		.id = text_or(message_get(m, "id"), ""),
		.observe = (unsigned)message_get_number(m, "observe"),
		.by_ptrace = message_get_number(m, "ptrace") != 0,
		.tty = message_get_number(m, "tty") != 0,
		.max_file = message_get_number(m, "max_file"),
		.max_files = message_get_number(m, "max_files"),
		.max_tasks = message_get_number(m, "max_tasks"),
		.supervisor = -1,
	};
	if (!slot || !argv[0] || m->nfds < 3 || !take_extra_fds(m, &p) || !*p.id ||
		strlen(p.id) >= sizeof(slot->id)) {
		refuse("a command needs an id, arguments and descriptors");
		return;
	}
	if (!identity_look_up(&p.who)) {
		refuse("there is no such user in the pod");
		return;
	}
	memcpy(p.fds, m->fds, sizeof(p.fds));
	pid_t pid = fork();
	if (pid == 0)
		watch(&p);
	if (pid < 0) {
		refuse(strerror(errno));
		return;
	}
	(void)strcpy(slot->id, p.id);
	slot->watcher = pid;
	slot->terminal = p.tty ? device_of(p.fds[0]) : 0;
	note_input(slot, p.fds[0]);
	message_send(BOX_CONTROL_FD, BOX_STARTED, NULL, 0, "id=%s\npid=%d", p.id, (int)pid);
}

/* ---- looking at processes ---- */

/*
 * In read(2) of this very terminal, or of /dev/tty while it is its controlling one.  A test may
 * have made terminals of its own, whose readers it feeds itself.
 */
static bool
reads_terminal(pid_t pid, dev_t terminal)
{
	char path[64], text[256];
	struct process_stat own;
	struct stat st;
	long nr;
	unsigned long fd_arg;
	process_text(pid, "syscall", text, sizeof(text));
	if (sscanf(text, "%ld %lx", &nr, &fd_arg) != 2 || nr != SYS_read)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%lu", (int)pid, fd_arg);
	if (stat(path, &st) < 0 || !S_ISCHR(st.st_mode))
		return false;
	return st.st_rdev == terminal ||
	       (st.st_rdev == makedev(5, 0) && process_read(pid, &own) && own.terminal == terminal);
}

bool
exec_is_blocked(const char *id)
{
	struct running *r = find_exec(id);
	DIR *d = r && r->terminal ? opendir("/proc") : NULL;
	bool blocked = false;
	if (!d)
		return false;
	for (struct dirent *e; !blocked && (e = readdir(d));) {
		pid_t pid = (pid_t)atoi(e->d_name);
		blocked = pid > 1 && pid != r->watcher && reads_terminal(pid, r->terminal) &&
			  process_is_below(pid, r->watcher);
	}
	(void)closedir(d);
	return blocked;
}

void
exec_signal(const char *id, int sig, bool top)
{
	struct running *r = find_exec(id);
	if (r)
		(void)processes_signal_below(r->watcher, sig, top);
}

/* ---- watchers that the target got at ---- */

void
exec_child_changed(pid_t pid, int status)
{
	struct running *r = find_watcher(pid);
	if (!r)
		return;
	if (WIFSTOPPED(status))
		(void)kill(pid, SIGKILL);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		*r = (struct running){0};
	else
		r->watcher = 0;
}

static bool
is_watcher(pid_t pid)
{
	return find_watcher(pid) != NULL;
}

void
exec_end_strays(void)
{
	bool lost = false;
	for (size_t i = 0; i < MAX_EXECS; i++)
		lost = lost || (*execs[i].id && !execs[i].watcher);
	if (!lost || processes_signal_strays(SIGKILL, is_watcher))
		return; /* the death of each brings us here again */
	for (size_t i = 0; i < MAX_EXECS; i++) {
		if (!*execs[i].id || execs[i].watcher)
			continue;
		message_send(BOX_CONTROL_FD, BOX_EXITED, NULL, 0,
			"id=%s\nstatus=%d\ncpu_us=0\npeak_kib=0", execs[i].id, SIGKILL);
		execs[i] = (struct running){0};
	}
}
