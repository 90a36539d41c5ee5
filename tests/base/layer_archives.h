/* Layers made to order, and a place to unpack them into: for the tests of base/layer_*. */
#ifndef TESTS_BASE_LAYER_ARCHIVES_H
#define TESTS_BASE_LAYER_ARCHIVES_H

#include "base/layer_unpack.h"
#include "tests/base/unpack_archives.h"

#define PAX(...) \
	make_archive(archive_write_set_format_pax_restricted, NULL, \
		(const struct item[]){__VA_ARGS__}, \
		sizeof((const struct item[]){__VA_ARGS__}) / sizeof(struct item))

static inline void
layer_ok(int fd, int dest, const struct layer_unpack_spec *spec, struct layer_unpack_result *r)
{
	OWN(dd_err) struct dd_err err = {0};
	static const struct layer_unpack_spec plain;
	if (layer_unpack(fd, dest, spec ? spec : &plain, r, &err))
		fail_msg("%s", err_msg(&err));
}

/* A layer that has to be refused with this code and these words; closes fd. */
static inline void
layer_refused(int fd, const struct layer_unpack_spec *spec, enum dd_code code, const char *words)
{
	static const struct layer_unpack_spec plain;
	OWN(place) struct place p = place_create();
	OWN(dd_err) struct dd_err err = {0};
	struct layer_unpack_result r = {0};
	int rc = layer_unpack(fd, p.dest, spec ? spec : &plain, &r, &err);
	if (rc != -(int)code)
		fail_msg("%d instead of %d: %s", rc, -(int)code, err_msg(&err));
	if (!strstr(err_msg(&err), words))
		fail_msg("'%s' does not say '%s'", err_msg(&err), words);
	assert_nothing_outside(&p);
	(void)close(fd);
}

/* ---- tar by hand ---- */

static inline void
raw_header(struct buf *b, const char *name, char type, size_t size)
{
	char h[512] = {0};
	unsigned sum = 0;
	(void)snprintf(h, 100, "%s", name);
	(void)snprintf(h + 100, 8, "%07o", 0644);
	(void)snprintf(h + 108, 8, "%07o", 0);
	(void)snprintf(h + 116, 8, "%07o", 0);
	(void)snprintf(h + 124, 12, "%011zo", size);
	(void)snprintf(h + 136, 12, "%011o", 0);
	memset(h + 148, ' ', 8);
	h[156] = type;
	memcpy(h + 257, "ustar\00000", 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)h[i];
	(void)snprintf(h + 148, 8, "%06o", sum);
	buf_add(b, h, sizeof(h));
}

static inline void
raw_content(struct buf *b, const void *p, size_t n)
{
	static const char zeros[512];
	buf_add(b, p, n);
	buf_add(b, zeros, (512 - n % 512) % 512);
}

static inline void
raw_record(struct buf *b, const char *key, const void *value, size_t n)
{
	size_t rest = strlen(key) + n + 3, len = rest + 1;
	for (size_t digits = 1; digits < 8; digits++) {
		OWN_FREE char *text = mem_printf("%zu", rest + digits);
		if (strlen(text) == digits)
			len = rest + digits;
	}
	buf_printf(b, "%zu %s=", len, key);
	buf_add(b, value, n);
	buf_putc(b, '\n');
}

/* With its end of archive, as a file; empties b. */
static inline int
raw_archive(struct buf *b)
{
	static const char zeros[1024];
	int fd = memory_file();
	buf_add(b, zeros, sizeof(zeros));
	assert_int_equal(write(fd, b->p, b->n), (ssize_t)b->n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	buf_cleanup(b);
	*b = (struct buf){0};
	return fd;
}

/* An entry `name` of this type behind an extended header of one record. */
static inline int
pax_archive(const char *key, const void *value, size_t n, const char *name, char type)
{
	OWN(buf) struct buf text = {0}, b = {0};
	raw_record(&text, key, value, n);
	raw_header(&b, "PaxHeader", 'x', text.n);
	raw_content(&b, text.p, text.n);
	raw_header(&b, name, type, 0);
	return raw_archive(&b);
}

#endif
