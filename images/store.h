/*
 * Inside the room: images and their layers in the store, for those who bring them in and take them
 * out. Beside a layer's `fs` lie `manifest` (base/manifest.h; written by a worker, to be read by
 * workers) and `digest`, the manifest's digest.
 */
#ifndef IMAGES_STORE_H
#define IMAGES_STORE_H

#include "images/oci.h"
#include "images/transfer.h"

/* DD_EINVAL: not the name of an image. */
int image_check_name(const char *name, struct dd_err *err) DD_MUST_USE;

/*
 * Write the reference and the leases of an image, and release what its name held before and needs
 * no more.
 */
int image_write(const struct state *st, const struct image *img, struct dd_err *err) DD_MUST_USE;

/* Release what `name` leases and no image of that name needs: after a failed attempt to make it. */
void image_forget_attempt(const struct state *st, const char *name);

/* A scratch directory of this process for one transfer. */
struct transfer_dir {
	char *path;
	int lock;
};
int transfer_dir_open(const struct state *st, struct transfer_dir *ret, struct dd_err *err)
	DD_MUST_USE;
void transfer_dir_close(struct transfer_dir *d);

/*
 * A directory (or, file, an empty file) NAME in d that the worker may write: root inside, or the
 * ordinary user of a parser.  Its path is heap.
 */
int transfer_give(const struct state *st, const struct transfer_dir *d, const char *name, bool file,
	uid_t inside_uid, char **ret_path, struct dd_err *err) DD_MUST_USE;

/* Append the bytes of one file to another, both ours. */
int transfer_append(const char *from, const char *to, struct dd_err *err) DD_MUST_USE;

/* What a worker is shown. */
struct transfer_binds {
	struct pod_bind v[OCI_MAX_LAYERS + 8];
	size_t n;
	struct strlist paths; /* keeps the strings */
};
void transfer_binds_cleanup(struct transfer_binds *b);
void transfer_bind(struct transfer_binds *b, const char *src, const char *dst, bool writable);
/* The trees of these layers at OCI_IN_LOWER_FS. */
void transfer_bind_lowers(
	const struct state *st, const struct stack *layers, struct transfer_binds *b);

/* The path of FILE beside layer `key`; heap. */
char *layer_side_file(const struct state *st, const char *key, const char *file);

/* The content digest of a layer as it is noted beside it; DD_ENOENT when it is not. */
int layer_content_digest(const struct state *st, const char *key, struct hash_hex *ret,
	struct dd_err *err) DD_MUST_USE;

/* The digest over the content digests of all layers, lowest first. */
struct hash_hex image_tree_digest(const struct hash_hex *contents, size_t n);

/* Run the worker and decode the JSON it gives into dst by the table. */
int image_worker(const struct worker_spec *spec, const struct json_field *fields, void *dst,
	struct dd_err *err) DD_MUST_USE;

/* "linux/amd64": this machine's. */
char *image_platform(void);

#endif
