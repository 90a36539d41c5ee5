/*
 * Inside the room: a client of an X server, as the worker "display" is: windows, their pixels, pointer and keys (X11, XTEST,
 * Composite 0.4, ICCCM, EWMH).
 *
 * The server is ours, but a hostile program has been its client, too, and may hold it, end other clients or change what they
 * see.  No answer is waited for longer than DISPLAY_ANSWER_MS; the first that does not come ends it: the display is lost, and
 * every call says so at once.  Who grabs the server does not stop us (XTestGrabControl).  We make no resource by whose number
 * we could be ended, but pixmaps that live as long as one call.
 */
#ifndef QA_DISPLAY_H
#define QA_DISPLAY_H

#include "qa/display_view.h"
#include "qa/png.h"

#define DISPLAY_COOKIE 16 /* bytes */
#define DISPLAY_COOKIE_NAME "MIT-MAGIC-COOKIE-1"
#define DISPLAY_ANSWER_MS 5000
#define DISPLAY_OPEN_S 30
#define DISPLAY_MAX_PICTURE 2048 /* pixels of a side: what a window has beyond them is left out */

struct display;

/* fd: a connection to the server; taken, also on error.  What takes longer than DISPLAY_OPEN_S ends the process. */
int display_open(int fd, const unsigned char cookie[DISPLAY_COOKIE], struct display **ret,
	struct dd_err *err) DD_MUST_USE;
void display_close(struct display *d); /* NULL is fine */
bool display_is_lost(const struct display *d);

/* Errors of all: DD_EIO, the display is lost. */
int display_look(struct display *d, struct display_view *ret, struct dd_err *err) DD_MUST_USE;
/* All that is in sight; and a window, also where others cover it.  DD_EINVAL: the window is gone, or not to be had. */
int display_picture(struct display *d, struct picture *ret, struct dd_err *err) DD_MUST_USE;
int display_window_picture(struct display *d, const struct display_window *w, struct picture *ret,
	struct dd_err *err) DD_MUST_USE;
/* Does it look as it did when this was asked last?  ret->same is so written. */
int display_is_same(struct display *d, bool *ret_same, struct dd_err *err) DD_MUST_USE;

int display_click(struct display *d, int x, int y, struct dd_err *err) DD_MUST_USE;
/* Ask the window manager to bring it up and give it the focus. */
int display_activate(struct display *d, const struct display_window *w, struct dd_err *err)
	DD_MUST_USE;
/* In UTF-8; a newline is Enter.  DD_EINVAL: no keyboard could have so many characters. */
int display_type(struct display *d, const char *text, struct dd_err *err) DD_MUST_USE;
/* DD_EINVAL: there is no such key. */
int display_press(struct display *d, const char *key, struct dd_err *err) DD_MUST_USE;

#endif
