/*
 * Copying a directory tree: how a source directory is taken in without ever touching it.
 *
 * The source is hostile: links are copied and never followed (each level is opened by openat with
 * O_NOFOLLOW from the level above), set-id bits are dropped, sockets, FIFOs and devices are left
 * out, and bytes, entries and depth are bounded.  What changes while it is copied gives a tree of
 * old and new files, never a way out.  Modes (directories at least rwx, files at least r for the
 * owner) and modification times are kept; owners, extended attributes, hard links and holes
 * are not.  Nothing is synced.
 */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include "base/err.h"
#include "base/str.h"

struct tree_opts {
	/* Bounds; 0 takes the default. */
	uint64_t max_bytes;   /* of file contents; default 8 GiB */
	uint64_t max_entries; /* default 1,000,000 */
	uint32_t max_depth;   /* default 128; two descriptors are open per level */
	/* Paths below the source, such as "build/state", that are left out; may be NULL. */
	const struct strlist *exclude;
};

#define TREE_MAX_SKIPPED 1000 /* names kept in tree_result.skipped */

struct tree_result {
	uint64_t files, dirs, symlinks;
	uint64_t bytes;
	uint64_t nspecial;	/* sockets, FIFOs and devices left out */
	uint64_t nunreadable;	/* files and directories left out: not ours to read, or changed
				   meanwhile */
	struct strlist skipped; /* "path: why" of both, sorted */
};
void tree_result_cleanup(struct tree_result *r);

/*
 * Copy what is in the directory src_fd into the directory dest_fd.  A directory of the source that
 * is dest_fd itself is left out.  opts may be NULL; *ret is written (zero before, at least) on
 * success.  DD_ELIMIT: a bound; DD_EEXIST: the destination has such a name already; DD_EIO.  After
 * an error the caller throws the destination away.
 */
int tree_copy(int src_fd, int dest_fd, const struct tree_opts *opts, struct tree_result *ret,
	struct dd_err *err) DD_MUST_USE;

#endif
