#include "base/io.h"

#include "base/fault.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t
io_write(int fd, const void *p, size_t n)
{
	return fault_fails_write(fd, NULL, &n) ? -1 : write(fd, p, n);
}

ssize_t
io_pwrite(int fd, const void *p, size_t n, off_t at)
{
	return fault_fails_write(fd, NULL, &n) ? -1 : pwrite(fd, p, n, at);
}

ssize_t
io_read(int fd, void *p, size_t n)
{
	return fault_fails(FAULT_READ, NULL, fd) ? -1 : read(fd, p, n);
}

int
io_create(const char *path, int flags, mode_t mode)
{
	return fault_fails(FAULT_CREATE, path, -1) ? -1 : open(path, flags, mode);
}

int
io_createat(int dir_fd, const char *name, int flags, mode_t mode)
{
	return fault_fails(FAULT_CREATE, name, -1) ? -1 : openat(dir_fd, name, flags, mode);
}

ssize_t
io_copy_range(int from_fd, int to_fd, size_t n)
{
	return fault_fails_write(to_fd, NULL, &n)
		       ? -1
		       : copy_file_range(from_fd, NULL, to_fd, NULL, n, 0);
}

int
io_truncate(int fd, off_t size)
{
	return fault_fails(FAULT_TRUNCATE, NULL, fd) ? -1 : ftruncate(fd, size);
}

int
io_mkdir(const char *path, mode_t mode)
{
	return fault_fails(FAULT_MKDIR, path, -1) ? -1 : mkdir(path, mode);
}

int
io_mkdirat(int dir_fd, const char *name, mode_t mode)
{
	return fault_fails(FAULT_MKDIR, name, -1) ? -1 : mkdirat(dir_fd, name, mode);
}

int
io_rename(const char *from, const char *to)
{
	return fault_fails(FAULT_RENAME, to, -1) ? -1 : rename(from, to);
}

int
io_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	if (fault_fails(FAULT_RENAME, to, -1))
		return -1;
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int
io_link(const char *from, const char *to)
{
	return fault_fails(FAULT_LINK, to, -1) ? -1 : link(from, to);
}

int
io_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	return fault_fails(FAULT_LINK, to, -1) ? -1 : linkat(from_fd, from, to_fd, to, flags);
}

int
io_symlinkat(const char *target, int dir_fd, const char *name)
{
	return fault_fails(FAULT_LINK, name, -1) ? -1 : symlinkat(target, dir_fd, name);
}

int
io_unlink(const char *path)
{
	return fault_fails(FAULT_REMOVE, path, -1) ? -1 : unlink(path);
}

int
io_unlinkat(int dir_fd, const char *name, int flags)
{
	return fault_fails(FAULT_REMOVE, name, -1) ? -1 : unlinkat(dir_fd, name, flags);
}

int
io_fsync(int fd)
{
	return fault_fails(FAULT_SYNC, NULL, fd) ? -1 : fsync(fd);
}

int
io_syncfs(int fd)
{
	return fault_fails(FAULT_SYNC, NULL, fd) ? -1 : syncfs(fd);
}
