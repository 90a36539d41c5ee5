/*
 * drydock rebase: a durable run that puts the branch of an earlier repair, plan's execution, refinement or rebase onto what is
 * checked out now, where that moved since.  It is one repair (runner/fix_loop.h) of the source as it is now, each of whose attempts is one commit of the branch:
 * what both sides changed in different lines is merged by libgit2, and the result passes the gates of any change, its cases
 * set against those of the new base.  Two changes of the same lines go to a model, in the files with both sides in them; without one they are
 * told: files, lines and commits.
 *
 * All commits get there, or none: then there is a new branch, STEM-2 and so on.  The branch that it was, and that of the
 * user, stay where they are, whatever comes of it.
 */
#ifndef RUNNER_FIX_REBASE_H
#define RUNNER_FIX_REBASE_H

#include "runner/fix.h"

/*
 * Can the branch of the run `of` be put elsewhere?  DD_EINVAL: it is none that writes a branch, is not over, has none, its branch is elsewhere
 * by now, or what is checked out is what it stands on; the message says what to do.
 */
int fix_rebase_admit(const struct run *of, struct dd_err *err) DD_MUST_USE;

/* Do the run (new, or resumed), print how it ended, and give the exit status. */
int fix_rebase_run(
	const struct cli_call *call, struct state *st, struct run *run, struct answers *answers);

#endif
