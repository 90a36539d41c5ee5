#include "base/unpack_dest.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#define READ_BLOCK ((size_t)64 << 10)

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

/* ---- bounds ------------------------------------------------------------------------------- */

static struct unpack_limits
limits_with_defaults(const struct unpack_limits *l)
{
	struct unpack_limits r = l ? *l : (struct unpack_limits){0};
	r.bytes = r.bytes ? r.bytes : (uint64_t)8 << 30;
	r.entries = r.entries ? r.entries : 1000000;
	r.path_bytes = r.path_bytes ? r.path_bytes : 4000;
	r.depth = r.depth ? r.depth : 128;
	r.ratio = r.ratio ? r.ratio : 250;
	return r;
}

int
unpack_meter_add(struct unpack_meter *m, struct archive *a, uint64_t bytes, struct dd_err *err)
{
	if (bytes > m->max.bytes - m->bytes)
		return err_set(err, DD_ELIMIT, "the archive holds more than %llu bytes",
			(unsigned long long)m->max.bytes);
	m->bytes += bytes;
	la_int64_t in = archive_filter_bytes(a, -1);
	if (in > 0 && (uint64_t)in > m->bytes_in)
		m->bytes_in = (uint64_t)in;
	if (m->bytes > UNPACK_RATIO_FLOOR && m->bytes / m->max.ratio > m->bytes_in)
		return err_set(err, DD_ELIMIT, "the archive expands to more than %u times its size",
			m->max.ratio);
	return 0;
}

/* ---- reading ------------------------------------------------------------------------------ */

struct reader {
	struct archive *a;     /* the archive whose entries are wanted */
	struct archive *shell; /* of a Debian package: the ar archive around it, else NULL */
	locale_t locale, old_locale;
};

static void
reader_cleanup(struct reader *r)
{
	if (r->a)
		(void)archive_read_free(r->a);
	if (r->shell)
		(void)archive_read_free(r->shell);
	if (r->locale) {
		(void)uselocale(r->old_locale);
		freelocale(r->locale);
	}
	*r = (struct reader){0};
}

int
unpack_archive_error(struct archive *a, const char *what, struct dd_err *err)
{
	const char *msg = archive_error_string(a);
	OWN_FREE char *shown = unpack_show(msg ? msg : "no reason given");
	OWN_FREE char *name = unpack_show(what);
	/* libarchive has no code for it; a wrong guess costs only the class of the error. */
	bool unsupported = msg && (strcasestr(msg, "unsupported") || strcasestr(msg, "encrypt"));
	return err_set(
		err, unsupported ? DD_EUNSUPPORTED : DD_ECORRUPT, "reading '%s': %s", name, shown);
}

/*
 * libarchive converts names to the locale's character set.  In the C locale a tar's names stay the
 * bytes they are, which is what is wanted; a zip's, marked as UTF-8, would be lost there.
 */
static int
set_locale(struct reader *r, int fd, struct dd_err *err)
{
	char magic[2] = {0};
	off_t at = lseek(fd, 0, SEEK_CUR);
	bool zip = at >= 0 && pread(fd, magic, 2, at) == 2 && memcmp(magic, "PK", 2) == 0;
	r->locale = newlocale(LC_CTYPE_MASK, zip ? "C.UTF-8" : "C", (locale_t)0);
	if (!r->locale)
		return err_set(err, DD_EUNSUPPORTED, "this machine has no C.UTF-8 locale");
	r->old_locale = uselocale(r->locale);
	return 0;
}

static struct archive *
new_archive(void)
{
	struct archive *a = archive_read_new();
	if (!a)
		abort();
	return a;
}

/*
 * ARCHIVE_WARN from these means that libarchive was built without the library and would start a
 * program instead: nothing of that here.
 */
static int
allow_filters(struct archive *a, struct dd_err *err)
{
	if (archive_read_support_filter_none(a) != ARCHIVE_OK ||
		archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
		archive_read_support_filter_xz(a) != ARCHIVE_OK ||
		archive_read_support_filter_bzip2(a) != ARCHIVE_OK ||
		archive_read_support_filter_zstd(a) != ARCHIVE_OK)
		return err_set(err, DD_EUNSUPPORTED, "libarchive lacks a compression method: %s",
			archive_error_string(a));
	return 0;
}

/*
 * Zip only by its central directory: the reader that goes by the local headers alone would take an
 * archive that was cut short for whole, and lose modes and links.
 */
static int
open_plain(struct reader *r, int fd, struct dd_err *err)
{
	r->a = new_archive();
	int rc = allow_filters(r->a, err);
	if (rc)
		return rc;
	if (archive_read_support_format_tar(r->a) != ARCHIVE_OK ||
		archive_read_support_format_zip_seekable(r->a) != ARCHIVE_OK ||
		archive_read_open_fd(r->a, fd, READ_BLOCK) != ARCHIVE_OK)
		return err_set(
			err, DD_EINVAL, "not a tar or zip archive: %s", archive_error_string(r->a));
	return 0;
}

static la_ssize_t
read_member(struct archive *a, void *ctx, const void **ret_p)
{
	struct archive *shell = ctx;
	size_t n = 0;
	la_int64_t at;
	int r;
	do
		r = archive_read_data_block(shell, ret_p, &n, &at);
	while (r == ARCHIVE_OK && n == 0);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK) {
		archive_set_error(a, archive_errno(shell), "%s", archive_error_string(shell));
		return -1;
	}
	return (la_ssize_t)n;
}

/* Put shell at the member whose name is prefix or starts with prefix and a dot. */
static int
find_member(struct archive *shell, const char *prefix, struct dd_err *err)
{
	struct archive_entry *e;
	for (int n = 0; n < 16; n++) {
		int r = archive_read_next_header(shell, &e);
		const char *name = r == ARCHIVE_OK ? archive_entry_pathname(e) : NULL;
		if (!name || (n == 0 && strcmp(name, "debian-binary") != 0))
			break;
		size_t len = strlen(prefix);
		if (strncmp(name, prefix, len) == 0 && (!name[len] || name[len] == '.'))
			return 0;
	}
	return err_set(err, DD_EINVAL, "not a Debian package with a %s", prefix);
}

static int
open_deb(struct reader *r, int fd, const char *member, struct dd_err *err)
{
	r->shell = new_archive();
	if (archive_read_support_format_ar(r->shell) != ARCHIVE_OK ||
		archive_read_open_fd(r->shell, fd, READ_BLOCK) != ARCHIVE_OK)
		return err_set(
			err, DD_EINVAL, "not a Debian package: %s", archive_error_string(r->shell));
	int rc = find_member(r->shell, member, err);
	if (rc)
		return rc;
	r->a = new_archive();
	rc = allow_filters(r->a, err);
	if (rc)
		return rc;
	if (archive_read_support_format_tar(r->a) != ARCHIVE_OK ||
		archive_read_open(r->a, r->shell, NULL, read_member, NULL) != ARCHIVE_OK)
		return err_set(err, DD_ECORRUPT, "the %s of the package is not a tar archive: %s",
			member, archive_error_string(r->a));
	return 0;
}

static int
reader_open(struct reader *r, int fd, enum unpack_kind kind, struct dd_err *err)
{
	int rc = set_locale(r, fd, err);
	if (rc)
		return rc;
	switch (kind) {
	case UNPACK_DEB_DATA:
		return open_deb(r, fd, "data.tar", err);
	case UNPACK_DEB_CONTROL:
		return open_deb(r, fd, "control.tar", err);
	case UNPACK_ARCHIVE:
		break;
	}
	return open_plain(r, fd, err);
}

/* 1: *ret is the next entry, 0: the end, negative: error. */
static int
reader_next(
	struct reader *r, struct unpack_meter *m, struct archive_entry **ret, struct dd_err *err)
{
	int s = archive_read_next_header(r->a, ret);
	/* Zeros are an empty tar, and many other formats begin with zeros. */
	if (s == ARCHIVE_EOF && m->entries == 0 && !r->shell)
		return err_set(err, DD_EINVAL, "not an archive, or one without entries");
	if (s == ARCHIVE_EOF)
		return 0;
	/* A warning is about a name's character set, which is looked at where the name is used. */
	if (s != ARCHIVE_OK && s != ARCHIVE_WARN) {
		if (m->entries == 0 && archive_format(r->a) == 0)
			return err_set(err, DD_EINVAL, "not an archive of a known format");
		return unpack_archive_error(r->a, "the archive", err);
	}
	/* The last "filter" is the file itself. */
	if (archive_filter_count(r->a) > 2)
		return err_set(err, DD_EINVAL, "the archive is compressed more than once");
	if (++m->entries > m->max.entries)
		return err_set(err, DD_ELIMIT, "the archive holds more than %llu entries",
			(unsigned long long)m->max.entries);
	return 1;
}

/* Read what is left of an entry's data, counting it: skipping it would not be bounded. */
static int
drain(struct archive *a, struct unpack_meter *m, const char *what, uint64_t *ret_end,
	struct dd_err *err)
{
	uint64_t end = 0;
	for (;;) {
		const void *p;
		size_t n;
		la_int64_t at;
		int r = archive_read_data_block(a, &p, &n, &at);
		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK)
			return unpack_archive_error(a, what, err);
		uint64_t upto = (uint64_t)at + n;
		if (upto < end)
			continue;
		int rc = unpack_meter_add(m, a, upto - end, err);
		if (rc)
			return rc;
		end = upto;
	}
	*ret_end = end;
	return 0;
}

/* ---- the front door ----------------------------------------------------------------------- */

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
unpack_all(struct reader *r, struct unpack_dest *d, struct dd_err *err)
{
	struct archive_entry *e;
	uint64_t ignored;
	int rc;
	while ((rc = reader_next(r, d->meter, &e, err)) > 0) {
		rc = unpack_dest_put(d, r->a, e, err);
		/* Only a file's data was read; a header may promise it for anything. */
		if (!rc && type_of(e) != UNPACK_FILE)
			rc = drain(r->a, d->meter, "the archive", &ignored, err);
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
	struct unpack_meter meter = {.max = limits_with_defaults(&opts->limits)};
	OWN(unpack_result) struct unpack_result res = {0};
	OWN(reader) struct reader r = {0};
	int rc = reader_open(&r, fd, opts->kind, err);
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
	struct unpack_meter meter = {.max = limits_with_defaults(limits)};
	OWN(reader) struct reader r = {0};
	struct archive_entry *e;
	int rc = reader_open(&r, fd, kind, err);
	if (rc)
		return rc;
	while ((rc = reader_next(&r, &meter, &e, err)) > 0) {
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
		rc = drain(r.a, &meter, out.path, &out.size, err);
		if (rc)
			return rc;
		if (!fn(ctx, &out))
			return 0;
	}
	return rc;
}
