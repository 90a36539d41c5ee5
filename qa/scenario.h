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
 * On a display of its own, of a scenario with {"display": {"run": "./harbour", "dir": "src", "width": 1280, "height": 720}}:
 *
 *   {"expect": {"name": "Harbour"}}                a window whose title has that, or of "class"; "absent": true
 *   {"expect": {"text": "ready"}}                  in what the program wrote
 *   {"click": {"name": "Harbour", "at": "40,60"}}  in that window, from its upper left, or from its lower right ("-40,-20");
 *                                                  without "at" its middle, without a window a place of the display
 *   {"type": {"text": "anna"}}                     or "answer"; where the focus is, or in the window of "name" or "class"
 *   {"press": "Alt-F"}, {"exit": 0}, {"shoot": "the list"}
 *
 * Of several windows the uppermost is meant, or the "nth" from there.
 *
 * A file is one scenario {"name", "steps"} or {"scenarios": [...]}.
 */
#ifndef QA_SCENARIO_H
#define QA_SCENARIO_H

#include "base/json.h"
#include "base/str.h"
#include "record/record.h"

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
	char *class; /* of a window */
	char *at;    /* a place in it */
	char *text;  /* expect: seen anywhere; type: what is typed */
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
#define SCENARIO_MAX_SIDE 4096
struct scenario_program {
	char *run;	       /* a command line for the shell */
	char *dir;	       /* of the work tree, where it is run; NULL: its top */
	int64_t width, height; /* columns and rows of a terminal, pixels of a display */
};

struct scenario {
	char *name;
	enum screen_kind screen;
	struct scenario_program program; /* not of pages */
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

/* "-40,-20": a place; false: it is none. */
bool scenario_parse_place(const char *text, int *ret_x, int *ret_y);

/* "Ctrl-Shift-F1": the key without what is held with it. */
enum scenario_held { SCENARIO_CTRL = 1, SCENARIO_ALT = 2, SCENARIO_SHIFT = 4 };
const char *scenario_key(const char *word, unsigned *ret_held);

/* The address a "go" leads to, heap; NULL: it is not one of the application's, nor of the web. */
char *scenario_address(const char *base_url, const char *to);

#endif
