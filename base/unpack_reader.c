#include "base/unpack_reader.h"

#include "base/unpack_path.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

/* ---- bounds ---- */

struct unpack_limits
unpack_limits_of(const struct unpack_limits *l)
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
unpack_meter_add(struct unpack_meter *m, uint64_t bytes, struct dd_err *err)
{
	if (bytes > m->max.bytes - m->bytes)
		return err_set(err, DD_ELIMIT, "the archive holds more than %llu bytes",
			(unsigned long long)m->max.bytes);
	m->bytes += bytes;
	la_int64_t in = archive_filter_bytes(m->source, -1);
	if (in > 0 && (uint64_t)in > m->bytes_in)
		m->bytes_in = (uint64_t)in;
	if (m->bytes > UNPACK_RATIO_FLOOR && m->bytes / m->max.ratio > m->bytes_in)
		return err_set(err, DD_ELIMIT, "the archive expands to more than %u times its size",
			m->max.ratio);
	return 0;
}

/* ---- reading ---- */

void
unpack_reader_cleanup(struct unpack_reader *r)
{
	if (r->a)
		(void)archive_read_free(r->a);
	if (r->shell)
		(void)archive_read_free(r->shell);
	if (r->locale) {
		(void)uselocale(r->old_locale);
		freelocale(r->locale);
	}
	*r = (struct unpack_reader){0};
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
int
unpack_keep_names(struct unpack_reader *r, bool utf8, struct dd_err *err)
{
	r->locale = newlocale(LC_CTYPE_MASK, utf8 ? "C.UTF-8" : "C", (locale_t)0);
	if (!r->locale)
		return err_set(err, DD_EUNSUPPORTED, "this machine has no C.UTF-8 locale");
	r->old_locale = uselocale(r->locale);
	return 0;
}

static bool
is_zip(int fd)
{
	char magic[2] = {0};
	off_t at = lseek(fd, 0, SEEK_CUR);
	return at >= 0 && pread(fd, magic, 2, at) == 2 && memcmp(magic, "PK", 2) == 0;
}

struct archive *
unpack_new_archive(void)
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
int
unpack_allow_filters(struct archive *a, struct dd_err *err)
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
open_plain(struct unpack_reader *r, int fd, struct dd_err *err)
{
	r->a = unpack_new_archive();
	int rc = unpack_allow_filters(r->a, err);
	if (rc)
		return rc;
	if (archive_read_support_format_tar(r->a) != ARCHIVE_OK ||
		archive_read_support_format_zip_seekable(r->a) != ARCHIVE_OK ||
		archive_read_open_fd(r->a, fd, UNPACK_READ_BLOCK) != ARCHIVE_OK)
		return err_set(
			err, DD_EINVAL, "not a tar or zip archive: %s", archive_error_string(r->a));
	return 0;
}

ssize_t
unpack_read_member(struct archive *a, void *ctx, const void **ret_p)
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
open_deb(struct unpack_reader *r, int fd, const char *member, struct dd_err *err)
{
	r->shell = unpack_new_archive();
	if (archive_read_support_format_ar(r->shell) != ARCHIVE_OK ||
		archive_read_open_fd(r->shell, fd, UNPACK_READ_BLOCK) != ARCHIVE_OK)
		return err_set(
			err, DD_EINVAL, "not a Debian package: %s", archive_error_string(r->shell));
	int rc = find_member(r->shell, member, err);
	if (rc)
		return rc;
	r->a = unpack_new_archive();
	rc = unpack_allow_filters(r->a, err);
	if (rc)
		return rc;
	if (archive_read_support_format_tar(r->a) != ARCHIVE_OK ||
		archive_read_open(r->a, r->shell, NULL, unpack_read_member, NULL) != ARCHIVE_OK)
		return err_set(err, DD_ECORRUPT, "the %s of the package is not a tar archive: %s",
			member, archive_error_string(r->a));
	return 0;
}

static int
open_kind(struct unpack_reader *r, int fd, enum unpack_kind kind, struct dd_err *err)
{
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

int
unpack_reader_open(struct unpack_reader *r, struct unpack_meter *m, int fd, enum unpack_kind kind,
	struct dd_err *err)
{
	int rc = unpack_keep_names(r, is_zip(fd), err);
	rc = rc ? rc : open_kind(r, fd, kind, err);
	m->source = r->a;
	return rc;
}

int
unpack_reader_next(struct unpack_reader *r, struct unpack_meter *m, struct archive_entry **ret,
	struct dd_err *err)
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

int
unpack_drain(struct archive *a, struct unpack_meter *m, const char *what, uint64_t *ret_end,
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
		int rc = unpack_meter_add(m, upto - end, err);
		if (rc)
			return rc;
		end = upto;
	}
	*ret_end = end;
	return 0;
}
