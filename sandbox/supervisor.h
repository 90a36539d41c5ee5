/*
 * The supervisor's half of tracing: answers the notifications of one exec and records them.  It
 * never decides whether a call is allowed (every one continues), so what the target changes after
 * the look cannot fool a permission.
 */
#ifndef SANDBOX_SUPERVISOR_H
#define SANDBOX_SUPERVISOR_H

#include "base/err.h"
#include "sandbox/trace.h"

/* Switch the listener to synchronous wake-up where the kernel has it (6.6); harmless elsewhere. */
void trace_prepare_listener(int listener_fd);

/*
 * Answer what is queued on the listener (at most a bounded batch).  `classes`: enum trace_class.
 * False when the listener is of no use any more.
 */
bool trace_serve(struct trace *t, int listener_fd, unsigned classes);

#endif
