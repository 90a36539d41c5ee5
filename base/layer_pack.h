/*
 * The other way of base/layer_unpack: the lower directory of an overlay becomes a layer of a
 * container image, with the intended metadata of its manifest, and overlay's whiteouts as ".wh."
 * entries.
 *
 * The same tree gives the same bytes: entries in the manifest's order, names of owners left out,
 * modification times in whole seconds, no times of archive or compression.  Sockets, FIFOs and
 * devices are left out and counted.
 *
 * It reads what the target made: outside of tests it runs in a worker.
 */
#ifndef BASE_LAYER_PACK_H
#define BASE_LAYER_PACK_H

#include "base/manifest.h"

enum layer_compression { LAYER_PLAIN, LAYER_GZIP, LAYER_ZSTD };

struct layer_pack_result {
	struct manifest manifest; /* normalised: what the layer holds */
	struct hash_hex blob, content;
	uint64_t blob_bytes, content_bytes;
	uint64_t entries;
	uint64_t nskipped;
};
void layer_pack_result_cleanup(struct layer_pack_result *r);

struct layer_owner {
	uint32_t uid, gid;
};

struct layer_pack_spec {
	enum layer_compression compression;
	/* What it says of a path of the same type wins over the disk: mode, owner, attributes. */
	const struct manifest *intended; /* may be NULL */
	/*
	 * Paths to struct layer_owner, may be NULL: whose they are meant to be where the disk could
	 * not be told (sandbox/owners.h).  A path that the layer does not have is of a layer below:
	 * it becomes part of this one, as an overlay would have copied it up.
	 */
	const struct map *owners, *lower_owners;
	const int *lower_fds; /* the trees below, lowest first */
	size_t nlower;
};

/*
 * Write the tree below dir_fd as a layer to out_fd.  DD_EINVAL: a name that a layer cannot say
 * (".wh."); DD_ELIMIT: too deep; DD_EIO.
 */
int layer_pack(int dir_fd, int out_fd, const struct layer_pack_spec *spec,
	struct layer_pack_result *ret, struct dd_err *err) DD_MUST_USE;

#endif
