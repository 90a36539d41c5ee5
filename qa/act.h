/* Inside the room: one step of a scenario, done on a page. */
#ifndef QA_ACT_H
#define QA_ACT_H

#include "qa/ax.h"
#include "qa/scenario.h"

/*
 * Do it, and wait until the page has come to rest.  seen (may be NULL) is what the evidence of the step before found:
 * what is clicked and typed into is looked for there first, for the page's time has stood still since.  DD_EIO: the
 * browser is gone; any other error is the step's failure, and its message says why.
 */
int act(struct page *p, const struct scenario_step *s, const char *base_url, const struct ax *seen,
	struct dd_err *err) DD_MUST_USE;

/* The value a function gives with a node (its backend id) as `this`.  DD_ENOENT: it went away. */
int act_ask(struct page *p, int64_t node, const char *function, const char *argument, json_t **ret,
	struct dd_err *err) DD_MUST_USE;
/* Press a key, by the name a scenario gives it, and wait for nothing. */
int act_press(struct page *p, const char *name, struct dd_err *err) DD_MUST_USE;

#endif
