#include "base/tree.h"

#include "base/fs.h"
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define COPY_CHUNK ((size_t)8 << 20)

struct copier {
	struct tree_opts max; /* no zeros */
	struct stat dest;     /* of the destination's root */
	struct tree_result res;
	uint64_t entries;
	struct buf path; /* of what is being copied, for messages */
};

static void
copier_cleanup(struct copier *c)
{
	tree_result_cleanup(&c->res);
	buf_cleanup(&c->path);
}

void
tree_result_cleanup(struct tree_result *r)
{
	strlist_cleanup(&r->skipped);
	*r = (struct tree_result){0};
}

static char *
shown_path(const struct copier *c)
{
	OWN(buf) struct buf b = {.max = 400};
	buf_put_visible(&b, buf_str(&c->path));
	return buf_take(&b);
}

static int
fail(const struct copier *c, int errnum, const char *doing, struct dd_err *err)
{
	OWN_FREE char *shown = shown_path(c);
	return err_errno(err, errnum, "%s '%s'", doing, shown);
}

static void
skip_entry(struct copier *c, uint64_t *counter, const char *why)
{
	OWN_FREE char *shown = shown_path(c);
	(*counter)++;
	if (c->res.skipped.n < TREE_MAX_SKIPPED)
		strlist_addf(&c->res.skipped, "%s: %s", shown, why);
}

/*
 * Whether a name that was there cannot be had any more, which is the source's own affair: it may
 * not be read, or was changed meanwhile.
 */
static bool
skip_if_gone(struct copier *c, int errnum)
{
	if (errnum == EACCES || errnum == EPERM)
		skip_entry(c, &c->res.nunreadable, "permission denied");
	else if (errnum == ENOENT || errnum == ELOOP || errnum == ENOTDIR || errnum == EINVAL)
		skip_entry(c, &c->res.nunreadable, "changed while it was copied");
	else
		return false;
	return true;
}

static int
add_bytes(struct copier *c, uint64_t n, struct dd_err *err)
{
	if (n > c->max.max_bytes - c->res.bytes)
		return err_set(err, DD_ELIMIT, "the tree holds more than %llu bytes",
			(unsigned long long)c->max.max_bytes);
	c->res.bytes += n;
	return 0;
}

static int
write_whole(struct copier *c, int fd, const char *p, size_t n, struct dd_err *err)
{
	while (n) {
		ssize_t w = io_write(fd, p, n);
		if (w < 0 && errno != EINTR)
			return fail(c, errno, "writing", err);
		p += w > 0 ? w : 0;
		n -= w > 0 ? (size_t)w : 0;
	}
	return 0;
}

/* 1: the kernel copied a piece, 0: it cannot (any more), negative: error. */
static int
copy_in_kernel(struct copier *c, int from, int to, struct dd_err *err)
{
	ssize_t n = io_copy_range(from, to, COPY_CHUNK);
	if (n > 0) {
		int rc = add_bytes(c, (uint64_t)n, err);
		return rc ? rc : 1;
	}
	if (n < 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT))
		return fail(c, errno, "copying", err);
	return 0;
}

static int
copy_bytes(struct copier *c, int from, int to, struct dd_err *err)
{
	int rc;
	while ((rc = copy_in_kernel(c, from, to, err)) > 0)
		;
	if (rc)
		return rc;
	/* What it left: other file systems, or the end of the file. */
	char block[32 << 10];
	for (;;) {
		ssize_t n = read(from, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(c, errno, "reading", err);
		if (n == 0)
			return 0;
		rc = add_bytes(c, (uint64_t)n, err);
		rc = rc ? rc : write_whole(c, to, block, (size_t)n, err);
		if (rc)
			return rc;
	}
}

/* Mode and time; `least` are the owner's bits that are always set. */
static int
set_attributes(struct copier *c, int fd, const struct stat *st, mode_t least, struct dd_err *err)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};
	if (fchmod(fd, (st->st_mode & 01777) | least) < 0 || futimens(fd, times) < 0)
		return fail(c, errno, "setting the attributes of", err);
	return 0;
}

static int
copy_file(struct copier *c, int src_dir, int dest_dir, const char *name, struct dd_err *err)
{
	/* O_NONBLOCK: it may have become a FIFO since it was looked at. */
	OWN_FD int from = openat(src_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (from < 0 && skip_if_gone(c, errno))
		return 0;
	struct stat st;
	if (from < 0 || fstat(from, &st) < 0)
		return fail(c, errno, "opening", err);
	if (!S_ISREG(st.st_mode)) {
		skip_entry(c, &c->res.nunreadable, "changed while it was copied");
		return 0;
	}
	OWN_FD int to = io_createat(
		dest_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return fail(c, errno, "creating", err);
	int rc = copy_bytes(c, from, to, err);
	rc = rc ? rc : set_attributes(c, to, &st, S_IRUSR, err);
	if (!rc)
		c->res.files++;
	return rc;
}

static int
copy_symlink(struct copier *c, int src_dir, int dest_dir, const char *name, const struct stat *st,
	struct dd_err *err)
{
	char target[4097];
	ssize_t n = readlinkat(src_dir, name, target, sizeof(target) - 1);
	if (n < 0 && skip_if_gone(c, errno))
		return 0;
	if (n < 0)
		return fail(c, errno, "reading the link", err);
	target[n] = '\0';
	if (io_symlinkat(target, dest_dir, name) < 0)
		return fail(c, errno, "creating the link", err);
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};
	if (utimensat(dest_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(c, errno, "setting the time of", err);
	c->res.symlinks++;
	return 0;
}

static int copy_content(struct copier *c, int src, int dest, uint32_t depth, struct dd_err *err);

static int
copy_dir(struct copier *c, int src_dir, int dest_dir, const char *name, uint32_t depth,
	struct dd_err *err)
{
	if (depth >= c->max.max_depth) {
		OWN_FREE char *shown = shown_path(c);
		return err_set(err, DD_ELIMIT, "'%s' lies too deep", shown);
	}
	OWN_FD int src = openat(src_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (src < 0 && skip_if_gone(c, errno))
		return 0;
	struct stat st;
	if (src < 0 || fstat(src, &st) < 0)
		return fail(c, errno, "opening", err);
	if (st.st_dev == c->dest.st_dev && st.st_ino == c->dest.st_ino)
		return 0;
	if (io_mkdirat(dest_dir, name, 0700) < 0)
		return fail(c, errno, "making directory", err);
	OWN_FD int dest = openat(dest_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dest < 0)
		return fail(c, errno, "opening directory", err);
	int rc = copy_content(c, src, dest, depth + 1, err);
	rc = rc ? rc : set_attributes(c, dest, &st, S_IRWXU, err);
	if (!rc)
		c->res.dirs++;
	return rc;
}

static int
copy_entry(
	struct copier *c, int src, int dest, const char *name, uint32_t depth, struct dd_err *err)
{
	if (c->max.exclude && strlist_has(c->max.exclude, c->path.p))
		return 0;
	if (++c->entries > c->max.max_entries)
		return err_set(err, DD_ELIMIT, "the tree holds more than %llu entries",
			(unsigned long long)c->max.max_entries);
	struct stat st;
	if (fstatat(src, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return skip_if_gone(c, errno) ? 0 : fail(c, errno, "looking at", err);
	if (S_ISREG(st.st_mode))
		return copy_file(c, src, dest, name, err);
	if (S_ISDIR(st.st_mode))
		return copy_dir(c, src, dest, name, depth, err);
	if (S_ISLNK(st.st_mode))
		return copy_symlink(c, src, dest, name, &st, err);
	skip_entry(c, &c->res.nspecial, "not a file, directory or link");
	return 0;
}

static int
copy_content(struct copier *c, int src, int dest, uint32_t depth, struct dd_err *err)
{
	int again = openat(src, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again >= 0 ? fdopendir(again) : NULL;
	/* A directory may be readable and yet not searchable. */
	if (!dir && skip_if_gone(c, errno))
		return 0;
	if (!dir)
		return fail(c, errno, "listing", err);
	size_t len = c->path.n;
	int rc = 0;
	struct dirent *e;
	while (!rc && (errno = 0, e = readdir(dir))) {
		if (fs_is_dots(e->d_name))
			continue;
		buf_printf(&c->path, "%s%s", len ? "/" : "", e->d_name);
		rc = copy_entry(c, src, dest, e->d_name, depth, err);
		c->path.n = len;
	}
	if (!rc && errno)
		rc = fail(c, errno, "listing", err);
	(void)closedir(dir);
	return rc;
}

int
tree_copy(int src_fd, int dest_fd, const struct tree_opts *opts, struct tree_result *ret,
	struct dd_err *err)
{
	OWN(copier) struct copier c = {0};
	if (opts)
		c.max = *opts;
	c.max.max_bytes = c.max.max_bytes ? c.max.max_bytes : (uint64_t)8 << 30;
	c.max.max_entries = c.max.max_entries ? c.max.max_entries : 1000000;
	c.max.max_depth = c.max.max_depth ? c.max.max_depth : 128;
	if (fstat(dest_fd, &c.dest) < 0)
		return err_errno(err, errno, "looking at the destination");
	int rc = copy_content(&c, src_fd, dest_fd, 0, err);
	if (rc)
		return rc;
	strlist_sort(&c.res.skipped);
	*ret = c.res;
	c.res = (struct tree_result){0};
	return 0;
}
