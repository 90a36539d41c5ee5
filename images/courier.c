#include "images/courier.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define INSIDE_ID 65533 /* of the range, as the egress broker's */
#define TICK_MS 200
#define MAX_CA ((size_t)4 << 20)
#define DEFAULT_MAX_BYTES ((uint64_t)1 << 20)

/* ---- messages ---- */

#define A(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct courier_answer, member)
const struct json_field courier_answer_fields[] = {
	{A(status, JSON_K_INT), .required = true},
	{A(location, JSON_K_STRING)},
	{A(digest, JSON_K_STRING)},
	{A(content_type, JSON_K_STRING)},
	{A(scheme, JSON_K_STRING)},
	{A(realm, JSON_K_STRING)},
	{A(service, JSON_K_STRING)},
	{A(scope, JSON_K_STRING)},
	{.key = NULL},
};

#define O(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct courier_order, member)
const struct json_field courier_order_fields[] = {
	{O(method, JSON_K_INT)},
	{O(url, JSON_K_STRING), .required = true},
	{O(origin, JSON_K_STRING)},
	{O(secret, JSON_K_STRING)},
	{O(headers, JSON_K_STRLIST)},
	{O(max_redirects, JSON_K_INT)},
	{O(max_bytes, JSON_K_INT)},
	{O(body_bytes, JSON_K_INT)},
	{.key = NULL},
};

#define C(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct courier_config, member)
const struct json_field courier_config_fields[] = {
	{C(ca, JSON_K_STRING)}, {C(proxy, JSON_K_STRING)}, {.key = NULL}};

#define V(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct courier_verdict, member)
const struct json_field courier_verdict_fields[] = {
	{V(code, JSON_K_INT)}, {V(error, JSON_K_STRING)}, {.key = NULL}};

void
courier_answer_cleanup(struct courier_answer *a)
{
	json_release(courier_answer_fields, a);
	memset(a, 0, sizeof(*a));
}

bool
courier_send(int fd, enum courier_message type, struct str text)
{
	char letter = (char)type;
	struct iovec parts[2] = {{&letter, 1}, {(void *)(uintptr_t)text.p, text.n}};
	const struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t n;
	do
		n = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)text.n + 1;
}

bool
courier_receive(int fd, char *buffer, char *ret_type, struct str *ret_text)
{
	ssize_t n;
	do
		n = recv(fd, buffer, COURIER_MAX + 1, 0);
	while (n < 0 && errno == EINTR);
	if (n < 1)
		return false;
	*ret_type = buffer[0];
	*ret_text = (struct str){buffer + 1, (size_t)n - 1};
	return true;
}

/* ---- the process ---- */

struct courier {
	int socket;
	pid_t pid;
	char *buffer;
};

static int
gone(struct dd_err *err)
{
	return err_set(err, DD_EIO, "the process that talks to the registry ended");
}

static int
send_json(struct courier *c, enum courier_message type, const struct json_field *fields,
	const void *src, struct dd_err *err)
{
	OWN_JSON json_t *j = json_encode(fields, src);
	OWN(buf) struct buf text = {0};
	json_print(j, 0, &text);
	if (text.n > COURIER_MAX)
		return err_set(err, DD_ELIMIT, "a request to the registry is too long");
	return courier_send(c->socket, type, buf_str(&text)) ? 0 : gone(err);
}

static int
configure(struct courier *c, const struct courier_opts *opts, struct dd_err *err)
{
	OWN(buf) struct buf ca = {.max = COURIER_MAX / 2};
	int rc = opts->ca_file ? fs_read(opts->ca_file, MAX_CA, &ca, err) : 0;
	const struct courier_config config = {
		.ca = opts->ca_file ? ca.p : NULL, .proxy = (char *)(uintptr_t)opts->proxy};
	return rc ? rc : send_json(c, COURIER_CONFIG, courier_config_fields, &config, err);
}

static int
start_process(struct courier *c, const struct state *st, struct dd_err *err)
{
	int ends[2];
	OWN_FREE char *program = sandbox_program("drydock-core");
	const char *argv[] = {program, "courier", NULL};
	const char *env[] = {"PATH=/usr/bin:/bin", NULL};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_errno(err, errno, "cannot make a socket pair");
	const struct spawn_fd fds[] = {{STDERR_FILENO, 2}, {ends[1], COURIER_FD}};
	const struct spawn_spec spec = {.argv = argv,
		.env = env,
		.cwd = "/",
		.fds = fds,
		.nfds = 2,
		.uid = st->root ? st->id_base + INSIDE_ID : 0};
	int rc = spawn_start(&spec, &c->pid, NULL, err);
	(void)close(ends[1]);
	c->socket = ends[0];
	return rc;
}

int
courier_start(const struct state *st, const struct courier_opts *opts, struct courier **ret,
	struct dd_err *err)
{
	struct courier *c = mem_new(struct courier);
	c->socket = -1;
	c->buffer = mem_alloc(COURIER_MAX + 1);
	int rc = start_process(c, st, err);
	rc = rc ? rc : configure(c, opts, err);
	if (rc < 0) {
		courier_end(c);
		return rc;
	}
	*ret = c;
	return 0;
}

void
courier_end(struct courier *c)
{
	int status;
	if (!c)
		return;
	if (c->socket >= 0)
		(void)close(c->socket); /* ends it, unless a request is under way */
	if (c->pid > 0) {
		(void)kill(c->pid, SIGKILL);
		(void)!spawn_wait(c->pid, &status, NULL);
	}
	free(c->buffer);
	free(c);
}

/* ---- one request ---- */

static int
send_file(struct courier *c, const struct courier_request *req, struct dd_err *err)
{
	OWN_FREE char *block = mem_alloc(COURIER_MAX);
	for (uint64_t left = req->body_bytes; left;) {
		size_t want = left < COURIER_MAX ? (size_t)left : COURIER_MAX;
		ssize_t n = read(req->body_fd, block, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_errno(err, n ? errno : EIO, "cannot read what is to be sent");
		if (!courier_send(c->socket, COURIER_BODY, (struct str){block, (size_t)n}))
			return gone(err);
		left -= (uint64_t)n;
		if (sandbox_stop_requested())
			return err_set(err, DD_ESTOPPED, "stopped");
		progress_tick();
	}
	return 0;
}

static int
send_request(struct courier *c, const struct courier_request *req, struct dd_err *err)
{
	OWN(strlist) struct strlist headers = {0};
	bool file = req->body_fd > 0;
	for (const char *const *h = req->headers; *h; h++)
		strlist_add(&headers, *h);
	const struct courier_order order = {
		.method = req->method,
		.url = (char *)(uintptr_t)req->url,
		.origin = (char *)(uintptr_t)req->origin,
		.secret = (char *)(uintptr_t)req->secret_header,
		.headers = headers,
		.max_redirects = req->max_redirects,
		.max_bytes = (int64_t)(req->max_bytes ? req->max_bytes : DEFAULT_MAX_BYTES),
		.body_bytes = (int64_t)(file ? req->body_bytes : req->body.n),
	};
	int rc = send_json(c, COURIER_REQUEST, courier_order_fields, &order, err);
	if (rc == 0 && file)
		rc = send_file(c, req, err);
	else if (rc == 0 && req->body.n && !courier_send(c->socket, COURIER_BODY, req->body))
		rc = gone(err);
	if (rc == 0 && !courier_send(c->socket, COURIER_END, STR("")))
		rc = gone(err);
	return rc;
}

/* The next message, looking now and then whether we are to stop. */
static int
next_message(struct courier *c, char *ret_type, struct str *ret_text, struct dd_err *err)
{
	struct pollfd p = {.fd = c->socket, .events = POLLIN};
	for (;;) {
		if (sandbox_stop_requested())
			return err_set(err, DD_ESTOPPED, "stopped");
		int n = poll(&p, 1, TICK_MS);
		progress_tick();
		if (n > 0)
			break;
		if (n < 0 && errno != EINTR)
			return err_errno(err, errno, "cannot wait for the registry");
	}
	return courier_receive(c->socket, c->buffer, ret_type, ret_text) ? 0 : gone(err);
}

static int
decode(struct str text, const struct json_field *fields, void *dst, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	int rc = json_parse(text, &j, err);
	return rc ? rc : json_decode(j, fields, false, dst, "courier", err);
}

static int
end_of_answer(struct str text, struct dd_err *err)
{
	struct courier_verdict v = {0};
	int rc = decode(text, courier_verdict_fields, &v, err);
	if (rc == 0 && v.code) {
		enum dd_code code =
			v.code > 0 && v.code <= DD_ESTOPPED ? (enum dd_code)v.code : DD_EIO;
		rc = err_set(err, code, "%s", v.error ? v.error : "the registry cannot be asked");
	}
	json_release(courier_verdict_fields, &v);
	return rc;
}

static int
take_answer(struct courier *c, const struct courier_request *req, struct courier_answer *a,
	struct dd_err *err)
{
	int rc;
	char type;
	struct str text;
	while ((rc = next_message(c, &type, &text, err)) == 0) {
		if (type == COURIER_END) {
			rc = end_of_answer(text, err);
			return rc == 0 && !a->status ? gone(err) : rc;
		}
		if (type == COURIER_HEAD && !a->status)
			rc = decode(text, courier_answer_fields, a, err);
		else if (type == COURIER_BODY && req->on_piece && a->status < 300)
			rc = req->on_piece(req->ctx, (int)a->status, text, err);
		if (rc < 0)
			break;
	}
	return rc;
}

int
courier_ask(struct courier *c, const struct courier_request *req, struct courier_answer *ret,
	struct dd_err *err)
{
	OWN(courier_answer) struct courier_answer a = {0};
	if (c->socket < 0)
		return gone(err);
	int rc = send_request(c, req, err);
	rc = rc ? rc : take_answer(c, req, &a, err);
	if (rc < 0)
		return rc;
	*ret = a;
	a = (struct courier_answer){0};
	return 0;
}
