/*
 * A model as author in the loop of a repair (agents/author.h): an agent is made for what fails, or for the goal, with a
 * pack of context from the map and tools (runner/fix_bench.h); its edits are made by a worker and become a layer.  What it
 * writes then passes the same gates as what rules write.
 */
#ifndef RUNNER_FIX_AUTHOR_H
#define RUNNER_FIX_AUTHOR_H

#include "agents/author.h"
#include "agents/review.h"
#include "runner/fix.h"

/* ---- who may be asked ---- */

struct fix_models {
	struct models all;
	struct calls *calls;
	size_t rung;	     /* of the ladder */
	int64_t candidates;  /* answers tried on it */
	struct strlist lost; /* names of models that can no longer be asked in this run */
	bool out_of_budget;
	bool shared; /* several processes call for the run: what is told as spent is the attempt's own */
};
/*
 * What --models names, or the user's and the project's files; calls and budget are the run's.  *ret is NULL when no model
 * that may write can be asked.
 */
int fix_models_open(const struct run *run, const struct answers *answers, struct fix_models **ret,
	struct dd_err *err) DD_MUST_USE;
/* Options of a command that asks models: which, and what they may cost. */
struct spending_options {
	const char *models, *budget_usd;
	uint64_t time, budget_tokens;
};
/* Their rows, for a table of option_def; `member` is the spending_options in `type`, the options struct. */
#define SPENDING_OPTIONS(type, member) \
	{"models", 0, OPTION_TEXT, offsetof(type, member.models), "FILE", \
		"read this file instead of your own models.json"}, \
		{"budget-usd", 0, OPTION_TEXT, offsetof(type, member.budget_usd), "N", \
			"calls to models cost at most this much in all"}, \
		{"budget-tokens", 0, OPTION_NUMBER, offsetof(type, member.budget_tokens), "N", \
			"and take at most this many tokens"}, \
	{ \
		"time", 0, OPTION_NUMBER, offsetof(type, member.time), "S", \
			"begin no attempt after this many seconds" \
	}
/*
 * Into the options of a run; what is wrong with the table of models is said before anything is begun.  needed_by:
 * what needs one that may write, NULL: nothing.  DD_EINVAL.
 */
int fix_take_spending(const struct spending_options *o, const char *needed_by,
	struct run_options *ret, struct dd_err *err) DD_MUST_USE;
void fix_models_close(struct fix_models *m); /* NULL is fine */
/*
 * Around the making of a process: calls are open in none while it is made, and then in each by itself.  beside: as
 * calls_open_beside.  NULL is fine.
 */
void fix_models_rest(struct fix_models *m);
int fix_models_wake(const struct run *run, const struct answers *answers, struct fix_models *m,
	bool beside, struct dd_err *err) DD_MUST_USE;

/* Who writes next; NULL: the ladder is at its end.  Rungs that nobody can be asked for are passed over. */
const struct model *fix_models_author(struct fix_models *m);
/* After an attempt: kept, and the ladder is climbed from its foot again; else the next candidate or rung. */
void fix_models_after(struct fix_models *m, bool kept);

/* ---- writing ---- */

struct fix_task {		      /* borrowed */
	struct author_reach reach;    /* without a goal what fails is to pass */
	const struct strlist *wanted; /* of author_task */
	const struct test_run *tests; /* as they are now */
	const struct diagnosis *why;
	bool builds;
	const char *log;	     /* path of what was printed last; NULL */
	const struct strlist *tried; /* earlier attempts and why they were not kept */
	const json_t *changed;	     /* paths of files that were changed since the map */
	bool only_first;	     /* of what fails */
	const char *data;	     /* that belongs to it, with a heading; NULL */
};

struct fix_writing { /* borrowed */
	const struct fix_ground *ground;
	const struct fix_task *task;
	struct fix_models *models;
	const struct model *model;
	const char *agent;   /* its name: "fix/3/write" */
	const char *map_dir; /* where the map of the source is kept */
	const char *source;  /* directory of the layer that the map is of */
	const char
		*tree; /* absolute path of the source, where it is a directory of the user; NULL */
	const json_t *guidance;	     /* of fix_author_guidance */
	const struct fix_pick *pick; /* whose files are in the desk first, with both sides; NULL */
};

struct graph;
/* The map of the source, made or refreshed; *ret is NULL where it cannot be made, which was said. */
int fix_author_map(const struct state *st, const char *source, const char *map_dir,
	struct graph **ret, struct dd_err *err) DD_MUST_USE;

/* What people said of what the task touches (fix_guidance.h); an empty object where the source is no directory. */
int fix_author_guidance(const struct fix_writing *w, json_t **ret, struct dd_err *err) DD_MUST_USE;

/*
 * *ret as of fix_propose, and {"model", "end", "flaw", "complete", "requirements": [ids], "refused": [paths it may
 * not write], "usd", "tokens", "spent": {"usd", "tokens"} of all calls of the run so far, or of the attempt (fix_models.shared)}.  An end that is no answer has no layer, and its reason is the note.
 */
int fix_author_propose(const struct fix_writing *w, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* What fails, in words with what was printed, at most so many bytes. */
void fix_author_evidence(const struct fix_task *t, size_t bytes, struct buf *out);

/*
 * *ret: {"model", "family", "verdict", "reason", "defects", "spent"}; where no other family can be asked, "model" is null and
 * the reason says so.
 */
struct fix_review {
	struct fix_models *models;
	const char *family; /* of who wrote it */
	const char *agent, *goal;
	const json_t *guidance; /* that its author had */
	struct str patch, evidence;
};
int fix_author_review(const struct fix_review *r, json_t **ret, struct dd_err *err) DD_MUST_USE;

#endif
