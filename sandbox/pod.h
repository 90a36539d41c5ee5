/* Inside the room: the pod as its client modules see it. */
#ifndef SANDBOX_POD_H
#define SANDBOX_POD_H

#include "sandbox/channel.h"
#include "sandbox/limits.h"
#include "sandbox/network.h"
#include "sandbox/owners.h"
#include "sandbox/sandbox.h"
#include "sandbox/supervisor.h"

#include <sys/queue.h>

struct exec {
	struct pod *pod;
	TAILQ_ENTRY(exec) link;
	char *id;
	int out[2];	  /* read ends of standard output and error; -1 */
	int forward[2];	  /* the caller's files that standard output and error go to; -1 */
	int terminal;	  /* pty master; -1 */
	unsigned observe; /* enum box_observe */
	struct supervisor *supervisor; /* NULL: nothing is observed */
	const struct trace *trace;     /* the caller's, or `watch`; NULL */
	struct trace *watch;	       /* where connections are seen that nobody asked for */
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
	int64_t ended_ns;     /* when it was first asked to end */
	struct dd_err broken; /* why it was ended when that is no doing of its own; else empty */
};

/* What a pod rests on beside its box; fails when that is gone. */
struct pod_prop {
	int (*check)(void *ctx, struct dd_err *err); /* NULL: there is none */
	void *ctx;
};

struct pod {
	const struct state *state;
	char *id;
	char *dir;
	bool has_uppers; /* its directory was ready: make_uppers has nothing to do */
	int lock_fd;
	int control;
	pid_t box;
	bool made; /* else what its limits have met since they were set is its own making */
	struct limits limits;
	struct network *network; /* that it shares; NULL: the box makes one */
	struct pod_spec spec;	 /* a copy; what it borrows is in the next four */
	struct stack work;
	struct strlist data_dirs, paths;
	struct pod_bind *binds;
	struct strlist lowers[2]; /* directories of the layers, by enum pod_stack */
	size_t data_layers;	  /* kept ones, below the upper of each data directory */
	char *default_dir;	  /* of an exec without cwd */
	struct owners *owners;	  /* that package tools meant, in user mode; else NULL */
	int egress_log;		  /* of the way out it has or had; -1: none */
	struct pod_prop way_out;  /* while there is one */
	unsigned next_exec;
	TAILQ_HEAD(, exec) execs;
	TAILQ_HEAD(service_list, service) services; /* in the order of declaration */
};

/* All of a spec is copied; cleanup frees it. */
void pod_spec_copy(struct pod *p, const struct pod_spec *spec);
void pod_spec_cleanup(struct pod *p);

/* Make uppers and a box, which becomes the pod; in a pod without them. */
int pod_start(struct pod *p, struct dd_err *err) DD_MUST_USE;
/* Execs that ran have no pod any more. */
void pod_end_processes(struct pod *p);
/* The upper of a stack becomes a layer; no process may be left. */
int pod_publish(struct pod *p, enum pod_stack which, const char *key, struct dd_err *err)
	DD_MUST_USE;
/* A directory below the pod's that belongs to an id of the inside. */
int pod_make_dir(const struct pod *p, const char *name, uid_t inside_uid, mode_t mode,
	struct dd_err *err) DD_MUST_USE;

/*
 * A directory as a pod has it, but for its name: made below a new path; taken, when there is one, with its
 * lock.  DD_ENOENT: there is none.
 */
int pod_make_ready(const struct state *st, const char *dir) DD_MUST_USE;
int scratch_take_ready(const struct state *st, const char *name, char **ret_dir, int *ret_lock)
	DD_MUST_USE;

/* Stacks of data directories: new uppers, what the box is told, and the end of a pod's uppers. */
int data_make_uppers(const struct pod *p, struct dd_err *err) DD_MUST_USE;
void data_describe(const struct pod *p, struct request *r);
int data_keep(struct pod *p, struct dd_err *err) DD_MUST_USE;
int data_drop(struct pod *p, struct dd_err *err) DD_MUST_USE;

/* Like exec_signal, but to its main process, or what is left of it when that has ended. */
int exec_signal_main(struct exec *e, int sig, struct dd_err *err) DD_MUST_USE;
/* Free it, whatever becomes of its processes. */
void exec_forget(struct exec *e);

/* Stop what was declared, in reverse order; it stays declared.  Start it again. */
void services_stop(struct pod *p);
int services_start(struct pod *p, struct dd_err *err) DD_MUST_USE;
void services_cleanup(struct pod *p);

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
