#include "sandbox/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void
request_init(struct request *r, enum box_message type)
{
	*r = (struct request){.text = {.max = BOX_MAX_MESSAGE + 1}};
	buf_putc(&r->text, (char)type);
}

void
request_cleanup(struct request *r)
{
	buf_cleanup(&r->text);
}

void
request_add(struct request *r, const char *key, const char *value)
{
	buf_printf(&r->text, "%s=", key);
	buf_add(&r->text, value, strlen(value) + 1);
}

void
request_add_number(struct request *r, const char *key, uint64_t value)
{
	OWN_FREE char *text = mem_printf("%llu", (unsigned long long)value);
	request_add(r, key, text);
}

void
request_add_fd(struct request *r, int fd)
{
	if (r->nfds == BOX_MAX_FDS)
		abort();
	r->fds[r->nfds++] = fd;
}

union rights {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int) * BOX_MAX_FDS)];
};

int
channel_send(int fd, const struct request *r, struct dd_err *err)
{
	union rights control;
	struct iovec iov = {r->text.p, r->text.n};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	if (r->text.n > BOX_MAX_MESSAGE)
		return err_set(err, DD_ELIMIT,
			"the arguments and environment of a command exceed %d bytes",
			BOX_MAX_MESSAGE);
	if (r->nfds) {
		memset(&control, 0, sizeof(control));
		h.msg_control = &control;
		h.msg_controllen = (socklen_t)CMSG_SPACE(sizeof(int) * r->nfds);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = (socklen_t)CMSG_LEN(sizeof(int) * r->nfds);
		memcpy(CMSG_DATA(&control.align), r->fds, sizeof(int) * r->nfds);
	}
	while (sendmsg(fd, &h, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return err_errno(err, errno, "the pod is gone");
	return 0;
}

int
channel_receive(int fd, struct reply *ret, struct dd_err *err)
{
	char text[4097];
	union rights control;
	struct iovec iov = {text, sizeof(text) - 1};
	struct msghdr h = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t n;
	/* A box that went without reading all is told of first, then what it said. */
	while ((n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC)) < 0 &&
		(errno == EINTR || errno == ECONNRESET))
		;
	if (n <= 0)
		return err_set(err, DD_EIO, "the pod died%s%s", n < 0 ? ": " : "",
			n < 0 ? strerror(errno) : "");
	*ret = (struct reply){.type = (enum box_message)text[0]};
	buf_add(&ret->text, text + 1, (size_t)n - 1);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		ret->nfds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(ret->fds, CMSG_DATA(c), ret->nfds * sizeof(int));
	}
	return 0;
}

void
reply_cleanup(struct reply *r)
{
	for (size_t i = 0; i < r->nfds; i++)
		if (r->fds[i] >= 0)
			(void)close(r->fds[i]);
	buf_cleanup(&r->text);
	*r = (struct reply){0};
}

const char *
reply_get(const struct reply *r, const char *key)
{
	size_t n = strlen(key);
	for (size_t at = 0; at < r->text.n;) {
		const char *f = r->text.p + at;
		if (strncmp(f, key, n) == 0 && f[n] == '=')
			return f + n + 1;
		at += strlen(f) + 1;
	}
	return NULL;
}

uint64_t
reply_number(const struct reply *r, const char *key)
{
	uint64_t v = 0;
	const char *text = reply_get(r, key);
	if (!text || !str_parse_u64(str_of(text), UINT64_MAX, &v))
		return 0;
	return v;
}

int
reply_take_fd(struct reply *r, size_t i)
{
	return i < r->nfds ? TAKE_FD(r->fds[i]) : -1;
}

int
reply_error(const struct reply *r, struct dd_err *err)
{
	const char *text = reply_get(r, "text");
	int errnum = (int)reply_number(r, "errno");
	bool lacking = errnum == EPERM || errnum == ENOSYS || errnum == EINVAL || errnum == ENODEV;
	return err_set(err, lacking ? DD_EUNSUPPORTED : DD_EIO, "sandbox: %s",
		text ? text : "unknown failure");
}
