/*
 * The guide of a run (record/guide.h): an evaluation of what was asked against what came out, by rules, and its forms:
 * guide.md, guide.html and guide.json in the directory of the run.
 *
 * Hours are ranges of a table of kinds of work (guide_effort.c), not measurements: each says what it rests on.
 */
#ifndef RUNNER_GUIDE_H
#define RUNNER_GUIDE_H

#include "record/guide.h"
#include "runner/standup.h"

/* Evaluate a stand-up and its recipe.  Secrets are in it as far as they are in these: the forms take them out. */
void guide_standup(const struct run *run, const struct standup_result *r,
	const struct recipe *recipe, struct guide *ret);

/*
 * Evaluate the execution of a plan by its requirements and what was measured; what an author says of its work is not looked at.
 * An item for each task that is not done, for what is asked, for cases that fail, for what no test shows, and for review.
 */
struct work;
struct fix_result;
void guide_plan(
	const struct run *run, const struct work *w, const struct fix_result *r, struct guide *ret);

/*
 * Evaluate a repair, or a refinement, by the cases that failed before, and by what was measured.  asked: questions of the last
 * stand-up.  An item for what is asked, for cases that still fail, for errors no rule repairs, for two cases that never pass
 * together, for what guidance contradicts, and for review.
 */
void guide_fix(const struct run *run, const struct fix_result *r, const struct question_list *asked,
	struct guide *ret);

int guide_write(const struct run *run, const struct guide *g, const struct answers *answers,
	struct dd_err *err) DD_MUST_USE;

enum guide_work {
	WORK_ACCESS,  /* get a key, a value, a file from whoever has it */
	WORK_CONFIRM, /* say whether a default is right */
	WORK_SERVICE,
	WORK_PROVIDE, /* something that no package source has */
	WORK_PORT,    /* of a program to a newer language or compiler */
	WORK_BUILD,
	WORK_TEST,
	WORK_TEST_MORE, /* another case that fails in the same way */
	WORK_UNTESTED,
	WORK_WRITE_TESTS,
	WORK_FEATURE,
	WORK_REVIEW,
	WORK_QA,
	WORK_TASK,   /* of a plan */
	WORK_FILE,   /* one more that it writes */
	WORK_SHOW,   /* a requirement by a test */
	WORK_READ,   /* a change */
	WORK_RENEW,  /* a dependency */
	WORK_DECIDE, /* between two sides that contradict each other */
};

/* Of the percentage; `how` is taken over. */
void guide_add_part(struct guide *g, const char *name, double weight, double done,
	const char *evidence, char *how);
/* What has to be answered, or confirmed. */
void guide_add_question(struct guide *g, const struct run *run, const struct question *q);

/* Add an item whose hours, skill and basis are those of the work, `times` over for what is counted. */
struct guide_item *guide_add(struct guide *g, enum guide_work work, double times);
/* Work of another kind that goes with an item: its hours are added. */
void guide_add_hours(struct guide_item *it, enum guide_work work, double times);

#endif
