#include "base/fs.h"

#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int
fs_write_all(int fd, const void *p, size_t n, struct dd_err *err)
{
	const char *at = p;
	while (n) {
		ssize_t w = io_write(fd, at, n);
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
		ssize_t n = io_read(fd, chunk, sizeof(chunk));
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
		if (ret->truncated)
			return err_set(err, DD_ELIMIT, "%s is larger than its buffer", path);
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
fs_read_regular(int dir_fd, const char *path, bool nofollow, size_t max, struct buf *ret,
	struct dd_err *err)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat st;
	OWN_FD int fd = openat(dir_fd, path, flags | (nofollow ? O_NOFOLLOW : 0));
	if (fd < 0 && errno != ELOOP && errno != ENXIO) /* a link; a socket */
		return err_errno(err, errno, "cannot open %s", path);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, DD_EINVAL, "%s is no regular file", path);
	return read_open(fd, path, max, ret, err);
}

int
fs_read(const char *path, size_t max, struct buf *ret, struct dd_err *err)
{
	return fs_read_at(AT_FDCWD, path, max, ret, err);
}

int
fs_read_if_any(const char *path, size_t max, struct buf *ret, struct dd_err *err)
{
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return 0;
	return fd < 0 ? err_errno(err, errno, "cannot open %s", path)
		      : read_open(fd, path, max, ret, err);
}

int
fs_memory_file(struct str text, int *ret_fd, struct dd_err *err)
{
	OWN_FD int fd = memfd_create("text", MFD_CLOEXEC);
	int rc = fd < 0 ? err_errno(err, errno, "cannot make a memory file")
			: fs_write_all(fd, text.p, text.n, err);
	if (rc == 0 && lseek(fd, 0, SEEK_SET) < 0)
		rc = err_errno(err, errno, "cannot rewind a memory file");
	if (rc == 0)
		*ret_fd = TAKE_FD(fd);
	return rc;
}

bool
fs_is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool
fs_is_plain_path(struct str path)
{
	struct str part;
	while (str_next(&path, '/', &part))
		if (!part.n || str_eq(part, ".") || str_eq(part, ".."))
			return false;
	return true;
}

char *
fs_plain_path(struct str path, bool *ret_above)
{
	OWN(strlist) struct strlist parts = {0};
	OWN(buf) struct buf out = {0};
	struct str part;
	bool above = false;
	if (path.n && path.p[0] == '/')
		buf_putc(&out, '/');
	while (str_next(&path, '/', &part)) {
		if (!part.n || str_eq(part, "."))
			continue;
		if (!str_eq(part, ".."))
			strlist_add_str(&parts, part);
		else if (parts.n)
			free(parts.v[--parts.n]);
		else
			above = true;
	}
	for (size_t i = 0; i < parts.n; i++)
		buf_printf(&out, "%s%s", i ? "/" : "", parts.v[i]);
	if (ret_above)
		*ret_above = above;
	return mem_strdup(buf_str(&out).p);
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
	if (fd < 0 || io_fsync(fd) < 0)
		return err_errno(err, errno, "cannot sync directory %s", path);
	return 0;
}

int
fs_sync_all(const char *path, struct dd_err *err)
{
	OWN_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || io_syncfs(fd) < 0)
		return err_errno(err, errno, "cannot sync the file system of %s", path);
	return 0;
}

/*
 * Create temp and hold its lock.  The name is always the same, so that what a killed writer left is
 * found by the next; the lock tells a living writer (wait until it renamed its file) from a dead
 * one.  A file that was just created is empty: whoever gets its lock first may have it.
 */
static int
open_temp(const char *temp, mode_t mode, int *ret_fd, struct dd_err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	for (;;) {
		OWN_FD int fd = io_create(temp, flags, mode | S_IWUSR);
		struct stat held, named;
		if (fd < 0)
			return err_errno(err, errno, "cannot create %s", temp);
		while (flock(fd, LOCK_EX) < 0)
			if (errno != EINTR)
				return err_errno(err, errno, "cannot lock %s", temp);
		if (fstat(fd, &held) < 0 || lstat(temp, &named) < 0 || held.st_ino != named.st_ino)
			continue; /* published while we waited */
		if (held.st_size == 0) {
			*ret_fd = TAKE_FD(fd);
			return 0;
		}
		if (io_unlink(temp) < 0) /* a dead one's, perhaps of another mode */
			return err_errno(err, errno, "cannot remove %s", temp);
	}
}

/* open_temp adds the owner's right to write, for the next writer. */
static int
drop_added_mode(int fd, mode_t mode, const char *path, struct dd_err *err)
{
	struct stat st;
	if (mode & S_IWUSR)
		return 0;
	if (fstat(fd, &st) < 0 || fchmod(fd, st.st_mode & 07777 & ~S_IWUSR) < 0)
		return err_errno(err, errno, "cannot set the mode of %s", path);
	return 0;
}

int
fs_write_atomic(const char *path, struct str data, mode_t mode, struct dd_err *err)
{
	OWN_FREE char *dir = parent_of(path);
	OWN_FREE char *temp = mem_printf("%s.drydock-tmp", path);
	OWN_FD int fd = -1;
	int rc = open_temp(temp, mode, &fd, err);
	if (rc < 0)
		return rc;
	rc = fs_write_all(fd, data.p, data.n, err);
	if (rc < 0)
		rc = err_wrap(err, "file %s", temp);
	else
		rc = drop_added_mode(fd, mode, temp, err);
	if (rc == 0 && io_fsync(fd) < 0)
		rc = err_errno(err, errno, "cannot sync %s", temp);
	if (rc == 0 && io_rename(temp, path) < 0)
		rc = err_errno(err, errno, "cannot rename to %s", path);
	if (rc < 0) {
		(void)!io_unlink(temp);
		return rc;
	}
	return fs_sync_dir(dir, err);
}

int
fs_mkdirs(const char *path, mode_t mode, struct dd_err *err)
{
	if (fs_is_dir(path) || io_mkdir(path, mode) == 0) /* nearly always */
		return 0;
	if (errno != ENOENT && errno != ENOTDIR && errno != EEXIST)
		return err_errno(err, errno, "cannot create directory %s", path);
	OWN_FREE char *copy = mem_strdup(path);
	for (char *p = copy + (*copy == '/'); *p;) {
		p = strchrnul(p, '/');
		char keep = *p;
		*p = '\0';
		if (!fs_is_dir(copy) && io_mkdir(copy, mode) < 0 && errno != EEXIST)
			return err_errno(err, errno, "cannot create directory %s", copy);
		*p = keep;
		p += keep != '\0';
	}
	if (!fs_is_dir(path))
		return err_set(err, DD_EEXIST, "cannot create directory \"%s\": %s", path,
			*path ? "it exists and is none" : "it has no name");
	return 0;
}

int
fs_open_in_root(int root_fd, const char *path, int flags, int *ret_fd, struct dd_err *err)
{
	bool creates = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
	struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = creates ? 0600 : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	long fd;
	int tries = 0;
	/* EAGAIN: something was renamed on the way and ".." could not be judged. */
	do
		fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR) && ++tries < 100);
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

char *
fs_user_config(const char *name)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (xdg && xdg[0] == '/')
		return mem_printf("%s/drydock/%s", xdg, name);
	return mem_printf("%s/.config/drydock/%s", home ? home : "", name);
}

const char *
fs_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

char *
fs_beside(const char *file, const char *name)
{
	OWN_FREE char *dir = parent_of(file);
	return *name == '/' ? mem_strdup(name) : fs_join(dir, name);
}

bool
fs_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return n == 0 || (strncmp(path, dir, n) == 0 && path[n] == '/');
}

/* Takes fd over, also on error; below 0 it is the failure to open it. */
static int
list_names(int fd, const char *path, struct strlist *ret, struct dd_err *err)
{
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int errnum = errno;
	if (!d && fd >= 0)
		(void)close(fd);
	if (!d)
		return err_errno(err, errnum, "cannot read directory %s", path);
	for (struct dirent *e; errno = 0, (e = readdir(d));)
		if (!fs_is_dots(e->d_name))
			strlist_add(ret, e->d_name);
	errnum = errno;
	(void)closedir(d);
	if (errnum)
		return err_errno(err, errnum, "cannot read directory %s", path);
	strlist_sort(ret);
	return 0;
}

int
fs_list_fd(int dir_fd, const char *path, struct strlist *ret, struct dd_err *err)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return list_names(fd, path, ret, err);
}

int
fs_list(const char *path, struct strlist *ret, struct dd_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return list_names(fd, path, ret, err);
}

int
fs_lock(const char *path, bool wait, int *ret_fd, struct dd_err *err)
{
	for (;;) {
		struct stat held, named;
		OWN_FD int fd = io_create(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return err_errno(err, errno, "cannot open lock %s", path);
		while (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0)
			if (errno != EINTR)
				return err_errno(err, errno, "cannot lock %s", path);
		/* Its last holder may have removed the file: a lock nobody else can find. */
		if (fstat(fd, &held) == 0 && lstat(path, &named) == 0 &&
			held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
			*ret_fd = TAKE_FD(fd);
			return 0;
		}
	}
}
