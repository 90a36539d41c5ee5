/*
 * Inside the room: what is wrong, from what a step showed: facts {kind, cause, text}.  cause is the same whenever the reason is:
 * a fault in a frame that all pages have is told once.
 */
#ifndef QA_CRAWL_JUDGE_H
#define QA_CRAWL_JUDGE_H

#include "record/record.h"

/*
 * Append to facts (an array) what the step (its console, requests and unmet conditions) and the page (what qa/data/observe.js
 * gave; NULL: nothing could be had) say.  origin: of the application; what others do not answer is not its fault.
 * excused: texts that were typed on the way, and paths of crawl_sent_on(); a part of a page that has its address from there is not missing.
 */
void crawl_judge(const struct screen_step *step, const json_t *page, const char *origin,
	const struct strlist *excused, json_t *facts);

/* Append the paths of pictures that the application sends for to another origin, where nobody answers here. */
void crawl_sent_on(const struct screen_step *s, const char *origin, struct strlist *ret);

/* The same for texts that no page should show: traces of its inside, and secrets. */
void crawl_judge_text(const char *text, json_t *facts);

/* Did the step send what may change the application's data (RFC 9110, 9.2.1: a method that is not safe)? */
bool crawl_is_unsafe(const struct screen_step *step);
/*
 * Does the page lack a script of another origin, where nobody answers here?  What then has no effect may have one
 * elsewhere.  lacked: it did before this step; a new document begins anew.
 */
bool crawl_lacks_script(const struct screen_step *s, const char *origin, bool lacked);

void crawl_fact(json_t *facts, const char *kind, const char *cause, const char *text);

#endif
