/* Inside base: libgit2 as all of git*.c uses it. */
#ifndef BASE_GIT_LIBRARY_H
#define BASE_GIT_LIBRARY_H

#include "base/err.h"

void git_library_start(void);
/* The error that libgit2 tells of itself; "DOING: reason". */
int git_library_fail(int rc, const char *doing, struct dd_err *err);

#endif
