/*
 * One model writes the prompt of another: from the task, its requirements and rules, and the guide of the model that
 * will read it.  What it writes is taken only if every requirement and rule stands in it word for word; else the task's
 * own words stay.
 */
#ifndef AGENTS_BRIEF_H
#define AGENTS_BRIEF_H

#include "agents/agent.h"

/*
 * A goal for `t` as model `reader` wants it; heap.  *ret_written: whether `writer` wrote it, else it is t->goal.  key: of
 * the call.  Fails as calls_chat does.
 */
int brief_write(struct calls *c, const struct model *writer, const struct model *reader,
	const struct agent_task *t, const char *key, char **ret_goal, bool *ret_written,
	struct dd_err *err) DD_MUST_USE;

#endif
