/*
 * The application of a run that is over, running again: its stacks and services in a new pod, started as its lock
 * says, with its answers, and ready.  For drydock start, and for whoever looks at it.
 */
#ifndef RUNNER_REVIVE_H
#define RUNNER_REVIVE_H

#include "runner/live.h"
#include "runner/run.h"

struct revive_spec {
	const struct state *state;
	const struct run *run;
	const char *answers; /* file to use instead of the run's; NULL */
	bool services_only;  /* the application is not started, only what it uses */
	bool if_any;	     /* that nobody knows how the application is started is no error */
	bool *ret_theirs; /* written with an error: it came when the pod was there, of what runs in it; NULL */
	struct pod *network_of; /* as in live_spec; NULL */
	const char *command; /* to use instead of the lock's, borrowed as long as it lives; NULL */
	uint16_t
		port; /* it is ready when it listens there, and is told so by PORT; 0: as the lock says */
};

struct revived;

/*
 * The caller holds the run (run_hold).  DD_EINVAL: the run has nothing that was built, an answer is missing; DD_ENOENT:
 * nobody knows how it is started, and no command is given; DD_EIO: it ended, or was not ready in time; what it printed is
 * in the run's log `application` (also after revived_close).
 */
int revive(const struct revive_spec *spec, struct revived **ret, struct dd_err *err) DD_MUST_USE;
/* What it changed is undone: it is started anew, in a new pod; what was known of its pod and urls is so no longer.  Errors as of
 * revive, after which it is only closed. */
int revived_renew(struct revived *r, struct dd_err *err) DD_MUST_USE;
/* End all.  NULL is fine. */
void revived_close(struct revived *r);

/* What its programs have for an environment. */
const struct strlist *revived_env(const struct revived *r);
/* Open the pod of a browser with pod_spec.network_of = this. */
struct pod *revived_pod(struct revived *r);
bool revived_is_running(struct revived *r);
/* Where it waits for connections inside; those that answer HTTP first. */
const struct served_port_list *revived_ports(const struct revived *r);
/* "http://127.0.0.1:8080", one for each port that answers HTTP, as seen from inside its network. */
const struct strlist *revived_urls(const struct revived *r);
/* Write what it printed into the log; append its last line to ret (may be NULL). */
void revived_keep_output(struct revived *r, struct buf *ret);

/* What listens, with what answers there: added to ret, HTTP first. */
int revive_describe(struct live *l, const struct listening *new, struct served_port_list *ret,
	struct dd_err *err) DD_MUST_USE;

#endif
