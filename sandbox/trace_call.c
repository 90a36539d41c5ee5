#include "sandbox/trace_call.h"

#include "base/fs.h"
#include "sandbox/sandbox.h"
#include "sandbox/trace_record.h"

#include <arpa/inet.h>
#include <errno.h>
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
	{SYS_faccessat, TRACE_STAT, 0, 1},
	{SYS_faccessat2, TRACE_STAT, 0, 1},
	{SYS_statx, TRACE_STAT, 0, 1},
#ifdef SYS_open
	{SYS_stat, TRACE_STAT, -1, 0},
	{SYS_access, TRACE_STAT, -1, 0},
	{SYS_open, TRACE_OPEN, -1, 0},
	{SYS_lstat, TRACE_STAT, -1, 0},
	{SYS_creat, TRACE_OPEN, -1, 0},
#endif
	{SYS_openat2, TRACE_OPEN, 0, 1},
	{SYS_execve, TRACE_EXEC, -1, 0},
	{SYS_execveat, TRACE_EXEC, 0, 1},
	{SYS_connect, TRACE_CONNECT, -1, 1},
	{SYS_listen, TRACE_CONNECT, -1, 0},
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

/* ---- naming ---- */

static bool
name_path(const struct target *target, const struct traced_call *c, const uint64_t *args,
	struct traced *ret)
{
	int dir_fd = c->dir_arg < 0 ? AT_FDCWD : (int)args[(int)c->dir_arg];
	return target_path(target, dir_fd, args[c->path_arg], ret->what) &&
	       strncmp(ret->what, "/proc/", 6) != 0 && strncmp(ret->what, "/dev/", 5) != 0;
}

/* Does the open make what is not there? */
static bool
creates(const struct target *target, int nr, const struct traced_call *c, const uint64_t *args)
{
	uint64_t flags = args[c->path_arg + 1];
#ifdef SYS_creat
	if (nr == SYS_creat)
		return true;
#endif
	if (nr == SYS_openat2 && !target_read(target, flags, &flags, sizeof(flags)))
		return false;
	return c->class == TRACE_OPEN && (flags & O_CREAT);
}

static bool
name_inet(const struct sockaddr_storage *a, struct traced *ret)
{
	char host[INET6_ADDRSTRLEN] = "?";
	const struct sockaddr_in *v4 = (const void *)a;
	const struct sockaddr_in6 *v6 = (const void *)a;
	bool is6 = a->ss_family == AF_INET6;
	unsigned port = ntohs(is6 ? v6->sin6_port : v4->sin_port);
	(void)inet_ntop(a->ss_family, is6 ? (const void *)&v6->sin6_addr : &v4->sin_addr, host,
		sizeof(host));
	(void)snprintf(ret->what, sizeof(ret->what), is6 ? "[%s]:%u" : "%s:%u", host, port);
	return port != 0;
}

static bool
name_unix(const struct sockaddr_un *a, size_t n, struct traced *ret)
{
	size_t len = n - offsetof(struct sockaddr_un, sun_path);
	char path[sizeof(a->sun_path) + 1] = "";
	memcpy(path, a->sun_path, len < sizeof(path) ? len : sizeof(path) - 1);
	if (!*path) /* abstract: its name has no place in the file system */
		path[0] = '@';
	(void)snprintf(ret->what, sizeof(ret->what), "unix:%s", path);
	return true;
}

static bool
name_connection(const struct target *target, const uint64_t *args, struct traced *ret)
{
	struct sockaddr_storage a = {0};
	size_t n = args[2] < sizeof(a) ? (size_t)args[2] : sizeof(a);
	if (n < sizeof(sa_family_t) || !target_read(target, args[1], &a, n))
		return false;
	if (a.ss_family == AF_INET || a.ss_family == AF_INET6)
		return name_inet(&a, ret);
	if (a.ss_family == AF_UNIX && n > offsetof(struct sockaddr_un, sun_path))
		return name_unix((const struct sockaddr_un *)&a, n, ret);
	return false;
}

/* The system's own programs do what the application's do, and say nothing of it. */
static bool
is_systems(const char *path)
{
	static const char *const dirs[] = {"/usr/", "/bin/", "/sbin/", "/lib", NULL};
	for (size_t i = 0; dirs[i]; i++)
		if (strncmp(path, dirs[i], strlen(dirs[i])) == 0)
			return true;
	return false;
}

static void
name_words(const struct target *target, int nr, const uint64_t *args, struct traced *ret)
{
	uint64_t vector = args[nr == SYS_execveat ? 2 : 1];
	if (is_systems(ret->what) || !target_vector(target, vector, &ret->words) ||
		!target_directory(target, ret->dir))
		ret->words.n = 0;
}

static bool
name_server(const struct target *target, struct traced *ret)
{
	ret->serves = true;
	return target_command(target, ret->what, &ret->words) && target_directory(target, ret->dir);
}

bool
trace_call_name(const struct target *target, int nr, const uint64_t *args, struct traced *ret)
{
	const struct traced_call *c = find_call(nr);
	if (!c)
		return false;
	ret->class = c->class;
	ret->found = ret->directory = ret->serves = false;
	ret->words.n = 0;
	ret->creates = creates(target, nr, c, args);
	if (nr == SYS_listen)
		return name_server(target, ret);
	if (c->class == TRACE_CONNECT)
		return name_connection(target, args, ret);
	if (!name_path(target, c, args, ret))
		return false;
	if (c->class == TRACE_EXEC)
		name_words(target, nr, args, ret);
	return true;
}

/* ---- judging ---- */

/* Is there a listening socket on the port, as the target's network namespace tells? */
static bool
listens(pid_t pid, const char *table, unsigned long port)
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

static bool
is_answered(const struct target *target, const char *where)
{
	const char *path = where + strlen("unix:");
	if (str_starts(str_of(where), "unix:"))
		return *path != '/' || target_look_up(target, path).found;
	if (!str_starts(str_of(where), "127.") && !str_starts(str_of(where), "[::1]"))
		return false; /* there is no way to anywhere else */
	unsigned long port = strtoul(strrchr(where, ':') + 1, NULL, 10);
	return listens(target->pid, "tcp", port) || listens(target->pid, "tcp6", port);
}

void
trace_call_look(const struct target *target, struct traced *x)
{
	if (x->serves) {
		x->found = true;
		return;
	}
	if (x->class == TRACE_CONNECT) {
		x->found = is_answered(target, x->what);
		return;
	}
	struct lookup l = target_look_up(target, x->what);
	x->found = l.found;
	x->directory = l.directory;
}

void
trace_call_judge(int64_t returned, struct traced *x)
{
	if (x->serves)
		x->found = returned >= 0;
	else if (x->class == TRACE_CONNECT)
		x->found = returned >= 0 || returned == -EINPROGRESS || returned == -EISCONN ||
			   returned == -EALREADY || returned == -EINTR;
	else /* what may not be entered is there; EINVAL: readlink(2) of what is no link */
		x->found = returned >= 0 || (returned != -ENOENT && returned != -ENOTDIR);
}

void
trace_call_add(struct trace *t, const struct target *target, const struct traced *x)
{
	const struct trace_run run = {.program = x->what,
		.dir = x->dir,
		.words = x->words.text,
		.n = x->words.n,
		.served = x->serves};
	if (x->words.n && x->found)
		trace_add_run(t, &run);
	if (x->serves)
		return;
	if (x->class == TRACE_CONNECT) {
		trace_add_connect(t, x->what, target->program, !x->found);
		return;
	}
	const struct trace_look look = {.path = x->what,
		.pid = target->pid,
		.program = target->program,
		.args = target->args,
		.class = x->class,
		.found = x->found,
		.directory = x->directory,
		.creates = x->creates};
	trace_add_look(t, &look);
}
