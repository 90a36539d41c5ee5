#include "base/unpack_dest.h"

#include "base/fs.h"
#include "base/io.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SETID_BITS (mode_t)(S_ISUID | S_ISGID)

struct unpack_dir_note {
	char *path;
	size_t seq; /* order of appearance */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
};

void
unpack_dest_init(struct unpack_dest *d, int fd, const struct unpack_opts *opts,
	struct unpack_meter *meter, struct unpack_result *res)
{
	*d = (struct unpack_dest){
		.fd = fd, .opts = opts, .meter = meter, .res = res, .parent_fd = -1};
}

void
unpack_dest_cleanup(struct unpack_dest *d)
{
	if (d->parent_fd >= 0)
		(void)close(d->parent_fd);
	d->parent_fd = -1;
	free(d->parent);
	for (size_t i = 0; i < d->ndirs; i++)
		free(d->dirs[i].path);
	free(d->dirs);
	free(d->top);
	d->parent = d->top = NULL;
	d->dirs = NULL;
	d->ndirs = d->dirs_cap = 0;
}

/* ---- paths ---- */

static int
open_below(const struct unpack_dest *d, const char *path, uint64_t flags)
{
	return unpack_path_open(d->fd, path, flags, d->opts->in_root);
}

/* Make every directory of path that is missing; what is there must be a directory already. */
static int
make_dirs(struct unpack_dest *d, const char *path, struct dd_err *err)
{
	OWN_FREE char *p = mem_strdup(path);
	OWN_FD int at = -1;
	for (char *s = p, *name = p; *name; name = s) {
		s = strchrnul(name, '/');
		char end = *s;
		*s = '\0';
		int dir = at >= 0 ? at : d->fd;
		if (io_mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
			return unpack_fail(err, errno, "making directory", p);
		int next = open_below(d, p, O_PATH | O_DIRECTORY);
		if (next < 0)
			return unpack_fail(err, errno, "opening directory", p);
		if (at >= 0)
			(void)close(at);
		at = next;
		*s = end;
		s += end != '\0';
	}
	return 0;
}

/*
 * Open the directory that holds path (made if missing) and find the last component.  The descriptor
 * stays the destination's: archives come in tree order, so it is nearly always the last one.
 */
static int
open_parent(struct unpack_dest *d, const char *path, const char **ret_name, struct dd_err *err)
{
	const char *slash = strrchr(path, '/');
	OWN_FREE char *parent = slash ? mem_strndup(path, (size_t)(slash - path)) : mem_strdup("");
	if (!d->parent || strcmp(d->parent, parent) != 0) {
		int fd = open_below(d, parent, O_PATH | O_DIRECTORY);
		if (fd < 0 && errno == ENOENT) {
			int rc = make_dirs(d, parent, err);
			if (rc)
				return rc;
			fd = open_below(d, parent, O_PATH | O_DIRECTORY);
		}
		if (fd < 0)
			return unpack_fail(err, errno, "opening the directory of", path);
		if (d->parent_fd >= 0)
			(void)close(d->parent_fd);
		free(d->parent);
		d->parent_fd = fd;
		d->parent = TAKE(parent);
	}
	*ret_name = slash ? slash + 1 : path;
	return 0;
}

/* Remove a file, link or special of that name, if there is one; a directory is not replaced. */
static int
clear_name(struct unpack_dest *d, const char *path, const char *name, struct dd_err *err)
{
	if (io_unlinkat(d->parent_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno == EISDIR)
		return unpack_refuse(err, DD_EINVAL, path, "would replace a directory");
	return unpack_fail(err, errno, "replacing", path);
}

static void
note_top(struct unpack_dest *d, const char *path, bool is_dir)
{
	const char *slash = strchr(path, '/');
	struct str top = {path, slash ? (size_t)(slash - path) : strlen(path)};
	if (!slash && !is_dir)
		d->many_tops = true;
	else if (!d->top)
		d->top = str_dup(top);
	else if (!str_eq(top, d->top))
		d->many_tops = true;
}

/* ---- attributes ---- */

static mode_t
mode_of(const struct unpack_opts *o, mode_t mode, bool dir)
{
	mode &= 07777;
	if (!o->keep_setid)
		mode &= ~SETID_BITS;
	if (!o->keep_owners) {
		mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
		mode |= dir ? S_IRWXU : S_IRUSR;
	}
	return mode;
}

static struct timespec
mtime_of(struct archive_entry *e)
{
	if (!archive_entry_mtime_is_set(e))
		return (struct timespec){.tv_nsec = UTIME_OMIT};
	long ns = archive_entry_mtime_nsec(e);
	return (struct timespec){
		.tv_sec = archive_entry_mtime(e), .tv_nsec = ns >= 0 && ns < 1000000000 ? ns : 0};
}

static int
owner_of(const struct unpack_dest *d, struct archive_entry *e, const char *path, uid_t *ret_uid,
	gid_t *ret_gid, struct dd_err *err)
{
	int64_t uid = archive_entry_uid(e), gid = archive_entry_gid(e);
	if (!d->opts->keep_owners)
		uid = gid = 0;
	/* All ones is "do not change" to chown(2). */
	if (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return unpack_refuse(err, DD_EINVAL, path, "has an owner that cannot be");
	*ret_uid = (uid_t)uid;
	*ret_gid = (gid_t)gid;
	return 0;
}

/* Owner first: chown(2) clears set-id bits. */
static int
set_attributes(
	const struct unpack_dest *d, int fd, const struct unpack_dir_note *n, struct dd_err *err)
{
	if (d->opts->keep_owners && fchown(fd, n->uid, n->gid) < 0)
		return unpack_fail(err, errno, "setting the owner of", n->path);
	if (fchmod(fd, n->mode) < 0)
		return unpack_fail(err, errno, "setting the mode of", n->path);
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, n->mtime};
	if (futimens(fd, times) < 0)
		return unpack_fail(err, errno, "setting the time of", n->path);
	return 0;
}

/* ---- one kind of entry each ---- */

/*
 * The data of the current entry into fd.  Holes of a sparse file stay holes but count, since a
 * reader of the tree sees them as bytes.
 */
static int
write_data(struct unpack_dest *d, struct archive *a, struct archive_entry *e, int fd,
	const char *path, struct dd_err *err)
{
	uint64_t end = 0;
	uint64_t promised = archive_entry_size_is_set(e) ? (uint64_t)archive_entry_size(e) : 0;
	if (promised > d->meter->max.bytes)
		return unpack_refuse(
			err, DD_ELIMIT, path, "is larger than all of the archive may be");
	for (;;) {
		const void *p;
		size_t n;
		la_int64_t at;
		int r = archive_read_data_block(a, &p, &n, &at);
		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK)
			return unpack_archive_error(a, path, err);
		if (at < 0 || (uint64_t)at < end)
			return unpack_refuse(err, DD_ECORRUPT, path, "has overlapping data");
		int rc = unpack_meter_add(d->meter, (uint64_t)at - end + n, err);
		rc = rc ? rc : unpack_path_write(fd, p, n, at, path, err);
		if (rc)
			return rc;
		end = (uint64_t)at + n;
	}
	if (promised > end) {
		int rc = unpack_meter_add(d->meter, promised - end, err);
		if (rc)
			return rc;
		if (io_truncate(fd, (off_t)promised) < 0)
			return unpack_fail(err, errno, "writing", path);
		end = promised;
	}
	d->res->bytes += end;
	return 0;
}

static int
put_file(struct unpack_dest *d, struct archive *a, struct archive_entry *e, char *path,
	const char *name, struct dd_err *err)
{
	struct unpack_dir_note n = {.path = path,
		.mode = mode_of(d->opts, archive_entry_mode(e), false),
		.mtime = mtime_of(e)};
	int rc = owner_of(d, e, path, &n.uid, &n.gid, err);
	rc = rc ? rc : clear_name(d, path, name, err);
	if (rc)
		return rc;
	OWN_FD int fd = unpack_path_create(d->parent_fd, name);
	if (fd < 0)
		return unpack_fail(err, errno, "creating", path);
	rc = write_data(d, a, e, fd, path, err);
	rc = rc ? rc : set_attributes(d, fd, &n, err);
	if (!rc)
		d->res->files++;
	return rc;
}

static int
put_dir(struct unpack_dest *d, struct archive_entry *e, const char *path, const char *name,
	struct dd_err *err)
{
	struct unpack_dir_note n = {.seq = d->ndirs,
		.mode = mode_of(d->opts, archive_entry_mode(e), true),
		.mtime = mtime_of(e)};
	int rc = owner_of(d, e, path, &n.uid, &n.gid, err);
	if (rc)
		return rc;
	if (io_mkdirat(d->parent_fd, name, 0700) < 0) {
		if (errno != EEXIST)
			return unpack_fail(err, errno, "making directory", path);
		OWN_FD int there = open_below(d, path, O_PATH | O_DIRECTORY);
		if (there < 0 && errno == ENOTDIR)
			return unpack_refuse(
				err, DD_EINVAL, path, "would replace a file by a directory");
		if (there < 0)
			return unpack_fail(err, errno, "opening directory", path);
	}
	n.path = mem_strdup(path);
	d->dirs = mem_grow(d->dirs, d->ndirs, &d->dirs_cap, sizeof(*d->dirs));
	d->dirs[d->ndirs++] = n;
	d->res->dirs++;
	return 0;
}

static int
put_symlink(struct unpack_dest *d, struct archive_entry *e, const char *path, const char *name,
	struct dd_err *err)
{
	const char *target = archive_entry_symlink(e);
	if (!target || !target[0])
		return unpack_refuse(err, DD_EINVAL, path, "is a symbolic link to nothing");
	if (strlen(target) > d->meter->max.path_bytes)
		return unpack_refuse(err, DD_ELIMIT, path, "is too long a symbolic link");
	uid_t uid;
	gid_t gid;
	int rc = owner_of(d, e, path, &uid, &gid, err);
	rc = rc ? rc : clear_name(d, path, name, err);
	if (rc)
		return rc;
	if (io_symlinkat(target, d->parent_fd, name) < 0)
		return unpack_fail(err, errno, "linking", path);
	if (d->opts->keep_owners && fchownat(d->parent_fd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return unpack_fail(err, errno, "setting the owner of", path);
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, mtime_of(e)};
	if (utimensat(d->parent_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return unpack_fail(err, errno, "setting the time of", path);
	d->res->symlinks++;
	return 0;
}

/*
 * The target is resolved by the same rules as an entry.  It is linked through the directory it is
 * in and not by a path, and without following a link at its end.
 */
static int
put_hardlink(struct unpack_dest *d, const char *target, const char *path, const char *name,
	struct dd_err *err)
{
	OWN_FREE char *clean = NULL;
	int rc = unpack_path_clean(&d->meter->max, target, &clean, err);
	if (rc) {
		OWN_FREE char *shown = unpack_show(path);
		return err_wrap(err, "hard link '%s' to", shown);
	}
	if (strcmp(clean, path) == 0)
		return 0;
	char *slash = strrchr(clean, '/');
	const char *base = slash ? slash + 1 : clean;
	OWN_FREE char *dir = slash ? mem_strndup(clean, (size_t)(slash - clean)) : mem_strdup("");
	OWN_FD int dir_fd = open_below(d, dir, O_PATH | O_DIRECTORY);
	if (dir_fd < 0)
		return unpack_fail(err, errno, "following the hard link", path);
	struct stat st;
	if (!base[0] || fstatat(dir_fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return unpack_refuse(err, DD_EINVAL, path, "is a hard link to what is not there");
	if (!S_ISREG(st.st_mode))
		return unpack_refuse(err, DD_EINVAL, path, "is a hard link to what is not a file");
	rc = clear_name(d, path, name, err);
	if (rc)
		return rc;
	if (io_linkat(dir_fd, base, d->parent_fd, name, 0) < 0)
		return unpack_fail(err, errno, "linking", path);
	d->res->hardlinks++;
	return 0;
}

static int
put_special(struct unpack_dest *d, const char *path, struct dd_err *err)
{
	if (!d->opts->skip_special)
		return unpack_refuse(err, DD_EINVAL, path, "is a device node or FIFO");
	d->res->nskipped++;
	if (d->res->skipped.n < UNPACK_MAX_SKIPPED)
		strlist_add(&d->res->skipped, path);
	return 0;
}

int
unpack_dest_put(
	struct unpack_dest *d, struct archive *a, struct archive_entry *e, struct dd_err *err)
{
	const char *raw = archive_entry_pathname(e), *name = NULL;
	if (!raw)
		return err_set(err, DD_EINVAL, "entry %llu has a name that is not valid UTF-8",
			(unsigned long long)d->meter->entries);
	OWN_FREE char *path = NULL;
	int rc = unpack_path_clean(&d->meter->max, raw, &path, err);
	if (rc)
		return rc;
	const char *target = archive_entry_hardlink(e);
	mode_t type = target ? S_IFREG : archive_entry_filetype(e);
	if (!path[0])
		return S_ISDIR(type) ? 0 : unpack_refuse(err, DD_EINVAL, raw, "names no file");
	if (!S_ISREG(type) && !S_ISDIR(type) && !S_ISLNK(type))
		return put_special(d, path, err);

	note_top(d, path, S_ISDIR(type));
	rc = open_parent(d, path, &name, err);
	if (rc)
		return rc;
	if (target)
		return put_hardlink(d, target, path, name, err);
	if (S_ISDIR(type))
		return put_dir(d, e, path, name, err);
	if (S_ISLNK(type))
		return put_symlink(d, e, path, name, err);
	return put_file(d, a, e, path, name, err);
}

/* ---- when all is written ---- */

/*
 * Move the content of the common directory up.  The directory itself is moved aside first, since it
 * may hold an entry of its own name.
 */
static int
strip_top(struct unpack_dest *d, struct dd_err *err)
{
	OWN_FREE char *aside = NULL;
	for (int i = 0;; i++) {
		free(aside);
		aside = mem_printf(".unpack-%d", i);
		if (io_renameat2(d->fd, d->top, d->fd, aside, RENAME_NOREPLACE) == 0)
			break;
		if (errno != EEXIST || i == 1000)
			return unpack_fail(err, errno, "moving", d->top);
	}
	OWN_FD int top = open_below(d, aside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (top < 0)
		return unpack_fail(err, errno, "opening", d->top);
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list_fd(top, "of the archive", &names, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < names.n; i++)
		if (io_renameat2(top, names.v[i], d->fd, names.v[i], RENAME_NOREPLACE) < 0)
			return unpack_fail(err, errno, "moving up", names.v[i]);
	if (io_unlinkat(d->fd, aside, AT_REMOVEDIR) < 0)
		return unpack_fail(err, errno, "removing", d->top);
	d->res->common_dir = TAKE(d->top);
	return 0;
}

/* Content before its directory, so that a mode cannot close the way; equal paths in their order. */
static int
by_path_down(const void *pa, const void *pb)
{
	const struct unpack_dir_note *a = pa, *b = pb;
	int c = strcmp(b->path, a->path);
	return c ? c : (a->seq > b->seq) - (a->seq < b->seq);
}

static int
apply_note(struct unpack_dest *d, const struct unpack_dir_note *n, struct dd_err *err)
{
	const char *path = n->path;
	if (d->res->common_dir) {
		size_t skip = strlen(d->res->common_dir);
		if (!path[skip])
			return 0;
		path += skip + 1;
	}
	OWN_FD int fd = open_below(d, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return unpack_fail(err, errno, "opening directory", path);
	return set_attributes(d, fd, n, err);
}

int
unpack_dest_finish(struct unpack_dest *d, struct dd_err *err)
{
	if (d->opts->strip_common_dir && d->top && !d->many_tops) {
		int rc = strip_top(d, err);
		if (rc)
			return rc;
	}
	if (d->ndirs)
		qsort(d->dirs, d->ndirs, sizeof(*d->dirs), by_path_down);
	for (size_t i = 0; i < d->ndirs; i++) {
		/* The last of several entries for one directory decides. */
		if (i + 1 < d->ndirs && strcmp(d->dirs[i].path, d->dirs[i + 1].path) == 0)
			continue;
		int rc = apply_note(d, &d->dirs[i], err);
		if (rc)
			return rc;
	}
	return 0;
}
