/*
 * Theory of operation.  First everything is computed in memory, then every new content is written beside its file
 * under a name of our own, then the names are taken over one by one; what fails on the way is undone from memory.
 * Every directory of a path is opened without following a link.
 */
#include "agents/edit.h"

#include "base/fs.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define TEMP_SUFFIX ".drydock-edit"

void
edit_result_cleanup(struct edit_result *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].path);
		buf_cleanup(&r->v[i].before);
		buf_cleanup(&r->v[i].after);
	}
	free(r->v);
	*r = (struct edit_result){0};
}

/* ---- paths ---- */

static bool
is_plain_path(const char *path)
{
	struct str rest = str_of(path), part;
	if (!path || !rest.n || rest.n > 4000 || rest.p[0] == '/' || rest.p[rest.n - 1] == '/')
		return false;
	while (str_next(&rest, '/', &part))
		if (!part.n || part.n > 250 || str_eq(part, ".") || str_eq(part, "..") ||
			(part.n == 4 && strncasecmp(part.p, ".git", 4) == 0))
			return false;
	return true;
}

static int
bad_path(const char *path, const char *why, struct dd_err *err)
{
	return err_set(err, DD_EINVAL, "%s: %s", path ? path : "(no path)", why);
}

/* The directory that holds the file; made where it is missing and make is set. */
static int
open_parent(int root_fd, const char *path, bool make, int *ret_fd, struct dd_err *err)
{
	OWN_FD int dir = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct str rest = str_of(path), part;
	if (dir < 0)
		return err_errno(err, errno, "cannot open the tree");
	while (str_next(&rest, '/', &part) && rest.n) {
		OWN_FREE char *name = str_dup(part);
		struct stat st;
		if (make && io_mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
			return err_errno(err, errno, "%s: cannot make a directory", path);
		int next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 && (errno == ELOOP || errno == ENOTDIR))
			return bad_path(path, "a directory of it is a link or none", err);
		if (next < 0)
			return err_errno(err, errno, "%s", path);
		(void)close(dir);
		dir = next;
		if (fstatat(dir, ".git", &st, AT_SYMLINK_NOFOLLOW) == 0)
			return bad_path(path, "it lies in a submodule", err);
	}
	*ret_fd = TAKE_FD(dir);
	return 0;
}

/* *ret_mode 0: there is no such file. */
static int
read_file(int root_fd, const char *path, struct buf *ret, mode_t *ret_mode,
	enum edit_verdict *verdict, struct dd_err *err)
{
	OWN_FD int dir = -1;
	struct stat st;
	*ret_mode = 0;
	*verdict = EDIT_BAD_PATH;
	if (!is_plain_path(path))
		return bad_path(path, "no path of a file of the tree", err);
	int rc = open_parent(root_fd, path, false, &dir, err);
	if (rc == -DD_ENOENT)
		return 0;
	if (rc < 0)
		return rc;
	if (fstatat(dir, fs_name(path), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return bad_path(path, "it is a link, a directory or no ordinary file", err);
	OWN_FD int fd = openat(dir, fs_name(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	*verdict = EDIT_TOO_LARGE;
	OWN_FREE char *self = mem_printf("/proc/self/fd/%d", fd);
	ret->max = EDIT_MAX_BYTES + 1;
	rc = st.st_size > (off_t)EDIT_MAX_BYTES
		     ? err_set(err, DD_EINVAL, "%s: it is too large", path)
		     : fs_read(self, EDIT_MAX_BYTES, ret, err);
	*ret_mode = st.st_mode & 07777;
	return rc;
}

/* ---- computing ---- */

struct editing {
	int root;
	const struct edit_check *check;
	struct edit_result *r;
	mode_t *modes; /* of r->v */
	size_t cap;
};

static struct edit_change *
find_change(struct edit_result *r, const char *path)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i].path, path) == 0)
			return &r->v[i];
	return NULL;
}

static int
begin_change(struct editing *g, const struct edit *e, struct edit_change **ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	mode_t mode = 0;
	enum edit_verdict verdict;
	struct edit_change *c = e->path ? find_change(g->r, e->path) : NULL;
	if (c) {
		*ret = c;
		return 0;
	}
	int rc = read_file(g->root, e->path, &text, &mode, &verdict, err);
	if (rc < 0) {
		g->r->verdict = verdict;
		return rc;
	}
	if (!mode && e->kind == EDIT_REPLACE) {
		g->r->verdict = EDIT_NO_FILE;
		return err_set(err, DD_EINVAL, "%s: there is no such file", e->path);
	}
	g->modes = mem_grow(g->modes, g->r->n, &g->cap, sizeof(*g->modes));
	g->r->v = mem_grow(g->r->v, g->r->n, &g->r->cap, sizeof(*g->r->v));
	g->modes[g->r->n] = mode ? mode : 0644;
	c = &g->r->v[g->r->n++];
	*c = (struct edit_change){.path = mem_strdup(e->path), .created = !mode};
	buf_add_str(&c->before, buf_str(&text));
	buf_add_str(&c->after, buf_str(&text));
	*ret = c;
	return 0;
}

static int
compute_one(struct editing *g, const struct edit *e, struct dd_err *err)
{
	OWN(buf) struct buf after = {.max = EDIT_MAX_BYTES};
	struct edit_change *c = NULL;
	int rc = begin_change(g, e, &c, err);
	if (rc < 0)
		return rc;
	g->r->verdict = edit_text(e, buf_str(&c->after), &after, &g->r->place, err);
	if (g->r->verdict != EDIT_DONE)
		return -DD_EINVAL;
	buf_cleanup(&c->after);
	c->after = after;
	after = (struct buf){0};
	return 0;
}

static int
check_parses(struct editing *g, struct dd_err *err)
{
	for (size_t i = 0; g->check && g->check->is_worse && i < g->r->n; i++) {
		if (!g->check->is_worse(g->check->ctx, g->r->v, g->r->n, i))
			continue;
		g->r->verdict = EDIT_BREAKS;
		return err_set(err, DD_EINVAL, "%s: it would not parse any more", g->r->v[i].path);
	}
	return 0;
}

/* ---- writing ---- */

static int
write_beside(int dir, const char *name, struct str text, mode_t mode, struct dd_err *err)
{
	OWN_FREE char *temp = mem_printf("%s" TEMP_SUFFIX, name);
	(void)!io_unlinkat(dir, temp, 0);
	OWN_FD int fd =
		io_createat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "cannot create %s", temp);
	int rc = fs_write_all(fd, text.p, text.n, err);
	if (rc == 0 && fchmod(fd, mode) < 0)
		rc = err_errno(err, errno, "cannot set the mode of %s", temp);
	return rc;
}

static int
put_in_place(int root, const char *path, struct dd_err *err)
{
	OWN_FD int dir = -1;
	OWN_FREE char *temp = mem_printf("%s" TEMP_SUFFIX, fs_name(path));
	int rc = open_parent(root, path, false, &dir, err);
	if (rc == 0 && io_renameat2(dir, temp, dir, fs_name(path), 0) < 0)
		rc = err_errno(err, errno, "cannot rename to %s", path);
	return rc;
}

static void
drop_temp(int root, const char *path)
{
	OWN_FD int dir = -1;
	OWN_FREE char *temp = mem_printf("%s" TEMP_SUFFIX, fs_name(path));
	if (open_parent(root, path, false, &dir, NULL) == 0)
		(void)!io_unlinkat(dir, temp, 0);
}

static int
prepare(int root, const char *path, struct str text, mode_t mode, bool make, struct dd_err *err)
{
	OWN_FD int dir = -1;
	int rc = open_parent(root, path, make, &dir, err);
	return rc < 0 ? rc : write_beside(dir, fs_name(path), text, mode, err);
}

/* The directories that a new file lay in stay where they are empty: git knows none. */
static int
put_back(int root, const struct edit_change *c, struct dd_err *err)
{
	OWN_FD int dir = -1;
	struct stat st = {.st_mode = 0644};
	int rc = open_parent(root, c->path, false, &dir, err);
	if (rc < 0)
		return rc;
	if (c->created)
		return io_unlinkat(dir, fs_name(c->path), 0) < 0 && errno != ENOENT
			       ? err_errno(err, errno, "cannot remove %s", c->path)
			       : 0;
	(void)fstatat(dir, fs_name(c->path), &st, AT_SYMLINK_NOFOLLOW);
	rc = write_beside(dir, fs_name(c->path), buf_str(&c->before), st.st_mode & 07777, err);
	return rc < 0 ? rc : put_in_place(root, c->path, err);
}

/* A path that another one goes through. */
static const char *
find_crossed(const struct edit_result *r)
{
	for (size_t i = 0; i < r->n; i++) {
		size_t n = strlen(r->v[i].path);
		for (size_t k = 0; k < r->n; k++)
			if (strncmp(r->v[k].path, r->v[i].path, n) == 0 && r->v[k].path[n] == '/')
				return r->v[i].path;
	}
	return NULL;
}

static int
write_all(struct editing *g, struct dd_err *err)
{
	struct edit_result *r = g->r;
	int rc = 0;
	size_t written = 0, placed = 0;
	for (; rc == 0 && written < r->n; written++)
		rc = prepare(g->root, r->v[written].path, buf_str(&r->v[written].after),
			g->modes[written], r->v[written].created, err);
	for (; rc == 0 && placed < r->n; placed++)
		rc = put_in_place(g->root, r->v[placed].path, err);
	if (rc == 0)
		return 0;
	for (size_t i = 0; i < placed; i++)
		(void)!put_back(g->root, &r->v[i], NULL);
	for (size_t i = 0; i < written; i++)
		drop_temp(g->root, r->v[i].path);
	return rc;
}

int
edit_apply(int root_fd, const struct edit *edits, size_t n, const struct edit_check *check,
	struct edit_result *ret, struct dd_err *err)
{
	struct editing g = {.root = root_fd, .check = check, .r = ret};
	*ret = (struct edit_result){0};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		ret->refused = i;
		rc = compute_one(&g, &edits[i], err);
	}
	const char *crossed = rc == 0 ? find_crossed(ret) : NULL;
	if (crossed) {
		ret->verdict = EDIT_BAD_PATH;
		rc = err_set(err, DD_EINVAL, "%s is to be a file and a directory", crossed);
	}
	if (rc == 0)
		rc = check_parses(&g, err);
	if (rc == 0)
		rc = write_all(&g, err);
	free(g.modes);
	if (rc < 0) {
		struct edit_result told = {
			.verdict = ret->verdict, .refused = ret->refused, .place = ret->place};
		edit_result_cleanup(ret);
		*ret = told;
	}
	return rc;
}

int
edit_undo(int root_fd, const struct edit_result *r, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = r->n; i-- > 0;) {
		int one = put_back(root_fd, &r->v[i], rc < 0 ? NULL : err);
		rc = rc < 0 ? rc : one;
	}
	return rc;
}
