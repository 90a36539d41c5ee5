/* Inside the room: one step of a scenario, done on a page. */
#ifndef QA_ACT_H
#define QA_ACT_H

#include "qa/page.h"
#include "qa/scenario.h"

/*
 * Do it, and wait until the page has come to rest.  DD_EIO: the browser is gone; any other error is the step's failure,
 * and its message says why.
 */
int act(struct page *p, const struct scenario_step *s, const char *base_url, struct dd_err *err)
	DD_MUST_USE;

#endif
