/*
 * What the source refers to and does not hold: submodules whose directory is empty (gitmodules(5)), and files
 * of Git LFS of which only the pointer is there (its format: version, oid and size, one a line, less than
 * 1024 bytes).
 */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_ABSENT 200
#define POINTER_MIN 100
#define POINTER_MAX 1024

static void
add(struct project *p, enum absent_kind kind, const char *path, char *where, char *origin)
{
	struct absent_part *a = absent_part_list_add(&p->absent);
	a->kind = kind;
	a->path = mem_strdup(path);
	a->where = where;
	a->origin = origin;
}

/* ---- submodules ---- */

struct submodule {
	char *path, *url;
	unsigned line; /* of its path */
};

static void
submodule_cleanup(struct submodule *s)
{
	free(s->path);
	free(s->url);
	*s = (struct submodule){0};
}

static bool
is_empty(const struct tree *t, const char *dir)
{
	for (size_t i = 0; i < t->files.n; i++)
		if (fs_is_below(t->files.v[i], dir))
			return false;
	return true;
}

static void
end_submodule(const struct tree *t, struct submodule *s, struct project *p)
{
	if (s->path && *s->path && is_empty(t, s->path))
		add(p, ABSENT_SUBMODULE, s->path, scan_cite(".gitmodules", s->line), TAKE(s->url));
	submodule_cleanup(s);
}

/* "key = value"; heap, NULL for another key */
static char *
value_of(struct str line, const char *key)
{
	struct str rest = str_trim(line), name;
	if (!str_next(&rest, '=', &name) || !str_eq(str_trim(name), key))
		return NULL;
	rest = str_trim(rest);
	while (rest.n && rest.p[rest.n - 1] == '/')
		rest.n--;
	return str_dup(rest);
}

static void
read_gitmodules(const struct tree *t, struct project *p)
{
	OWN(buf) struct buf text = {0};
	OWN(submodule) struct submodule now = {0};
	tree_read(t, ".gitmodules", &text);
	struct str rest = buf_str(&text), line;
	for (unsigned n = 1; str_next_line(&rest, &line) && p->absent.n < MAX_ABSENT; n++) {
		if (str_starts(str_trim(line), "["))
			end_submodule(t, &now, p);
		char *path = value_of(line, "path"), *url = value_of(line, "url");
		if (path) {
			free(now.path);
			now.path = path;
			now.line = n;
		}
		if (url) {
			free(now.url);
			now.url = url;
		}
	}
	end_submodule(t, &now, p);
}

/* ---- Git LFS ---- */

/* "size bytes, sha256 digest" of a pointer; NULL: it is none. */
static char *
pointed_at(struct str text)
{
	struct str line, size = {0}, digest = {0};
	if (!str_starts(text, "version https://") || !memmem(text.p, text.n, "git-lfs", 7))
		return NULL;
	while (str_next_line(&text, &line)) {
		if (str_starts(line, "oid sha256:"))
			digest = (struct str){line.p + 11, line.n - 11};
		else if (str_starts(line, "size "))
			size = (struct str){line.p + 5, line.n - 5};
	}
	if (!size.n || !digest.n)
		return NULL;
	return mem_printf(STR_FMT " bytes, SHA-256 " STR_FMT, STR_ARG(size), STR_ARG(digest));
}

static void
read_pointer(const struct tree *t, const char *path, struct project *p)
{
	struct stat st;
	OWN(buf) struct buf text = {0};
	if (fstatat(t->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_size < POINTER_MIN ||
		st.st_size >= POINTER_MAX)
		return;
	tree_read(t, path, &text);
	char *origin = pointed_at(buf_str(&text));
	if (origin)
		add(p, ABSENT_LFS, path, scan_cite(path, 1), origin);
}

void
detect_absent(const struct tree *t, struct project *p)
{
	read_gitmodules(t, p);
	for (size_t i = 0; i < t->files.n && p->absent.n < MAX_ABSENT; i++)
		read_pointer(t, t->files.v[i], p);
}
