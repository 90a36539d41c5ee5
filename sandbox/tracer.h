/*
 * Inside the room: tracing by ptrace(2), where the kernel gives no listener, and when exact results
 * are wanted: then each traced call is stopped again when it returns, and judged by what it
 * returned.  Everything is done by the calling thread, which becomes the tracer.
 */
#ifndef SANDBOX_TRACER_H
#define SANDBOX_TRACER_H

#include "sandbox/target.h"
#include "sandbox/trace.h"

struct tracer_spec {
	pid_t pid; /* to be traced, with all it forks */
	unsigned observe;
	bool exact;
	struct target_cache *cache;
	struct trace *trace; /* NULL: nothing is recorded */
};

/* Attach; false when the kernel refuses. */
bool tracer_attach(pid_t pid);

/* Serve until the last traced process is gone. */
void tracer_run(const struct tracer_spec *spec);

#endif
