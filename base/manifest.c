#include "base/manifest.h"

#include "base/fs.h"

#include <string.h>

#define FIRST_LINE "drydock-manifest 1"
#define CHUNK ((size_t)64 << 10)

static const char type_letters[] = "dflhw"; /* enum manifest_type */

/* ---- entries ---- */

void
manifest_drop_xattrs(struct manifest_entry *e)
{
	for (size_t i = 0; i < e->nxattrs; i++) {
		free(e->xattrs[i].name);
		free(e->xattrs[i].value);
	}
	free(e->xattrs);
	e->xattrs = NULL;
	e->nxattrs = 0;
}

static void
free_entry(void *p)
{
	struct manifest_entry *e = p;
	manifest_drop_xattrs(e);
	free(e->path);
	free(e->link);
	free(e);
}

void
manifest_cleanup(struct manifest *m)
{
	map_cleanup(&m->by_path);
}

struct manifest_entry *
manifest_find(const struct manifest *m, const char *path)
{
	return map_get(&m->by_path, path);
}

struct manifest_entry *
manifest_add(struct manifest *m, const char *path, enum manifest_type type)
{
	if (map_get(&m->by_path, path))
		return NULL;
	struct manifest_entry *e = mem_new(struct manifest_entry);
	e->path = mem_strdup(path);
	e->type = type;
	m->by_path.destroy = free_entry;
	map_put(&m->by_path, path, e);
	return e;
}

void
manifest_add_xattr(struct manifest_entry *e, const char *name, const void *value, size_t n)
{
	e->xattrs = mem_realloc(e->xattrs, e->nxattrs + 1, sizeof(*e->xattrs));
	struct manifest_xattr *x = &e->xattrs[e->nxattrs++];
	*x = (struct manifest_xattr){.name = mem_strdup(name), .value = mem_alloc(n + 1), .n = n};
	if (n)
		memcpy(x->value, value, n);
}

/* ---- order ---- */

/* By components: "a/b" comes before "a.b", as a walk finds them. */
static int
compare_paths(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	int x = *a == '/' ? 1 : *a ? (unsigned char)*a + 1 : 0;
	int y = *b == '/' ? 1 : *b ? (unsigned char)*b + 1 : 0;
	return x - y;
}

static int
by_path(const void *pa, const void *pb)
{
	const struct manifest_entry *const *a = pa, *const *b = pb;
	return compare_paths((*a)->path, (*b)->path);
}

struct manifest_entry **
manifest_sorted(const struct manifest *m)
{
	size_t n = map_count(&m->by_path), i = 0;
	struct manifest_entry **v = mem_zalloc(n + 1, sizeof(*v));
	for (struct map_entry *e = map_first(&m->by_path); e; e = map_next(e))
		v[i++] = map_value(e);
	if (n)
		qsort(v, n, sizeof(*v), by_path);
	return v;
}

static int
by_name(const void *pa, const void *pb)
{
	const struct manifest_xattr *a = pa, *b = pb;
	return strcmp(a->name, b->name);
}

/* The file that a chain of hard links ends at; NULL when it ends nowhere. */
static struct manifest_entry *
end_of_links(const struct manifest *m, struct manifest_entry *e)
{
	for (size_t steps = 0; e && e->type == MANIFEST_HARDLINK; steps++)
		e = steps > 40 ? NULL : manifest_find(m, e->link);
	return e && e->type == MANIFEST_FILE ? e : NULL;
}

/* e becomes the file's entry, file a hard link to it. */
static void
swap_roles(struct manifest_entry *file, struct manifest_entry *e)
{
	struct manifest_entry old = *file;
	char *path = e->path;
	free(e->link);
	*e = old;
	e->path = path;
	*file = (struct manifest_entry){
		.path = old.path, .type = MANIFEST_HARDLINK, .link = mem_strdup(path)};
}

int
manifest_normalise(struct manifest *m, struct dd_err *err)
{
	OWN_FREE struct manifest_entry **v = manifest_sorted(m);
	for (size_t i = 0; v[i]; i++) {
		struct manifest_entry *e = v[i];
		if (e->nxattrs)
			qsort(e->xattrs, e->nxattrs, sizeof(*e->xattrs), by_name);
		if (e->type != MANIFEST_HARDLINK)
			continue;
		struct manifest_entry *file = end_of_links(m, e);
		if (!file)
			return err_set(err, DD_EINVAL, "a hard link leads to no file");
		if (compare_paths(e->path, file->path) < 0) {
			swap_roles(file, e);
			continue;
		}
		/* The others of its group come to the first one by one step. */
		char *first = mem_strdup(file->path);
		free(e->link);
		e->link = first;
	}
	return 0;
}

/* ---- writing ---- */

static void
put_hex(struct buf *b, const char *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		buf_putc(b, digits[(unsigned char)p[i] >> 4]);
		buf_putc(b, digits[p[i] & 15]);
	}
}

static void
put_entry(struct buf *b, const struct manifest_entry *e)
{
	bool bare = e->type == MANIFEST_HARDLINK || e->type == MANIFEST_WHITEOUT;
	buf_putc(b, type_letters[e->type]);
	if (bare)
		buf_puts(b, " - - - ");
	else
		buf_printf(b, " %o %u %u ", (unsigned)e->mode, e->uid, e->gid);
	if (e->type == MANIFEST_FILE)
		buf_printf(b, "%llu %s ", (unsigned long long)e->size, e->digest.s);
	else if (e->link) {
		buf_puts(b, "- ");
		buf_put_percent(b, str_of(e->link));
		buf_putc(b, ' ');
	} else
		buf_puts(b, e->opaque ? "- opaque " : "- - ");
	buf_put_percent(b, str_of(e->path));
	for (size_t i = 0; !bare && i < e->nxattrs; i++) {
		buf_putc(b, ' ');
		buf_put_percent(b, str_of(e->xattrs[i].name));
		buf_putc(b, '=');
		put_hex(b, e->xattrs[i].value, e->xattrs[i].n);
	}
	buf_putc(b, '\n');
}

static int
flush(struct buf *b, struct hash *h, int fd, struct dd_err *err)
{
	hash_add(h, b->p, b->n);
	int rc = fd < 0 ? 0 : fs_write_all(fd, b->p, b->n, err);
	buf_reset(b);
	return rc;
}

int
manifest_write(const struct manifest *m, int fd, struct hash_hex *ret, struct dd_err *err)
{
	OWN_FREE struct manifest_entry **v = manifest_sorted(m);
	OWN(buf) struct buf b = {0};
	struct hash *h = hash_create();
	int rc = 0;
	buf_puts(&b, FIRST_LINE "\n");
	for (size_t i = 0; rc == 0 && v[i]; i++) {
		put_entry(&b, v[i]);
		if (b.n >= CHUNK)
			rc = flush(&b, h, fd, err);
	}
	if (rc == 0)
		rc = flush(&b, h, fd, err);
	struct hash_hex digest = hash_finish(h);
	if (rc == 0)
		*ret = digest;
	return rc;
}

/* ---- reading ---- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_octal(struct str s, mode_t *ret)
{
	mode_t mode = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '7' || i > 4)
			return false;
		mode = mode << 3 | (mode_t)(s.p[i] - '0');
	}
	*ret = mode & 07777;
	return s.n > 0;
}

static bool
read_id(struct str s, uint32_t *ret)
{
	uint64_t id;
	if (!str_parse_u64(s, UINT32_MAX, &id))
		return false;
	*ret = (uint32_t)id;
	return true;
}

/* NAME=HEX; a name may hold a '=', too. */
static bool
read_xattr(struct str word, struct manifest_entry *e)
{
	const char *last = memrchr(word.p, '=', word.n);
	if (!last)
		return false;
	size_t at = (size_t)(last - word.p);
	struct str hex = {last + 1, word.n - at - 1};
	OWN_FREE char *name = str_unpercent((struct str){word.p, at});
	OWN_FREE char *value = mem_alloc(hex.n / 2 + 1);
	for (size_t i = 0; i + 1 < hex.n; i += 2) {
		int hi = hex_digit(hex.p[i]), lo = hex_digit(hex.p[i + 1]);
		if (hi < 0 || lo < 0)
			return false;
		value[i / 2] = (char)(hi << 4 | lo);
	}
	if (!name || hex.n % 2)
		return false;
	manifest_add_xattr(e, name, value, hex.n / 2);
	return true;
}

enum { W_TYPE, W_MODE, W_UID, W_GID, W_SIZE, W_CONTENT, W_PATH, N_WORDS };

static bool
read_attributes(const struct str *w, struct manifest_entry *e)
{
	switch (e->type) {
	case MANIFEST_WHITEOUT:
		return true;
	case MANIFEST_HARDLINK:
		e->link = str_unpercent(w[W_CONTENT]);
		return e->link != NULL;
	case MANIFEST_SYMLINK:
		e->link = str_unpercent(w[W_CONTENT]);
		if (!e->link)
			return false;
		break;
	case MANIFEST_DIR:
		e->opaque = str_eq(w[W_CONTENT], "opaque");
		break;
	case MANIFEST_FILE:
		if (!hash_is_hex(w[W_CONTENT]) || !str_parse_u64(w[W_SIZE], INT64_MAX, &e->size))
			return false;
		memcpy(e->digest.s, w[W_CONTENT].p, HASH_HEX);
		break;
	}
	return read_octal(w[W_MODE], &e->mode) && read_id(w[W_UID], &e->uid) &&
	       read_id(w[W_GID], &e->gid);
}

static bool
read_line(struct str line, struct manifest *m)
{
	struct str w[N_WORDS], word;
	for (size_t i = 0; i < N_WORDS; i++)
		if (!str_next(&line, ' ', &w[i]) || !w[i].n)
			return false;
	const char *letter = w[W_TYPE].n == 1 ? strchr(type_letters, w[W_TYPE].p[0]) : NULL;
	OWN_FREE char *path = str_unpercent(w[W_PATH]);
	if (!letter || !*letter || !path || !*path)
		return false;
	struct manifest_entry *e =
		manifest_add(m, path, (enum manifest_type)(letter - type_letters));
	if (!e || !read_attributes(w, e))
		return false;
	while (str_next(&line, ' ', &word))
		if (!read_xattr(word, e))
			return false;
	return true;
}

int
manifest_read(struct str *text, struct manifest *ret, struct dd_err *err)
{
	struct manifest m = {0};
	struct str line;
	bool ok = str_next_line(text, &line) && str_eq(line, FIRST_LINE);
	while (ok && text->n && !str_starts(*text, FIRST_LINE))
		ok = str_next_line(text, &line) && read_line(line, &m);
	if (!ok) {
		manifest_cleanup(&m);
		return err_set(err, DD_ECORRUPT, "the manifest of a layer is damaged");
	}
	*ret = m;
	return 0;
}

/* ---- stacks ---- */

/* Does this layer hide what the ones below have at path, which it does not name itself? */
static bool
hides(const struct manifest *m, const char *path)
{
	OWN_FREE char *p = mem_strdup(path);
	for (char *slash; (slash = strrchr(p, '/'));) {
		*slash = '\0';
		const struct manifest_entry *e = manifest_find(m, p);
		if (e && (e->type != MANIFEST_DIR || e->opaque))
			return true;
	}
	return false;
}

const struct manifest_entry *
manifest_look(const struct manifest *v, size_t n, const char *path, size_t *ret_layer)
{
	for (size_t i = n; i-- > 0;) {
		const struct manifest_entry *e = manifest_find(&v[i], path);
		if (e && e->type == MANIFEST_WHITEOUT)
			return NULL;
		if (e) {
			*ret_layer = i;
			return e;
		}
		if (hides(&v[i], path))
			return NULL;
	}
	return NULL;
}
