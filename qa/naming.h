/*
 * What a person would call the changed places of a page, from what the browser says of its elements.  Private to the
 * room; runs in a worker.
 *
 * A tree is JSON: {"nodes": [{"role": "button", "name": "Pay", "x": 10, "y": 20, "w": 118, "h": 32}, ...]}, in the
 * order of the document, places in pixels of the picture; or the tree of a step's evidence (qa/ax.h), of which what has a
 * name and a place is taken.  Elements are the same in both when role and name are, the
 * n-th with the n-th; other keys are ignored.
 */
#ifndef QA_NAMING_H
#define QA_NAMING_H

#include "base/err.h"
#include "base/str.h"
#include "qa/areas.h"

struct naming;

/* Empty texts: nothing is known, and every name is "".  DD_ECORRUPT: one of them is not such a tree. */
int naming_create(struct str tree_a, struct str tree_b, struct naming **ret, struct dd_err *err)
	DD_MUST_USE;
void naming_destroy(struct naming *n);

/*
 * "button 'Pay' moved 3 px down", "button 'Buy' was 'Pay'", "heading 'Cart' is gone"; at most three, with "; ".
 * area: in the second picture.  Heap.
 */
char *naming_describe(const struct naming *n, const struct area *area);

#endif
