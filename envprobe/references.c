#include "envprobe/references.h"

#include "base/fs.h"
#include "base/map.h"
#include "base/match.h"
#include "envprobe/detect.h"
#include "envprobe/envprobe.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define WINDOW_LINES 6 /* behind a reference, in which the code says what it does without */

#define F(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct file_reference, member)
static const char *const form_names[] = {"any", "string", "include", NULL};
const struct json_field file_reference_fields[] = {
	{F(path, JSON_K_STRING), .required = true},
	{F(form, JSON_K_ENUM), .names = form_names},
	{F(where, JSON_K_STRING)},
	{F(required, JSON_K_BOOL)},
	{F(generated, JSON_K_BOOL)},
	{F(sample, JSON_K_STRING)},
	{.key = NULL},
};
RECORD_IMPLEMENT(file_reference)

/* ---- which files speak ---- */

static bool
name_is_one(const char *path, const char *const *patterns)
{
	for (; *patterns; patterns++)
		if (tree_name_is(path, *patterns))
			return true;
	return false;
}

static bool
is_build_file(const char *path)
{
	static const char *const patterns[] = {"Makefile*", "makefile*", "GNUmakefile*", "*.mk",
		"*.mak", "*.am", "CMakeLists.txt", "*.cmake", "configure.ac", "configure.in",
		"meson.build", "configure", "*.sh", "SConstruct", "SConscript", "build.xml",
		"Rakefile", "*.pro", NULL};
	return name_is_one(path, patterns);
}

bool
references_is_silent(const char *path)
{
	static const char *const patterns[] = {"*.md", "*.txt", "*.rst", "*.html", "*.htm", "*.po",
		"*.pot", "*.[1-8]", "*.tex", "*.texi", "*.csv", "*.svg", "README*", "ChangeLog*",
		"NEWS*", "AUTHORS*", "COPYING*", "INSTALL*", "TODO*", "MANIFEST*", "aclocal.m4",
		"ltmain.sh", "libtool.m4", "config.guess", "config.sub", "depcomp", "missing",
		".git*", NULL};
	return (name_is_one(path, patterns) && !is_build_file(path)) || detect_is_aside(path);
}

/* ---- one mention ---- */

struct finder {
	const struct tree *t;
	struct file_reference_list *l;
	const char *path; /* of the file that is read */
	struct str text;
};

static bool
is_path_char(char c)
{
	return isalnum((unsigned char)c) || strchr("_-./+@", c) != NULL;
}

/* The whole path around the name that was hit, as far as it is written there. */
static struct str
token_at(struct str line, size_t start, size_t n)
{
	size_t end = start + n;
	while (start && is_path_char(line.p[start - 1]))
		start--;
	while (end < line.n && is_path_char(line.p[end]))
		end++;
	while (end > start + n && line.p[end - 1] == '.')
		end--; /* of a sentence */
	if (start && line.p[start - 1] == '%')
		start++; /* "%s/data" */
	struct str token = {line.p + start, end - start};
	while (str_starts(token, "./") || str_starts(token, "../"))
		token = (struct str){
			token.p + 2 + (token.p[1] == '.'), token.n - 2 - (token.p[1] == '.')};
	return token;
}

/* Does the token name the path: the same, or its end from a slash on? */
static bool
names(struct str token, const char *path)
{
	size_t n = strlen(path);
	while (*path != '/' && token.n && token.p[0] == '/')
		token = (struct str){token.p + 1, token.n - 1}; /* behind the name of a directory */
	if (!token.n || !(token.n <= n && memcmp(path + n - token.n, token.p, token.n) == 0))
		return false;
	/* A slash at its beginning may follow the name of a directory that is not written there. */
	return token.n == n || token.p[0] == '/' || path[n - token.n - 1] == '/';
}

static bool
has_one(struct str text, const char *const *words)
{
	for (; *words; words++)
		if (memmem(text.p, text.n, *words, strlen(*words)))
			return true;
	return false;
}

/* Is what stands before the token the kind of thing that makes a file of it? */
static bool
is_made_here(const char *file, struct str line, struct str token)
{
	static const char *const macros[] = {"configure_file", "AC_CONFIG_", "AC_OUTPUT",
		"file(WRITE", "custom_target", "custom_command", "file(GENERATE", NULL};
	static const char *const outputs[] = {"\"w\"", "'w'", "\"wb\"", "'wb'", "\"w+\"", "\"a\"",
		"'>'", "\">", "file_put_contents", "writeFile", NULL};
	struct str before = str_trim((struct str){line.p, (size_t)(token.p - line.p)});
	struct str after = {token.p + token.n, line.n - (size_t)(token.p + token.n - line.p)};
	while (before.n && strchr("\"'./", before.p[before.n - 1]))
		before.n--;
	before = str_trim(before);
	if (str_ends(before, ">") || str_ends(before, "-o") || str_ends(before, "OUTPUT") ||
		str_ends(before, "tee") || str_ends(before, "touch") || has_one(line, macros))
		return true;
	if (!is_build_file(file))
		return has_one(after, outputs) || has_one(before, outputs);
	/* A target: nothing but others before it, a colon behind. */
	const char *colon = memchr(after.p, ':', after.n);
	bool rule = colon && !isspace((unsigned char)line.p[0]) &&
		    !memchr(before.p, ':', before.n) &&
		    !(colon + 1 < after.p + after.n && colon[1] == '=');
	return rule && !memchr(before.p, '=', before.n);
}

static struct str
window(struct str text, uint64_t line)
{
	struct str rest = text, one;
	for (uint64_t n = 1; n < line; n++)
		if (!str_next_line(&rest, &one))
			return (struct str){"", 0};
	const char *start = rest.p;
	for (int i = 0; i < WINDOW_LINES && str_next_line(&rest, &one); i++)
		;
	return (struct str){
		start, rest.n ? (size_t)(rest.p - start) : (size_t)(text.p + text.n - start)};
}

/* The lines of code from the reference on say that it is the end, and not that there is another way. */
static bool
gives_up(struct str lines)
{
	static const char *const ends[] = {"exit(", "exit ", "abort(", "die ", "die(", "perror",
		"stderr", "raise ", "throw ", "fatal", "croak", "err(", "errx(", NULL};
	static const char *const ways[] = {
		"optional", "default", "fallback", "fall back", "ignore", "else", NULL};
	return has_one(lines, ends) && !has_one(lines, ways);
}

/* Is p behind an odd number of quotes of one kind? */
static bool
in_string(struct str line, const char *p)
{
	size_t n[2] = {0, 0};
	for (const char *c = line.p; c < p; c++) {
		n[0] += *c == '"';
		n[1] += *c == '\'';
	}
	return n[0] % 2 || n[1] % 2;
}

static bool
has_form(const struct finder *f, const struct file_reference *r, struct str line, struct str token)
{
	char before = token.p > line.p ? token.p[-1] : '\0';
	switch (r->form) {
	case REFERENCE_ANY:
		return true;
	case REFERENCE_STRING:
		return in_string(line, token.p) && !is_build_file(f->path);
	case REFERENCE_INCLUDE:
		return before == '"' && memmem(line.p, line.n, "#", 1) &&
		       memmem(line.p, line.n, "include", 7);
	}
	return false;
}

static bool
take_mention(void *ctx, const struct match_hit *hit)
{
	struct finder *f = ctx;
	struct file_reference *r = &f->l->v[hit->rule];
	struct str token =
		token_at(hit->text, (size_t)(hit->captures[0].p - hit->text.p), hit->captures[0].n);
	if (!names(token, r->path))
		return true;
	if (is_made_here(f->path, hit->text, token))
		r->generated = true;
	if (!has_form(f, r, hit->text, token))
		return true;
	bool required = gives_up(window(f->text, hit->line));
	/* Where the code says what happens without it tells more than the first place. */
	if (r->where && (r->required || !required))
		return true;
	free(r->where);
	r->where = scan_cite(f->path, (unsigned)hit->line);
	r->required = required;
	return true;
}

/* ---- what lies beside it ---- */

static bool
is_template(const char *path, const char *candidate)
{
	static const char *const endings[] = {".in", ".m4", ".cmake.in", ".erb", ".j2", NULL};
	size_t n = strlen(path);
	if (strncmp(candidate, path, n) != 0)
		return false;
	for (size_t i = 0; endings[i]; i++)
		if (strcmp(candidate + n, endings[i]) == 0)
			return true;
	return false;
}

static bool
is_separator(char c)
{
	return c == '.' || c == '-' || c == '_';
}

/* Is `name` what is left of `candidate` without the word and what separates it? */
static bool
is_without(const char *name, const char *candidate, const char *word)
{
	const char *at = strstr(candidate, word);
	if (!at)
		return false;
	const char *rest = at + strlen(word);
	if (at == candidate)
		return is_separator(*rest) && strcmp(rest + 1, name) == 0;
	size_t stem = (size_t)(at - candidate) - 1;
	return is_separator(at[-1]) && strncmp(name, candidate, stem) == 0 &&
	       strcmp(name + stem, rest) == 0;
}

/* In the same directory NAME.sample, sample.NAME, NAME-sample, or STEM.sample.EXT. */
static bool
is_sample(const char *path, const char *candidate)
{
	static const char *const words[] = {
		"sample", "example", "dist", "default", "template", "tmpl", NULL};
	size_t dir = (size_t)(fs_name(path) - path);
	if (strncmp(candidate, path, dir) != 0 || strchr(candidate + dir, '/'))
		return false;
	for (size_t i = 0; words[i]; i++)
		if (is_without(path + dir, candidate + dir, words[i]))
			return true;
	return false;
}

static void
look_beside(const struct tree *t, struct file_reference *r)
{
	for (size_t i = 0; i < t->files.n; i++) {
		if (is_template(r->path, t->files.v[i]))
			r->generated = true;
		if (!r->sample && is_sample(r->path, t->files.v[i]))
			r->sample = mem_strdup(t->files.v[i]);
	}
}

/* ---- all of them ---- */

/* The name as a pattern: every byte as it is. */
static char *
literal(const char *name)
{
	OWN(buf) struct buf b = {0};
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && *name != '_')
			buf_putc(&b, '\\');
		buf_putc(&b, *name);
	}
	return buf_take(&b);
}

static int
compile(const struct file_reference_list *l, struct match_set **ret, struct dd_err *err)
{
	OWN(strlist) struct strlist patterns = {0};
	struct match_rule *rules = mem_zalloc(l->n, sizeof(*rules));
	for (size_t i = 0; i < l->n; i++) {
		OWN_FREE char *pattern = literal(fs_name(l->v[i].path));
		strlist_add(&patterns, pattern);
	}
	for (size_t i = 0; i < l->n; i++)
		rules[i] = (struct match_rule){.id = l->v[i].path, .pattern = patterns.v[i]};
	int rc = match_compile(rules, l->n, (struct str){"", 0}, ret, err);
	free(rules);
	return rc;
}

int
references_find(const struct tree *t, struct file_reference_list *l, struct dd_err *err)
{
	struct match_set *set = NULL;
	if (!l->n)
		return 0;
	int rc = compile(l, &set, err);
	for (size_t i = 0; rc == 0 && i < t->files.n; i++) {
		OWN(buf) struct buf text = {0};
		if (references_is_silent(t->files.v[i]))
			continue;
		if (!tree_read_text(t, t->files.v[i], &text))
			continue;
		if (tree_name_is(t->files.v[i], "configure") &&
			memmem(text.p, text.n, "Generated by GNU Autoconf", 25))
			continue;
		struct finder f = {.t = t, .l = l, .path = t->files.v[i], .text = buf_str(&text)};
		rc = match_text(set, f.text, take_mention, &f, err);
	}
	match_destroy(set);
	for (size_t i = 0; rc == 0 && i < l->n; i++)
		look_beside(t, &l->v[i]);
	return rc;
}

int
probe_references_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf in = {.max = (size_t)16 << 20};
	OWN(file_reference_list) struct file_reference_list l = {0};
	OWN_JSON json_t *j = NULL;
	struct tree t = {.fd = -1};
	worker_take_input(&in);
	int rc = json_parse(buf_str(&in), &j, &err);
	if (rc == 0)
		rc = file_reference_list_from_json(j, "references", &l, &err);
	if (rc == 0)
		rc = tree_open(argc > 1 ? argv[1] : "/src", &t, &err);
	if (rc == 0)
		rc = references_find(&t, &l, &err);
	tree_cleanup(&t);
	if (rc < 0) {
		fprintf(stderr, "references: %s\n", err_msg(&err));
		return 1;
	}
	OWN_JSON json_t *found = file_reference_list_to_json(&l);
	return json_give(found, &err) < 0 ? 1 : 0;
}
