/* Inside the room: files that a build or a test did not find, and the questions about them. */
#ifndef ENVPROBE_FILES_H
#define ENVPROBE_FILES_H

#include "envprobe/loop.h"
#include "sandbox/trace.h"

/*
 * What was looked for in vain and is named by a message or by the code: no header of a package, nothing that
 * the tree makes.
 */
int files_missing(const struct loop *l, const struct trace *t, const struct problem_list *problems,
	struct missing_file_list *ret, struct dd_err *err) DD_MUST_USE;

/*
 * Paths of the parts that are absent from the source and were looked at, or that a message misses: who changes into
 * a directory opens nothing.
 */
void files_touched(const struct loop *l, const struct trace *t, const struct problem_list *problems,
	struct strlist *ret);

/* Ask for what is absent from the source; what is answered is supplied from the first attempt on. */
void files_offer(struct loop *l);

/*
 * Ask for what the last step missed, and want the packages that have it; true when there is something new to
 * try.  scope: of the step; `nothing_works`: the step had no result at all, so that a question may be what it waits for.
 */
bool files_learn(struct loop *l, enum need_scope scope, bool nothing_works);

/* The last step succeeded: what it looked for in vain it can do without. */
void files_forget(struct loop *l);

/* Journalled: bring what is supplied to where it is looked for. */
int files_place(struct loop *l, struct dd_err *err) DD_MUST_USE;

#endif
