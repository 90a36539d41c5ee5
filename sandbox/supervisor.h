/*
 * The supervisor of an exec: a thread that answers the notifications of its filter and records
 * them.  It decides nothing that rests on what the target can change: an observed call continues, a
 * denied call is denied by its number and arguments, and a change of owner that fake root lets
 * succeed has no effect.
 *
 * While it runs, the trace and the owners of its spec are its own; they may be read after
 * supervisor_join.
 */
#ifndef SANDBOX_SUPERVISOR_H
#define SANDBOX_SUPERVISOR_H

#include "base/err.h"
#include "sandbox/owners.h"
#include "sandbox/sandbox.h"
#include "sandbox/trace.h"

struct supervisor;

struct supervisor_spec {
	struct trace *trace; /* borrowed; NULL: nothing is recorded */
	unsigned observe;    /* enum box_observe */
	enum trace_method method;
	struct owners *owners; /* borrowed; may be NULL */
	bool one_root;	       /* no process of it can change its root directory */
	int socket;	       /* where the listener will arrive; taken over, also on error */
};

int supervisor_start(const struct supervisor_spec *spec, struct supervisor **ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * Wait for the thread, which ends with the last process under the filter (or with the socket, when
 * nothing came over it), and free s.  Gives the method that was used.
 */
enum trace_method supervisor_join(struct supervisor *s);

#endif
