/* Inside the room: what an exec tried past the egress broker. */
#ifndef SANDBOX_BYPASS_H
#define SANDBOX_BYPASS_H

#include "base/err.h"
#include "sandbox/trace.h"

/*
 * Append to the log of a phase (sandbox/egress.h; -1: none) the connections of a trace that were
 * refused: to other machines, and to a server of names, which is how a direct way out begins.
 */
int bypass_note(int log, const struct trace *t, struct dd_err *err) DD_MUST_USE;

#endif
