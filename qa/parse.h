/*
 * Test results from what a test command printed or wrote; pure functions over bytes, run in the
 * worker "results".  A parser adds the cases it recognises and may set flags; the rules that hold
 * for all formats (exit status and report disagree, nothing ran) are applied once, in parse.c.
 */
#ifndef QA_PARSE_H
#define QA_PARSE_H

#include "base/map.h"
#include "record/record.h"

#define PARSE_MAX_CASES 1000000
#define PARSE_MAX_MESSAGE 4096

struct parse {
	struct test_run *run;
	enum test_level level; /* of the command; a case's own place may say better */
	const char *suite;     /* default */
	struct map ids;	       /* ids given so far */
	bool cut;	       /* a signal or a limit ended the command */
	bool truncated;	       /* the report ends before it should */
	bool zero;	       /* the tool itself said that there was nothing to run */
	bool lines;	       /* the report is of no framework */
};

/* Add a case; name and suite are made valid text.  message may be empty. */
struct test_case *parse_add(struct parse *p, struct str suite, struct str name,
	enum test_status status, struct str message);

/* The message of a case that has none yet, made valid text. */
void parse_set_message(struct test_case *c, struct str message);

/* Cases without a name for those of this status that a report counts, and does not name. */
void parse_fill(struct parse *p, enum test_status status, int64_t wanted);

/* The status that a word of a report means ("completed", "notrun", "Inconclusive"); of no known word: `otherwise`. */
enum test_status parse_status_word(struct str word, enum test_status otherwise);

/* The line without the escape sequences that set colours (ECMA-48 SGR); bounded by out's maximum. */
void parse_strip_colours(struct str line, struct buf *out);

/* Milliseconds that the text ends with: "0.01 sec", "(38ms)", "5.1 s"; -1: it ends with no time. */
double parse_time_at_end(struct str text);

/* The formats.  True when the text looked like it at all. */
bool parse_tap(struct parse *p, struct str text);
bool parse_automake(struct parse *p, struct str text);
bool parse_ctest(struct parse *p, struct str text);
bool parse_pytest(struct parse *p, struct str text);
bool parse_unittest(struct parse *p, struct str text);
bool parse_unittest_dots(struct parse *p, struct str text); /* a dot a case */
bool parse_meson(struct parse *p, struct str text);
bool parse_prove(struct parse *p, struct str text);
bool parse_node(struct parse *p, struct str text);
bool parse_mocha(struct parse *p, struct str text);
bool parse_jest(struct parse *p, struct str text);
bool parse_go(struct parse *p, struct str text);
bool parse_cargo(struct parse *p, struct str text);
bool parse_rspec(struct parse *p, struct str text);
bool parse_minitest(struct parse *p, struct str text);
bool parse_tcltest(struct parse *p, struct str text);
bool parse_gtest(struct parse *p, struct str text);
bool parse_check(struct parse *p, struct str text);
bool parse_nextest(struct parse *p, struct str text);
bool parse_vitest(struct parse *p, struct str text);
bool parse_phpunit(struct parse *p, struct str text);
bool parse_surefire(struct parse *p, struct str text);
bool parse_junit_text(struct parse *p, struct str text);
bool parse_xml(struct parse *p, struct str text);
bool parse_json(struct parse *p, struct str text);
bool parse_lines(struct parse *p, struct str text);

/*
 * The report of a command, read by its format, and if it is not that, by whichever recognises it.
 * exit_code -1: a signal or a limit ended it.
 */
void parse_report(struct str text, int exit_code, const struct command *cmd, struct test_run *ret);

#endif
