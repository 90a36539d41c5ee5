/*
 * drydock refine: a durable run that adjusts the branch of an earlier repair, plan's execution or refinement, with what a person
 * says of it.  It is one repair (runner/fix_loop.h) of the source with the changes of that run, whose packages, map, memories and
 * refused attempts it takes over.
 *
 * Written are the files that the guidance names, and those that the map ranks for its statements (intent/); tests only where it
 * names them.  What it gives are commits on the tip of that branch, on a branch of another name: STEM-2, and so on.  Where the
 * guidance contradicts a requirement of the earlier run, a rule, or itself, or what it asks for breaks the same case each
 * time, nothing is written, and both are told.  What was kept becomes memories of the clusters it is about.
 * A refinement has the answers of that run, unless it is given others, and leaves a guide and an attestation, as a repair does.
 */
#ifndef RUNNER_FIX_REFINE_H
#define RUNNER_FIX_REFINE_H

#include "runner/fix.h"

#define GUIDANCE_MAX_BYTES ((size_t)64 << 10)

/*
 * Can the run `of` be refined?  DD_EINVAL: it is none that writes a branch, is not over, kept nothing, or its branch is elsewhere
 * by now; the message says what to do.
 */
int fix_refine_admit(const struct run *of, struct dd_err *err) DD_MUST_USE;

/* Do the run (new, or resumed), print how it ended, and give the exit status. */
int fix_refine_run(
	const struct cli_call *call, struct state *st, struct run *run, struct answers *answers);

#endif
