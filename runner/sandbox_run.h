/*
 * `sandbox run` is linked into both programs.  The network of `--net provision` needs the package
 * sources, and so is given by drydock-core alone; the front
 * program, where the pointer is NULL, hands such a call over.
 */
#ifndef RUNNER_SANDBOX_RUN_H
#define RUNNER_SANDBOX_RUN_H

#include "runner/cli.h"
#include "sandbox/sandbox.h"

struct apt_online; /* images/apt.h */
struct sandbox_run_net_ops {
	/* Make ready; *ret_bind is to be bound in the pod.  *ret is ended by release. */
	int (*prepare)(const struct state *st, struct apt_online **ret, struct pod_bind *ret_bind,
		struct dd_err *err);
	int (*connect)(struct apt_online *net, struct pod *pod, struct dd_err *err);
	void (*release)(struct apt_online *net);
};
extern const struct sandbox_run_net_ops *const sandbox_run_net;

extern const struct subcommand cmd_sandbox_run;

#endif
