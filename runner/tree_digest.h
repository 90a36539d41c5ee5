/*
 * The digest of a source tree: SHA-256 over one line per entry in byte order of the paths: type,
 * mode, path, size and content digest or link target.  No times, no owners, nothing below a .git of
 * the root.
 */
#ifndef RUNNER_TREE_DIGEST_H
#define RUNNER_TREE_DIGEST_H

#include "base/hash.h"

struct tree_digest {
	struct hash_hex digest;
	int64_t files;
	int64_t bytes;
};

/* Links are not followed; other file types than file, directory and link are ignored. */
int tree_digest(int dir_fd, struct tree_digest *ret, struct dd_err *err) DD_MUST_USE;

#endif
