#include "base/http.h"
#include "base/log.h"
#include "tests/base/tmpdir.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

/* ---- a server of our own: one thread, one connection at a time, loopback ---- */

struct server {
	int listener, stop[2];
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t lock;
	struct buf log; /* heads and bodies of all requests */
	int flaky;	/* requests for /flaky so far */
	uint16_t other; /* port that /away redirects to */
};

static void
say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void
answer(int fd, const char *head, const char *body)
{
	OWN_FREE char *text =
		mem_printf("HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
			head, strlen(body), body);
	say(fd, text);
}

/* Until the client hangs up, the test is over, or ten seconds have passed. */
static void
wait_long(struct server *s, int fd)
{
	struct pollfd p[2] = {
		{.fd = s->stop[0], .events = POLLIN}, {.fd = fd, .events = POLLRDHUP}};
	(void)poll(p, 2, 10000);
}

static void
say_endlessly(int fd)
{
	char block[8192];
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 4096 && send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0; i++)
		;
}

static void
say_many_headers(int fd)
{
	say(fd, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 400; i++)
		say(fd, "X-Many: header\r\n");
	say(fd, "\r\n");
}

static void
serve_flaky(struct server *s, int fd)
{
	int n = ++s->flaky;
	if (n == 1)
		answer(fd, "503 Busy", "busy");
	else if (n == 2)
		answer(fd, "429 Slow down\r\nRetry-After: 0", "slow down");
	else if (n > 3)
		answer(fd, "200 OK", "at last");
	/* The third time: hang up without a word. */
}

static void redirect(int fd, const char *to, ...) DD_PRINTF(2, 3);
static void
redirect(int fd, const char *to, ...)
{
	va_list ap;
	va_start(ap, to);
	char *where = mem_vprintf(to, ap);
	va_end(ap);
	OWN_FREE char *head = mem_printf("302 Found\r\nLocation: %s", where);
	free(where);
	answer(fd, head, "elsewhere");
}

static void
serve(struct server *s, int fd, const char *path)
{
	if (strcmp(path, "/hello") == 0)
		answer(fd, "200 OK\r\nX-Test:  two words \r\nx-test: second", "hello");
	else if (strcmp(path, "/missing") == 0)
		answer(fd, "404 Not Found", "no such thing");
	else if (strcmp(path, "/relative") == 0)
		redirect(fd, "hello");
	else if (strcmp(path, "/loop") == 0)
		redirect(fd, "/loop");
	else if (strcmp(path, "/away") == 0)
		redirect(fd, "http://127.0.0.1:%d/hello", s->other);
	else if (strcmp(path, "/away-and-back") == 0)
		redirect(fd, "http://127.0.0.1:%d/away", s->other);
	else if (strcmp(path, "/file") == 0)
		redirect(fd, "file:///etc/hostname");
	else if (strcmp(path, "/ftp") == 0)
		redirect(fd, "ftp://127.0.0.1/x");
	else if (strcmp(path, "/endless") == 0)
		say(fd, "HTTP/1.1 200 OK\r\n\r\n"), say_endlessly(fd);
	else if (strcmp(path, "/huge") == 0)
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
	else if (strcmp(path, "/cut") == 0)
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
	else if (strcmp(path, "/stall") == 0)
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome"), wait_long(s, fd);
	else if (strcmp(path, "/silent") == 0)
		wait_long(s, fd);
	else if (strcmp(path, "/headers") == 0)
		say_many_headers(fd);
	else if (strcmp(path, "/gzip") == 0)
		answer(fd, "200 OK\r\nContent-Encoding: gzip", "\x1f\x8b not really");
	else if (strcmp(path, "/flaky") == 0)
		serve_flaky(s, fd);
	else if (strcmp(path, "/busy") == 0)
		answer(fd, "503 Busy", "busy");
	else if (strncmp(path, "http://", 7) == 0)
		answer(fd, "200 OK", path); /* as a proxy */
	else
		answer(fd, "200 OK", "posted");
}

/* Read head and body into the log; the path goes to *ret_path. */
static void
read_request(struct server *s, int fd, char **ret_path)
{
	OWN(buf) struct buf in = {.max = 1 << 20};
	char block[4096], *end = NULL;
	size_t want = 0;
	while (!end || in.n < want) {
		ssize_t n = recv(fd, block, sizeof(block), 0);
		if (n <= 0)
			break;
		buf_add(&in, block, (size_t)n);
		if (!end && (end = strstr(in.p, "\r\n\r\n"))) {
			const char *len = strcasestr(in.p, "Content-Length: ");
			want = (size_t)(end - in.p) + 4 +
			       (len ? (size_t)strtoul(len + 16, NULL, 10) : 0);
		}
		if (end && strcasestr(in.p, "Transfer-Encoding: chunked") &&
			strstr(in.p, "\r\n0\r\n\r\n"))
			break;
		if (end && strcasestr(in.p, "Transfer-Encoding: chunked"))
			want = SIZE_MAX;
	}
	struct str rest = buf_str(&in), word;
	if (str_next_word(&rest, &word) && str_next_word(&rest, &word))
		*ret_path = str_dup(word);
	(void)pthread_mutex_lock(&s->lock);
	buf_add_str(&s->log, buf_str(&in));
	(void)pthread_mutex_unlock(&s->lock);
}

static void *
run_server(void *arg)
{
	struct server *s = arg;
	for (;;) {
		struct pollfd p[2] = {{.fd = s->listener, .events = POLLIN},
			{.fd = s->stop[0], .events = POLLIN}};
		if (poll(p, 2, 60000) <= 0 || p[1].revents)
			return NULL;
		OWN_FD int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		const struct timeval limit = {.tv_sec = 5};
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		OWN_FREE char *path = NULL;
		read_request(s, fd, &path);
		if (path)
			serve(s, fd, path);
		(void)shutdown(fd, SHUT_WR);
	}
}

static int
listen_loopback(uint16_t *ret_port)
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

static struct server *
server_start(void)
{
	struct server *s = mem_new(struct server);
	s->listener = listen_loopback(&s->port);
	assert_int_equal(pipe2(s->stop, O_CLOEXEC), 0);
	(void)pthread_mutex_init(&s->lock, NULL);
	assert_int_equal(pthread_create(&s->thread, NULL, run_server, s), 0);
	return s;
}

static void
server_stop(struct server *s)
{
	assert_int_equal(write(s->stop[1], "x", 1), 1);
	(void)pthread_join(s->thread, NULL);
	(void)close(s->listener);
	(void)close(s->stop[0]);
	(void)close(s->stop[1]);
	(void)pthread_mutex_destroy(&s->lock);
	buf_cleanup(&s->log);
	free(s);
}

/* What the server saw; heap. */
static char *
server_log(struct server *s)
{
	(void)pthread_mutex_lock(&s->lock);
	char *text = mem_strdup(s->log.p ? s->log.p : "");
	(void)pthread_mutex_unlock(&s->lock);
	return text;
}

/* ---- the client's side ---- */

static struct server *one, *two;

static int
start_servers(void **state)
{
	(void)state;
	one = server_start();
	two = server_start();
	one->other = two->port;
	two->other = one->port;
	return 0;
}

static int
stop_servers(void **state)
{
	(void)state;
	server_stop(one);
	server_stop(two);
	return 0;
}

static int
keep_body(void *ctx, struct str piece, struct dd_err *err)
{
	(void)err;
	buf_add_str(ctx, piece);
	return 0;
}

static int
drop_body(void *ctx, struct str piece, struct dd_err *err)
{
	(void)ctx;
	(void)piece;
	(void)err;
	return 0;
}

struct answer {
	struct http_response res;
	struct buf body;
	struct dd_err err;
	int rc;
};

static void
answer_cleanup(struct answer *a)
{
	http_response_cleanup(&a->res);
	buf_cleanup(&a->body);
	dd_err_cleanup(&a->err);
}

/* Ask server one for a path, or for a whole URL. */
static struct answer
ask(const struct http_opts *opts, struct http_request req, const char *path)
{
	struct answer a = {0};
	OWN_FREE char *url = path[0] == '/' ? mem_printf("http://127.0.0.1:%d%s", one->port, path)
					    : mem_strdup(path);
	struct http *h;
	assert_int_equal(http_create(opts, &h, NULL), 0);
	req.url = url;
	if (!req.on_body) {
		req.on_body = keep_body;
		req.ctx = &a.body;
	}
	a.rc = http_perform(h, &req, &a.res, &a.err);
	http_destroy(h);
	return a;
}

#define GET(path, ...) ask(NULL, (struct http_request){__VA_ARGS__}, path)

static void
assert_fails(const struct answer *a, enum dd_code code, const char *words)
{
	assert_int_equal(a->rc, -(int)code);
	if (!strstr(err_msg(&a->err), words))
		fail_msg("'%s' does not say '%s'", err_msg(&a->err), words);
}

/* ---- tests ---- */

static void
an_answer_has_status_headers_and_body(void **state)
{
	(void)state;
	OWN(answer) struct answer a = GET("/hello", .method = HTTP_GET);
	assert_int_equal(a.rc, 0);
	assert_int_equal(a.res.status, 200);
	assert_string_equal(a.body.p, "hello");
	assert_int_equal(a.res.bytes, 5);
	assert_string_equal(http_header_value(&a.res, "X-TEST"), "two words");
	assert_null(http_header_value(&a.res, "X-None"));
	OWN(answer) struct answer m = GET("/missing", .tries = 3);
	assert_int_equal(m.rc, 0);
	assert_int_equal(m.res.status, 404);
	assert_int_equal(m.res.tries, 1);
	OWN(answer) struct answer h = GET("/hello", .method = HTTP_HEAD);
	assert_int_equal(h.rc, 0);
	assert_int_equal(h.body.n, 0);
	assert_string_equal(http_header_value(&h.res, "content-length"), "5");
}

static void
bodies_are_not_decompressed(void **state)
{
	(void)state;
	OWN(answer) struct answer a = GET("/gzip", .method = HTTP_GET);
	assert_int_equal(a.rc, 0);
	assert_string_equal(a.body.p, "\x1f\x8b not really");
}

static ssize_t
read_piecewise(void *ctx, char *p, size_t n)
{
	int *left = ctx;
	assert_true(n >= 5);
	if (!*left)
		return 0;
	--*left;
	memcpy(p, "piece", 5);
	return 5;
}

static ssize_t
read_nothing_more(void *ctx, char *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return -DD_ESTOPPED;
}

static void
a_post_sends_its_body_from_memory_or_piece_by_piece(void **state)
{
	(void)state;
	const char *const headers[] = {"Content-Type: text/x-test", NULL};
	OWN(answer)
	struct answer a =
		GET("/post", .method = HTTP_POST, .headers = headers, .body = STR("from-memory"));
	assert_int_equal(a.rc, 0);
	assert_string_equal(a.body.p, "posted");
	for (int size = -1; size <= 15; size += 16) {
		int left = 3;
		OWN(answer)
		struct answer p = GET("/post", .method = HTTP_POST, .read_body = read_piecewise,
			.ctx = &left, .body_size = size, .on_body = drop_body);
		assert_int_equal(p.rc, 0);
		assert_int_equal(p.res.bytes, 6);
	}
	OWN(answer)
	struct answer stopped = GET("/post", .method = HTTP_POST, .read_body = read_nothing_more,
		.body_size = 10, .on_body = drop_body);
	assert_fails(&stopped, DD_ESTOPPED, "given up");
	OWN_FREE char *log = server_log(one);
	assert_non_null(strstr(log, "Content-Type: text/x-test"));
	assert_non_null(strstr(log, "\r\n\r\nfrom-memory"));
	assert_non_null(strstr(log, "\r\n\r\npiecepiecepiece"));
	assert_non_null(strstr(log, "5\r\npiece\r\n"));
}

static void
a_put_sends_its_body_and_is_never_redirected(void **state)
{
	(void)state;
	OWN(answer)
	struct answer a = GET("/post", .method = HTTP_PUT, .body = STR("put-from-memory"));
	assert_int_equal(a.rc, 0);
	assert_string_equal(a.body.p, "posted");
	int left = 3;
	OWN(answer)
	struct answer p = GET("/post", .method = HTTP_PUT, .read_body = read_piecewise,
		.ctx = &left, .body_size = 15, .on_body = drop_body);
	assert_int_equal(p.rc, 0);
	OWN(answer) struct answer away = GET("/relative", .method = HTTP_PUT, .max_redirects = 5);
	assert_int_equal(away.res.status, 302);
	OWN(answer)
	struct answer patch = GET("/post", .method = HTTP_PATCH, .body = STR("patched"));
	assert_string_equal(patch.body.p, "posted");
	OWN(answer)
	struct answer moved = GET("/relative", .method = HTTP_PATCH, .max_redirects = 5);
	assert_int_equal(moved.res.status, 302);
	OWN_FREE char *log = server_log(one);
	assert_non_null(strstr(log, "PUT /post"));
	assert_non_null(strstr(log, "\r\n\r\nput-from-memory"));
	assert_non_null(strstr(log, "PATCH /post"));
	assert_non_null(strstr(log, "\r\n\r\npatched"));
}

static void
locations_are_resolved_and_origins_compared(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{"http://h:5/a/b", "c?x=1", "http://h:5/a/c?x=1"},
		{"http://h:5/a/b", "/c", "http://h:5/c"},
		{"http://h:5/a/b", "https://other/c", "https://other/c"},
	};
	for (size_t i = 0; i < 3; i++) {
		OWN_FREE char *got = http_resolve_url(cases[i][0], cases[i][1]);
		assert_string_equal(got, cases[i][2]);
	}
	assert_true(http_same_origin("http://h/a", "http://H:80/b"));
	assert_false(http_same_origin("http://h/a", "https://h/a"));
	assert_false(http_same_origin("http://h/a", "http://h:81/a"));
	assert_false(http_same_origin("http://h/a", "http://h@other/a"));
	assert_false(http_same_origin("no url", "no url"));
}

static void
redirects_are_followed_within_their_bound(void **state)
{
	(void)state;
	OWN(answer) struct answer no = GET("/relative", .method = HTTP_GET);
	assert_int_equal(no.rc, 0);
	assert_int_equal(no.res.status, 302);
	assert_string_equal(no.body.p, "elsewhere");
	OWN(answer) struct answer yes = GET("/relative", .max_redirects = 1);
	assert_int_equal(yes.rc, 0);
	assert_string_equal(yes.body.p, "hello");
	assert_non_null(strstr(yes.res.url, "/hello"));
	OWN(answer) struct answer loop = GET("/loop", .max_redirects = 5);
	assert_fails(&loop, DD_ELIMIT, "too many redirects");
	OWN(answer) struct answer post = GET("/relative", .method = HTTP_POST, .max_redirects = 5);
	assert_int_equal(post.rc, 0);
	assert_int_equal(post.res.status, 302);
}

static void
only_http_and_https_are_spoken(void **state)
{
	(void)state;
	static const char *const paths[] = {"/file", "/ftp"};
	for (size_t i = 0; i < 2; i++) {
		OWN(answer) struct answer a = GET(paths[i], .max_redirects = 3);
		assert_fails(&a, DD_EINVAL, "not http or https");
	}
	static const char *const urls[] = {"file:///etc/hostname", "ftp://127.0.0.1/",
		"gopher://127.0.0.1/", "dict://127.0.0.1/", "ldap://127.0.0.1/"};
	for (size_t i = 0; i < 5; i++) {
		OWN(answer) struct answer a = GET(urls[i], .max_redirects = 3);
		assert_fails(&a, DD_EINVAL, "");
	}
	OWN(answer) struct answer bad = GET("http://a b/", .max_redirects = 3);
	assert_fails(&bad, DD_EINVAL, "");
}

static void
secrets_never_go_to_another_origin(void **state)
{
	(void)state;
	OWN_FREE char *url = mem_printf("http://us%%65r:hunter2@127.0.0.1:%d/away", one->port);
	OWN_FREE char *back = mem_printf("http://user:hunter2@127.0.0.1:%d/relative", one->port);
	const char *const headers[] = {"X-Harmless: 1", NULL};
	struct http_request req = {
		.max_redirects = 3, .headers = headers, .secret_header = "X-Api-Key: s3cr3t"};
	OWN(answer) struct answer a = ask(NULL, req, url);
	assert_int_equal(a.rc, 0);
	assert_string_equal(a.body.p, "hello");
	OWN_FREE char *theirs = server_log(two);
	assert_non_null(strstr(theirs, "X-Harmless: 1"));
	assert_null(strstr(theirs, "s3cr3t"));
	assert_null(strcasestr(theirs, "Authorization"));
	OWN_FREE char *ours = server_log(one);
	assert_non_null(strstr(ours, "X-Api-Key: s3cr3t"));
	assert_non_null(strstr(ours, "Authorization: Basic dXNlcjpodW50ZXIy"));
	assert_null(strstr(a.res.url, "hunter2"));

	/* On the same origin they stay: the answer to the second request got them, too. */
	(void)pthread_mutex_lock(&one->lock);
	buf_reset(&one->log);
	(void)pthread_mutex_unlock(&one->lock);
	OWN(answer) struct answer b = ask(NULL, req, back);
	assert_int_equal(b.rc, 0);
	OWN_FREE char *again = server_log(one);
	const char *second = strstr(again, "GET /hello");
	assert_non_null(second);
	assert_non_null(strstr(second, "X-Api-Key: s3cr3t"));
	assert_non_null(strstr(second, "Authorization: Basic dXNlcjpodW50ZXIy"));
}

static void
messages_hold_no_credentials(void **state)
{
	(void)state;
	uint16_t port;
	(void)close(listen_loopback(&port)); /* nobody listens there now */
	OWN_FREE char *url = mem_printf("http://user:hunter2@127.0.0.1:%d/x?token=abcdef", port);
	OWN_FREE char *proxy = mem_printf("http://me:pr0xypw@127.0.0.1:%d", port);
	const struct http_opts opts[] = {{0}, {.proxy = proxy}};
	for (size_t i = 0; i < 2; i++) {
		OWN(answer)
		struct answer a = ask(&opts[i],
			(struct http_request){.secret_header = "Authorization: Bearer s3cr3t"},
			url);
		assert_int_equal(a.rc, -DD_EIO);
		assert_non_null(strstr(err_msg(&a.err), "127.0.0.1"));
		static const char *const secrets[] = {"hunter2", "abcdef", "pr0xypw", "s3cr3t"};
		for (size_t k = 0; k < 4; k++)
			assert_null(strstr(err_msg(&a.err), secrets[k]));
	}
	OWN_FREE char *shown = http_redact_url("https://u:p@h.example/a/b?q=1#f");
	assert_string_equal(shown, "https://h.example/a/b");
	OWN_FREE char *none = http_redact_url("http://");
	assert_string_equal(none, "an unusable URL");
}

static void
answers_are_bounded(void **state)
{
	(void)state;
	OWN(answer) struct answer endless = GET("/endless", .max_bytes = 100000);
	assert_fails(&endless, DD_ELIMIT, "larger than 100000 bytes");
	assert_true(endless.body.n <= 100000);
	OWN(answer) struct answer huge = GET("/huge", .max_bytes = 100000);
	assert_fails(&huge, DD_ELIMIT, "larger");
	OWN(answer) struct answer exact = GET("/hello", .max_bytes = 5);
	assert_int_equal(exact.rc, 0);
	OWN(answer) struct answer headers = GET("/headers", .max_bytes = 5);
	assert_fails(&headers, DD_ELIMIT, "headers");
}

static int
give_up(void *ctx, struct str piece, struct dd_err *err)
{
	(void)ctx;
	(void)piece;
	return err_set(err, DD_EBUSY, "enough");
}

static int
refuse_head(void *ctx, const struct http_response *r, struct dd_err *err)
{
	(void)ctx;
	return err_set(err, DD_ECORRUPT, "do not want %d", r->status);
}

static void
callbacks_can_give_up(void **state)
{
	(void)state;
	OWN(answer) struct answer a = GET("/endless", .on_body = give_up);
	assert_fails(&a, DD_EBUSY, "enough");
	OWN(answer) struct answer b = GET("/hello", .on_head = refuse_head, .tries = 3);
	assert_fails(&b, DD_ECORRUPT, "do not want 200");
}

static void
a_broken_or_stalled_answer_is_an_error_in_time(void **state)
{
	(void)state;
	OWN(answer) struct answer cut = GET("/cut", .method = HTTP_GET);
	assert_int_equal(cut.rc, -DD_EIO);
	const struct http_opts quick = {.stall_timeout_ms = 1000},
			       total = {.total_timeout_ms = 300};
	struct timespec t0, t1;
	(void)clock_gettime(CLOCK_MONOTONIC, &t0);
	OWN(answer) struct answer stall = ask(&quick, (struct http_request){0}, "/stall");
	assert_int_equal(stall.rc, -DD_EIO);
	OWN(answer) struct answer silent = ask(&total, (struct http_request){0}, "/silent");
	assert_int_equal(silent.rc, -DD_EIO);
	(void)clock_gettime(CLOCK_MONOTONIC, &t1);
	/* Both servers wait for ten seconds. */
	assert_true(t1.tv_sec - t0.tv_sec < 9);
}

static int
count_head(void *ctx, const struct http_response *r, struct dd_err *err)
{
	(void)r;
	(void)err;
	++*(int *)ctx;
	return 0;
}

static void
transient_failures_are_tried_again(void **state)
{
	(void)state;
	int heads = 0;
	one->flaky = 0;
	struct http_request req = {.tries = 4,
		.retry_pause_ms = 1,
		.on_head = count_head,
		.on_body = drop_body,
		.ctx = &heads};
	OWN(answer) struct answer a = ask(NULL, req, "/flaky");
	assert_int_equal(a.rc, 0);
	assert_int_equal(a.res.status, 200);
	assert_int_equal(a.res.tries, 4);
	assert_int_equal(a.res.bytes, 7);
	assert_int_equal(heads, 1);

	OWN(answer) struct answer busy = GET("/busy", .tries = 2, .retry_pause_ms = 1);
	assert_int_equal(busy.rc, 0);
	assert_int_equal(busy.res.status, 503);
	assert_int_equal(busy.res.tries, 2);
	assert_string_equal(busy.body.p, "busy");

	/* What was handed over already cannot be taken back. */
	OWN(answer) struct answer cut = GET("/cut", .tries = 3, .retry_pause_ms = 1);
	assert_int_equal(cut.rc, -DD_EIO);
	assert_string_equal(cut.body.p, "short");
}

static void
the_proxy_given_is_used_and_that_of_the_environment_is_not(void **state)
{
	(void)state;
	OWN_FREE char *proxy = mem_printf("http://me:pw@127.0.0.1:%d", two->port);
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	assert_int_equal(setenv("no_proxy", "*", 1), 0);
	const struct http_opts opts = {.proxy = proxy};
	OWN(answer)
	struct answer a = ask(&opts, (struct http_request){0}, "http://nowhere.invalid/path");
	OWN(answer) struct answer direct = GET("/hello", .method = HTTP_GET);
	(void)unsetenv("http_proxy");
	(void)unsetenv("no_proxy");
	assert_int_equal(a.rc, 0);
	assert_string_equal(a.body.p, "http://nowhere.invalid/path");
	assert_int_equal(direct.rc, 0);
}

static bool
yes(void *ctx)
{
	(void)ctx;
	return true;
}

static void
who_cancels_does_not_wait_for_a_silent_server(void **state)
{
	(void)state;
	int64_t start = clock_mono_ns();
	OWN(answer) struct answer a = GET("/silent", .is_cancelled = yes);
	assert_fails(&a, DD_ESTOPPED, "asked to stop");
	assert_true(clock_mono_ns() - start < INT64_C(9000000000)); /* it waits for ten seconds */
}

static void
header_injection_is_refused(void **state)
{
	(void)state;
	const char *const bad[] = {"X-A: 1\r\nX-B: 2", NULL};
	OWN(answer) struct answer a = GET("/hello", .headers = bad);
	assert_fails(&a, DD_EINVAL, "malformed");
	OWN(answer) struct answer b = GET("/hello", .secret_header = "no colon s3cr3t");
	assert_fails(&b, DD_EINVAL, "malformed");
	assert_null(strstr(err_msg(&b.err), "s3cr3t"));
}

/* ---- TLS, served by openssl(1) ---- */

static pid_t
spawn_openssl(const char *const argv[], int *ret_out)
{
	int out[2];
	pid_t pid = -1;
	posix_spawn_file_actions_t fa;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	(void)posix_spawn_file_actions_init(&fa);
	(void)posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&fa, out[1], 1);
	extern char **environ;
	if (posix_spawnp(&pid, "openssl", &fa, NULL, (char *const *)argv, environ) != 0)
		pid = -1;
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)close(out[1]);
	*ret_out = out[0];
	return pid;
}

/* The port from its line "ACCEPT 127.0.0.1:PORT"; 0 if there is none in ten seconds. */
static uint16_t
accepted_port(int out)
{
	OWN(buf) struct buf text = {.max = 4096};
	for (int i = 0; i < 100; i++) {
		struct pollfd p = {.fd = out, .events = POLLIN};
		char block[256];
		ssize_t n = poll(&p, 1, 100) > 0 ? read(out, block, sizeof(block)) : 0;
		buf_add(&text, block, n > 0 ? (size_t)n : 0);
		const char *at = text.p ? strstr(text.p, "ACCEPT ") : NULL;
		const char *colon = at && strchr(at, '\n') ? strrchr(at, ':') : NULL;
		if (colon)
			return (uint16_t)strtoul(colon + 1, NULL, 10);
	}
	return 0;
}

static void
certificates_are_checked_against_the_ca_file_given(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *key = mem_printf("%s/key", dir), *cert = mem_printf("%s/cert", dir);
	const char *const make[] = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
		"ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert, "-days",
		"2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", NULL};
	const char *const run[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert",
		cert, "-key", key, NULL};
	int out, status;
	pid_t pid = spawn_openssl(make, &out);
	(void)close(out);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		print_message("# no openssl program to serve TLS with\n");
		skip();
	}
	pid = spawn_openssl(run, &out);
	assert_true(pid > 0);
	uint16_t port = accepted_port(out);
	OWN_FREE char *url = mem_printf("https://user:hunter2@127.0.0.1:%d/", port);
	const struct http_opts with = {.ca_file = cert};
	OWN(answer) struct answer good = ask(&with, (struct http_request){0}, url);
	OWN(answer) struct answer bad = ask(NULL, (struct http_request){.tries = 3}, url);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	(void)close(out);
	assert_true(port != 0);
	assert_int_equal(good.rc, 0);
	assert_int_equal(good.res.status, 200);
	assert_fails(&bad, DD_EIO, "certificate");
	assert_null(strstr(err_msg(&bad.err), "hunter2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_has_status_headers_and_body),
		cmocka_unit_test(bodies_are_not_decompressed),
		cmocka_unit_test(a_post_sends_its_body_from_memory_or_piece_by_piece),
		cmocka_unit_test(a_put_sends_its_body_and_is_never_redirected),
		cmocka_unit_test(locations_are_resolved_and_origins_compared),
		cmocka_unit_test(redirects_are_followed_within_their_bound),
		cmocka_unit_test(only_http_and_https_are_spoken),
		cmocka_unit_test(secrets_never_go_to_another_origin),
		cmocka_unit_test(messages_hold_no_credentials),
		cmocka_unit_test(answers_are_bounded),
		cmocka_unit_test(callbacks_can_give_up),
		cmocka_unit_test(a_broken_or_stalled_answer_is_an_error_in_time),
		cmocka_unit_test(transient_failures_are_tried_again),
		cmocka_unit_test(the_proxy_given_is_used_and_that_of_the_environment_is_not),
		cmocka_unit_test(who_cancels_does_not_wait_for_a_silent_server),
		cmocka_unit_test(header_injection_is_refused),
		cmocka_unit_test(certificates_are_checked_against_the_ca_file_given),
	};
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
