/*
 * The bytes of a layer on their way into libarchive: blob -> its digest -> decompression -> the
 * digest of the content (the "diff id" of OCI) -> base/tar_guard -> tar.  Private to
 * base/layer_unpack.c.
 */
#ifndef BASE_LAYER_STREAM_H
#define BASE_LAYER_STREAM_H

#include "base/hash.h"
#include "base/tar_guard.h"
#include "base/unpack_reader.h"

struct layer_stream {
	int fd; /* borrowed */
	char *block;
	struct hash *blob, *content; /* NULL once their digests were taken */
	uint64_t blob_bytes, content_bytes;
	struct unpack_limits max;
	struct archive *compressed; /* of the reader */
	struct tar_guard guard;
	struct dd_err
		err; /* what was refused inside a callback; it explains libarchive's failure */
};
void layer_stream_cleanup(struct layer_stream *s);

/* s and r are zeroed; m is the meter of what r reads. */
int layer_stream_open(struct layer_stream *s, int fd, struct unpack_reader *r,
	struct unpack_meter *m, struct dd_err *err) DD_MUST_USE;

/* Read what follows the archive, to the end of the blob, and give both digests. */
int layer_stream_finish(struct layer_stream *s, struct hash_hex *ret_blob,
	struct hash_hex *ret_content, struct dd_err *err) DD_MUST_USE;

#endif
