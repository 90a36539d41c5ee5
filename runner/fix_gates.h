/* Gates of an attempt that look at more than one number. */
#ifndef RUNNER_FIX_GATES_H
#define RUNNER_FIX_GATES_H

#include "base/json.h"
#include "record/record.h"
#include "sandbox/sandbox.h"

struct fix_evidence { /* what is known of an attempt; borrowed */
	const struct state *state;
	const struct stack *before, *after; /* the source without and with the change */
	const struct case_result_list *was;
	const struct case_result_list *is; /* NULL: nothing was built with it yet */
	const json_t *changes;		   /* of fix_changes */
	const char *goal; /* of the user: tests that it names may be changed; NULL */
	bool by_rule;	  /* its author is a rule of ours */
};

/* Are the tests, what runs them and the code under them left what they were?  Asked before anything is built. */
bool fix_gate_untampered(const struct fix_evidence *e);

/* Paths of tests that were changed because the goal names them; new reference. */
json_t *fix_tests_changed(const json_t *changes, const char *goal);

#endif
