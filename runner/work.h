/*
 * drydock work: a durable run that executes an approved plan.  It is one repair (runner/fix_loop.h) whose aim is one task of
 * the plan after the other: the same attempts, gates, journal, budget, layers and branch.
 *
 * A task begins when those it is after are done, and may change the files it writes and no others.  What it first needs of a
 * person is asked for; it waits alone, and is taken up again in the next *round*, which a resume with answers begins: a
 * round comes behind all that was done before it, and has its own answers, so that a resumed run goes the way of the first.
 *
 * With run_options.jobs tasks that the plan says may run side by side do (runner/work_loop.h); what comes of them is joined in
 * the plan's order, so that the branch is that of one task after the other.
 *
 * What is journalled of the plan is its text, at the digest that was approved; PLAN is read once.
 */
#ifndef RUNNER_WORK_H
#define RUNNER_WORK_H

#include "record/answers.h"
#include "runner/cli.h"
#include "runner/run.h"

#define WORK_MAX_JOBS 16 /* tasks at the same time */

/*
 * May the plan at `path` be executed?  *ret is what run_options.plan is to be, *ret_source the tree it is of (heap; `source`
 * where that is given).  DD_EINVAL: it is not approved as it is written, or has faults; the message says what to do.
 */
int work_admit(const char *path, const char *source, json_t **ret, char **ret_source,
	struct dd_err *err) DD_MUST_USE;

/* Do the run (new, or resumed), print how it ended, and give the exit status. */
int work_run(
	const struct cli_call *call, struct state *st, struct run *run, struct answers *answers);

/*
 * Before a resume, of a repair, too: with new answers (path may be NULL: the old file).  The first stand-up is done again if
 * it waits for them; else a round begins.  DD_EINVAL: new answers for a plan whose budget is spent, in which nobody would read them.
 */
int work_change_answers(struct run *run, const char *path, struct dd_err *err) DD_MUST_USE;

#endif
