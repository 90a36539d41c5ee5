/*
 * Inside the room: the process that talks to registries.
 *
 * It does HTTP and nothing else: what to ask, and what the answers mean, is decided out here, and
 * bodies are read by workers.  Started by root it runs as an unprivileged id of the sandbox's
 * range, so that code which faces the network holds neither drydock's rights nor its state.  One
 * request at a time over one socket; credentials go over that socket only, never into argv or
 * environment.
 */
#ifndef IMAGES_COURIER_H
#define IMAGES_COURIER_H

#include "base/http.h"
#include "base/json.h"
#include "sandbox/sandbox.h"

struct courier_opts {
	const char *ca_file; /* PEM; NULL: the system's */
	const char *proxy;   /* NULL: none */
};

struct courier;
int courier_start(const struct state *st, const struct courier_opts *opts, struct courier **ret,
	struct dd_err *err) DD_MUST_USE;
void courier_end(struct courier *c); /* NULL is fine */

struct courier_request {
	enum http_method method;
	const char *url;
	const char *origin;	   /* the secret goes to URLs of this one's origin only */
	const char *secret_header; /* "Authorization: ..." or NULL */
	const char *headers[8];	   /* "Name: value", ended by NULL */
	int max_redirects;
	uint64_t max_bytes; /* of the answer's body; 0: 1 MiB */

	/* What is sent: text, or, with body_fd > 0, body_bytes from its current offset. */
	struct str body;
	int body_fd;
	uint64_t body_bytes;

	/* Gets the body of an answer whose status is below 300; may be NULL. */
	int (*on_piece)(void *ctx, int status, struct str piece, struct dd_err *err);
	void *ctx;
};

struct courier_answer {
	int64_t status;
	char *location; /* absolute */
	char *digest;	/* Docker-Content-Digest */
	char *content_type;
	/* WWW-Authenticate; NULL where it says nothing */
	char *scheme, *realm, *service, *scope;
};
extern const struct json_field courier_answer_fields[];
void courier_answer_cleanup(struct courier_answer *a);

/*
 * Ask and wait.  A status such as 404 is an answer.  Errors are those of http_perform, those of
 * on_piece, DD_ESTOPPED, and DD_EIO when the process is gone.
 */
int courier_ask(struct courier *c, const struct courier_request *req, struct courier_answer *ret,
	struct dd_err *err) DD_MUST_USE;

/* Between the two halves: a message is one letter and what it is about, at most so long. */
#define COURIER_FD 3
#define COURIER_MAX ((size_t)64 << 10)
enum courier_message {
	COURIER_CONFIG = 'C',  /* -> {ca, proxy} */
	COURIER_REQUEST = 'Q', /* -> {method, url, ...}; its body follows, then END */
	COURIER_HEAD = 'H',    /* <- struct courier_answer */
	COURIER_BODY = 'B',    /* bytes, either way */
	COURIER_END = 'E',     /* <- {code, error} */
};

struct courier_order { /* REQUEST, as it is sent */
	int64_t method;
	char *url, *origin, *secret;
	struct strlist headers;
	int64_t max_redirects, max_bytes, body_bytes;
};
extern const struct json_field courier_order_fields[];

struct courier_config { /* CONFIG */
	char *ca;	/* the text of a PEM file */
	char *proxy;
};
extern const struct json_field courier_config_fields[];

struct courier_verdict { /* END of an answer */
	int64_t code;	 /* enum dd_code */
	char *error;
};
extern const struct json_field courier_verdict_fields[];

/* One message; false when the other side is gone. */
bool courier_send(int fd, enum courier_message type, struct str text);
/* Type and text (valid until the next call with the same buffer of COURIER_MAX + 1 bytes). */
bool courier_receive(int fd, char *buffer, char *ret_type, struct str *ret_text);

#endif
