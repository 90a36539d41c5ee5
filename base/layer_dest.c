/*
 * Theory of operation.  Whatever a layer says, directories are 0700 while it is written, so that no
 * mode closes the way, and get their attributes at the end, the deepest first.  Whiteouts are also
 * made at the end: they are about the layers below only and may stand before or behind what the
 * layer puts there itself.  A whiteout node comes of renameat2(RENAME_WHITEOUT): it needs neither a
 * capability nor mknod(2), which an unprivileged user's package tools have faked.
 */
#include "base/layer_dest.h"

#include "base/io.h"

#include "base/unpack_path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define NOBODY 65534
#define OPAQUE "user.overlay.opaque"
#define COPY_BLOCK ((size_t)128 << 10)
#define ASIDE ".wh..wh.aside" /* no entry has such a name */

void
layer_dest_init(struct layer_dest *d, int fd, const struct layer_unpack_spec *spec,
	struct layer_unpack_result *res)
{
	*d = (struct layer_dest){.fd = fd, .spec = spec, .res = res, .parent_fd = -1};
}

void
layer_dest_cleanup(struct layer_dest *d)
{
	if (d->parent_fd >= 0)
		(void)close(d->parent_fd);
	free(d->parent);
	strlist_cleanup(&d->hidden);
	*d = (struct layer_dest){.fd = -1, .parent_fd = -1};
}

/* ---- attributes ---- */

static uid_t
id_on_disk(struct layer_dest *d, uint32_t id)
{
	if (id < LAYER_IDS)
		return id;
	d->res->unknown_owner++;
	return NOBODY;
}

static int
set_owner(struct layer_dest *d, int fd, const char *name, const struct manifest_entry *e,
	struct dd_err *err)
{
	uid_t uid = id_on_disk(d, e->uid), gid = id_on_disk(d, e->gid);
	if (d->spec->give_owners &&
		fchownat(fd, name, uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
		return unpack_fail(err, errno, "setting the owner of", e->path);
	return 0;
}

/* Not an error: the file system has no room or no mind for such an attribute. */
static bool
cannot_hold(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT || errnum == E2BIG || errnum == ERANGE ||
	       errnum == EOPNOTSUPP;
}

/*
 * user.* is what a program in the sandbox can see.  All else is for the kernel (capabilities,
 * access lists, labels), which does not heed it there, or cannot be set by us.
 */
static int
set_xattrs(struct layer_dest *d, int fd, const struct manifest_entry *e, struct dd_err *err)
{
	for (size_t i = 0; i < e->nxattrs; i++) {
		const struct manifest_xattr *x = &e->xattrs[i];
		bool seen = strncmp(x->name, "user.", 5) == 0;
		if (seen && fsetxattr(fd, x->name, x->value, x->n, 0) == 0)
			continue;
		if (seen && !cannot_hold(errno))
			return unpack_fail(err, errno, "setting an attribute of", e->path);
		d->res->xattrs_aside++;
	}
	return 0;
}

int
layer_dest_seal(struct layer_dest *d, int fd, const struct manifest_entry *e, struct dd_err *err)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, e->mtime};
	/* Set-group-id of a directory gives no rights, it says whose its files are. */
	mode_t keep = e->type == MANIFEST_DIR ? 03777 : 01777;
	int rc = e->nxattrs ? set_xattrs(d, fd, e, err) : 0;
	rc = rc ? rc : set_owner(d, fd, "", e, err);
	if (rc < 0)
		return rc;
	if (e->mode & ~keep)
		d->res->setid_aside++;
	if (fchmod(fd, e->mode & keep) < 0)
		return unpack_fail(err, errno, "setting the mode of", e->path);
	if (futimens(fd, times) < 0)
		return unpack_fail(err, errno, "setting the time of", e->path);
	return 0;
}

/* ---- directories ---- */

/* A directory that nothing described so far. */
static void
add_implicit(struct layer_dest *d, const char *path)
{
	size_t layer;
	const struct manifest_entry *below =
		manifest_look(d->spec->lower, d->spec->nlower, path, &layer);
	struct manifest_entry *e = manifest_add(&d->res->manifest, path, MANIFEST_DIR);
	e->mode = 0755;
	e->mtime.tv_nsec = UTIME_OMIT;
	if (!below || below->type != MANIFEST_DIR)
		return;
	e->mode = below->mode;
	e->uid = below->uid;
	e->gid = below->gid;
	for (size_t i = 0; i < below->nxattrs; i++)
		manifest_add_xattr(
			e, below->xattrs[i].name, below->xattrs[i].value, below->xattrs[i].n);
}

/* Every directory of path that is missing. */
static int
make_directories(struct layer_dest *d, const char *path, struct dd_err *err)
{
	OWN_FREE char *p = mem_strdup(path);
	for (char *end = p; end;) {
		end = strchr(end, '/');
		if (end)
			*end = '\0';
		if (!manifest_find(&d->res->manifest, p)) {
			char *slash = strrchr(p, '/');
			OWN_FREE char *above = mem_strndup(p, slash ? (size_t)(slash - p) : 0);
			OWN_FD int fd = unpack_path_open(d->fd, above, O_PATH | O_DIRECTORY, false);
			if (fd < 0 || io_mkdirat(fd, slash ? slash + 1 : p, 0700) < 0)
				return unpack_fail(err, errno, "making directory", p);
			add_implicit(d, p);
		}
		if (end)
			*end++ = '/';
	}
	return 0;
}

/* Make parent_fd the directory that holds path. */
static int
open_parent(struct layer_dest *d, const char *path, const char **ret_name, struct dd_err *err)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	*ret_name = slash ? slash + 1 : path;
	if (d->parent && strlen(d->parent) == n && strncmp(d->parent, path, n) == 0)
		return 0;
	OWN_FREE char *parent = mem_strndup(path, n);
	int fd = unpack_path_open(d->fd, parent, O_PATH | O_DIRECTORY, false);
	if (fd < 0 && errno == ENOENT) {
		int rc = make_directories(d, parent, err);
		if (rc < 0)
			return rc;
		fd = unpack_path_open(d->fd, parent, O_PATH | O_DIRECTORY, false);
	}
	if (fd < 0)
		return unpack_fail(err, errno, "opening the directory of", path);
	if (d->parent_fd >= 0)
		(void)close(d->parent_fd);
	free(d->parent);
	d->parent_fd = fd;
	d->parent = TAKE(parent);
	return 0;
}

int
layer_dest_directory(
	struct layer_dest *d, const char *path, struct manifest_entry **ret, struct dd_err *err)
{
	struct manifest_entry *e = manifest_find(&d->res->manifest, path);
	const char *name;
	if (e && e->type != MANIFEST_DIR)
		return unpack_refuse(err, DD_EINVAL, path, "would replace a file by a directory");
	if (e) {
		manifest_drop_xattrs(e);
		*ret = e;
		return 0;
	}
	int rc = open_parent(d, path, &name, err);
	if (rc < 0)
		return rc;
	if (io_mkdirat(d->parent_fd, name, 0700) < 0)
		return unpack_fail(err, errno, "making directory", path);
	*ret = manifest_add(&d->res->manifest, path, MANIFEST_DIR);
	d->res->dirs++;
	return 0;
}

/* ---- files and links ---- */

int
layer_dest_enter(struct layer_dest *d, const char *path, enum manifest_type type,
	struct manifest_entry **ret, struct dd_err *err)
{
	const struct manifest_entry *there = manifest_find(&d->res->manifest, path);
	const char *name;
	if (there)
		return unpack_refuse(err, DD_EINVAL, path,
			there->type == MANIFEST_DIR ? "would replace a directory"
						    : "is there twice");
	int rc = open_parent(d, path, &name, err);
	if (rc == 0)
		*ret = manifest_add(&d->res->manifest, path, type);
	return rc;
}

int
layer_dest_create(
	struct layer_dest *d, const struct manifest_entry *e, int *ret_fd, struct dd_err *err)
{
	const char *name;
	int rc = open_parent(d, e->path, &name, err);
	if (rc < 0)
		return rc;
	*ret_fd = unpack_path_create(d->parent_fd, name);
	return *ret_fd < 0 ? unpack_fail(err, errno, "creating", e->path) : 0;
}

int
layer_dest_symlink(struct layer_dest *d, const struct manifest_entry *e, struct dd_err *err)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, e->mtime};
	const char *name;
	int rc = open_parent(d, e->path, &name, err);
	if (rc < 0)
		return rc;
	if (io_symlinkat(e->link, d->parent_fd, name) < 0)
		return unpack_fail(err, errno, "linking", e->path);
	rc = set_owner(d, d->parent_fd, name, e, err);
	if (rc == 0 && utimensat(d->parent_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		rc = unpack_fail(err, errno, "setting the time of", e->path);
	d->res->xattrs_aside += e->nxattrs;
	d->res->symlinks++;
	return rc;
}

/* Content of a file of a layer below, as its manifest has it. */
static int
copy_content(int from, int to, const struct manifest_entry *e, struct dd_err *err)
{
	OWN_FREE char *block = mem_alloc(COPY_BLOCK);
	struct hash *h = hash_create();
	uint64_t size = 0;
	ssize_t n;
	int rc = 0;
	while (rc == 0 && (n = read(from, block, COPY_BLOCK)) > 0) {
		hash_add(h, block, (size_t)n);
		rc = unpack_path_write(to, block, (size_t)n, (off_t)size, e->path, err);
		size += (uint64_t)n;
	}
	struct hash_hex digest = hash_finish(h);
	if (rc == 0 && n < 0)
		rc = unpack_fail(err, errno, "reading", e->path);
	if (rc == 0 && (size != e->size || strcmp(digest.s, e->digest.s) != 0))
		rc = unpack_refuse(
			err, DD_ECORRUPT, e->path, "is not what the manifest of its layer says");
	return rc;
}

/* What a hard link to a file of a layer below does on an overlay: the file is of this layer, too.
 */
static int
copy_up(struct layer_dest *d, const char *path, struct dd_err *err)
{
	size_t layer;
	const struct manifest_entry *below =
		manifest_look(d->spec->lower, d->spec->nlower, path, &layer);
	if (below && below->type == MANIFEST_HARDLINK)
		below = manifest_find(&d->spec->lower[layer], below->link);
	if (!below || below->type != MANIFEST_FILE)
		return unpack_refuse(
			err, DD_EINVAL, path, "is what a hard link leads to, and not a file there");
	OWN_FD int from = unpack_path_open(
		d->spec->lower_fds[layer], path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, false);
	OWN_FD int to = -1;
	struct manifest_entry *e;
	if (from < 0)
		return unpack_fail(err, errno, "opening", path);
	int rc = layer_dest_enter(d, path, MANIFEST_FILE, &e, err);
	rc = rc ? rc : layer_dest_create(d, e, &to, err);
	rc = rc ? rc : copy_content(from, to, below, err);
	if (rc < 0)
		return rc;
	e->mode = below->mode;
	e->uid = below->uid;
	e->gid = below->gid;
	e->size = below->size;
	e->digest = below->digest;
	e->mtime.tv_nsec = UTIME_OMIT;
	for (size_t i = 0; i < below->nxattrs; i++)
		manifest_add_xattr(
			e, below->xattrs[i].name, below->xattrs[i].value, below->xattrs[i].n);
	d->res->files++;
	d->res->bytes += e->size;
	return layer_dest_seal(d, to, e, err);
}

static int
link_file(struct layer_dest *d, const struct manifest_entry *file, const char *path,
	struct dd_err *err)
{
	struct manifest_entry *e;
	const char *name, *slash = strrchr(file->path, '/');
	OWN_FREE char *dir = mem_strndup(file->path, slash ? (size_t)(slash - file->path) : 0);
	OWN_FD int dir_fd = unpack_path_open(d->fd, dir, O_PATH | O_DIRECTORY, false);
	if (dir_fd < 0)
		return unpack_fail(err, errno, "following the hard link", path);
	int rc = layer_dest_enter(d, path, MANIFEST_HARDLINK, &e, err);
	rc = rc ? rc : open_parent(d, path, &name, err);
	if (rc < 0)
		return rc;
	e->link = mem_strdup(file->path);
	if (io_linkat(dir_fd, slash ? slash + 1 : file->path, d->parent_fd, name, 0) < 0)
		return unpack_fail(err, errno, "linking", path);
	d->res->hardlinks++;
	return 0;
}

/* Another name of a symbolic link is as good as another such link. */
static int
repeat_symlink(struct layer_dest *d, const struct manifest_entry *link, const char *path,
	struct dd_err *err)
{
	struct manifest_entry *e;
	int rc = layer_dest_enter(d, path, MANIFEST_SYMLINK, &e, err);
	if (rc < 0)
		return rc;
	e->mode = link->mode;
	e->uid = link->uid;
	e->gid = link->gid;
	e->link = mem_strdup(link->link);
	e->mtime = link->mtime;
	return layer_dest_symlink(d, e, err);
}

int
layer_dest_hardlink(struct layer_dest *d, const char *path, const char *target, struct dd_err *err)
{
	if (strcmp(path, target) == 0)
		return unpack_refuse(err, DD_EINVAL, path, "is a hard link to itself");
	const struct manifest_entry *e = manifest_find(&d->res->manifest, target);
	if (!e) {
		int rc = copy_up(d, target, err);
		if (rc < 0) {
			OWN_FREE char *shown = unpack_show(path);
			return err_wrap(err, "hard link '%s'", shown);
		}
		e = manifest_find(&d->res->manifest, target);
	}
	switch (e->type) {
	case MANIFEST_FILE:
	case MANIFEST_HARDLINK:
		return link_file(d, e, path, err);
	case MANIFEST_SYMLINK:
		return repeat_symlink(d, e, path, err);
	default:
		return unpack_refuse(err, DD_EINVAL, path, "is a hard link to what is not a file");
	}
}

/* ---- whiteouts ---- */

void
layer_dest_hide(struct layer_dest *d, const char *path)
{
	strlist_add(&d->hidden, path);
}

int
layer_dest_hide_content(struct layer_dest *d, const char *path, struct dd_err *err)
{
	const struct manifest_entry *there = manifest_find(&d->res->manifest, path);
	if (!*path) {
		d->opaque = true;
		return 0;
	}
	if (!there) {
		int rc = make_directories(d, path, err);
		if (rc < 0)
			return rc;
	}
	struct manifest_entry *e = manifest_find(&d->res->manifest, path);
	if (e->type != MANIFEST_DIR)
		return unpack_refuse(err, DD_EINVAL, path, "is not a directory and hides one");
	e->opaque = true;
	return 0;
}

/* What lies above is no directory of this layer: it hides all that is below already. */
static bool
below_no_directory(const struct layer_dest *d, const char *path)
{
	OWN_FREE char *p = mem_strdup(path);
	for (char *slash; (slash = strrchr(p, '/'));) {
		*slash = '\0';
		const struct manifest_entry *e = manifest_find(&d->res->manifest, p);
		if (e && e->type != MANIFEST_DIR)
			return true;
	}
	return false;
}

static int
make_whiteout(struct layer_dest *d, const char *path, struct dd_err *err)
{
	struct manifest_entry *e = manifest_find(&d->res->manifest, path);
	const char *name;
	if (e) { /* of this layer: only what is below it is hidden */
		e->opaque = e->opaque || e->type == MANIFEST_DIR;
		return 0;
	}
	if (below_no_directory(d, path))
		return 0;
	int rc = open_parent(d, path, &name, err);
	if (rc < 0)
		return rc;
	OWN_FD int fd = unpack_path_create(d->parent_fd, name);
	if (fd < 0 || io_renameat2(d->parent_fd, name, d->parent_fd, ASIDE, RENAME_WHITEOUT) < 0 ||
		io_unlinkat(d->parent_fd, ASIDE, 0) < 0)
		return unpack_fail(err, errno, "making the whiteout", path);
	(void)manifest_add(&d->res->manifest, path, MANIFEST_WHITEOUT);
	d->res->whiteouts++;
	return 0;
}

/* Overlay does not heed the mark on a root directory: hide one by one what the others have there.
 */
static void
hide_all(struct layer_dest *d)
{
	for (size_t i = 0; i < d->spec->nlower; i++) {
		const struct map *all = &d->spec->lower[i].by_path;
		for (struct map_entry *m = map_first(all); m; m = map_next(m)) {
			size_t layer;
			if (!strchr(map_key(m), '/') &&
				manifest_look(d->spec->lower, d->spec->nlower, map_key(m), &layer))
				strlist_add(&d->hidden, map_key(m));
		}
	}
}

/* ---- the end ---- */

static int
finish_directories(struct layer_dest *d, struct dd_err *err)
{
	OWN_FREE struct manifest_entry **v = manifest_sorted(&d->res->manifest);
	size_t n = map_count(&d->res->manifest.by_path);
	int rc = 0;
	while (rc == 0 && n-- > 0) {
		if (v[n]->type != MANIFEST_DIR)
			continue;
		OWN_FD int fd = unpack_path_open(d->fd, v[n]->path, O_RDONLY | O_DIRECTORY, false);
		if (fd < 0)
			return unpack_fail(err, errno, "opening directory", v[n]->path);
		if (v[n]->opaque && fsetxattr(fd, OPAQUE, "y", 1, 0) < 0)
			return unpack_fail(err, errno, "making opaque", v[n]->path);
		rc = layer_dest_seal(d, fd, v[n], err);
	}
	return rc;
}

int
layer_dest_finish(struct layer_dest *d, struct dd_err *err)
{
	int rc = 0;
	if (d->opaque)
		hide_all(d);
	strlist_sort(&d->hidden); /* what lies above comes first */
	for (size_t i = 0; rc == 0 && i < d->hidden.n; i++)
		rc = make_whiteout(d, d->hidden.v[i], err);
	if (rc == 0)
		rc = finish_directories(d, err);
	return rc ? rc : manifest_normalise(&d->res->manifest, err);
}
