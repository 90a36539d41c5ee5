/* What became of each task of a plan, and how that is told. */
#ifndef RUNNER_WORK_TASKS_H
#define RUNNER_WORK_TASKS_H

#include "intent/intent.h"
#include "runner/fix_report.h"

enum task_end {
	TASK_NOT_STARTED, /* one that it is after is not done, or the run ended before it */
	TASK_DONE,
	TASK_FAILED,  /* what was tried was not kept, or not all of it was reached */
	TASK_WAITING, /* for an answer */
	TASK_LEFT,    /* nobody could do it: no model to ask, no rule for it */
};
extern const char *const task_end_names[]; /* "not-started", ... */

enum work_outcome {
	WORK_NONE,
	WORK_DONE,
	WORK_IMPROVED, /* some of it */
	WORK_STUCK,
	WORK_BLOCKED, /* something waits for an answer, or the source as it is cannot be stood up */
	WORK_BUDGET,
	WORK_STOPPED,
};
extern const char *const work_outcome_names[]; /* "", "done", ... */

struct work_task {
	const struct intent_task *of; /* borrowed */
	enum task_end end;
	char *because;		    /* of an end that is not TASK_DONE; NULL */
	struct strlist needs;	    /* tasks that it did not start because of */
	struct question_list asked; /* of TASK_WAITING */
	int64_t waits;		    /* the attempt whose change waits; 0 */
	struct strlist refused;	    /* files that its author wanted to change, too */
	char *clash; /* why what was made of it beside other tasks did not hold on what they left; NULL */
};

struct work {
	struct intent_tasks plan;
	struct work_task *v; /* one a task, in the plan's order */
	enum work_outcome outcome;
	json_t *approval; /* run_options.plan; borrowed */
};
void work_cleanup(struct work *w);

/* stands: it is built, and no case fails; else, or where a change that is kept was not judged, no plan is done. */
enum work_outcome work_conclude(const struct work *w, const struct fix_result *r, bool stands);

/* [{"id", "title", "outcome", "because", "after", "requirements", "writes", "questions", "refused", "clash": where there is one}] */
json_t *work_tasks_json(const struct work *w);
/* The first section of pr.md; heap. */
char *work_head(const struct work *w);
void work_print(const struct run *run, const struct work *w, const struct fix_result *r);

#endif
