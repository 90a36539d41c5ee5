/*
 * What an exec looked for, found, tried to reach and was denied: the record the supervisor fills.
 * Paths are resolved inside the target's root.  Memory is bounded: TRACE_MAX_PATHS distinct paths
 * and so on, the rest is counted.  Evidence, never a permission.
 */
#ifndef SANDBOX_TRACE_H
#define SANDBOX_TRACE_H

#include "base/str.h"

#define TRACE_MAX_PATHS 400000
#define TRACE_MAX_BYTES ((size_t)64 << 20) /* of paths and names; half as many of searches */
#define TRACE_MAX_GROUPS 100000
#define TRACE_MAX_DENIALS 1000
#define TRACE_MAX_RUNS 4000

struct trace;
struct trace *trace_create(void);
void trace_destroy(struct trace *t);

struct trace_path {
	const char *path; /* absolute inside the pod, normalised */
	bool found;	  /* existed when asked for, at least once */
	bool opened;	  /* found by open */
	bool sought;	  /* asked for by an open that would not create it */
	bool created;	  /* asked for by one that would */
	bool executed;	  /* asked for by execve */
	bool directory;	  /* found, and a directory */
	uint32_t count;
	const char *program; /* executable of the first process that asked, "" if unknown */
};

struct trace_connect {	    /* what one program tried of one target */
	const char *target; /* "127.0.0.1:5432", "[::1]:80", "unix:/run/x.sock", "unix:@abstract" */
	bool refused;	    /* each time nobody listened there, or there was no way to it */
	uint32_t count;
	const char *program;
};

/*
 * A program that was there and was started, by its path below no directory of the system's; and whatever waited for
 * connections, started how it was.
 */
struct trace_run {
	const char *program; /* path */
	const char *dir;     /* where */
	const char *words;   /* its command line, each word ended by a NUL */
	size_t n;	     /* bytes of them */
	bool served;	     /* it waited for connections */
};

/*
 * A search: one name looked for under one directory after another by one process, until it was
 * found or there was no directory left.  A header that a compiler tries in eight directories is one
 * of these.
 */
struct trace_group {
	const char *name;    /* the trailing components that all tries share: "sys/types.h" */
	const char *program; /* of the first that looked for it with this result */
	const char *args;    /* its command line */
	const char *found;   /* where it was found; NULL: nowhere */
	uint32_t tried;	     /* paths it tried */
	uint32_t count;	     /* searches with this name, program and result */
};

struct trace_denial {	  /* a system call that was refused */
	const char *call; /* "keyctl"; "call 1234" for one without a name */
	const char *program;
	const char *profile; /* the profile that would let it through; NULL: none does */
	uint32_t count;
};

/* In order of first appearance, connections by target and program; false from fn stops. */
void trace_each_path(
	const struct trace *t, bool (*fn)(void *ctx, const struct trace_path *p), void *ctx);
void trace_each_connect(
	const struct trace *t, bool (*fn)(void *ctx, const struct trace_connect *c), void *ctx);
void trace_each_run(
	const struct trace *t, bool (*fn)(void *ctx, const struct trace_run *r), void *ctx);
/* Searches that failed, and those that found what they looked for only behind another place. */
void trace_each_group(
	struct trace *t, bool (*fn)(void *ctx, const struct trace_group *g), void *ctx);
void trace_each_denial(
	const struct trace *t, bool (*fn)(void *ctx, const struct trace_denial *d), void *ctx);
/*
 * The denied calls for people, at most a handful: "ptrace by /usr/bin/gdb (the profile debug opens
 * it), ...". False, and nothing is added, when none was denied.
 */
bool trace_describe_denials(const struct trace *t, struct buf *out);
uint64_t trace_dropped(const struct trace *t); /* not kept because of a bound */

#endif
