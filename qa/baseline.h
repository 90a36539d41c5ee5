/*
 * Baselines: the pictures that people approved, and what became of them.  One SQLite database and the content store
 * of the state directory; safe against kill -9, for any number of processes.
 *
 * A case is a step of a scenario ("checkout/3 pay"); its baselines are kept apart by environment, because browsers,
 * fonts and processors draw differently.  A first picture is "new" until a person approves it, and that is no pass.
 * Nothing is ever changed in the log: approving, rejecting and undoing each add an entry with author, time, reason,
 * the digest of the picture and that of the baseline before; what holds now follows from the entries.  Thread: one.
 */
#ifndef QA_BASELINE_H
#define QA_BASELINE_H

#include "base/json.h"
#include "qa/picture.h"

/* What a picture depends on besides the application: who captures fills it in.  Borrowed. */
struct baseline_environment {
	const char *browser; /* program and version */
	const char *fonts;   /* digest of those that could be used */
	const char *flags; /* that change what is drawn, and the kind of processor where it does */
	uint32_t w, h;	   /* of the viewport, pixels */
};

enum baseline_verdict {
	VERDICT_PASSED,	   /* equal to the approved one */
	VERDICT_DIFFERENT, /* from it */
	VERDICT_NEW,	   /* none is approved: new, unreviewed */
	VERDICT_REJECTED,  /* this very picture was rejected */
	VERDICT_BLANK,	   /* one colour everywhere: equal to nothing */
};
extern const char *const baseline_verdict_names[];

struct baseline_result {
	enum baseline_verdict verdict;
	struct hash_hex picture;  /* digest of what was captured, an object of the content store */
	struct hash_hex baseline; /* of what it was compared with; "" when none is approved */
	double masked;		  /* share of the picture that was not compared, 0 to 1 */
	struct picture_diff diff; /* all 0 unless it was compared */
};
void baseline_result_cleanup(struct baseline_result *r);

struct baselines;

/* state is borrowed.  Made if it is not there. */
int baselines_open(const struct state *state, struct baselines **ret, struct dd_err *err)
	DD_MUST_USE;
void baselines_close(struct baselines *b); /* NULL is fine */

/* What keeps environments apart; also what people and decisions call one. */
struct hash_hex baseline_environment_key(const struct baseline_environment *e);

struct baseline_capture {
	const struct baseline_environment *environment;
	const char *case_name;
	const char *
		run; /* any text that is one for each run; a second result of a run replaces the first */
	struct str png;
	const struct picture_box *masks;
	size_t nmasks;
	struct str tree_a,
		tree_b; /* as in picture_spec: of the baseline's capture and of this one; may be empty */
};

/*
 * Keep a capture, compare it with the baseline and add it to the history.  DD_ECORRUPT: it is no picture; nothing is
 * kept then.
 */
int baseline_check(struct baselines *b, const struct baseline_capture *c,
	struct baseline_result *ret, struct dd_err *err) DD_MUST_USE;

enum baseline_decision { DECIDE_APPROVE, DECIDE_REJECT, DECIDE_UNDO };
extern const char *const baseline_decision_names[]; /* "approve", "reject", "undo" */

/* Who says so, and why; neither is empty. */
struct baseline_author {
	const char *name, *reason;
};

/*
 * Approve or reject the newest picture of each case that is named, in every environment, or (no name) of each that
 * waits for a person; or undo the last decision that still holds for it.  All or nothing.  ret_entries: what was
 * added to the log; empty when all was so already.  DD_ENOENT: there is no such case; DD_EINVAL: a blank picture is
 * not approved; nothing to undo.
 */
int baseline_decide(struct baselines *b, enum baseline_decision decision,
	const struct strlist *cases, const struct baseline_author *author, json_t **ret_entries,
	struct dd_err *err) DD_MUST_USE;

/*
 * The same from a file of decisions:
 *
 *   {"drydock_decisions": 1, "author": "Ada", "decisions": [
 *     {"case": "checkout/3 pay", "environment": "<key>", "picture": "<digest>",
 *      "decision": "approve", "reason": "new colours"}, ...]}
 *
 * `picture` is the one that was looked at: DD_EINVAL when it is no longer the newest of its case, and nothing is done.
 * With "undo" it is the one whose decision is undone.  A file may be applied again: what holds already adds nothing.
 */
int baseline_decide_file(struct baselines *b, const json_t *file, json_t **ret_entries,
	struct dd_err *err) DD_MUST_USE;

/*
 * What is known of a case, or (NULL) of all: array of {case, environment, verdict, reviewed, picture, baseline, masked,
 * results: of the last 30 runs, newest first, log: oldest first}.
 */
int baseline_history(struct baselines *b, const char *case_name, json_t **ret, struct dd_err *err)
	DD_MUST_USE;

#endif
