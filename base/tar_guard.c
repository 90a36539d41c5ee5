#include "base/tar_guard.h"

#include <string.h>

enum { OFF_SIZE = 124, OFF_SUM = 148, OFF_TYPE = 156 }; /* in a header block */

void
tar_guard_cleanup(struct tar_guard *g)
{
	buf_cleanup(&g->text);
}

/* ---- headers ---- */

/* Octal digits between blanks and NULs, or GNU's base 256; false when it is no number. */
static bool
read_number(const char *p, size_t n, uint64_t *ret)
{
	uint64_t v = 0;
	if (*p & 0x80) {
		for (size_t i = 0; i < n; i++) {
			if (v >> 55)
				return false;
			v = v << 8 | (unsigned char)(i ? p[i] : p[i] & 0x7f);
		}
		*ret = v;
		return true;
	}
	size_t i = 0;
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0');
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return false;
	*ret = v;
	return true;
}

/* Some old tars summed up signed bytes. */
static bool
sum_is_right(const char *b)
{
	uint64_t said;
	int64_t plain = 0, with_sign = 0;
	for (int i = 0; i < TAR_BLOCK; i++) {
		char c = i >= OFF_SUM && i < OFF_TYPE ? ' ' : b[i];
		plain += (unsigned char)c;
		with_sign += (signed char)c;
	}
	return read_number(b + OFF_SUM, 8, &said) &&
	       ((int64_t)said == plain || (int64_t)said == with_sign);
}

static bool
is_zero(const char *b)
{
	for (int i = 0; i < TAR_BLOCK; i++)
		if (b[i])
			return false;
	return true;
}

static int
start_extended(struct tar_guard *g, char type, uint64_t size, struct dd_err *err)
{
	if (size > TAR_GUARD_HEADER)
		return err_set(err, DD_ELIMIT, "an extended header has more than %zu bytes",
			TAR_GUARD_HEADER);
	g->kind = type;
	g->kind_bytes = size;
	buf_reset(&g->text);
	return 0;
}

static int
take_header(struct tar_guard *g, struct dd_err *err)
{
	const char *b = g->block;
	uint64_t size;
	if (is_zero(b)) {
		g->ended = true;
		return 0;
	}
	if (!sum_is_right(b) || !read_number(b + OFF_SIZE, 12, &size))
		return err_set(err, DD_ECORRUPT, "a header of the archive is damaged");
	char type = b[OFF_TYPE];
	bool extended = type == 'x' || type == 'g' || type == 'L' || type == 'K';
	if (!extended && g->has_size)
		size = g->size;
	switch (type) {
	case 'x':
	case 'g':
	case 'L':
	case 'K':
		if (start_extended(g, type, size, err) < 0)
			return -DD_ELIMIT;
		break;
	case '1': /* readers disagree whether content follows */
		if (size)
			return err_set(err, DD_EINVAL, "a hard link has content of its own");
		break;
	case '0':
	case '\0':
	case '7':
		break;
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
		size = 0; /* whatever it says */
		break;
	default:
		return err_set(err, DD_EUNSUPPORTED,
			"the archive has an entry of type 0x%02x (sparse files and the like)",
			(unsigned char)type);
	}
	if (!extended)
		g->has_size = false;
	g->skip = (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	return 0;
}

/* ---- extended headers ---- */

static int
check_record(struct tar_guard *g, struct str key, struct str value, struct dd_err *err)
{
	bool names = str_eq(key, "path") || str_eq(key, "linkpath") || str_eq(key, "uname") ||
		     str_eq(key, "gname");
	if (!key.n || memchr(key.p, '\0', key.n))
		return err_set(err, DD_EINVAL, "a pax record has no proper key");
	if (names && memchr(value.p, '\0', value.n))
		return err_set(err, DD_EINVAL, "an entry has a name with a NUL in it");
	if (!value.n && (str_eq(key, "path") || str_eq(key, "linkpath") || str_eq(key, "size")))
		return err_set(err, DD_EINVAL, "a pax record has no value");
	if (str_starts(key, "GNU.sparse."))
		return err_set(err, DD_EUNSUPPORTED, "the archive has a sparse file");
	if (g->kind == 'g' && !str_eq(key, "comment"))
		return err_set(err, DD_EUNSUPPORTED,
			"the archive has a global header that changes its entries");
	if (!str_eq(key, "size"))
		return 0;
	g->has_size = str_parse_u64(value, INT64_MAX / 2, &g->size);
	return g->has_size ? 0 : err_set(err, DD_EINVAL, "a pax record has no proper size");
}

/* "LENGTH KEY=VALUE\n", LENGTH that of all of it. */
static int
check_pax(struct tar_guard *g, struct str rest, struct dd_err *err)
{
	while (rest.n) {
		struct str head = rest, number, key;
		uint64_t n;
		if (!str_next(&head, ' ', &number) || !str_parse_u64(number, rest.n, &n) ||
			n < number.n + 2 || rest.p[n - 1] != '\n')
			return err_set(err, DD_EINVAL, "a pax record is malformed");
		struct str record = {head.p, (size_t)n - number.n - 2}, value = record;
		if (!str_next(&value, '=', &key) || key.n == record.n)
			return err_set(err, DD_EINVAL, "a pax record is malformed");
		int rc = check_record(g, key, value, err);
		if (rc < 0)
			return rc;
		rest = (struct str){rest.p + n, rest.n - (size_t)n};
	}
	return 0;
}

static int
end_extended(struct tar_guard *g, struct dd_err *err)
{
	struct str text = buf_str(&g->text);
	char kind = g->kind;
	int rc = 0;
	if (kind == 'x' || kind == 'g')
		rc = check_pax(g, text, err);
	else
		for (const char *end = text.n ? memchr(text.p, '\0', text.n) : NULL;
			end && end < text.p + text.n; end++)
			if (*end)
				return err_set(
					err, DD_EINVAL, "an entry has a name with a NUL in it");
	g->kind = 0;
	return rc;
}

/* ---- the stream ---- */

static size_t
take_content(struct tar_guard *g, const char *p, size_t n)
{
	size_t part = n < g->skip ? n : (size_t)g->skip;
	if (g->kind && g->text.n < g->kind_bytes) {
		uint64_t left = g->kind_bytes - g->text.n;
		buf_add(&g->text, p, part < left ? part : (size_t)left);
	}
	g->skip -= part;
	return part;
}

int
tar_guard_feed(struct tar_guard *g, const char *p, size_t n, struct dd_err *err)
{
	int rc = 0;
	while (n && !g->ended && rc == 0) {
		size_t part;
		if (g->skip) {
			part = take_content(g, p, n);
		} else {
			part = TAR_BLOCK - g->have < n ? TAR_BLOCK - g->have : n;
			memcpy(g->block + g->have, p, part);
			g->have += part;
			if (g->have == TAR_BLOCK) {
				g->have = 0;
				rc = take_header(g, err);
			}
		}
		if (rc == 0 && g->kind && !g->skip)
			rc = end_extended(g, err);
		p += part;
		n -= part;
	}
	return rc;
}
