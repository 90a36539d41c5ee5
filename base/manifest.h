/*
 * What a layer of a root file system holds, as one canonical text: its content digest is the
 * SHA-256 of that text, so that the same tree gives the same digest however it was archived,
 * compressed or stored.
 *
 *   drydock-manifest 1
 *   TYPE MODE UID GID SIZE CONTENT PATH [XATTR=HEX ...]
 *
 * One line an entry below the root directory (which has none itself), in the order of a walk that
 * takes the names of a directory by their bytes.  TYPE is d, f, l (symbolic link), h (another name
 * of the file whose first path CONTENT is) or w (whiteout: what the layers below have there is not
 * there).  MODE is octal with set-id and sticky bits; CONTENT the SHA-256 of a file, the target of
 * a link, `opaque` for a directory that hides the one below, else `-`.  Names are written by
 * buf_put_percent.  Owners are the intended ones, whatever ids the disk can hold.  No times: they
 * are not part of what a layer is.
 *
 * An entry may also stand alone, as the intended metadata of a file whose content is on the disk.
 * A manifest that comes from a worker is hostile: reading it is for workers, too.
 */
#ifndef BASE_MANIFEST_H
#define BASE_MANIFEST_H

#include "base/err.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/str.h"
#include <time.h>

enum manifest_type {
	MANIFEST_DIR,
	MANIFEST_FILE,
	MANIFEST_SYMLINK,
	MANIFEST_HARDLINK,
	MANIFEST_WHITEOUT,
};

struct manifest_xattr {
	char *name;
	char *value; /* any bytes */
	size_t n;
};

struct manifest_entry {
	char *path; /* "a/b" */
	enum manifest_type type;
	bool opaque; /* a directory */
	mode_t mode; /* 07777 */
	uint32_t uid, gid;
	uint64_t size;
	struct hash_hex digest; /* of a file */
	char *link; /* target of a symbolic link; a hard link: some other name of the file */
	struct manifest_xattr *xattrs;
	size_t nxattrs;
	struct timespec mtime; /* for whoever walks the tree; not part of the manifest */
};

struct manifest {
	struct map by_path; /* struct manifest_entry */
};
void manifest_cleanup(struct manifest *m);

/* A new entry, zeroed but for path and type; NULL when the path is taken.  Owned by m. */
struct manifest_entry *manifest_add(struct manifest *m, const char *path, enum manifest_type type);
struct manifest_entry *manifest_find(const struct manifest *m, const char *path);
void manifest_add_xattr(struct manifest_entry *e, const char *name, const void *value, size_t n);
void manifest_drop_xattrs(struct manifest_entry *e);

/* The entries in their order; heap, free() it.  The entries stay m's. */
struct manifest_entry **manifest_sorted(const struct manifest *m);

/*
 * Order the attributes, and make the first path of each file in the order above the entry of the
 * file and the others its hard links.  DD_EINVAL: a hard link leads to no file of m.
 */
int manifest_normalise(struct manifest *m, struct dd_err *err) DD_MUST_USE;

/* Write the text of a normalised manifest to fd (-1: nowhere); *ret is its digest. */
int manifest_write(const struct manifest *m, int fd, struct hash_hex *ret, struct dd_err *err)
	DD_MUST_USE;

/*
 * Read one manifest from *text and advance it to the next one's first line or the end. DD_ECORRUPT:
 * not the text of a manifest.
 */
int manifest_read(struct str *text, struct manifest *ret, struct dd_err *err) DD_MUST_USE;

/*
 * The entry that a stack of layers (v[0] is the lowest) shows at path; NULL: nothing.  *ret_layer
 * is the layer it is of.  It may be a hard link of that layer.
 */
const struct manifest_entry *manifest_look(
	const struct manifest *v, size_t n, const char *path, size_t *ret_layer);

#endif
