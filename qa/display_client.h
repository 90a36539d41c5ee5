/* Inside qa/display*.c: the connection that they share. */
#ifndef QA_DISPLAY_CLIENT_H
#define QA_DISPLAY_CLIENT_H

#include "qa/display.h"

#include <xcb/xcb.h>

enum {
	ATOM_NET_WM_NAME,

	ATOM_WM_STATE,
	ATOM_TYPE,
	ATOM_DIALOG,
	ATOM_MANAGER,
	ATOM_ACTIVE,
	ATOMS
};

struct display {
	xcb_connection_t *c;
	xcb_window_t root;
	int width, height;
	xcb_atom_t atoms[ATOMS];
	xcb_get_image_reply_t *seen; /* by display_is_same; NULL: nothing yet */
	bool lost;
};

/* The reply of that request, heap; NULL: an error came, or the display is lost. */
void *display_answer(struct display *d, unsigned sequence);
int display_check(const struct display *d, struct dd_err *err) DD_MUST_USE;
int display_sync(struct display *d, struct dd_err *err) DD_MUST_USE;

#endif
