#include "base/layer_unpack.h"

#include "base/layer_dest.h"
#include "base/layer_stream.h"
#include "base/unpack_path.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>

#define WHITEOUT ".wh."
#define RESERVED ".wh..wh."
#define OPAQUE_MARK ".wh..wh..opq"
#define MAX_XATTRS 128
#define MAX_XATTR_BYTES ((size_t)64 << 10)
#define SETID_AND_STICKY 07777

struct layer {
	struct layer_unpack_result *res;
	bool skip_special;
	struct unpack_meter meter;
	struct unpack_reader reader;
	struct layer_stream stream;
	struct layer_dest dest;
};

static void
layer_cleanup(struct layer *l)
{
	unpack_reader_cleanup(&l->reader); /* before the stream it reads */
	layer_stream_cleanup(&l->stream);
	layer_dest_cleanup(&l->dest);
}

void
layer_unpack_result_cleanup(struct layer_unpack_result *r)
{
	manifest_cleanup(&r->manifest);
	*r = (struct layer_unpack_result){0};
}

/* ---- what an entry says ---- */

static int
take_xattr(struct layer *l, struct manifest_entry *e, const char *name, const void *value, size_t n,
	struct dd_err *err)
{
	if (!name || !strchr(name, '.') || strlen(name) > 255)
		return unpack_refuse(err, DD_EINVAL, e->path, "has an attribute of no proper name");
	if (str_starts(str_of(name), "user.overlay.") ||
		str_starts(str_of(name), "trusted.overlay."))
		return unpack_refuse(
			err, DD_EINVAL, e->path, "has an attribute of overlayfs's own");
	if (n > MAX_XATTR_BYTES || e->nxattrs == MAX_XATTRS)
		return unpack_refuse(
			err, DD_ELIMIT, e->path, "has too many or too large attributes");
	for (size_t i = 0; i < e->nxattrs; i++)
		if (strcmp(e->xattrs[i].name, name) == 0)
			return 0; /* the same in another notation */
	manifest_add_xattr(e, name, value, n);
	return unpack_meter_add(&l->meter, n, err);
}

static int
take_xattrs(struct layer *l, struct manifest_entry *e, struct archive_entry *ae, struct dd_err *err)
{
	const char *name;
	const void *value;
	size_t n;
	int rc = 0;
	if (archive_entry_xattr_reset(ae) == 0)
		return 0;
	while (rc == 0 && archive_entry_xattr_next(ae, &name, &value, &n) == ARCHIVE_OK)
		rc = take_xattr(l, e, name, value, n, err);
	return rc;
}

static int
take_attributes(
	struct layer *l, struct manifest_entry *e, struct archive_entry *ae, struct dd_err *err)
{
	int64_t uid = archive_entry_uid(ae), gid = archive_entry_gid(ae);
	long ns = archive_entry_mtime_nsec(ae);
	/* All ones is "do not change" to chown(2). */
	if (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return unpack_refuse(err, DD_EINVAL, e->path, "has an owner that cannot be");
	e->uid = (uint32_t)uid;
	e->gid = (uint32_t)gid;
	e->mode = e->type == MANIFEST_SYMLINK ? 0777 : archive_entry_mode(ae) & SETID_AND_STICKY;
	e->mtime = (struct timespec){
		.tv_sec = archive_entry_mtime(ae), .tv_nsec = ns >= 0 && ns < 1000000000 ? ns : 0};
	return take_xattrs(l, e, ae, err);
}

/* ---- one kind of entry each ---- */

static int
copy_data(struct layer *l, struct manifest_entry *e, int fd, struct dd_err *err)
{
	struct archive *a = l->reader.a;
	struct hash *h = hash_create();
	const void *p;
	size_t n;
	la_int64_t at;
	int r, rc = 0;
	while (rc == 0 && (r = archive_read_data_block(a, &p, &n, &at)) == ARCHIVE_OK) {
		if (at < 0 || (uint64_t)at != e->size) {
			rc = unpack_refuse(err, DD_EUNSUPPORTED, e->path, "has holes");
			break;
		}
		hash_add(h, p, n);
		rc = unpack_meter_add(&l->meter, n, err);
		rc = rc ? rc : unpack_path_write(fd, p, n, at, e->path, err);
		e->size += n;
	}
	e->digest = hash_finish(h);
	if (rc == 0 && r != ARCHIVE_EOF)
		rc = unpack_archive_error(a, e->path, err);
	return rc;
}

static int
put_file(struct layer *l, const char *path, struct archive_entry *ae, struct dd_err *err)
{
	struct manifest_entry *e;
	OWN_FD int fd = -1;
	int rc = layer_dest_enter(&l->dest, path, MANIFEST_FILE, &e, err);
	rc = rc ? rc : take_attributes(l, e, ae, err);
	rc = rc ? rc : layer_dest_create(&l->dest, e, &fd, err);
	rc = rc ? rc : copy_data(l, e, fd, err);
	rc = rc ? rc : layer_dest_seal(&l->dest, fd, e, err);
	if (rc == 0) {
		l->res->files++;
		l->res->bytes += e->size;
	}
	return rc;
}

static int
put_directory(struct layer *l, const char *path, struct archive_entry *ae, struct dd_err *err)
{
	struct manifest_entry *e;
	int rc = layer_dest_directory(&l->dest, path, &e, err);
	return rc ? rc : take_attributes(l, e, ae, err);
}

static int
put_symlink(struct layer *l, const char *path, struct archive_entry *ae, struct dd_err *err)
{
	const char *target = archive_entry_symlink(ae);
	struct manifest_entry *e;
	if (!target || !target[0])
		return unpack_refuse(err, DD_EINVAL, path, "is a symbolic link to nothing");
	if (strlen(target) > l->meter.max.path_bytes)
		return unpack_refuse(err, DD_ELIMIT, path, "is too long a symbolic link");
	int rc = layer_dest_enter(&l->dest, path, MANIFEST_SYMLINK, &e, err);
	rc = rc ? rc : take_attributes(l, e, ae, err);
	if (rc < 0)
		return rc;
	e->link = mem_strdup(target);
	return layer_dest_symlink(&l->dest, e, err);
}

static int
put_hardlink(struct layer *l, const char *path, const char *raw_target, struct dd_err *err)
{
	OWN_FREE char *target = NULL;
	int rc = unpack_path_clean(&l->meter.max, raw_target, &target, err);
	if (rc == 0 && !*target)
		rc = unpack_refuse(err, DD_EINVAL, raw_target, "is no file");
	if (rc < 0) {
		OWN_FREE char *shown = unpack_show(path);
		return err_wrap(err, "hard link '%s' to", shown);
	}
	return layer_dest_hardlink(&l->dest, path, target, err);
}

/* ".wh.NAME" in the directory `parent` ("" for the root). */
static int
put_whiteout(struct layer *l, const char *path, const char *name, struct archive_entry *ae,
	struct dd_err *err)
{
	OWN_FREE char *parent = mem_strndup(path, name > path ? (size_t)(name - path) - 1 : 0);
	const char *hidden = name + strlen(WHITEOUT);
	if (archive_entry_filetype(ae) != AE_IFREG || archive_entry_size(ae) > 0)
		return unpack_refuse(err, DD_EINVAL, path, "is a whiteout and not an empty file");
	if (strcmp(name, OPAQUE_MARK) == 0)
		return layer_dest_hide_content(&l->dest, parent, err);
	if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0 ||
		str_starts(str_of(name), RESERVED))
		return unpack_refuse(err, DD_EINVAL, path, "is a whiteout of nothing");
	OWN_FREE char *whole = *parent ? mem_printf("%s/%s", parent, hidden) : mem_strdup(hidden);
	layer_dest_hide(&l->dest, whole);
	return 0;
}

static int
put_special(struct layer *l, const char *path, struct dd_err *err)
{
	if (!l->skip_special)
		return unpack_refuse(err, DD_EINVAL, path, "is a device node or FIFO");
	l->res->nskipped++;
	return 0;
}

/* The last component of path; the whiteout prefix may stand nowhere else. */
static int
find_name(const char *path, const char **ret, struct dd_err *err)
{
	const char *slash = strrchr(path, '/');
	*ret = slash ? slash + 1 : path;
	if (strncmp(path, WHITEOUT, strlen(WHITEOUT)) == 0 && slash)
		return unpack_refuse(err, DD_EINVAL, path, "lies below a whiteout");
	const char *inside = strstr(path, "/" WHITEOUT);
	if (inside && inside < slash)
		return unpack_refuse(err, DD_EINVAL, path, "lies below a whiteout");
	return 0;
}

static int
put_entry(struct layer *l, struct archive_entry *ae, struct dd_err *err)
{
	const char *raw = archive_entry_pathname(ae), *name = "";
	const char *target = archive_entry_hardlink(ae);
	mode_t type = target ? S_IFREG : archive_entry_filetype(ae);
	OWN_FREE char *path = NULL;
	if (!raw)
		return err_set(err, DD_EINVAL, "entry %llu has no name",
			(unsigned long long)l->meter.entries);
	int rc = unpack_path_clean(&l->meter.max, raw, &path, err);
	rc = rc ? rc : find_name(path, &name, err);
	if (rc < 0)
		return rc;
	if (!path[0])
		return S_ISDIR(type) ? 0 : unpack_refuse(err, DD_EINVAL, raw, "names no file");
	if (strncmp(name, WHITEOUT, strlen(WHITEOUT)) == 0)
		return put_whiteout(l, path, name, ae, err);
	if (target)
		return put_hardlink(l, path, target, err);
	if (S_ISREG(type))
		return put_file(l, path, ae, err);
	if (S_ISDIR(type))
		return put_directory(l, path, ae, err);
	if (S_ISLNK(type))
		return put_symlink(l, path, ae, err);
	return put_special(l, path, err);
}

/* ---- the whole ---- */

static int
put_all(struct layer *l, struct dd_err *err)
{
	struct archive_entry *ae;
	uint64_t ignored;
	int rc;
	while ((rc = unpack_reader_next(&l->reader, &l->meter, &ae, err)) > 0) {
		rc = put_entry(l, ae, err);
		/* What is left of its data: a header may promise some for anything. */
		if (rc == 0)
			rc = unpack_drain(l->reader.a, &l->meter, "the layer", &ignored, err);
		if (rc < 0)
			break;
	}
	/* The refusal inside a callback says more than what libarchive makes of it. */
	return rc < 0 && l->stream.err.code ? err_move(err, &l->stream.err) : rc;
}

static int
check_digest(const char *what, const char *wanted, const struct hash_hex *got, struct dd_err *err)
{
	if (!wanted || strcmp(wanted, got->s) == 0)
		return 0;
	return err_set(err, DD_ECORRUPT, "the layer's %s is not what was promised: %.80s, got %s",
		what, wanted, got->s);
}

static int
check_digests(struct layer *l, const struct layer_unpack_spec *spec, struct dd_err *err)
{
	struct layer_unpack_result *r = l->res;
	int rc = layer_stream_finish(&l->stream, &r->blob, &r->content, err);
	if (rc < 0)
		return rc;
	r->blob_bytes = l->stream.blob_bytes;
	r->content_bytes = l->stream.content_bytes;
	if (spec->blob_bytes && spec->blob_bytes != r->blob_bytes)
		return err_set(err, DD_ECORRUPT,
			"the layer has %llu bytes and not the promised %llu",
			(unsigned long long)r->blob_bytes, (unsigned long long)spec->blob_bytes);
	rc = check_digest("digest", spec->blob_digest, &r->blob, err);
	return rc ? rc
		  : check_digest("uncompressed digest", spec->content_digest, &r->content, err);
}

int
layer_unpack(int fd, int dest_fd, const struct layer_unpack_spec *spec,
	struct layer_unpack_result *ret, struct dd_err *err)
{
	OWN(layer_unpack_result) struct layer_unpack_result res = {0};
	OWN(layer)
	struct layer l = {.res = &res,
		.skip_special = spec->skip_special,
		.meter.max = unpack_limits_of(&spec->limits)};
	layer_dest_init(&l.dest, dest_fd, spec, &res);
	int rc = layer_stream_open(&l.stream, fd, &l.reader, &l.meter, err);
	rc = rc ? rc : put_all(&l, err);
	rc = rc ? rc : check_digests(&l, spec, err);
	rc = rc ? rc : layer_dest_finish(&l.dest, err);
	if (rc < 0)
		return rc;
	*ret = res;
	res = (struct layer_unpack_result){0};
	return 0;
}
