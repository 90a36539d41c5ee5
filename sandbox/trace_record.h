/* Inside the room: how the supervisor fills a trace. */
#ifndef SANDBOX_TRACE_RECORD_H
#define SANDBOX_TRACE_RECORD_H

#include "sandbox/trace.h"

/* One look-up of a normalised absolute path. */
void trace_add_path(struct trace *t, const char *path, const char *program, bool found, bool opened,
	bool executed, bool directory);

void trace_add_connect(struct trace *t, const char *target, const char *program, bool refused);

#endif
