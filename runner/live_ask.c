/*
 * The worker "ask": what answers on a port of this network.  "GET /" of HTTP/1.0 (RFC 9112): who answers it with a
 * status line speaks HTTP, everybody else is somebody who only took the connection.
 */
#include "runner/live.h"

#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_BYTES 65536
#define PATIENCE_S 5
#define TITLE_BYTES 200

static int
connect_to(int family, uint16_t port)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	const struct sockaddr_in v4 = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT};
	const struct sockaddr *to = family == AF_INET ? (const void *)&v4 : (const void *)&v6;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, to, family == AF_INET ? sizeof(v4) : sizeof(v6)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static void
ask(int fd, struct buf *ret)
{
	static const char request[] =
		"GET / HTTP/1.0\r\nHost: localhost\r\nAccept: text/html, */*\r\n\r\n";
	char piece[4096];
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
		return;
	for (ssize_t n; ret->n < ANSWER_BYTES && (n = recv(fd, piece, sizeof(piece), 0)) > 0;)
		buf_add(ret, piece, (size_t)n);
}

/* The text of the first <title>, its blanks made one. */
static char *
title_of(struct str page)
{
	OWN_FREE char *text = str_dup(page);
	OWN(buf) struct buf title = {.max = TITLE_BYTES};
	char *at = strcasestr(text, "<title"), *end = at ? strcasestr(at, "</title") : NULL;
	at = at ? strchr(at, '>') : NULL;
	if (!end || !at || at > end)
		return NULL;
	struct str rest = {at + 1, (size_t)(end - at - 1)}, word;
	while (str_next_word(&rest, &word)) {
		buf_puts(&title, title.n ? " " : "");
		buf_add_str(&title, word);
	}
	return title.n ? buf_take(&title) : NULL;
}

static void
judge(struct str answer, struct served_port *ret)
{
	uint64_t status = 0;
	if (answer.n < 12 || !str_starts(answer, "HTTP/1.") ||
		!str_parse_u64((struct str){answer.p + 9, 3}, 999, &status))
		return;
	ret->protocol = PORT_HTTP;
	ret->status = (int64_t)status;
	ret->title = title_of(answer);
}

int
live_ask_worker_main(int argc, char **argv)
{
	OWN(buf) struct buf answer = {0}, out = {0};
	OWN(served_port) struct served_port p = {0};
	uint64_t port;
	if (argc != 2 || !str_parse_u64(str_of(argv[1]), 65535, &port))
		return 2;
	p.port = (int64_t)port;
	OWN_FD int fd = connect_to(AF_INET, (uint16_t)port);
	if (fd < 0)
		fd = connect_to(AF_INET6, (uint16_t)port);
	if (fd >= 0)
		ask(fd, &answer);
	judge(buf_str(&answer), &p);
	OWN_JSON json_t *j = json_encode(served_port_fields, &p);
	json_print(j, 0, &out);
	printf("%s\n", out.p);
	return fflush(stdout) == 0 ? 0 : 1;
}
