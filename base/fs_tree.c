#include "base/fs.h"

#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/stat.h>

/* ---- removing a tree ---- */

/*
 * Directories deeper than this are moved up to the top before they are emptied: the target decides
 * how deep its trees are, and each level of recursion holds a descriptor.
 */
#define REMOVE_DEPTH 32

struct removal {
	int top_fd; /* the tree's root, once it is open */
	unsigned long moved;
	unsigned long progress; /* entries removed or moved */
};

static int remove_entries(
	struct removal *r, int dir_fd, const char *path, unsigned depth, struct dd_err *err);

/* Open a directory that may lack the permission bits for it; -1 and errno. */
static int
open_enterable(int dir_fd, const char *name)
{
	const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	OWN_FD int handle = openat(dir_fd, name, O_PATH | flags);
	if (handle < 0)
		return -1;
	struct stat st;
	OWN_FREE char *self = mem_printf("/proc/self/fd/%d", handle);
	if (fstat(handle, &st) == 0 && (st.st_mode & 0700) != 0700)
		(void)chmod(self, 0700);
	return openat(dir_fd, name, O_RDONLY | flags);
}

static int
move_up(struct removal *r, int dir_fd, const char *name, const char *path, struct dd_err *err)
{
	for (;;) {
		OWN_FREE char *to = mem_printf(".deep-%lu", r->moved++);
		if (io_renameat2(dir_fd, name, r->top_fd, to, RENAME_NOREPLACE) == 0) {
			r->progress++;
			return 0;
		}
		if (errno != EEXIST)
			return err_errno(err, errno, "cannot remove %s/%s", path, name);
	}
}

static int
remove_entry(struct removal *r, int dir_fd, const char *name, const char *path, unsigned depth,
	struct dd_err *err)
{
	if (io_unlinkat(dir_fd, name, 0) == 0) {
		r->progress++;
		return 0;
	}
	int errnum = errno;
	if (errnum == ENOENT)
		return 0;
	if (errnum != EISDIR && errnum != EPERM)
		return err_errno(err, errnum, "cannot remove %s/%s", path, name);
	if (depth > 0 && io_unlinkat(dir_fd, name, AT_REMOVEDIR) == 0) { /* it was empty */
		r->progress++;
		return 0;
	}
	OWN_FD int fd = open_enterable(dir_fd, name);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_errno(
			err, errno == ENOTDIR ? errnum : errno, "cannot remove %s/%s", path, name);
	if (depth > REMOVE_DEPTH)
		return move_up(r, dir_fd, name, path, err);
	if (depth == 0)
		r->top_fd = fd;
	OWN_FREE char *child = fs_join(path, name);
	int rc = remove_entries(r, TAKE_FD(fd), child, depth + 1, err);
	if (rc == 0 && io_unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		rc = err_errno(err, errno, "cannot remove %s", child);
	r->progress++;
	return rc;
}

/* Takes dir_fd.  Until a whole pass does nothing: entries are moved here meanwhile. */
static int
remove_entries(struct removal *r, int dir_fd, const char *path, unsigned depth, struct dd_err *err)
{
	DIR *d = fdopendir(dir_fd);
	if (!d) {
		int rc = err_errno(err, errno, "cannot read directory %s", path);
		(void)close(dir_fd);
		return rc;
	}
	int rc = 0;
	for (unsigned long before = r->progress + 1; rc == 0 && before != r->progress;) {
		before = r->progress;
		for (struct dirent *e; rc == 0 && (e = readdir(d));)
			if (!fs_is_dots(e->d_name))
				rc = remove_entry(r, dir_fd, e->d_name, path, depth, err);
		rewinddir(d);
	}
	(void)closedir(d);
	return rc;
}

int
fs_remove_tree(const char *path, struct dd_err *err)
{
	/* The name ends before slashes behind it: an empty one would name nothing. */
	struct str whole = str_of(path);
	while (whole.n > 1 && path[whole.n - 1] == '/')
		whole.n--;
	const char *slash = memrchr(path, '/', whole.n);
	size_t up = slash ? (size_t)(slash - path) : 0;
	OWN_FREE char *dir = !slash ? mem_strdup(".") : mem_strndup(path, up ? up : 1);
	OWN_FREE char *name = slash ? mem_strndup(slash + 1, whole.n - up - 1) : str_dup(whole);
	if (!*name || fs_is_dots(name))
		return err_set(err, DD_EINVAL, "cannot remove \"%s\"", path);
	struct removal r = {.top_fd = -1};
	OWN_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "cannot open %s", dir);
	return remove_entry(&r, fd, name, dir, 0, err);
}

/* ---- measuring a tree ---- */

/*
 * The tree may be as deep as its maker likes and change while it is read, so the walk holds one
 * descriptor, goes up by "..", and checks that it arrived where it came from; if not, it walks down
 * to there again from the root.
 */
struct level {
	dev_t dev;
	ino_t ino;
	struct strlist dirs;
	size_t next; /* dirs[next - 1] is where the walk is below here */
};

struct usage {
	int root_fd;
	int fd; /* the directory of the last level */
	struct level *levels;
	size_t n, cap;
	uint64_t bytes;
};

/* Count what is in u->fd and push its level; entries that vanish count as nothing. */
static void
usage_enter(struct usage *u)
{
	struct level l = {0};
	struct stat st;
	int copy = fcntl(u->fd, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (fstat(u->fd, &st) == 0) {
		l.dev = st.st_dev;
		l.ino = st.st_ino;
	}
	for (struct dirent *e; d && (e = readdir(d));) {
		if (fs_is_dots(e->d_name) ||
			fstatat(u->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		u->bytes += (uint64_t)st.st_blocks * 512;
		if (S_ISDIR(st.st_mode))
			strlist_add(&l.dirs, e->d_name);
	}
	if (d)
		(void)closedir(d);
	else if (copy >= 0)
		(void)close(copy);
	u->levels = mem_grow(u->levels, u->n, &u->cap, sizeof(*u->levels));
	u->levels[u->n++] = l;
}

/* Replace *fd by the directory name below it. */
static bool
step_to(int *fd, const char *name)
{
	int next = openat(*fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return false;
	(void)close(*fd);
	*fd = next;
	return true;
}

static bool
is_at(const struct usage *u, const struct level *l)
{
	struct stat st;
	return fstat(u->fd, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino;
}

/* Drop the last level and stand in the one before it, or in the nearest that is still there. */
static void
usage_leave(struct usage *u)
{
	do {
		strlist_cleanup(&u->levels[--u->n].dirs);
		if (!u->n || (step_to(&u->fd, "..") && is_at(u, &u->levels[u->n - 1])))
			return;
		(void)close(u->fd);
		u->fd = fcntl(u->root_fd, F_DUPFD_CLOEXEC, 0);
		for (size_t i = 0; i + 1 < u->n && u->fd >= 0; i++)
			if (!step_to(&u->fd, u->levels[i].dirs.v[u->levels[i].next - 1]))
				break;
	} while (u->fd < 0 || !is_at(u, &u->levels[u->n - 1]));
}

int
fs_disk_usage(const char *path, uint64_t *ret_bytes, struct dd_err *err)
{
	OWN_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct usage u = {.root_fd = fd, .fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0)};
	if (u.fd < 0)
		return err_errno(err, errno, "cannot open %s", path);
	usage_enter(&u);
	while (u.n) {
		struct level *l = &u.levels[u.n - 1];
		if (l->next == l->dirs.n)
			usage_leave(&u);
		else if (step_to(&u.fd, l->dirs.v[l->next++]))
			usage_enter(&u);
	}
	(void)close(u.fd);
	free(u.levels);
	*ret_bytes = u.bytes;
	return 0;
}
