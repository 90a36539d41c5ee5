#include "graph/scan.h"

#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

void
scan_cleanup(struct scan *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].path);
	free(s->v);
	*s = (struct scan){0};
}

static bool
is_left_out(const char *name)
{
	return strcmp(name, ".git") == 0 || strcmp(name, ".hg") == 0 || strcmp(name, ".svn") == 0 ||
	       strcmp(name, ".bzr") == 0;
}

struct scan_file
scan_of(char *path, const struct stat *st)
{
	return (struct scan_file){.path = path,
		.unread = S_ISLNK(st->st_mode)	 ? "link"
			  : S_ISREG(st->st_mode) ? NULL
						 : "special file",
		.size = (uint64_t)st->st_size,
		.inode = st->st_ino,
		.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec};
}

static void
add(struct scan *s, char *path, const struct stat *st)
{
	s->v = mem_grow(s->v, s->n, &s->cap, sizeof(*s->v));
	s->v[s->n++] = scan_of(path, st);
}

/* What one directory holds; its subdirectories are appended to the work that is left. */
static int
scan_directory(
	int root_fd, const char *dir, struct strlist *left, struct scan *ret, struct dd_err *err)
{
	int fd = openat(root_fd, *dir ? dir : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && *dir)
		return 0; /* it is gone, or closed to us */
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return err_errno(err, errno, "cannot read the directory");
	const struct dirent *e;
	while ((e = readdir(d))) {
		struct stat st;
		if (fs_is_dots(e->d_name) ||
			fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		char *path = *dir ? mem_printf("%s/%s", dir, e->d_name) : mem_strdup(e->d_name);
		if (!S_ISDIR(st.st_mode)) {
			add(ret, path, &st);
			continue;
		}
		if (!is_left_out(e->d_name))
			strlist_add(left, path);
		free(path);
	}
	(void)closedir(d);
	return ret->n > SCAN_MAX_FILES
		       ? err_set(err, DD_ELIMIT, "more than %d files", SCAN_MAX_FILES)
		       : 0;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct scan_file *)a)->path, ((const struct scan_file *)b)->path);
}

int
scan_tree(const char *root, struct scan *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist left = {0};
	OWN_FD int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, DD_EINVAL, "%s: %s", root, strerror(errno));
	strlist_add(&left, "");
	int rc = 0;
	while (rc == 0 && left.n) {
		OWN_FREE char *dir = left.v[--left.n];
		left.v[left.n] = NULL;
		rc = scan_directory(fd, dir, &left, ret, err);
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_path);
	return rc;
}
