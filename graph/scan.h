/*
 * The files of a tree and what stat(2) says of them, sorted by path.  Links are not followed; the directories of
 * version control are left out.
 */
#ifndef GRAPH_SCAN_H
#define GRAPH_SCAN_H

#include "base/err.h"
#include "base/str.h"

struct scan_file {
	char *path;	    /* below the root */
	const char *unread; /* why it cannot be read; NULL: it is a plain file */
	uint64_t size, inode;
	int64_t mtime_ns;
};

struct scan {
	struct scan_file *v;
	size_t n, cap;
};

/* What stat(2) says; the path is the caller's. */
struct stat;
struct scan_file scan_of(char *path, const struct stat *st);
/* Is it, by that, what it was? */
static inline bool
scan_is_alike(const struct scan_file *f, uint64_t size, uint64_t inode, int64_t mtime_ns)
{
	return f->size == size && f->inode == inode && f->mtime_ns == mtime_ns;
}

void scan_cleanup(struct scan *s);
/* DD_EINVAL: root is no directory; DD_ELIMIT: more than SCAN_MAX_FILES. */
int scan_tree(const char *root, struct scan *ret, struct dd_err *err) DD_MUST_USE;
#define SCAN_MAX_FILES 4000000

#endif
