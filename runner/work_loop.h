/*
 * The execution of a plan, in its files: work.c goes through its tasks in their order, work_beside.c executes several of them
 * at the same time, work_join.c puts what came of these onto what is kept.
 *
 * With jobs, attempts of a task have numbers of its own (WORK_NUMBERS), whoever makes them and whenever, so that steps, calls,
 * layers and directories of two tasks never have the same name.  What a task is executed on, and in which order all is joined,
 * follows from the plan and from results of steps, never from which task ended first.
 */
#ifndef RUNNER_WORK_LOOP_H
#define RUNNER_WORK_LOOP_H

#include "runner/fix_loop.h"
#include "runner/work_tasks.h"

#define WORK_NUMBERS \
	100 /* of attempts: more than one task makes, with those that join it and those that do it again */

struct working {
	struct fixing f; /* first: steps get it */
	struct fix_result r;
	struct work w;
	struct strlist writes; /* of all tasks */
	struct answers *own;   /* of a round before the last; NULL */
	struct fix_point *
		begun; /* one a task: what it was executed on beside others; of the others .there is false.  NULL: one job */
};

/* ---- work.c ---- */

void work_set_end(struct work_task *t, enum task_end end, char *because);
struct work_task *work_find(struct work *w, const char *id); /* NULL */
/* Its attempts, on what is kept.  told: an attempt that did not hold, and why, for its author; NULL. */
int work_execute(struct working *k, struct work_task *t, const char *told, struct dd_err *err)
	DD_MUST_USE;

/* ---- work_beside.c ---- */

/*
 * Before the i-th task: where it may be executed now beside later ones, all of them are, in processes of their own, and k->begun
 * says of which.  Their steps are in the run's journal then.
 */
int work_beside(struct working *k, size_t i, struct dd_err *err) DD_MUST_USE;

/* ---- work_join.c ---- */

/*
 * The i-th task was executed beside others: its attempts are added, and what it changes is kept on what is kept now.  Where that
 * is another tree than it was judged on, it is judged again, and executed again if it does not hold.
 */
int work_join(struct working *k, size_t i, struct dd_err *err) DD_MUST_USE;

#endif
