/* What people want of every plan and prompt: rules.md, the user's own and that of a source tree. */
#ifndef RUNNER_RULES_H
#define RUNNER_RULES_H

#include "base/err.h"
#include "base/str.h"

/*
 * Both, appended; a file that is not there adds nothing.  The tree's, .drydock/rules.md below root, is the tree's text and is not
 * trusted: it is opened without leaving the tree.  DD_ELIMIT: the user's has more than 64 KiB; the
 * tree's is left out then, with a warning.
 */
int rules_read(const char *root, struct buf *ret_user, struct buf *ret_project, struct dd_err *err)
	DD_MUST_USE;

#endif
