/*
 * Unpacking of archives under strict rules (libarchive's only home).
 *
 * Formats: tar (v7, ustar, pax, GNU) and zip; ar only as the shell of a Debian package.  Filters:
 * gzip, xz, bzip2, zstd or none, one at most.  Nothing else is even recognised: the other readers
 * of libarchive are where the holes are found.
 *
 * An archive is hostile.  It can only ever create things below the destination descriptor: every
 * path is resolved by openat2(2) under it, with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, so that
 * neither a link in the archive nor one that somebody swaps in meanwhile leads out.  Absolute
 * paths, "..", paths through a symbolic link, hard links to anything but a regular file below the
 * destination, and device nodes are refused.  A symbolic link itself is stored as it is, whatever
 * it points to: who reads the tree must not follow links out of it.  Bytes, entries, path length,
 * depth and the compression ratio are bounded.  A refusal leaves what was written so far; the
 * caller throws the destination away.
 *
 * Later entries of one name replace earlier ones, but a directory and a non-directory never
 * replace each other.  Modification times are kept.  Extended attributes and access lists are not
 * restored.  Nothing is synced.
 *
 * Plain ownership (the default): files belong to the caller, modes are those of the archive
 * without set-id bits and without write permission for group and others, directories are at least
 * rwx and files at least r for the owner.
 *
 * Names are bytes and are kept as they are; a zip name marked as UTF-8 is normalised (NFC) by
 * libarchive and refused when it is not valid.
 *
 * This code parses the target's bytes: outside of tests it runs in a sandboxed worker whose
 * only writable mount is the destination.  Each call is on its own; threads may run calls side by
 * side.
 */
#ifndef BASE_UNPACK_H
#define BASE_UNPACK_H

#include "base/err.h"
#include "base/str.h"

enum unpack_kind {
	UNPACK_ARCHIVE,	    /* tar or zip */
	UNPACK_DEB_DATA,    /* data.tar.* of a Debian package (deb(5)) */
	UNPACK_DEB_CONTROL, /* control.tar.* of a Debian package */
};

/* Bounds; 0 takes the default. */
struct unpack_limits {
	uint64_t bytes;	     /* sum of the apparent sizes; default 8 GiB */
	uint64_t entries;    /* default 1,000,000 */
	uint32_t path_bytes; /* of a whole path; default 4000 (a component: always 255) */
	uint32_t depth;	     /* components of a path; default 128 */
	uint32_t ratio; /* bytes out per byte in, once UNPACK_RATIO_FLOOR came out; default 250 */
};
#define UNPACK_RATIO_FLOOR ((uint64_t)128 << 20)

struct unpack_opts {
	enum unpack_kind kind;
	struct unpack_limits limits;
	/*
	 * The destination is a root file system: links to directories in it are followed, resolved
	 * inside it as chroot would (a merged /usr), and a directory entry may name such a link.
	 */
	bool in_root;
	bool keep_owners;      /* numeric uid and gid, and modes as they are but for set-id bits */
	bool keep_setid;       /* keep set-user-id and set-group-id, too */
	bool skip_special;     /* leave out device nodes and FIFOs and record them, do not refuse */
	bool strip_common_dir; /* one directory holds everything: move its content up */
};

#define UNPACK_MAX_SKIPPED 1000 /* names kept in unpack_result.skipped */

struct unpack_result {
	uint64_t files, dirs, symlinks, hardlinks; /* entries of each kind that were written */
	uint64_t bytes;				   /* apparent size of the files */
	uint64_t nskipped;			   /* special files that were left out */
	struct strlist skipped;			   /* their paths */
	char *common_dir;			   /* the directory that was stripped, else NULL */
};
void unpack_result_cleanup(struct unpack_result *r);

/*
 * Unpack the archive in fd (from its current offset; zip wants a regular file) below dest_fd, a
 * directory descriptor.  opts may be NULL; *ret is written (zero before, at least) on success.
 * DD_EINVAL: not an archive of an allowed kind, or an entry is refused, named in the message;
 * DD_ELIMIT: a bound; DD_ECORRUPT: damaged or cut short; DD_EUNSUPPORTED: an encrypted entry or a
 * compression method that is not there; DD_EEXIST, DD_EIO: writing failed.
 */
int unpack_to(int fd, int dest_fd, const struct unpack_opts *opts, struct unpack_result *ret,
	struct dd_err *err) DD_MUST_USE;

/* unpack_to for the files of a Debian package: kind UNPACK_DEB_DATA whatever opts says. */
int unpack_deb(int fd, int dest_fd, const struct unpack_opts *opts, struct unpack_result *ret,
	struct dd_err *err) DD_MUST_USE;

enum unpack_type {
	UNPACK_FILE,
	UNPACK_DIR,
	UNPACK_SYMLINK,
	UNPACK_HARDLINK,
	UNPACK_SPECIAL,
};
const char *unpack_type_name(enum unpack_type t); /* "file", "directory", ... */

/* One entry of a listing; strings are the archive's own, unchecked, and live until fn returns. */
struct unpack_entry {
	const char *path;
	enum unpack_type type;
	const char *link; /* target of a symbolic or hard link, else NULL */
	mode_t mode;	  /* permission bits, set-id and sticky bits */
	int64_t uid, gid;
	uint64_t size;	 /* bytes of a file; what was read, not what was promised */
	int64_t mtime_s; /* seconds since the epoch */
};

/*
 * Read the archive to its end without writing; fn returning false ends it early, which is success.
 * The same limits and errors as unpack_to but for what concerns paths.  limits may be NULL.
 */
int unpack_list(int fd, enum unpack_kind kind, const struct unpack_limits *limits,
	bool (*fn)(void *ctx, const struct unpack_entry *e), void *ctx, struct dd_err *err)
	DD_MUST_USE;

#endif
