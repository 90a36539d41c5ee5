#include "sandbox/publish.h"

#include "base/log.h"
#include "sandbox/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_CONNECTIONS 64
#define BACKLOG 64

struct publish {
	struct pod *pod;
	int listen_fd;
	uint16_t host_port;
	char *script;
	struct exec *running[MAX_CONNECTIONS];
	size_t n;
};

/* The server's end ends it: a client that waits for that must not wait for itself. */
static const char script[] = "exec 3<>/dev/tcp/127.0.0.1/%u 4<&0 || exit 1\n"
			     "cat <&4 >&3 &\n"
			     "cat <&3\n"
			     "kill $!\n";

static int
listen_on(struct publish *p, struct dd_err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(p->host_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int on = 1;
	p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->listen_fd < 0 ||
		setsockopt(p->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(p->listen_fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
		listen(p->listen_fd, BACKLOG) < 0 ||
		getsockname(p->listen_fd, (struct sockaddr *)&at, &size) < 0)
		return err_errno(
			err, errno, "cannot listen on 127.0.0.1:%u", (unsigned)p->host_port);
	p->host_port = ntohs(at.sin_port);
	return 0;
}

int
publish_open(struct pod *pod, uint16_t host_port, uint16_t port, struct publish **ret,
	struct dd_err *err)
{
	struct publish *p = mem_new(struct publish);
	*p = (struct publish){.pod = pod, .listen_fd = -1, .host_port = host_port};
	p->script = mem_printf(script, (unsigned)port);
	int rc = listen_on(p, err);
	if (rc < 0)
		publish_close(p);
	else
		*ret = p;
	return rc;
}

uint16_t
publish_port(const struct publish *p)
{
	return p->host_port;
}

/* Forget those that are over. */
static void
reap(struct publish *p)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->n; i++) {
		struct exec_result r;
		if (exec_wait(p->running[i], 0, &r, NULL) == -DD_EBUSY)
			p->running[kept++] = p->running[i];
	}
	p->n = kept;
}

void
publish_close(struct publish *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		struct exec_result r;
		(void)!exec_signal(p->running[i], SIGKILL, NULL);
		(void)!exec_wait(p->running[i], -1, &r, NULL);
	}
	if (p->listen_fd >= 0)
		(void)close(p->listen_fd);
	free(p->script);
	free(p);
}

struct joined {
	int client, inside;
};

static void *
join(void *arg)
{
	struct joined *j = arg;
	relay_join(j->client, j->inside, NULL, NULL);
	(void)close(j->client);
	(void)close(j->inside);
	free(j);
	return NULL;
}

/* The sockets are the thread's, or closed. */
static void
start_join(int client, int inside)
{
	pthread_t t;
	struct joined *j = mem_new(struct joined);
	*j = (struct joined){client, inside};
	if (pthread_create(&t, NULL, join, j) == 0) {
		(void)pthread_detach(t);
		return;
	}
	(void)close(client);
	(void)close(inside);
	free(j);
}

static int
take(struct publish *p, int client, struct dd_err *err)
{
	const char *const argv[] = {"/bin/bash", "-c", p->script, NULL};
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		(void)close(client);
		return err_errno(err, errno, "cannot make sockets");
	}
	const struct exec_spec spec = {
		.argv = argv, .cwd = "/", .profile = PROFILE_TEST, .fds = {pair[1], pair[1], -1}};
	int rc = exec_start(p->pod, &spec, &p->running[p->n], err);
	(void)close(pair[1]);
	if (rc == 0) {
		p->n++;
		start_join(client, pair[0]);
		return 0;
	}
	(void)close(client);
	(void)close(pair[0]);
	return rc;
}

int
publish_turn(struct publish *p, int timeout_ms, struct dd_err *err)
{
	struct pollfd f = {p->listen_fd, POLLIN, 0};
	reap(p);
	if (poll(&f, p->n < MAX_CONNECTIONS ? 1 : 0, timeout_ms) <= 0)
		return 0;
	int client = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	return client < 0 ? 0 : take(p, client, err);
}
