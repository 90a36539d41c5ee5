#include "sandbox/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
hosts_are_matched_whole(void **state)
{
	(void)state;
	OWN(strlist) struct strlist allow = {0};
	strlist_add(&allow, "Files.example.org:443");
	strlist_add(&allow, "*.mirror.example:8443");
	strlist_add(&allow, "bare.example");
	strlist_add(&allow, "[2001:db8::1]:80");
	assert_true(proxy_is_allowed(&allow, "files.example.org", 443));
	assert_false(proxy_is_allowed(&allow, "files.example.org", 80));
	assert_false(proxy_is_allowed(&allow, "files.example.org.evil", 443));
	assert_false(proxy_is_allowed(&allow, "xfiles.example.org", 443));
	assert_true(proxy_is_allowed(&allow, "a.mirror.example", 8443));
	assert_true(proxy_is_allowed(&allow, "a.b.mirror.example", 8443));
	assert_false(proxy_is_allowed(&allow, "mirror.example", 8443));
	assert_false(proxy_is_allowed(&allow, "evilmirror.example", 8443));
	assert_true(proxy_is_allowed(&allow, "bare.example", 443));
	assert_false(proxy_is_allowed(&allow, "bare.example", 80));
	assert_true(proxy_is_allowed(&allow, "2001:db8::1", 80));
}

static bool
is_public(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return proxy_is_public((struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return proxy_is_public((struct sockaddr *)&v6);
}

static void
addresses_that_are_not_public_are_told(void **state)
{
	(void)state;
	static const char *const no[] = {"0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1",
		"127.255.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"198.18.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1",
		"fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
		"64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "2001::1", NULL};
	static const char *const yes[] = {"1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1",
		"100.128.0.1", "11.0.0.1", "2a00::1", "2606:4700::1", "::ffff:1.1.1.1",
		"223.255.255.254", NULL};
	for (size_t i = 0; no[i]; i++)
		if (is_public(no[i]))
			fail_msg("%s was taken for a public address", no[i]);
	for (size_t i = 0; yes[i]; i++)
		if (!is_public(yes[i]))
			fail_msg("%s was not taken for a public address", yes[i]);
}

static void
expect_connect(const char *line, const char *host, unsigned port)
{
	OWN_FREE char *h = NULL;
	unsigned p = 0;
	bool ok = proxy_parse_connect(str_of(line), &h, &p);
	assert_int_equal(ok, host != NULL);
	if (!host)
		return;
	assert_string_equal(h, host);
	assert_int_equal(p, port);
}

static void
only_connect_is_understood(void **state)
{
	(void)state;
	expect_connect("CONNECT a.example:8443 HTTP/1.1", "a.example", 8443);
	expect_connect("CONNECT [::1]:80 HTTP/1.1", "::1", 80);
	expect_connect("CONNECT a.example HTTP/1.1", "a.example", 443);
	expect_connect("GET http://a.example/ HTTP/1.1", NULL, 0);
	expect_connect("CONNECT a.example:0 HTTP/1.1", NULL, 0);
	expect_connect("CONNECT a.example:99999 HTTP/1.1", NULL, 0);
	expect_connect("CONNECT user@a.example:1 HTTP/1.1", NULL, 0);
	expect_connect("CONNECT a.example/x:1 HTTP/1.1", NULL, 0);
	expect_connect("CONNECT :1 HTTP/1.1", NULL, 0);
	expect_connect("CONNECT", NULL, 0);
}

/* ---- served on loopback ---- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t told;
	char target[128], why[160];
	int status, attempts;
	bool refused;
	size_t budget, used;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER, .budget = 1000};

static int
take_budget(size_t n, struct dd_err *err)
{
	(void)pthread_mutex_lock(&seen.lock);
	seen.used += n;
	bool over = seen.used > seen.budget;
	(void)pthread_mutex_unlock(&seen.lock);
	return over ? err_set(err, DD_ELIMIT, "over") : 0;
}

static void
on_attempt(const struct proxy_attempt *a)
{
	(void)pthread_mutex_lock(&seen.lock);
	(void)snprintf(seen.target, sizeof(seen.target), "%s", a->target);
	(void)snprintf(seen.why, sizeof(seen.why), "%s", a->why ? a->why : "");
	seen.status = a->status;
	seen.refused = a->refused;
	seen.attempts++;
	(void)pthread_cond_broadcast(&seen.told);
	(void)pthread_mutex_unlock(&seen.lock);
}

static int
listen_on(uint16_t *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static int
dial(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static uint16_t proxy_port, server_port;
static int server;
static struct strlist allow;

/* Ask for a way and give the status; the connection stays open. */
static int
ask(const char *target, int *ret_fd)
{
	char text[512];
	int status = 0, before = seen.attempts, fd = dial(proxy_port);
	int n = snprintf(text, sizeof(text), "CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
	assert_int_equal(send(fd, text, (size_t)n, 0), n);
	ssize_t got = recv(fd, text, sizeof(text) - 1, 0);
	assert_true(got > 0);
	text[got] = '\0';
	assert_int_equal(sscanf(text, "HTTP/1.1 %d", &status), 1);
	if (status != 200) {
		(void)pthread_mutex_lock(&seen.lock);
		while (seen.attempts == before)
			(void)pthread_cond_wait(&seen.told, &seen.lock);
		(void)pthread_mutex_unlock(&seen.lock);
	}
	*ret_fd = fd;
	return status;
}

static void
a_named_address_is_reached_and_the_budget_ends_it(void **state)
{
	(void)state;
	char target[64], chunk[4096] = "";
	int fd;
	(void)snprintf(target, sizeof(target), "127.0.0.1:%u", server_port);
	assert_int_equal(ask(target, &fd), 200);
	int peer = accept(server, NULL, NULL);
	assert_int_equal(send(fd, "ping", 4, 0), 4);
	assert_int_equal(recv(peer, chunk, 4, MSG_WAITALL), 4);
	assert_memory_equal(chunk, "ping", 4);
	int before = seen.attempts;
	assert_int_equal(send(peer, chunk, sizeof(chunk), 0), sizeof(chunk)); /* past the budget */
	while (recv(fd, chunk, sizeof(chunk), 0) > 0)
		;
	(void)pthread_mutex_lock(&seen.lock);
	while (seen.attempts == before)
		(void)pthread_cond_wait(&seen.told, &seen.lock);
	(void)pthread_mutex_unlock(&seen.lock);
	assert_true(seen.refused);
	assert_non_null(strstr(seen.why, "budget"));
	(void)close(peer);
	(void)close(fd);
}

static void
what_was_not_named_is_refused_and_told(void **state)
{
	(void)state;
	int fd;
	assert_int_equal(ask("127.0.0.1:1", &fd), 403);
	assert_true(seen.refused);
	assert_string_equal(seen.target, "127.0.0.1:1");
	(void)close(fd);
}

/* The name was named, but leads into this machine: a name is not an address. */
static void
a_name_that_leads_inside_is_refused(void **state)
{
	(void)state;
	char target[64];
	int fd;
	(void)snprintf(target, sizeof(target), "localhost:%u", server_port);
	assert_int_equal(ask(target, &fd), 403);
	assert_true(seen.refused);
	assert_non_null(strstr(seen.why, "not public"));
	(void)close(fd);
}

static int
set_up(void **state)
{
	(void)state;
	server = listen_on(&server_port);
	const struct proxy_spec spec = {.listen_fd = listen_on(&proxy_port),
		.allow = &allow,
		.take_budget = take_budget,
		.on_attempt = on_attempt};
	strlist_addf(&allow, "127.0.0.1:%u", server_port);
	strlist_addf(&allow, "localhost:%u", server_port);
	proxy_start(&spec);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_are_matched_whole),
		cmocka_unit_test(addresses_that_are_not_public_are_told),
		cmocka_unit_test(only_connect_is_understood),
		cmocka_unit_test(a_named_address_is_reached_and_the_budget_ends_it),
		cmocka_unit_test(what_was_not_named_is_refused_and_told),
		cmocka_unit_test(a_name_that_leads_inside_is_refused),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
