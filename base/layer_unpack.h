/*
 * Unpacking of the layers of container images (OCI image specification, "Image Layer Filesystem
 * Changeset"; docker's are the same) into what overlayfs takes as a lower directory.
 *
 * The rules of base/unpack hold (below the destination only, no absolute path, no "..", never
 *through a symbolic link, no device, every size bounded) and these:
 *
 *   names      no NUL (base/tar_guard); a path has one entry, but that a directory may come again
 *and then says its attributes whiteouts  ".wh.NAME" hides NAME of the layers below, ".wh..wh..opq"
 *all its directory has there; they become overlay's: a character device 0:0 and
 *user.overlay.opaque, which unprivileged overlays take since Linux 5.11.  What the layer itself has
 *stays hard links to a file that came earlier in the layer, or to one of the layers below, which is
 *	        copied first; to nothing else
 *   directories  that no entry describes take over the attributes of the layers below, else 0755
 *	        of root
 *   attributes overlay's own (user.overlay.*, trusted.overlay.*) are refused
 *
 * What the disk must or can not hold is kept in the manifest only and is not lost: set-id bits of
 *files, extended attributes but user.* (file capabilities!), and owners where the destination has
 *one id, or ids past 65535 (nobody's on the disk).
 *
 * Digests of the blob, of its decompressed content and of each file are computed on the way;
 *nothing is read twice.  A refusal leaves what was written so far; the caller throws the
 *destination away. It parses hostile bytes: outside of tests it runs in a worker whose only
 *writable mount is the destination.  Nothing is synced.
 */
#ifndef BASE_LAYER_UNPACK_H
#define BASE_LAYER_UNPACK_H

#include "base/manifest.h"
#include "base/unpack.h"

#define LAYER_IDS 65536 /* owners from here on cannot be given on the disk */

struct layer_unpack_spec {
	struct unpack_limits limits; /* 0: the defaults of base/unpack */
	bool give_owners;	     /* else all files stay the caller's */
	bool skip_special;	     /* leave out devices and FIFOs and count them, do not refuse */
	/* The layers below, lowest first: manifests and the directories they are of. */
	const struct manifest *lower;
	const int *lower_fds;
	size_t nlower;
	/* What the bytes must be; NULL and 0: anything. */
	const char *blob_digest, *content_digest;
	uint64_t blob_bytes;
};

struct layer_unpack_result {
	struct manifest manifest; /* normalised */
	struct hash_hex blob, content;
	uint64_t blob_bytes, content_bytes;
	uint64_t files, dirs, symlinks, hardlinks, whiteouts;
	uint64_t bytes;		/* of the files */
	uint64_t nskipped;	/* special files left out */
	uint64_t xattrs_aside;	/* attributes that are in the manifest only */
	uint64_t setid_aside;	/* files whose set-id bits are in the manifest only */
	uint64_t unknown_owner; /* entries whose owner the disk cannot hold */
};
void layer_unpack_result_cleanup(struct layer_unpack_result *r);

/*
 * Unpack the layer in fd (tar; gzip, zstd, xz, bzip2 or not compressed; from its current offset,
 * may be a pipe) into the empty directory dest_fd.  *ret is zeroed before and written on success.
 * DD_EINVAL: an entry is refused, named in the message; DD_ELIMIT: a bound; DD_ECORRUPT: damaged,
 * cut short or not the digest; DD_EUNSUPPORTED: a kind of entry or compression; DD_EIO: writing
 * failed.
 */
int layer_unpack(int fd, int dest_fd, const struct layer_unpack_spec *spec,
	struct layer_unpack_result *ret, struct dd_err *err) DD_MUST_USE;

#endif
