/*
 * An application that runs: a pod on what a run built, its services in it, and the application as one more of them.
 * Other pods, of a browser for one, can be opened in its network (live_pod, pod_spec.network_of).  What it changes
 * is thrown away.  One thread.
 */
#ifndef RUNNER_LIVE_H
#define RUNNER_LIVE_H

#include "envprobe/envprobe.h"

struct live_spec { /* borrowed, as long as it lives */
	const struct state *state;
	const char *run_dir;
	const struct stack *root, *work;
	const struct service_list *services; /* that it uses */
	struct answers *answers;
	const struct strlist *env;
	const struct probe_files *files;
	struct pod *
		network_of; /* as in pod_spec; a service whose port is served in it is not started; NULL */
	const struct strlist *names; /* of who else is in that network; may be NULL */
};
struct live;

/* The pod; nothing runs in it yet.  Errors are ours, or an answer is missing. */
int live_open(const struct live_spec *spec, struct live **ret, struct dd_err *err) DD_MUST_USE;
/* Start its services, each ready before the next.  DD_EIO, DD_ELIMIT: one of them is not (service_start). */
int live_serve(struct live *l, struct dd_err *err) DD_MUST_USE;
/* What happened so far is undone: a new pod on the same stacks, with the services. */
int live_renew(struct live *l, struct dd_err *err) DD_MUST_USE;
/* NULL is fine. */
void live_close(struct live *l);
struct pod *live_pod(struct live *l);

/*
 * Start the application and wait until it waits for connections, on this port (and then that is in its environment as
 * PORT) or, when it is 0, on any that nobody had before.  *ret_new (may be NULL): on which.  DD_EIO: it ended, or did not in
 * time; the message ends with the last line it printed.
 */
struct live_start {
	const char *run, *dir; /* as in struct start */
	uint16_t port;
	bool at_once; /* do not wait for any */
	int64_t limit_ms;
};
int live_start(struct live *l, const struct live_start *spec, struct listening *ret_new,
	struct dd_err *err) DD_MUST_USE;
bool live_is_running(struct live *l);
/* The end of what the application printed. */
void live_output(struct live *l, struct buf *ret);

/* What answers on a port: asked by a worker in a pod of its own in that network. */
int live_ask(struct live *l, uint16_t port, struct served_port *ret, struct dd_err *err)
	DD_MUST_USE;

/* Worker "ask": PORT.  Prints a served_port. */
int live_ask_worker_main(int argc, char **argv);

#endif
