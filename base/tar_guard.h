/*
 * A second look at a tar stream on its way to libarchive: refuses what different readers take
 * differently, so that a layer means the same to us as to every other tool.
 *
 * Names that hold a NUL (pax records and GNU long names; libarchive cuts them there), pax records
 * that are not well formed, sparse files and other rare kinds of entries, extended headers beyond
 * TAR_GUARD_HEADER bytes, and headers whose checksum is wrong.  Format: pax(1) of POSIX.1-2017,
 * "ustar Interchange Format" and "pax Interchange Format"; GNU tar's manual, "Basic Tar Format".
 *
 * It holds one block and one extended header, reads no file and needs no cleanup but its own.
 */
#ifndef BASE_TAR_GUARD_H
#define BASE_TAR_GUARD_H

#include "base/err.h"
#include "base/str.h"

#define TAR_GUARD_HEADER ((size_t)1 << 20)
#define TAR_BLOCK 512

struct tar_guard {
	bool ended;	       /* the block of zeros was seen; what follows is not looked at */
	char block[TAR_BLOCK]; /* the header that is being gathered */
	size_t have;	       /* bytes of it */
	uint64_t skip;	       /* bytes of content, and what fills its last block */
	char kind;	       /* of the extended header that is being gathered; 0: none */
	uint64_t kind_bytes;   /* its size */
	struct buf text;       /* and what came of it */
	bool has_size;	       /* the next entry's size comes from a pax record */
	uint64_t size;
};
void tar_guard_cleanup(struct tar_guard *g);

/* Look at the next n bytes.  DD_EINVAL, DD_ELIMIT, DD_EUNSUPPORTED; DD_ECORRUPT: a bad checksum. */
int tar_guard_feed(struct tar_guard *g, const char *p, size_t n, struct dd_err *err) DD_MUST_USE;

#endif
