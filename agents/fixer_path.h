/* Inside the room: the paths that tools of a build name. */
#ifndef AGENTS_FIXER_PATH_H
#define AGENTS_FIXER_PATH_H

#include "base/str.h"

/*
 * A path as a tool names it that works in dir, a directory of the tree ("": its root): below the tree, plain, "" for its root.
 * By its text alone: links are not looked at.  NULL: it is outside of the tree.  Heap.
 */
char *fixer_path(const char *dir, struct str path);

#endif
