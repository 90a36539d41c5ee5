/* Between the files that know libgit2: its start, its errors. */
#ifndef BASE_GIT_IN_H
#define BASE_GIT_IN_H

#include "base/err.h"

#include <git2.h>

void gitrepo_start_library(void); /* once for the process; base/git.h says with which settings */
/* rc: what libgit2 gave; the message says what was being done, and libgit2's reason. */
int gitrepo_fail(int rc, const char *doing, struct dd_err *err);
char *gitrepo_hex_of(const git_oid *id); /* heap */

#endif
