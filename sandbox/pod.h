/* Inside the room: the pod as its client modules see it. */
#ifndef SANDBOX_POD_H
#define SANDBOX_POD_H

#include "sandbox/channel.h"
#include "sandbox/limits.h"
#include "sandbox/owners.h"
#include "sandbox/sandbox.h"
#include "sandbox/supervisor.h"

#include <sys/queue.h>

struct exec {
	struct pod *pod;
	TAILQ_ENTRY(exec) link;
	char *id;
	int out[2];	  /* read ends of standard output and error; -1 */
	int terminal;	  /* pty master; -1 */
	unsigned observe; /* enum box_observe */
	struct supervisor *supervisor; /* NULL: nothing is observed */
	void (*on_output)(void *ctx, int stream, struct str data);
	char *(*on_prompt)(void *ctx, struct str tail);
	void *ctx;
	int64_t start_ns, last_output_ns;
	int64_t time_limit_ns, silence_limit_ns;
	struct buf tail; /* last output, for on_prompt */
	int64_t prompt_checked_ns;
	bool exited;
	int status; /* as from waitpid */
	uint64_t cpu_us, peak_kib;
	char *failed; /* why the box could not run it */
	enum exec_cause cause;
};

struct pod {
	const struct state *state;
	char *id;
	char *dir;
	int lock_fd;
	int control;
	pid_t box;
	struct limits limits;
	bool has_work;
	struct strlist lowers[2]; /* directories of the layers, by enum pod_stack */
	char *default_dir; /* of an exec without cwd */
	struct owners *owners; /* that package tools meant, in user mode; else NULL */
	unsigned next_exec;
	TAILQ_HEAD(, exec) execs;
};

/* "ab12cd34": tells this state directory's pods and control groups from another's. */
char *pod_state_tag(const struct state *st);

/* The directory those programs are in; heap. */
char *pod_programs_dir(void);

/*
 * Send a request and wait for its answer; what arrives for running execs meanwhile is kept with
 * them. FAILED is returned as its error.
 */
int pod_call(struct pod *p, const struct request *r, struct reply *ret, struct dd_err *err)
	DD_MUST_USE;

/* Take in one message for a running exec; DD_EIO when the box is gone. */
int pod_take_message(struct pod *p, struct dd_err *err) DD_MUST_USE;

#endif
