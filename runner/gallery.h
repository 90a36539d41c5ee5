/*
 * The pictures of a page, each of them once however often it is shown: packed anew without loss, and kept as data at the
 * page's end, or beside the page once that is full.  Where one is shown, the page has a drawing that uses it by its
 * number.  They are kept inside noscript, where whoever shows them has the drawings, too: for a browser that runs the
 * page's script all that is text, of which it decodes and lays out nothing until the script makes an image of it
 * (data/review.js); one that runs none draws them.
 */
#ifndef RUNNER_GALLERY_H
#define RUNNER_GALLERY_H

#include "base/map.h"
#include "runner/page.h"
#include "sandbox/sandbox.h"

struct gallery {
	const struct state *state;
	char *beside;	    /* PAGE.pictures, a directory: those that the page has no room for */
	struct map numbers; /* by digest of what was given, from 1 */
	struct buf kept;    /* of the page's end */
};

void gallery_init(struct gallery *g, const struct state *state, const char *page_path);
void gallery_cleanup(struct gallery *g);

/*
 * Show a PNG at this place of the page.  A file that is none, or cannot be packed, is kept as it is.  Errors: of the
 * sandbox, and of the disk.
 */
int gallery_show(struct gallery *g, struct page *p, struct str png, const char *alt,
	struct dd_err *err) DD_MUST_USE;

/* What was shown, at the page's end. */
void gallery_put(const struct gallery *g, struct page *p);

#endif
