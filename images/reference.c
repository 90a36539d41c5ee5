#include "images/reference.h"

#include "base/hash.h"

#include <string.h>
#include <strings.h>

void
reference_cleanup(struct reference *r)
{
	free(r->host);
	free(r->repository);
	free(r->tag);
	free(r->digest);
	*r = (struct reference){0};
}

static bool
only(const char *s, const char *allowed)
{
	return *s && s[strspn(s, allowed)] == '\0';
}

static bool
is_loopback(const char *host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]", NULL};
	for (size_t i = 0; names[i]; i++) {
		size_t n = strlen(names[i]);
		if (strncmp(host, names[i], n) == 0 && (!host[n] || host[n] == ':'))
			return true;
	}
	return false;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static int
check(const struct reference *r, const char *text, struct dd_err *err)
{
	bool host = only(r->host, LOWER UPPER DIGITS ".-_:[]") &&
		    (strpbrk(r->host, ".:") || strcmp(r->host, "localhost") == 0);
	if (!host)
		return err_set(err, DD_EINVAL,
			"\"%.200s\" does not begin with the host of a registry", text);
	bool path = only(r->repository, LOWER DIGITS "._-/") && r->repository[0] != '/' &&
		    !strstr(r->repository, "//") && !strstr(r->repository, "..") &&
		    !str_ends(str_of(r->repository), "/");
	if (!path)
		return err_set(err, DD_EINVAL, "\"%.200s\" does not name a repository", text);
	if (r->tag && (!only(r->tag, LOWER UPPER DIGITS "._-") || strlen(r->tag) > 128))
		return err_set(err, DD_EINVAL, "\"%.200s\" is not a tag", r->tag);
	if (r->digest && !hash_is_hex(str_of(r->digest)))
		return err_set(
			err, DD_EINVAL, "\"%.200s\" does not end in a digest of sha256", text);
	return 0;
}

int
reference_parse(const char *text, bool plain, struct reference *ret, struct dd_err *err)
{
	OWN(reference) struct reference r = {0};
	bool http = strncmp(text, "http://", 7) == 0, https = strncmp(text, "https://", 8) == 0;
	const char *at = text + (http ? 7 : https ? 8 : 0);
	const char *slash = strchr(at, '/');
	if (!slash)
		return err_set(err, DD_EINVAL,
			"\"%.200s\" is not HOST[:PORT]/REPOSITORY[:TAG][@sha256:DIGEST]", text);
	r.host = mem_strndup(at, (size_t)(slash - at));
	OWN_FREE char *rest = mem_strdup(slash + 1);
	char *digest = strstr(rest, "@sha256:");
	if (digest) {
		r.digest = mem_strdup(digest + 8);
		*digest = '\0';
	}
	char *colon = strchr(rest, ':');
	if (colon) {
		r.tag = mem_strdup(colon + 1);
		*colon = '\0';
	}
	r.repository = mem_strdup(rest);
	if (!r.tag && !r.digest)
		r.tag = mem_strdup("latest");
	int rc = check(&r, text, err);
	if (rc < 0)
		return rc;
	r.plain = !https && (http || plain || is_loopback(r.host));
	if (r.plain && !plain && !is_loopback(r.host))
		return err_set(err, DD_EINVAL,
			"%s: plain HTTP to another machine only with --plain-http", r.host);
	*ret = r;
	r = (struct reference){0};
	return 0;
}

/* ---- the environment's proxy ---- */

/* "example.org", ".example.org" and "*" of no_proxy. */
static bool
is_excepted(struct str host, const char *list)
{
	struct str rest = str_of(list ? list : ""), one;
	while (str_next(&rest, ',', &one)) {
		one = str_trim(one);
		if (str_eq(one, "*"))
			return true;
		if (one.n && one.p[0] == '.')
			one = (struct str){one.p + 1, one.n - 1};
		bool ends = one.n && one.n <= host.n &&
			    strncasecmp(host.p + host.n - one.n, one.p, one.n) == 0;
		if (ends && (one.n == host.n || host.p[host.n - one.n - 1] == '.'))
			return true;
	}
	return false;
}

static const char *
from_environment(const char *lower, const char *upper)
{
	const char *v = getenv(lower);
	v = v && *v ? v : getenv(upper);
	return v && *v ? v : NULL;
}

const char *
reference_proxy(const struct reference *ref)
{
	const char *colon = strrchr(ref->host, ':');
	struct str host = {ref->host, colon ? (size_t)(colon - ref->host) : strlen(ref->host)};
	/* HTTP_PROXY in capitals may be a header of a web server's request: never read. */
	const char *proxy =
		ref->plain ? getenv("http_proxy") : from_environment("https_proxy", "HTTPS_PROXY");
	if (!proxy || !*proxy || is_loopback(ref->host) ||
		is_excepted(host, from_environment("no_proxy", "NO_PROXY")))
		return NULL;
	return proxy;
}
