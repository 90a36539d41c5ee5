/*
 * Theory of operation.  A traced call stops in the kernel until the supervisor answers.  The path
 * it names is read from the target's memory, made absolute against the directory it is relative to,
 * and looked up with openat2 below the target's own root (RESOLVE_IN_ROOT, O_PATH: nothing of the
 * host is followed and nothing is opened for reading).  Then the kernel is told to continue with
 * the call.  The answer can be out of date by the time the call runs, which is why it is evidence
 * and never a permission.
 */
#include "sandbox/supervisor.h"

#include "base/fs.h"
#include "sandbox/sandbox.h"
#include "sandbox/trace_record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#define BATCH 256
#define PATH_BYTES 4096

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* newer (6.6) than the headers of Debian 12 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

void
trace_prepare_listener(int listener_fd)
{
	(void)ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

/* ---- the calls
 * ----------------------------------------------------------------------------------- */

static const struct traced_call {
	int nr;
	unsigned class;
	signed char dir_arg; /* -1: relative to the working directory */
	unsigned char path_arg;
} calls[] = {
#ifdef SYS_open
	{SYS_open, TRACE_OPEN, -1, 0},
	{SYS_creat, TRACE_OPEN, -1, 0},
	{SYS_stat, TRACE_STAT, -1, 0},
	{SYS_lstat, TRACE_STAT, -1, 0},
	{SYS_access, TRACE_STAT, -1, 0},
	{SYS_readlink, TRACE_STAT, -1, 0},
#endif
	{SYS_openat, TRACE_OPEN, 0, 1},
	{SYS_openat2, TRACE_OPEN, 0, 1},
	{SYS_execve, TRACE_EXEC, -1, 0},
	{SYS_execveat, TRACE_EXEC, 0, 1},
#ifdef SYS_newfstatat
	{SYS_newfstatat, TRACE_STAT, 0, 1},
#endif
	{SYS_statx, TRACE_STAT, 0, 1},
	{SYS_faccessat, TRACE_STAT, 0, 1},
	{SYS_faccessat2, TRACE_STAT, 0, 1},
	{SYS_readlinkat, TRACE_STAT, 0, 1},
	{SYS_connect, TRACE_CONNECT, -1, 1},
};

static const struct traced_call *
find_call(int nr)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

/* ---- looking into the target
 * --------------------------------------------------------------------- */

struct target { /* what is known of the process that stopped */
	pid_t pid;
	int listener;
	uint64_t id; /* of the notification */
};

/* Read at most n bytes; a string may end before the next page, which may not be there. */
static ssize_t
read_memory(const struct target *t, uint64_t address, void *to, size_t n)
{
	size_t done = 0;
	while (done < n) {
		uint64_t at = address + done;
		size_t page = 4096 - (size_t)(at & 4095);
		size_t want = n - done < page ? n - done : page;
		struct iovec local = {(char *)to + done, want};
		struct iovec remote = {(void *)(uintptr_t)at, want};
		ssize_t got = process_vm_readv(t->pid, &local, 1, &remote, 1, 0);
		if (got <= 0)
			break;
		if (memchr((char *)to + done, 0, (size_t)got))
			return (ssize_t)done + got;
		done += (size_t)got;
	}
	return done ? (ssize_t)done : -1;
}

static bool
still_there(const struct target *t)
{
	uint64_t id = t->id;
	return ioctl(t->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static bool
read_proc_link(pid_t pid, const char *what, char *to, size_t n)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	ssize_t got = readlink(path, to, n - 1);
	if (got < 0)
		return false;
	to[got] = '\0';
	return true;
}

/* Its executable; the link is relative to the pod's root, which lies under no path of the host. */
static const char *
program_of(pid_t pid)
{
	static char name[PATH_BYTES];
	return read_proc_link(pid, "exe", name, sizeof(name)) ? name : "";
}

/* Directory of a relative path, as a path inside the pod. */
static bool
base_directory(const struct target *t, const struct traced_call *c, const uint64_t *args, char *to,
	size_t n)
{
	int fd = c->dir_arg < 0 ? AT_FDCWD : (int)args[(int)c->dir_arg];
	char link[32];
	if (fd == AT_FDCWD)
		return read_proc_link(t->pid, "cwd", to, n);
	(void)snprintf(link, sizeof(link), "fd/%d", fd);
	return read_proc_link(t->pid, link, to, n);
}

/* Resolve "." and ".." and doubled slashes by text: what the build asked for, not where links lead.
 */
static void
normalise(char *path)
{
	char *out = path, *in = path;
	while (*in) {
		while (*in == '/')
			in++;
		size_t n = strcspn(in, "/");
		if (n == 0)
			break;
		if (n == 1 && in[0] == '.') {
			in += n;
			continue;
		}
		if (n == 2 && in[0] == '.' && in[1] == '.') {
			while (out > path && *--out != '/')
				;
			in += n;
			continue;
		}
		*out++ = '/';
		memmove(out, in, n);
		out += n;
		in += n;
	}
	if (out == path)
		*out++ = '/';
	*out = '\0';
}

struct lookup {
	bool found;
	bool directory;
};

static struct lookup
look_up(const struct target *t, const char *path)
{
	char root[64];
	struct stat st;
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	(void)snprintf(root, sizeof(root), "/proc/%d/root", (int)t->pid);
	OWN_FD int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return (struct lookup){false, false};
	OWN_FD int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	if (fd < 0) /* what we may not see exists */
		return (struct lookup){errno != ENOENT && errno != ENOTDIR, false};
	return (struct lookup){true, fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)};
}

static void
record_path(struct trace *t, const struct target *target, const struct traced_call *c,
	const uint64_t *args)
{
	char name[PATH_BYTES], path[2 * PATH_BYTES + 2];
	ssize_t n = read_memory(target, args[c->path_arg], name, sizeof(name));
	if (n <= 0 || !memchr(name, 0, (size_t)n) || !*name)
		return; /* the call will fail by itself, or names a descriptor */
	if (*name == '/') {
		(void)snprintf(path, sizeof(path), "%s", name);
	} else {
		if (!base_directory(target, c, args, path, PATH_BYTES) || *path != '/')
			return;
		size_t used = strlen(path);
		(void)snprintf(path + used, sizeof(path) - used, "/%s", name);
	}
	normalise(path);
	if (strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/dev/", 5) == 0)
		return;
	const char *program = program_of(target->pid);
	struct lookup found = look_up(target, path);
	if (!still_there(target))
		return; /* the pid may be another's by now: what was seen means nothing */
	trace_add_path(t, path, program, found.found, c->class == TRACE_OPEN,
		c->class == TRACE_EXEC, found.directory);
}

/* ---- connections
 * --------------------------------------------------------------------------------- */

/* Is there a listening socket on the port, as the target's network namespace tells? */
static bool
listens(pid_t pid, const char *table, unsigned port)
{
	OWN_FREE char *path = mem_printf("/proc/%d/net/%s", (int)pid, table);
	OWN(buf) struct buf text = {0};
	if (fs_read(path, 4 << 20, &text, NULL) < 0)
		return false;
	struct str rest = buf_str(&text), line;
	while (str_next_line(&rest, &line)) {
		struct str slot, local, remote, state;
		if (!str_next_word(&line, &slot) || !str_next_word(&line, &local) ||
			!str_next_word(&line, &remote) || !str_next_word(&line, &state))
			continue;
		const char *colon = memrchr(local.p, ':', local.n);
		if (colon && str_eq(state, "0A") && strtoul(colon + 1, NULL, 16) == port)
			return true;
	}
	return false;
}

static void
record_inet(struct trace *t, const struct target *target, const struct sockaddr_storage *a,
	const char *program)
{
	char host[INET6_ADDRSTRLEN] = "?", text[128];
	const struct sockaddr_in *v4 = (const void *)a;
	const struct sockaddr_in6 *v6 = (const void *)a;
	bool is6 = a->ss_family == AF_INET6;
	unsigned port = ntohs(is6 ? v6->sin6_port : v4->sin_port);
	(void)inet_ntop(a->ss_family, is6 ? (const void *)&v6->sin6_addr : &v4->sin_addr, host,
		sizeof(host));
	bool loopback = is6 ? IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)
			    : ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	bool open = loopback &&
		    (listens(target->pid, "tcp", port) || listens(target->pid, "tcp6", port));
	(void)snprintf(text, sizeof(text), is6 ? "[%s]:%u" : "%s:%u", host, port);
	if (port && still_there(target))
		trace_add_connect(t, text, program, !open);
}

static void
record_unix(struct trace *t, const struct target *target, const struct sockaddr_un *a, size_t n,
	const char *program)
{
	char path[sizeof(a->sun_path) + 1] = "", text[sizeof(path) + 16];
	size_t len = n - offsetof(struct sockaddr_un, sun_path);
	memcpy(path, a->sun_path, len < sizeof(path) ? len : sizeof(path) - 1);
	if (!*path) { /* abstract: its name has no place in the file system */
		path[0] = '@';
		(void)snprintf(text, sizeof(text), "unix:%s", path);
		trace_add_connect(t, text, program, false);
		return;
	}
	(void)snprintf(text, sizeof(text), "unix:%s", path);
	bool there = *path != '/' || look_up(target, path).found;
	if (still_there(target))
		trace_add_connect(t, text, program, !there);
}

static void
record_connect(struct trace *t, const struct target *target, const uint64_t *args)
{
	struct sockaddr_storage a = {0};
	size_t n = args[2] < sizeof(a) ? (size_t)args[2] : sizeof(a);
	struct iovec local = {&a, n}, remote = {(void *)(uintptr_t)args[1], n};
	if (n < sizeof(sa_family_t) ||
		process_vm_readv(target->pid, &local, 1, &remote, 1, 0) != (ssize_t)n)
		return;
	const char *program = program_of(target->pid);
	if (a.ss_family == AF_INET || a.ss_family == AF_INET6)
		record_inet(t, target, &a, program);
	else if (a.ss_family == AF_UNIX && n > offsetof(struct sockaddr_un, sun_path))
		record_unix(t, target, (const struct sockaddr_un *)&a, n, program);
}

/* ---- serving
 * ------------------------------------------------------------------------------------- */

static void
record_call(struct trace *t, const struct target *target, const struct seccomp_data *d,
	unsigned classes)
{
	const struct traced_call *c = find_call(d->nr);
	uint64_t args[6];
	memcpy(args, d->args, sizeof(args));
	if (!c || !(c->class & classes))
		return;
	if (c->class == TRACE_CONNECT)
		record_connect(t, target, args);
	else
		record_path(t, target, c, args);
}

bool
trace_serve(struct trace *t, int listener_fd, unsigned classes)
{
	for (int i = 0; i < BATCH; i++) {
		struct pollfd p = {listener_fd, POLLIN, 0};
		if (poll(&p, 1, 0) <= 0)
			return true;
		if (!(p.revents & POLLIN))
			return false; /* nobody is left under the filter */
		struct seccomp_notif req = {0};
		if (ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue; /* it died while we came */
			return false;
		}
		struct target target = {(pid_t)req.pid, listener_fd, req.id};
		record_call(t, &target, &req.data, classes);
		struct seccomp_notif_resp answer = {
			.id = req.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
		if (ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0 && errno != ENOENT)
			return false;
	}
	return true;
}
