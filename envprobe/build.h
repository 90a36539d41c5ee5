/* Inside the room: one build of a tree in a pod. */
#ifndef ENVPROBE_BUILD_H
#define ENVPROBE_BUILD_H

#include "envprobe/envprobe.h"
#include "envprobe/prompt.h"

struct build_run {
	/* in */
	const struct state *state;
	const struct stack *root, *work;
	const struct command_list *commands; /* all but the tests are run, in order */
	const char *const *env;
	const struct pod_bind *binds;
	size_t nbinds;
	const char *log_path;
	const struct answers *answers;
	struct prompter *prompter;
	struct trace *trace;			 /* may be NULL */
	unsigned trace_classes;			 /* 0: all */
	int64_t step_limit_ms, silence_limit_ms; /* 0: the defaults of envprobe.h */
	const char *owner;			 /* of the lease of the layer */
	/* Called with the open pod when everything was built, before it is frozen; may be NULL. */
	int (*inspect)(void *ctx, struct pod *pod, struct dd_err *err);
	void *ctx;
	/* out */
	bool built;
	char *failed; /* the command that failed; NULL */
	enum command_phase failed_phase;
	int exit_code;
	enum exec_cause cause;
	char *layer; /* of the built tree */
	double seconds;
};

int build_perform(struct build_run *b, struct dd_err *err) DD_MUST_USE;
void build_run_cleanup(struct build_run *b);

#endif
