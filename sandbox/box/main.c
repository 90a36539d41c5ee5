/*
 * Theory of operation.
 *
 * drydock starts this program with one end of a socket as descriptor 3 and nothing else but
 * standard error, or with a network to join instead of a new one (sandbox/network.c).  It enters new user, mount,
 * network, IPC and UTS namespaces, receives the description
 * of a pod, enters its control groups and a namespace of those, and forks into a new pid namespace; the
 * outer process is the pod's warden (sandbox/warden).  In root
 * mode drydock, outside, writes the id maps (an unprivileged range, never 0 to 0); in user mode the
 * single id is mapped here.  Layer directories are opened after the namespaces exist (an overlay
 * takes only mounts of its own namespace) and before the identity changes to inside-root (which
 * cannot enter the state directory).
 *
 * pid 1 builds every mount as a detached object while the host's /proc is still visible (the kernel
 * allows a new /proc only then), makes the overlay its root with pivot_root, drops the old root,
 * and only then attaches the rest: a hostile link in a layer resolves inside the pod.
 *
 * It then serves requests.  Each command gets a watcher process, a child subreaper, so that
 * whatever the command leaves behind is found and ended when its main process has exited.  In user
 * mode the target may signal a watcher: it runs as the same id.  A watcher that is killed or stopped
 * ends its command, and pid 1 ends what is left of it.  Target code gets an ordinary uid without capabilities, no_new_privs, a system-call filter, and only the
 * descriptors it was given.
 *
 * When drydock dies, the socket reports end of file, and pid 1 ends and reaps every process of the pid namespace before
 * it exits.  PDEATHSIG, by which the kernel ends them, is the second line.
 */
#include "sandbox/box/box.h"
#include "sandbox/warden/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A socket at that address; -1 and errno. */
static int
bound(int family, const void *address, socklen_t n)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;
	if (family == AF_INET)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, address, n) == 0)
		return fd;
	const int why = errno;
	(void)close(fd);
	errno = why;
	return -1;
}

static int
listen_on_port(unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return bound(AF_INET, &a, sizeof(a));
}

/* To be here.  The target may have put links in the way, and what /proc/self/fd has of ours leads out of the pod. */
static bool
enter(const char *dir)
{
	const struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
	const int fd = (int)syscall(SYS_openat2, AT_FDCWD, dir, &how, sizeof(how));
	const bool there = fd >= 0 && fchdir(fd) == 0;
	const int why = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = why;
	return there;
}

/* What has the name is removed, whatever it is a link to. */
static int
listen_here(const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	memcpy(a.sun_path, name, strlen(name) + 1);
	(void)unlink(name);
	return bound(AF_UNIX, &a, sizeof(a));
}

/* In a directory that is made, both for everybody in the pod. */
static int
listen_on_path(const char *path)
{
	char parent[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const size_t n = strlen(path) + 1;
	if (*path != '/' || n > sizeof(parent) || strchr(path + 1, '/') == NULL) {
		errno = EINVAL;
		return -1;
	}
	memcpy(parent, path, n);
	char *name = strrchr(parent, '/');
	*name++ = '\0';
	char *dir = strrchr(parent, '/');
	*dir++ = '\0';
	const mode_t mask = umask(0);
	bool there = enter(*parent ? parent : "/");
	if (there)
		(void)mkdir(dir, 01777);
	int fd = there && enter(dir) ? listen_here(name) : -1;
	const int why = errno;
	(void)umask(mask);
	(void)!chdir("/");
	errno = why;
	return fd;
}

static void
answer_listen(const struct message *m)
{
	const char *path = message_get(m, "socket");
	int fd = path ? listen_on_path(path)
		      : listen_on_port((unsigned)message_get_number(m, "port"));
	if (fd < 0 || listen(fd, 128) < 0)
		message_send(BOX_CONTROL_FD, BOX_FAILED, NULL, 0,
			"errno=%d\ntext=cannot listen: %s", errno, strerror(errno));
	else
		message_send(BOX_CONTROL_FD, BOX_FD, &fd, 1, "n=1");
	if (fd >= 0)
		(void)close(fd);
}

/* A terminal of the pod: master and slave. */
static void
answer_pty(void)
{
	int fds[2] = {-1, -1}, unlock = 0;
	fds[0] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fds[0] >= 0 && ioctl(fds[0], TIOCSPTLCK, &unlock) == 0)
		fds[1] = ioctl(fds[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fds[1] < 0)
		message_send(BOX_CONTROL_FD, BOX_FAILED, NULL, 0,
			"errno=%d\ntext=cannot make a terminal: %s", errno, strerror(errno));
	else
		message_send(BOX_CONTROL_FD, BOX_FD, fds, 2, "n=2");
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

static bool
probe(const struct message *m)
{
	const char *path = message_get(m, "socket");
	return path ? probe_socket(path) : probe_port((unsigned)message_get_number(m, "port"));
}

static void
answer_listening(void)
{
	char text[3072];
	probe_listening(text, sizeof(text));
	message_send(BOX_CONTROL_FD, BOX_ANSWER, NULL, 0, "%s", text);
}

static void
serve_request(struct message *m, bool root_mode)
{
	const char *id = message_get(m, "id");
	switch (m->type) {
	case BOX_EXEC:
		exec_command(m, root_mode);
		break;
	case BOX_SIGNAL:
		exec_signal(
			id, (int)message_get_number(m, "sig"), message_get_number(m, "top") != 0);
		break;
	case BOX_LISTEN:
		answer_listen(m);
		break;
	case BOX_PTY:
		answer_pty();
		break;
	case BOX_BLOCKED:
		message_send(BOX_CONTROL_FD, BOX_ANSWER, NULL, 0, "yes=%d", exec_is_blocked(id));
		break;
	case BOX_PROBE:
		message_send(BOX_CONTROL_FD, BOX_ANSWER, NULL, 0, "yes=%d", probe(m));
		break;
	case BOX_LISTENING:
		answer_listening();
		break;
	default:
		box_die(0, "unknown request %d", m->type);
	}
	message_close_fds(m);
}

static void
reap(void)
{
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;)
		exec_child_changed(pid, status);
	exec_end_strays();
}

static void
take_signals(int signals)
{
	struct signalfd_siginfo info;
	while (read(signals, &info, sizeof(info)) > 0)
		if (info.ssi_signo == SIGUSR1 && info.ssi_pid == 0) /* from outside: the warden */
			(void)kill(-1, SIGKILL);
	reap();
}

/*
 * Everything ends with pid 1.  What the kernel ends then is nobody's child any more, and the processor time that it
 * used is added to nobody's: not even that of a watcher that has told its status and is about to exit.  This waits as
 * long as the kernel would, which lets pid 1 go only when all others are gone: what cannot be killed holds up both.
 */
static void __attribute__((noreturn)) end(void)
{
	(void)kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(0);
}

static void __attribute__((noreturn)) serve(bool root_mode, int ready)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		box_die(errno, "signalfd");
	/* With this nothing of its /proc/1 is the target's to open, whatever id that runs as. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		box_die(errno, "prctl");
	(void)close(ready);
	message_send(BOX_CONTROL_FD, BOX_READY, NULL, 0, "pid=1");
	for (;;) {
		struct pollfd p[2] = {{BOX_CONTROL_FD, POLLIN, 0}, {signals, POLLIN, 0}};
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents)
			take_signals(signals);
		struct message m;
		if (!p[0].revents)
			continue;
		if (!message_receive(BOX_CONTROL_FD, &m))
			end();
		serve_request(&m, root_mode);
	}
}

static void
die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		box_die(errno, "prctl(PR_SET_PDEATHSIG)");
	/* Inside a new pid namespace the parent is 0; outside a parent that is gone shows as
	 * another. */
	if (parent && getppid() != parent)
		_exit(0);
}

/* Under the limits, by descriptors that came with SETUP; see sandbox/limits.h. */
static void
enter_groups(struct message *m)
{
	for (size_t i = 0; i < m->nfds; i++)
		if (write(m->fds[i], "0", 1) != 1)
			box_die(errno, "cannot enter a control group");
	message_close_fds(m);
}

/* The warden waits for them in sigtimedwait(2). */
static void
block_children(void)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* ---- the outer half ---- */

static void
tell_limit(const char *cause, unsigned long long used)
{
	message_send(BOX_CONTROL_FD, BOX_LIMIT, NULL, 0, "cause=%s\nused=%llu", cause, used);
}

/* Before the host's root is gone. */
static int
open_disk(const struct pod_setup *s)
{
	int fd = s->disk ? open(s->pod_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (s->disk && fd < 0)
		box_die(errno, "cannot open %s", s->pod_dir);
	return fd;
}

/* pid 1 closes its end of `ready` when the pod is made: from then on /proc is the pod's. */
static int
stand_guard(const struct pod_setup *s, pid_t pid1, int ready, int disk)
{
	char c;
	while (read(ready, &c, 1) < 0 && errno == EINTR)
		;
	(void)close(ready);
	const struct warden_spec spec = {.pid1 = pid1,
		.memory = s->memory,
		.pids = s->pids,
		.disk = s->disk,
		.dir = disk,
		.given = exec_input_bytes,
		.tell = tell_limit};
	int status = warden_wait(&spec);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

int
main(int argc, char **argv)
{
	struct message m;
	struct pod_setup s = {0};
	pid_t parent = getppid();
	(void)umask(022);
	(void)fcntl(BOX_CONTROL_FD, F_SETFD, FD_CLOEXEC);
	(void)close(BOX_PROGRAM_FD);
	(void)prctl(PR_SET_NAME, "drydock-box");
	die_with(parent);
	if (argc == 3 && strcmp(argv[1], BOX_MAKE_NETWORK) == 0) {
		network_make(strcmp(argv[2], BOX_MODE_USER) == 0);
		return 0;
	}
	setup_namespaces(); /* before we know for whom: drydock prepares the rest meanwhile */
	message_send(BOX_CONTROL_FD, BOX_UNSHARED, NULL, 0, "pid=%d", (int)getpid());
	struct stat control;
	bool asked = message_receive(BOX_CONTROL_FD, &m);
	if (!asked && fstat(BOX_CONTROL_FD, &control) == 0 && S_ISSOCK(control.st_mode))
		return 1; /* it could not prepare the rest, and says so itself */
	if (!asked || m.type != BOX_SETUP) {
		fprintf(stderr, "drydock-box is started by drydock\n");
		return 125;
	}
	/* The message buffer is used again; what it says is kept in a copy. */
	char *copy = malloc(m.n + 1);
	if (!copy)
		box_die(ENOMEM, "setup");
	memcpy(copy, m.text, m.n + 1);
	m.text = copy;
	enter_groups(&m);
	setup_decode(&m, &s);
	setup_ids(&s);
	int disk = open_disk(&s), ready[2];
	if (pipe2(ready, O_CLOEXEC) < 0)
		box_die(errno, "pipe");
	block_children();
	exec_init();
	pid_t pid = fork();
	if (pid < 0)
		box_die(errno, "fork");
	if (pid == 0) {
		die_with(0);
		/*
		 * Out of reach of the caller's terminal.  Not a session: that is what each command has, and a new one
		 * starts with no share of a busy machine's processors (autogroup), here before the pod is made.
		 */
		(void)setpgid(0, 0);
		(void)close(ready[0]);
		if (disk >= 0)
			(void)close(disk);
		setup_pod(&s);
		identity_limit_all();
		serve(s.root_mode, ready[1]);
	}
	(void)close(ready[1]);
	return stand_guard(&s, pid, ready[0], disk);
}
