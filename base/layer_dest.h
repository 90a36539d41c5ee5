/*
 * The writing half of base/layer_unpack: manifest entries come in, the lower directory of an
 * overlay comes out.  Private to base/layer_unpack.c.  Paths are clean (unpack_path_clean) and
 * untrusted.
 */
#ifndef BASE_LAYER_DEST_H
#define BASE_LAYER_DEST_H

#include "base/layer_unpack.h"

struct layer_dest {
	int fd; /* borrowed */
	const struct layer_unpack_spec *spec;
	struct layer_unpack_result *res;
	char *parent; /* path of the directory parent_fd is open on; NULL: none yet */
	int parent_fd;
	struct strlist hidden; /* paths of whiteouts */
	bool opaque;	       /* the root directory hides all below */
};
void layer_dest_init(struct layer_dest *d, int fd, const struct layer_unpack_spec *spec,
	struct layer_unpack_result *res);
void layer_dest_cleanup(struct layer_dest *d);

/*
 * A new entry in the manifest for path, and the directory it goes to, made if missing.  DD_EINVAL:
 * the path is taken.
 */
int layer_dest_enter(struct layer_dest *d, const char *path, enum manifest_type type,
	struct manifest_entry **ret, struct dd_err *err) DD_MUST_USE;

/*
 * Create the file of an entry that was just entered; when its content is written, seal it: owner,
 * mode, attributes, time.
 */
int layer_dest_create(struct layer_dest *d, const struct manifest_entry *e, int *ret_fd,
	struct dd_err *err) DD_MUST_USE;
int layer_dest_seal(struct layer_dest *d, int fd, const struct manifest_entry *e,
	struct dd_err *err) DD_MUST_USE;

int layer_dest_symlink(struct layer_dest *d, const struct manifest_entry *e, struct dd_err *err)
	DD_MUST_USE;

/* A directory, which may be there already; its attributes are given by layer_dest_finish. */
int layer_dest_directory(struct layer_dest *d, const char *path, struct manifest_entry **ret,
	struct dd_err *err) DD_MUST_USE;

/* A hard link at path to target, both clean. */
int layer_dest_hardlink(
	struct layer_dest *d, const char *path, const char *target, struct dd_err *err) DD_MUST_USE;

/* path is not there whatever the layers below say; "" : nothing of them is. */
void layer_dest_hide(struct layer_dest *d, const char *path);
/* Nothing of the layers below is in the directory path. */
int layer_dest_hide_content(struct layer_dest *d, const char *path, struct dd_err *err) DD_MUST_USE;

/* Whiteouts, then the attributes of directories; the manifest is normalised. */
int layer_dest_finish(struct layer_dest *d, struct dd_err *err) DD_MUST_USE;

#endif
