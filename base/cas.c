#include "base/cas.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

char *
cas_path(const char *root, const char *digest)
{
	return mem_printf("%s/%.2s/%s", root, digest, digest + 2);
}

bool
cas_has(const char *root, const char *digest)
{
	if (!hash_is_hex(str_of(digest)))
		return false;
	OWN_FREE char *path = cas_path(root, digest);
	return fs_exists(path);
}

/* A new unnamed file of the store. */
int
cas_temp(const char *root, int *ret_fd, struct dd_err *err)
{
	int rc = fs_mkdirs(root, 0700, err);
	if (rc < 0)
		return rc;
	int fd = io_create(root, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "cannot make a temporary file in %s", root);
	*ret_fd = fd;
	return 0;
}

static int
copy_and_hash(int from, int to, struct hash_hex *ret, struct dd_err *err)
{
	char chunk[65536];
	struct hash *h = hash_create();
	int rc = 0;
	off_t at = 0;
	for (ssize_t n; rc == 0 && (n = pread(from, chunk, sizeof(chunk), at)) != 0; at += n) {
		if (n < 0) {
			rc = err_errno(err, errno, "cannot read");
			break;
		}
		hash_add(h, chunk, (size_t)n);
		rc = fs_write_all(to, chunk, (size_t)n, err);
	}
	*ret = hash_finish(h);
	return rc < 0 ? err_wrap(err, "a new object") : 0;
}

/* From cas_temp: nobody else can change it, and it can have a name in the store. */
static bool
is_of_store(const char *root, int fd)
{
	struct stat st, root_st;
	return fstat(fd, &st) == 0 && stat(root, &root_st) == 0 && st.st_nlink == 0 &&
	       st.st_dev == root_st.st_dev && st.st_uid == geteuid();
}

static int
take_or_copy(const char *root, int fd, int *ret_fd, struct hash_hex *ret, struct dd_err *err)
{
	if (!is_of_store(root, fd)) {
		int rc = cas_temp(root, ret_fd, err);
		return rc < 0 ? rc : copy_and_hash(fd, *ret_fd, ret, err);
	}
	*ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (*ret_fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "cannot read a new object");
	return hash_fd(fd, ret, NULL, err);
}

int
cas_stage(
	const char *root, int fd, const char *expected, struct cas_staged *ret, struct dd_err *err)
{
	OWN_FD int copy = -1;
	struct hash_hex digest;
	int rc = take_or_copy(root, fd, &copy, &digest, err);
	if (rc == 0 && expected && strcmp(expected, digest.s) != 0)
		rc = err_set(err, DD_ECORRUPT, "its digest is %s, expected %s", digest.s, expected);
	if (rc < 0)
		return err_wrap(err, "store %s", root);
	/* On its way to the disk while the next one is copied. */
	(void)sync_file_range(copy, 0, 0, SYNC_FILE_RANGE_WRITE);
	*ret = (struct cas_staged){TAKE_FD(copy), digest};
	return 0;
}

/* Give an unnamed file its name; an object that is there already is the same bytes. */
static int
link_object(const char *root, const struct cas_staged *o, struct dd_err *err)
{
	OWN_FREE char *path = cas_path(root, o->digest.s);
	OWN_FREE char *dir = mem_printf("%s/%.2s", root, o->digest.s);
	OWN_FREE char *link_to = mem_printf("/proc/self/fd/%d", o->fd);
	int rc = fs_mkdirs(dir, 0700, err);
	if (rc == 0 && io_linkat(AT_FDCWD, link_to, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0 &&
		errno != EEXIST)
		rc = err_errno(err, errno, "cannot store object %s", path);
	return rc;
}

/* Each pass over all of them: the first file's sync takes the others' metadata along. */
int
cas_publish(const char *root, struct cas_staged *v, size_t n, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (fchmod(v[i].fd, 0444) < 0 || io_fsync(v[i].fd) < 0)
			rc = err_errno(err, errno, "cannot sync object %s", v[i].digest.s);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = link_object(root, &v[i], err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		OWN_FREE char *dir = mem_printf("%s/%.2s", root, v[i].digest.s);
		rc = fs_sync_dir(dir, err);
	}
	for (size_t i = 0; i < n; i++)
		(void)close(v[i].fd);
	return rc < 0 ? err_wrap(err, "store %s", root) : 0;
}

int
cas_adopt(const char *root, int fd, const char *expected, struct hash_hex *ret, struct dd_err *err)
{
	struct cas_staged o;
	int rc = cas_stage(root, fd, expected, &o, err);
	if (rc == 0)
		rc = cas_publish(root, &o, 1, err);
	if (rc == 0 && ret)
		*ret = o.digest;
	return rc;
}

int
cas_put(const char *root, struct str data, struct hash_hex *ret, struct dd_err *err)
{
	struct cas_staged o = {.digest = hash_bytes(data)};
	OWN_FD int fd = -1;
	int rc = cas_temp(root, &fd, err);
	if (rc == 0)
		rc = fs_write_all(fd, data.p, data.n, err);
	if (rc < 0)
		return err_wrap(err, "store %s", root);
	o.fd = TAKE_FD(fd);
	rc = cas_publish(root, &o, 1, err);
	if (rc == 0 && ret)
		*ret = o.digest;
	return rc;
}

static int
quarantine(const char *root, const char *path, const char *digest, struct dd_err *err)
{
	OWN_FREE char *dir = fs_join(root, "quarantine");
	OWN_FREE char *to = mem_printf("%s/%s-%lld", dir, digest, (long long)clock_real_ns());
	/* What cannot be moved aside is removed: it must not be taken for the object again. */
	bool kept = fs_mkdirs(dir, 0700, NULL) == 0 && io_rename(path, to) == 0;
	if (!kept && io_unlink(path) < 0)
		return err_errno(err, errno, "object %s is damaged and cannot be removed", path);
	return err_set(err, DD_ECORRUPT, "object %s was damaged; %s%s", path,
		kept ? "it is kept as " : "it was removed", kept ? to : "");
}

int
cas_open(const char *root, const char *digest, int *ret_fd, struct dd_err *err)
{
	if (!hash_is_hex(str_of(digest)))
		return err_set(err, DD_EINVAL, "\"%.80s\" is not a digest", digest);
	OWN_FREE char *path = cas_path(root, digest);
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct hash_hex got;
	if (fd < 0)
		return err_errno(err, errno, "object %s", path);
	int rc = hash_fd(fd, &got, NULL, err);
	if (rc < 0)
		return err_wrap(err, "object %s", path);
	if (strcmp(got.s, digest) != 0)
		return quarantine(root, path, digest, err);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "object %s", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Objects whose digest begins with the name of the directory. */
static int
each_in(const char *root, const char *prefix,
	int (*fn)(void *ctx, const char *digest, uint64_t bytes), void *ctx, struct dd_err *err)
{
	OWN_FREE char *dir = fs_join(root, prefix);
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *digest = mem_printf("%s%s", prefix, names.v[i]);
		OWN_FREE char *path = fs_join(dir, names.v[i]);
		struct stat st;
		if (hash_is_hex(str_of(digest)) && lstat(path, &st) == 0)
			rc = fn(ctx, digest, (uint64_t)st.st_blocks * 512);
	}
	return rc;
}

int
cas_each(const char *root, int (*fn)(void *ctx, const char *digest, uint64_t bytes), void *ctx,
	struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(root, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		if (strlen(names.v[i]) == 2)
			rc = each_in(root, names.v[i], fn, ctx, err);
	return rc;
}

int
cas_remove(const char *root, const char *digest, struct dd_err *err)
{
	OWN_FREE char *path = cas_path(root, digest);
	if (io_unlink(path) < 0 && errno != ENOENT)
		return err_errno(err, errno, "cannot remove object %s", path);
	return 0;
}
