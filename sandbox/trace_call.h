/*
 * Inside the room: what a stopped call says, into a trace.  A call is named when it begins, judged
 * (by looking whether what it names is there, or by what it returned), and added.
 */
#ifndef SANDBOX_TRACE_CALL_H
#define SANDBOX_TRACE_CALL_H

#include "sandbox/target.h"
#include "sandbox/trace.h"

struct traced {
	unsigned class;			      /* enum trace_class */
	char what[2 * TARGET_PATH_BYTES + 2]; /* a path, or where a connection goes */
	bool found;			      /* there is such a file; somebody listens there */
	bool directory;
	bool creates; /* an open that makes what is not there */
	bool serves; /* it waits for connections: `what` is the program, `words` its command line */
	struct target_words words; /* none: not worth it */
	char dir[TARGET_PATH_BYTES];
};

/* Is the call of one of these classes (enum trace_class, other bits are ignored)? */
bool trace_call_is_observed(int nr, unsigned classes);

/* False when the call names nothing that is worth recording. */
bool trace_call_name(const struct target *target, int nr, const uint64_t *args, struct traced *ret);

/* Judge by looking, before the call is made. */
void trace_call_look(const struct target *target, struct traced *x);

/* Judge by what it returned (negative: -errno). */
void trace_call_judge(int64_t returned, struct traced *x);

/* target has been identified. */
void trace_call_add(struct trace *t, const struct target *target, const struct traced *x);

#endif
