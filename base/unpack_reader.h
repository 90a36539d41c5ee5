/*
 * The reading half of base/unpack: libarchive under our bounds.  Private to base/unpack* and
 * base/layer_*.c.
 */
#ifndef BASE_UNPACK_READER_H
#define BASE_UNPACK_READER_H

#include "base/unpack.h"
#include <locale.h>

struct archive;
struct archive_entry;

#define UNPACK_READ_BLOCK ((size_t)64 << 10)

/* limits (NULL: none given) with the defaults for what is 0. */
struct unpack_limits unpack_limits_of(const struct unpack_limits *limits);

/* What came out so far against what may come out. */
struct unpack_meter {
	struct unpack_limits max; /* no zeros */
	uint64_t entries, bytes;
	uint64_t bytes_in;	/* high-water mark of what was read of the archive */
	struct archive *source; /* whose first filter reads the archive's bytes */
};

/* Count bytes more before they are written; DD_ELIMIT. */
int unpack_meter_add(struct unpack_meter *m, uint64_t bytes, struct dd_err *err) DD_MUST_USE;

struct unpack_reader {
	struct archive *a; /* the archive whose entries are wanted */
	struct archive
		*shell; /* around it: a package's ar archive, a layer's compression; or NULL */
	locale_t locale, old_locale;
};
void unpack_reader_cleanup(struct unpack_reader *r);

/* Open the archive in fd; r is zeroed.  DD_EINVAL, DD_ECORRUPT, DD_EUNSUPPORTED. */
int unpack_reader_open(struct unpack_reader *r, struct unpack_meter *m, int fd,
	enum unpack_kind kind, struct dd_err *err) DD_MUST_USE;

/* 1: *ret is the next entry, counted; 0: the end; negative: error. */
int unpack_reader_next(struct unpack_reader *r, struct unpack_meter *m, struct archive_entry **ret,
	struct dd_err *err);

/* Read what is left of an entry's data, counting it: skipping it would not be bounded. */
int unpack_drain(struct archive *a, struct unpack_meter *m, const char *what, uint64_t *ret_end,
	struct dd_err *err) DD_MUST_USE;

struct archive *unpack_new_archive(void); /* never NULL */

/* Names stay the bytes they are while r lives; utf8: those of a zip, marked as UTF-8, too. */
int unpack_keep_names(struct unpack_reader *r, bool utf8, struct dd_err *err) DD_MUST_USE;

/* gzip, xz, bzip2, zstd or none. */
int unpack_allow_filters(struct archive *a, struct dd_err *err) DD_MUST_USE;

/* What shell's current entry holds, as the bytes of a: for archive_read_open(a, shell, ...). */
ssize_t unpack_read_member(struct archive *a, void *shell, const void **ret_p);

/* The code that fits a failure of libarchive: ECORRUPT, EUNSUPPORTED or EIO with its message. */
int unpack_archive_error(struct archive *a, const char *what, struct dd_err *err);

#endif
