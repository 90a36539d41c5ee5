/*
 * Plain tar archives (ustar) of files of ours, always the same bytes for the same content: modes
 * 0644 and 0755, owner 0, time 0.  For the outermost archive of an image; what a target made is packed by
 * base/layer_pack.
 */
#ifndef BASE_TAR_WRITE_H
#define BASE_TAR_WRITE_H

#include "base/err.h"
#include "base/str.h"

/*
 * One member: name (at most 100 bytes, ASCII) with `size` bytes of content_fd from its current
 * offset, or, with content_fd < 0, those of text.  DD_EIO, DD_EINVAL.
 */
int tar_write_member(int out_fd, const char *name, int content_fd, struct str text, uint64_t size,
	struct dd_err *err) DD_MUST_USE;

/* A directory; name ends in a slash. */
int tar_write_directory(int out_fd, const char *name, struct dd_err *err) DD_MUST_USE;

/* The end of the archive. */
int tar_write_end(int out_fd, struct dd_err *err) DD_MUST_USE;

#endif
