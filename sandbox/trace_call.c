#include "sandbox/trace_call.h"

#include "base/fs.h"
#include "sandbox/sandbox.h"
#include "sandbox/trace_record.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

/* ---- the calls ---- */

static const struct traced_call {
	int nr;
	unsigned class;
	signed char dir_arg; /* -1: relative to the working directory */
	unsigned char path_arg;
} calls[] = {
	{SYS_openat, TRACE_OPEN, 0, 1},
#ifdef SYS_newfstatat
	{SYS_newfstatat, TRACE_STAT, 0, 1},
#endif
	{SYS_readlinkat, TRACE_STAT, 0, 1},
	{SYS_faccessat, TRACE_STAT, 0, 1},
	{SYS_faccessat2, TRACE_STAT, 0, 1},
	{SYS_statx, TRACE_STAT, 0, 1},
#ifdef SYS_open
	{SYS_stat, TRACE_STAT, -1, 0},
	{SYS_access, TRACE_STAT, -1, 0},
	{SYS_readlink, TRACE_STAT, -1, 0},
	{SYS_open, TRACE_OPEN, -1, 0},
	{SYS_lstat, TRACE_STAT, -1, 0},
	{SYS_creat, TRACE_OPEN, -1, 0},
#endif
	{SYS_openat2, TRACE_OPEN, 0, 1},
	{SYS_execve, TRACE_EXEC, -1, 0},
	{SYS_execveat, TRACE_EXEC, 0, 1},
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

bool
trace_call_is_observed(int nr, unsigned classes)
{
	const struct traced_call *c = find_call(nr);
	return c && (c->class & classes);
}

/* ---- paths ---- */

static void
record_path(struct trace *t, const struct target *target, const struct traced_call *c,
	const uint64_t *args)
{
	char path[2 * TARGET_PATH_BYTES + 2];
	int dir_fd = c->dir_arg < 0 ? AT_FDCWD : (int)args[(int)c->dir_arg];
	if (!target_path(target, dir_fd, args[c->path_arg], path))
		return;
	if (strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/dev/", 5) == 0)
		return;
	struct lookup found = target_look_up(target, path);
	if (!target_still_there(target))
		return;
	const struct trace_look look = {.path = path,
		.pid = target->pid,
		.program = target->program,
		.args = target->args,
		.class = c->class,
		.found = found.found,
		.directory = found.directory};
	trace_add_look(t, &look);
}

/* ---- connections ---- */

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
record_inet(struct trace *t, const struct target *target, const struct sockaddr_storage *a)
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
	if (port && target_still_there(target))
		trace_add_connect(t, text, target->program, !open);
}

static void
record_unix(struct trace *t, const struct target *target, const struct sockaddr_un *a, size_t n)
{
	char path[sizeof(a->sun_path) + 1] = "", text[sizeof(path) + 16];
	size_t len = n - offsetof(struct sockaddr_un, sun_path);
	memcpy(path, a->sun_path, len < sizeof(path) ? len : sizeof(path) - 1);
	if (!*path) { /* abstract: its name has no place in the file system */
		path[0] = '@';
		(void)snprintf(text, sizeof(text), "unix:%s", path);
		trace_add_connect(t, text, target->program, false);
		return;
	}
	(void)snprintf(text, sizeof(text), "unix:%s", path);
	bool there = *path != '/' || target_look_up(target, path).found;
	if (target_still_there(target))
		trace_add_connect(t, text, target->program, !there);
}

static void
record_connect(struct trace *t, const struct target *target, const uint64_t *args)
{
	struct sockaddr_storage a = {0};
	size_t n = args[2] < sizeof(a) ? (size_t)args[2] : sizeof(a);
	if (n < sizeof(sa_family_t) || !target_read(target, args[1], &a, n))
		return;
	if (a.ss_family == AF_INET || a.ss_family == AF_INET6)
		record_inet(t, target, &a);
	else if (a.ss_family == AF_UNIX && n > offsetof(struct sockaddr_un, sun_path))
		record_unix(t, target, (const struct sockaddr_un *)&a, n);
}

void
trace_call_record(struct trace *t, const struct target *target, int nr, const uint64_t *args)
{
	const struct traced_call *c = find_call(nr);
	if (!c)
		return;
	if (c->class == TRACE_CONNECT)
		record_connect(t, target, args);
	else
		record_path(t, target, c, args);
}
