/*
 * Inside the room: walking an application without a script, as a machine that decides and touches nothing.
 *
 * A *state* is what pages of one structure have in common (crawl_print.h).  An *action* is what can be done in a state: a
 * control used, a form filled and sent.  A *walk* is a state's path and one action more, in a fresh browser context; what was
 * seen at its end makes an edge, perhaps a new state, and findings.  States are found breadth first, so a path is a shortest
 * one.  The same answers give the same walks and the same graph, byte for byte: there is no time and no randomness in here
 * but the seed, which chooses what is typed.
 *
 * What a walk saw is JSON, from the worker:
 *   print      fingerprint of the structure            path       of the address, without its query
 *   failed     the last step could not be done; why    outside    it ended at a foreign origin
 *   controls   [{role, name, nth, kind, ...}] (below)  facts      [{kind, cause, text, presses}]
 * kind of a control: "link" (href, same: its origin is the application's), "button", "submit", "field" (type, min, max,
 * maxlength, options), "tick"; form: where its form is, with method and action; off: it cannot be used; where: its place in the
 * document; current: it is what is chosen.
 */
#ifndef QA_CRAWL_H
#define QA_CRAWL_H

#include "base/json.h"

struct crawl;

/* max_walks: no more than that. */
struct crawl *crawl_create(uint32_t seed, int64_t max_walks);
void crawl_destroy(struct crawl *c); /* NULL is fine */

/*
 * The walks that can be made now, in order: {"scenarios": [{name, steps}], "still": [...], "known": [...]}.  still: a walk whose
 * last step is suspicious when it changes nothing; known: fingerprints.  NULL: there are no more.  Those that are not
 * answered come again.
 */
json_t *crawl_next(struct crawl *c);

/*
 * What walk i of crawl_next's last answer saw; seen NULL: the browser ended in it.  picture: of its end, as a digest;
 * NULL: there is none.
 */
void crawl_take(struct crawl *c, size_t i, const json_t *seen, const char *picture);

/* No more walks are made: what was to be looked at once more is a finding as it was seen. */
void crawl_end(struct crawl *c);

/* {"states": [...], "edges": [...], "fenced": [...], "left": n}: without anything that may differ between two crawls. */
json_t *crawl_graph(const struct crawl *c);
/* [{kind, cause, text, state, picture, steps}], each cause once, in the order they were found. */
json_t *crawl_findings(const struct crawl *c);
size_t crawl_walks(const struct crawl *c); /* that were made */
size_t crawl_states(const struct crawl *c);

/*
 * Two builds side by side, from their first state on along actions of the same words: [{kind, text, state, picture, before,
 * steps}].  kind: "gone", "new" (an action), "structure", "screen", "new finding", "fixed".  Nothing behind a state
 * whose structure differs is compared.
 */
json_t *crawl_compare(const struct crawl *old, const struct crawl *new);

/* Is the word for something that cannot be taken back?  The word, static; NULL: no. */
const char *crawl_fence(const char *name);

#endif
