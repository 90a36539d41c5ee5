/*
 * Theory of operation.  `drydock-core courier`: HTTP requests come as messages on descriptor 3,
 * answers go back as messages.  It holds no descriptor but that socket and ends with it.  The body
 * of a request is read from the socket while it is sent; what the server did not want to have is
 * read and dropped, so that the two sides never wait for each other.
 */
#include "images/courier.h"
#include "images/transfer.h"

#include "base/fs.h"

#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#define TRIES 3

struct agent {
	struct http *http;
	char *in;	 /* of courier_receive */
	struct str rest; /* of the message that is being sent */
	bool sent;	 /* the whole body of the request was received */
	bool broken;	 /* the socket is gone */
	const struct courier_order *order;
};

/* ---- the request's body ---- */

static bool
next_piece(struct agent *a)
{
	char type;
	if (!courier_receive(COURIER_FD, a->in, &type, &a->rest)) {
		a->broken = a->sent = true;
		return false;
	}
	a->sent = type != COURIER_BODY;
	return !a->sent;
}

static ssize_t
read_body(void *ctx, char *p, size_t n)
{
	struct agent *a = ctx;
	if (!a->rest.n && (a->sent || !next_piece(a)))
		return a->broken ? -DD_EIO : 0;
	size_t part = a->rest.n < n ? a->rest.n : n;
	memcpy(p, a->rest.p, part);
	a->rest = (struct str){a->rest.p + part, a->rest.n - part};
	return (ssize_t)part;
}

/* ---- the answer ---- */

static void
send_json(struct agent *a, enum courier_message type, const struct json_field *fields,
	const void *src)
{
	OWN_JSON json_t *j = json_encode(fields, src);
	OWN(buf) struct buf text = {.max = COURIER_MAX};
	json_print(j, 0, &text);
	if (text.truncated || !courier_send(COURIER_FD, type, buf_str(&text)))
		a->broken = true;
}

/* NAME="value" or NAME=value, separated by commas (RFC 9110, 11.2). */
static bool
next_parameter(struct str *rest, struct str *ret_name, char **ret_value)
{
	while (rest->n && strchr(" \t,", rest->p[0]))
		*rest = (struct str){rest->p + 1, rest->n - 1};
	if (!str_next(rest, '=', ret_name) || !ret_name->n || !rest->n)
		return false;
	struct str value;
	if (rest->p[0] == '"') {
		*rest = (struct str){rest->p + 1, rest->n - 1};
		if (!str_next(rest, '"', &value))
			return false;
	} else if (!str_next(rest, ',', &value)) {
		return false;
	}
	*ret_value = str_dup(value);
	return true;
}

static void
read_challenge(const char *header, struct courier_answer *out)
{
	struct str rest = str_of(header), name;
	char *value;
	if (!str_next(&rest, ' ', &name))
		return;
	out->scheme = str_dup(name);
	while (next_parameter(&rest, &name, &value)) {
		OWN_FREE char *key = str_dup(name);
		char **to = strcasecmp(key, "realm") == 0     ? &out->realm
			    : strcasecmp(key, "service") == 0 ? &out->service
			    : strcasecmp(key, "scope") == 0   ? &out->scope
							      : NULL;
		if (to && !*to)
			*to = value;
		else
			free(value);
	}
}

static char *
copy_header(const struct http_response *r, const char *name)
{
	const char *v = http_header_value(r, name);
	return v && strlen(v) < 8192 ? mem_strdup(v) : NULL;
}

static int
on_head(void *ctx, const struct http_response *r, struct dd_err *err)
{
	struct agent *a = ctx;
	OWN(courier_answer) struct courier_answer out = {.status = r->status};
	OWN_FREE char *location = copy_header(r, "Location");
	OWN_FREE char *challenge = copy_header(r, "WWW-Authenticate");
	out.digest = copy_header(r, "Docker-Content-Digest");
	out.content_type = copy_header(r, "Content-Type");
	if (location)
		out.location = http_resolve_url(a->order->url, location);
	if (challenge)
		read_challenge(challenge, &out);
	send_json(a, COURIER_HEAD, courier_answer_fields, &out);
	return a->broken ? err_set(err, DD_EIO, "nobody listens") : 0;
}

static int
on_body(void *ctx, struct str piece, struct dd_err *err)
{
	(void)ctx;
	while (piece.n) {
		struct str part = {piece.p, piece.n < COURIER_MAX ? piece.n : COURIER_MAX};
		if (!courier_send(COURIER_FD, COURIER_BODY, part))
			return err_set(err, DD_EIO, "nobody listens");
		piece = (struct str){piece.p + part.n, piece.n - part.n};
	}
	return 0;
}

static int
perform(struct agent *a, const struct courier_order *o, struct dd_err *err)
{
	bool sends = o->method == HTTP_POST || o->method == HTTP_PUT;
	bool theirs = o->secret && o->origin && http_same_origin(o->url, o->origin);
	const struct http_request req = {
		.method = (enum http_method)o->method,
		.url = o->url,
		.headers = (const char *const *)o->headers.v,
		.secret_header = theirs ? o->secret : NULL,
		.read_body = sends && o->body_bytes ? read_body : NULL,
		.body_size = o->body_bytes,
		.on_head = on_head,
		.on_body = on_body,
		.ctx = a,
		.max_bytes = (uint64_t)o->max_bytes,
		.max_redirects = (int)o->max_redirects,
		.tries = sends ? 1 : TRIES,
	};
	return http_perform(a->http, &req, NULL, err);
}

static void
serve(struct agent *a, struct str text)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *j = NULL;
	struct courier_order o = {0};
	int rc = json_parse(text, &j, &err);
	rc = rc ? rc : json_decode(j, courier_order_fields, true, &o, "request", &err);
	a->rest = (struct str){0};
	a->sent = false;
	a->order = &o;
	rc = rc ? rc : perform(a, &o, &err);
	while (!a->sent && next_piece(a))
		;
	const struct courier_verdict v = {
		.code = rc ? err.code : 0, .error = rc ? (char *)(uintptr_t)err_msg(&err) : NULL};
	send_json(a, COURIER_END, courier_verdict_fields, &v);
	json_release(courier_order_fields, &o);
}

/* ---- the process ---- */

/* libcurl wants a file of certificates; this process may open none. */
static int
make_ca_file(const char *text, char **ret_path, struct dd_err *err)
{
	int fd = memfd_create("ca", MFD_CLOEXEC);
	int rc = fd < 0 ? err_set(err, DD_EIO, "cannot make a memory file")
			: fs_write_all(fd, text, strlen(text), err);
	if (rc == 0)
		*ret_path = mem_printf("/proc/self/fd/%d", fd); /* open as long as we live */
	return rc;
}

static int
configure(struct agent *a, struct dd_err *err)
{
	char type;
	struct str text;
	OWN_JSON json_t *j = NULL;
	OWN_FREE char *ca = NULL;
	struct courier_config c = {0};
	if (!courier_receive(COURIER_FD, a->in, &type, &text) || type != COURIER_CONFIG)
		return err_set(err, DD_EIO, "no configuration");
	int rc = json_parse(text, &j, err);
	rc = rc ? rc : json_decode(j, courier_config_fields, true, &c, "configuration", err);
	if (rc == 0 && c.ca)
		rc = make_ca_file(c.ca, &ca, err);
	const struct http_opts opts = {.ca_file = ca, .proxy = c.proxy};
	rc = rc ? rc : http_create(&opts, &a->http, err);
	json_release(courier_config_fields, &c);
	return rc;
}

int
image_courier_main(void)
{
	OWN(dd_err) struct dd_err err = {0};
	struct agent a = {.in = mem_alloc(COURIER_MAX + 1)};
	char type;
	struct str text;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN); /* it ends by its socket, also on Ctrl-C */
	if (configure(&a, &err) < 0) {
		fprintf(stderr, "drydock: courier: %s\n", err_msg(&err));
		return 3;
	}
	while (!a.broken && courier_receive(COURIER_FD, a.in, &type, &text))
		if (type == COURIER_REQUEST)
			serve(&a, text);
	http_destroy(a.http);
	free(a.in);
	return 0;
}
