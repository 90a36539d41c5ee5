/*
 * What an exec looked for, found, and tried to reach: the record the supervisor fills from seccomp
 * user notifications.  Paths are resolved inside the target's root; memory is bounded
 * (TRACE_MAX_PATHS distinct paths, the rest is counted).  Never a permission decision.
 */
#ifndef SANDBOX_TRACE_H
#define SANDBOX_TRACE_H

#include "base/str.h"

#define TRACE_MAX_PATHS 400000

struct trace;
struct trace *trace_create(void);
void trace_destroy(struct trace *t);

struct trace_path {
	const char *path; /* absolute inside the pod, normalised */
	bool found;	  /* existed when asked for, at least once */
	bool opened;	  /* found by open */
	bool executed;	  /* asked for by execve */
	bool directory;	  /* found, and a directory */
	uint32_t count;
	const char *program; /* executable of the first process that asked, "" if unknown */
};

struct trace_connect {
	const char *target; /* "127.0.0.1:5432", "[::1]:80", "unix:/run/x.sock", "unix:@abstract" */
	bool refused;	    /* nobody listens there, or there is no way to it */
	uint32_t count;
	const char *program;
};

/* In order of first appearance; false from fn stops. */
void trace_each_path(
	const struct trace *t, bool (*fn)(void *ctx, const struct trace_path *p), void *ctx);
void trace_each_connect(
	const struct trace *t, bool (*fn)(void *ctx, const struct trace_connect *c), void *ctx);
uint64_t trace_dropped(const struct trace *t); /* paths not kept because of the bound */

#endif
