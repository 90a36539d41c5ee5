/*
 * Inside the room: the evidence of a moment.  Pictures are taken once the page holds still: finite animations ended,
 * endless ones at their start, caret hidden, fonts and images there, and two pictures in a row the same.  Each condition
 * that does not hold within its bound, and each piece that cannot be had, is named in unmet of the step: "fonts",
 * "images", "frames" (no two pictures were the same), "whole page" (too large: its beginning is there), "picture",
 * "tree", "dom".
 */
#ifndef QA_CAPTURE_H
#define QA_CAPTURE_H

#include "qa/ax.h"

#define CAPTURE_TILE 8000      /* height of one picture of a whole page */
#define CAPTURE_MAX_TILES 13   /* so many of them: 104,000 pixels */
#define CAPTURE_MAX_WIDTH 4096 /* a page that is wider is cut */

struct capture_sink {
	/* Take a piece of evidence of the step: "picture", "whole" (each of its tiles), "tree", "dom". */
	int (*put)(void *ctx, const char *kind, struct str data, struct dd_err *err);
	void *ctx;
};

/*
 * What does not depend on each other is asked together: document and tree come while the second picture is drawn.
 * DD_EIO: the browser is gone (or the sink failed).  All else is in the step.  *ret_tree (NULL: not wanted) is what
 * was found in the page, for the step behind it; empty where there is none.
 */
int capture_evidence(struct page *p, const struct capture_sink *to, struct ax *ret_tree,
	struct dd_err *err) DD_MUST_USE;

#endif
