/* Inside the room: how the supervisor fills a trace. */
#ifndef SANDBOX_TRACE_RECORD_H
#define SANDBOX_TRACE_RECORD_H

#include "sandbox/trace.h"

#include <sys/types.h>

struct trace_look {
	const char *path; /* absolute, normalised */
	pid_t pid;
	const char *program, *args;
	unsigned class; /* enum trace_class */
	bool found;
	bool directory;
	bool creates; /* TRACE_OPEN: what is not there is made */
};
void trace_add_look(struct trace *t, const struct trace_look *look);

/* What run names is copied. */
void trace_add_run(struct trace *t, const struct trace_run *run);
void trace_add_connect(struct trace *t, const char *target, const char *program, bool refused);
void trace_add_denial(struct trace *t, const char *call, const char *program, const char *profile);

#endif
