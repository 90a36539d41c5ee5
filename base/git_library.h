/* Between the files that know libgit2: its start, its errors, its names. */
#ifndef BASE_GIT_LIBRARY_H
#define BASE_GIT_LIBRARY_H

#include "base/err.h"

#include <git2.h>

void git_library_start(void); /* once for the process; base/git.h says with which settings */
/* rc: what libgit2 gave; the message says what was being done, and libgit2's reason. */
int git_library_fail(int rc, const char *doing, struct dd_err *err);
char *git_library_hex(const git_oid *id); /* heap */

#endif
