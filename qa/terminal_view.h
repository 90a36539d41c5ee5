/*
 * Inside the room: what a terminal shows at one moment, as cells, and what is made of it: its text, the JSON that is kept
 * of a step, and a picture.  Plain data, which knows nothing of the terminal it came from.
 *
 * The JSON: {"terminal": {"rows", "columns", "title", "alternate", "cursor": {"row", "column", "visible"}},
 *   "lines": [text of each row, without blanks at its end],
 *   "styles": [{"row", "column", "length", "fg": "#rrggbb", "bg", "bold", "italic", "underline", "strike", "blink",
 *     "reverse"}]: pieces that look other than plain text, only with what makes them so,
 *   "nodes": [{"role": "row", "name": text, "x", "y", "w", "h"}]: rows that are not blank, as places of the picture}
 * Rows and columns count from 1, places in pixels from 0.
 */
#ifndef QA_TERMINAL_VIEW_H
#define QA_TERMINAL_VIEW_H

#include "base/json.h"
#include "base/str.h"
#include "qa/png.h"

#define CELL_WIDTH 8 /* pixels */
#define CELL_HEIGHT 16
#define CELL_MAX_CHARS 6 /* a character and what is combined with it */

struct terminal_cell {
	uint32_t chars[CELL_MAX_CHARS]; /* ends with 0 where there are fewer; none: blank */
	unsigned width;			/* 1, 2; 0: the second half of a wide one */
	uint32_t fg, bg;		/* 0xrrggbb as drawn: reversed already */
	bool own_fg, own_bg;		/* not the terminal's default */
	bool bold, italic, underline, strike, blink, reverse;
	bool hidden; /* a part of a secret */
};

struct terminal_view {
	int rows, columns;
	struct terminal_cell *cells;   /* row by row */
	int cursor_row, cursor_column; /* from 0 */
	bool cursor_visible, alternate;
	char *title; /* "": none was set */
};
void terminal_view_cleanup(struct terminal_view *v);

/* Same cells, size and cursor? */
bool terminal_view_equal(const struct terminal_view *a, const struct terminal_view *b);

/* A row (from 0) in UTF-8 up to a column, blanks at its end left out; heap. */
char *terminal_view_row(const struct terminal_view *v, int row, int columns);

/*
 * Where a text begins: in a row (from 0), or, row < 0, anywhere, also where the edge of the screen broke it.  The nth
 * place, from 1.  False when it is not there; ret_* (may be NULL) are of its first cell.
 */
bool terminal_view_find(const struct terminal_view *v, const char *text, int row, int64_t nth,
	int *ret_row, int *ret_column);

/*
 * Hide every place of a secret, also where its lines stand below each other, the edge of the screen broke them, or only a
 * part (of 12 bytes or more) is in sight: it is drawn and described as blocks.
 */
void terminal_view_hide(struct terminal_view *v, const char *text);

json_t *terminal_view_describe(const struct terminal_view *v);

/* Its cells in GNU Unifont, with the cursor; the same view gives the same pixels. */
int terminal_view_draw(const struct terminal_view *v, struct picture *ret, struct dd_err *err)
	DD_MUST_USE;
/* Names the font and the way of drawing: what pictures of two machines must have in common to be compared.  Heap. */
char *terminal_view_environment(void);

#endif
