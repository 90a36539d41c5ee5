/*
 * An HTTP client (libcurl's only home), used by processes that may reach the network, above all the
 * egress broker and what speaks to models.
 *
 * Only http and https, never a proxy, a .netrc or cookies from the environment.  TLS is always
 * verified.  Bodies are handed over as they come and are not decompressed: their bytes are what the
 * server sent.  Redirects are followed for GET and HEAD only, within a bound, never from https to
 * http, and what is secret in a request (its `secret_header`, credentials in its URL) goes to the
 * origin (scheme, host, port) it was given for and nowhere else.
 * No message of an error contains credentials or a URL's query.
 *
 * A status such as 404 is an answer and not an error.  A client keeps its connections open for the
 * next request; it is used by one thread at a time.  The clients of a process share the names they
 * resolved and their TLS sessions.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include "base/err.h"
#include "base/str.h"

struct http_opts {
	const char *proxy;   /* "http://[user:password@]host:port"; NULL: none */
	const char *ca_file; /* PEM; NULL: the system's */
	/* Connect to this UNIX socket whatever host the URL names; NULL: to that host. */
	const char *unix_socket;
	/* 0 takes the default. */
	int connect_timeout_ms; /* default 20 s */
	int stall_timeout_ms;	/* nothing came or went for so long; whole seconds, and libcurl
				   notices up to five seconds late; default 60 s */
	int total_timeout_ms;	/* of one try; 0: none */
};

struct http;
int http_create(const struct http_opts *opts, struct http **ret, struct dd_err *err) DD_MUST_USE;
void http_destroy(struct http *h); /* NULL is fine */

struct http_header {
	char *name, *value; /* as sent; surrounding blanks removed from the value */
};

struct http_response {
	int status;
	struct http_header *headers; /* in the order sent */
	size_t nheaders, headers_cap;
	uint64_t bytes; /* of the body, as handed over */
	char *url;	/* where the answer came from, without credentials and query */
	int tries;	/* how often it was asked for */
};
void http_response_cleanup(struct http_response *r);

/* Value of the first header of that name (ASCII case ignored), NULL if there is none. */
const char *http_header_value(const struct http_response *r, const char *name);

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH };

struct http_request {
	enum http_method method;
	const char *url;
	const char *const *headers; /* "Name: value", ended by NULL; may be NULL */
	const char *secret_header;  /* "Authorization: ...": to the URL's own origin only */

	struct str body; /* of a POST, PUT or PATCH */
	/*
	 * Set: the body is read from here instead; 0 ends it, negative aborts with that code.  Such
	 * a request is tried once.
	 */
	ssize_t (*read_body)(void *ctx, char *p, size_t n);
	int64_t body_size; /* with read_body; negative: unknown (chunked) */

	/* The answer's status and headers are there; may be NULL.  Negative aborts with that code.
	 */
	int (*on_head)(void *ctx, const struct http_response *r, struct dd_err *err);
	/* A piece of the body; NULL drops it.  Negative aborts with that code. */
	int (*on_body)(void *ctx, struct str piece, struct dd_err *err);
	/* Asked at least once a second, also while nothing comes; true gives up with DD_ESTOPPED. */
	bool (*is_cancelled)(void *ctx);
	void *ctx;

	uint64_t max_bytes; /* of the answer's body; 0: 1 GiB */
	int max_redirects;  /* 0: a redirect is an answer */
	/*
	 * Try so often in all (0: once) while the failure is transient: no connection, no answer, a
	 * broken one, or status 408, 429, 502, 503 or 504.  Nothing is tried again once on_head was
	 * called.  Pauses start at retry_pause_ms (0: 500) and double, or are what Retry-After
	 * says; 30 s at most.
	 */
	int tries;
	int retry_pause_ms;
	/* Set to whether any of the request was sent, so that the server may have acted on it; NULL. */
	bool *ret_sent;
};

/*
 * Ask, and hand over the answer.  *ret is written on success; may be NULL.
 * DD_EINVAL: the URL or a header cannot be used, or a redirect is refused; DD_ELIMIT: the body, the
 * headers or the redirects exceed their bound; DD_ESTOPPED: is_cancelled said so; DD_EIO: the
 * network, the server or TLS failed.
 */
int http_perform(struct http *h, const struct http_request *req, struct http_response *ret,
	struct dd_err *err) DD_MUST_USE;

/* "Authorization: Basic ..." for "user:password" (RFC 7617); heap. */
char *http_basic_header(const char *login);
/* A date of HTTP (RFC 9110, any of its three forms) in seconds since 1970; -1: it is none. */
int64_t http_parse_date(const char *text);
/* Scheme, host and port of two URLs are the same. */
bool http_same_origin(const char *a, const char *b);

/* `location`, which may be relative to url, as an absolute URL, heap; NULL when it is none. */
char *http_resolve_url(const char *url, const char *location);

/* url without user, password, query and fragment, fit for a message; heap. */
char *http_redact_url(const char *url);

/* Parts of a URL, heap; NULL when it has none or is no URL.  The path is as it stands there. */
char *http_url_scheme(const char *url);
char *http_url_host(const char *url);
char *http_url_path(const char *url);
/* text as one component of a path, or one value of a query (RFC 3986); heap. */
char *http_escape(const char *text);

#endif
