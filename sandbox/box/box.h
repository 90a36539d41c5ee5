/*
 * drydock-box: pid 1 of a pod.  libc and libseccomp only, single-threaded; see main.c for the
 * theory of operation.
 */
#ifndef SANDBOX_BOX_BOX_H
#define SANDBOX_BOX_BOX_H

#include "sandbox/box/filter.h"
#include "sandbox/box/proto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BOX_MAX_LAYERS 256 /* the kernel takes 500 */
#define BOX_MAX_BINDS 64
#define BOX_MAX_NAMESPACES "4096" /* of other ids, in a pod with one */
#define BOX_UID 1000		  /* of profiles build and parser */

/* A received message; its strings live in `text`. */
struct message {
	char type;
	char *text; /* fields */
	size_t n;
	int fds[BOX_MAX_FDS];
	size_t nfds;
};

/* ---- message.c ---- */

/* Receive; false when the other side is gone.  The buffer is static: one message at a time. */
bool message_receive(int fd, struct message *m);
/* Value of the first field of that key, NULL if there is none. */
const char *message_get(const struct message *m, const char *key);
unsigned long long message_get_number(const struct message *m, const char *key);
/* Next field behind `field` (NULL: the first); NULL at the end. */
const char *message_next(const struct message *m, const char *field);
/* Value if the field has this key, else NULL. */
const char *field_value(const char *field, const char *key);
void message_close_fds(struct message *m);

/* Send a message of one type with a printf-made text of fields (NULs written as \n) and
 * descriptors. */
void message_send(int fd, char type, const int *fds, size_t nfds, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* ---- fail.c part of message.c: what every step uses to give up ---- */

/* In the processes of a command: its id, so that a failure is told of it; else "". */
extern const char *box_exec_id;

/* In the processes of a command: the same with this errno. */
void __attribute__((noreturn)) box_fail(const char *what);

/* Tell drydock why (with errno's text when errnum is not 0) and exit. */
void __attribute__((noreturn, format(printf, 2, 3))) box_die(int errnum, const char *fmt, ...);

/* ---- setup.c ---- */

struct pod_setup { /* decoded SETUP */
	bool root_mode;
	bool tools;
	const char *programs; /* bound at /drydock */
	const char *root_layers[BOX_MAX_LAYERS];
	size_t nroot;
	const char *root_upper, *root_work;
	bool has_work;
	const char *work_layers[BOX_MAX_LAYERS];
	size_t nwork;
	const char *work_upper, *work_work;
	const char *work_dir;
	const char *data_tree; /* the paths of data but dst are below it */
	struct {
		const char *dst;
		const char *layers[BOX_MAX_DATA_LAYERS]; /* above what the root has at dst */
		size_t n;
		const char *upper, *work;
	} data[BOX_MAX_DATA];
	size_t ndata;
	struct {
		const char *src, *dst;
		bool writable;
	} binds[BOX_MAX_BINDS];
	size_t nbinds;
	unsigned long long tmpfs_bytes;
	/* What the warden watches; 0: the kernel does, or nobody asked. */
	unsigned long long memory, pids, disk;
	const char *pod_dir; /* holds what counts as disk */
};

void setup_decode(const struct message *m, struct pod_setup *s);
/* These of clone(2), all or none. */
void namespaces_enter_new(int flags);
/* All namespaces but that of control groups, for which we have to be in ours. */
void setup_namespaces(void);
/* That one, and the id maps; before the fork of pid 1. */
void setup_ids(const struct pod_setup *s);
/* The file system and network of the pod; in pid 1. */
void setup_pod(const struct pod_setup *s);
/* To a file of the kernel that is there. */
void write_value(const char *path, const char *text);

struct box_id {
	uid_t uid;
	gid_t gid;
};
/* Of the user namespace the caller is in, and has made. */
void map_single_id(const struct box_id *inside, const struct box_id *outside);

extern const char *box_work_dir; /* where the work tree is in the pod; "" without one */

/*
 * How many user namespaces may exist below the one the caller is in, in figures; a wall behind the
 * system-call filter.  In pid 1 once the pod is set up, and in what it forks.
 */
void limit_user_namespaces(const char *count);

/* ---- network.c ---- */

#define BOX_PORTS_SWITCH "net/ipv4/ip_unprivileged_port_start"

/* The loopback interface; nothing else is there. */
void network_bring_up(void);
/* Enter the network whose descriptors were given, if they were: before any namespace is made. */
bool network_join(void);
/* Make one for others to join and hand it over; enter_user: they enter its user namespace, too. */
void network_make(bool enter_user);

/* ---- users.c ---- */

#define BOX_MAX_GROUPS 64

struct box_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[BOX_MAX_GROUPS]; /* supplementary */
	size_t ngroups;
};
/* Look a name up in the passwd and group files of the pod. */
bool user_find(const char *name, struct box_user *ret);

/* ---- identity.c: who a command is ---- */

struct identity {
	const char *profile;
	const char *user; /* of profile service */
	char **dirs;	  /* of a service: made for it, and its to write to */
	bool root_mode;
	struct box_user service; /* once it was looked up */
};
bool identity_is_service(const struct identity *i);
/* Find the user of a service; false when there is none. */
bool identity_look_up(struct identity *i);
/* Is it root inside where that is the only id there is? */
bool identity_is_fake(const struct identity *i);
/*
 * In pid 1: what no command may gain goes from the bounding set once, so that each has fewer to drop
 * (each drop is a copy of the credentials).
 */
void identity_limit_all(void);
/* Become it, for ever. */
enum filter_kind identity_take(const struct identity *i);

/* ---- ids.c: several ids where there is one ---- */

/*
 * Take charge of a process just forked and of all that it forks: its system calls that the filter
 * asks about are answered here.  False: the kernel does not let us, and it must get by with fixed
 * answers.
 */
bool ids_attach(pid_t pid);
/*
 * Serve what was attached until `main` has ended (all: until nothing is left); gives its status.
 */
int ids_serve(pid_t main, bool all);
/* End everything that was attached. */
void ids_end(void);

/* ---- exec.c ---- */

/* Before the fork of pid 1. */
void exec_init(void);
/* What a file without a name held when a command that runs got it as its input, for the warden: not its doing. */
unsigned long long exec_input_bytes(ino_t ino);
/* Start the command of an EXEC message; the process that watches it reports EXITED by itself. */
void exec_command(struct message *m, bool root_mode);
/*
 * Told of each child of pid 1 that died (status as from waitpid) or was stopped: a watcher that did not
 * end by itself was attacked, so its command ends.
 */
void exec_child_changed(pid_t pid, int status);
/* End what watchers that are gone left behind; then tell that their commands have ended. */
void exec_end_strays(void);
/* Is a process below exec `id` blocked reading from a terminal? */
bool exec_is_blocked(const char *id);
/* To all of its processes; top: only to its main process, or what is left of it when that has
 * ended. */
void exec_signal(const char *id, int sig, bool top);

/* ---- processes.c: all of the pod ---- */

struct process_stat {
	int parent;
	dev_t terminal; /* controlling */
	unsigned tasks;
};

/* False when it is gone. */
bool process_read(pid_t pid, struct process_stat *ret);
/* What /proc/PID/FILE says, cut to size; "" when it is gone. */
void process_text(pid_t pid, const char *file, char *to, size_t size);
bool process_is_below(pid_t pid, pid_t top);
/* Signal every process below one (direct: its children only); false when there is none. */
bool processes_signal_below(pid_t top, int sig, bool direct);
/* Signal the children of pid 1 but those that is_ours knows; false when there is none. */
bool processes_signal_strays(int sig, bool (*is_ours)(pid_t pid));
unsigned long long processes_count_tasks(void);

/* ---- probe.c ---- */

/* Does anybody in the pod listen on this TCP port, on this UNIX socket? */
bool probe_port(unsigned port);
bool probe_socket(const char *path);
/* Who listens, as fields of a message: "port=80\n...socket=/run/x.sock\n"; what has no room is left out. */
void probe_listening(char *to, size_t n);

#endif
