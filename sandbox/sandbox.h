/*
 * sandbox: runs a program where it can hurt nobody and shows what it did.
 *
 * State      one directory (0700) that holds layers, pods, images, runs.  `state_open` refuses
 * network file systems and overlayfs, a directory made in the other privilege mode, and one that holds other files. Layer an
 * immutable directory tree below <state>/layers/<key>/fs, written once by freezing the upper
 * directory of a pod.  The key is known before the layer exists. Stack      layers, lowest first.
 * A pod mounts two: `/` and the work tree. Pod        namespaces (user, mount, pid, net, ipc, uts,
 * cgroup), the two stacks, limits.  pid 1 is drydock-box: it executes requests that come over a
 * socket and dies with it. Exec       one command in a pod, with a security profile.
 *
 * Modes.  Started by root: inside-root is mapped to an unprivileged range of 65536 ids chosen once
 * per state directory (never 0 to 0).  Started by a user: a single-uid map, and the fake-root
 * filter for the profiles that are root inside.
 *
 * Everything here fails closed: a missing kernel feature is DD_EUNSUPPORTED and named.  Tracing
 * degrades and says so (exec_result.trace_off).  One thread per pod.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "base/err.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/str.h"
#include <sys/types.h>

/* ---- state directory ---- */

/*
 * Of a whole pod.  0 in a pod_spec: that of the state; 0 there: three quarters of the memory that this machine,
 * or the control group we are in, has; half of the free disk; 4096 processes.
 */
struct pod_limits {
	uint64_t memory_bytes;
	uint64_t disk_bytes; /* what the uppers may grow to */
	uint32_t pids;
};

struct state {
	char *dir;		  /* absolute */
	bool root;		  /* made by root: id range; else single uid */
	uid_t id_base;		  /* host id of inside-root (root mode) */
	struct pod_limits limits; /* state_open leaves them 0 */
};

/* dir, or for NULL $DRYDOCK_STATE, else /var/lib/drydock for root, else $XDG_STATE_HOME/drydock; heap. */
char *state_dir(const char *dir);
/* It is made if it is not there.  dir as for state_dir. */
int state_open(const char *dir, struct state *ret, struct dd_err *err) DD_MUST_USE;
/* Did state_open make it?  True also where we may not look: state_open says why.  dir is not NULL. */
bool state_exists(const char *dir);
void state_cleanup(struct state *st);
char *state_path(const struct state *st, const char *name); /* dir/name, heap */

/*
 * Is there room on the file system of the state directory?  DD_EIO, and the message says how much
 * is left, once less than STATE_RESERVE is: what is kept for the journal and the report of a run,
 * which stops there and is resumed when there is room.
 */
#define STATE_RESERVE ((uint64_t)8 << 20)
int state_check_room(const struct state *st, struct dd_err *err) DD_MUST_USE;

/* ---- layers ------------------------------------------------------------------------------------
 */

struct stack {
	struct hash_hex *v; /* lowest first */
	size_t n;
};

void stack_cleanup(struct stack *s);
void stack_push(struct stack *s, const char *key);
void stack_copy(struct stack *dst, const struct stack *src);

/* Key of the layer that `step` (any text that names the input of a step) makes on top of s. */
struct hash_hex stack_next_key(const struct stack *s, struct str step);

/*
 * Make one layer of the lowest ones of a stack of more than twenty, so that pods on it, and on what it becomes,
 * are mounted with fewer; nothing else changes, and nothing happens to a shorter one.  Freezing starts this by itself,
 * in the background.
 */
int stack_flatten(const struct state *st, const struct stack *s, struct dd_err *err) DD_MUST_USE;

/* Whole and durable, or of this boot. */
bool layer_exists(const struct state *st, const char *key);
char *layer_dir(const struct state *st, const char *key); /* .../fs, heap */

/*
 * Single flight: the lock under which a layer of this key is made.  Blocks while another process
 * makes it; look with layer_exists afterwards.
 */
int layer_lock(const struct state *st, const char *key, int *ret_fd, struct dd_err *err)
	DD_MUST_USE;

/*
 * Bring every layer to the disk that this process froze, or found not yet there: before anything is written
 * that rests on it (a step's result, an image).  Until then a layer is good in this boot only.
 */
int layer_settle(const struct state *st, struct dd_err *err) DD_MUST_USE;

/*
 * `owner` ("run-<id>", "image-<name>") keeps a layer, or objects of the content store, from collection
 * until its leases are released.  Lease first, then look whether it is there.
 */
int layer_lease(const struct state *st, const char *owner, const char *key, struct dd_err *err)
	DD_MUST_USE;
int object_lease(const struct state *st, const char *owner, const struct strlist *digests,
	struct dd_err *err) DD_MUST_USE;
int layer_release_all(const struct state *st, const char *owner, struct dd_err *err) DD_MUST_USE;
/* Release all but these layers and this list of objects, as it was leased. */
int lease_keep_only(const struct state *st, const char *owner, const struct stack *layers,
	const struct strlist *objects, struct dd_err *err) DD_MUST_USE;

/*
 * Make dir (a directory of the state's file system that holds `fs` and what belongs beside it) the
 * layer of that key; layer_settle makes it durable.  If the layer exists already, dir is left where
 * it is.
 */
int layer_publish(const struct state *st, const char *key, const char *dir, struct dd_err *err)
	DD_MUST_USE;

/* Delete layers, and objects, that nobody leases; adds to ret. */
struct gc_spec {
	const struct strlist *gone;   /* owners whose leases do not count; may be NULL */
	const struct strlist *needed; /* more objects that are kept; may be NULL */
	bool dry_run;		      /* only count */
};
struct gc_result {
	size_t layers, objects;
	uint64_t bytes;
};
int layer_collect(const struct state *st, const struct gc_spec *spec, struct gc_result *ret,
	struct dd_err *err) DD_MUST_USE;
int object_collect(const struct state *st, const struct gc_spec *spec, struct gc_result *ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * Remove what dead processes left: pod directories with an unheld lock, cgroups.  Cheap; right behind a kill the
 * processes that die with who was killed are waited for, for five seconds at most.  before (may be NULL) is called
 * for each directory while it is still there: egress_salvage.
 */
int sandbox_sweep(const struct state *st, void (*before)(const struct state *, const char *),
	struct dd_err *err) DD_MUST_USE;

/*
 * A directory <state>/pods/NAME for what must not outlive us: swept when we are gone.  *ret_lock is
 * held until scratch_discard, or the end of the process.  NAME must be unique among living
 * processes: it ends with the process's id, or with that and a number of its own, "-PID" or "-PID-SERIAL".
 */
int scratch_create(const struct state *st, const char *name, mode_t mode, char **ret_dir,
	int *ret_lock, struct dd_err *err) DD_MUST_USE;
int scratch_discard(const char *dir, struct dd_err *err) DD_MUST_USE;

/* ---- pods ---- */

struct pod;

struct pod_bind {
	const char *src; /* host path */
	const char *dst; /* absolute path inside; created where the root is writable or a tmpfs */
	bool writable;
};

struct pod_spec {
	const struct state *state;
	struct stack root; /* borrowed; empty: the host's own /usr read-only ("tools root"), for our
			      trusted programs only */
	const struct stack *work; /* borrowed; NULL: no work tree.  May be empty */
	const char *work_dir;	  /* where it is mounted; NULL: WORK_DIR */
	/*
	 * Directories of the root that are stacks of their own, on top of what the root has there:
	 * the data of services, which goes into no layer of the root and is kept and dropped by
	 * itself. Its layers live and die with the pod.  Ends with NULL; may be NULL.
	 */
	const char *const *data_dirs;
	const struct pod_bind *binds;
	size_t nbinds;
	struct pod_limits limits;
	/*
	 * Other pods can be opened in its network; egress cannot.  Such pods reach each other's servers on
	 * loopback (and abstract UNIX sockets), and nothing else of each other: a browser and the application it
	 * looks at.  Root inside has no right over such a network.  It ends with the last pod in it.
	 */
	bool shares_network;
	struct pod *
		network_of; /* it is opened in the network of this pod, which shares its own; may be NULL */
};

#define POD_UID 1000 /* the ordinary user of profiles build, test and parser; home POD_HOME */
#define POD_HOME "/home/builder"

int pod_open(const struct pod_spec *spec, struct pod **ret, struct dd_err *err) DD_MUST_USE;
/*
 * The same for somebody who has a command to run at once: the pod is still being made, and what fails there is
 * told by the first call that asks something of it.
 */
int pod_open_early(const struct pod_spec *spec, struct pod **ret, struct dd_err *err) DD_MUST_USE;

/* End every process of the pod, unmount, delete its uppers.  NULL is fine. */
void pod_close(struct pod *p);

/*
 * The same for a program that has a result to give and ends then: when the command left nothing, what is left of
 * the pod (mounts, control groups, empty directories) is for the next sandbox_sweep.  No process of the target
 * is alive afterwards, and nothing that was bound is held.
 */
void pod_leave(struct pod *p);

/*
 * Make the directories of the next pod, if there are none.  Nothing rests on it: whoever is killed there has done
 * it in part, and the next does the rest.
 */
void sandbox_make_ready(const struct state *st);

/*
 * Close the pod and keep the upper of its root (or work tree) as layer `key`; the other upper is
 * dropped.  Durable after layer_settle.  An existing layer of that key wins.  The pod is gone
 * afterwards, also on error.
 */
enum pod_stack { POD_ROOT, POD_WORK };
int pod_freeze(struct pod *p, enum pod_stack which, const char *key, struct dd_err *err)
	DD_MUST_USE;

/*
 * The key of the topmost layer that has the path (absolute inside the pod); heap.  NULL: none has, it was made
 * in the pod or does not exist.
 */
char *pod_layer_of(const struct pod *p, const char *path);

/*
 * The snapshot of a pod that goes on: stop its services, end its processes, freeze what is to be
 * kept (its key becomes the top of that stack), open it again on the longer stacks, and start its
 * services in the order in which they were declared, each ready before the
 * next.  Execs that ran are over (exec_wait says so), egress has to be opened anew.  On an error
 * nothing runs in the pod any more, and only pod_close is left to call.
 */
struct pod_snapshot {
	const char *root_key; /* of the layer the root's upper becomes; NULL: it is dropped */
	const char *work_key; /* the same of the work tree */
	bool keep_data;	      /* else data_dirs are again what they were when they were last kept */
};
int pod_reopen(struct pod *p, const struct pod_snapshot *keep, struct dd_err *err) DD_MUST_USE;

/* A TCP socket listening on 127.0.0.1:port in the pod's network namespace, served from out here. */
int pod_listen(struct pod *p, uint16_t port, int *ret_fd, struct dd_err *err) DD_MUST_USE;
/*
 * The same for a UNIX socket at a path of the pod, which takes the place of what has that name, for everybody there; the
 * directory it lies in is made, and no link on the way to it is followed (DD_EIO).  Two pods whose networks are apart reach each other so and in no other way: who serves
 * it may be in the second.
 */
int pod_listen_at(struct pod *p, const char *path, int *ret_fd, struct dd_err *err) DD_MUST_USE;

/*
 * A terminal of the pod, its two ends: the one that is typed into and looked at from out here (not blocking), and the one
 * a program gets as its descriptors 0, 1 and 2, with exec_spec.terminal.  The caller closes both, the second once the
 * program is started.
 */
int pod_terminal(struct pod *p, int *ret_ours, int *ret_program, struct dd_err *err) DD_MUST_USE;

/* Who waits for connections in the pod's network: TCP ports, and paths of UNIX sockets. */
#define LISTENING_MAX_PORTS 64
struct listening {
	uint16_t ports[LISTENING_MAX_PORTS];
	size_t nports;
	struct strlist sockets;
};
void listening_cleanup(struct listening *l);
bool listening_has(const struct listening *l, uint16_t port);
int pod_listening(struct pod *p, struct listening *ret, struct dd_err *err) DD_MUST_USE;

/* ---- exec --------------------------------------------------------------------------------------
 */

enum exec_profile {
	PROFILE_BUILD,	   /* target code: POD_UID, no capability */
	PROFILE_TEST,	   /* the same */
	PROFILE_PROVISION, /* package managers: inside-root with file capabilities, or fake root */
	PROFILE_IMAGE,	   /* trusted tools on a new root: also mount and chroot */
	PROFILE_SERVICE,   /* a service of the application, as exec_spec.user */
	PROFILE_PARSER,	   /* our own code on hostile bytes: POD_UID, a minimal system-call list */
	PROFILE_BROWSER,   /* POD_UID; may make namespaces, as the sandbox of a browser does */
	PROFILE_DEBUG,	   /* POD_UID; may trace its own processes */
};

enum exec_cause { /* why it ended early */
	CAUSE_NONE,
	CAUSE_SIGNAL, /* it died of a signal that nobody here sent */
	CAUSE_TIME,
	CAUSE_SILENCE, /* no output for silence_limit_ms */
	CAUSE_MEMORY,
	CAUSE_PIDS,
	CAUSE_DISK,
	CAUSE_PROMPT,  /* blocked on a terminal read that on_prompt did not answer */
	CAUSE_STOPPED, /* we were asked to stop */
};
const char *exec_cause_name(enum exec_cause c); /* "none", "signal", "time", ... */

enum trace_class {
	TRACE_OPEN = 1,
	TRACE_EXEC = 2,
	TRACE_STAT = 4,
	TRACE_CONNECT = 8,
	TRACE_ALL = 15,
};

/* How calls are observed.  The best that the kernel has, unless one is asked for. */
enum trace_method {
	TRACE_BEST,
	TRACE_NOTIFY_SYNC, /* user notification; caller and supervisor take turns on one processor (6.6) */
	TRACE_NOTIFY, /* user notification */
	TRACE_PTRACE, /* denied calls are not recorded */
	TRACE_EXACT, /* ptrace, and each call judged by what it returned: for a run that must be sure */
	TRACE_NONE, /* nothing could be had */
};
const char *trace_method_name(enum trace_method m);

struct trace; /* see sandbox/trace.h */

#define EXEC_MAX_PASSED 16
#define EXEC_FD_END 64
struct exec_fd { /* a descriptor of ours (it stays ours), and the number it gets: from 3 to
		    EXEC_FD_END - 1 */
	int fd, as;
};

struct exec_spec {
	const char *const *argv; /* argv[0] is looked up in the PATH of env */
	const char *const *env;	 /* complete; NULL: empty but PATH, HOME, LANG */
	const char *cwd;	 /* inside; NULL: the work tree, else / */
	enum exec_profile profile;
	/*
	 * PROFILE_SERVICE: a name in the root's passwd.  "root": it may take other identities
	 * itself, as package tools do.
	 */
	const char *user;
	/*
	 * PROFILE_SERVICE: directories it writes to besides what belongs to its user (user mode:
	 * besides /var and /run), made for it where they are missing.  Ends with NULL; may be NULL.
	 */
	const char *const *dirs;

	/* Descriptors for 0, 1, 2; -1: see below. */
	int fds[3];
	const struct exec_fd
		*pass; /* the others it gets; at most EXEC_MAX_PASSED.  All else is closed */
	size_t npass;
	/* fds[1], fds[2] -1 and on_output set: pipes, pumped while waiting; NULL: /dev/null. */
	void (*on_output)(void *ctx, int stream, struct str data); /* stream 1 or 2 */
	bool terminal; /* fds[0] is a program's end of pod_terminal: its controlling terminal */
	/*
	 * Set: standard input is a terminal of the pod (which is also its controlling terminal),
	 * and when a process of it blocks reading from it, this is called with the last output (at
	 * most 1 KiB). The returned heap string, with a newline if one is wanted, is typed; NULL
	 * ends the exec with CAUSE_PROMPT.
	 */
	char *(*on_prompt)(void *ctx, struct str tail);
	void *ctx;

	int64_t time_limit_ms;	  /* 0: none */
	int64_t silence_limit_ms; /* 0: none */
	unsigned trace_classes;	  /* enum trace_class */
	enum trace_method trace_method;
	struct trace
		*trace; /* where to, and denied calls, too; borrowed, to be read when it ended */
};

/* An on_output that keeps both streams in ctx, a struct buf. */
void exec_keep(void *ctx, int stream, struct str data);

struct exec_result {
	int exit_code; /* 0-255; -1 when a signal ended it */
	int signal;    /* 0 when it exited */
	enum exec_cause cause;
	int64_t wall_ns;
	int64_t cpu_ns;	     /* of all its processes */
	uint64_t peak_bytes; /* of the pod where a memory cgroup exists, else of the largest process
			      */
	bool trace_off;	     /* tracing was asked for and could not be had */
	enum trace_method trace_method; /* what was used */
};

struct exec;

int exec_start(struct pod *p, const struct exec_spec *spec, struct exec **ret, struct dd_err *err)
	DD_MUST_USE;
/*
 * Pump output, terminal, trace and limits until it ends, then end what it left behind (unless
 * PROFILE_SERVICE) and free e.  timeout_ms < 0: no limit; 0 or more: DD_EBUSY when it still runs
 * then, and e stays valid.
 */
int exec_wait(struct exec *e, int timeout_ms, struct exec_result *ret, struct dd_err *err)
	DD_MUST_USE;
int exec_signal(struct exec *e, int sig, struct dd_err *err) DD_MUST_USE;

/* exec_start and exec_wait. */
int pod_exec(struct pod *p, const struct exec_spec *spec, struct exec_result *ret,
	struct dd_err *err) DD_MUST_USE;

/* ---- services of a pod: long-lived programs that its other execs use ---- */

/*
 * A service lives until it is stopped or its pod ends, never longer.  pod_reopen stops the services, the
 * oldest last, and starts them again in the order of their declaration.  What one prints goes to a file of the
 * pod's, of which the end can be read; its data belongs in a data directory (pod_spec.data_dirs).
 */
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
	int64_t ready_limit_ms; /* 0: a minute; anew: ten times what it took, and at least 15 s, if that is less */

	int stop_signal;       /* to its main process; 0: SIGTERM */
	int64_t stop_limit_ms; /* how long it has before it is killed; 0: 10 seconds */
};

/*
 * Start it and wait until it is ready.  DD_EEXIST: a service of this name is there already; DD_EIO:
 * it ended or was not ready in time (the message ends with the last line it printed), and is not
 * declared; DD_ELIMIT: the same, and *ret_cause (may be NULL), written only
 * then, is the limit of the pod that ended it.
 */
int service_start(struct pod *p, const struct service_spec *spec, enum exec_cause *ret_cause,
	struct dd_err *err) DD_MUST_USE;

/* End it; it is declared no more.  DD_ENOENT: there is none of this name. */
int service_stop(struct pod *p, const char *name, struct dd_err *err) DD_MUST_USE;

/* False also when there is none of this name. */
bool service_is_running(struct pod *p, const char *name);

/* Append the end of what it printed since it was started, at most ret->max bytes of it (0: 64 KiB).
 */
int service_output(struct pod *p, const char *name, struct buf *ret, struct dd_err *err)
	DD_MUST_USE;

/*
 * The process-wide wish to stop (a signal handler sets it): running execs end with CAUSE_STOPPED,
 * new ones are refused with DD_ESTOPPED.
 */
void sandbox_request_stop(void);
bool sandbox_stop_requested(void);

/* ---- workers -----------------------------------------------------------------------------------
 */

/*
 * Run `drydock-core worker NAME ARGS...` on the tools root with PROFILE_PARSER (or PROVISION when
 * as_root: to unpack files with their owners): the only way our own code reads hostile bytes.
 * `input` goes to its standard input, its standard output to out (bounded by out->max).
 * Its failure message (last line of standard error) becomes err.
 */
struct worker_spec {
	const struct state *state;
	const char *name;
	const char *program;	 /* one of ours that is this worker alone; NULL: drydock-core */
	const char *const *args; /* NULL-terminated, may be NULL */
	const struct pod_bind *binds;
	size_t nbinds;
	struct str input;
	int input_fd; /* used instead of input when > 0 */
	/* Set: its output goes here as it comes, and `out` of worker_run is NULL. */
	void (*on_output)(void *ctx, struct str data);
	void *ctx;
	const struct exec_fd *pass; /* as in exec_spec: what it talks to besides us */
	size_t npass;
	bool as_root;
	bool serves;	       /* it accepts connections: PROFILE_BUILD */
	uint64_t memory_bytes; /* 0: 1 GiB */
	int64_t time_limit_ms; /* 0: 10 minutes */
};
int worker_run(const struct worker_spec *spec, struct buf *out, struct dd_err *err) DD_MUST_USE;
/* In the worker: append its standard input, all of it, as far as ret holds it. */
void worker_take_input(struct buf *ret);

/*
 * The same in an open pod on the tools root, whose work tree it may write; state, binds and memory_bytes of
 * the spec are not looked at.
 */
int worker_exec(struct pod *pod, const struct worker_spec *spec, struct buf *out,
	struct dd_err *err) DD_MUST_USE;
/* The same without input and output, not waited for: it lives until exec_wait or pod_close. */
int worker_start(struct pod *pod, const struct worker_spec *spec, struct exec **ret,
	struct dd_err *err) DD_MUST_USE;

/* Path of a program of ours, beside this one or in ../libexec/drydock; heap. */
char *sandbox_program(const char *name);

/* ---- what this machine can do ---- */

struct doctor_item {
	char *name; /* "user namespaces", "overlay in user namespace", "memory limit", ... */
	bool ok;
	bool needed;  /* without it nothing runs; else something degrades */
	char *detail; /* what was found, which mechanism is used, its guarantee */
	char *remedy; /* what to do about it; NULL when ok */
};
struct doctor_list {
	struct doctor_item *v;
	size_t n, cap;
};
void doctor_list_cleanup(struct doctor_list *l);
void doctor_add(struct doctor_list *l, const char *name, bool ok, bool needed, const char *detail,
	const char *remedy);
/* Says how traces are made here, and what would make better ones. */
void doctor_add_tracing(struct doctor_list *l, enum trace_method m);
void sandbox_doctor(const struct state *st, struct doctor_list *ret);

#endif
