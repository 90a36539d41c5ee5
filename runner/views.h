/*
 * What the application of a run shows who comes to it: its entry pages, one for each port that answers HTTP, seen by a
 * browser while the run is stood up.  Pictures and records are files of the run (views/) and so subjects of its
 * attestation; the steps are the result of a journalled step, and so part of its chain.
 */
#ifndef RUNNER_VIEWS_H
#define RUNNER_VIEWS_H

#include "runner/standup.h"

#define VIEWS_DIR "views"
#define VIEWS_MAX 4 /* entry pages; more ports are not looked at */

/*
 * A journalled step, done again when a picture is gone; fills r->views.  Needs the recipe on disk.  What keeps the
 * browser from looking is r->views.note, and no error: the outcome of the run stands already.
 */
int views_take(const struct state *st, struct run *run, struct answers *answers,
	struct standup_result *r, struct dd_err *err) DD_MUST_USE;

/*
 * The same as no step of the run: its caller journals.  keep: pictures and records are its files; else they are objects of the content
 * store for a while.  paths: of the pages of each port, which are all looked at in one go; ret: one for each path, and none when it fails.
 */
int views_look(const struct state *st, struct run *run, struct answers *answers,
	const struct standup_result *r, bool keep, const struct strlist *paths, struct views *ret,
	struct dd_err *err) DD_MUST_USE;
void views_cleanup(struct views *v);

/* Name of the picture of a step in the run's directory; heap. */
char *views_picture(const struct screen_step *step);

/* {browser, note, steps}; each step with the absolute `path` of its picture.  Null where nothing was to be seen. */
json_t *views_to_json(const struct run *run, const struct views *v);

#endif
