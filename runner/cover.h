/*
 * drydock cover: characterisation tests for functions that no test reaches.  A run that stood the source up has the packages, the
 * built tree and the test commands; nothing of the target runs but in pods on these.
 *
 * A case is an input and what the function gave for it.  Inputs come from types, literals and what callers write down
 * (data/cover.py), of functions that the source shows to be pure, in modules that only define.  A case is kept if
 *   - it gives the same in two pods with other time, seed and order of hashes, when it is recorded, and again as a test,
 *   - it fails with another operator, number, condition or result in a line of the function that it runs (judge_mutant), and
 *   - the project's own test commands, run on the tree with it, run lines of the function that they did not run before.
 * Values come out of processes that run the target, so they are only claims; the texts of tests are made where none of it runs, of
 * literals alone.
 */
#ifndef RUNNER_COVER_H
#define RUNNER_COVER_H

#include "runner/intake.h"
#include "runner/left.h"

struct cover { /* what tests are made for */
	struct state st;
	struct run run;	      /* held */
	struct source source; /* that the run is of */
	struct left left;
	char *owner; /* of leases */
};
void cover_cleanup(struct cover *c); /* releases them */

/*
 * of: a source, whose newest stand-up is taken, or a run.  DD_EINVAL: there is none, or the source is another by now; the message says
 * what to do.
 */
int cover_open(const struct common_options *o, const char *of, struct cover *ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * *ret: {"style": "unittest" | "pytest", "files": [{"path", "text"}], "functions": [{"path", "name", "line", "lines", "before", "after",
 * "tests": names of those kept, "reason": why it has none, or null}], "coverage": {"lines", "before", "after"}}, of the functions that
 * were looked at; a new reference.
 */
int cover_make(struct cover *c, json_t **ret, struct dd_err *err) DD_MUST_USE;

/*
 * Body of the worker "cover".  In a pod with the source: standard input [{"path", "line"}], output [{"path", "line", "text"}], what the line
 * may be instead.  With the words "answer MODE": what the tool printed, and what cover_answer_take makes of it.
 */
int cover_worker_main(int argc, char **argv);

#endif
