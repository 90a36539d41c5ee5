/*
 * Images from and to elsewhere: OCI layouts, archives of `docker save`, registries.
 *
 * Importing gives an image of the store (images/images.h) whose layers are those of the original,
 * one by one; two images with the same lower layers share them.  Everything of it is hostile:
 * documents and layers are read by workers in the sandbox, every blob is held against its digest,
 * sizes and counts are bounded, and what base/layer_unpack.h refuses is refused.  What the disk
 * must or cannot hold (set-id bits, capabilities, owners in user mode) is in the manifest beside
 * the layer, <state>/layers/KEY/manifest, and comes back on export; <state>/layers/KEY/digest is
 * the manifest's digest, the identity of the layer's content.
 *
 * Exporting the same image twice gives the same bytes.  Layers are made anew from the store, so
 * that digests of compressed blobs are drydock's own and not those of the image once imported; the
 * digests of their content (`tree`) are the same.
 */
#ifndef IMAGES_TRANSFER_H
#define IMAGES_TRANSFER_H

#include "images/images.h"

struct image_import_opts {
	const char *ref;      /* which of several images; NULL: the only one */
	const char *platform; /* "linux/arm64"; NULL: this machine's */
	bool skip_special;    /* leave out devices and FIFOs instead of refusing them */
	uint64_t max_bytes;   /* of the unpacked files; 0: 32 GiB */
	const char *
		digest; /* what it is known by where it was exported, kept as its own; NULL: `tree` */
};

/* What it came to, beside the image. */
struct image_transfer {
	char *manifest;	  /* digest of the image's manifest; NULL: it had none (docker save) */
	char *tree;	  /* digest over the content of all layers */
	uint64_t bytes;	  /* of files unpacked, or of blobs written or sent */
	uint64_t layers;  /* in all */
	uint64_t reused;  /* layers that were there already */
	uint64_t skipped; /* special files left out */
	uint64_t aside;	  /* set-id bits and attributes kept in manifests only */
};
void image_transfer_cleanup(struct image_transfer *t);

/*
 * Make `name` the image at path: a directory with an OCI layout, or an archive of one or of `docker
 * save`.  DD_ECORRUPT and DD_EINVAL with a message that says what was wrong; nothing is changed
 * then.
 */
int image_import(const struct state *st, const char *path, const char *name,
	const struct image_import_opts *opts, struct image *ret, struct image_transfer *ret_done,
	struct dd_err *err) DD_MUST_USE;

enum image_format { IMAGE_OCI, IMAGE_DOCKER };
extern const char *const image_format_names[]; /* NULL-terminated */

struct image_export_opts {
	enum image_format format;
	const char *compression; /* "gzip", "zstd", "none"; NULL: gzip for OCI, none for docker */
	const char *ref;	 /* its name inside; NULL: NAME:latest */
};

/* Write the image to an archive, by rename: path has the whole of it or what it had before. */
int image_export(const struct state *st, const char *name, const char *path,
	const struct image_export_opts *opts, struct image_transfer *ret_done, struct dd_err *err)
	DD_MUST_USE;

struct image_registry_opts {
	bool plain_http;     /* HTTP without TLS also to other machines than this one */
	const char *ca_file; /* PEM; NULL: the system's */
	const char *login;   /* file of credentials; NULL: docker's and podman's */
};

/*
 * Pull HOST[:PORT]/REPOSITORY[:TAG][@sha256:DIGEST] (distribution specification 1.1).  Credentials
 * are the user's own for that host; a transfer that breaks goes on where it was, and blobs that
 * came are kept until their layer is made.
 */
int image_pull(const struct state *st, const char *ref, const char *name,
	const struct image_import_opts *opts, const struct image_registry_opts *registry,
	struct image *ret, struct image_transfer *ret_done, struct dd_err *err) DD_MUST_USE;

/* Send it; blobs the registry has are not sent again. */
int image_push(const struct state *st, const char *name, const char *ref,
	const struct image_export_opts *opts, const struct image_registry_opts *registry,
	struct image_transfer *ret_done, struct dd_err *err) DD_MUST_USE;

/* The worker "image" and the process that talks to registries; started by drydock itself. */
int image_worker_main(int argc, char **argv);
int image_courier_main(void);

#endif
