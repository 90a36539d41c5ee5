#include "base/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define HEADERS_MAX 256
#define HEADER_BYTES_MAX ((size_t)64 << 10)
#define DISCARD_MAX ((uint64_t)1 << 20) /* body of an answer that is not handed over */
#define PAUSE_MAX_MS 30000

struct http {
	CURL *curl;
	char *proxy, *ca_file, *unix_socket;
	int connect_ms, total_ms;
	long stall_s;
};

/* One request on its way through its redirects and tries. */
struct exchange {
	struct http *h;
	const struct http_request *req;
	char *url;	       /* without credentials */
	char *user, *password; /* of the URL that was given */
	bool secret;	       /* url is of the origin the secrets are for */
	int redirects;	       /* left */
	bool last_try;

	struct http_response res;
	size_t header_bytes;
	bool head_done; /* all headers of this answer are there */
	bool handed;	/* the callbacks were called */
	bool discard;	/* this answer is not the one: redirect, or to be tried again */
	uint64_t discarded;
	size_t body_at; /* how much of req->body was sent */
	int rc;		/* a callback's or bound's verdict */
	struct dd_err err;
	char curl_msg[CURL_ERROR_SIZE];
};

/* ---- small things ---- */

static void
http_response_reset(struct http_response *r)
{
	for (size_t i = 0; i < r->nheaders; i++) {
		free(r->headers[i].name);
		free(r->headers[i].value);
	}
	r->nheaders = 0;
	r->status = 0;
}

void
http_response_cleanup(struct http_response *r)
{
	http_response_reset(r);
	free(r->headers);
	free(r->url);
	*r = (struct http_response){0};
}

static void
exchange_cleanup(struct exchange *x)
{
	http_response_cleanup(&x->res);
	dd_err_cleanup(&x->err);
	free(x->url);
	free(x->user);
	free(x->password);
}

const char *
http_header_value(const struct http_response *r, const char *name)
{
	for (size_t i = 0; i < r->nheaders; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

/* A part of a URL, heap; NULL when it has none or is no URL. */
static char *
url_part(const char *url, CURLUPart part, unsigned flags)
{
	CURLU *u = curl_url();
	char *text = NULL, *copy = NULL;
	if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
		curl_url_get(u, part, &text, flags) == CURLUE_OK) {
		copy = mem_strdup(text);
		curl_free(text);
	}
	curl_url_cleanup(u);
	return copy;
}

/* url without these parts; NULL when it is no URL. */
static char *
url_without(const char *url, const CURLUPart *parts, size_t n)
{
	CURLU *u = curl_url();
	char *text = NULL, *copy = NULL;
	if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
		for (size_t i = 0; i < n; i++)
			(void)curl_url_set(u, parts[i], NULL, 0);
		if (curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK) {
			copy = mem_strdup(text);
			curl_free(text);
		}
	}
	curl_url_cleanup(u);
	return copy;
}

static const CURLUPart credentials[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS};
#define NCREDENTIALS (sizeof(credentials) / sizeof(*credentials))

char *
http_redact_url(const char *url)
{
	static const CURLUPart parts[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
		CURLUPART_QUERY, CURLUPART_FRAGMENT};
	OWN_FREE char *clean = url_without(url, parts, sizeof(parts) / sizeof(*parts));
	OWN(buf) struct buf b = {.max = 500};
	buf_put_visible(&b, str_of(clean ? clean : "an unusable URL"));
	return buf_take(&b);
}

char *
http_url_scheme(const char *url)
{
	return url_part(url, CURLUPART_SCHEME, 0);
}

char *
http_url_host(const char *url)
{
	return url_part(url, CURLUPART_HOST, 0);
}

char *
http_url_path(const char *url)
{
	return url_part(url, CURLUPART_PATH, 0);
}

char *
http_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0);
	char *copy = mem_strdup(escaped ? escaped : "");
	curl_free(escaped);
	return copy;
}

static bool
same_part(const char *a, const char *b, CURLUPart part)
{
	OWN_FREE char *pa = url_part(a, part, CURLU_DEFAULT_PORT);
	OWN_FREE char *pb = url_part(b, part, CURLU_DEFAULT_PORT);
	return pa && pb && strcasecmp(pa, pb) == 0;
}

bool
http_same_origin(const char *a, const char *b)
{
	return same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
	       same_part(a, b, CURLUPART_PORT);
}

char *
http_resolve_url(const char *url, const char *location)
{
	CURLU *u = curl_url();
	char *text = NULL, *copy = NULL;
	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_set(u, CURLUPART_URL, location, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK) {
		copy = mem_strdup(text);
		curl_free(text);
	}
	curl_url_cleanup(u);
	return copy;
}

static int
fail(struct exchange *x, enum dd_code code, const char *why, struct dd_err *err)
{
	OWN_FREE char *url = http_redact_url(x->url);
	OWN(buf) struct buf text = {.max = 500};
	buf_put_visible(&text, str_of(why));
	const char *secret = x->req->secret_header ? strchr(x->req->secret_header, ':') : NULL;
	OWN_FREE char *proxy = x->h->proxy ? url_part(x->h->proxy, CURLUPART_PASSWORD, 0) : NULL;
	str_hide(text.p, x->password);
	str_hide(text.p, proxy);
	str_hide(text.p, secret ? secret + 1 + strspn(secret + 1, " \t") : NULL);
	return err_set(err, code, "%s: %s", url, buf_str(&text).p);
}

/* ---- what curl calls ---- */

static bool
is_transient(int status)
{
	return status == 408 || status == 429 || status == 502 || status == 503 || status == 504;
}

static bool
will_redirect(const struct exchange *x)
{
	int s = x->res.status;
	bool asks = x->req->method == HTTP_GET || x->req->method == HTTP_HEAD;
	return x->req->max_redirects > 0 && asks &&
	       (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) &&
	       http_header_value(&x->res, "Location");
}

static uint64_t
max_bytes(const struct exchange *x)
{
	return x->req->max_bytes ? x->req->max_bytes : (uint64_t)1 << 30;
}

static int
fail_too_large(struct exchange *x)
{
	OWN_FREE char *why = mem_printf(
		"the answer is larger than %llu bytes", (unsigned long long)max_bytes(x));
	return fail(x, DD_ELIMIT, why, &x->err);
}

/* The blank line behind the headers: whose answer is it? */
static void
end_of_head(struct exchange *x)
{
	if (x->res.status < 200)
		return;
	x->head_done = true;
	x->discard = will_redirect(x) || (is_transient(x->res.status) && !x->last_try);
	if (x->discard)
		return;
	uint64_t promised;
	const char *length = http_header_value(&x->res, "Content-Length");
	if (length && x->req->method != HTTP_HEAD &&
		str_parse_u64(str_of(length), UINT64_MAX, &promised) && promised > max_bytes(x)) {
		x->rc = fail_too_large(x);
		return;
	}
	x->handed = true;
	free(x->res.url);
	x->res.url = http_redact_url(x->url);
	if (x->req->on_head)
		x->rc = x->req->on_head(x->req->ctx, &x->res, &x->err);
}

static void
add_header(struct exchange *x, struct str line)
{
	struct str rest = line, name;
	if (!str_next(&rest, ':', &name) || name.n == line.n || !name.n)
		return;
	struct http_response *r = &x->res;
	r->headers = mem_grow(r->headers, r->nheaders, &r->headers_cap, sizeof(*r->headers));
	r->headers[r->nheaders++] =
		(struct http_header){.name = str_dup(name), .value = str_dup(str_trim(rest))};
}

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	struct str line = str_trim((struct str){p, size * n});
	if (x->head_done) /* a trailer */
		return size * n;
	x->header_bytes += size * n;
	if (x->res.nheaders >= HEADERS_MAX || x->header_bytes > HEADER_BYTES_MAX) {
		x->rc = fail(x, DD_ELIMIT, "the answer has too many headers", &x->err);
		return 0;
	}
	if (str_starts(line, "HTTP/")) {
		long status = 0;
		http_response_reset(&x->res);
		(void)curl_easy_getinfo(x->h->curl, CURLINFO_RESPONSE_CODE, &status);
		x->res.status = (int)status;
	} else if (line.n) {
		add_header(x, line);
	} else {
		end_of_head(x);
	}
	return x->rc < 0 ? 0 : size * n;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	size_t len = size * n;
	if (x->discard) {
		x->discarded += len;
		return x->discarded > DISCARD_MAX ? 0 : len;
	}
	if (len > max_bytes(x) - x->res.bytes) {
		x->rc = fail_too_large(x);
		return 0;
	}
	x->res.bytes += len;
	if (x->req->on_body)
		x->rc = x->req->on_body(x->req->ctx, (struct str){p, len}, &x->err);
	return x->rc < 0 ? 0 : len;
}

static size_t
on_send(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	size_t room = size * n;
	if (x->req->read_body) {
		ssize_t got = x->req->read_body(x->req->ctx, p, room);
		if (got < 0 || (size_t)got > room) {
			x->rc = got < 0 ? (int)got : -DD_EINVAL;
			(void)err_set(&x->err, (enum dd_code) - x->rc,
				"sending the request was given up");
			return CURL_READFUNC_ABORT;
		}
		return (size_t)got;
	}
	size_t left = x->req->body.n - x->body_at, part = left < room ? left : room;
	if (part)
		memcpy(p, x->req->body.p + x->body_at, part);
	x->body_at += part;
	return part;
}

static int
on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	struct exchange *x = arg;
	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	if (!x->req->is_cancelled(x->req->ctx))
		return 0;
	x->rc = fail(x, DD_ESTOPPED, "given up because it was asked to stop", &x->err);
	return 1;
}

/* ---- what the clients of a process share ---- */

/*
 * Names that were resolved and TLS sessions.  A name server whose answer is lost costs seconds, and a
 * client of its own asks again for each of its first requests.  Connections are not shared: libcurl
 * does not support that between threads.
 */
static struct {
	CURLSH *handle;
	pthread_mutex_t locks[CURL_LOCK_DATA_LAST];
} shared;

static void
lock_shared(CURL *c, curl_lock_data data, curl_lock_access access, void *arg)
{
	(void)c;
	(void)access;
	(void)arg;
	(void)pthread_mutex_lock(&shared.locks[data]);
}

static void
unlock_shared(CURL *c, curl_lock_data data, void *arg)
{
	(void)c;
	(void)arg;
	(void)pthread_mutex_unlock(&shared.locks[data]);
}

static void
init_curl(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	for (size_t i = 0; i < CURL_LOCK_DATA_LAST; i++)
		(void)pthread_mutex_init(&shared.locks[i], NULL);
	shared.handle = curl_share_init();
	(void)curl_share_setopt(shared.handle, CURLSHOPT_LOCKFUNC, lock_shared);
	(void)curl_share_setopt(shared.handle, CURLSHOPT_UNLOCKFUNC, unlock_shared);
	(void)curl_share_setopt(shared.handle, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	(void)curl_share_setopt(shared.handle, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

/* ---- one request ---- */

static bool
is_clean_header(const char *h)
{
	return strchr(h, ':') && !strpbrk(h, "\r\n");
}

static int
make_headers(struct exchange *x, struct curl_slist **ret, struct dd_err *err)
{
	/* No Expect: it costs a second where a server does not know it. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	const char *const *h = x->req->headers;
	bool ok = list != NULL;
	for (; ok && h && *h; h++) {
		ok = is_clean_header(*h);
		list = ok ? curl_slist_append(list, *h) : list;
	}
	if (ok && x->secret && x->req->secret_header) {
		ok = is_clean_header(x->req->secret_header);
		list = ok ? curl_slist_append(list, x->req->secret_header) : list;
	}
	bool sends = x->req->method != HTTP_GET && x->req->method != HTTP_HEAD;
	if (ok && sends && x->req->read_body && x->req->body_size < 0)
		list = curl_slist_append(list, "Transfer-Encoding: chunked");
	if (!ok) {
		curl_slist_free_all(list);
		return fail(x, DD_EINVAL, "a header of the request is malformed", err);
	}
	*ret = list;
	return 0;
}

static void
set_method(struct exchange *x)
{
	CURL *c = x->h->curl;
	const struct http_request *req = x->req;
	int64_t size = req->read_body ? req->body_size : (int64_t)req->body.n;
	curl_off_t known = (curl_off_t)(size < 0 ? -1 : size);
	switch (req->method) {
	case HTTP_GET:
		return;
	case HTTP_HEAD:
		(void)curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
		return;
	case HTTP_POST:
		(void)curl_easy_setopt(c, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, known);
		break;
	case HTTP_PATCH:
		(void)curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "PATCH");
		/* FALLTHROUGH */
	case HTTP_PUT:
		(void)curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		(void)curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, known);
		break;
	}
	(void)curl_easy_setopt(c, CURLOPT_READFUNCTION, on_send);
	(void)curl_easy_setopt(c, CURLOPT_READDATA, x);
}

static void
set_options(struct exchange *x)
{
	struct http *h = x->h;
	CURL *c = h->curl;
	curl_easy_reset(c); /* connections and what is shared stay */
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->curl_msg);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(c, CURLOPT_USERAGENT, "drydock/" DD_VERSION);
	/* Empty: not even what the environment says. */
	(void)curl_easy_setopt(c, CURLOPT_PROXY, h->proxy ? h->proxy : "");
	(void)curl_easy_setopt(c, CURLOPT_NOPROXY, "");
	(void)curl_easy_setopt(c, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	(void)curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (h->ca_file)
		(void)curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
	if (h->unix_socket)
		(void)curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, h->unix_socket);
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)h->connect_ms);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, h->stall_s);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)h->total_ms);
	(void)curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	if (x->secret && x->user)
		(void)curl_easy_setopt(c, CURLOPT_USERNAME, x->user);
	if (x->secret && x->password)
		(void)curl_easy_setopt(c, CURLOPT_PASSWORD, x->password);
	(void)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
	if (x->req->is_cancelled) {
		(void)curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
		(void)curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
		(void)curl_easy_setopt(c, CURLOPT_XFERINFODATA, x);
	}
	set_method(x);
}

/*
 * Ask once at x->url.  0: the answer was handed over, or is to be discarded; negative: error, with
 * *ret_transient telling whether another try may do better.
 */
static int
ask_once(struct exchange *x, bool *ret_transient, struct dd_err *err)
{
	struct curl_slist *headers = NULL;
	int rc = make_headers(x, &headers, err);
	if (rc)
		return rc;
	http_response_reset(&x->res);
	x->header_bytes = x->body_at = 0;
	x->discarded = 0;
	x->head_done = x->discard = false;
	x->curl_msg[0] = '\0';
	set_options(x);
	(void)curl_easy_setopt(x->h->curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(x->h->curl, CURLOPT_URL, x->url);
	CURLcode code = curl_easy_perform(x->h->curl);
	curl_slist_free_all(headers);
	long sent = 0;
	if (x->req->ret_sent &&
		curl_easy_getinfo(x->h->curl, CURLINFO_REQUEST_SIZE, &sent) == CURLE_OK)
		*x->req->ret_sent = sent > 0;
	if (x->rc < 0 && x->err.code == DD_OK) /* a callback without a word */
		return fail(x, (enum dd_code) - x->rc, "the answer was given up", err);
	if (x->rc < 0)
		return err_move(err, &x->err);
	/* What is wrong with a body nobody wants does not matter. */
	if (code == CURLE_OK || (x->discard && x->head_done))
		return 0;
	const char *why = x->curl_msg[0] ? x->curl_msg : curl_easy_strerror(code);
	if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
		return fail(x, DD_EINVAL, why, err);
	*ret_transient = code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_SSL_CACERT_BADFILE;
	return fail(x, DD_EIO, why, err);
}

/* Take the next hop; secrets stay behind when it is another origin. */
static int
follow(struct exchange *x, struct dd_err *err)
{
	char *location = NULL;
	(void)curl_easy_getinfo(x->h->curl, CURLINFO_REDIRECT_URL, &location);
	OWN_FREE char *next = location ? url_without(location, credentials, NCREDENTIALS) : NULL;
	OWN_FREE char *scheme = next ? url_part(next, CURLUPART_SCHEME, 0) : NULL;
	if (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		return fail(
			x, DD_EINVAL, "a redirect to what is not http or https is refused", err);
	if (strncmp(x->url, "https:", 6) == 0 && strcmp(scheme, "https") != 0)
		return fail(x, DD_EINVAL, "a redirect from https to http is refused", err);
	if (x->redirects-- <= 0)
		return fail(x, DD_ELIMIT, "too many redirects", err);
	x->secret = http_same_origin(next, x->req->url);
	free(x->url);
	x->url = TAKE(next);
	return 0;
}

static void
pause_before(struct exchange *x, int failures)
{
	int64_t ms = x->req->retry_pause_ms ? x->req->retry_pause_ms : 500;
	ms <<= failures < 8 ? failures : 8;
	const char *after = x->discard ? http_header_value(&x->res, "Retry-After") : NULL;
	uint64_t seconds;
	if (after && str_parse_u64(str_of(after), 1000000, &seconds))
		ms = (int64_t)seconds * 1000;
	ms = ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	(void)nanosleep(&t, NULL);
}

int
http_perform(struct http *h, const struct http_request *req, struct http_response *ret,
	struct dd_err *err)
{
	OWN(exchange) struct exchange x = {.h = h, .req = req, .secret = true};
	x.url = url_without(req->url, credentials, NCREDENTIALS);
	if (!x.url)
		return err_set(err, DD_EINVAL, "an unusable URL");
	x.user = url_part(req->url, CURLUPART_USER, CURLU_URLDECODE);
	x.password = url_part(req->url, CURLUPART_PASSWORD, CURLU_URLDECODE);
	int tries = req->read_body || req->tries < 1 ? 1 : req->tries;
	x.redirects = req->max_redirects;
	for (int failures = 0;;) {
		bool transient = false;
		x.last_try = failures + 1 >= tries;
		x.res.tries = failures + 1;
		int rc = ask_once(&x, &transient, err);
		if (!rc && !x.discard)
			break;
		if (!rc && will_redirect(&x)) {
			rc = follow(&x, err);
			if (rc)
				return rc;
			continue;
		}
		if (rc && (!transient || x.handed || x.last_try))
			return rc;
		pause_before(&x, failures++);
	}
	if (ret) {
		*ret = x.res;
		x.res = (struct http_response){0};
	}
	return 0;
}

/* ---- clients ---- */

int
http_create(const struct http_opts *opts, struct http **ret, struct dd_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static const struct http_opts defaults;
	const struct http_opts *o = opts ? opts : &defaults;
	(void)pthread_once(&once, init_curl);
	CURL *curl = curl_easy_init();
	if (!curl)
		return err_set(err, DD_EIO, "libcurl could not be started");
	(void)curl_easy_setopt(curl, CURLOPT_SHARE, shared.handle);
	struct http *h = mem_new(struct http);
	h->curl = curl;
	h->proxy = o->proxy ? mem_strdup(o->proxy) : NULL;
	h->ca_file = o->ca_file ? mem_strdup(o->ca_file) : NULL;
	h->unix_socket = o->unix_socket ? mem_strdup(o->unix_socket) : NULL;
	h->connect_ms = o->connect_timeout_ms ? o->connect_timeout_ms : 20000;
	h->stall_s = o->stall_timeout_ms ? (o->stall_timeout_ms + 999) / 1000 : 60;
	h->total_ms = o->total_timeout_ms;
	*ret = h;
	return 0;
}

void
http_destroy(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	free(h->proxy);
	free(h->ca_file);
	free(h->unix_socket);
	free(h);
}

int64_t
http_parse_date(const char *text)
{
	return (int64_t)curl_getdate(text, NULL);
}

/* ---- logins ---- */

char *
http_basic_header(const char *login)
{
	OWN(buf) struct buf header = {0};
	buf_puts(&header, "Authorization: Basic ");
	buf_put_base64(&header, str_of(login));
	return buf_take(&header);
}
