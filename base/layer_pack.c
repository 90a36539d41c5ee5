#include "base/layer_pack.h"

#include "base/fs.h"
#include "base/unpack_path.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define MAX_DEPTH 250
#define BLOCK ((size_t)128 << 10)
#define WHITEOUT ".wh."
#define OPAQUE_MARK ".wh..wh..opq"
#define OVERLAY_OPAQUE "user.overlay.opaque"
#define GZIP_LEVEL "6"
#define ZSTD_LEVEL "3"

struct pack {
	struct archive *tar;	    /* -> content */
	struct archive *compressor; /* -> blob */
	int out_fd;
	struct hash *content, *blob;
	const struct layer_pack_spec *spec;
	struct strlist raised; /* paths of the layers below that are to be part of this one */
	struct layer_pack_result *res;
	bool given_up;	   /* nothing more is to be written */
	bool lifting;	   /* what is packed now lies in a layer below */
	struct map inodes; /* "device:inode" of a file with several names -> its entry */
	char *block;
	struct dd_err *err;
};

void
layer_pack_result_cleanup(struct layer_pack_result *r)
{
	manifest_cleanup(&r->manifest);
	*r = (struct layer_pack_result){0};
}

static void
pack_cleanup(struct pack *p)
{
	p->given_up = true; /* freeing what was not closed closes it, which writes */
	if (p->tar)
		(void)archive_write_free(p->tar);
	if (p->compressor)
		(void)archive_write_free(p->compressor);
	hash_destroy(p->content);
	hash_destroy(p->blob);
	map_cleanup(&p->inodes);
	strlist_cleanup(&p->raised);
	free(p->block);
}

/* ---- the two streams ---- */

static la_ssize_t
write_blob(struct archive *a, void *ctx, const void *data, size_t n)
{
	struct pack *p = ctx;
	OWN(dd_err) struct dd_err err = {0};
	if (p->given_up)
		return (la_ssize_t)n;
	if (fs_write_all(p->out_fd, data, n, &err) < 0) {
		archive_set_error(a, EIO, "%s", err_msg(&err));
		return -1;
	}
	hash_add(p->blob, data, n);
	p->res->blob_bytes += n;
	return (la_ssize_t)n;
}

static la_ssize_t
write_content(struct archive *a, void *ctx, const void *data, size_t n)
{
	struct pack *p = ctx;
	if (p->given_up)
		return (la_ssize_t)n;
	hash_add(p->content, data, n);
	p->res->content_bytes += n;
	if (archive_write_data(p->compressor, data, n) == (la_ssize_t)n)
		return (la_ssize_t)n;
	archive_set_error(a, EIO, "%s", archive_error_string(p->compressor));
	return -1;
}

static int
archive_failed(struct pack *p, struct archive *a, const char *path)
{
	return err_set(p->err, DD_EIO, "cannot write %s: %s", path, archive_error_string(a));
}

/* Nothing of the moment goes into a compressed stream. */
static bool
set_compression(struct archive *a, enum layer_compression c)
{
	switch (c) {
	case LAYER_PLAIN:
		return true;
	case LAYER_GZIP:
		return archive_write_add_filter_gzip(a) == ARCHIVE_OK &&
		       archive_write_set_filter_option(a, "gzip", "timestamp", NULL) ==
			       ARCHIVE_OK &&
		       archive_write_set_filter_option(
			       a, "gzip", "compression-level", GZIP_LEVEL) == ARCHIVE_OK;
	case LAYER_ZSTD:
		return archive_write_add_filter_zstd(a) == ARCHIVE_OK &&
		       archive_write_set_filter_option(
			       a, "zstd", "compression-level", ZSTD_LEVEL) == ARCHIVE_OK;
	}
	return false;
}

static int
open_streams(struct pack *p, enum layer_compression c)
{
	struct archive *z = p->compressor = archive_write_new(), *t = p->tar = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	archive_entry_set_pathname(e, "data");
	archive_entry_set_filetype(e, AE_IFREG);
	(void)archive_write_set_bytes_in_last_block(z, 1);
	(void)archive_write_set_bytes_in_last_block(t, 1);
	(void)archive_write_set_bytes_per_block(t, (int)BLOCK);
	bool ok = archive_write_set_format_raw(z) == ARCHIVE_OK && set_compression(z, c) &&
		  archive_write_open(z, p, NULL, write_blob, NULL) == ARCHIVE_OK &&
		  archive_write_header(z, e) == ARCHIVE_OK;
	archive_entry_free(e);
	if (!ok)
		return archive_failed(p, z, "a layer");
	/* Names are bytes; attributes in the notation that every tool reads. */
	ok = archive_write_set_format_pax_restricted(t) == ARCHIVE_OK &&
	     archive_write_set_format_option(t, "pax", "hdrcharset", "BINARY") == ARCHIVE_OK &&
	     archive_write_set_format_option(t, "pax", "xattrheader", "SCHILY") == ARCHIVE_OK &&
	     archive_write_open(t, p, NULL, write_content, NULL) == ARCHIVE_OK;
	return ok ? 0 : archive_failed(p, t, "a layer");
}

static int
close_streams(struct pack *p)
{
	if (archive_write_close(p->tar) != ARCHIVE_OK)
		return archive_failed(p, p->tar, "a layer");
	if (archive_write_close(p->compressor) != ARCHIVE_OK)
		return archive_failed(p, p->compressor, "a layer");
	p->res->content = hash_finish(TAKE(p->content));
	p->res->blob = hash_finish(TAKE(p->blob));
	return 0;
}

/* ---- metadata ---- */

static int
read_disk_xattr(struct pack *p, int fd, const char *name, struct manifest_entry *e)
{
	ssize_t n = fgetxattr(fd, name, p->block, BLOCK);
	if (n < 0)
		return err_errno(p->err, errno, "cannot read an attribute of %s", e->path);
	if (strcmp(name, OVERLAY_OPAQUE) == 0)
		e->opaque = e->type == MANIFEST_DIR && n == 1 && p->block[0] == 'y';
	else if (strncmp(name, "user.overlay.", 13) != 0)
		manifest_add_xattr(e, name, p->block, (size_t)n);
	return 0;
}

/* What is the target's: user.*; the rest was never ours to set on the disk. */
static int
read_disk_xattrs(struct pack *p, int fd, struct manifest_entry *e)
{
	char names[65536];
	ssize_t n = flistxattr(fd, names, sizeof(names));
	int rc = 0;
	if (n < 0 && errno != EOPNOTSUPP)
		return err_errno(p->err, errno, "cannot read the attributes of %s", e->path);
	for (char *at = names; rc == 0 && n > 0 && at < names + n; at += strlen(at) + 1)
		if (strncmp(at, "user.", 5) == 0)
			rc = read_disk_xattr(p, fd, at, e);
	return rc;
}

static void
apply_intended(struct pack *p, struct manifest_entry *e)
{
	const struct layer_pack_spec *s = p->spec;
	const struct manifest_entry *i = s->intended ? manifest_find(s->intended, e->path) : NULL;
	const struct layer_owner *o = s->owners ? map_get(s->owners, e->path) : NULL;
	if (!o && p->lifting && s->lower_owners)
		o = map_get(s->lower_owners, e->path);
	if (o) {
		e->uid = o->uid;
		e->gid = o->gid;
	}
	if (!i || i->type != e->type)
		return;
	e->mode = i->mode;
	e->uid = i->uid;
	e->gid = i->gid;
	manifest_drop_xattrs(e);
	for (size_t k = 0; k < i->nxattrs; k++)
		manifest_add_xattr(e, i->xattrs[k].name, i->xattrs[k].value, i->xattrs[k].n);
}

static struct manifest_entry *
add_entry(struct pack *p, const char *path, enum manifest_type type, const struct stat *st)
{
	struct manifest_entry *e = manifest_add(&p->res->manifest, path, type);
	e->mode = type == MANIFEST_SYMLINK ? 0777 : st->st_mode & 07777;
	e->uid = st->st_uid;
	e->gid = st->st_gid;
	e->mtime.tv_sec = st->st_mtim.tv_sec;
	p->res->entries++;
	return e;
}

/* ---- entries ---- */

static int
put_header(struct pack *p, const struct manifest_entry *e)
{
	static const mode_t types[] = {AE_IFDIR, AE_IFREG, AE_IFLNK, AE_IFREG};
	struct archive_entry *ae = archive_entry_new();
	archive_entry_set_pathname(ae, e->path);
	archive_entry_set_filetype(ae, types[e->type]);
	archive_entry_set_perm(ae, e->mode);
	archive_entry_set_uid(ae, e->uid);
	archive_entry_set_gid(ae, e->gid);
	archive_entry_set_mtime(ae, e->mtime.tv_sec, 0);
	archive_entry_set_size(ae, e->type == MANIFEST_FILE ? (la_int64_t)e->size : 0);
	if (e->type == MANIFEST_SYMLINK)
		archive_entry_set_symlink(ae, e->link);
	if (e->type == MANIFEST_HARDLINK)
		archive_entry_set_hardlink(ae, e->link);
	for (size_t i = 0; i < e->nxattrs; i++)
		archive_entry_xattr_add_entry(
			ae, e->xattrs[i].name, e->xattrs[i].value, e->xattrs[i].n);
	int rc = archive_write_header(p->tar, ae) == ARCHIVE_OK
			 ? 0
			 : archive_failed(p, p->tar, e->path);
	archive_entry_free(ae);
	return rc;
}

/* An empty file whose name says what the layers below lose; when that was is of no account. */
static int
put_mark(struct pack *p, const char *path)
{
	struct archive_entry *ae = archive_entry_new();
	archive_entry_set_pathname(ae, path);
	archive_entry_set_filetype(ae, AE_IFREG);
	archive_entry_set_perm(ae, 0644);
	archive_entry_set_mtime(ae, 0, 0);
	archive_entry_set_size(ae, 0);
	int rc = archive_write_header(p->tar, ae) == ARCHIVE_OK ? 0
								: archive_failed(p, p->tar, path);
	archive_entry_free(ae);
	return rc;
}

static int
put_content(struct pack *p, int fd, struct manifest_entry *e)
{
	struct hash *h = hash_create();
	uint64_t left = e->size;
	int rc = 0;
	while (rc == 0 && left) {
		ssize_t n = read(fd, p->block, left < BLOCK ? (size_t)left : BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = err_set(p->err, DD_EIO, "cannot read %s: %s", e->path,
				n ? strerror(errno) : "it became shorter");
			break;
		}
		hash_add(h, p->block, (size_t)n);
		if (archive_write_data(p->tar, p->block, (size_t)n) != n)
			rc = archive_failed(p, p->tar, e->path);
		left -= (uint64_t)n;
	}
	e->digest = hash_finish(h);
	return rc;
}

/* True: the file was met under another name, which the new entry links to. */
static bool
is_known(struct pack *p, const struct stat *st, const char *path, struct manifest_entry **ret)
{
	if (st->st_nlink < 2)
		return false;
	OWN_FREE char *key = mem_printf(
		"%llu:%llu", (unsigned long long)st->st_dev, (unsigned long long)st->st_ino);
	const struct manifest_entry *first = map_get(&p->inodes, key);
	*ret = add_entry(p, path, first ? MANIFEST_HARDLINK : MANIFEST_FILE, st);
	if (first)
		(*ret)->link = mem_strdup(first->path);
	else
		map_put(&p->inodes, key, *ret);
	return first != NULL;
}

static int
pack_file(struct pack *p, int dir_fd, const char *name, const char *path)
{
	struct stat st;
	struct manifest_entry *e = NULL;
	OWN_FD int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(p->err, errno, "cannot read %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(p->err, DD_EIO, "%s changed while it was read", path);
	if (is_known(p, &st, path, &e))
		return put_header(p, e);
	e = e ? e : add_entry(p, path, MANIFEST_FILE, &st);
	e->size = (uint64_t)st.st_size;
	int rc = read_disk_xattrs(p, fd, e);
	if (rc < 0)
		return rc;
	apply_intended(p, e);
	rc = put_header(p, e);
	return rc ? rc : put_content(p, fd, e);
}

static int
pack_link(struct pack *p, int dir_fd, const char *name, const char *path, const struct stat *st)
{
	ssize_t n = readlinkat(dir_fd, name, p->block, BLOCK - 1);
	if (n < 0)
		return err_errno(p->err, errno, "cannot read link %s", path);
	p->block[n] = '\0';
	struct manifest_entry *e = add_entry(p, path, MANIFEST_SYMLINK, st);
	e->link = mem_strdup(p->block);
	apply_intended(p, e);
	return put_header(p, e);
}

static int
pack_whiteout(struct pack *p, const char *path, const struct stat *st)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) + 1 : 0;
	OWN_FREE char *mark = mem_printf("%.*s" WHITEOUT "%s", dir, path, path + dir);
	(void)add_entry(p, path, MANIFEST_WHITEOUT, st);
	return put_mark(p, mark);
}

static int pack_content(struct pack *p, int dir_fd, const char *path, unsigned depth);

static int
pack_directory(struct pack *p, int dir_fd, const char *name, const char *path,
	const struct stat *st, unsigned depth)
{
	OWN_FD int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(p->err, errno, "cannot read directory %s", path);
	struct manifest_entry *e = add_entry(p, path, MANIFEST_DIR, st);
	int rc = read_disk_xattrs(p, fd, e);
	if (rc < 0)
		return rc;
	apply_intended(p, e);
	rc = put_header(p, e);
	if (rc == 0 && e->opaque) {
		OWN_FREE char *mark = mem_printf("%s/" OPAQUE_MARK, path);
		rc = put_mark(p, mark);
	}
	return rc ? rc : pack_content(p, fd, path, depth + 1);
}

/* The directory of a layer below that holds path, of the topmost that has it; -1. */
static int
open_below(struct pack *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	OWN_FREE char *parent = mem_strndup(path, slash ? (size_t)(slash - path) : 0);
	for (size_t i = p->spec->nlower; i-- > 0;) {
		struct stat st;
		OWN_FD int fd = unpack_path_open(
			p->spec->lower_fds[i], parent, O_PATH | O_DIRECTORY, false);
		if (fd >= 0 &&
			fstatat(fd, slash ? slash + 1 : path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			!S_ISCHR(st.st_mode))
			return TAKE_FD(fd);
	}
	return -1;
}

/* What only a layer below has: it, or of a directory its entry and what else is raised in it. */
static int
lift(struct pack *p, const char *name, const char *path, unsigned depth)
{
	struct stat st;
	OWN_FD int dir_fd = open_below(p, path);
	if (dir_fd < 0 || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* gone since */
	p->lifting = true;
	int rc = 0;
	if (S_ISREG(st.st_mode)) {
		rc = pack_file(p, dir_fd, name, path);
	} else if (S_ISLNK(st.st_mode)) {
		rc = pack_link(p, dir_fd, name, path, &st);
	} else if (S_ISDIR(st.st_mode)) {
		struct manifest_entry *e = add_entry(p, path, MANIFEST_DIR, &st);
		apply_intended(p, e);
		rc = put_header(p, e);
		rc = rc ? rc : pack_content(p, -1, path, depth + 1);
	}
	p->lifting = false;
	return rc;
}

static int
pack_one(struct pack *p, int dir_fd, const char *name, const char *path, unsigned depth)
{
	struct stat st;
	if (dir_fd < 0)
		return lift(p, name, path, depth);
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? lift(p, name, path, depth)
				       : err_errno(p->err, errno, "cannot look at %s", path);
	if (strncmp(name, WHITEOUT, strlen(WHITEOUT)) == 0)
		return err_set(p->err, DD_EINVAL,
			"%s: a layer cannot hold a name that begins with " WHITEOUT, path);
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
		return pack_whiteout(p, path, &st);
	if (S_ISREG(st.st_mode))
		return pack_file(p, dir_fd, name, path);
	if (S_ISLNK(st.st_mode))
		return pack_link(p, dir_fd, name, path, &st);
	if (S_ISDIR(st.st_mode))
		return pack_directory(p, dir_fd, name, path, &st, depth);
	p->res->nskipped++;
	return 0;
}

static int
read_names(struct pack *p, int dir_fd, const char *path, struct strlist *ret)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return err_errno(p->err, errno, "cannot read directory %s", path);
	errno = 0;
	for (struct dirent *e; (e = readdir(d));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			strlist_add(ret, e->d_name);
	int errnum = errno;
	(void)closedir(d);
	if (errnum)
		return err_errno(p->err, errnum, "cannot read directory %s", path);
	return 0;
}

/* The names in the directory path that lead to what is raised. */
static void
add_raised(struct pack *p, const char *path, struct strlist *names)
{
	size_t n = strlen(path);
	for (size_t i = 0; i < p->raised.n; i++) {
		const char *at = p->raised.v[i];
		if (n && (strncmp(at, path, n) != 0 || at[n] != '/'))
			continue;
		at += n ? n + 1 : 0;
		OWN_FREE char *name = mem_strndup(at, strcspn(at, "/"));
		strlist_add_new(names, name);
	}
	strlist_sort(names);
}

/* Does a directory of this layer hide what the layers below have at path? */
static bool
is_hidden(int dir_fd, const char *path)
{
	OWN_FREE char *p = mem_strdup(path);
	for (char *slash; (slash = strrchr(p, '/'));) {
		char value;
		*slash = '\0';
		OWN_FD int fd = unpack_path_open(dir_fd, p, O_RDONLY | O_DIRECTORY, false);
		if (fd >= 0 && fgetxattr(fd, OVERLAY_OPAQUE, &value, 1) == 1 && value == 'y')
			return true;
	}
	return false;
}

/* Which of the owners are of files that this layer does not have. */
static void
find_raised(struct pack *p, int dir_fd)
{
	const struct map *owners = p->spec->owners;
	for (struct map_entry *m = owners ? map_first(owners) : NULL; m; m = map_next(m)) {
		OWN_FD int fd = unpack_path_open(dir_fd, map_key(m), O_PATH | O_NOFOLLOW, false);
		if (fd < 0 && errno == ENOENT && !is_hidden(dir_fd, map_key(m)))
			strlist_add(&p->raised, map_key(m));
	}
}

static int
pack_content(struct pack *p, int dir_fd, const char *path, unsigned depth)
{
	OWN(strlist) struct strlist names = {0};
	if (depth > MAX_DEPTH)
		return err_set(p->err, DD_ELIMIT, "the tree is too deep at %s", path);
	int rc = dir_fd < 0 ? 0 : read_names(p, dir_fd, path, &names);
	add_raised(p, path, &names);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *child =
			*path ? mem_printf("%s/%s", path, names.v[i]) : mem_strdup(names.v[i]);
		rc = pack_one(p, dir_fd, names.v[i], child, depth);
	}
	return rc;
}

int
layer_pack(int dir_fd, int out_fd, const struct layer_pack_spec *spec,
	struct layer_pack_result *ret, struct dd_err *err)
{
	OWN(layer_pack_result) struct layer_pack_result res = {0};
	OWN(pack)
	struct pack p = {.out_fd = out_fd,
		.content = hash_create(),
		.blob = hash_create(),
		.spec = spec,
		.res = &res,
		.block = mem_alloc(BLOCK),
		.err = err};
	find_raised(&p, dir_fd);
	int rc = open_streams(&p, spec->compression);
	rc = rc ? rc : pack_content(&p, dir_fd, "", 0);
	rc = rc ? rc : close_streams(&p);
	rc = rc ? rc : manifest_normalise(&res.manifest, err);
	if (rc < 0)
		return rc;
	*ret = res;
	res = (struct layer_pack_result){0};
	return 0;
}
