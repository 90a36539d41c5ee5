/* What the steps of a run gave and the store has no more. */
#ifndef RUNNER_LOST_H
#define RUNNER_LOST_H

#include "runner/run.h"

/*
 * Before a run goes on: the first step whose layer or package index is not in the store (any more,
 * or not whole after a crash) is forgotten with all that followed, so that it is done again.  A
 * warning names it.  A run that is over needs nothing of the store and is left as it is.
 */
int lost_forget(const struct state *st, struct run *run, struct dd_err *err) DD_MUST_USE;

#endif
