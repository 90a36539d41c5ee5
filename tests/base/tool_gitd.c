/*
 * A git server for tests: the repositories below a directory, on loopback, read-only.
 *
 *   tool_gitd ROOT [SECONDS]
 *
 * Speaks smart HTTP (git-http-backend(1) behind a small front) and git:// (git-upload-pack(1)),
 * each on a port of the kernel's choice.  Prints "http PORT" and "git PORT", a line each, on
 * standard output when it listens, then serves until it is killed, its parent dies, or SECONDS
 * (600) are over. http://127.0.0.1:PORT/x/y.git is ROOT/x/y.git.
 */
#include "base/spawn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#define HEAD_MAX ((size_t)64 << 10)
#define BODY_MAX ((size_t)64 << 20)

static const char *root;

static void
send_all(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		s.p += n;
		s.n -= (size_t)n;
	}
}

static bool
receive(int fd, struct buf *in)
{
	char block[16384];
	ssize_t n = recv(fd, block, sizeof(block), 0);
	if (n > 0)
		buf_add(in, block, (size_t)n);
	return n > 0 && !in->truncated;
}

/* Environment of the git programs: nothing of the user's configuration. */
static void
add_git_env(struct strlist *env)
{
	const char *path = getenv("PATH");
	strlist_addf(env, "PATH=%s", path ? path : "/usr/bin:/bin");
	strlist_add(env, "HOME=/nonexistent");
	strlist_add(env, "GIT_CONFIG_NOSYSTEM=1");
	/* The repositories may belong to somebody else. */
	strlist_add(env, "GIT_CONFIG_COUNT=1");
	strlist_add(env, "GIT_CONFIG_KEY_0=safe.directory");
	strlist_add(env, "GIT_CONFIG_VALUE_0=*");
}

/* ---- git:// (gitprotocol-pack(5)) ---- */

static void
serve_git(int fd)
{
	OWN(buf) struct buf in = {.max = 4096};
	unsigned len = 0;
	while (in.n < 4 || in.n < len) {
		if (!receive(fd, &in))
			return;
		if (in.n >= 4 && !len)
			len = (unsigned)strtoul(
				(char[]){in.p[0], in.p[1], in.p[2], in.p[3], 0}, NULL, 16);
	}
	static const char command[] = "git-upload-pack /";
	if (strncmp(in.p + 4, command, sizeof(command) - 1) != 0 || strstr(in.p + 4, ".."))
		return;
	OWN_FREE char *path = mem_printf("%s/%s", root, in.p + 4 + sizeof(command) - 1);
	OWN(strlist) struct strlist env = {0};
	add_git_env(&env);
	const char *const argv[] = {"git", "upload-pack", path, NULL};
	const struct spawn_fd fds[] = {{fd, 0}, {fd, 1}};
	pid_t pid;
	int status;
	if (spawn_start(
		    &(struct spawn_spec){
			    .argv = argv, .env = (const char *const *)env.v, .fds = fds, .nfds = 2},
		    &pid, NULL, NULL) == 0)
		(void)!spawn_wait(pid, &status, NULL);
}

/* ---- http (RFC 9112, RFC 3875) ---- */

/* Value of a header in a head, heap; NULL. */
static char *
head_value(const char *head, const char *name)
{
	OWN_FREE char *needle = mem_printf("\r\n%s:", name);
	const char *at = strcasestr(head, needle);
	if (!at)
		return NULL;
	at += strlen(needle);
	return str_dup(str_trim((struct str){at, strcspn(at, "\r\n")}));
}

/* 1: all chunks are there and joined in out, 0: more is needed, -1: nonsense. */
static int
join_chunks(struct str in, struct buf *out)
{
	buf_reset(out);
	for (;;) {
		const char *end = memmem(in.p, in.n, "\r\n", 2);
		if (!end)
			return 0;
		size_t size = strtoul(in.p, NULL, 16), head = (size_t)(end - in.p) + 2;
		if (size > BODY_MAX)
			return -1;
		if (in.n < head + size + 2)
			return 0;
		if (!size)
			return 1;
		buf_add(out, in.p + head, size);
		in.p += head + size + 2;
		in.n -= head + size + 2;
	}
}

/* The body behind the head in `in` (head_len bytes), reading on as needed. */
static bool
read_body(int fd, struct buf *in, size_t head_len, struct buf *body)
{
	OWN_FREE char *chunked = head_value(in->p, "Transfer-Encoding");
	OWN_FREE char *length = head_value(in->p, "Content-Length");
	if (chunked) {
		int rc;
		while (!(rc = join_chunks((struct str){in->p + head_len, in->n - head_len}, body)))
			if (!receive(fd, in))
				return false;
		return rc > 0;
	}
	uint64_t want = 0;
	if (length && !str_parse_u64(str_of(length), BODY_MAX, &want))
		return false;
	while (in->n - head_len < want)
		if (!receive(fd, in))
			return false;
	buf_add(body, in->p + head_len, want);
	return true;
}

static void
add_cgi_env(struct strlist *env, const char *head, size_t body_size)
{
	static const struct {
		const char *header, *variable;
	} passed[] = {{"Content-Type", "CONTENT_TYPE"},
		{"Content-Encoding", "HTTP_CONTENT_ENCODING"}, {"Git-Protocol", "GIT_PROTOCOL"}};
	for (size_t i = 0; i < sizeof(passed) / sizeof(*passed); i++) {
		OWN_FREE char *value = head_value(head, passed[i].header);
		if (value)
			strlist_addf(env, "%s=%s", passed[i].variable, value);
	}
	struct str rest = str_of(head), method = {0}, target = {0};
	(void)str_next_word(&rest, &method);
	(void)str_next_word(&rest, &target);
	const char *query = memchr(target.p, '?', target.n);
	size_t path = query ? (size_t)(query - target.p) : target.n;
	strlist_addf(env, "REQUEST_METHOD=" STR_FMT, STR_ARG(method));
	strlist_addf(env, "PATH_INFO=%.*s", (int)path, target.p);
	strlist_addf(env, "QUERY_STRING=%.*s", query ? (int)(target.n - path - 1) : 0,
		query ? query + 1 : "");
	strlist_addf(env, "CONTENT_LENGTH=%zu", body_size);
	strlist_addf(env, "GIT_PROJECT_ROOT=%s", root);
	strlist_add(env, "GIT_HTTP_EXPORT_ALL=1");
	strlist_add(env, "REMOTE_ADDR=127.0.0.1");
}

/* The CGI's head becomes ours: Status is the status line, the rest stays. */
static void
send_cgi(int fd, struct str out)
{
	const char *end = memmem(out.p, out.n, "\r\n\r\n", 4);
	if (!end) {
		send_all(fd,
			STR("HTTP/1.1 500 No answer\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
		return;
	}
	OWN_FREE char *head = mem_printf("\r\n%.*s\r\n", (int)(end - out.p), out.p);
	OWN_FREE char *status = head_value(head, "Status");
	OWN_FREE char *line = mem_printf("HTTP/1.1 %s", status ? status : "200 OK");
	send_all(fd, str_of(line));
	send_all(fd, str_of(head));
	send_all(fd, STR("Connection: close\r\n\r\n"));
	size_t skip = (size_t)(end - out.p) + 4;
	send_all(fd, (struct str){out.p + skip, out.n - skip});
}

static void
serve_http(int fd)
{
	OWN(buf) struct buf in = {.max = HEAD_MAX + BODY_MAX}, body = {.max = BODY_MAX}, out = {0};
	const char *end = NULL;
	while (!end) {
		if (in.n > HEAD_MAX || !receive(fd, &in))
			return;
		end = strstr(in.p, "\r\n\r\n");
	}
	size_t head_len = (size_t)(end - in.p) + 4;
	if (!read_body(fd, &in, head_len, &body))
		return;
	OWN_FREE char *head = mem_strndup(in.p, head_len);
	OWN(strlist) struct strlist env = {0};
	add_git_env(&env);
	add_cgi_env(&env, head, body.n);
	const char *const argv[] = {"git", "http-backend", NULL};
	OWN(dd_err) struct dd_err err = {0};
	if (spawn_capture(&(struct spawn_spec){.argv = argv, .env = (const char *const *)env.v},
		    buf_str(&body), &out, NULL, &err))
		fprintf(stderr, "tool_gitd: %s\n", err_msg(&err));
	send_cgi(fd, buf_str(&out));
}

/* ---- sockets ---- */

static int
listen_loopback(const char *what)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, 16) < 0 ||
		getsockname(fd, (struct sockaddr *)&a, &n) < 0) {
		perror("tool_gitd: listening");
		exit(3);
	}
	printf("%s %d\n", what, ntohs(a.sin_port));
	return fd;
}

static void
serve(int listener, void (*fn)(int fd))
{
	OWN_FD int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0 || fork() != 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGCHLD, SIG_DFL);
	const struct timeval limit = {.tv_sec = 20};
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	fn(fd);
	_exit(0);
}

int
main(int argc, char **argv)
{
	if (argc < 2 || argv[1][0] != '/') {
		fputs("usage: tool_gitd ROOT [SECONDS]   (ROOT is an absolute path)\n", stderr);
		return 2;
	}
	root = argv[1];
	time_t end = time(NULL) + (argc > 2 ? strtol(argv[2], NULL, 10) : 600);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGCHLD, SIG_IGN);
	struct pollfd p[2] = {{.events = POLLIN}, {.events = POLLIN}};
	p[0].fd = listen_loopback("http");
	p[1].fd = listen_loopback("git");
	(void)fflush(stdout);
	while (time(NULL) < end) {
		if (poll(p, 2, 1000) <= 0)
			continue;
		if (p[0].revents)
			serve(p[0].fd, serve_http);
		if (p[1].revents)
			serve(p[1].fd, serve_git);
	}
	return 0;
}
