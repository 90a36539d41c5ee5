/*
 * Inside the room: where the documents and blobs of an image come from, a directory or a registry.
 * What comes is bytes; documents are whole and, where the one that named them gave a digest,
 * checked against it.  A layer's blob of a directory is checked by the worker that unpacks it.
 */
#ifndef IMAGES_FETCH_H
#define IMAGES_FETCH_H

#include "images/store.h"

struct fetch;

/* A directory, or an archive, which a worker splits into dir. */
int fetch_open_file(const struct state *st, const char *path, const struct transfer_dir *dir,
	struct fetch **ret, struct dd_err *err) DD_MUST_USE;
int fetch_open_registry(const struct state *st, const char *ref,
	const struct image_registry_opts *opts, struct fetch **ret, struct dd_err *err) DD_MUST_USE;
void fetch_close(struct fetch *f); /* NULL is fine */

/* The document to begin with. */
int fetch_first(struct fetch *f, struct buf *ret, struct dd_err *err) DD_MUST_USE;
/* A manifest or index; any other document (a configuration). */
int fetch_manifest(struct fetch *f, const struct oci_blob *b, struct buf *ret, struct dd_err *err)
	DD_MUST_USE;
int fetch_document(struct fetch *f, const struct oci_blob *b, struct buf *ret, struct dd_err *err)
	DD_MUST_USE;

/* The blob of a layer, from its beginning, read-only. */
int fetch_blob(struct fetch *f, const struct oci_blob *b, int *ret_fd, struct dd_err *err)
	DD_MUST_USE;
/* It has become a layer: what was kept of it for another try may go. */
void fetch_forget_blob(struct fetch *f, const struct oci_blob *b);

/* Where it came from, with the digest of the manifest (may be NULL); heap, NULL for a file. */
char *fetch_source(const struct fetch *f, const char *manifest);

#endif
