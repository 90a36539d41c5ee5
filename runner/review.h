/*
 * A page on which people look at screens and decide about them: per step its picture, what was there before it, what
 * differs, and what the page said and asked for.  Complete without its script; with it, two pictures are compared in
 * four ways and decisions are saved as a file for `drydock qa decide`.
 */
#ifndef RUNNER_REVIEW_H
#define RUNNER_REVIEW_H

#include "record/record.h"
#include "runner/page.h"

#define REVIEW_PAGE "screens.html" /* of a run, below it */

struct review_spec {
	const struct state *state;
	const char *screens; /* a directory that shoot or play wrote, or views/ of a run */
	const char *
		against; /* another, whose pictures are "before"; NULL: the approved baselines are */
	const char *name; /* what the results are filed under in the history of cases */
	const char *
		path; /* of the page; more pictures than it holds come beside it, in PATH.pictures/ */
	const struct flake_list *flakes; /* of the run's tests; may be empty */
	const char *report; /* of the run, as seen from the page; NULL: there is none */
	const char *
		environment; /* what drew pages: digest of the browser's image; NULL: there is none */
	const char *display; /* the same of windows */
};

struct review_counts {
	int64_t steps, equal, different, new, failed;
	int64_t vanished; /* that only `against` has; not among the steps */
};
bool review_is_good(const struct review_counts *c); /* all are equal, and none is gone */

/*
 * Compare, keep for review, and write the page.  DD_ENOENT: there are no screens; DD_ECORRUPT: its files say no steps.
 */
int review_write(const struct review_spec *spec, struct review_counts *ret, struct dd_err *err)
	DD_MUST_USE;

/* What a page said to its console and asked of its network, as tables. */
void review_put_said(struct page *p, const struct screen_step *step);

#endif
