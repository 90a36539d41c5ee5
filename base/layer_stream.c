#include "base/layer_stream.h"

#include "base/unpack_path.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#define BLOCK ((size_t)256 << 10)

/* Headers, padding and attributes beside the contents of the files. */
#define OVERHEAD_FLOOR ((uint64_t)64 << 20)
#define OVERHEAD_PER_ENTRY 4096

void
layer_stream_cleanup(struct layer_stream *s)
{
	free(s->block);
	hash_destroy(s->blob);
	hash_destroy(s->content);
	tar_guard_cleanup(&s->guard);
	dd_err_cleanup(&s->err);
	*s = (struct layer_stream){.fd = -1};
}

static la_ssize_t
read_blob(struct archive *a, void *ctx, const void **ret_p)
{
	struct layer_stream *s = ctx;
	ssize_t n;
	do
		n = read(s->fd, s->block, BLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		archive_set_error(a, errno, "cannot read the layer");
		return -1;
	}
	hash_add(s->blob, s->block, (size_t)n);
	s->blob_bytes += (uint64_t)n;
	*ret_p = s->block;
	return n;
}

static int
check_content(struct layer_stream *s, const char *p, size_t n)
{
	uint64_t most = s->max.bytes + s->max.entries * OVERHEAD_PER_ENTRY + OVERHEAD_FLOOR;
	s->content_bytes += n;
	if (s->content_bytes > most)
		return err_set(&s->err, DD_ELIMIT, "the layer expands to more than %llu bytes",
			(unsigned long long)most);
	if (s->content_bytes > UNPACK_RATIO_FLOOR &&
		s->content_bytes / s->max.ratio > s->blob_bytes)
		return err_set(&s->err, DD_ELIMIT,
			"the layer expands to more than %u times its size", s->max.ratio);
	return tar_guard_feed(&s->guard, p, n, &s->err);
}

static la_ssize_t
read_content(struct archive *a, void *ctx, const void **ret_p)
{
	struct layer_stream *s = ctx;
	la_ssize_t n = unpack_read_member(a, s->compressed, ret_p);
	if (n <= 0)
		return n;
	hash_add(s->content, *ret_p, (size_t)n);
	if (check_content(s, *ret_p, (size_t)n) == 0)
		return n;
	archive_set_error(a, EINVAL, "%s", err_msg(&s->err));
	return -1;
}

static int
open_compressed(struct layer_stream *s, struct unpack_reader *r, struct dd_err *err)
{
	struct archive_entry *e;
	s->compressed = r->shell = unpack_new_archive();
	int rc = unpack_allow_filters(r->shell, err);
	if (rc < 0)
		return rc;
	if (archive_read_support_format_raw(r->shell) != ARCHIVE_OK ||
		archive_read_open(r->shell, s, NULL, read_blob, NULL) != ARCHIVE_OK ||
		archive_read_next_header(r->shell, &e) != ARCHIVE_OK)
		return unpack_archive_error(r->shell, "the layer", err);
	/* The last "filter" is the file itself. */
	if (archive_filter_count(r->shell) > 2)
		return err_set(err, DD_EINVAL, "the layer is compressed more than once");
	return 0;
}

int
layer_stream_open(struct layer_stream *s, int fd, struct unpack_reader *r, struct unpack_meter *m,
	struct dd_err *err)
{
	s->fd = fd;
	s->max = m->max;
	s->block = mem_alloc(BLOCK);
	s->blob = hash_create();
	s->content = hash_create();
	s->guard.text.max = TAR_GUARD_HEADER;
	int rc = unpack_keep_names(r, false, err);
	rc = rc ? rc : open_compressed(s, r, err);
	if (rc < 0)
		return rc;
	m->source = r->shell;
	r->a = unpack_new_archive();
	if (archive_read_support_format_tar(r->a) == ARCHIVE_OK &&
		archive_read_open(r->a, s, NULL, read_content, NULL) == ARCHIVE_OK)
		return 0;
	return s->err.code ? err_move(err, &s->err)
			   : err_set(err, DD_EINVAL, "the layer is not a tar archive: %s",
				     archive_error_string(r->a));
}

int
layer_stream_finish(struct layer_stream *s, struct hash_hex *ret_blob, struct hash_hex *ret_content,
	struct dd_err *err)
{
	const void *p;
	la_ssize_t n;
	while ((n = read_content(s->compressed, s, &p)) > 0)
		;
	if (n == 0)
		while ((n = read_blob(s->compressed, s, &p)) > 0)
			;
	if (n < 0 && s->err.code)
		return err_move(err, &s->err);
	if (n < 0)
		return unpack_archive_error(s->compressed, "the layer", err);
	*ret_blob = hash_finish(TAKE(s->blob));
	*ret_content = hash_finish(TAKE(s->content));
	return 0;
}
