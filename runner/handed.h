/*
 * Reading back what a run handed over: its result, and the files in the folder of its recipe.  They
 * are ours, and people edit them: what is missing or not of its form is no fact, not an error.
 */
#ifndef RUNNER_HANDED_H
#define RUNNER_HANDED_H

#include "base/json.h"
#include "runner/cli.h"
#include "runner/run.h"

/* One JSON value; NULL when there is none.  New reference. */
json_t *handed_json(const struct run *r, const char *name);
/* A value a line, as one array.  New reference, never NULL. */
json_t *handed_lines(const struct run *r, const char *name);

/* For reading: the state there is, and a run of it. */
int handed_find(const struct common_options *common, const char *name, struct state *ret_state,
	struct run *ret_run, struct dd_err *err) DD_MUST_USE;
/* The same of one that has a result.  DD_EINVAL: it has none yet. */
int handed_open(const struct common_options *common, const char *name, struct state *ret_state,
	struct run *ret_run, struct dd_err *err) DD_MUST_USE;

#endif
