/*
 * One command in a fresh pod on an image, with nothing kept: what `sandbox run` and `sandbox trace`
 * share.  The options, as a table for their own tables to begin with; the image; the pod; the exec.
 * Linked into both programs.  The network of `--net provision` needs the package sources, and so is
 * given by drydock-core alone; the front program, where the pointer is NULL, hands such a call
 * over.
 */
#ifndef RUNNER_SANDBOX_JOB_H
#define RUNNER_SANDBOX_JOB_H

#include "runner/limit_options.h"

struct apt_online; /* images/apt.h */
struct sandbox_run_net_ops {
	/* Make ready; *ret_bind is to be bound in the pod.  *ret is ended by release. */
	int (*prepare)(const struct state *st, struct apt_online **ret, struct pod_bind *ret_bind,
		struct dd_err *err);
	int (*connect)(struct apt_online *net, struct pod *pod, const struct strlist *allow,
		struct dd_err *err);
	void (*release)(struct apt_online *net);
};
extern const struct sandbox_run_net_ops *const sandbox_run_net;

#define SANDBOX_JOB_MAX_BINDS 32

struct sandbox_job_options { /* first member of an options struct */
	struct common_options common;
	const char *image;
	struct strlist binds;
	const char *net;
	struct strlist allow;
	const char *time;
	struct limit_options limits;
};

#define SANDBOX_JOB_OPTION(member) offsetof(struct sandbox_job_options, member)
/* The rows of the options above, for a table of option_def. */
#define SANDBOX_JOB_OPTIONS \
	{"image", 0, OPTION_TEXT, SANDBOX_JOB_OPTION(image), "NAME", \
		"the root file system (default: the base image)"}, \
		{"bind", 0, OPTION_TEXTS, SANDBOX_JOB_OPTION(binds), "SRC:DST[:ro]", \
			"make a path of this machine visible inside; may be given again"}, \
		{"net", 0, OPTION_TEXT, SANDBOX_JOB_OPTION(net), "none|provision", \
			"none: loopback only (the default); provision: root inside, and the package " \
			"sources and npm registries of this machine"}, \
		{"allow", 0, OPTION_TEXTS, SANDBOX_JOB_OPTION(allow), "HOST:PORT", \
			"with --net provision: a host (or *.suffix) that https_proxy opens a way " \
			"to; may be given again"}, \
		{"time", 0, OPTION_TEXT, SANDBOX_JOB_OPTION(time), "S", \
			"end it after this many seconds"}, \
		LIMIT_OPTIONS(struct sandbox_job_options, limits)

struct sandbox_job {
	const struct sandbox_job_options *o;
	char **argv;
	struct exec_spec exec; /* the caller adds what is to be traced, and where output goes */
	/* Called with the pod before it is closed; may be NULL. */
	int (*inspect)(void *ctx, struct pod *pod, struct dd_err *err);
	void *ctx;
	/* the rest is its own */
	struct state st;
	struct stack root;
	struct strlist env; /* what the image wants its programs to have */
	struct pod_bind binds[SANDBOX_JOB_MAX_BINDS];
	size_t nbinds;
	struct strlist paths; /* the binds' strings */
	bool provision;
};

/*
 * Run it: check the options, open state, image (the base image is built when it is absent) and pod,
 * run. DD_EINVAL: the options; SIGINT and SIGTERM end it.
 */
int sandbox_job_run(struct sandbox_job *j, struct exec_result *ret, struct dd_err *err) DD_MUST_USE;
void sandbox_job_cleanup(struct sandbox_job *j);

extern const struct subcommand cmd_sandbox_run;

/* Status of the program that was run: its own, or 128 + the signal. */
int sandbox_job_status(const struct exec_result *r);

#endif
