/*
 * Inside the room: what assistive technology sees of a page, and things found in it by role and name (the computed
 * accessible name, https://www.w3.org/TR/accname-1.2/).
 */
#ifndef QA_AX_H
#define QA_AX_H

#include "qa/page.h"

struct ax_item {
	char *role, *name;
	int64_t node; /* backend id of its DOM node */
	json_t *out;  /* it, in the tree; borrowed */
};

struct ax {
	json_t *tree; /* an array: the tree of each frame; {role, name, value, states, children} */
	struct ax_item *items; /* in document order */
	size_t n, cap;
};
void ax_cleanup(struct ax *ax);

/* Of the frames in the page's own process.  Bounded in size and depth: DD_ELIMIT past that. */
int ax_read(struct page *p, struct ax *ret, struct dd_err *err) DD_MUST_USE;
/* The same in two steps: one question a frame.  What was asked must be dropped, taken or not. */
struct ax_asked {
	struct cdp_ask *v;
	size_t n;
};
void ax_ask(struct page *p, struct ax_asked *ret);
int ax_take(struct page *p, struct ax_asked *asked, struct ax *ret, struct dd_err *err) DD_MUST_USE;
void ax_drop(struct page *p, struct ax_asked *asked);

/*
 * The one thing of that role (NULL: any) and name: white space and case do not count, and where nobody has the whole
 * name it may be a part.  nth (from 1) chooses among several; 0: there must be one.  DD_ENOENT: none, or too many, and
 * the message says what there is.
 */
int ax_find(const struct ax *ax, const char *role, const char *name, int64_t nth, int64_t *ret_node,
	struct dd_err *err) DD_MUST_USE;

#endif
