/* Inside the room: a change that is judged, for the files that its checks are in. */
#ifndef AGENTS_JUDGING_H
#define AGENTS_JUDGING_H

#include "agents/judge.h"
#include "agents/judge_text.h"
#include "base/map.h"

#define VALUES_MAX 6 /* of a line */
#define LINES_MAX 8  /* of all tests that are varied */
#define FILE_LINES 4 /* of one of them */
#define ABOVE_MAX 4  /* lines above one that compares, which may set up what it asks for */
#define TRIED_MAX 16 /* in place of one value */

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

/* Run the changes that `which` has (NULL: none) and n more files, whose texts replace those of the change. */
int judging_look(struct judging *j, const bool *which, const struct judge_file *more, size_t n,
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
/* Run with or without the change, with the tests' file that has another text in place of that value of the line. */
int judging_vary(struct judging *j, bool changed, const struct picked *p, size_t value,
	struct str text, struct look *ret, struct dd_err *err) DD_MUST_USE;

struct picking {		/* which lines come first */
	const struct map *told; /* those whose values it has */
	struct str holds; /* those that hold it, or stand below one that does; empty: nothing */
};
/* The lines of a test file that compare, or, where none does, all; best first. */
void judging_pick(const struct judging *j, size_t file, const struct picking *by,
	struct picked ret[FILE_LINES + 1], size_t *n);
/* Put it among the best of v, which has room for one more than max. */
void judging_add_line(struct picked *v, size_t *n, size_t max, const struct picked *p);
/* A line of that file, with its values; false: none, or no line of a test's own. */
bool judging_take_line(const struct judging *j, size_t file, struct str line, struct picked *ret);
/* The strings of a line that compares nothing are values, too: it may call what does. */
void judging_take_strings(const struct judging *j, struct picked *p);

/* ---- judge_asked.c: what a line asks for, and of what ---- */

struct asked {
	struct picked line;
	size_t expected; /* the value of the line that it compares with */
	struct map
		says; /* what a failure of the line prints when that is another; owns no values */
	struct picked above
		[ABOVE_MAX]; /* what the line goes on with; the lines above that compare nothing, the nearest first */
	size_t nabove;
};
void asked_cleanup(struct asked *q);

/* The lines above that compare nothing, the nearest first. */
size_t judging_above(const struct judging *j, const struct picked *p, struct picked ret[ABOVE_MAX]);
/* *ret_found: false where the line does not print what it got. */
int judging_ask(struct judging *j, const struct picked *p, struct asked *ret, bool *ret_found,
	struct dd_err *err) DD_MUST_USE;

/* A value that what is asked for may depend on. */
struct input {
	const struct picked *line;
	size_t value;
};
#define INPUTS_MAX (VALUES_MAX * (1 + ABOVE_MAX))
/* Those of the line, and of the lines above; *ret_own: how many are of the line. */
size_t judging_inputs(const struct asked *q, struct input ret[INPUTS_MAX], size_t *ret_own);

/*
 * Put what the lines say that the code gives for the line, with that text in place of the input and `want` in place of what it asks for,
 * into ret, which owns no values.
 */
void judging_answers(const struct judging *j, const struct asked *q, const struct input *in,
	struct str tried, struct str want, const struct map *lines, struct map *ret);

/* Texts in place of a value: on both sides of a number, and those of `between`; none that `tests` has. */
void judging_tries(struct str value, const struct map *tests, const struct strlist *between,
	struct strlist *ret);

/* ---- judge_elsewhere.c ---- */

struct texts { /* files with other texts in them */
	struct judge_file *files;
	struct buf *texts;
	size_t n;
};
/* Room for so many, and for one more in `files`. */
void texts_init(struct texts *t, size_t max);
/* The next of them is that file, whose text is in texts[n]. */
void texts_add(struct texts *t, const char *path);
void texts_cleanup(struct texts *t);

/* The files of tests that have the value, without it. */
void judging_without(const struct judging *j, const char *value, struct texts *ret);

/* ---- a file each ---- */

/*
 * How many of the values `known`, which the change brings and tests have, are only there to answer those tests?  Two are enough to stop;
 * one that was not looked at, for want of time or for their number, is.  `tests`: all that tests have.
 */
int judging_written(struct judging *j, const struct map *known, const struct map *tests,
	size_t *ret_left, struct dd_err *err) DD_MUST_USE;

int judging_special(struct judging *j, struct dd_err *err) DD_MUST_USE;
int judging_bypassed(struct judging *j, struct dd_err *err) DD_MUST_USE;

#endif
