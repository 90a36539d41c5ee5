/*
 * A temporary directory for a test: made below $TMPDIR or /tmp, removed with all that is in it.
 * Only for trees that the test itself made.
 */
#ifndef TESTS_BASE_TMPDIR_H
#define TESTS_BASE_TMPDIR_H

#include "base/own.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static inline int
tmpdir_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return type == FTW_DP ? rmdir(path) : unlink(path);
}

static inline int
tmpdir_open_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if ((type == FTW_D || type == FTW_DNR) && (st->st_mode & 0700) != 0700)
		(void)chmod(path, 0700);
	return 0;
}

/* Removes and frees. */
static inline void
tmpdir_remove(char *dir)
{
	if (!dir)
		return;
	(void)nftw(dir, tmpdir_open_one, 16, FTW_PHYS);
	(void)nftw(dir, tmpdir_remove_one, 16, FTW_PHYS | FTW_DEPTH);
	free(dir);
}

static inline void
tmpdir_cleanup_ptr(char **dir)
{
	tmpdir_remove(*dir);
}
#define OWN_TMPDIR __attribute__((cleanup(tmpdir_cleanup_ptr)))

/* Path of a new directory; heap. */
static inline char *
tmpdir_create(void)
{
	const char *base = getenv("TMPDIR");
	char *dir = mem_printf("%s/drydock-test-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(dir)) {
		perror(dir);
		abort();
	}
	return dir;
}

static inline int
tmpdir_open_fd(const char *dir)
{
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static inline bool
tmpdir_has(int dir_fd, const char *path)
{
	struct stat st;
	return fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Create or replace a file. */
static inline void
tmpdir_write(int dir_fd, const char *path, const char *text)
{
	OWN_FD int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		perror(path);
		abort();
	}
}

/* Content of a file of less than 4 KiB, heap; NULL if it cannot be read. */
static inline char *
tmpdir_read(int dir_fd, const char *path)
{
	OWN_FD int fd = openat(dir_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char *text = mem_zalloc(1, 4096);
	if (fd < 0 || read(fd, text, 4095) < 0) {
		free(text);
		return NULL;
	}
	return text;
}

#endif
