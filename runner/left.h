/*
 * What a run left: the stacks of its packages and of its built tree, its recipe, answers, environment and files, to be
 * opened in a new pod.  For its application (revive.h) and its tests.
 */
#ifndef RUNNER_LEFT_H
#define RUNNER_LEFT_H

#include "envprobe/envprobe.h"
#include "runner/run.h"

struct left {
	struct recipe recipe;
	struct stack root, work;
	struct answers *answers;
	struct strlist env;
	struct probe_files files; /* that are not in the tree */
};
void left_cleanup(struct left *l);

/*
 * The caller holds the run (run_hold).  answers: a file to use instead of the run's; NULL.  DD_EINVAL: nothing was
 * built, a layer is not in the store any more, an answer is missing.
 */
int left_load(const struct state *st, const struct run *run, const char *answers, struct left *ret,
	struct dd_err *err) DD_MUST_USE;

/* The files of a run that are not in its tree, for its pods. */
int left_files(const struct state *st, const struct run *run,
	const struct supplied_file_list *files, struct probe_files *ret, struct dd_err *err)
	DD_MUST_USE;

#endif
