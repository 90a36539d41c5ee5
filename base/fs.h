/*
 * Files: whole-file reads with a bound, atomic durable writes, and paths that come from hostile
 * input, which are only ever opened below a root descriptor (openat2, RESOLVE_BENEATH or
 * RESOLVE_IN_ROOT).  Every descriptor is O_CLOEXEC.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/err.h"
#include "base/str.h"

#define WORK_DIR "/work" /* where the tree of the target lies in a pod */

/*
 * Whole file into ret (appended).  DD_ELIMIT past max bytes or past what ret may hold; ret then
 * has a part.  These open what is there and wait on a FIFO: paths of our own and of the user.
 */
int fs_read(const char *path, size_t max, struct buf *ret, struct dd_err *err) DD_MUST_USE;
/* The same of a file that need not be there, or not be ours to read: then nothing is added. */
int fs_read_if_any(const char *path, size_t max, struct buf *ret, struct dd_err *err) DD_MUST_USE;
int fs_read_at(int dir_fd, const char *path, size_t max, struct buf *ret, struct dd_err *err)
	DD_MUST_USE;
/*
 * As fs_read_at, where the path may be anything: DD_EINVAL for what is no regular file, which is not waited for.
 * nofollow: a link is none, either.
 */
int fs_read_regular(int dir_fd, const char *path, bool nofollow, size_t max, struct buf *ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * Write to a temporary name beside path, fsync, rename, fsync the directory: after success the new
 * content is durable, after a failure or kill -9 the old is untouched (or, when only the directory
 * could not be synced, the new is there whole).  What a killed writer left
 * (path.drydock-tmp) goes with the next write of the same path.  mode is subject to the umask.
 * Writers of one path wait for each other; the last one's content stays.
 */
int fs_write_atomic(const char *path, struct str data, mode_t mode, struct dd_err *err) DD_MUST_USE;

/* All n bytes, through short writes and signals; "cannot write: ..." without a name. */
int fs_write_all(int fd, const void *p, size_t n, struct dd_err *err) DD_MUST_USE;

/* Create path and its missing parents; existing directories (also by links) are fine. */
int fs_mkdirs(const char *path, mode_t mode, struct dd_err *err) DD_MUST_USE;

/*
 * Delete the tree at path (or the file, or the link) without following links; directories that
 * cannot be entered (overlay work directories have mode 000) are made enterable first.  Any depth;
 * few descriptors.  A missing path is success; "", "/", "." and ".." are DD_EINVAL.
 */
int fs_remove_tree(const char *path, struct dd_err *err) DD_MUST_USE;

/*
 * Open path below root_fd; links (absolute ones, too) are resolved inside the root and never leave
 * it.  O_CLOEXEC is added; what O_CREAT makes has mode 0600.  The target decides what is there: add
 * O_NONBLOCK where it may be a FIFO.
 */
int fs_open_in_root(int root_fd, const char *path, int flags, int *ret_fd, struct dd_err *err)
	DD_MUST_USE;

bool fs_exists(const char *path); /* a dangling link does */
bool fs_is_dir(const char *path); /* or a link to one */

/* dir + "/" + name, heap. */
char *fs_join(const char *dir, const char *name);
/* drydock/NAME in the directory of the user's configuration ($XDG_CONFIG_HOME, else ~/.config); heap. */
char *fs_user_config(const char *name);

/* Names in a directory without . and .., sorted. */
int fs_list(const char *path, struct strlist *ret, struct dd_err *err) DD_MUST_USE;
/* The same of an open directory, whose offset stays as it is; path is for the message. */
int fs_list_fd(int dir_fd, const char *path, struct strlist *ret, struct dd_err *err) DD_MUST_USE;

/* A file of no directory that holds the text, open at its beginning. */
int fs_memory_file(struct str text, int *ret_fd, struct dd_err *err) DD_MUST_USE;

bool fs_is_dots(const char *name); /* "." or ".." */

/* No part of the path is empty, "." or "..": it is relative, and in one way of writing only. */
bool fs_is_plain_path(struct str path);
/*
 * The path written so, by its text alone: links are not looked at.  A first slash stays.  A ".." that leads above where the
 * path begins is dropped, and *ret_above (may be NULL) is set.  Heap.
 */
char *fs_plain_path(struct str path, bool *ret_above);

/* Last component of a path, borrowed. */
const char *fs_name(const char *path);
/* A path as `file` has it, from its directory; an absolute one stays.  Heap. */
char *fs_beside(const char *file, const char *name);

/* Does the text of the path lie below dir?  "" is everything; dir itself does not. */
bool fs_is_below(const char *path, const char *dir);

/*
 * Bytes allocated below path (st_blocks) without path itself, a file counted once for each of its
 * hard links.  The tree may change meanwhile and may be of any depth: what vanishes or cannot be
 * entered counts as nothing.  One descriptor.
 */
int fs_disk_usage(const char *path, uint64_t *ret_bytes, struct dd_err *err) DD_MUST_USE;

/* fsync a directory by path. */
int fs_sync_dir(const char *path, struct dd_err *err) DD_MUST_USE;

/* All that was written to the file system path is on (syncfs): for trees, before they are named. */
int fs_sync_all(const char *path, struct dd_err *err) DD_MUST_USE;

/*
 * Take an exclusive flock on path (created if missing, a link is refused) without waiting; DD_EBUSY
 * when another holds it.  wait: block instead.  The lock lasts until ret_fd is closed, here and in
 * children that inherited it.  Its holder may remove the file: who waited for it locks a new one.
 */
int fs_lock(const char *path, bool wait, int *ret_fd, struct dd_err *err) DD_MUST_USE;

#endif
