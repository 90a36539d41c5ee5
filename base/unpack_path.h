/*
 * The paths of archives, all of them untrusted: made plain, and opened only below a descriptor.
 * Private to base/unpack* and base/layer_unpack.c.
 */
#ifndef BASE_UNPACK_PATH_H
#define BASE_UNPACK_PATH_H

#include "base/unpack.h"

/*
 * Bring an archive's path into the form a/b/c, heap: no empty or "." components.  "" for the
 * destination itself.  Absolute paths, "..", and what is longer or deeper than max is refused.
 */
int unpack_path_clean(const struct unpack_limits *max, const char *raw, char **ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * Open path ("" for the directory itself) below dir_fd; never through a symbolic link, or, in_root,
 * through such as chroot(2) would follow.  -1 and errno.
 */
int unpack_path_open(int dir_fd, const char *path, uint64_t flags, bool in_root);

/* A new file, empty, mode 0600, in a directory that is open.  -1 and errno. */
int unpack_path_create(int dir_fd, const char *name);

/* All n bytes to an offset; path is for the message. */
int unpack_path_write(int fd, const char *p, size_t n, off_t at, const char *path,
	struct dd_err *err) DD_MUST_USE;

/* name for a message: terminal-safe and of bounded length; heap. */
char *unpack_show(const char *name);

/* "entry 'NAME' WHY"; returns -code. */
int unpack_refuse(struct dd_err *err, enum dd_code code, const char *name, const char *why);

/* "DOING 'NAME': errno's text", or what errno means for a path of an archive. */
int unpack_fail(struct dd_err *err, int errnum, const char *doing, const char *name);

#endif
