#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int
fs_write_all(int fd, const void *p, size_t n, struct dd_err *err)
{
	const char *at = p;
	while (n) {
		ssize_t w = write(fd, at, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_errno(err, errno, "cannot write");
		at += w;
		n -= (size_t)w;
	}
	return 0;
}

static int
read_open(int fd, const char *path, size_t max, struct buf *ret, struct dd_err *err)
{
	char chunk[65536];
	size_t total = 0;
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "cannot read %s", path);
		if (n == 0)
			return 0;
		total += (size_t)n;
		if (total > max)
			return err_set(err, DD_ELIMIT, "%s is larger than %zu bytes", path, max);
		buf_add(ret, chunk, (size_t)n);
	}
}

int
fs_read_at(int dir_fd, const char *path, size_t max, struct buf *ret, struct dd_err *err)
{
	OWN_FD int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_errno(err, errno, "cannot open %s", path);
	return read_open(fd, path, max, ret, err);
}

int
fs_read(const char *path, size_t max, struct buf *ret, struct dd_err *err)
{
	return fs_read_at(AT_FDCWD, path, max, ret, err);
}

static char *
parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return mem_strdup(".");
	return slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
}

int
fs_sync_dir(const char *path, struct dd_err *err)
{
	OWN_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_errno(err, errno, "cannot sync directory %s", path);
	return 0;
}

static int
write_temp(const char *temp, struct str data, mode_t mode, struct dd_err *err)
{
	OWN_FD int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return err_errno(err, errno, "cannot create %s", temp);
	int rc = fs_write_all(fd, data.p, data.n, err);
	if (rc == 0 && fsync(fd) < 0)
		rc = err_errno(err, errno, "cannot sync %s", temp);
	return rc < 0 ? err_wrap(err, "%s", temp) : 0;
}

int
fs_write_atomic(const char *path, struct str data, mode_t mode, struct dd_err *err)
{
	static unsigned counter;
	OWN_FREE char *temp = mem_printf("%s.tmp-%d-%u", path, (int)getpid(), counter++);
	OWN_FREE char *dir = parent_of(path);
	int rc = write_temp(temp, data, mode, err);
	if (rc == 0 && rename(temp, path) < 0)
		rc = err_errno(err, errno, "cannot rename to %s", path);
	if (rc < 0) {
		(void)unlink(temp);
		return rc;
	}
	return fs_sync_dir(dir, err);
}

int
fs_mkdirs(const char *path, mode_t mode, struct dd_err *err)
{
	OWN_FREE char *copy = mem_strdup(path);
	for (char *p = copy + 1;; p++) {
		if (*p && *p != '/')
			continue;
		char keep = *p;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return err_errno(err, errno, "cannot create directory %s", copy);
		*p = keep;
		if (!keep)
			break;
	}
	return fs_is_dir(path) ? 0 : err_set(err, DD_EIO, "%s is not a directory", path);
}

static int remove_entries(int dir_fd, const char *path, unsigned depth, struct dd_err *err);

/* One entry; a directory that cannot be entered is made enterable first. */
static int
remove_entry(int dir_fd, const char *name, const char *path, unsigned depth, struct dd_err *err)
{
	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_errno(err, errno, "cannot remove %s/%s", path, name);
	OWN_FREE char *child = fs_join(path, name);
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES) {
		(void)!fchmodat(dir_fd, name, 0700, 0);
		fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "cannot remove %s", child);
	(void)fchmod(fd, 0700);
	int rc = remove_entries(fd, child, depth + 1, err);
	if (rc == 0 && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		rc = err_errno(err, errno, "cannot remove %s", child);
	return rc;
}

/* Takes the descriptor. */
static int
remove_entries(int dir_fd, const char *path, unsigned depth, struct dd_err *err)
{
	DIR *d = fdopendir(dir_fd);
	if (!d) {
		(void)close(dir_fd);
		return err_errno(err, errno, "cannot read directory %s", path);
	}
	int rc = depth > 2000 ? err_set(err, DD_ELIMIT, "%s is too deep", path) : 0;
	for (struct dirent *e; rc == 0 && (e = readdir(d));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = remove_entry(dirfd(d), e->d_name, path, depth, err);
	(void)closedir(d);
	return rc;
}

int
fs_remove_tree(const char *path, struct dd_err *err)
{
	OWN_FREE char *dir = parent_of(path);
	const char *slash = strrchr(path, '/');
	OWN_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "cannot open %s", dir);
	return remove_entry(fd, slash ? slash + 1 : path, dir, 0, err);
}

int
fs_open_in_root(int root_fd, const char *path, int flags, int *ret_fd, struct dd_err *err)
{
	struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	if (fd < 0)
		return err_errno(err, errno, "cannot open %s", path);
	*ret_fd = (int)fd;
	return 0;
}

bool
fs_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

bool
fs_is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *
fs_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);
	return mem_printf("%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name);
}

int
fs_list(const char *path, struct strlist *ret, struct dd_err *err)
{
	DIR *d = opendir(path);
	if (!d)
		return err_errno(err, errno, "cannot read directory %s", path);
	errno = 0;
	for (struct dirent *e; (e = readdir(d));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			strlist_add(ret, e->d_name);
	int errnum = errno;
	(void)closedir(d);
	if (errnum)
		return err_errno(err, errnum, "cannot read directory %s", path);
	strlist_sort(ret);
	return 0;
}

/* Takes the descriptor; entries that vanish or cannot be entered count as nothing. */
static void
add_usage(int fd, unsigned depth, uint64_t *bytes)
{
	DIR *d = fdopendir(fd);
	if (!d) {
		(void)close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(d));) {
		struct stat st;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
			fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		*bytes += (uint64_t)st.st_blocks * 512;
		if (!S_ISDIR(st.st_mode) || depth > 2000)
			continue;
		int sub = openat(
			dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			add_usage(sub, depth + 1, bytes);
	}
	(void)closedir(d);
}

int
fs_disk_usage(const char *path, uint64_t *ret_bytes, struct dd_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot open %s", path);
	uint64_t bytes = 0;
	add_usage(fd, 0, &bytes);
	*ret_bytes = bytes;
	return 0;
}

int
fs_lock(const char *path, bool wait, int *ret_fd, struct dd_err *err)
{
	OWN_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "cannot open lock %s", path);
	while (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0)
		if (errno != EINTR)
			return err_errno(err, errno, "cannot lock %s", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}
