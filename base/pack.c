#include "base/pack.h"

#include "base/fs.h"
#include "base/io.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define PACK_DEFAULT_DEPTH 200
#define PACK_BUFFER ((size_t)128 << 10)

struct pack {
	struct archive *out;
	struct pack_limits limits;
	struct pack_result done;
	char *buffer;
	struct dd_err *err;
};

static int
write_header(struct pack *p, struct archive_entry *entry)
{
	if (archive_write_header(p->out, entry) < ARCHIVE_OK)
		return err_set(p->err, DD_EIO, "cannot send %s: %s", archive_entry_pathname(entry),
			archive_error_string(p->out));
	return 0;
}

static int
copy_content(struct pack *p, int fd, const char *path, uint64_t size)
{
	while (size) {
		size_t want = size < PACK_BUFFER ? (size_t)size : PACK_BUFFER;
		ssize_t n = read(fd, p->buffer, want);
		if (n < 0)
			return err_errno(p->err, errno, "cannot read %s", path);
		if (n == 0) { /* it shrank: the header promised more */
			memset(p->buffer, 0, want);
			n = (ssize_t)want;
		}
		if (archive_write_data(p->out, p->buffer, (size_t)n) != n)
			return err_set(p->err, DD_EIO, "cannot send %s: %s", path,
				archive_error_string(p->out));
		size -= (uint64_t)n;
	}
	return 0;
}

static int
pack_file(
	struct pack *p, int dir_fd, const char *name, const char *path, struct archive_entry *entry)
{
	OWN_FD int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(p->err, errno, "cannot read %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(p->err, DD_EIO, "%s changed while it was read", path);
	uint64_t size = (uint64_t)st.st_size;
	p->done.bytes += size;
	if (p->limits.bytes && p->done.bytes > p->limits.bytes)
		return err_set(p->err, DD_ELIMIT, "the tree holds more than %llu bytes (at %s)",
			(unsigned long long)p->limits.bytes, path);
	archive_entry_set_size(entry, st.st_size);
	int rc = write_header(p, entry);
	return rc < 0 ? rc : copy_content(p, fd, path, size);
}

static int
pack_link(
	struct pack *p, int dir_fd, const char *name, const char *path, struct archive_entry *entry)
{
	char target[4096];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof(target) - 1);
	if (n < 0)
		return err_errno(p->err, errno, "cannot read link %s", path);
	target[n] = '\0';
	archive_entry_set_symlink(entry, target);
	return write_header(p, entry);
}

static int pack_directory(struct pack *p, int dir_fd, const char *path, unsigned depth);

static int
pack_subdirectory(struct pack *p, int dir_fd, const char *name, const char *path, unsigned depth,
	struct archive_entry *entry)
{
	int rc = write_header(p, entry);
	if (rc < 0)
		return rc;
	OWN_FD int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(p->err, errno, "cannot read directory %s", path);
	return pack_directory(p, fd, path, depth + 1);
}

static int
pack_entry(struct pack *p, int dir_fd, const char *name, const char *path, unsigned depth)
{
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(p->err, errno, "cannot look at %s", path);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode)) {
		p->done.skipped++;
		return 0;
	}
	p->done.entries++;
	if (p->limits.entries && p->done.entries > p->limits.entries)
		return err_set(p->err, DD_ELIMIT, "the tree has more than %llu entries",
			(unsigned long long)p->limits.entries);
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, st.st_mode & S_IFMT);
	archive_entry_set_perm(entry, st.st_mode & 0777);
	archive_entry_set_mtime(entry, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	int rc;
	if (S_ISREG(st.st_mode))
		rc = pack_file(p, dir_fd, name, path, entry);
	else if (S_ISLNK(st.st_mode))
		rc = pack_link(p, dir_fd, name, path, entry);
	else
		rc = pack_subdirectory(p, dir_fd, name, path, depth, entry);
	archive_entry_free(entry);
	return rc;
}

static int
pack_directory(struct pack *p, int dir_fd, const char *path, unsigned depth)
{
	if (depth > (p->limits.depth ? p->limits.depth : PACK_DEFAULT_DEPTH))
		return err_set(p->err, DD_ELIMIT, "the tree is too deep at %s", path);
	OWN(strlist) struct strlist names = {0};
	/* Sorted, so that the stream does not depend on the file system. */
	int rc = fs_list_fd(dir_fd, path, &names, p->err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *child =
			*path ? mem_printf("%s/%s", path, names.v[i]) : mem_strdup(names.v[i]);
		rc = pack_entry(p, dir_fd, names.v[i], child, depth);
	}
	return rc;
}

static la_ssize_t
send_block(struct archive *a, void *ctx, const void *p, size_t n)
{
	const int *fd = ctx;
	ssize_t w;
	do
		w = io_write(*fd, p, n);
	while (w < 0 && errno == EINTR);
	if (w < 0)
		archive_set_error(a, errno, "%s", strerror(errno));
	return w;
}

int
pack_tree(int dir_fd, int out_fd, const struct pack_limits *limits, struct pack_result *ret,
	struct dd_err *err)
{
	struct pack p = {.err = err, .out = archive_write_new()};
	if (limits)
		p.limits = *limits;
	p.buffer = mem_alloc(PACK_BUFFER);
	int rc = 0;
	/* Names are bytes: of no character set. */
	if (archive_write_set_format_pax(p.out) < ARCHIVE_OK ||
		archive_write_set_format_option(p.out, "pax", "hdrcharset", "BINARY") <
			ARCHIVE_OK ||
		archive_write_open2(p.out, &out_fd, NULL, send_block, NULL, NULL) < ARCHIVE_OK)
		rc = err_set(
			err, DD_EIO, "cannot start a tar stream: %s", archive_error_string(p.out));
	if (rc == 0)
		rc = pack_directory(&p, dir_fd, "", 0);
	/* Who has read the end may be gone before the padding behind it; who has not tells so itself. */
	if (rc == 0 && archive_write_close(p.out) < ARCHIVE_OK && archive_errno(p.out) != EPIPE)
		rc = err_set(
			err, DD_EIO, "cannot end the tar stream: %s", archive_error_string(p.out));
	if (rc < 0)
		(void)archive_write_fail(p.out);
	(void)archive_write_free(p.out);
	free(p.buffer);
	if (rc == 0 && ret)
		*ret = p.done;
	return rc;
}
