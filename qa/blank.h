/*
 * Inside the room: an empty page in a browser context of its own, asked for before it is needed, as a process for it
 * takes the browser as long as a step takes.  It waits, paused, until page_open makes it its own.
 */
#ifndef QA_BLANK_H
#define QA_BLANK_H

#include "qa/cdp.h"

struct blank { /* zeroes: nothing was asked for.  Stays where it is while something is */
	struct cdp *cdp;
	struct cdp_ask context_asked, target_asked;
	bool is_target_asked;		  /* once; it is in the list of the connection then */
	char *context, *target, *session; /* NULL: not known yet */
};

/* Ask for one; nothing if it was asked for. */
void blank_begin(struct blank *b, struct cdp *cdp);
/* Ask for what an answer that is there allows to be asked for; does not wait. */
void blank_go_on(struct blank *b);
/* An event told of this session for a page in that context: true, if it is this one's. */
bool blank_attached(struct blank *b, const char *context, const char *session);
/* Wait until it is there, for timeout_ms at most.  Errors as of cdp_call. */
int blank_wait(struct blank *b, int timeout_ms, struct dd_err *err) DD_MUST_USE;
/* The browser's part of it ends with the browser. */
void blank_cleanup(struct blank *b);

#endif
