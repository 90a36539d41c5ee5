/*
 * How the application is run, proven: each command that might do it is started on what was built, and the first that
 * answers on a port is it.  Bounded: what is not found in that time is not found.
 */
#ifndef RUNNER_PROVE_H
#define RUNNER_PROVE_H

#include "runner/standup.h"

/*
 * A journalled step; fills r->probe.start and r->probe.starts.  A command that does not serve is no error, nor is
 * anything but a stop: the outcome of the run stands already.
 */
int prove_start(const struct state *st, struct run *run, struct answers *answers,
	struct standup_result *r, struct dd_err *err) DD_MUST_USE;

#endif
