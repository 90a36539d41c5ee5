/* A plan as commands read it: PLAN is its file, or the directory that has it as plan.md. */
#ifndef RUNNER_PLAN_FILE_H
#define RUNNER_PLAN_FILE_H

#include "intent/intent.h"

char *plan_file_path(const char *plan); /* heap */

/* ret_text, which may be NULL, gets its bytes.  DD_EINVAL: there is none, or it is no plan. */
int plan_file_load(const char *path, struct buf *ret_text, struct plandoc *ret, struct dd_err *err)
	DD_MUST_USE;

const char *plan_file_source(const struct plandoc *p); /* the tree that it names; NULL */

/*
 * As intent_check gives them, with pictures that are not beside the plan, or are others; source NULL: the tree that it names.
 * DD_EINVAL: the tree is not there.
 */
int plan_file_faults(const char *path, const struct plandoc *p, const char *source, json_t **ret,
	struct dd_err *err) DD_MUST_USE;

/* fn of each screen of the plan, in its order, with the id of its task, until one fails. */
typedef int (*plan_screen_fn)(
	void *ctx, const char *task, const struct intent_screen *s, struct dd_err *err);
int plan_file_each_screen(const struct plandoc *p, plan_screen_fn fn, void *ctx, struct dd_err *err)
	DD_MUST_USE;

/*
 * The picture of a screen of the plan at `path`, which lies below the plan's directory; appended.  DD_EINVAL: it is not there, is no PNG,
 * or not the one that the plan names.
 */
int plan_file_picture(const char *path, const struct intent_screen *s, struct buf *ret,
	struct dd_err *err) DD_MUST_USE;

/* {"approved", "by", "digest", "time_s"}, or {"approved": false}: approved only if it is of this text. */
int plan_file_approval(const char *path, struct str text, json_t **ret, struct dd_err *err)
	DD_MUST_USE;

#endif
