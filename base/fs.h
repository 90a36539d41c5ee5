/*
 * Files: whole-file reads with a bound, atomic durable writes, and paths that come from hostile
 * input, which are only ever opened below a root descriptor (openat2, RESOLVE_BENEATH or
 * RESOLVE_IN_ROOT).  Every descriptor is O_CLOEXEC.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/err.h"
#include "base/str.h"

/* Whole file into ret (appended), DD_ELIMIT past max bytes. */
int fs_read(const char *path, size_t max, struct buf *ret, struct dd_err *err) DD_MUST_USE;
int fs_read_at(int dir_fd, const char *path, size_t max, struct buf *ret, struct dd_err *err)
	DD_MUST_USE;

/* Write to a temporary name beside path, fsync, rename, fsync the directory. */
int fs_write_atomic(const char *path, struct str data, mode_t mode, struct dd_err *err) DD_MUST_USE;

int fs_write_all(int fd, const void *p, size_t n, struct dd_err *err) DD_MUST_USE;

/* Create path and its missing parents; existing directories are fine. */
int fs_mkdirs(const char *path, mode_t mode, struct dd_err *err) DD_MUST_USE;

/*
 * Delete the tree at path without following links; directories that cannot be entered (overlay
 * work directories have mode 000) are made enterable first.  A missing path is success.
 */
int fs_remove_tree(const char *path, struct dd_err *err) DD_MUST_USE;

/* Open path below root_fd; links are resolved inside the root and never leave it. */
int fs_open_in_root(int root_fd, const char *path, int flags, int *ret_fd, struct dd_err *err)
	DD_MUST_USE;

bool fs_exists(const char *path);
bool fs_is_dir(const char *path);

/* dir + "/" + name, heap. */
char *fs_join(const char *dir, const char *name);

/* Names in a directory without . and .., sorted. */
int fs_list(const char *path, struct strlist *ret, struct dd_err *err) DD_MUST_USE;

/* Bytes allocated below path (st_blocks), hard links counted once per directory entry. */
int fs_disk_usage(const char *path, uint64_t *ret_bytes, struct dd_err *err) DD_MUST_USE;

/* fsync a directory by path. */
int fs_sync_dir(const char *path, struct dd_err *err) DD_MUST_USE;

/*
 * Take an exclusive flock on path (created if missing) without waiting; DD_EBUSY when another
 * process holds it.  The lock lasts until ret_fd is closed.  wait: block instead.
 */
int fs_lock(const char *path, bool wait, int *ret_fd, struct dd_err *err) DD_MUST_USE;

#endif
