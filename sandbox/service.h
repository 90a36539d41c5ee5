/*
 * Declared services of a pod: long-lived programs that other execs of the pod use.  A service lives
 * until it is stopped or its pod ends, never longer.  pod_reopen stops them, oldest last, and
 * starts them again in the order of their declaration.
 *
 * What it prints goes to a file of the pod's, of which the end can be read.  Its data belongs in a
 * data directory of the pod (pod_spec.data_dirs).
 */
#ifndef SANDBOX_SERVICE_H
#define SANDBOX_SERVICE_H

#include "sandbox/sandbox.h"

struct service_spec {	  /* copied */
	const char *name; /* of letters, digits and "-_."; one of a kind in its pod */
	const char *const *argv;
	const char *const *env;	 /* complete; NULL: as exec_spec.env */
	const char *cwd;	 /* NULL: / */
	const char *user;	 /* see exec_spec.user */
	const char *const *dirs; /* see exec_spec.dirs; may be NULL */

	/* It is ready when all that is named here holds. */
	uint16_t port;		  /* somebody listens on this TCP port; 0: not asked */
	const char *socket;	  /* and on this UNIX socket; may be NULL */
	const char *const *check; /* and this command, as its user, succeeds; may be NULL */
	int64_t ready_limit_ms;	  /* 0: a minute */

	int stop_signal;       /* to its main process; 0: SIGTERM */
	int64_t stop_limit_ms; /* how long it has before it is killed; 0: 10 seconds */
};

/*
 * Start it and wait until it is ready.  DD_EEXIST: a service of this name is there already; DD_EIO:
 * it ended or was not ready in time (the message ends with the last line it printed), and is not
 * declared.
 */
int service_start(struct pod *p, const struct service_spec *spec, struct dd_err *err) DD_MUST_USE;

/* End it; it is declared no more.  DD_ENOENT: there is none of this name. */
int service_stop(struct pod *p, const char *name, struct dd_err *err) DD_MUST_USE;

/* False also when there is none of this name. */
bool service_is_running(struct pod *p, const char *name);

/* Append the end of what it printed since it was started, at most ret->max bytes of it (0: 64 KiB).
 */
int service_output(struct pod *p, const char *name, struct buf *ret, struct dd_err *err)
	DD_MUST_USE;

#endif
