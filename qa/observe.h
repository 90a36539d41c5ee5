/* Inside the room: what a crawl (crawl.h) has to know of a page, asked of the browser. */
#ifndef QA_OBSERVE_H
#define QA_OBSERVE_H

#include "qa/page.h"

/* A text that is another one when anything of the page is; heap. */
int observe_content(struct page *p, char **ret, struct dd_err *err) DD_MUST_USE;

/* What qa/data/observe.js gives of the page, with "controls" (crawl.h). */
int observe_page(struct page *p, const char *origin, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* What axe-core finds in its documents of that origin is added to facts.  DD_ELIMIT, DD_EINVAL: it could not be run in one. */
int observe_axe(struct page *p, const char *origin, json_t *facts, struct dd_err *err) DD_MUST_USE;

/* Go through the page by keyboard; a place that is not left again is added to facts. */
int observe_focus(struct page *p, int64_t focusable, json_t *facts, struct dd_err *err) DD_MUST_USE;

#endif
