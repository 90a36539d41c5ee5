/*
 * Inside the room: an image made ready to leave: its layers as blobs, its configuration and
 * manifest.
 */
#ifndef IMAGES_PACKED_H
#define IMAGES_PACKED_H

#include "images/store.h"

struct packed_layer {
	int fd; /* the blob */
	struct oci_layer_report report;
};

struct packed_image {
	struct image img;
	struct transfer_dir dir;
	struct packed_layer *layers; /* lowest first */
	size_t n;
	struct buf config, manifest;
	struct hash_hex config_digest, manifest_digest;
	const char *manifest_type;
	struct image_transfer done;
};
void packed_image_cleanup(struct packed_image *p);

/*
 * Pack the image `name`.  DD_ECORRUPT: a layer is not what its digest says: somebody changed the
 * store.
 */
int packed_image_make(const struct state *st, const char *name,
	const struct image_export_opts *opts, struct packed_image *ret, struct dd_err *err)
	DD_MUST_USE;

#endif
