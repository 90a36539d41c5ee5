/*
 * Inside the room: one repository of a registry, by the OCI distribution specification 1.1.  What
 * to ask is decided here, asking is the courier's, reading what came a worker's.
 */
#ifndef IMAGES_REGISTRY_H
#define IMAGES_REGISTRY_H

#include "images/oci.h"
#include "images/reference.h"
#include "images/transfer.h"

struct registry;
int registry_open(const struct state *st, const struct reference *ref, bool push,
	const struct image_registry_opts *opts, struct registry **ret, struct dd_err *err)
	DD_MUST_USE;
void registry_close(struct registry *r); /* NULL is fine */

/*
 * A manifest or index by tag or, when digest is not NULL, by digest, which is checked.  DD_ENOENT:
 * the registry has none; DD_ECORRUPT: it is not what its digest says.
 */
int registry_get_manifest(struct registry *r, const char *tag, const char *digest, struct buf *ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * A blob through the content store, where it lands whole and checked, or is found.  DD_ECORRUPT: it
 * is cut short, longer than said, or has another digest.
 */
int registry_get_blob(struct registry *r, const struct oci_blob *blob, int *ret_fd,
	struct dd_err *err) DD_MUST_USE;

/* Send a blob from fd (offset 0) unless the registry has it; *ret_sent tells. */
int registry_put_blob(struct registry *r, const char *digest, int fd, uint64_t bytes,
	bool *ret_sent, struct dd_err *err) DD_MUST_USE;

int registry_put_manifest(struct registry *r, const char *tag, const char *media_type,
	struct str text, struct dd_err *err) DD_MUST_USE;

#endif
