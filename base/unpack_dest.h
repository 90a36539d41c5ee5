/*
 * The writing half of base/unpack: entries come in, files below one descriptor come out.  Private
 * to base/unpack.c.  Nothing here knows an archive format; every path is an untrusted string.
 */
#ifndef BASE_UNPACK_DEST_H
#define BASE_UNPACK_DEST_H

#include "base/unpack_path.h"
#include "base/unpack_reader.h"
#include <time.h>

struct unpack_dir_note;

struct unpack_dest {
	int fd; /* borrowed */
	const struct unpack_opts *opts;
	struct unpack_meter *meter;
	struct unpack_result *res;
	char *parent; /* path of the directory parent_fd is open on; NULL: none yet */
	int parent_fd;
	struct unpack_dir_note *dirs; /* attributes that are set when all is written */
	size_t ndirs, dirs_cap;
	char *top;	/* first component of the paths so far */
	bool many_tops; /* there are several, or it is not a directory */
};

void unpack_dest_init(struct unpack_dest *d, int fd, const struct unpack_opts *opts,
	struct unpack_meter *meter, struct unpack_result *res);
void unpack_dest_cleanup(struct unpack_dest *d);

/* Write one entry, reading its data from a. */
int unpack_dest_put(struct unpack_dest *d, struct archive *a, struct archive_entry *e,
	struct dd_err *err) DD_MUST_USE;

/* Strip the common directory if wanted, then give directories their owners, modes and times. */
int unpack_dest_finish(struct unpack_dest *d, struct dd_err *err) DD_MUST_USE;

#endif
