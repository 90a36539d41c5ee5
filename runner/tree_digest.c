#include "runner/tree_digest.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DEPTH 250

struct walk {
	struct hash *hash;
	struct tree_digest done;
	struct dd_err *err;
};

static void
add_line(struct walk *w, char type, mode_t mode, const char *path, int64_t size, const char *what)
{
	OWN_FREE char *head =
		mem_printf("%c %o %lld %s ", type, (unsigned)(mode & 0777), (long long)size, what);
	hash_add(w->hash, head, strlen(head));
	hash_add(w->hash, path, strlen(path) + 1); /* the NUL ends a name of any bytes */
}

static int
add_file(struct walk *w, int dir_fd, const char *name, const char *path)
{
	OWN_FD int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(w->err, errno, "cannot read %s", path);
	struct hash_hex digest;
	uint64_t size;
	int rc = hash_fd(fd, &digest, &size, w->err);
	if (rc < 0)
		return rc;
	w->done.files++;
	w->done.bytes += (int64_t)size;
	add_line(w, 'f', st.st_mode, path, (int64_t)size, digest.s);
	return 0;
}

static int
add_link(struct walk *w, int dir_fd, const char *name, const char *path)
{
	char target[4097];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof(target) - 1);
	if (n < 0)
		return err_errno(w->err, errno, "cannot read link %s", path);
	target[n] = '\0';
	w->done.files++;
	add_line(w, 'l', 0, path, n, target);
	return 0;
}

static int
walk_directory(struct walk *w, int dir_fd, const char *path, unsigned depth)
{
	if (depth > MAX_DEPTH)
		return err_set(w->err, DD_ELIMIT, "the tree is too deep at %s", path);
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list_fd(dir_fd, path, &names, w->err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		const char *name = names.v[i];
		OWN_FREE char *child = depth ? mem_printf("%s/%s", path, name) : mem_strdup(name);
		struct stat st;
		if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_errno(w->err, errno, "cannot look at %s", child);
		if (S_ISREG(st.st_mode)) {
			rc = add_file(w, dir_fd, name, child);
		} else if (S_ISLNK(st.st_mode)) {
			rc = add_link(w, dir_fd, name, child);
		} else if (S_ISDIR(st.st_mode) && (depth || strcmp(name, ".git") != 0)) {
			add_line(w, 'd', st.st_mode, child, 0, "-");
			OWN_FD int fd = openat(
				dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			rc = fd < 0 ? err_errno(w->err, errno, "cannot read %s", child)
				    : walk_directory(w, fd, child, depth + 1);
		}
	}
	return rc;
}

int
tree_digest(int dir_fd, struct tree_digest *ret, struct dd_err *err)
{
	struct walk w = {.hash = hash_create(), .err = err};
	int rc = walk_directory(&w, dir_fd, "", 0);
	if (rc < 0) {
		hash_destroy(w.hash);
		return rc;
	}
	w.done.digest = hash_finish(w.hash);
	*ret = w.done;
	return 0;
}
