/*
 * intent: a page of intent and the map of a source tree become a plan that people edit.  No model is asked: what is told
 * is of the page, of the map and of rules, and the plan says which parts a model would add.
 *
 * The page and the tree are somebody else's text: bounded, made one line, never followed.  The plan is Markdown (plan.h); what
 * people wrote in it is the truth, and the checks are of what is there now.
 */
#ifndef INTENT_INTENT_H
#define INTENT_INTENT_H

#include "base/hash.h"
#include "graph/graph.h"
#include "intent/plandoc.h"

struct intent_inputs { /* borrowed */
	struct graph *g;
	const char *source;    /* the tree, as the plan names it */
	const char *page_name; /* of the page of intent */
	struct str page;       /* Markdown, or an issue of Jira or GitHub as JSON */
	struct str user_rules,
		project_rules; /* rules.md of the user and of the repository; may be empty */
	/*
	 * What was learnt about these files: [{"id", "text", "cluster", "confidence", "source"}]; NULL: nothing is.
	 */
	int (*memories)(void *ctx, const struct strlist *files, json_t **ret, struct dd_err *err);
	void *ctx;
};

/* DD_EINVAL: the page says nothing. */
int intent_draft(const struct intent_inputs *in, struct plandoc *ret, struct dd_err *err)
	DD_MUST_USE;

/*
 * What is wrong with a plan: [{"fault": a word, "ids": [...], "text"}].  root_fd: the tree, for the digests of its files; -1: they are
 * not compared.
 */
json_t *intent_check(const struct plandoc *p, int root_fd);

/* ---- what is to be done ---- */

struct intent_requirement {
	char *id;
	char *text; /* "ID: TITLE  Check: ..." */
};

/*
 * What a page is to look like, a field of a task: "screen: `PICTURE` SHA-256, at most N % of its pixels differ, at `/PATH`".  The digest
 * and the path may be left out.
 */
struct intent_screen {
	char *picture; /* PNG, by a path below the directory of the plan */
	char *digest;  /* of the picture; NULL: none is named */
	char *at;      /* path of the page on the application, from its slash on */
	double percent;
};
struct intent_screen_list {
	struct intent_screen *v;
	size_t n, cap;
};
void intent_screen_list_cleanup(struct intent_screen_list *l);
/* Of the value of the field; appended.  False: it is none, and nothing is. */
bool intent_read_screen(const char *value, struct intent_screen_list *ret);
/* All of an item's fields; appended.  How many are none. */
size_t intent_screens(const struct plandoc_item *item, struct intent_screen_list *ret);
char *intent_screen_text(const struct intent_screen *s); /* the value; heap */

#define INTENT_NEW_TESTS "new tests" /* a field of a task, and what it may say */
#define INTENT_RED_FIRST "red before"

struct intent_task {
	char *id, *title;
	char *goal; /* its title, what was decided, edge cases and gates, in words for who does it */
	struct strlist requirements,
		wanted; /* ids, constraints that it holds among them; "ID: text" of each */
	struct strlist writes, after, tests;
	struct strlist beside;	   /* `parallel with`: ids */
	struct strlist translates; /* words that run the original, and what it becomes; or empty */
	struct intent_screen_list screens;
	bool red_first; /* "new tests: red before": where there are, one of them fails without the rest of the change */
};
struct intent_tasks {
	struct intent_task *v;
	size_t n;
	struct intent_requirement *wanted; /* all of the plan that a task is for, or holds */
	size_t nwanted;
};
void intent_tasks_cleanup(struct intent_tasks *t);

/*
 * The tasks of a plan without faults, in an order in which each is behind those it is after, and else as they are written.
 */
void intent_tasks(const struct plandoc *p, struct intent_tasks *ret);

/* May they be executed at the same time?  Both say so, and what each writes is known and is no file of the other's. */
bool intent_are_beside(const struct intent_task *a, const struct intent_task *b);

/* ---- approval ---- */

/*
 * Who approved which text of a plan: lines of JSON beside it, PLAN.approvals, each with the digest of the line before, behind one that
 * says how many there are and the digest of the last: none can be changed or taken out, at the end neither, unless whoever does it
 * writes the digests anew.  Any number of processes may approve at once.
 */
struct intent_approval {
	char *author;
	char *digest; /* SHA-256 of the plan's bytes */
	int64_t time_s;
};
void intent_approval_cleanup(struct intent_approval *a);

int intent_approve(const char *plan_path, const char *author, struct intent_approval *ret,
	struct dd_err *err) DD_MUST_USE;
/* The last one, of whatever text.  DD_ENOENT: there is none; DD_ECORRUPT: the file was tampered with. */
int intent_last_approval(const char *plan_path, struct intent_approval *ret, struct dd_err *err)
	DD_MUST_USE;

#endif
