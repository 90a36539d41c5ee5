/* Inside the room: a change that is judged, for the files that its checks are in. */
#ifndef AGENTS_JUDGING_H
#define AGENTS_JUDGING_H

#include "agents/judge.h"
#include "agents/judge_text.h"
#include "base/map.h"

#define VALUES_MAX 6 /* of a line */
#define LINES_MAX 8  /* of all tests that are varied */
#define FILE_LINES 4 /* of one of them */

enum check_state { CHECK_NOT_RUN, CHECK_PASSED, CHECK_FAILED };

struct picked { /* a line of a test that can be varied */
	size_t file;
	struct span line, values[VALUES_MAX];
	size_t nvalues;
	unsigned heard; /* values that were noticed, a bit each */
	int score;
};

struct look { /* at a run */
	bool passed;
	struct map
		lines; /* what it printed, but for what differs from run to run; owns no values */
};
void look_cleanup(struct look *l);
bool look_is_same(const struct look *a, const struct look *b);
/* Of what a program was given or is made of: did its tests notice? */
bool look_notices(const struct look *was, const struct look *is);

struct judging {
	const struct judge_spec *s;
	json_t *findings;
	enum check_state checks[JUDGE_CHECKS];
	bool *base; /* which changes are the repair, tests and runners as they were where that is possible */
	struct look with, without; /* the change's base; the tree as it was */
	struct map told;	   /* lines that only failures printed; owns no values */
	struct map steady;   /* where the tree as it was ran twice: lines of both; owns no values */
	bool twice, repeats; /* it did; and said the same */
	struct picked lines[LINES_MAX];
	size_t nlines, runs;
	int64_t started_ns;	   /* of the checks that are under way */
	const char *ended;	   /* why nothing goes on; NULL */
	bool late;		   /* what is under way had its time */
	struct strlist unfinished; /* checks that had not enough of it */
};

/* ---- judge.c ---- */

/* Had the checks that are under way their time, or is there a finding? */
bool judging_is_over(struct judging *j);
enum check_state *judging_check(struct judging *j, enum judge_check c);
void judging_found(struct judging *j, enum judge_check c, const char *path, const char *text);

enum judged_part { PART_CODE, PART_BUILD, PART_TEST };
enum judged_part judging_part(const char *path);

/* Run the changes that `which` has (NULL: none) and one more file (NULL), whose text replaces that of the change. */
int judging_look(struct judging *j, const bool *which, const struct judge_file *more,
	struct look *ret, struct dd_err *err) DD_MUST_USE;

/*
 * Does the look at the code as it was, with the line `is` of a source in place of `was`, differ from that without it?  That a message
 * quotes the line is no difference, nor is what differs from run to run.
 */
int judging_is_other(struct judging *j, const struct look *l, struct str was, struct str is,
	bool *ret, struct dd_err *err) DD_MUST_USE;

/* The picked line, and a value of it. */
struct str judging_text(const struct judging *j, const struct picked *p);
struct str judging_value(const struct judging *j, const struct picked *p, size_t value);
/* The text with another one at that place. */
void judging_put_varied(struct str all, struct span at, struct str text, struct buf *out);
/* Run with or without the change, the tests with another text in place of that value of the line. */
int judging_vary(struct judging *j, bool changed, const struct picked *p, size_t value,
	struct str text, struct look *ret, struct dd_err *err) DD_MUST_USE;

/* ---- a file each ---- */

int judging_special(struct judging *j, struct dd_err *err) DD_MUST_USE;
int judging_bypassed(struct judging *j, struct dd_err *err) DD_MUST_USE;

#endif
