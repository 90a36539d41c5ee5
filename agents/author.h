/*
 * A model as author of a repair: what it is told, the form of its answer, and what is refused of it before anything is run.
 * Pure but for the model's table.
 *
 * What it may write is decided before the first call: by a goal, every file that is no test and runs none, and those
 * tests whose path the goal names; by a task of a plan, the files that it names, and no other.
 */
#ifndef AGENTS_AUTHOR_H
#define AGENTS_AUTHOR_H

#include "agents/edit.h"
#include "agents/model.h"

/* ---- the task ---- */

struct author_reach {		      /* borrowed */
	const char *goal;	      /* of the user; NULL */
	const struct strlist *writes; /* of a task of a plan; NULL: what the goal says */
	bool tests_alone;	      /* tests are asked for, and nothing else may be written */
};

struct author_task {		      /* borrowed */
	struct author_reach reach;    /* without a goal what fails is to pass */
	const struct strlist *wanted; /* "ID: text", in place of R1; NULL */
	size_t failing;		      /* cases */
	bool builds;
	bool only_first; /* a smaller task: the first of what fails */
};
/* The words of the task; heap.  Nothing of the target is in them. */
char *author_goal(const struct author_task *t);
/* Appended: "ID: ..." */
void author_requirements(const struct author_task *t, struct strlist *ret);
/* Ids of "ID: ..."; new reference. */
json_t *author_ids(const struct strlist *requirements);
void author_rules(const struct author_task *t, struct strlist *ret);

/* May the file be changed? */
bool author_may_write(const struct author_reach *reach, const char *path);

/* ---- its answer ---- */

/* JSON Schema; new reference: {"edits": [{"path", "find", "replace"}], "summary", "complete", "left"}. */
json_t *author_format(void);

struct author_answer {
	json_t *edits; /* as in the answer; never empty after author_refuses said nothing, unless it gave up */
	char *summary, *left;
	bool complete; /* it says so */
};
void author_answer_cleanup(struct author_answer *a);

/*
 * Read an answer, which may stand between other words.  What keeps it from being used is appended to why, in words for
 * the model: no such JSON, a file it may not write, text that says of itself that something is left out.
 */
void author_read(const struct author_reach *reach, const char *text, struct author_answer *ret,
	struct buf *why);

/* The edits, as edit_apply takes them; views of `edits`, the array is the caller's to free. */
struct edit *author_edits(const json_t *edits, size_t *ret_n);

enum author_flaw {
	FLAW_NONE,
	FLAW_GAVE_UP, /* no edit */
	FLAW_PARTIAL, /* it says that it is not all, or speaks of time and room that nobody limited */
};
extern const char *const author_flaw_names[]; /* "", "gave-up", "partial" */
enum author_flaw author_flaw_of(const struct author_answer *a);

/* ---- who writes, and who reviews ---- */

/* Can it be asked: is its key there, and does something say what it costs? */
bool author_is_usable(const struct models *all, const struct model *m);
/* The first usable model with the role "write"; NULL: there is none. */
const struct model *author_first(const struct models *all);
/* Who writes on this rung of the ladder; NULL: the model it names cannot be asked, or it asks for another and there is none. */
const struct model *author_of_rung(const struct models *all, const struct model_rung *rung);
/* Who writes the prompt on this rung; NULL: nobody is to, or can be asked. */
const struct model *author_of_brief(const struct models *all, const struct model_rung *rung);
/* The first usable one with the role "review" of a known family other than the author's; NULL. */
const struct model *author_reviewer(const struct models *all, const char *family);

#endif
