/* Inside the room: one walk of a crawl (crawl.h), done by the worker "screen". */
#ifndef QA_WALK_H
#define QA_WALK_H

#include "base/map.h"
#include "qa/capture.h"
#include "qa/scenario.h"

struct walk {
	struct page *page;
	const struct scenario *scenario;
	const char *base_url;
	const struct capture_sink *to; /* takes frames of any kind (screen.h) */
	struct map *known;	       /* fingerprints; a new one is added */
	bool still;		       /* a last step that changes nothing is told */
	bool unsafe;	   /* set: something was sent that may change the application's data */
	bool lacks_script; /* set: the page was meant to have one from elsewhere */
	int64_t steps, failed;
	struct strlist excused; /* of walk_play() alone (crawl_judge.h) */
};

/*
 * Do its steps, look at what is there behind the last, and give it: evidence where it is a page of a new structure
 * or something is wrong, the steps, and a frame "seen".  DD_EIO: the browser is gone.
 */
int walk_play(struct walk *w, struct dd_err *err) DD_MUST_USE;

#endif
