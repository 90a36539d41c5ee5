/*
 * Judging attempts: what a change must pass, and whether what it gives is better.  Pure; how tests are run and changes made
 * is others' business.
 */
#ifndef AGENTS_LOOP_H
#define AGENTS_LOOP_H

#include "record/record.h"

enum gate {		 /* cheapest first */
	GATE_PARSES,	 /* every file parses as well as before */
	GATE_WRITES,	 /* of a task of a plan: nothing but its files is changed */
	GATE_UNTAMPERED, /* tests, and what runs them, are not weakened */
	GATE_SYMBOLS,	 /* objects have the undefined symbols they had */
	GATE_BUILDS,
	GATE_TESTS,    /* no case of a unit ends worse, nor the build */
	GATE_LINT,     /* the project's own linters find nothing new in what it touches (lint.h) */
	GATE_COVERAGE, /* tests execute no smaller part of what it touches than before (counted.h) */
	GATE_INTEGRATION, /* no case that tests parts together ends worse */
	GATE_E2E,	  /* none that tests all of it from end to end */
	GATE_SCREENS,	  /* its entry pages look as before */
	GATE_PARITY, /* of a translation: it does what the original does, on generated inputs */
	GATE_JUDGED, /* it repairs, and does not only make the tests pass (judge.h) */
	GATE_SECURE, /* nothing unsafe comes in that was not there */
	GATE_REVIEW, /* a model of another family than the author's accepts it */
	GATES,
};
extern const char *const gate_names[]; /* "parses", ... */

enum gate_result {
	GATE_NOT_RUN,
	GATE_PASSED,
	GATE_FAILED,
	GATE_TOLD, /* it is shown to people, and no reason to refuse */
};
extern const char *const gate_result_names[]; /* "not-run", "passed", "failed", "told" */

enum attempt_verdict {
	VERDICT_KEPT,
	VERDICT_DROPPED,
	VERDICT_NOTHING,
	VERDICT_WAITING, /* what only a person can answer keeps it from being tried */
	VERDICT_APART, /* good on a tree without what others made meanwhile; on theirs it is tried by a later attempt */
};
extern const char *const
	attempt_verdict_names[]; /* "kept", "dropped", "nothing-proposed", "waiting", "apart" */

struct comparison {
	struct strlist worse, better; /* ids of cases */
};
void comparison_cleanup(struct comparison *c);

/*
 * Case by case.  Better: it did not pass and does now, or is new and passes.  Worse: it passed and does not now, or is not
 * there, or was run and is skipped now.  By Pareto's order an attempt is kept only if nothing is worse.
 */
void loop_compare(const struct case_result_list *before, const struct case_result_list *after,
	struct comparison *ret);

enum fix_outcome {
	FIX_NONE,
	FIX_FIXED,
	FIX_IMPROVED,
	FIX_STUCK,
	FIX_CONTRADICTORY,
	FIX_BUDGET,
	FIX_BLOCKED,
	FIX_CLEAN, /* nothing failed */
};
extern const char *const fix_outcome_names[]; /* "", "fixed", ... */

#endif
