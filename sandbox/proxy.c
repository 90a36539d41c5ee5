#include "sandbox/proxy.h"

#include "base/own.h"
#include "sandbox/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#define MAX_HEADER 8192
#define HEADER_MS 30000
#define MAX_CONNECTIONS 64
#define DEFAULT_PORT 443

static struct {
	struct proxy_spec spec;
	pthread_mutex_t lock;
	unsigned open; /* connections */
} proxy = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- what is allowed ---- */

/* "host:port", "[v6]:port", "host": the host without brackets, heap. */
static char *
split_host(struct str text, unsigned *ret_port)
{
	struct str host = text, port = {"", 0};
	const char *colon = memrchr(text.p, ':', text.n);
	const char *bracket = memrchr(text.p, ']', text.n);
	uint64_t n = DEFAULT_PORT;
	if (colon && (!bracket || colon > bracket)) {
		host.n = (size_t)(colon - text.p);
		port = (struct str){colon + 1, text.n - host.n - 1};
		if (!str_parse_u64(port, 65535, &n) || n == 0)
			return NULL;
	}
	if (host.n > 1 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct str){host.p + 1, host.n - 2};
	if (!host.n)
		return NULL;
	*ret_port = (unsigned)n;
	return str_dup(host);
}

bool
proxy_is_allowed(const struct strlist *allow, const char *host, unsigned port)
{
	size_t n = strlen(host);
	for (size_t i = 0; i < allow->n; i++) {
		unsigned its = 0;
		OWN_FREE char *pattern = split_host(str_of(allow->v[i]), &its);
		if (!pattern || its != port)
			continue;
		if (strcasecmp(pattern, host) == 0)
			return true;
		size_t suffix = strlen(pattern) - 1; /* with its dot */
		if (strncmp(pattern, "*.", 2) == 0 && n > suffix &&
			strcasecmp(pattern + 1, host + n - suffix) == 0)
			return true;
	}
	return false;
}

struct block { /* of addresses that are nobody's on the public network */
	uint32_t first;
	unsigned bits;
};

static bool
is_public_v4(uint32_t a)
{
	static const struct block blocks[] = {{0x00000000, 8}, {0x0a000000, 8}, {0x64400000, 10},
		{0x7f000000, 8}, {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24},
		{0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16}, {0xc6120000, 15},
		{0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3}};
	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
		if ((a ^ blocks[i].first) >> (32 - blocks[i].bits) == 0)
			return false;
	return true;
}

static uint32_t
v4_in(const struct in6_addr *a, size_t at)
{
	uint32_t v;
	memcpy(&v, a->s6_addr + at, sizeof(v));
	return ntohl(v);
}

/* Global unicast is 2000::/3; of that, what carries a v4 address is judged by that one. */
static bool
is_public_v6(const struct in6_addr *a)
{
	const uint8_t *b = a->s6_addr;
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
	if (IN6_IS_ADDR_V4MAPPED(a) || memcmp(b, nat64, sizeof(nat64)) == 0)
		return is_public_v4(v4_in(a, 12));
	if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 */
		return is_public_v4(v4_in(a, 2));
	if (b[0] == 0x20 && b[1] == 0x01 && b[2] < 0x02) /* protocol assignments, Teredo */
		return false;
	if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8) /* documentation */
		return false;
	return (b[0] & 0xe0) == 0x20;
}

bool
proxy_is_public(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return is_public_v4(
			ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr));
	return a->sa_family == AF_INET6 &&
	       is_public_v6(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

bool
proxy_parse_connect(struct str line, char **ret_host, unsigned *ret_port)
{
	struct str method, target;
	if (!str_next_word(&line, &method) || !str_eq(method, "CONNECT") ||
		!str_next_word(&line, &target))
		return false;
	for (size_t i = 0; i < target.n; i++)
		if ((unsigned char)target.p[i] <= ' ' || target.p[i] == 0x7f ||
			target.p[i] == '/' || target.p[i] == '@' || target.p[i] == '%')
			return false;
	char *host = split_host(target, ret_port);
	if (!host)
		return false;
	*ret_host = host;
	return true;
}

/* ---- one connection ---- */

struct attempt {
	struct proxy_attempt told;
	int in, out;
	struct buf head; /* what was read, with the request at its beginning */
	char *target;
	char why[160];
};

static void
fail(struct attempt *a, int status, bool refused, const char *why)
{
	a->told.status = status;
	a->told.refused = refused;
	(void)snprintf(a->why, sizeof(a->why), "%s", why);
	a->told.why = a->why;
}

/* The request with its empty line; false when none came in time, or too much. */
static bool
read_head(struct attempt *a)
{
	char chunk[2048];
	a->head.max = MAX_HEADER;
	while (!a->head.n || !memmem(a->head.p, a->head.n, "\r\n\r\n", 4)) {
		struct pollfd p = {a->in, POLLIN, 0};
		ssize_t n = poll(&p, 1, HEADER_MS) > 0 ? recv(a->in, chunk, sizeof(chunk), 0) : 0;
		if (n <= 0)
			return false;
		buf_add(&a->head, chunk, (size_t)n);
		if (a->head.truncated)
			return false;
	}
	return true;
}

static bool
is_literal(const char *host)
{
	unsigned char any[16];
	return inet_pton(AF_INET, host, any) == 1 || inet_pton(AF_INET6, host, any) == 1;
}

/* To the first address that answers; every one is judged before it is used, and used as it was
 * judged. */
static bool
connect_to(struct attempt *a, const char *host, unsigned port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
	OWN_FREE char *service = mem_printf("%u", port);
	bool literal = is_literal(host), judged = false;
	int rc = getaddrinfo(host, service, &hints, &all);
	if (rc != 0) {
		fail(a, 502, false, gai_strerror(rc));
		return false;
	}
	for (struct addrinfo *i = all; i && a->out < 0; i = i->ai_next) {
		if (!literal && !proxy_is_public(i->ai_addr)) {
			judged = true;
			continue;
		}
		int fd = socket(i->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, i->ai_addr, i->ai_addrlen) == 0)
			a->out = fd;
		else if (fd >= 0)
			(void)close(fd);
	}
	freeaddrinfo(all);
	if (a->out < 0 && judged)
		fail(a, 403, true, "the name leads to an address that is not public");
	else if (a->out < 0)
		fail(a, 502, false, "no answer");
	return a->out >= 0;
}

static bool
open_way(struct attempt *a)
{
	OWN_FREE char *host = NULL;
	unsigned port = 0;
	if (!read_head(a)) {
		fail(a, 400, true, "no whole request came");
		return false;
	}
	const char *end = memmem(a->head.p, a->head.n, "\r\n", 2);
	struct str line = {a->head.p, (size_t)(end - a->head.p)};
	if (!proxy_parse_connect(line, &host, &port)) {
		fail(a, 405, true, "only CONNECT is served here");
		return false;
	}
	a->target = mem_printf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
	a->told.target = a->target;
	if (!proxy_is_allowed(proxy.spec.allow, host, port)) {
		fail(a, 403, true, "not a host that was named");
		return false;
	}
	return connect_to(a, host, port);
}

static void
answer(int fd, int status, const char *why)
{
	char text[512];
	int n = status == 200
			? snprintf(
				  text, sizeof(text), "HTTP/1.1 200 Connection established\r\n\r\n")
			: snprintf(text, sizeof(text),
				  "HTTP/1.1 %d refused\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
				  "drydock: %s\n",
				  status, why);
	(void)!send(fd, text, (size_t)n, MSG_NOSIGNAL);
}

/* What the client sent behind its request belongs to the other side. */
static bool
send_rest(struct attempt *a)
{
	const char *end = (const char *)memmem(a->head.p, a->head.n, "\r\n\r\n", 4) + 4;
	size_t n = a->head.n - (size_t)(end - a->head.p);
	return !n || send(a->out, end, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool
count(void *ctx, size_t n)
{
	struct attempt *a = ctx;
	a->told.bytes += n;
	if (proxy.spec.take_budget(n, NULL) == 0)
		return true;
	fail(a, 200, true, "the byte budget of this phase is used up");
	return false;
}

static uint16_t
peer_port(int fd)
{
	struct sockaddr_in peer = {0};
	socklen_t n = sizeof(peer);
	return getpeername(fd, (struct sockaddr *)&peer, &n) == 0 ? ntohs(peer.sin_port) : 0;
}

static void *
serve(void *p)
{
	struct attempt a = {.in = (int)(intptr_t)p, .out = -1, .told = {.target = ""}};
	a.told.client_port = peer_port(a.in);
	if (open_way(&a)) {
		a.told.status = 200;
		answer(a.in, 200, NULL);
		if (send_rest(&a))
			relay_join(a.in, a.out, count, &a);
	} else {
		answer(a.in, a.told.status, a.why);
	}
	proxy.spec.on_attempt(
		&a.told); /* while the client's socket is open: it can be found by it */
	if (a.out >= 0)
		(void)close(a.out);
	(void)close(a.in);
	buf_cleanup(&a.head);
	free(a.target);
	(void)pthread_mutex_lock(&proxy.lock);
	proxy.open--;
	(void)pthread_mutex_unlock(&proxy.lock);
	return NULL;
}

static bool
take_place(void)
{
	(void)pthread_mutex_lock(&proxy.lock);
	bool free_place = proxy.open < MAX_CONNECTIONS;
	proxy.open += free_place;
	(void)pthread_mutex_unlock(&proxy.lock);
	return free_place;
}

static void *
accept_all(void *unused)
{
	(void)unused;
	for (;;) {
		pthread_t t;
		int fd = accept4(proxy.spec.listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			return NULL;
		if (fd < 0)
			continue;
		if (take_place() && pthread_create(&t, NULL, serve, (void *)(intptr_t)fd) == 0)
			(void)pthread_detach(t);
		else
			(void)close(fd);
	}
}

void
proxy_start(const struct proxy_spec *spec)
{
	pthread_t t;
	proxy.spec = *spec;
	if (pthread_create(&t, NULL, accept_all, NULL) == 0)
		(void)pthread_detach(t);
}
