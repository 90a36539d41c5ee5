/*
 * Judging whether a change repairs, or only makes its tests green.  inventory.h reads the change; here it is run, together with
 * what the tests do not know: the tests as they were, tests with another value in them, the code with another line.  None of
 * it knows a language; a value is a number or a string, and what a program does is what its tests print.
 *
 *   held-back   the code's part of the change with tests, runners and build as they were: must do as well
 *   idle	 the rest of the change without the code's part: must not
 *   blind	 the tests with another value: a test that runs and compares must notice
 *   special	 the same, before and after the change: code that was repaired does something else for other values, too;
 *		 code that knows its tests does what it did.  Only where the change brings values that look like it
 *   deaf	 values that go in changed, one by one: results that all stay the same come from nowhere
 *   bypassed	 what is left of the old code, broken: if tests noticed before, and notice nothing now, it is only for show
 *
 * Runs where the tree may be read; the programs run elsewhere, through the host's function.
 */
#ifndef AGENTS_JUDGE_H
#define AGENTS_JUDGE_H

#include "base/json.h"
#include "base/str.h"

enum judge_check {
	JUDGE_HELD_BACK,
	JUDGE_IDLE,
	JUDGE_BLIND,
	JUDGE_SPECIAL,
	JUDGE_DEAF,
	JUDGE_BYPASSED,
	JUDGE_CHECKS,
};
extern const char *const judge_check_names[]; /* "held-back", ... */

struct judge_file { /* of the tree; borrowed */
	const char *path;
	struct str text;
};

struct judge_change { /* borrowed */
	const char *path;
	struct str before, after; /* empty where it is not there */
	bool was, is;		  /* there */
};

struct judge_run {
	bool passed;	   /* exit status 0 */
	bool ran_out;	   /* of time */
	struct buf output; /* as it came */
};
void judge_run_cleanup(struct judge_run *r);

struct judge_host {
	/*
	 * The tree as it was before the change, but for these files (text NULL: not there): build it, and run its tests.  What
	 * earlier runs made or changed is not there: a change may write what the next run is built by.
	 */
	int (*run)(void *ctx, const struct judge_file *files, size_t n, struct judge_run *ret,
		struct dd_err *err);
	void *ctx;
};

struct judge_spec {
	const struct judge_change *changes;
	size_t nchanges;
	const struct judge_file *tests; /* all of the tree, as they were */
	size_t ntests;
	bool passes; /* all tests passed with the change: elsewhere, where services and the like were there */
	bool tests_may_change; /* the goal asks for it, or they are written in another dialect now */
	/* No run of "blind" and "deaf", of "special", of "bypassed" is begun when they had so long; 0: no limit. */
	int64_t time_ms;
	const struct judge_host *host;
};

/*
 * Append {"path", "line", "kind", "text"} to findings for each check that the change fails, all of them reasons to refuse it.
 * *ret: {"runs": n, "checks": {NAME: "passed" | "failed" | "not-run"}, "ended": why checks that could say more
 * were not made to their end, or absent}, a new reference.
 */
int judge_change(const struct judge_spec *spec, json_t *findings, json_t **ret, struct dd_err *err)
	DD_MUST_USE;

/*
 * A script for sh that does what a host's run has to do in the directory `tree`: it reads the texts of the files, one behind
 * the other, from its standard input, runs `command` for at most so long, prints what that prints, and a last line with its
 * status, which judge_take_run reads.
 */
void judge_put_script(struct buf *out, const char *tree, const struct judge_file *files, size_t n,
	const char *command, int64_t limit_s);
void judge_take_run(struct str printed, struct judge_run *ret);

/* A line of source with another operator or number, appended; false, and nothing: it has none. */
bool judge_mutant(struct str line, struct buf *out);

#endif
