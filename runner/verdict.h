/*
 * The end of a run as its user sees it: the summary on standard output (or one JSON object) and the
 * exit status.
 */
#ifndef RUNNER_VERDICT_H
#define RUNNER_VERDICT_H

#include "runner/cli.h"
#include "runner/standup.h"

/* Do the run (new, or resumed), under its limits from now on, and print how it ended. */
int verdict_run(
	const struct cli_call *call, struct state *st, struct run *run, struct answers *answers);

int verdict_exit_status(enum run_outcome o);

#endif
