/*
 * Inside the room: the windows of a display at one moment, and what is made of them.  Plain data, which knows nothing of the
 * server it came from; titles are the program's, at most DISPLAY_MAX_TEXT bytes, without control characters.
 *
 * The JSON of a step: {"display": {"width", "height", "manager": is there a window manager},
 *   "windows": [{"id": "0x400016", "title", "class", "instance", "x", "y", "w", "h", "dialog", "managed", "question"}],
 *   "more": so many windows are not in it, "lines": [a window each, as text],
 *   "nodes": [{"role": "window" or "dialog", "name": title, "x", "y", "w", "h"}]}, the uppermost window first.
 */
#ifndef QA_DISPLAY_VIEW_H
#define QA_DISPLAY_VIEW_H

#include "base/json.h"
#include "base/str.h"
#include "qa/scenario.h"

#define DISPLAY_MAX_WINDOWS 64
#define DISPLAY_MAX_TEXT 256

struct display_window {
	uint32_t id;
	uint32_t outer;			/* what lies on the display: its frame, or itself */
	char *title, *class, *instance; /* never NULL */
	int x, y, w, h;			/* without its frame */
	int inset_x, inset_y;		/* where it begins in `outer`, border included */
	int outer_x, outer_y, outer_w, outer_h;
	bool dialog;  /* it says so, or belongs to another window */
	bool managed; /* by the window manager; else a menu, a tip, or the like */
};

struct display_view {
	struct display_window v[DISPLAY_MAX_WINDOWS]; /* in sight, the uppermost first */
	size_t n;
	size_t more; /* that are in sight and not among them */
	int width, height;
	bool manager;
};
void display_view_cleanup(struct display_view *v);

/* A text of the program as it is kept: valid or not, control characters are blanks.  Latin-1 becomes UTF-8.  Heap. */
char *display_view_text(struct str bytes, bool latin1);

/* That a target means; NULL: there is none. */
const struct display_window *display_view_find(
	const struct display_view *v, const struct scenario_target *t);
/* The uppermost one at a place of the display; NULL: none is there. */
const struct display_window *display_view_at(const struct display_view *v, int x, int y);

/* "dialog:SLUG" of a window's title without its prefix, heap. */
char *display_view_slug(const struct display_window *w);

/* questions[i]: the id of what window i asks; NULL where it asks nothing. */
json_t *display_view_describe(const struct display_view *v, char *const *questions);

#endif
