/* What a repair gives: its result as JSON and for people, the text of a pull request, the messages of its commits. */
#ifndef RUNNER_FIX_REPORT_H
#define RUNNER_FIX_REPORT_H

#include "agents/author.h"
#include "agents/flips.h"
#include "agents/loop.h"
#include "runner/fix.h"

struct fix_attempt {
	int64_t n;
	enum fix_author author;
	const char *task; /* id of the plan's; borrowed, NULL */
	json_t *proposed; /* of fix_propose */
	json_t *changes;  /* of fix_changes; NULL */
	json_t *linted; /* {"linters": [{"linter", "asked_by", "result", "note"}], "findings"}; NULL */
	json_t *covered; /* of counted_compare, or {"why": it was not measured}; NULL */
	json_t *parity;	 /* {"cases", "steps", "unsteady", "ended", "findings"}; NULL */
	json_t *screens; /* {"pages": [{"url", "result", "before", "after"}], "findings"}, {"findings"} or {"why"}; NULL */
	json_t *likeness; /* {"pictures": [{"picture", "wanted", "at", "most", "differs", "seen"}], "findings"}, of what the plan has pictures of; NULL */
	json_t *judged;	  /* of fix_judge; NULL */
	json_t *secured;  /* {"findings"}, in the form of judged; NULL */
	json_t *red; /* cases of its tests that fail on the source as it was; NULL: nobody asked */
	json_t *review; /* of fix_author_review; NULL: none was due */
	double usd;	/* of its calls to models */
	int64_t tokens;
	enum gate_result gates[GATES];
	struct strlist worse, better; /* cases */
	struct strlist worse_at[3];   /* the same by their level */
	enum attempt_verdict verdict;
};
struct fix_attempt_list {
	struct fix_attempt *v;
	size_t n, cap;
};
struct fix_attempt *fix_attempt_list_add(struct fix_attempt_list *l);

struct fix_side { /* a tree that was stood up */
	struct strlist layers;
	size_t kept;	/* so many of the layers were kept; the others are of the attempt alone */
	size_t attempt; /* of the attempts, where it has layers of its own */
};

struct fix_result {
	enum fix_outcome outcome;
	enum run_outcome before, after;
	struct case_result_list was, is;
	struct fix_attempt_list attempts;
	struct strlist layers, authors; /* that were kept */
	double usd;			/* of all calls to models */
	int64_t tokens;
	json_t *changes;  /* of all of them; NULL */
	json_t *security; /* {"report": name of its file, "findings", "new", "dropped", "advisories": that were read, "vulnerable": [{"path",
			     "line", "advisory", "level", "text", "known": the source had it}]}; NULL */
	json_t *attacks; /* [{"mended": [findings], "attempt", "red_before": [cases], "why": there is no test}]; NULL: nothing unsafe was mended */
	json_t *branch;	 /* {"branch", "commit", "why"}; NULL: none was asked for */
	const json_t *
		made_from; /* {"branch", "commit"} that was checked out, and the branch is on; borrowed, NULL */
	json_t *moved; /* what is checked out is not what it was made from: {"branch", "from", "to", "then"}; NULL */
	struct flips flips;	/* outcomes of all that was stood up */
	struct fix_side *sides; /* what each of them was made of */
	size_t nsides, sides_cap;
	struct flips_conflict conflict; /* of FIX_CONTRADICTORY */
	json_t *branches[2];		/* of its sides, as `branch` is; NULL */
	char *why;		   /* the diagnosis that is left, or what ended the repair; NULL */
	char *name, *digest;	   /* of the source */
	struct author_reach reach; /* of all of it: tests that were named may be changed */
	/* Of what is no repair, in place of a repair's: the heading of pr.md and what stands below it; members of result.json. */
	char *head;
	json_t *told;
};
void fix_result_cleanup(struct fix_result *r);

/* ---- what the gates of an attempt found (fix_told.c) ---- */

/* [{"gate", "result", "worse": cases of that level, where there are any}], a new reference. */
json_t *fix_gates_to_json(const struct fix_attempt *a);
/* What of r->security is left, appended as of "left" of result.json. */
void fix_left_vulnerable(const struct fix_result *r, json_t *left);
/* That what is checked out has moved since; nothing where it has not. */
void fix_put_moved(const struct fix_result *r, struct buf *out);
/* What unsafe was mended, and the test that shows it. */
void fix_put_attacks(const struct fix_result *r, struct buf *out);
/* As a section of Markdown; nothing where nobody looked. */
void fix_put_security(const struct fix_result *r, struct buf *out);
/* Below the table of the gates: all that is more than passed or failed. */
void fix_put_told(const struct fix_result *r, struct buf *out);
/* Why it was refused, and what is told besides, for a terminal. */
void fix_print_told(const struct fix_attempt *a);
/* The first thing that spoke against what was proposed, for who writes the next. */
void fix_put_reason(const struct fix_attempt *a, struct buf *out);
/* In a cell of a table or a list of Markdown, from the target: nothing of it is markup. */
void fix_put_cell(struct buf *out, const char *text);

/* Why a change that is kept was not judged to its end, so that nothing is called fixed; NULL: all were. */
const char *fix_unjudged(const struct fix_result *r);

/* Of an attempt that puts a commit onto another; heap. */
char *fix_picked_message(const struct run *run, const struct fix_attempt *a);
/* Message of the commit of the n-th layer; heap. */
char *fix_commit_message(const struct run *run, const struct fix_result *r, size_t n);
/* The attempt that one side (0, 1) of the conflict is of; NULL: it is the tree as it was, or as it is kept. */
const struct fix_attempt *fix_side_attempt(const struct fix_result *r, int side);
/* The gate that it failed, but for the cases of the other side; GATES: none. */
enum gate fix_side_refused_by(const struct fix_result *r, int side);
/* Of the layer that takes that side. */
char *fix_side_message(const struct run *run, const struct fix_result *r, int side);

/* pr.md and result.json of the run, and the patch where the user wants it. */
int fix_write_results(const struct run *run, const struct fix_result *r,
	const struct answers *answers, struct dd_err *err) DD_MUST_USE;

/* "  LABEL      TEXT", for a terminal; nothing where text is NULL. */
void fix_print_line(const char *label, const char *text);
/* The branch, and what may be done with it. */
void fix_print_branch(const struct run *run, const struct fix_result *r);
void fix_print(const struct run *run, const struct fix_result *r, const struct answers *answers,
	bool json);

#endif
