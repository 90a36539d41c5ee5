/*
 * Written scenarios: what is done on a screen, one step after the other.  JSON, read strictly (an unknown key is an
 * error that names its path); every step is an object with one key.  On a page:
 *
 *   {"go": "/login"}                               a path of the application, or http(s)://...
 *   {"click": {"role": "button", "name": "Pay"}}   by accessible name; "nth" where there are several
 *   {"type": {"role": "textbox", "name": "User", "text": "anna"}}     or "answer": an id of the answers file
 *   {"press": "Enter"}                             a key; also a letter or a digit
 *   {"expect": {"role": "heading", "name": "Paid"}}, {"expect": {"text": "Thank you"}}; "absent": true
 *   {"shoot": "the cart"}                          evidence, without doing anything
 *
 * In a terminal, of a scenario with {"terminal": {"run": "less README", "dir": "doc", "columns": 80, "rows": 24}}:
 *
 *   {"type": {"text": "anna"}}                     or "answer"
 *   {"press": "Ctrl-C"}                            Enter, Up, F1, ..., a character; with Ctrl-, Alt-, Shift- before it
 *   {"click": {"name": "Save"}}                    the middle of that text, where the program takes the mouse
 *   {"expect": {"text": "Saved"}}                  on the screen, or in "row" (from 1); "absent": true
 *   {"resize": "100x30"}                           columns and rows
 *   {"exit": 0}                                    it ends, with that status
 *   {"shoot": "the list"}
 *
 * A file is one scenario {"name", "steps"} or {"scenarios": [...]}.
 */
#ifndef QA_SCENARIO_H
#define QA_SCENARIO_H

#include "base/json.h"
#include "base/str.h"

#define SCENARIO_MAX_STEPS 1000

enum scenario_kind {
	SCENARIO_GO,
	SCENARIO_CLICK,
	SCENARIO_TYPE,
	SCENARIO_PRESS,
	SCENARIO_EXPECT,
	SCENARIO_SHOOT,
	SCENARIO_RESIZE,
	SCENARIO_EXIT,
};

struct scenario_target {
	char *role, *name;
	char *text; /* expect: seen anywhere; type: what is typed */
	char *answer; /* type: the id whose value `text` is, and which stands for it in all that is written */
	int64_t nth;
	int64_t row;
	bool absent; /* expect: it is not there */
};

struct scenario_step {
	enum scenario_kind kind;
	char *word;	/* of go, press, shoot, resize */
	int64_t status; /* of exit */
	struct scenario_target on;
};

#define SCENARIO_MAX_COLUMNS 400
#define SCENARIO_MAX_ROWS 200
struct scenario_terminal {
	char *run; /* a command line for the shell */
	char *dir; /* of the work tree, where it is run; NULL: its top */
	int64_t columns, rows;
};

struct scenario {
	char *name;
	bool in_terminal;
	struct scenario_terminal terminal;
	struct scenario_step *steps;
	size_t n;
};

struct scenario_list {
	struct scenario *v;
	size_t n, cap;
};
void scenario_list_cleanup(struct scenario_list *l);

/* DD_EINVAL: it is none; the message names the place. */
int scenario_list_from_json(const json_t *file, struct scenario_list *ret, struct dd_err *err)
	DD_MUST_USE;
json_t *scenario_to_json(const struct scenario *s);

/* In words: click button "Pay"; heap. */
char *scenario_step_words(const struct scenario_step *s);

/* "100x30" to columns and rows, within the bounds; false: it is none. */
bool scenario_parse_size(const char *text, int64_t *ret_columns, int64_t *ret_rows);

/* The address a "go" leads to, heap; NULL: it is not one of the application's, nor of the web. */
char *scenario_address(const char *base_url, const char *to);

#endif
