#include "images/registry.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"
#include "images/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#define TRIES 4
#define REDIRECTS 5
#define ACCEPT \
	"Accept: " OCI_TYPE_INDEX ", " OCI_TYPE_MANIFEST ", " DOCKER_TYPE_LIST \
	", " DOCKER_TYPE_MANIFEST
#define MAX_TOKEN_ANSWER ((size_t)1 << 20)

struct registry {
	const struct state *st;
	const struct reference *ref; /* borrowed */
	const char *actions;
	struct courier *courier;
	struct credentials login;
	char *base;	     /* "https://host:port" */
	char *authorization; /* header line; NULL: none so far */
};

/* ---- opening ---- */

void
registry_close(struct registry *r)
{
	if (!r)
		return;
	courier_end(r->courier);
	credentials_cleanup(&r->login);
	free(r->base);
	free(r->authorization);
	free(r);
}

int
registry_open(const struct state *st, const struct reference *ref, bool push,
	const struct image_registry_opts *opts, struct registry **ret, struct dd_err *err)
{
	struct registry *r = mem_new(struct registry);
	const struct courier_opts courier = {
		.ca_file = opts->ca_file, .proxy = reference_proxy(ref)};
	r->st = st;
	r->ref = ref;
	r->actions = push ? "pull,push" : "pull";
	r->base = mem_printf("%s://%s", ref->plain ? "http" : "https", ref->host);
	int rc = credentials_find(ref, opts->login, &r->login, err);
	rc = rc ? rc : courier_start(st, &courier, &r->courier, err);
	if (rc < 0) {
		registry_close(r);
		return rc;
	}
	*ret = r;
	return 0;
}

static char *
url_of(const struct registry *r, const char *kind, const char *name)
{
	return mem_printf("%s/v2/%s/%s/%s", r->base, r->ref->repository, kind, name);
}

/* A URL of the registry's choice: never without TLS unless the registry is without, too. */
static bool
may_be_asked(const struct registry *r, const char *url)
{
	return strncasecmp(url, "https://", 8) == 0 ||
	       (r->ref->plain && strncasecmp(url, "http://", 7) == 0);
}

/* ---- authorization ---- */

/* Everything but letters, digits and these, as %XX. */
static void
put_encoded(struct buf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
		if (plain)
			buf_putc(b, *s);
		else
			buf_printf(b, "%%%02X", c);
	}
}

static void
put_parameter(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(b, "%s%s=", b->n ? "&" : "", name);
	put_encoded(b, value);
}

static int
gather(void *ctx, int status, struct str piece, struct dd_err *err)
{
	struct buf *b = ctx;
	(void)status;
	buf_add_str(b, piece);
	return b->truncated ? err_set(err, DD_ELIMIT, "an answer of the registry is too long") : 0;
}

static int
read_token(struct registry *r, struct str answer, struct dd_err *err)
{
	static const char *const args[] = {"token", NULL};
	static const struct json_field fields[] = {
		{.key = "token", .kind = JSON_K_STRING, .required = true}, {.key = NULL}};
	const struct worker_spec spec = {
		.state = r->st, .name = OCI_WORKER, .args = args, .input = answer};
	OWN(buf) struct buf out = {.max = MAX_TOKEN_ANSWER};
	OWN_JSON json_t *j = NULL;
	OWN_FREE char *token = NULL;
	int rc = worker_run(&spec, &out, err);
	rc = rc ? rc : json_parse(buf_str(&out), &j, err);
	rc = rc ? rc : json_decode(j, fields, true, &token, "token", err);
	if (rc < 0)
		return rc;
	free(r->authorization);
	r->authorization = mem_printf("Authorization: Bearer %s", token);
	return 0;
}

/*
 * The token service of the registry's choice (docker's "token authentication").  It gets our login,
 * as it does of every client.
 */
static int
fetch_token(struct registry *r, const struct courier_answer *challenge, struct dd_err *err)
{
	OWN_FREE char *scope = mem_printf("repository:%s:%s", r->ref->repository, r->actions);
	OWN_FREE char *secret =
		r->login.basic ? mem_printf("Authorization: Basic %s", r->login.basic) : NULL;
	OWN(buf) struct buf query = {0}, body = {.max = MAX_TOKEN_ANSWER};
	OWN(courier_answer) struct courier_answer a = {0};
	bool fits = challenge->realm && may_be_asked(r, challenge->realm);
	bool refresh = r->login.identity != NULL;
	if (!fits)
		return err_set(err, DD_EIO,
			"the registry names no authorization service that can be trusted");
	put_parameter(&query, "service", challenge->service);
	put_parameter(&query, "scope", scope);
	if (refresh) {
		put_parameter(&query, "grant_type", "refresh_token");
		put_parameter(&query, "client_id", "drydock");
		put_parameter(&query, "refresh_token", r->login.identity);
	}
	OWN_FREE char *url =
		refresh ? mem_strdup(challenge->realm)
			: mem_printf("%s%c%s", challenge->realm,
				  strchr(challenge->realm, '?') ? '&' : '?', buf_str(&query).p);
	const struct courier_request req = {
		.method = refresh ? HTTP_POST : HTTP_GET,
		.url = url,
		.origin = challenge->realm,
		.secret_header = refresh ? NULL : secret,
		.headers = {refresh ? "Content-Type: application/x-www-form-urlencoded" : NULL},
		.body = refresh ? buf_str(&query) : (struct str){"", 0},
		.max_bytes = MAX_TOKEN_ANSWER,
		.on_piece = gather,
		.ctx = &body,
	};
	int rc = courier_ask(r->courier, &req, &a, err);
	if (rc == 0 && a.status != 200)
		rc = err_set(err, DD_EIO, "the authorization service of the registry answers %d",
			(int)a.status);
	return rc ? rc : read_token(r, buf_str(&body), err);
}

static int
authorize(struct registry *r, const struct courier_answer *challenge, struct dd_err *err)
{
	if (challenge->scheme && strcasecmp(challenge->scheme, "bearer") == 0)
		return fetch_token(r, challenge, err);
	if (!challenge->scheme || strcasecmp(challenge->scheme, "basic") != 0)
		return err_set(err, DD_EUNSUPPORTED,
			"the registry wants a way of authorization that is not known");
	if (!r->login.basic)
		return err_set(err, DD_EIO,
			"the registry wants a login, and there is none for %s (docker login, "
			"podman login, or --authfile)",
			r->ref->host);
	free(r->authorization);
	r->authorization = mem_printf("Authorization: Basic %s", r->login.basic);
	return 0;
}

/* Ask; when the registry wants authorization, get it and ask once more. */
static int
ask(struct registry *r, struct courier_request req, struct courier_answer *ret, struct dd_err *err)
{
	off_t start = req.body_fd > 0 ? lseek(req.body_fd, 0, SEEK_CUR) : 0;
	for (int tries = 0;; tries++) {
		OWN(courier_answer) struct courier_answer a = {0};
		req.origin = r->base;
		req.secret_header = r->authorization;
		int rc = courier_ask(r->courier, &req, &a, err);
		if (rc == 0 && a.status == 401 && tries == 0) {
			rc = authorize(r, &a, err);
			if (rc == 0 && req.body_fd > 0 && lseek(req.body_fd, start, SEEK_SET) < 0)
				rc = err_errno(err, errno, "cannot send a blob again");
			if (rc == 0)
				continue;
		}
		if (rc == 0) {
			*ret = a;
			a = (struct courier_answer){0};
		}
		return rc;
	}
}

/* An answer that was not hoped for, as an error. */
static int
refused(const struct registry *r, const struct courier_answer *a, const char *what,
	struct dd_err *err)
{
	switch (a->status) {
	case 401:
	case 403:
		return err_set(err, DD_EIO, "%s: the registry does not allow it (%d)", what,
			(int)a->status);
	case 404:
		return err_set(err, DD_ENOENT, "%s/%s: the registry has no %s", r->ref->host,
			r->ref->repository, what);
	default:
		return err_set(err, DD_EIO, "%s: the registry answers %d", what, (int)a->status);
	}
}

/* ---- manifests ---- */

int
registry_get_manifest(struct registry *r, const char *tag, const char *digest, struct buf *ret,
	struct dd_err *err)
{
	OWN_FREE char *name = digest ? mem_printf("sha256:%s", digest) : mem_strdup(tag);
	OWN_FREE char *url = url_of(r, "manifests", name);
	OWN(courier_answer) struct courier_answer a = {0};
	OWN(buf) struct buf text = {.max = OCI_MAX_DOCUMENT};
	const struct courier_request req = {
		.method = HTTP_GET,
		.url = url,
		.headers = {ACCEPT},
		.max_redirects = REDIRECTS,
		.max_bytes = OCI_MAX_DOCUMENT,
		.on_piece = gather,
		.ctx = &text,
	};
	OWN_FREE char *what = mem_printf("manifest %s", name);
	int rc = ask(r, req, &a, err);
	if (rc == 0 && a.status != 200)
		rc = refused(r, &a, what, err);
	if (rc < 0)
		return rc;
	/* By tag the registry's word is all there is: it must at least fit what it sent. */
	struct hash_hex got = hash_bytes(buf_str(&text));
	bool told = !digest && a.digest && strncmp(a.digest, "sha256:", 7) == 0;
	const char *wanted = digest ? digest : told ? a.digest + 7 : NULL;
	if (wanted && strcmp(wanted, got.s) != 0)
		return err_set(err, DD_ECORRUPT,
			"%s: the registry sent something else, of digest %s", what, got.s);
	buf_add_str(ret, buf_str(&text));
	return 0;
}

int
registry_put_manifest(struct registry *r, const char *tag, const char *media_type, struct str text,
	struct dd_err *err)
{
	OWN_FREE char *url = url_of(r, "manifests", tag);
	OWN_FREE char *type = mem_printf("Content-Type: %s", media_type);
	OWN(courier_answer) struct courier_answer a = {0};
	const struct courier_request req = {
		.method = HTTP_PUT, .url = url, .headers = {type}, .body = text};
	int rc = ask(r, req, &a, err);
	return rc == 0 && a.status != 201 ? refused(r, &a, "manifest", err) : rc;
}

/* ---- blobs ---- */

struct download {
	const struct oci_blob *blob;
	int fd;
	uint64_t have; /* bytes in fd, and in the digest */
	struct hash *hash;
	bool resuming; /* the rest was asked for, and nothing of it came yet */
};

/* From the beginning: what came before is dropped. */
static int
restart(struct download *d, struct dd_err *err)
{
	hash_destroy(d->hash);
	d->hash = hash_create();
	d->have = 0;
	if (io_truncate(d->fd, 0) < 0 || lseek(d->fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "cannot store a blob");
	return 0;
}

static int
store_piece(void *ctx, int status, struct str piece, struct dd_err *err)
{
	struct download *d = ctx;
	int rc = d->resuming && status != 206 ? restart(d, err) : 0;
	d->resuming = false;
	rc = rc ? rc : fs_write_all(d->fd, piece.p, piece.n, err);
	if (rc < 0)
		return rc;
	hash_add(d->hash, piece.p, piece.n);
	d->have += piece.n;
	progress_note("%llu of %llu MB", (unsigned long long)(d->have >> 20),
		(unsigned long long)(d->blob->size >> 20));
	return 0;
}

static int
download_once(struct registry *r, struct download *d, const char *url, struct dd_err *err)
{
	OWN_FREE char *range = mem_printf("Range: bytes=%llu-", (unsigned long long)d->have);
	OWN(courier_answer) struct courier_answer a = {0};
	d->resuming = d->have > 0;
	const struct courier_request req = {
		.method = HTTP_GET,
		.url = url,
		.headers = {d->resuming ? range : NULL},
		.max_redirects = REDIRECTS,
		.max_bytes = d->blob->size > 0 ? (uint64_t)d->blob->size : 1,
		.on_piece = store_piece,
		.ctx = d,
	};
	int rc = ask(r, req, &a, err);
	if (rc == 0 && a.status != 200 && a.status != 206)
		rc = refused(r, &a, "blob", err);
	return rc;
}

static int
check_download(struct download *d, struct dd_err *err)
{
	struct hash_hex got = hash_finish(TAKE(d->hash));
	if (d->have != (uint64_t)d->blob->size)
		return err_set(err, DD_ECORRUPT, "it has %llu bytes, the manifest says %llu",
			(unsigned long long)d->have, (unsigned long long)d->blob->size);
	if (strcmp(got.s, d->blob->digest) != 0)
		return err_set(err, DD_ECORRUPT, "its digest is %s", got.s);
	return 0;
}

/* What breaks is taken up where it broke. */
static int
download(struct registry *r, struct download *d, struct dd_err *err)
{
	OWN_FREE char *name = mem_printf("sha256:%s", d->blob->digest);
	OWN_FREE char *url = url_of(r, "blobs", name);
	int rc = -DD_EIO;
	d->hash = hash_create();
	for (int tries = 0; rc == -DD_EIO && tries < TRIES; tries++) {
		uint64_t before = d->have;
		rc = download_once(r, d, url, err);
		if (rc == -DD_EIO && d->have == before && tries > 0)
			break;
	}
	rc = rc ? rc : check_download(d, err);
	hash_destroy(d->hash);
	return rc < 0 ? err_wrap(err, "blob %s", name) : 0;
}

int
registry_get_blob(struct registry *r, const struct oci_blob *blob, int *ret_fd, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(r->st, "cas");
	OWN_FD int fd = -1;
	OWN(dd_err) struct dd_err why = {0};
	/* It may be collected at any moment: then it is fetched again. */
	int rc =
		cas_has(cas, blob->digest) ? cas_open(cas, blob->digest, ret_fd, &why) : -DD_ENOENT;
	if (rc != -DD_ENOENT && rc != -DD_ECORRUPT)
		return rc < 0 ? err_move(err, &why) : 0;
	if (rc == -DD_ECORRUPT)
		log_warn("%s; fetching it again", err_msg(&why));
	rc = cas_temp(cas, &fd, err);
	struct download d = {.blob = blob, .fd = fd};
	rc = rc ? rc : download(r, &d, err);
	rc = rc ? rc : cas_adopt(cas, fd, blob->digest, NULL, err);
	if (rc < 0)
		return rc;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "cannot read a blob");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int
has_blob(struct registry *r, const char *url, bool *ret, struct dd_err *err)
{
	OWN(courier_answer) struct courier_answer a = {0};
	const struct courier_request req = {
		.method = HTTP_HEAD, .url = url, .max_redirects = REDIRECTS};
	int rc = ask(r, req, &a, err);
	*ret = a.status == 200;
	return rc == 0 && a.status != 200 && a.status != 404 ? refused(r, &a, "blob", err) : rc;
}

/* Where the registry wants the blob. */
static int
start_upload(struct registry *r, char **ret_location, struct dd_err *err)
{
	OWN_FREE char *url = url_of(r, "blobs", "uploads/");
	OWN(courier_answer) struct courier_answer a = {0};
	const struct courier_request req = {.method = HTTP_POST, .url = url};
	int rc = ask(r, req, &a, err);
	if (rc == 0 && (a.status != 202 || !a.location))
		rc = refused(r, &a, "place for an upload", err);
	if (rc == 0 && !may_be_asked(r, a.location))
		rc = err_set(err, DD_EIO,
			"the registry names no place for the upload that can be trusted");
	if (rc == 0)
		*ret_location = TAKE(a.location);
	return rc;
}

int
registry_put_blob(struct registry *r, const char *digest, int fd, uint64_t bytes, bool *ret_sent,
	struct dd_err *err)
{
	OWN_FREE char *name = mem_printf("sha256:%s", digest);
	OWN_FREE char *url = url_of(r, "blobs", name);
	OWN_FREE char *location = NULL;
	OWN(courier_answer) struct courier_answer a = {0};
	bool there = false;
	int rc = has_blob(r, url, &there, err);
	*ret_sent = false;
	if (rc < 0 || there)
		return rc;
	rc = start_upload(r, &location, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *to = mem_printf(
		"%s%cdigest=sha256%%3A%s", location, strchr(location, '?') ? '&' : '?', digest);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "cannot send a blob");
	const struct courier_request req = {
		.method = HTTP_PUT,
		.url = to,
		.headers = {"Content-Type: application/octet-stream"},
		.body_fd = fd,
		.body_bytes = bytes,
	};
	rc = ask(r, req, &a, err);
	*ret_sent = rc == 0;
	return rc == 0 && a.status != 201 ? refused(r, &a, "blob", err) : rc;
}
