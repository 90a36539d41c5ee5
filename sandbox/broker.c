/*
 * The broker process; see egress.c for where it stands.
 *
 * Each connection from inside has a thread (libmicrohttpd).  A request is fetched from its upstream
 * into a spool file, its digest computed on the way, and only a whole body is handed inside, so
 * that a broken transfer can never look like a short success.  What is not below a listed upstream
 * is refused.
 */
#include "sandbox/broker.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/http.h"
#include "base/io.h"
#include "base/json.h"
#include "sandbox/egress.h"
#include "sandbox/proxy.h"
#include "sandbox/relay.h"
#include "sandbox/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_CONNECTIONS 64
#define MAX_POST ((size_t)256 << 20)
#define MAX_BODY ((uint64_t)4 << 30)
#define MAX_REWRITE ((size_t)64 << 20)
#define FETCH_TRIES 3
#define MAX_IDLE 8

struct upstream {
	char *name, *url, *proxy, *ca_file, *auth_header;
	bool rewrite_urls, allow_post;
	struct http *idle[MAX_IDLE]; /* clients nobody uses now, with their open connections */
	size_t nidle;
};

struct config {
	struct json_array_of upstreams;
	json_t *stored; /* upstream and path -> digest of a body that lies in the spool directory */
	bool offline;
	int64_t budget_bytes;
	char *relay;
	struct strlist allow; /* of the proxy */
};

#define U(member, what) \
	{ \
		.key = #member, .kind = what, .offset = offsetof(struct upstream, member) \
	}
static const struct json_field upstream_fields[] = {U(name, JSON_K_STRING), U(url, JSON_K_STRING),
	U(proxy, JSON_K_STRING), U(ca_file, JSON_K_STRING), U(auth_header, JSON_K_STRING),
	U(rewrite_urls, JSON_K_BOOL), U(allow_post, JSON_K_BOOL), {.key = NULL}};

#define C(member, what) .key = #member, .kind = what, .offset = offsetof(struct config, member)
static const struct json_field config_fields[] = {
	{C(upstreams, JSON_K_ARRAY), .sub = upstream_fields, .elem_size = sizeof(struct upstream)},
	{C(stored, JSON_K_ANY)}, {C(offline, JSON_K_BOOL)}, {C(budget_bytes, JSON_K_INT)},
	{C(relay, JSON_K_STRING)}, {C(allow, JSON_K_STRLIST)}, {.key = NULL}};

static struct {
	struct config config;
	pthread_mutex_t lock; /* of what follows, and of the upstreams' idle clients */
	unsigned next_file;
	uint64_t used_bytes;
	int log_errnum; /* why a request could not be logged; 0 */
} broker = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- one request ---- */

struct fetch {
	struct upstream *upstream;
	char *path; /* below the upstream, with the query */
	struct buf post;
	/* of the answer */
	int fd; /* spool file; -1 */
	char *file;
	struct hash *hash;
	struct http_response response;
	uint64_t bytes;
	bool answered;	/* response is filled */
	bool rewritten; /* what is handed inside is not what came */
};

static void
put_member(struct buf *line, const char *key, const char *value)
{
	buf_printf(line, ",\"%s\":", key);
	buf_put_json(line, str_of(value));
}

/* program: of the one inside, when it was refused; NULL */
static void
write_log_of(const struct fetch *f, const char *path, int status, bool refused, const char *sha256,
	const char *why, const char *program)
{
	const struct upstream *u = f ? f->upstream : NULL;
	OWN_FREE char *full = u ? mem_printf("%s%s", u->url, path) : NULL;
	OWN_FREE char *url = full ? http_redact_url(full) : NULL;
	OWN(buf) struct buf line = {0};
	buf_puts(&line, "{\"upstream\":");
	buf_put_json(&line, str_of(u ? u->name : ""));
	put_member(&line, "path", path);
	if (url)
		put_member(&line, "url", url);
	buf_printf(&line, ",\"status\":%d,\"refused\":%s,\"bytes\":%llu", status,
		refused ? "true" : "false", (unsigned long long)(f ? f->bytes : 0));
	if (sha256)
		put_member(&line, "sha256", sha256);
	if (sha256 && !f->file)
		buf_puts(&line, ",\"from_cache\":true");
	if (why)
		put_member(&line, "why", why);
	if (program && *program)
		put_member(&line, "program", program);
	buf_puts(&line, "}\n");
	(void)pthread_mutex_lock(&broker.lock);
	if (fs_write_all(BROKER_FIRST_FD + BROKER_LOG, line.p, line.n, NULL) < 0)
		broker.log_errnum = errno;
	(void)pthread_mutex_unlock(&broker.lock);
}

static void
write_log(const struct fetch *f, const char *path, int status, bool refused, const char *sha256,
	const char *why)
{
	write_log_of(f, path, status, refused, sha256, why, NULL);
}

/* What goes through a raw connection is not seen: only that there was one. */
static void
log_relay(bool connected)
{
	OWN_FREE char *path = mem_printf("tcp://%s", broker.config.relay);
	write_log(NULL, path, connected ? MHD_HTTP_OK : 0, false, NULL,
		connected ? "a raw connection" : "cannot connect");
}

/* The body is whole: give it the name under which it is taken into the store, or drop it. */
static void
settle_body(const struct fetch *f, const char *sha256)
{
	int spool = BROKER_FIRST_FD + BROKER_SPOOL;
	OWN_FREE char *whole = sha256 ? mem_printf(BROKER_WHOLE "%s", sha256) : NULL;
	if (whole)
		(void)!io_renameat2(spool, f->file, spool, whole, 0);
	else
		(void)!io_unlinkat(spool, f->file, 0);
}

static enum MHD_Result
answer_text(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ok = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return ok;
}

static uint16_t
client_port(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (!i || !i->client_addr || i->client_addr->sa_family != AF_INET)
		return 0;
	return ntohs(((const struct sockaddr_in *)(const void *)i->client_addr)->sin_port);
}

static enum MHD_Result
refuse(struct MHD_Connection *c, const char *path)
{
	OWN_FREE char *program = witness_ask(BROKER_FIRST_FD + BROKER_WITNESS, client_port(c));
	write_log_of(NULL, path, MHD_HTTP_FORBIDDEN, true, NULL,
		"not below an upstream of this phase", program);
	return answer_text(
		c, MHD_HTTP_FORBIDDEN, "refused by drydock: not an upstream of this phase\n");
}

/* A path that could climb out of the upstream once somebody normalises it. */
static bool
is_climbing(const char *path)
{
	static const char *const bad[] = {
		"/../", "%2e", "%2E", "\\", "/./", "%2f..", "%2F..", NULL};
	for (size_t i = 0; bad[i]; i++)
		if (strstr(path, bad[i]))
			return true;
	return str_ends(str_of(path), "/..");
}

/* "/apt0/dists/..." names the upstream apt0 and what is asked of it. */
static struct upstream *
choose(const char *url, const char **ret_rest)
{
	if (*url != '/' || is_climbing(url))
		return NULL;
	for (size_t i = 0; i < broker.config.upstreams.n; i++) {
		struct upstream *u = (struct upstream *)broker.config.upstreams.v + i;
		size_t n = strlen(u->name);
		if (strncmp(url + 1, u->name, n) == 0 && (url[n + 1] == '/' || !url[n + 1])) {
			*ret_rest = url + n + 1;
			return u;
		}
	}
	return NULL;
}

static int
open_spool(struct fetch *f, struct dd_err *err)
{
	(void)pthread_mutex_lock(&broker.lock);
	f->file = mem_printf("%u", broker.next_file++);
	(void)pthread_mutex_unlock(&broker.lock);
	f->fd = io_createat(BROKER_FIRST_FD + BROKER_SPOOL, f->file,
		O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	f->hash = hash_create();
	return f->fd < 0 ? err_errno(err, errno, "cannot make a spool file") : 0;
}

static int
take_budget(size_t n, struct dd_err *err)
{
	(void)pthread_mutex_lock(&broker.lock);
	broker.used_bytes += n;
	bool over = broker.used_bytes > (uint64_t)broker.config.budget_bytes;
	(void)pthread_mutex_unlock(&broker.lock);
	return over ? err_set(err, DD_ELIMIT, "the byte budget of this phase is used up") : 0;
}

static int
take_body(void *ctx, struct str piece, struct dd_err *err)
{
	struct fetch *f = ctx;
	int rc = take_budget(piece.n, err);
	if (rc < 0)
		return rc;
	/* Nothing more can come, and whoever is served half a body may wait for ever (apt does). */
	if (fs_write_all(f->fd, piece.p, piece.n, NULL) < 0)
		_exit(errno);
	hash_add(f->hash, piece.p, piece.n);
	f->bytes += piece.n;
	return 0;
}

/* Headers of the inside that change what is answered; nothing else of it leaves. */
static void
copy_request_headers(struct MHD_Connection *c, struct strlist *headers)
{
	static const char *const names[] = {"Range", "If-Range", "If-Modified-Since",
		"If-None-Match", "Accept", "Content-Type", "Git-Protocol", NULL};
	for (size_t i = 0; names[i]; i++) {
		const char *v = MHD_lookup_connection_value(c, MHD_HEADER_KIND, names[i]);
		if (v)
			strlist_addf(headers, "%s: %s", names[i], v);
	}
	strlist_add(headers, "User-Agent: drydock/" DD_VERSION);
}

/*
 * A client for one request: the one that was given back last, since its connection is the freshest.
 * A client a request would be a look-up of the name, a connection and a handshake a request.
 */
static int
take_client(struct upstream *u, struct http **ret, struct dd_err *err)
{
	const struct http_opts opts = {.proxy = u->proxy, .ca_file = u->ca_file};
	struct http *h = NULL;
	(void)pthread_mutex_lock(&broker.lock);
	if (u->nidle)
		h = u->idle[--u->nidle];
	(void)pthread_mutex_unlock(&broker.lock);
	if (!h)
		return http_create(&opts, ret, err);
	*ret = h;
	return 0;
}

static void
give_back(struct upstream *u, struct http *h)
{
	(void)pthread_mutex_lock(&broker.lock);
	if (u->nidle < MAX_IDLE) {
		u->idle[u->nidle++] = h;
		h = NULL;
	}
	(void)pthread_mutex_unlock(&broker.lock);
	http_destroy(h);
}

static int
ask_upstream(struct MHD_Connection *c, struct fetch *f, const char *method, struct dd_err *err)
{
	OWN(strlist) struct strlist headers = {0};
	OWN_FREE char *url = mem_printf("%s%s", f->upstream->url, f->path);
	struct http *h;
	bool post = strcmp(method, "POST") == 0;
	copy_request_headers(c, &headers);
	int rc = take_client(f->upstream, &h, err);
	if (rc < 0)
		return rc;
	const struct http_request req = {
		.method = post				? HTTP_POST
			  : strcmp(method, "HEAD") == 0 ? HTTP_HEAD
							: HTTP_GET,
		.url = url,
		.headers = (const char *const *)headers.v,
		.secret_header = f->upstream->auth_header,
		.body = buf_str(&f->post),
		.on_body = take_body,
		.ctx = f,
		.max_bytes = MAX_BODY,
		.max_redirects = post ? 0 : 5,
		.tries = post ? 1 : FETCH_TRIES,
	};
	rc = http_perform(h, &req, &f->response, err);
	f->answered = rc == 0;
	give_back(f->upstream, h);
	return rc;
}

/* The path of the upstream's base URL: "" or "/a/b". */
static const char *
base_path(const struct upstream *u)
{
	const char *host = strstr(u->url, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;
	return path ? path : "";
}

/*
 * Length of the address at `at` that stands for the upstream's base URL; 0: it is another one.  A
 * registry behind a proxy may give another scheme or host for itself than the one it was asked by,
 * so that only the path counts.
 */
static size_t
own_address(const struct upstream *u, const char *at, const char *end)
{
	const char *path = base_path(u);
	size_t scheme = strncmp(at, "https://", 8) == 0	 ? 8
			: strncmp(at, "http://", 7) == 0 ? 7
							 : 0;
	if (!scheme || (size_t)(end - at) <= scheme)
		return 0;
	const char *host = at + scheme;
	size_t n = strcspn(host, "/\" \\?#");
	if (host[n] != '/' || strncmp(host + n, path, strlen(path)) != 0 ||
		host[n + strlen(path)] != '/')
		return 0;
	return scheme + n + strlen(path);
}

/* Where archives are is told as "tarball": "<address>"; addresses of other things stay. */
static void
rewrite_text(const struct upstream *u, struct str text, struct buf *out)
{
	static const char key[] = "\"tarball\"";
	OWN_FREE char *inside = egress_inside_url(u->name);
	const char *end = text.p + text.n;
	for (const char *at; (at = memmem(text.p, text.n, key, sizeof(key) - 1));) {
		at += sizeof(key) - 1;
		at += strspn(at, " :\"");
		size_t n = own_address(u, at, end);
		buf_add(out, text.p, (size_t)(at - text.p));
		if (n)
			buf_puts(out, inside);
		text = (struct str){at + n, (size_t)(end - at) - n};
	}
	buf_add_str(out, text);
}

/* Metadata that names the upstream is made to name us; the digest stays that of the original. */
static int
rewrite_body(struct fetch *f, struct dd_err *err)
{
	OWN(buf) struct buf text = {0}, out = {0};
	const char *type = http_header_value(&f->response, "Content-Type");
	if (!type || !strstr(type, "json") || f->bytes > MAX_REWRITE)
		return 0;
	OWN_FREE char *path = mem_printf("/proc/self/fd/%d", f->fd);
	int rc = fs_read(path, MAX_REWRITE, &text, err);
	if (rc < 0 || !text.n)
		return rc;
	rewrite_text(f->upstream, buf_str(&text), &out);
	f->rewritten = out.n != text.n || memcmp(out.p, text.p, text.n) != 0;
	if (!f->rewritten)
		return 0;
	if (io_truncate(f->fd, 0) < 0 || lseek(f->fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "cannot rewrite a body");
	return fs_write_all(f->fd, out.p, out.n, err);
}

static enum MHD_Result
answer_file(struct MHD_Connection *c, struct fetch *f)
{
	static const char *const names[] = {"Content-Type", "Last-Modified", "ETag",
		"Content-Range", "Accept-Ranges", "Cache-Control", NULL};
	struct stat st;
	int fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		return answer_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "no descriptors\n");
	struct MHD_Response *r = MHD_create_response_from_fd((uint64_t)st.st_size, fd);
	if (!r)
		return MHD_NO;
	for (size_t i = 0; names[i]; i++) {
		const char *v = http_header_value(&f->response, names[i]);
		if (v)
			(void)MHD_add_response_header(r, names[i], v);
	}
	enum MHD_Result ok = MHD_queue_response(c, (unsigned)f->response.status, r);
	MHD_destroy_response(r);
	return ok;
}

/* What the content store has for this request; NULL. */
static const char *
find_stored(const struct fetch *f)
{
	OWN_FREE char *key = mem_printf("%s%s", f->upstream->name, f->path);
	return json_string_value(json_object_get(broker.config.stored, key));
}

static enum MHD_Result
serve_stored(struct MHD_Connection *c, struct fetch *f, const char *sha256)
{
	OWN_FREE char *name = mem_printf("stored-%s", sha256);
	struct stat st;
	f->fd = openat(BROKER_FIRST_FD + BROKER_SPOOL, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return answer_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "the store cannot be read\n");
	f->bytes = (uint64_t)st.st_size;
	f->response.status = MHD_HTTP_OK;
	write_log(f, f->path, MHD_HTTP_OK, false, sha256, NULL);
	return answer_file(c, f);
}

static enum MHD_Result
serve_fetch(struct MHD_Connection *c, struct fetch *f, const char *method)
{
	OWN(dd_err) struct dd_err err = {0};
	const char *stored = strcmp(method, "GET") == 0 ? find_stored(f) : NULL;
	if (stored)
		return serve_stored(c, f, stored);
	if (broker.config.offline) {
		write_log(f, f->path, MHD_HTTP_GATEWAY_TIMEOUT, false, NULL, "offline");
		return answer_text(c, MHD_HTTP_GATEWAY_TIMEOUT, "drydock is offline\n");
	}
	int rc = open_spool(f, &err);
	if (rc == 0)
		rc = ask_upstream(c, f, method, &err);
	struct hash_hex digest = hash_finish(TAKE(f->hash));
	bool keep = rc == 0 && f->response.status == 200 && strcmp(method, "GET") == 0;
	if (rc == 0 && f->upstream->rewrite_urls) {
		rc = rewrite_body(f, &err);
		keep = keep && !f->rewritten;
	}
	if (rc < 0) {
		if (f->fd >= 0)
			settle_body(f, NULL);
		write_log(f, f->path, MHD_HTTP_BAD_GATEWAY, false, NULL, err_msg(&err));
		OWN_FREE char *text = mem_printf("drydock: %s\n", err_msg(&err));
		return answer_text(c, MHD_HTTP_BAD_GATEWAY, text);
	}
	/* In this order: what a kill in between leaves is asked for again, and what is kept is
	 * logged. */
	write_log(f, f->path, f->response.status, false, keep ? digest.s : NULL, NULL);
	settle_body(f, keep ? digest.s : NULL);
	return answer_file(c, f);
}

/* ---- libmicrohttpd ---- */

static enum MHD_Result
add_argument(void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct buf *query = ctx;
	(void)kind;
	buf_printf(query, "%s%s", query->n ? "&" : "?", key);
	if (value)
		buf_printf(query, "=%s", value);
	return MHD_YES;
}

static size_t
keep_escapes(void *ctx, struct MHD_Connection *c, char *s)
{
	(void)ctx;
	(void)c;
	return strlen(s);
}

static void
free_fetch(struct fetch *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	if (f->answered)
		http_response_cleanup(&f->response);
	hash_destroy(f->hash);
	buf_cleanup(&f->post);
	free(f->file);
	free(f->path);
	free(f);
}

static struct fetch *
new_fetch(struct MHD_Connection *c, const char *url)
{
	struct fetch *f = mem_new(struct fetch);
	const char *rest = "";
	OWN(buf) struct buf query = {.max = 65536};
	f->fd = -1;
	f->post.max = MAX_POST;
	f->upstream = choose(url, &rest);
	(void)MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_argument, &query);
	f->path = mem_printf("%s%s", rest, query.p ? query.p : "");
	return f;
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *c, const char *url, const char *method,
	const char *version, const char *data, size_t *size, void **ctx)
{
	(void)cls;
	(void)version;
	struct fetch *f = *ctx;
	if (!f) { /* the first call has the headers only */
		*ctx = new_fetch(c, url);
		return MHD_YES;
	}
	bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	bool post = f->upstream && f->upstream->allow_post && strcmp(method, "POST") == 0;
	if (*size) {
		if (post)
			buf_add(&f->post, data, *size);
		*size = 0;
		return f->post.truncated ? MHD_NO : MHD_YES;
	}
	if (!f->upstream || (!get && !post))
		return refuse(c, url);
	return serve_fetch(c, f, method);
}

static void
completed(void *cls, struct MHD_Connection *c, void **ctx, enum MHD_RequestTerminationCode why)
{
	(void)cls;
	(void)c;
	(void)why;
	if (*ctx)
		free_fetch(*ctx);
	*ctx = NULL;
}

/* ---- the process ---- */

/* What goes through the proxy is opaque: no digest, nothing kept. */
static void
log_attempt(const struct proxy_attempt *a)
{
	const struct fetch f = {.bytes = a->bytes};
	OWN_FREE char *path = mem_printf("connect://%s", a->target);
	OWN_FREE char *program =
		a->refused ? witness_ask(BROKER_FIRST_FD + BROKER_WITNESS, a->client_port) : NULL;
	write_log_of(&f, path, a->status, a->refused, NULL, a->why, program);
}

static void
start_proxy(void)
{
	const struct proxy_spec spec = {.listen_fd = BROKER_FIRST_FD + BROKER_PROXY,
		.allow = &broker.config.allow,
		.take_budget = take_budget,
		.on_attempt = log_attempt};
	proxy_start(&spec);
}

static int
read_config(struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("/proc/self/fd/%d", BROKER_FIRST_FD + BROKER_CONFIG);
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *j = NULL;
	/* Read through the descriptor: opening the path again would need the right to. */
	char chunk[4096];
	for (ssize_t n; (n = read(BROKER_FIRST_FD + BROKER_CONFIG, chunk, sizeof(chunk))) > 0;)
		buf_add(&text, chunk, (size_t)n);
	int rc = json_parse(buf_str(&text), &j, err);
	return rc < 0 ? rc : json_decode(j, config_fields, false, &broker.config, path, err);
}

static void
wait_for_end(void)
{
	char c;
	ssize_t n;
	while ((n = read(BROKER_FIRST_FD + BROKER_CONTROL, &c, 1)) > 0 || (n < 0 && errno == EINTR))
		;
}

int
egress_broker_main(void)
{
	OWN(dd_err) struct dd_err err = {0};
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN); /* the phase ends by its pipe, also on Ctrl-C */
	if (read_config(&err) < 0) {
		fprintf(stderr, "drydock: broker: %s\n", err_msg(&err));
		return BROKER_NO_START;
	}
	if (broker.config.relay)
		relay_start(BROKER_FIRST_FD + BROKER_RELAY, broker.config.relay, log_relay);
	if (broker.config.allow.n)
		start_proxy();
	struct MHD_Daemon *d = MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
		handle, NULL, MHD_OPTION_LISTEN_SOCKET, BROKER_FIRST_FD + BROKER_LISTEN,
		MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)MAX_CONNECTIONS, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_CONNECTION_TIMEOUT, 300U, MHD_OPTION_END);
	if (!d) {
		fprintf(stderr, "drydock: broker: cannot serve\n");
		return BROKER_NO_START;
	}
	wait_for_end();
	/* Requests under way are not worth waiting for: the phase is over. */
	_exit(broker.log_errnum);
}
