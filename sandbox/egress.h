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
 *
 * The log is a file that the broker appends a line to when a request is answered, so that one of a
 * drydock that was killed is whole; the bodies that had come are taken into the store by the next
 * sandbox_sweep.
 */
#ifndef SANDBOX_EGRESS_H
#define SANDBOX_EGRESS_H

#include "base/json.h"
#include "sandbox/sandbox.h"

#define EGRESS_PORT 3142
#define EGRESS_PROXY_PORT 3143
#define EGRESS_BUDGET ((uint64_t)16 << 30)

struct egress_upstream {
	const char *name;	 /* first path component inside, for example "apt0" or "npm" */
	const char *url;	 /* base URL outside, without a trailing slash */
	const char *proxy;	 /* may be NULL */
	const char *ca_file;	 /* may be NULL: the system's */
	const char *auth_header; /* whole header line such as "Authorization: Bearer ...", may be
				    NULL */
	bool rewrite_urls; /* bodies that are JSON: addresses of the upstream become those inside */

	bool allow_post; /* smart HTTP of git */
};

/* An artefact of the content store that stands for what an upstream has at a path. */
struct egress_stored {
	const char *upstream;
	const char *path; /* as asked for: begins with '/' */
	const char *sha256;
};

/* Free the strings and the array: for upstreams whose strings are heap. */
void egress_upstreams_free(struct egress_upstream *v, size_t n);

struct egress_request {
	char *upstream; /* name; "" when refused before one was chosen */
	char *path;	/* as asked for, without credentials */
	char *url;	/* outside, without credentials and query; NULL when refused */
	int64_t status; /* HTTP status given to the inside */
	bool refused;	/* not allowed */
	int64_t bytes;
	char *sha256;  /* of the body; NULL when there was none or it was not kept */
	char *why;     /* it was refused or failed; NULL */
	char *program; /* path inside of the one that asked, when it was refused; NULL: unknown */
	int64_t times; /* how often the very same was asked and answered */
};
struct egress_log {
	struct egress_request *v;
	size_t n, cap;
};
void egress_log_cleanup(struct egress_log *l);
json_t *egress_log_to_json(const struct egress_log *l); /* an array */

/*
 * What a log file holds, added to ret in the order of time; what was repeated (a run that was
 * killed and resumed asks again) is one entry.  A file that is not there is an empty log; a line
 * that is damaged is left out.
 */
int egress_log_read(const char *path, struct egress_log *ret, struct dd_err *err) DD_MUST_USE;

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
	uint64_t budget_bytes; /* that may come in this phase; 0: EGRESS_BUDGET */
	/* Raw TCP relay (git://): 127.0.0.1:relay_port inside to this host:port outside; NULL:
	 * none. */
	const char *relay_host_port;
	uint16_t relay_port;
	/*
	 * Hosts the user named, "host:port" or "*.suffix:port": 127.0.0.1:EGRESS_PROXY_PORT inside
	 * is a proxy that opens ways to them by CONNECT, see sandbox/proxy.h; NULL: there is none.
	 */
	const struct strlist *allow;
	const char *log_path; /* appended to, made if absent; NULL: no log */
	const char *owner;    /* what comes is leased to him when it is stored; NULL: to nobody */
};
/* DD_EINVAL: the pod shares its network. */
int egress_open(struct pod *p, const struct egress_spec *spec, struct egress **ret,
	struct dd_err *err) DD_MUST_USE;

/* End of the phase, while the pod is open: socket, connections and process end; what came is in the store, its log on
 * disk. */
int egress_close(struct egress *e, struct dd_err *err) DD_MUST_USE;

/* Take into the store what a phase of a killed drydock had fetched, from the directory of its dead
 * pod. */
void egress_salvage(const struct state *st, const char *pod_dir);

/* "http://127.0.0.1:3142/<name>" */
char *egress_inside_url(const char *upstream_name);

/* Body of `drydock-core broker`: configuration on descriptor 3. */
int egress_broker_main(void);

#endif
