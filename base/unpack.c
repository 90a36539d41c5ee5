#include "base/unpack_dest.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

void
unpack_result_cleanup(struct unpack_result *r)
{
	strlist_cleanup(&r->skipped);
	free(r->common_dir);
	*r = (struct unpack_result){0};
}

const char *
unpack_type_name(enum unpack_type t)
{
	static const char *const names[] = {
		"file", "directory", "symbolic link", "hard link", "special file"};
	return names[t];
}

/* ---- the front door ---- */

static enum unpack_type
type_of(struct archive_entry *e)
{
	if (archive_entry_hardlink(e))
		return UNPACK_HARDLINK;
	switch (archive_entry_filetype(e)) {
	case AE_IFREG:
		return UNPACK_FILE;
	case AE_IFDIR:
		return UNPACK_DIR;
	case AE_IFLNK:
		return UNPACK_SYMLINK;
	default:
		return UNPACK_SPECIAL;
	}
}

static int
unpack_all(struct unpack_reader *r, struct unpack_dest *d, struct dd_err *err)
{
	struct archive_entry *e;
	uint64_t ignored;
	int rc;
	while ((rc = unpack_reader_next(r, d->meter, &e, err)) > 0) {
		rc = unpack_dest_put(d, r->a, e, err);
		/* Only a file's data was read; a header may promise it for anything. */
		if (!rc && type_of(e) != UNPACK_FILE)
			rc = unpack_drain(r->a, d->meter, "the archive", &ignored, err);
		if (rc)
			return rc;
	}
	return rc ? rc : unpack_dest_finish(d, err);
}

int
unpack_to(int fd, int dest_fd, const struct unpack_opts *opts, struct unpack_result *ret,
	struct dd_err *err)
{
	static const struct unpack_opts plain;
	opts = opts ? opts : &plain;
	struct unpack_meter meter = {.max = unpack_limits_of(&opts->limits)};
	OWN(unpack_result) struct unpack_result res = {0};
	OWN(unpack_reader) struct unpack_reader r = {0};
	int rc = unpack_reader_open(&r, &meter, fd, opts->kind, err);
	if (rc)
		return rc;
	OWN(unpack_dest) struct unpack_dest dest;
	unpack_dest_init(&dest, dest_fd, opts, &meter, &res);
	rc = unpack_all(&r, &dest, err);
	if (rc)
		return rc;
	*ret = res;
	res = (struct unpack_result){0};
	return 0;
}

int
unpack_deb(int fd, int dest_fd, const struct unpack_opts *opts, struct unpack_result *ret,
	struct dd_err *err)
{
	struct unpack_opts o = opts ? *opts : (struct unpack_opts){0};
	o.kind = UNPACK_DEB_DATA;
	return unpack_to(fd, dest_fd, &o, ret, err);
}

int
unpack_list(int fd, enum unpack_kind kind, const struct unpack_limits *limits,
	bool (*fn)(void *ctx, const struct unpack_entry *e), void *ctx, struct dd_err *err)
{
	struct unpack_meter meter = {.max = unpack_limits_of(limits)};
	OWN(unpack_reader) struct unpack_reader r = {0};
	struct archive_entry *e;
	int rc = unpack_reader_open(&r, &meter, fd, kind, err);
	if (rc)
		return rc;
	while ((rc = unpack_reader_next(&r, &meter, &e, err)) > 0) {
		const char *path = archive_entry_pathname(e);
		struct unpack_entry out = {.path = path ? path : "",
			.type = type_of(e),
			.mode = archive_entry_mode(e) & 07777,
			.uid = archive_entry_uid(e),
			.gid = archive_entry_gid(e),
			.mtime_s = archive_entry_mtime(e)};
		out.link = out.type == UNPACK_HARDLINK	? archive_entry_hardlink(e)
			   : out.type == UNPACK_SYMLINK ? archive_entry_symlink(e)
							: NULL;
		rc = unpack_drain(r.a, &meter, out.path, &out.size, err);
		if (rc)
			return rc;
		if (!fn(ctx, &out))
			return 0;
	}
	return rc;
}
