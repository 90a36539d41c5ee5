#include "sandbox/relay.h"

#include "base/own.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define IDLE_MS 300000

static struct {
	int listen_fd;
	char *host, *port;
	relay_fn *on_connect;
} relay;

static int
connect_out(void)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
	int fd = -1;
	if (getaddrinfo(relay.host, relay.port, &hints, &all) != 0)
		return -1;
	for (struct addrinfo *a = all; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
			(void)close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(all);
	return fd;
}

struct counter {
	bool (*count)(void *ctx, size_t n);
	void *ctx;
};

/* One piece from a to b; false at the end. */
static bool
pass(int a, int b, const struct counter *c, bool *ret_stop)
{
	char chunk[65536];
	ssize_t n = recv(a, chunk, sizeof(chunk), 0);
	if (n <= 0) {
		(void)shutdown(b, SHUT_WR);
		return false;
	}
	if (c->count && !c->count(c->ctx, (size_t)n)) {
		*ret_stop = true;
		return false;
	}
	for (ssize_t done = 0; done < n;) {
		ssize_t w = send(b, chunk + done, (size_t)(n - done), MSG_NOSIGNAL);
		if (w <= 0)
			return false;
		done += w;
	}
	return true;
}

void
relay_join(int a, int b, bool (*count)(void *ctx, size_t n), void *ctx)
{
	const struct counter c = {count, ctx};
	bool open[2] = {true, true}, stop = false;
	while (!stop && (open[0] || open[1])) {
		struct pollfd f[2] = {{open[0] ? a : -1, POLLIN, 0}, {open[1] ? b : -1, POLLIN, 0}};
		if (poll(f, 2, IDLE_MS) <= 0)
			return;
		if (f[0].revents)
			open[0] = pass(a, b, &c, &stop);
		if (f[1].revents && !stop)
			open[1] = pass(b, a, &c, &stop);
	}
}

static void *
join_connection(void *p)
{
	int in = (int)(intptr_t)p, out = connect_out();
	relay.on_connect(out >= 0);
	if (out >= 0) {
		relay_join(in, out, NULL, NULL);
		(void)close(out);
	}
	(void)close(in);
	return NULL;
}

static void *
accept_all(void *unused)
{
	(void)unused;
	for (;;) {
		pthread_t t;
		int fd = accept4(relay.listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			return NULL;
		if (fd >= 0 && pthread_create(&t, NULL, join_connection, (void *)(intptr_t)fd) == 0)
			(void)pthread_detach(t);
		else if (fd >= 0)
			(void)close(fd);
	}
}

void
relay_start(int listen_fd, const char *host_port, relay_fn *on_connect)
{
	pthread_t t;
	const char *colon = strrchr(host_port, ':');
	size_t n = colon ? (size_t)(colon - host_port) : strlen(host_port);
	bool brackets = n > 2 && host_port[0] == '['; /* [::1]:9418 */
	relay.host = mem_strndup(host_port + brackets, n - 2 * brackets);
	relay.port = mem_strdup(colon ? colon + 1 : "9418");
	relay.listen_fd = listen_fd;
	relay.on_connect = on_connect;
	if (pthread_create(&t, NULL, accept_all, NULL) == 0)
		(void)pthread_detach(t);
}
