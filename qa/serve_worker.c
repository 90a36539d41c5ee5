/*
 * Body of the worker "serve": the files of a directory over HTTP/1.1 (RFC 9112), one process a connection, one request a
 * connection.  Paths are opened below the directory only; nothing is run, nothing is written.
 */
#include "qa/qa.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MAX_REQUEST 16384
#define MAX_CONNECTIONS 64
#define CONNECTION_SECONDS 30

static const char *
type_of(const char *path)
{
	static const char *const types[][2] = {{".html", "text/html; charset=utf-8"},
		{".htm", "text/html; charset=utf-8"}, {".css", "text/css; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".mjs", "text/javascript; charset=utf-8"}, {".json", "application/json"},
		{".svg", "image/svg+xml"}, {".png", "image/png"}, {".jpg", "image/jpeg"},
		{".jpeg", "image/jpeg"}, {".gif", "image/gif"}, {".webp", "image/webp"},
		{".ico", "image/x-icon"}, {".woff", "font/woff"}, {".woff2", "font/woff2"},
		{".ttf", "font/ttf"}, {".otf", "font/otf"}, {".wasm", "application/wasm"},
		{".txt", "text/plain; charset=utf-8"}, {".xml", "application/xml"}};
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (str_ends(str_of(path), types[i][0]))
			return types[i][1];
	return "application/octet-stream";
}

static void
answer(int fd, const char *status, const char *type, uint64_t length, const char *more)
{
	OWN_FREE char *head =
		mem_printf("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %llu\r\n"
			   "Cache-Control: no-store\r\nConnection: close\r\n%s\r\n",
			status, type, (unsigned long long)length, more);
	(void)!fs_write_all(fd, head, strlen(head), NULL);
}

static void
refuse(int fd, const char *status)
{
	OWN_FREE char *text = mem_printf("%s\n", status);
	answer(fd, status, "text/plain", strlen(text), "");
	(void)!fs_write_all(fd, text, strlen(text), NULL);
}

/* The target of "GET /a%20b?c HTTP/1.1" as a path below the directory, heap; NULL: there is none. */
static char *
path_of(struct str request, bool *ret_head)
{
	struct str line, method, target;
	if (!str_next_line(&request, &line) || !str_next_word(&line, &method) ||
		!str_next_word(&line, &target) || *target.p != '/')
		return NULL;
	*ret_head = str_eq(method, "HEAD");
	if (!*ret_head && !str_eq(method, "GET"))
		return NULL;
	for (size_t i = 0; i < target.n; i++)
		if (target.p[i] == '?' || target.p[i] == '#')
			target.n = i;
	return str_unpercent(target);
}

static void
send_file(int fd, int file, uint64_t size)
{
	char chunk[65536];
	while (size) {
		ssize_t n = read(file, chunk, size < sizeof(chunk) ? size : sizeof(chunk));
		if (n <= 0 || fs_write_all(fd, chunk, (size_t)n, NULL) < 0)
			return;
		size -= (uint64_t)n;
	}
}

static int
open_path(int root, char **path, struct stat *st)
{
	int fd = -1;
	OWN_FREE char *below = mem_printf(".%s", *path);
	if (fs_open_in_root(root, below, O_RDONLY | O_NONBLOCK, &fd, NULL) < 0)
		return -1;
	if (fstat(fd, st) == 0 && S_ISDIR(st->st_mode) && str_ends(str_of(*path), "/")) {
		char *index = mem_printf("%sindex.html", *path);
		free(*path);
		*path = index;
		(void)close(fd);
		return open_path(root, path, st);
	}
	return fd;
}

static void
respond(int fd, int root, struct str request)
{
	bool head = false;
	struct stat st;
	OWN_FREE char *path = path_of(request, &head);
	OWN_FD int file = path ? open_path(root, &path, &st) : -1;
	if (!path) {
		refuse(fd, "400 Bad Request");
	} else if (file < 0) {
		refuse(fd, "404 Not Found");
	} else if (S_ISDIR(st.st_mode)) {
		OWN(buf) struct buf place = {0};
		buf_puts(&place, "Location: ");
		buf_put_percent(&place, str_of(path));
		buf_puts(&place, "/\r\n");
		answer(fd, "301 Moved Permanently", "text/plain", 0, place.p);
	} else if (!S_ISREG(st.st_mode)) {
		refuse(fd, "403 Forbidden");
	} else {
		answer(fd, "200 OK", type_of(path), (uint64_t)st.st_size, "");
		if (!head)
			send_file(fd, file, (uint64_t)st.st_size);
	}
}

static void
converse(int fd, int root)
{
	OWN(buf) struct buf request = {.max = MAX_REQUEST};
	char chunk[4096];
	alarm(CONNECTION_SECONDS);
	while (!request.truncated && !(request.n && memmem(request.p, request.n, "\r\n\r\n", 4))) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			return;
		buf_add(&request, chunk, (size_t)n);
	}
	if (request.truncated)
		refuse(fd, "431 Request Header Fields Too Large");
	else
		respond(fd, root, buf_str(&request));
	(void)shutdown(fd, SHUT_WR);
}

int
qa_serve_worker_main(int argc, char **argv)
{
	uint64_t listener;
	if (argc != 3 || !str_parse_u64(str_of(argv[1]), 1000, &listener))
		return 2;
	OWN_FD int root = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return 1;
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t live = 0;;) {
		while (live && waitpid(-1, NULL, live < MAX_CONNECTIONS ? WNOHANG : 0) > 0)
			live--;
		int fd = accept4((int)listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			return 1;
		if (fd < 0)
			continue;
		pid_t child = fork();
		if (child == 0) {
			converse(fd, root);
			_exit(0);
		}
		live += child > 0;
		(void)close(fd);
	}
}
