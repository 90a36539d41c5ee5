/*
 * Send a directory tree as a tar stream (pax), for a worker in the sandbox to unpack: the host only
 * moves bytes and interprets none of them.  Names are opened relative to their directory without
 * following links.  Sockets, FIFOs and devices are left out and counted.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include "base/err.h"
#include "base/str.h"

struct pack_limits { /* 0: no bound */
	uint64_t entries;
	uint64_t bytes;
	unsigned depth; /* 0: 200 */
};

struct pack_result {
	uint64_t entries;
	uint64_t bytes;	  /* of file contents */
	uint64_t skipped; /* neither file, directory nor link */
};

/*
 * Write the tree below dir_fd to out_fd.  DD_ELIMIT past a bound; DD_EIO when out_fd is closed on
 * the other side before the last block or a file cannot be read (the message names it).  A file that shrinks while it is
 * read is padded with zeroes, one that grows is cut at its first size.
 */
int pack_tree(int dir_fd, int out_fd, const struct pack_limits *limits, struct pack_result *ret,
	struct dd_err *err) DD_MUST_USE;

#endif
