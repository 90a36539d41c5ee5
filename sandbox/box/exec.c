/*
 * Commands in the pod.  The watcher of a command is inside-root, a child subreaper and leader of
 * nothing; the command itself is its child.  See main.c.
 */
#include "sandbox/box/box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
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
	char id[32];
	pid_t watcher; /* 0: free */
	dev_t terminal; /* of descriptor 0, if it has one */
};
static struct running execs[MAX_EXECS];

struct plan {
	char **argv, **env;
	const char *cwd, *profile, *user, *id;
	unsigned observe; /* enum box_observe */
	bool by_ptrace;
	bool tty;
	bool root_mode;
	unsigned long long max_file, max_files, max_data;
	int fds[3];
	int supervisor; /* socket to send the listener over; -1 */
};

static struct running *
find_exec(const char *id)
{
	for (size_t i = 0; id && i < MAX_EXECS; i++)
		if (execs[i].watcher && strcmp(execs[i].id, id) == 0)
			return &execs[i];
	return NULL;
}

/* A watcher that is gone (reaped by main.c) frees its slot. */
static struct running *
free_slot(void)
{
	for (size_t i = 0; i < MAX_EXECS; i++)
		if (!execs[i].watcher || (kill(execs[i].watcher, 0) < 0 && errno == ESRCH))
			return &execs[i];
	return NULL;
}

/* ---- identity
 * ------------------------------------------------------------------------------------ */

static void
child_fail(const char *what)
{
	/* The watcher's and the command's only way to say it: standard error is the target's. */
	box_die(errno, "%s", what);
}

static void
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		child_fail(path);
	(void)close(fd);
}

/* User mode: an ordinary id is a nested namespace; what is not ours to write becomes read-only. */
static void
nest_id(uid_t uid, gid_t gid)
{
	char map[64];
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		child_fail("cannot make a nested user namespace");
	write_text("/proc/self/setgroups", "deny");
	(void)snprintf(map, sizeof(map), "%u 0 1", (unsigned)uid);
	write_text("/proc/self/uid_map", map);
	(void)snprintf(map, sizeof(map), "%u 0 1", (unsigned)gid);
	write_text("/proc/self/gid_map", map);
	if (mount("none", "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
		    NULL) < 0)
		child_fail("cannot make the root read-only");
}

/* Needs CAP_SETPCAP, so it comes before the identity is given up. */
static void
drop_bounding(uint64_t keep)
{
	for (int cap = 0; cap <= 63; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap) < 0) {
			if (errno == EINVAL && cap > CAP_AUDIT_READ)
				return; /* the kernel knows no more of them */
			child_fail("cannot drop a capability");
		}
}

static void
set_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2];
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		uint32_t half = (uint32_t)(keep >> (32 * i));
		d[i] = (struct __user_cap_data_struct){half, half, half};
	}
	if (syscall(SYS_capset, &h, d) < 0)
		child_fail("cannot set capabilities");
}

#define CAP(x) (1ULL << (x))
#define PROVISION_CAPS \
	(CAP(CAP_CHOWN) | CAP(CAP_DAC_OVERRIDE) | CAP(CAP_FOWNER) | CAP(CAP_FSETID) | \
		CAP(CAP_SETUID) | CAP(CAP_SETGID) | CAP(CAP_SETFCAP) | CAP(CAP_SYS_CHROOT) | \
		CAP(CAP_KILL))

static void
stay_root(uint64_t capabilities)
{
	drop_bounding(capabilities);
	set_capabilities(capabilities);
}

static void
become_user(const struct plan *p, uid_t uid, gid_t gid)
{
	if (!p->root_mode && uid != 0)
		nest_id(uid, gid); /* with a full bounding set of its own */
	drop_bounding(0);
	if (p->root_mode && (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
				    setresuid(uid, uid, uid) < 0))
		child_fail("cannot become the user");
	set_capabilities(0);
}

/* Profiles of an ordinary user differ only in their filter. */
static enum filter_kind
kind_of_user_profile(const char *profile)
{
	static const struct {
		const char *profile;
		enum filter_kind kind;
	} kinds[] = {{BOX_PROFILE_PARSER, FILTER_PARSER}, {BOX_PROFILE_BROWSER, FILTER_BROWSER},
		{BOX_PROFILE_DEBUG, FILTER_DEBUG}};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(profile, kinds[i].profile) == 0)
			return kinds[i].kind;
	return FILTER_BUILD;
}

static enum filter_kind
take_identity(const struct plan *p)
{
	if (strcmp(p->profile, BOX_PROFILE_PROVISION) == 0) {
		stay_root(PROVISION_CAPS);
		return FILTER_PROVISION;
	}
	if (strcmp(p->profile, BOX_PROFILE_IMAGE) == 0) {
		stay_root(PROVISION_CAPS | CAP(CAP_SYS_ADMIN) | CAP(CAP_MKNOD));
		return FILTER_IMAGE;
	}
	if (strcmp(p->profile, BOX_PROFILE_SERVICE) == 0) {
		struct passwd *pw = p->user ? getpwnam(p->user) : NULL;
		if (!pw)
			box_die(0, "there is no user %.60s in the pod", p->user ? p->user : "");
		become_user(p, pw->pw_uid, pw->pw_gid);
		return FILTER_BUILD;
	}
	become_user(p, BOX_UID, BOX_UID);
	return kind_of_user_profile(p->profile);
}

/* ---- the command
 * --------------------------------------------------------------------------------- */

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
		child_fail("cannot set a limit");
}

static void
set_limits(const struct plan *p)
{
	struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none);
	limit(RLIMIT_FSIZE, p->max_file);
	limit(RLIMIT_NOFILE, p->max_files);
	limit(RLIMIT_DATA, p->max_data);
}

static void
place_fds(struct plan *p)
{
	for (int i = 0; i < 3; i++) {
		int fd = fcntl(p->fds[i], F_DUPFD_CLOEXEC, 10);
		if (fd < 0)
			child_fail("cannot pass a descriptor");
		p->fds[i] = fd;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(p->fds[i], i) < 0)
			child_fail("cannot pass a descriptor");
}

/* Ask the supervisor to trace this process; false when it will not. */
static bool
ask_for_tracer(int supervisor)
{
	struct message m;
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (self < 0)
		return false;
	message_send(supervisor, BOX_TRACE, &self, 1, "n=1");
	(void)close(self);
	return message_receive(supervisor, &m) && m.type == BOX_TRACE;
}

/* Observed by notification, else by a tracer, else not at all: the supervisor sees the end of the socket. */
static void
install_filter(const struct plan *p, enum filter_kind kind)
{
	struct filter_spec spec = {.kind = kind,
		.fake_root = !p->root_mode && (kind == FILTER_PROVISION || kind == FILTER_IMAGE),
		.observe = p->supervisor >= 0 ? p->observe : 0};
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
		child_fail("setsid");
	place_fds(p);
	if (p->tty && ioctl(0, TIOCSCTTY, 0) < 0)
		child_fail("cannot take the terminal");
	enum filter_kind kind = take_identity(p);
	if (chdir(p->cwd) < 0)
		child_fail(p->cwd);
	set_limits(p);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		child_fail("no_new_privs");
	install_filter(p, kind);
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		child_fail("close_range");
	exec_program(p);
	int errnum = errno;
	message_send(BOX_CONTROL_FD, BOX_FAILED, NULL, 0,
		"id=%s\nerrno=%d\ntext=cannot run %.200s: %s", p->id, errnum, p->argv[0],
		strerror(errnum));
	_exit(errnum == ENOENT ? 127 : 126);
}

/* ---- the watcher
 * --------------------------------------------------------------------------------- */

/* Signal the direct children; orphans below them become children here, so repeating reaches all. */
static bool
kill_children(void)
{
	char path[64], text[65536];
	bool any = false;
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (char *p = text; *p;) {
		char *end;
		long pid = strtol(p, &end, 10);
		if (end == p)
			break;
		any = kill((pid_t)pid, SIGKILL) == 0 || any;
		p = end;
	}
	return any;
}

static void
end_leftovers(void)
{
	for (;;) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (!kill_children())
			break;
		(void)waitpid(-1, NULL, 0);
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void __attribute__((noreturn)) watch(struct plan *p, bool service)
{
	int status = 0;
	struct rusage usage;
	box_exec_id = p->id;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	pid_t pid = fork();
	if (pid < 0)
		box_die(errno, "fork");
	if (pid == 0)
		run_command(p);
	for (int i = 0; i < 3; i++)
		(void)close(p->fds[i]);
	if (p->supervisor >= 0)
		(void)close(p->supervisor);
	for (pid_t got = 0; got != pid;)
		got = waitpid(-1, &status, 0);
	if (service)
		while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
			;
	else
		end_leftovers();
	(void)getrusage(RUSAGE_CHILDREN, &usage);
	unsigned long long cpu_us = ((unsigned long long)usage.ru_utime.tv_sec +
					    (unsigned long long)usage.ru_stime.tv_sec) *
					    1000000 +
				    (unsigned long long)usage.ru_utime.tv_usec +
				    (unsigned long long)usage.ru_stime.tv_usec;
	message_send(BOX_CONTROL_FD, BOX_EXITED, NULL, 0,
		"id=%s\nstatus=%d\ncpu_us=%llu\npeak_kib=%ld", p->id, status, cpu_us,
		usage.ru_maxrss);
	_exit(0);
}

/* ---- requests
 * ------------------------------------------------------------------------------------ */

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

void
exec_command(struct message *m, bool root_mode)
{
	static char *argv[MAX_WORDS + 1], *env[MAX_WORDS + 1];
	struct running *slot = free_slot();
	collect_words(m, "arg", argv);
	collect_words(m, "env", env);
	struct plan p = {
		.argv = argv,
		.env = env,
		.cwd = text_or(message_get(m, "cwd"), "/"),
		.profile = text_or(message_get(m, "profile"), BOX_PROFILE_BUILD),
		.user = message_get(m, "user"),
		.id = text_or(message_get(m, "id"), ""),
		.observe = (unsigned)message_get_number(m, "observe"),
		.by_ptrace = message_get_number(m, "ptrace") != 0,
		.tty = message_get_number(m, "tty") != 0,
		.root_mode = root_mode,
		.max_file = message_get_number(m, "max_file"),
		.max_files = message_get_number(m, "max_files"),
		.max_data = message_get_number(m, "max_data"),
		.supervisor = m->nfds > 3 ? m->fds[3] : -1,
	};
	if (!slot || !argv[0] || m->nfds < 3 || strlen(p.id) >= sizeof(slot->id)) {
		message_send(BOX_CONTROL_FD, BOX_FAILED, NULL, 0,
			"id=%s\nerrno=0\ntext=a command needs an id, arguments and descriptors",
			p.id);
		return;
	}
	memcpy(p.fds, m->fds, sizeof(p.fds));
	pid_t pid = fork();
	if (pid == 0)
		watch(&p, strcmp(p.profile, BOX_PROFILE_SERVICE) == 0);
	if (pid < 0) {
		message_send(BOX_CONTROL_FD, BOX_FAILED, NULL, 0, "id=%s\nerrno=%d\ntext=fork: %s",
			p.id, errno, strerror(errno));
		return;
	}
	(void)strcpy(slot->id, p.id);
	slot->watcher = pid;
	slot->terminal = p.tty ? device_of(p.fds[0]) : 0;
	message_send(BOX_CONTROL_FD, BOX_STARTED, NULL, 0, "id=%s\npid=%d", p.id, (int)pid);
}

/* ---- looking at processes
 * ------------------------------------------------------------------------ */

/* Parent and controlling terminal of a process; false when it is gone. */
static bool
read_stat(pid_t pid, int *ret_parent, dev_t *ret_terminal)
{
	char path[64], text[512];
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	char *paren = strrchr(text, ')'); /* the name before it is the target's choice */
	unsigned tty;
	if (!paren || sscanf(paren + 1, " %*c %d %*d %*d %u", ret_parent, &tty) != 2)
		return false;
	*ret_terminal = makedev((tty >> 8) & 0xfff, (tty & 0xff) | ((tty >> 12) & 0xfff00));
	return true;
}

static bool
is_below(pid_t pid, pid_t top)
{
	for (int depth = 0; pid > 1 && depth < 1000; depth++) {
		int parent = 0;
		dev_t terminal;
		if (pid == top)
			return true;
		if (!read_stat(pid, &parent, &terminal))
			return false;
		pid = parent;
	}
	return false;
}

/*
 * In read(2) of this very terminal, or of /dev/tty while it is its controlling one.  A test may have made
 * terminals of its own, whose readers it feeds itself.
 */
static bool
reads_terminal(pid_t pid, dev_t terminal)
{
	char path[64], text[256];
	struct stat st;
	int parent;
	dev_t own;
	long nr;
	unsigned long fd_arg;
	(void)snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%ld %lx", &nr, &fd_arg) != 2 || nr != SYS_read)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%lu", (int)pid, fd_arg);
	if (stat(path, &st) < 0 || !S_ISCHR(st.st_mode))
		return false;
	return st.st_rdev == terminal ||
	       (st.st_rdev == makedev(5, 0) && read_stat(pid, &parent, &own) && own == terminal);
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
			  is_below(pid, r->watcher);
	}
	(void)closedir(d);
	return blocked;
}

/* SIGKILL ends the whole tree below the watcher; others go to the command's process group. */
void
exec_signal(const char *id, int sig)
{
	struct running *r = find_exec(id);
	DIR *d = r ? opendir("/proc") : NULL;
	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));) {
		pid_t pid = (pid_t)atoi(e->d_name);
		if (pid > 1 && pid != r->watcher && is_below(pid, r->watcher))
			(void)kill(pid, sig);
	}
	(void)closedir(d);
}
