/*
 * Which functions and lines the cases of a run's tests reach: the tree is built again with counters where it is built at all, each
 * case, or as few of them as its runner can select, runs alone, and what was counted, looked at, started and connected to is kept
 * beside the run (RUN_LATER), outside of its attestation, as JSON lines.
 *
 * The first line is {"drydock_reach": 1, "run", "rebuilt": bool, "builds": bool, "services": bool}.  Then one for the build, if
 * there was one, without "cases", and one for each group of cases that ran together: {"cases": [{"id", "suite", "name", "status"}],
 * "command": of the run, "lost": not all that it did is known, "looked": [paths of the tree that were opened], "execs": [programs], "connects": [targets]},
 * with what reach_read.h has.  The last is {"outside": [files beside the tree that interpreters read], "first": [paths of the tree
 * that were opened when all tests ran, and by no group: tests may be built of them], "lost": not all of "first" is known}.
 */
#ifndef RUNNER_REACH_H
#define RUNNER_REACH_H

#include "qa/qa.h"

#define REACH_FILE RUN_LATER "/reach.jsonl" /* below the run */
#define REACH_MAX ((size_t)512 << 20)	    /* bytes of it */

struct reach_result {
	size_t groups, cases, lost, files;
	bool rebuilt;
};

/*
 * tests: as for the tests of the run, its commands with those of the build; source: the tree before it is built.  The lines are
 * appended to out.
 */
int reach_record(const struct qa_spec *tests, const char *run_id, const struct stack *source,
	struct buf *out, struct reach_result *ret, struct dd_err *err) DD_MUST_USE;

#endif
