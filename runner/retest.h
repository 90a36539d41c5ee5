/*
 * The tests of a run that is over, to be run again on what it left: packages, built tree, services, answers, environment.
 */
#ifndef RUNNER_RETEST_H
#define RUNNER_RETEST_H

#include "qa/qa.h"
#include "runner/beside.h"
#include "runner/left.h"

struct retest {
	struct left left;
	struct probe_serving serving;
	struct beside beside; /* what else of its workspace runs */
	struct prompter *prompter;
	char *log;
	struct qa_spec spec; /* borrows the rest */
};

/* The caller holds the run.  answers: a file instead of the run's, or NULL; log: its name below the run.  Errors as of left_load. */
int retest_open(const struct state *st, const struct run *run, const char *answers, const char *log,
	struct retest *ret, struct dd_err *err) DD_MUST_USE;
void retest_close(struct retest *t);

/* The tree before it was built, appended.  DD_EINVAL: the run has none, or it is not in the store any more. */
int retest_source(const struct state *st, const struct run *run, struct stack *ret,
	struct dd_err *err) DD_MUST_USE;

#endif
