/* Gates of an attempt that look at more than one number. */
#ifndef RUNNER_FIX_GATES_H
#define RUNNER_FIX_GATES_H

#include "agents/author.h"
#include "base/json.h"
#include "record/record.h"
#include "sandbox/sandbox.h"

struct fix_evidence { /* what is known of an attempt; borrowed */
	const struct state *state;
	const struct stack *before, *after; /* the source without and with the change */
	const struct case_result_list *was;
	const struct case_result_list *is; /* NULL: nothing was built with it yet */
	const json_t *changes;		   /* of fix_changes */
	struct author_reach reach; /* what may be written: tests, too, if they are named there */
	bool by_rule;		   /* its author is a rule of ours */
};

/* Are the tests, what runs them and the code under them left what they were?  Asked before anything is built. */
bool fix_gate_untampered(const struct fix_evidence *e);

/* A file with a line of conflict ("<<<<<<< ") that the change brings, borrowed; NULL: there is none. */
const json_t *fix_conflict_left(const json_t *changes);

/* Paths of tests that were changed because they are named; new reference. */
json_t *fix_tests_changed(const json_t *changes, const struct author_reach *reach);

/* Does it keep to the files of its task?  True where there is no task. */
bool fix_gate_writes(const json_t *changes, const struct author_reach *reach);

#endif
