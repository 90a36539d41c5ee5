/* What the tree tells of sources that do not compile: the body of the worker "spare". */
#include "envprobe/spare.h"

#include "base/fs.h"
#include "envprobe/detect.h"
#include "envprobe/references.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define MAX_SAME_NAME 5
#define MAX_INCLUDES 200

/* ---- does anything name them? ---- */

/* "report" of tools/report.py, "old" of old/__init__.py; heap. */
static char *
stem_of(const char *path)
{
	const char *name = fs_name(path);
	size_t n = strcspn(name, ".");
	if (strncmp(name, "__init__.", 9) != 0 || name == path)
		return mem_strndup(name, n);
	OWN_FREE char *dir = mem_strndup(path, (size_t)(name - path) - 1);
	return mem_strdup(fs_name(dir));
}

static bool
is_loading(struct str line)
{
	static const char *const words[] = {
		"import ", "from ", "use ", "require", "include", "no ", NULL};
	line = str_trim(line);
	for (size_t i = 0; words[i]; i++)
		if (str_starts(line, words[i]))
			return true;
	return false;
}

/* By its file's name, by its module's where something is loaded, or as a class. */
static bool
names(struct str text, const char *path, const char *stem)
{
	struct str line;
	const char *name = fs_name(path);
	if (memmem(text.p, text.n, name, strlen(name)))
		return true;
	if (isupper((unsigned char)*stem) && scan_has_word(text, stem))
		return true;
	while (str_next_line(&text, &line))
		if (is_loading(line) && scan_has_word(line, stem))
			return true;
	return false;
}

/* Pages lead to scripts, also where they are for people; those of a documentation do not. */
static bool
may_name(const char *path)
{
	static const char *const pages[] = {".html", ".htm", NULL};
	return !references_is_silent(path) ||
	       (str_ends_one(str_of(path), pages) && !detect_is_aside(path));
}

static void
drop_used(const struct tree *t, struct strlist *l)
{
	struct strlist all = {0};
	strlist_copy(&all, l);
	for (size_t i = 0; l->n && i < t->files.n; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		struct strlist kept = {0};
		if (strlist_has(&all, path) || !may_name(path) || !tree_read_text(t, path, &text))
			continue;
		for (size_t k = 0; k < l->n; k++) {
			OWN_FREE char *stem = stem_of(l->v[k]);
			if (!names(buf_str(&text), l->v[k], stem))
				strlist_add(&kept, l->v[k]);
		}
		strlist_cleanup(l);
		*l = kept;
	}
	strlist_cleanup(&all);
}

static json_t *
unused(const struct tree *t, const json_t *asked)
{
	OWN(strlist) struct strlist l = {0};
	size_t i;
	json_t *one;
	json_array_foreach (asked, i, one)
		if (json_is_string(one) && tree_has(t, json_string_value(one)))
			strlist_add_new(&l, json_string_value(one));
	drop_used(t, &l);
	return json_from_strings(&l);
}

/* ---- what do they include? ---- */

static void
read_includes(const struct tree *t, const char *path, struct strlist *ret)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line;
	while (str_next_line(&rest, &line) && ret->n < MAX_INCLUDES) {
		struct str plain = str_trim(line);
		if (!str_starts(plain, "#"))
			continue;
		plain = str_trim((struct str){plain.p + 1, plain.n - 1});
		const char *open =
			str_starts(plain, "include") ? memchr(plain.p, '<', plain.n) : NULL;
		const char *close =
			open ? memchr(open, '>', plain.n - (size_t)(open - plain.p)) : NULL;
		if (!close)
			continue;
		OWN_FREE char *header = mem_strndup(open + 1, (size_t)(close - open) - 1);
		strlist_add_new(ret, header);
	}
}

/* A compiler names a file from where it runs: those of the tree whose path ends like that. */
static void
read_failed(const struct tree *t, const char *named, struct strlist *ret)
{
	size_t same = 0;
	while (strncmp(named, "../", 3) == 0 || strncmp(named, "./", 2) == 0)
		named += named[1] == '.' ? 3 : 2;
	OWN_FREE char *end = mem_printf("/%s", named);
	for (size_t i = 0; i < t->files.n && same < MAX_SAME_NAME; i++)
		if (strcmp(t->files.v[i], named) == 0 || str_ends(str_of(t->files.v[i]), end)) {
			read_includes(t, t->files.v[i], ret);
			same++;
		}
}

/* ---- which variable has that version? ---- */

/* The name of a variable that a line of a makefile gives this value, heap; NULL. */
static char *
assigned_by(struct str line, struct str value)
{
	const char *equal = memchr(line.p, '=', line.n);
	if (!equal || !line.n || isspace((unsigned char)*line.p))
		return NULL;
	struct str after = {equal + 1, line.n - (size_t)(equal + 1 - line.p)}, word;
	struct str name = str_trim((struct str){line.p, (size_t)(equal - line.p)});
	while (name.n && strchr(":?", name.p[name.n - 1]))
		name.n--;
	OWN_FREE char *plain = str_dup(str_trim(name));
	bool all = str_next_word(&after, &word) && word.n == value.n &&
		   memcmp(word.p, value.p, value.n) == 0 &&
		   (!str_next_word(&after, &word) || word.p[0] == '#');
	return all && *plain && detect_is_plain(plain, "_") ? TAKE(plain) : NULL;
}

static bool
is_behind(struct str text, const char *stem, const char *variable)
{
	OWN_FREE char *round = mem_printf("%s$(%s)", stem, variable);
	OWN_FREE char *curly = mem_printf("%s${%s}", stem, variable);
	return memmem(text.p, text.n, round, strlen(round)) ||
	       memmem(text.p, text.n, curly, strlen(curly));
}

static void
read_assigned(const struct tree *t, const char *path, struct str asked, json_t *ret)
{
	OWN(buf) struct buf text = {0};
	struct str stem, line;
	if (!str_next_word(&asked, &stem))
		return;
	OWN_FREE char *before = str_dup(stem);
	tree_read(t, path, &text);
	struct str rest = buf_str(&text);
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		OWN_FREE char *name = assigned_by(line, str_trim(asked));
		if (name && is_behind(buf_str(&text), before, name)) {
			OWN_FREE char *where = scan_cite(path, n);
			(void)json_array_append_new(
				ret, json_pack("{s:s, s:s}", "name", name, "where", where));
		}
	}
}

static json_t *
assigned(const struct tree *t, const json_t *asked)
{
	json_t *ret = json_array(), *one;
	size_t k;
	json_array_foreach ((json_t *)(uintptr_t)asked, k, one)
		for (size_t i = 0; json_is_string(one) && i < t->files.n; i++)
			if (tree_name_is(t->files.v[i], "*[Mm]akefile") ||
				tree_name_is(t->files.v[i], "*.mk"))
				read_assigned(
					t, t->files.v[i], str_of(json_string_value(one)), ret);
	return ret;
}

json_t *
spare_of_tree(const struct tree *t, const json_t *asked)
{
	OWN(strlist) struct strlist headers = {0};
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(asked, "failed"), i, one)
		if (json_is_string(one))
			read_failed(t, json_string_value(one), &headers);
	return json_pack("{s:o, s:o, s:o}", "unused", unused(t, json_object_get(asked, "unread")),
		"includes", json_from_strings(&headers), "variables",
		assigned(t, json_object_get(asked, "assigned")));
}

int
probe_spare_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf in = {.max = (size_t)1 << 20};
	OWN_JSON json_t *asked = NULL, *answer = NULL;
	struct tree t = {.fd = -1};
	worker_take_input(&in);
	int rc = json_parse(buf_str(&in), &asked, &err);
	if (rc == 0)
		rc = tree_open(argc > 1 ? argv[1] : "/src", &t, &err);
	if (rc == 0)
		answer = spare_of_tree(&t, asked);
	tree_cleanup(&t);
	if (rc < 0) {
		fprintf(stderr, "spare: %s\n", err_msg(&err));
		return 1;
	}
	return json_give(answer, &err) < 0 ? 1 : 0;
}
