/* Inside the room: what a stopped call says, into a trace. */
#ifndef SANDBOX_TRACE_CALL_H
#define SANDBOX_TRACE_CALL_H

#include "sandbox/target.h"
#include "sandbox/trace.h"

/* Is the call of one of these classes (enum trace_class, other bits are ignored)? */
bool trace_call_is_observed(int nr, unsigned classes);

/* Record an observed call of a target that has been identified. */
void trace_call_record(struct trace *t, const struct target *target, int nr, const uint64_t *args);

#endif
