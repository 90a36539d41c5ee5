/*
 * The command that runs some of the cases of a test command, and no others: a row a runner that can do that.
 */
#ifndef QA_SELECT_H
#define QA_SELECT_H

#include "record/record.h"

/*
 * *ret_ordered: it runs them in the order they are given in, else in its own.  NULL: this runner runs all or none, or they are
 * too many for one command.  Heap.
 */
char *select_command(
	const struct command *c, const struct test_case *const *cases, size_t n, bool *ret_ordered);

#endif
