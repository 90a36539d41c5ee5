/*
 * The egress broker: a pod's only way out, in a fetch phase only.
 *
 * It listens on 127.0.0.1:EGRESS_PORT inside the pod's network namespace and is served from out
 * here by a process of its own (`drydock-core broker`), which runs as an unprivileged uid when
 * drydock was started by root.  A package manager speaks plain HTTP to it as its origin:
 * http://127.0.0.1:EGRESS_PORT/<upstream name>/<path> is fetched from <upstream url>/<path>.  TLS,
 * proxies, CA certificates and credentials are applied out here and are never visible inside.  What
 * is not below a listed upstream is refused and logged.  Every body is kept in the content store by
 * digest. The configuration of the upstreams is handed to the process over a pipe, never in argv or
 * environment.
 */
#ifndef SANDBOX_EGRESS_H
#define SANDBOX_EGRESS_H

#include "sandbox/sandbox.h"

#define EGRESS_PORT 3142

struct egress_upstream {
	const char *name;	 /* first path component inside, for example "apt0" or "npm" */
	const char *url;	 /* base URL outside, without a trailing slash */
	const char *proxy;	 /* may be NULL */
	const char *ca_file;	 /* may be NULL: the system's */
	const char *auth_header; /* whole header line such as "Authorization: Bearer ...", may be
				    NULL */
	bool rewrite_urls; /* bodies that are JSON: addresses of the upstream become those inside */

	bool allow_post;   /* smart HTTP of git */
};

/* An artefact of the content store that stands for what an upstream has at a path. */
struct egress_stored {
	const char *upstream;
	const char *path; /* as asked for: begins with '/' */
	const char *sha256;
};

struct egress_request {
	char *upstream; /* name; "" when refused before one was chosen */
	char *path;	/* as asked for, without credentials */
	int status;	/* HTTP status given to the inside; 0: connection failed */
	bool refused;	/* not allowed */
	bool from_cache;
	uint64_t bytes;
	char *sha256; /* of the body; NULL when there was none or it was not kept */
};
struct egress_log {
	struct egress_request *v;
	size_t n, cap;
};
void egress_log_cleanup(struct egress_log *l);

struct egress;
struct egress_spec {
	const struct state *state;
	const struct egress_upstream *upstreams;
	size_t n;
	/* Answered from the content store, without asking the upstream; what is not there is left
	 * out. */
	const struct egress_stored *stored;
	size_t nstored;
	bool offline;	       /* answer from `stored` only */
	uint64_t budget_bytes; /* 0: none */
	/* Raw TCP relay (git://): 127.0.0.1:relay_port inside to this host:port outside; NULL:
	 * none. */
	const char *relay_host_port;
	uint16_t relay_port;
};
int egress_open(struct pod *p, const struct egress_spec *spec, struct egress **ret,
	struct dd_err *err) DD_MUST_USE;

/* End of the phase: socket, connections and process end; what was asked for is added to log. */
int egress_close(struct egress *e, struct egress_log *log, struct dd_err *err) DD_MUST_USE;

/* "http://127.0.0.1:3142/<name>" */
char *egress_inside_url(const char *upstream_name);

/* Body of `drydock-core broker`: configuration on descriptor 3. */
int egress_broker_main(void);

#endif
