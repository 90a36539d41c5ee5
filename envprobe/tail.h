/*
 * Inside the room: where the rules have nothing more to try, somebody else may be asked (probe_spec.ask), with the evidence,
 * at most TAIL_MAX times a run.  What is answered is one more guess: a package's name, which has to be in this machine's
 * sources, and is tried in an attempt like any other.  Nothing that was asked or answered decides anything else.
 */
#ifndef ENVPROBE_TAIL_H
#define ENVPROBE_TAIL_H

#include "envprobe/loop.h"

#define TAIL_MAX 2

/* After an attempt from which nothing was learnt.  *ret: the next one has what was suggested. */
int tail_ask(struct loop *l, bool *ret, struct dd_err *err) DD_MUST_USE;
/* After loop_settle: what was taken out again is no option of the result. */
void tail_settle(struct loop *l);

#endif
