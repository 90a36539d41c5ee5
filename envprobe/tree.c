#include "envprobe/tree.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DEPTH 60

static bool
is_version_control(const char *name)
{
	static const char *const names[] = {".git", ".svn", ".hg", ".bzr", "CVS", NULL};
	return str_is_one(str_of(name), names);
}

static int
list_directory(struct tree *t, int fd, const char *path, unsigned depth, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list_fd(fd, *path ? path : ".", &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		const char *name = names.v[i];
		struct stat st;
		if (is_version_control(name) || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		OWN_FREE char *child = tree_join(path, name);
		if (S_ISREG(st.st_mode)) {
			strlist_add(&t->files, child);
		} else if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH) {
			OWN_FD int sub =
				openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (sub >= 0)
				rc = list_directory(t, sub, child, depth + 1, err);
		}
		if (t->files.n > TREE_MAX_FILES)
			rc = err_set(err, DD_ELIMIT, "the source has more than %d files",
				TREE_MAX_FILES);
	}
	return rc;
}

int
tree_open(const char *path, struct tree *ret, struct dd_err *err)
{
	struct tree t = {.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	if (t.fd < 0)
		return err_errno(err, errno, "cannot read %s", path);
	int rc = list_directory(&t, t.fd, "", 0, err);
	if (rc < 0) {
		tree_cleanup(&t);
		return rc;
	}
	strlist_sort(&t.files);
	*ret = t;
	return 0;
}

void
tree_cleanup(struct tree *t)
{
	if (t->fd >= 0)
		(void)close(t->fd);
	t->fd = -1;
	strlist_cleanup(&t->files);
}

static int
compare_path(const void *key, const void *element)
{
	return strcmp(key, *(char *const *)element);
}

bool
tree_has(const struct tree *t, const char *path)
{
	return t->files.n &&
	       bsearch(path, t->files.v, t->files.n, sizeof(*t->files.v), compare_path) != NULL;
}

char *
tree_join(const char *dir, const char *name)
{
	return *dir ? mem_printf("%s/%s", dir, name) : mem_strdup(name);
}

char *
tree_file(const struct tree *t, const char *dir, const char *name)
{
	OWN_FREE char *path = tree_join(dir, name);
	return tree_has(t, path) ? TAKE(path) : NULL;
}

char *
tree_find(const struct tree *t, const char *dir, const char *const *names)
{
	char *path = NULL;
	for (; !path && *names; names++)
		path = tree_file(t, dir, *names);
	return path;
}

void
tree_read(const struct tree *t, const char *path, struct buf *ret)
{
	tree_read_start(t, path, TREE_MAX_FILE_BYTES, ret);
}

void
tree_read_start(const struct tree *t, const char *path, size_t most, struct buf *ret)
{
	OWN_FD int fd = -1;
	if (fs_open_in_root(t->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, &fd, NULL) < 0)
		return;
	while (ret->n < most) {
		char chunk[65536];
		size_t want = most - ret->n;
		ssize_t n = read(fd, chunk, want < sizeof(chunk) ? want : sizeof(chunk));
		if (n <= 0)
			break;
		buf_add(ret, chunk, (size_t)n);
	}
}

bool
tree_read_text(const struct tree *t, const char *path, struct buf *ret)
{
	tree_read(t, path, ret);
	return ret->n && !memchr(ret->p, 0, ret->n < 4096 ? ret->n : 4096);
}

size_t
tree_count(const struct tree *t, const char *dir, const char *const *endings)
{
	size_t count = 0;
	for (size_t i = 0; i < t->files.n; i++) {
		if (!fs_is_below(t->files.v[i], dir))
			continue;
		count += str_ends_one(str_of(t->files.v[i]), endings);
	}
	return count;
}

bool
tree_name_is(const char *path, const char *pattern)
{
	return fnmatch(pattern, fs_name(path), 0) == 0;
}
