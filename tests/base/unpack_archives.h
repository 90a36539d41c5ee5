/*
 * Archives made to order, and a place to unpack them into with something beside it that must stay as it
 * is: for the tests of base/unpack.
 */
#ifndef TESTS_BASE_UNPACK_ARCHIVES_H
#define TESTS_BASE_UNPACK_ARCHIVES_H

#include "base/unpack.h"
#include "tests/base/tmpdir.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include <cmocka.h>

/* ---- archives to order ---- */

struct item {
	const char *path;
	mode_t type; /* AE_IFREG, ...; 0: a hard link to `link` */
	const char *text;
	const char *link;
	mode_t mode;  /* 0: 0644, 0755 for a directory */
	int64_t size; /* 0: that of text; more: zeros behind it */
	const char *xattr, *value;
};

static inline int
memory_file(void)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static inline void
write_item(struct archive *a, const struct item *it)
{
	struct archive_entry *e = archive_entry_new();
	size_t len = it->text ? strlen(it->text) : 0;
	int64_t size = it->size ? it->size : (int64_t)len;
	archive_entry_copy_pathname(e, it->path);
	archive_entry_set_filetype(e, it->type ? it->type : AE_IFREG);
	archive_entry_set_perm(e, it->mode ? it->mode : it->type == AE_IFDIR ? 0755 : 0644);
	archive_entry_set_mtime(e, 1234567890, 0);
	archive_entry_set_uid(e, 12);
	archive_entry_set_gid(e, 34);
	archive_entry_set_size(e, it->type == AE_IFREG ? size : 0);
	if (it->type == 0)
		archive_entry_copy_hardlink(e, it->link);
	else if (it->link)
		archive_entry_copy_symlink(e, it->link);
	if (it->xattr)
		archive_entry_xattr_add_entry(e, it->xattr, it->value, strlen(it->value));
	(void)archive_write_header(a, e);
	if (it->type == AE_IFREG) {
		static const char zeros[1 << 16];
		(void)archive_write_data(a, it->text, len);
		for (int64_t left = size - (int64_t)len; left > 0; left -= (int64_t)sizeof(zeros))
			(void)archive_write_data(a, zeros,
				left < (int64_t)sizeof(zeros) ? (size_t)left : sizeof(zeros));
	}
	archive_entry_free(e);
}

static inline int
make_archive(int (*format)(struct archive *), int (*filter)(struct archive *),
	const struct item *items, size_t n)
{
	int fd = memory_file();
	struct archive *a = archive_write_new();
	assert_int_equal(format(a), ARCHIVE_OK);
	if (filter)
		assert_int_equal(filter(a), ARCHIVE_OK);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++)
		write_item(a, &items[i]);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

#define TAR(...) \
	make_archive(archive_write_set_format_ustar, NULL, (const struct item[]){__VA_ARGS__}, \
		sizeof((const struct item[]){__VA_ARGS__}) / sizeof(struct item))
#define FILE_(p, t) \
	{ \
		.path = (p), .type = AE_IFREG, .text = (t) \
	}
#define DIR_(p) \
	{ \
		.path = (p), .type = AE_IFDIR \
	}
#define SYM(p, l) \
	{ \
		.path = (p), .type = AE_IFLNK, .link = (l) \
	}
#define HARD(p, l) \
	{ \
		.path = (p), .link = (l) \
	}

/* A place to unpack into, with something beside it that must stay as it is. */
struct place {
	char *dir;
	int fd;	  /* dir */
	int dest; /* dir/dest */
};

static inline void
place_cleanup(struct place *p)
{
	(void)close(p->fd);
	(void)close(p->dest);
	tmpdir_remove(p->dir);
}

static inline struct place
place_create(void)
{
	struct place p = {.dir = tmpdir_create()};
	p.fd = tmpdir_open_fd(p.dir);
	assert_int_equal(mkdirat(p.fd, "dest", 0755), 0);
	assert_int_equal(mkdirat(p.fd, "outside", 0755), 0);
	tmpdir_write(p.fd, "outside/precious", "untouched");
	p.dest = openat(p.fd, "dest", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p.fd >= 0 && p.dest >= 0);
	return p;
}

/* The directory outside still holds its one file, unchanged and without a second name. */
static inline void
assert_nothing_outside(const struct place *p)
{
	OWN_FREE char *text = tmpdir_read(p->fd, "outside/precious");
	assert_non_null(text);
	assert_string_equal(text, "untouched");
	OWN_FREE char *dir = mem_printf("%s/outside", p->dir);
	struct dirent **names;
	int n = scandir(dir, &names, NULL, NULL);
	assert_int_equal(n, 3);
	while (n)
		free(names[--n]);
	free(names);
	struct stat st;
	assert_int_equal(fstatat(p->fd, "outside/precious", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_false(tmpdir_has(p->fd, "x"));
}

/* Unpack an archive that has to be refused with this code and these words; closes fd. */
static inline void
assert_refused(int fd, const struct unpack_opts *opts, enum dd_code code, const char *words)
{
	OWN(place) struct place p = place_create();
	OWN(dd_err) struct dd_err err = {0};
	struct unpack_result r;
	int rc = unpack_to(fd, p.dest, opts, &r, &err);
	if (rc != -(int)code)
		fail_msg("%d instead of %d: %s", rc, -(int)code, err_msg(&err));
	if (!strstr(err_msg(&err), words))
		fail_msg("'%s' does not say '%s'", err_msg(&err), words);
	assert_nothing_outside(&p);
	(void)close(fd);
}

static inline void
unpack_ok(int fd, int dest, const struct unpack_opts *opts, struct unpack_result *r)
{
	OWN(dd_err) struct dd_err err = {0};
	if (unpack_to(fd, dest, opts, r, &err))
		fail_msg("%s", err_msg(&err));
}

static inline void
assert_text(int dir, const char *path, const char *want)
{
	OWN_FREE char *text = tmpdir_read(dir, path);
	if (!text)
		fail_msg("no file %s", path);
	assert_string_equal(text, want);
}

#endif
