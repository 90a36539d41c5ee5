/*
 * The system calls that change what is on a disk, under their own contract (-1 and errno), as
 * drydock makes them: tests/runner/faults.t makes each of them fail in turn (base/fault.h).  Files
 * of /proc and control groups, pipes and terminals are not meant.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include "base/own.h"

#include <sys/types.h>

ssize_t io_write(int fd, const void *p, size_t n) DD_MUST_USE;
ssize_t io_pwrite(int fd, const void *p, size_t n, off_t at) DD_MUST_USE;
ssize_t io_read(int fd, void *p, size_t n) DD_MUST_USE;

/* open(2) of a file that may be created by it. */
int io_create(const char *path, int flags, mode_t mode) DD_MUST_USE;
int io_createat(int dir_fd, const char *name, int flags, mode_t mode) DD_MUST_USE;
/* copy_file_range(2) from where both are. */
ssize_t io_copy_range(int from_fd, int to_fd, size_t n) DD_MUST_USE;
int io_truncate(int fd, off_t size) DD_MUST_USE;
int io_mkdir(const char *path, mode_t mode) DD_MUST_USE;
int io_mkdirat(int dir_fd, const char *name, mode_t mode) DD_MUST_USE;
int io_rename(const char *from, const char *to) DD_MUST_USE;
int io_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
	DD_MUST_USE;
int io_link(const char *from, const char *to) DD_MUST_USE;
int io_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) DD_MUST_USE;
int io_symlinkat(const char *target, int dir_fd, const char *name) DD_MUST_USE;

int io_unlink(const char *path) DD_MUST_USE;
int io_unlinkat(int dir_fd, const char *name, int flags) DD_MUST_USE;

int io_fsync(int fd) DD_MUST_USE;
/* The whole file system that fd is on. */
int io_syncfs(int fd) DD_MUST_USE;

#endif
