#include "base/cas.h"

#include "base/fs.h"
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

int
cas_temp(const char *root, int *ret_fd, struct dd_err *err)
{
	int rc = fs_mkdirs(root, 0700, err);
	if (rc < 0)
		return rc;
	int fd = open(root, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "cannot make a temporary file in %s", root);
	*ret_fd = fd;
	return 0;
}

/* Give an unnamed file its name; an object that is there already is the same bytes. */
static int
publish(const char *root, int fd, const char *digest, struct dd_err *err)
{
	OWN_FREE char *path = cas_path(root, digest);
	OWN_FREE char *dir = mem_printf("%s/%.2s", root, digest);
	OWN_FREE char *link_to = mem_printf("/proc/self/fd/%d", fd);
	int rc = fs_mkdirs(dir, 0700, err);
	if (rc < 0)
		return rc;
	if (fchmod(fd, 0444) < 0 || fsync(fd) < 0)
		return err_errno(err, errno, "cannot sync a new object");
	if (linkat(AT_FDCWD, link_to, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0 && errno != EEXIST)
		return err_errno(err, errno, "cannot store object %s", path);
	return fs_sync_dir(dir, err);
}

static int
copy_to_temp(const char *root, int fd, int *ret_fd, struct dd_err *err)
{
	OWN_FD int temp = -1;
	char chunk[65536];
	int rc = cas_temp(root, &temp, err);
	while (rc == 0) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0)
			return err_errno(err, errno, "cannot read a new object");
		if (n == 0)
			break;
		rc = fs_write_all(temp, chunk, (size_t)n, err);
	}
	if (rc == 0)
		*ret_fd = TAKE_FD(temp);
	return rc;
}

int
cas_adopt(const char *root, int fd, const char *expected, struct hash_hex *ret, struct dd_err *err)
{
	struct hash_hex digest;
	struct stat st, root_st;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "cannot read a new object");
	int rc = hash_fd(fd, &digest, NULL, err);
	if (rc == 0 && expected && strcmp(expected, digest.s) != 0)
		rc = err_set(err, DD_ECORRUPT, "its digest is %s, expected %s", digest.s, expected);
	if (rc < 0)
		return rc;
	/* A named file could be changed by its owner later, one elsewhere cannot be linked: copy
	 * these. */
	bool ours = fstat(fd, &st) == 0 && stat(root, &root_st) == 0 && st.st_nlink == 0 &&
		    st.st_dev == root_st.st_dev && st.st_uid == geteuid();
	OWN_FD int copy = -1;
	if (!ours) {
		if (lseek(fd, 0, SEEK_SET) < 0)
			return err_errno(err, errno, "cannot read a new object");
		rc = copy_to_temp(root, fd, &copy, err);
		if (rc == 0)
			rc = lseek(copy, 0, SEEK_SET) < 0
				     ? err_errno(err, errno, "cannot read a new object")
				     : hash_fd(copy, &digest, NULL, err);
		if (rc == 0 && expected && strcmp(expected, digest.s) != 0)
			rc = err_set(err, DD_ECORRUPT, "it changed while it was stored");
	}
	if (rc == 0)
		rc = publish(root, ours ? fd : copy, digest.s, err);
	if (rc == 0 && ret)
		*ret = digest;
	return rc;
}

int
cas_put(const char *root, struct str data, struct hash_hex *ret, struct dd_err *err)
{
	OWN_FD int fd = -1;
	int rc = cas_temp(root, &fd, err);
	if (rc == 0)
		rc = fs_write_all(fd, data.p, data.n, err);
	return rc < 0 ? rc : cas_adopt(root, fd, NULL, ret, err);
}

static int
quarantine(const char *root, const char *path, const char *digest, struct dd_err *err)
{
	OWN_FREE char *dir = fs_join(root, "quarantine");
	OWN_FREE char *to = mem_printf("%s/%s-%lld", dir, digest, (long long)clock_real_ns());
	if (fs_mkdirs(dir, 0700, err) == 0)
		(void)rename(path, to);
	return err_set(err, DD_ECORRUPT, "object %s was damaged; it is kept as %s", digest, to);
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
		return err_errno(err, errno, "object %s", digest);
	int rc = hash_fd(fd, &got, NULL, err);
	if (rc < 0)
		return rc;
	if (strcmp(got.s, digest) != 0)
		return quarantine(root, path, digest, err);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "object %s", digest);
	*ret_fd = TAKE_FD(fd);
	return 0;
}
