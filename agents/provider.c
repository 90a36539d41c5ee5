#include "agents/provider.h"

#include "agents/key.h"
#include "agents/provider_exec.h"
#include "agents/reply.h"
#include "agents/sse.h"
#include "base/log.h"

#include <string.h>
#include <strings.h>

#define ERROR_BODY_MAX ((size_t)256 << 10)
#define WHOLE_MAX ((size_t)64 << 20)
#define STREAM_MAX ((uint64_t)1 << 30)

struct provider {
	const struct model *m;
	const struct api_ops *ops; /* NULL: API_EXEC */
	struct http *http;
	char *key;
	char *secret_header;
};

static const struct api_ops *const apis[] = {
	[API_ANTHROPIC] = &api_anthropic,
	[API_RESPONSES] = &api_responses,
	[API_CHAT] = &api_chat,
	[API_GOOGLE] = &api_google,
	[API_EXEC] = NULL,
};

static char *
make_secret_header(const struct model_provider *via, const char *key)
{
	static const char *const names[] = {[AUTH_NONE] = "",
		[AUTH_BEARER] = "Authorization: Bearer ",
		[AUTH_X_API_KEY] = "x-api-key: ",
		[AUTH_GOOGLE_KEY] = "x-goog-api-key: "};
	return key ? mem_printf("%s%s", names[via->auth], key) : NULL;
}

int
provider_open(const struct model *m, struct provider **ret, struct dd_err *err)
{
	const struct model_provider *via = m->via;
	struct provider *p = mem_new(struct provider);
	*p = (struct provider){.m = m, .ops = apis[via->api]};
	const struct http_opts opts = {.proxy = via->proxy,
		.ca_file = via->ca_file,
		.unix_socket = via->unix_socket,
		.stall_timeout_ms = (int)(via->idle_s < 86400 ? via->idle_s * 1000 : 86400000),
		.total_timeout_ms = (int)(via->total_s < 86400 ? via->total_s * 1000 : 86400000)};
	int rc = key_read(via, &p->key, err);
	if (rc == 0 && p->ops)
		rc = http_create(&opts, &p->http, err);
	if (rc < 0) {
		provider_close(p);
		return rc;
	}
	p->secret_header = make_secret_header(via, p->key);
	*ret = p;
	return 0;
}

void
provider_close(struct provider *p)
{
	if (!p)
		return;
	http_destroy(p->http);
	key_wipe(p->key);
	key_wipe(p->secret_header);
	free(p);
}

json_t *
provider_body(const struct provider *p, const struct chat_request *req)
{
	return p->ops ? p->ops->body(p->m, req) : exec_body(req);
}

void
provider_redact(const struct provider *p, struct str text, struct buf *out)
{
	size_t n = p->key ? strlen(p->key) : 0;
	while (n >= 4 && text.n >= n) {
		const char *at = memmem(text.p, text.n, p->key, n);
		if (!at)
			break;
		buf_add(out, text.p, (size_t)(at - text.p));
		buf_puts(out, "[redacted]");
		text.n -= (size_t)(at - text.p) + n;
		text.p = at + n;
	}
	buf_add_str(out, text);
}

/* ---- one exchange ---- */

struct exchange_of_call {
	struct provider *p;
	struct chat_reply *reply;
	const struct provider_watch *watch;
	struct sse sse;
	struct buf whole; /* an error's body, or an answer that is not streamed */
	bool streamed, error, sent;
};

static int
on_sse_event(void *ctx, struct str name, struct str data, struct dd_err *err)
{
	struct exchange_of_call *x = ctx;
	OWN_JSON json_t *event = NULL;
	(void)name; /* every event says its type itself */
	if (str_eq(data, "[DONE]")) {
		x->reply->done = true;
		return 0;
	}
	int rc = reply_parse(data, &event, err);
	if (rc < 0)
		return err_wrap(err, "an event of the stream");
	return x->p->ops->on_event(x->reply, event, err);
}

static int
on_head(void *ctx, const struct http_response *r, struct dd_err *err)
{
	struct exchange_of_call *x = ctx;
	const char *type = http_header_value(r, "content-type");
	(void)err;
	failure_from_head(&x->reply->failure, r);
	x->error = r->status != 200;
	x->streamed = type && strncasecmp(type, "text/event-stream", 17) == 0;
	x->whole.max = x->error ? ERROR_BODY_MAX : WHOLE_MAX;
	return 0;
}

static int
on_body(void *ctx, struct str piece, struct dd_err *err)
{
	struct exchange_of_call *x = ctx;
	if (x->streamed && !x->error)
		return sse_feed(&x->sse, piece, err);
	buf_add_str(&x->whole, piece);
	return x->whole.truncated && !x->error ? err_set(err, DD_ELIMIT, "the answer is too large")
					       : 0;
}

static bool
is_cancelled(void *ctx)
{
	struct exchange_of_call *x = ctx;
	return x->watch && x->watch->is_cancelled && x->watch->is_cancelled(x->watch->ctx);
}

static int
send(struct exchange_of_call *x, const char *path, const json_t *body, struct dd_err *err)
{
	const struct model_provider *via = x->p->m->via;
	OWN(strlist) struct strlist headers = {0};
	OWN_FREE char *url = mem_printf("%s%s", via->base_url, path);
	OWN(buf) struct buf text = {0};
	json_print(body, 0, &text);
	strlist_add(&headers, "Content-Type: application/json");
	strlist_add(&headers, x->p->m->abilities.stream ? "Accept: text/event-stream"
							: "Accept: application/json");
	if (via->version)
		strlist_addf(&headers, "anthropic-version: %s", via->version);
	strlist_copy(&headers, &via->headers);
	const struct http_request req = {.method = HTTP_POST,
		.url = url,
		.headers = (const char *const *)headers.v,
		.secret_header = x->p->secret_header,
		.body = buf_str(&text),
		.on_head = on_head,
		.on_body = on_body,
		.is_cancelled = x->watch && x->watch->is_cancelled ? is_cancelled : NULL,
		.ctx = x,
		.max_bytes = STREAM_MAX,
		.ret_sent = &x->sent};
	return http_perform(x->p->http, &req, NULL, err);
}

/* An error's body, in any of its forms. */
static void
take_error(struct chat_reply *r, struct str body)
{
	OWN_JSON json_t *j = NULL;
	if (r->failure.status < 400) {
		r->failure.kind = FAIL_PROTOCOL;
		reply_set(&r->failure.message, r->failure.status < 300
						       ? "an answer of an unknown kind"
						       : "a redirect is not followed");
		return;
	}
	if (!body.n || reply_parse(body, &j, NULL) < 0) {
		OWN_JSON json_t *plain =
			json_text((struct str){body.n ? body.p : "", body.n < 300 ? body.n : 300});
		failure_from_error(&r->failure, plain);
		return;
	}
	const json_t *first = json_is_array(j) ? json_array_get(j, 0) : j;
	const json_t *error = json_object_get(first, "error");
	failure_from_error(&r->failure, error ? error : first);
	if (!r->failure.request_id)
		reply_set(&r->failure.request_id, reply_text(first, "request_id"));
}

static int
finish_exchange(struct exchange_of_call *x, struct dd_err *err)
{
	struct chat_reply *r = x->reply;
	OWN_JSON json_t *whole = NULL;
	int rc = 0;
	if (x->error) {
		take_error(r, buf_str(&x->whole));
		return 0;
	}
	if (x->streamed)
		return sse_end(&x->sse, err);
	rc = reply_parse(buf_str(&x->whole), &whole, err);
	const json_t *error = json_object_get(whole, "error");
	if (rc == 0 && error && !json_is_null(error))
		failure_from_error(&r->failure, error);
	else if (rc == 0)
		rc = x->p->ops->on_whole(r, whole, err);
	return rc;
}

/* What kind of failure an exchange that broke off was. */
static enum call_failure
kind_of_break(const struct exchange_of_call *x, int rc, int64_t took_ns)
{
	const struct model_provider *via = x->p->m->via;
	int64_t idle = via->idle_s < via->total_s ? via->idle_s : via->total_s;
	if (rc == -DD_ESTOPPED)
		return FAIL_CANCELLED;
	if (rc == -DD_ECORRUPT || rc == -DD_ELIMIT || rc == -DD_EINVAL)
		return FAIL_PROTOCOL;
	if (took_ns >= idle * 1000000000)
		return FAIL_TIME;
	return x->reply->begun ? FAIL_TRUNCATED : FAIL_NETWORK;
}

static int
exchange(struct exchange_of_call *x, const char *path, const json_t *body, struct dd_err *err)
{
	int64_t start = clock_mono_ns();
	x->sse = (struct sse){.on_event = on_sse_event, .ctx = x};
	int rc = send(x, path, body, err);
	if (rc == 0)
		rc = finish_exchange(x, err);
	struct failure *f = &x->reply->failure;
	f->sent = x->sent && !x->error;
	if (rc < 0 && !f->kind)
		f->kind = kind_of_break(x, rc, clock_mono_ns() - start);
	if (rc == 0 && !f->kind && !x->reply->done) {
		f->kind = FAIL_TRUNCATED;
		reply_set(&f->message, "the answer ended before its end");
	}
	sse_cleanup(&x->sse);
	buf_cleanup(&x->whole);
	return rc;
}

static enum dd_code
code_of(enum call_failure kind)
{
	switch (kind) {
	case FAIL_REQUEST:
	case FAIL_KEY:
		return DD_EINVAL;
	case FAIL_CONTEXT:
	case FAIL_SPEND:
		return DD_ELIMIT;
	case FAIL_CANCELLED:
		return DD_ESTOPPED;
	default:
		return DD_EIO;
	}
}

/* One sentence with what is known of the failure; the key is not in it, whatever the server said. */
static int
report(const struct provider *p, struct failure *f, const char *why, struct dd_err *err)
{
	OWN(buf) struct buf said = {0}, status = {0};
	provider_redact(p, str_of(f->message ? f->message : why), &said);
	if (f->status && f->status != 200)
		buf_printf(&status, " (%d)", f->status);
	free(f->message);
	f->message = mem_strdup(said.p ? said.p : "");
	return err_set(err, code_of(f->kind), "provider %s, model %s: %s%s%s%s", p->m->via->name,
		p->m->name, call_failure_names[f->kind], status.p ? status.p : "",
		*f->message ? ": " : "", f->message);
}

int
provider_try(struct provider *p, const json_t *body, const struct provider_watch *watch,
	struct chat_answer *ret, struct failure *ret_failure, struct dd_err *err)
{
	OWN(chat_reply)
	struct chat_reply r = {.api = (enum model_api)p->m->via->api,
		.failure = {.after_ms = -1, .should_retry = -1}};
	OWN(dd_err) struct dd_err why = {0};
	int rc;
	if (watch) {
		r.on_text = watch->on_text;
		r.ctx = watch->ctx;
	}
	if (p->ops) {
		struct exchange_of_call x = {.p = p, .reply = &r, .watch = watch};
		OWN_FREE char *path = p->ops->path(p->m);
		rc = exchange(&x, path, body, &why);
	} else {
		rc = exec_try(p->m, body, &r, &why);
		r.failure.sent = true;
	}
	if (rc == 0 && !r.failure.kind) {
		reply_finish(&r, ret);
		return 0;
	}
	rc = report(p, &r.failure, err_msg(&why), err);
	*ret_failure = r.failure;
	r.failure = (struct failure){0};
	return rc;
}

int
provider_count(struct provider *p, const json_t *body, int64_t *ret, struct dd_err *err)
{
	if (!p->ops || !p->ops->count_path || !p->m->abilities.count)
		return err_set(err, DD_EUNSUPPORTED, "model %s cannot count tokens", p->m->name);
	OWN(chat_reply) struct chat_reply r = {.failure = {.after_ms = -1, .should_retry = -1}};
	OWN(dd_err) struct dd_err why = {0};
	OWN_JSON json_t *request = p->ops->count_body(p->m, body), *answer = NULL;
	OWN_FREE char *path = p->ops->count_path(p->m);
	struct exchange_of_call x = {
		.p = p, .reply = &r, .sse = {.on_event = on_sse_event, .ctx = &x}};
	int rc = send(&x, path, request, &why);
	if (rc == 0 && x.error)
		take_error(&r, buf_str(&x.whole));
	if (rc == 0 && !x.error)
		rc = json_parse(buf_str(&x.whole), &answer, &why);
	buf_cleanup(&x.whole);
	sse_cleanup(&x.sse);
	if (rc == 0 && answer && json_is_integer(json_object_get(answer, p->ops->count_key))) {
		*ret = reply_int(answer, p->ops->count_key);
		return 0;
	}
	if (!r.failure.kind)
		r.failure.kind = rc == -DD_EIO ? FAIL_NETWORK : FAIL_PROTOCOL;
	return report(p, &r.failure, err_msg(&why), err);
}
