/*
 * A server of files for tests, on loopback: what stands for a package registry or a download site.
 *
 *   tool_httpd ROOT SECONDS [PREFIX CREDENTIAL]
 *
 * Prints "http PORT" on standard output when it listens, then serves until it is killed, its parent
 * dies, or SECONDS are over.  GET /a/b gives the file ROOT/a/b, or, when that is a directory,
 * ROOT/a/b/index.json as JSON.  What is below PREFIX wants the header "Authorization: CREDENTIAL".
 * Each request is a line on standard error: status, path, and "none" or "given" for its credential.
 * A file ROOT/.delay holds milliseconds that every answer waits.
 */
#include "base/fs.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#define HEAD_MAX ((size_t)64 << 10)
#define BODY_MAX ((size_t)64 << 20)

static const char *root, *prefix, *credential;

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
receive_head(int fd, struct buf *in)
{
	char block[4096];
	while (!in->p || !strstr(in->p, "\r\n\r\n")) {
		ssize_t n = recv(fd, block, sizeof(block), 0);
		if (n <= 0)
			return false;
		buf_add(in, block, (size_t)n);
		if (in->truncated)
			return false;
	}
	return true;
}

/* Path of the request, %xx undone; NULL: not a GET, or it climbs. */
static char *
request_path(const char *head)
{
	if (strncmp(head, "GET /", 5) != 0)
		return NULL;
	OWN(buf) struct buf out = {0};
	for (const char *p = head + 4; *p && !strchr(" ?\r\n", *p); p++) {
		unsigned byte;
		if (*p == '%' && isxdigit((unsigned char)p[1]) &&
			sscanf(p + 1, "%2x", &byte) == 1) {
			buf_putc(&out, (char)byte);
			p += 2;
		} else {
			buf_putc(&out, *p);
		}
	}
	return strstr(out.p, "..") ? NULL : buf_take(&out);
}

static bool
has_credential(const char *head, bool *ret_right)
{
	const char *at = strcasestr(head, "\r\nAuthorization: ");
	*ret_right = false;
	if (!at)
		return false;
	at += 17;
	*ret_right = credential && strncmp(at, credential, strlen(credential)) == 0 &&
		     at[strlen(credential)] == '\r';
	return true;
}

static int
find_body(const char *path, struct buf *body, bool *ret_json)
{
	OWN_FREE char *file = mem_printf("%s%s", root, path);
	OWN_FREE char *index = mem_printf("%s/index.json", file);
	*ret_json = fs_is_dir(file);
	return fs_read(*ret_json ? index : file, BODY_MAX, body, NULL);
}

static void
wait_as_told(void)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *file = fs_join(root, ".delay");
	uint64_t ms = 0;
	if (fs_read(file, 32, &text, NULL) == 0 &&
		str_parse_u64(str_trim(buf_str(&text)), 60000, &ms))
		(void)poll(NULL, 0, (int)ms);
}

static void
serve_one(int fd)
{
	OWN(buf) struct buf in = {.max = HEAD_MAX}, body = {0}, head = {0};
	if (!receive_head(fd, &in))
		return;
	OWN_FREE char *path = request_path(in.p);
	bool right, json = true;
	bool given = has_credential(in.p, &right);
	int status = 200;
	if (!path)
		status = 400;
	else if (prefix && strncmp(path, prefix, strlen(prefix)) == 0 && !right)
		status = 401;
	else if (find_body(path, &body, &json) < 0)
		status = 404;
	if (status != 200)
		buf_puts(&body, "{\"error\":\"no\"}");
	wait_as_told();
	fprintf(stderr, "%d %s %s\n", status, path ? path : "-", given ? "given" : "none");
	buf_printf(&head,
		"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
		status, json || status != 200 ? "application/json" : "application/octet-stream",
		body.n);
	send_all(fd, buf_str(&head));
	send_all(fd, buf_str(&body));
}

static int
listen_loopback(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, 64) < 0 ||
		getsockname(fd, (struct sockaddr *)&a, &n) < 0) {
		perror("tool_httpd: listening");
		exit(3);
	}
	printf("http %d\n", ntohs(a.sin_port));
	(void)fflush(stdout);
	return fd;
}

static void
serve(int listener)
{
	OWN_FD int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0 || fork() != 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	const struct timeval limit = {.tv_sec = 20};
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	serve_one(fd);
	_exit(0);
}

int
main(int argc, char **argv)
{
	if (argc < 3 || argv[1][0] != '/') {
		fputs("usage: tool_httpd ROOT SECONDS [PREFIX CREDENTIAL]   (ROOT is an absolute path)\n",
			stderr);
		return 2;
	}
	root = argv[1];
	prefix = argc > 4 ? argv[3] : NULL;
	credential = argc > 4 ? argv[4] : NULL;
	time_t end = time(NULL) + strtol(argv[2], NULL, 10);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGCHLD, SIG_IGN);
	struct pollfd p = {.fd = listen_loopback(), .events = POLLIN};
	while (time(NULL) < end)
		if (poll(&p, 1, 1000) > 0)
			serve(p.fd);
	return 0;
}
