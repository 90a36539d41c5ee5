/*
 * The source tree as the detectors see it, inside the parser worker: a list of its regular files
 * and bounded reads of them.  Paths are relative to the root of the tree, byte-sorted; nothing is
 * followed out of it.  What lies in a version control directory is not listed.
 */
#ifndef ENVPROBE_TREE_H
#define ENVPROBE_TREE_H

#include "base/err.h"
#include "base/str.h"

#define TREE_MAX_FILES 200000
#define TREE_MAX_FILE_BYTES ((size_t)2 << 20)

struct tree {
	int fd;		      /* of the root directory; owned */
	struct strlist files; /* sorted */
};

int tree_open(const char *path, struct tree *ret, struct dd_err *err) DD_MUST_USE;
void tree_cleanup(struct tree *t);

bool tree_has(const struct tree *t, const char *path);

/* dir "" is the root; the result is heap. */
char *tree_join(const char *dir, const char *name);

/* Path of dir's file of that name; heap, NULL if it has none. */
char *tree_file(const struct tree *t, const char *dir, const char *name);

/* Path of the first of these names (NULL-terminated) that dir has; heap, NULL if it has none. */
char *tree_find(const struct tree *t, const char *dir, const char *const *names);

/* The first TREE_MAX_FILE_BYTES of a file; the empty view in `ret` when it cannot be read. */
void tree_read(const struct tree *t, const char *path, struct buf *ret);
/* The first `most` bytes of it. */
void tree_read_start(const struct tree *t, const char *path, size_t most, struct buf *ret);
/* As tree_read; false: there is nothing, or it is no text. */
bool tree_read_text(const struct tree *t, const char *path, struct buf *ret);

/* Number of files below dir whose name ends with one of the endings (NULL-terminated). */
size_t tree_count(const struct tree *t, const char *dir, const char *const *endings);

/* Does the name match a shell pattern (fnmatch(3) without directories)? */
bool tree_name_is(const char *path, const char *pattern);

#endif
