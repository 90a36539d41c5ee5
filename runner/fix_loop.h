/*
 * The loop of a repair, in its files: fix.c runs it (fix_run.c once, work.c once a task of a plan), fix_honest.c judges what it would keep,
 * fix_turn.c is a model's part in it, fix_sides.c what it does about a contradiction, fix_handover.c writes what it gives.
 * All that the loop decides by comes from results of journalled steps.
 */
#ifndef RUNNER_FIX_LOOP_H
#define RUNNER_FIX_LOOP_H

#include "agents/loop.h"
#include "intent/intent.h"
#include "runner/fix_author.h"
#include "runner/fix_report.h"

#define CASE_TEST "test/" /* begins the id of a case that is a test */

struct fix_aim { /* what attempts are for; borrowed */
	struct author_reach reach;
	const char *task;	      /* id of the plan's; NULL: a repair */
	const struct strlist *wanted; /* of author_task; NULL */
	const struct strlist
		*tests; /* that the task names: cases with or without "test/", files; NULL */
	const struct strlist *
		translates; /* words of the original and of what it becomes; empty, NULL: it does not */
	const struct intent_screen_list *screens; /* that pages are to look like; NULL */
	bool attacks;				  /* a test that is red on the source as it was */
	bool red_first;				  /* so are new ones, as far as there are */
	bool models_alone;			  /* no rule of ours writes */
};

struct fixing {
	const struct state *st;
	struct run *run;
	struct answers *answers;
	char *owner;
	struct fix_result *r;
	struct fix_aim aim;
	/* Of a refinement (runner/fix_refine.c), else NULL; borrowed: */
	json_t *given;	 /* the source with the changes of the run that it refines */
	json_t *touched; /* paths of the files that those changes are of */
	const char *
		onto; /* the commit that its own go onto; NULL: the one that was checked out at the beginning */
	const char *stem;      /* of the names of branches: STEM-2 is the first that is looked at */
	struct fix_pick *pick; /* of what puts a branch onto another commit, else NULL */
	json_t *head; /* {"branch", "commit"} that was checked out at the beginning, each may be null; NULL: no repository */
	struct case_result_list at_aim; /* the cases when it was set */
	int64_t first;			/* the last attempt before it */
	bool waits;			/* what is asked keeps the aim from being reached */
	struct question_list asked;	/* then: what blocks */
	int64_t round; /* of a plan (runner/work.h): what is handed over is that of the round */
	const char *
		apart; /* of a process that executes a task beside others: a directory of its own; NULL.  Borrowed */
	int64_t again; /* the attempt that is taken up again, whose change is there already; 0 */
	struct standup_result before, best; /* best: with all that was kept; none: before is */
	bool has_best;
	struct case_result_list cases;	  /* of best, compiled units included */
	const struct standup_result *now; /* what is being judged */
	int side;			  /* whose branch is being made */
	const struct fix_side *taken;	  /* that the attempt is looked at again for; NULL */
	struct fix_attempt *attempt;
	enum fix_author author;
	int64_t n;
	int64_t best_n;		   /* the attempt that best is of; 0: before */
	struct fix_models *models; /* NULL: no model takes part */
	const struct model *model; /* that writes this attempt */
	json_t *guidance;	   /* of the attempt; NULL */
	struct strlist tried;	   /* attempts of models that were not kept, and why */
	bool smaller;		   /* the next is to do less at once */
	size_t shown;		   /* attempts that were asked for what they mended */
	const char *data;	   /* that an author is shown of the aim; borrowed, NULL */
	bool reached;  /* the goal, says its author, and gates and review do not say otherwise */
	char *stopped; /* what a model said last when it could not be asked; NULL */
};

static inline const struct standup_result *
fix_best(const struct fixing *f)
{
	return f->has_best ? &f->best : &f->before;
}
bool fix_is_built(const struct standup_result *r);
struct case_result *fix_find_case(
	const struct case_result_list *l, const char *id); /* NULL: none */
/* For files that are needed while something runs. */
static inline const char *
fix_scratch(const struct fixing *f)
{
	return f->apart ? f->apart : f->run->dir;
}
/* The tree that the attempt's change is made on, appended. */
void fix_tree(const struct fixing *f, struct stack *ret);
/* NAME=value of what builds and tests of that stand-up get, appended. */
void fix_environment(const struct fixing *f, const struct standup_result *r, struct strlist *ret);
/* Where f->now was tested, with another tree; env: of fix_environment. */
struct fix_ground fix_ground_of(
	const struct fixing *f, const struct stack *work, const char *const *env);
/* The source with what is kept below the attempt, and a layer, in the form of source_fields; new reference. */
json_t *fix_source_with(const struct fixing *f, json_t *layer);
/* A source, in the form of source_fields, stood up as a part of the run. */
int fix_stand_up_part(struct fixing *f, const char *name, json_t *given, struct standup_result *ret,
	struct dd_err *err) DD_MUST_USE;
/* That tree with the change, stood up; at once where it was before. */
int fix_stand_up(struct fixing *f, struct standup_result *ret, struct dd_err *err) DD_MUST_USE;

/* ---- fix.c, for who sets the aims ---- */

/* Ask who may write, and stand the source up. */
int fix_begin(struct fixing *f, struct dd_err *err) DD_MUST_USE;
void fix_aim_at(struct fixing *f, const struct fix_aim *aim);
/* Attempts, until the aim is reached or nobody has more to propose; or f->r->outcome, or f->waits, says why not. */
int fix_reach(struct fixing *f, struct dd_err *err) DD_MUST_USE;
/* One attempt, which puts f->pick onto what is kept. */
int fix_try_pick(struct fixing *f, struct dd_err *err) DD_MUST_USE;
/* Try a change again that waited for answers: attempt `which` of its task.  As fix_reach. */
int fix_take_up(struct fixing *f, int64_t which, struct dd_err *err) DD_MUST_USE;
/*
 * That change again, on what is kept now: one attempt, for which what a reviewer said before holds.  What got better by it
 * then, and does not pass now, is worse.
 */
int fix_try_again(struct fixing *f, int64_t which, bool *ret_kept, struct dd_err *err) DD_MUST_USE;
/* The attempt of that number, which is there; until another is added. */
const struct fix_attempt *fix_attempt_of(const struct fixing *f, int64_t n);
/* From now on steps go there; it is closed with the run. */
void fix_use_journal(struct fixing *f, struct journal *j);
/* Nothing that was kept is kept: what stands is the source as it was. */
void fix_drop_kept(struct fixing *f);
/* How it all was, and is, into f->r. */
void fix_gather(struct fixing *f);
/* Behind fix_hand_over: guide.md, guide.html and guide.json, by what is in f->r. */
int fix_write_guide(const struct fixing *f, struct dd_err *err) DD_MUST_USE;
enum fix_outcome fix_conclude(const struct fixing *f);
int fix_exit_status(enum fix_outcome o);
bool fix_stands(const struct fixing *f); /* it is built, and no case fails */
void fixing_cleanup(struct fixing *f);
/*
 * Do it within a session: *ret_status is the exit status of a failure, which was said, or that of a stop; 0: it came to its end.
 */
int fix_in_session(struct fixing *f, int (*body)(struct fixing *f, struct dd_err *err),
	int *ret_status) DD_MUST_USE;

/* ---- fix_point.c ---- */

struct fix_point { /* where a repair stood */
	bool there;
	struct strlist layers, authors,
		lost; /* that were kept; models that could not be asked any more */
	int64_t best_n;
	struct case_result_list cases;
};
void fix_point_cleanup(struct fix_point *p);
void fix_point_take(const struct fixing *f, struct fix_point *ret);
/* Go on from there.  Attempts, and what was spent, stay as they are. */
int fix_point_return(struct fixing *f, const struct fix_point *p, struct dd_err *err) DD_MUST_USE;

void fix_pass(struct fix_attempt *a, enum gate gate, bool passed);
/* What the attempt's layer changes, as fix_changes gives it. */
int fix_look(const struct fixing *f, json_t **ret_result, struct buf *patch, struct dd_err *err)
	DD_MUST_USE;

/* ---- fix_rebase.c ---- */

/* What the commit gives, as a layer: *ret as of fix_propose, with "message". */
int fix_pick_propose(struct fixing *f, const struct fix_ground *g, json_t **ret, struct dd_err *err)
	DD_MUST_USE;
/* Its merge is there, if need be made again after a kill. */
int fix_pick_merge(struct fixing *f, struct dd_err *err) DD_MUST_USE;

/* ---- fix_late.c ---- */

/*
 * The gates behind the tests, cheapest first, of a change that made no case worse; the first that it fails ends it.  That of the
 * review is not among them.
 */
int fix_pass_late(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
	DD_MUST_USE;
/*
 * That a command of tests did not end as its cases say (it hung, it died) is a case of its own while it is so: where it was, and is not
 * any more, it passes, if any test was run.
 */
void fix_add_ended(const struct case_result_list *was, struct case_result_list *is);
/* The gates of tests, by level: what ended worse, as the cases of before and now say of what level they are. */
void fix_pass_levels(
	struct fixing *f, const struct standup_result *now, const struct strlist *worse);

/* ---- fix_lint.c ---- */

/* What nothing looks at, or nobody could be asked about, passes, and its gate is not run. */
int fix_is_linted(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
	DD_MUST_USE;

/* ---- fix_cover.c ---- */

/* What cannot be measured passes, and its gate is not run; without a measurement of before, it is told what no test executes. */
int fix_is_covered(struct fixing *f, const struct standup_result *now, bool *ret,
	struct dd_err *err) DD_MUST_USE;

/* ---- fix_screens.c ---- */

/* What served no pages, or could not be looked at, passes, and its gate is not run. */
int fix_is_seen(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
	DD_MUST_USE;
/* The part of the run that the stand-up of attempt n is; 0: of the source as it was. */
int fix_open_part(const struct fixing *f, int64_t n, struct run *ret, struct dd_err *err)
	DD_MUST_USE;
struct picture_diff;
/* "BEGIN: heading "Quay", ...": the first of the places that differ; heap. */
char *fix_words_of_places(const struct picture_diff *d, const char *begin);

/* ---- fix_likeness.c ---- */

/* What the plan has no picture of passes. */
int fix_is_like(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
	DD_MUST_USE;
/* Keep the screen's picture with the run, which looks at nothing else later.  DD_EINVAL: it cannot be decoded. */
int fix_keep_picture(const struct fixing *f, const struct intent_screen *s, struct str png,
	struct dd_err *err) DD_MUST_USE;

/* ---- fix_parity.c ---- */

/* What is no translation passes, and its gate is not run. */
int fix_is_same(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
	DD_MUST_USE;

/* ---- fix_honest.c ---- */

/* What is to be kept may still only look like a repair.  Without tests there is nothing to look at. */
int fix_is_honest(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
	DD_MUST_USE;
void fix_forget(struct fixing *f); /* what was remembered */
/* What was stood up, and how its cases ended; layer NULL: nothing but what is kept, else of the last attempt. */
void fix_remember(struct fixing *f, const struct case_result_list *cases, const char *layer);

/* ---- fix_secure.c ---- */

int fix_is_secure(struct fixing *f, bool *ret, struct dd_err *err) DD_MUST_USE;
/* All that is found in what is handed over, as findings.sarif of the run, and f->r->security; key: of the step. */
int fix_survey(struct fixing *f, const char *key, struct dd_err *err) DD_MUST_USE;

/* ---- fix_attack.c ---- */

/*
 * Behind all attempts: where those that were kept mended what is unsafe, models are asked for tests of it, which pass the same
 * gates; what came of it is in r->attacks.
 */
int fix_show_attacks(struct fixing *f, struct dd_err *err) DD_MUST_USE;
/* Is one of the cases that the attempt brings red on the source as it was, with its tests?  Into a->red. */
int fix_is_attack(struct fixing *f, bool *ret, struct dd_err *err) DD_MUST_USE;

/* ---- fix_red.c ---- */

/*
 * Where the aim wants it: is one of the attempt's new cases red with the tests of the attempt alone?  Into a->red.  What brings
 * no new case passes.
 */
int fix_is_red_first(struct fixing *f, const struct standup_result *now, bool *ret,
	struct dd_err *err) DD_MUST_USE;

/* ---- fix_turn.c ---- */

/*
 * Sets f->models, unless none is to take part.  DD_EINVAL: one took part, and none can be asked any more, or the table of
 * models is another now.
 */
int fix_open_models(struct fixing *f, struct dd_err *err) DD_MUST_USE;
/* Journalled, so that a resumed run asks what the first asked. */
int fix_take_guidance(struct fixing *f, struct dd_err *err) DD_MUST_USE;
int fix_write(struct fixing *f, const struct fix_ground *g, json_t **ret_result, struct dd_err *err)
	DD_MUST_USE;
/* A model's change that passed all else; *ret_passed: it was not rejected. */
int fix_have_reviewed(struct fixing *f, bool *ret_passed, struct dd_err *err) DD_MUST_USE;
/* After an attempt of a model.  True: the ladder is at its end. */
bool fix_take_answer(struct fixing *f);
/* What the calls of an attempt cost, so far. */
void fix_settle_cost(struct fixing *f, struct fix_attempt *a);
bool fix_has_no_answer(const struct fix_attempt *a);
/* Models were asked, and none had an answer. */
bool fix_nobody_answered(const struct fixing *f);

/* ---- fix_sides.c ---- */

/* The sides of a contradiction pass the gates that each of them can: all but that no case ends worse. */
int fix_gate_sides(struct fixing *f, struct dd_err *err) DD_MUST_USE;
/* A branch for each that did. */
int fix_put_sides(struct fixing *f, struct dd_err *err) DD_MUST_USE;

/* ---- fix_handover.c ---- */

/* What is checked out, into f->head; journalled. */
int fix_take_head(struct fixing *f, struct dd_err *err) DD_MUST_USE;
/* Is the source a directory of the user? */
bool fix_is_local(const struct run *run);
/*
 * A branch of the user's repository with a commit a layer; NULL: the next of f->stem.  One that is there is moved if it is at the commit
 * `from` (NULL: there is none).  *ret_result: {"branch", "commit", "why"}; one that cannot take it
 * gets none, and "why" says so.
 */
int fix_put_branch(const struct fixing *f, const char *branch, const char *from,
	const struct strlist *layers, const struct strlist *messages, json_t **ret_result,
	struct dd_err *err) DD_MUST_USE;
int fix_hand_over(struct fixing *f, struct dd_err *err) DD_MUST_USE;

#endif
