#include "sandbox/box/box.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool
message_receive(int fd, struct message *m)
{
	static char text[BOX_MAX_MESSAGE + 1];
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * BOX_MAX_FDS)];
	} control;
	struct iovec iov = {text, BOX_MAX_MESSAGE};
	struct msghdr h = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t n;
	while ((n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (n <= 0)
		return false;
	text[n] = '\0';
	*m = (struct message){.type = text[0], .text = text + 1, .n = (size_t)n - 1};
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		m->nfds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(m->fds, CMSG_DATA(c), m->nfds * sizeof(int));
	}
	return true;
}

const char *
field_value(const char *field, const char *key)
{
	size_t n = strlen(key);
	return strncmp(field, key, n) == 0 && field[n] == '=' ? field + n + 1 : NULL;
}

const char *
message_next(const struct message *m, const char *field)
{
	const char *next = field ? field + strlen(field) + 1 : m->text;
	return next < m->text + m->n ? next : NULL;
}

const char *
message_get(const struct message *m, const char *key)
{
	for (const char *f = message_next(m, NULL); f; f = message_next(m, f)) {
		const char *v = field_value(f, key);
		if (v)
			return v;
	}
	return NULL;
}

unsigned long long
message_get_number(const struct message *m, const char *key)
{
	const char *v = message_get(m, key);
	return v ? strtoull(v, NULL, 10) : 0;
}

void
message_close_fds(struct message *m)
{
	for (size_t i = 0; i < m->nfds; i++)
		if (m->fds[i] >= 0)
			(void)close(m->fds[i]);
	m->nfds = 0;
}

static void
send_text(int fd, char *text, size_t n, const int *fds, size_t nfds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * BOX_MAX_FDS)];
	} control;
	struct iovec iov = {text, n};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	if (nfds) {
		memset(&control, 0, sizeof(control));
		h.msg_control = &control;
		h.msg_controllen = (socklen_t)CMSG_SPACE(sizeof(int) * nfds);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = (socklen_t)CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * nfds);
	}
	/* A drydock that is gone is noticed by the next receive. */
	while (sendmsg(fd, &h, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

void
message_send(int fd, char type, const int *fds, size_t nfds, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	text[0] = type;
	va_start(ap, fmt);
	int n = vsnprintf(text + 1, sizeof(text) - 1, fmt, ap);
	va_end(ap);
	size_t used = n < 0 ? 0 : (size_t)n < sizeof(text) - 1 ? (size_t)n : sizeof(text) - 2;
	for (size_t i = 1; i <= used; i++)
		if (text[i] == '\n')
			text[i] = '\0';
	send_text(fd, text, used + 2, fds, nfds);
}

const char *box_exec_id = "";

void
box_die(int errnum, const char *fmt, ...)
{
	char what[2048];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	for (char *p = what; *p; p++)
		if (*p == '\n')
			*p = ' ';
	message_send(BOX_CONTROL_FD, BOX_FAILED, NULL, 0, "id=%s\nerrno=%d\ntext=%s%s%s",
		box_exec_id, errnum, what, errnum ? ": " : "", errnum ? strerror(errnum) : "");
	_exit(125);
}

void
box_fail(const char *what)
{
	box_die(errno, "%s", what);
}
