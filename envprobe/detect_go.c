/*
 * Go: go.mod, or nothing but sources.  Packages of the distribution lie in a GOPATH (/usr/share/gocode), so that
 * is how an application that has no vendor directory is built without a network: in a GOPATH of its own, in
 * which it lies under its import path by way of a link to where it is.
 */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "base/map.h"
#include "envprobe/go_source.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define MAX_SOURCES 20000

struct go_file {
	const char *path; /* borrowed */
	struct go_source s;
};

struct go_tree {
	const struct tree *t;
	const char *dir;
	struct project *p;
	struct go_file *v;
	size_t n, cap;
	char *root;  /* import path of dir */
	char *tag;   /* that stands for a bundled library which is not there; NULL */
	bool module; /* go.mod names it */
};

/* ---- what there is ---- */

/* The go command looks at no such directory. */
static bool
is_ignored(const char *path)
{
	static const char *const parts[] = {"/testdata/", "/vendor/", "/_", "/.", NULL};
	OWN_FREE char *p = mem_printf("/%s", path);
	for (size_t i = 0; parts[i]; i++)
		if (strstr(p, parts[i]))
			return true;
	return false;
}

static char *
find(const struct tree *t, const char *dir)
{
	static const char *const names[] = {"go.mod", "Gopkg.toml", "glide.yaml", NULL};
	return tree_find(t, dir, names);
}

static char *
find_sources(const struct tree *t, const char *dir)
{
	OWN_FREE char *declared = find(t, dir);
	for (size_t i = 0; !declared && i < t->files.n; i++)
		if (detect_is_here(dir, t->files.v[i]) && tree_name_is(t->files.v[i], "*.go"))
			return mem_strdup(t->files.v[i]);
	return NULL;
}

static void
read_sources(struct go_tree *g)
{
	for (size_t i = 0; i < g->t->files.n && g->n < MAX_SOURCES; i++) {
		const char *path = g->t->files.v[i];
		const char *inside = path + (*g->dir ? strlen(g->dir) + 1 : 0);
		if (!fs_is_below(path, g->dir) || !str_ends(str_of(path), ".go") ||
			is_ignored(inside))
			continue;
		OWN(buf) struct buf text = {0};
		tree_read(g->t, path, &text);
		g->v = mem_grow(g->v, g->n, &g->cap, sizeof(*g->v));
		g->v[g->n].path = path;
		go_source_read(buf_str(&text), &g->v[g->n++].s);
	}
}

static void
free_sources(struct go_tree *g)
{
	for (size_t i = 0; i < g->n; i++)
		go_source_cleanup(&g->v[i].s);
	free(g->v);
	free(g->root);
	free(g->tag);
}

static bool
is_test(const struct go_file *f)
{
	return str_ends(str_of(f->path), "_test.go");
}

static bool
is_built(const struct go_tree *g, const struct go_file *f)
{
	return f->s.package && go_source_is_built(&f->s, f->path, g->tag);
}

/* ---- its own import path ---- */

static char *
module_path(const struct tree *t, const char *dir)
{
	OWN_FREE char *path = tree_join(dir, "go.mod");
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line, word;
	while (str_next_line(&rest, &line)) {
		if (!str_next_word(&line, &word) || !str_eq(word, "module") ||
			!str_next_word(&line, &word))
			continue;
		while (word.n && word.p[0] == '"')
			word.p++, word.n--;
		while (word.n && word.p[word.n - 1] == '"')
			word.n--;
		return word.n ? str_dup(word) : NULL;
	}
	return NULL;
}

static char *
directory_of(const char *path)
{
	const char *name = fs_name(path);
	return mem_strndup(path, name == path ? 0 : (size_t)(name - path) - 1);
}

static bool
has_domain(const char *import)
{
	size_t n = strcspn(import, "/");
	return memchr(import, '.', n) != NULL;
}

/* Sources import each other by the whole path: what stands before a directory of the tree, most often. */
static char *
guess_root(const struct go_tree *g)
{
	OWN(map) struct map dirs = {0}, votes = {0};
	uintptr_t most = 0;
	char *best = NULL;
	for (size_t i = 0; i < g->n; i++) {
		OWN_FREE char *dir = directory_of(g->v[i].path);
		const char *inside = dir + (*g->dir && *dir ? strlen(g->dir) : 0);
		map_put(&dirs, *inside == '/' ? inside + 1 : inside, g->v[i].s.package);
	}
	for (size_t i = 0; i < g->n; i++)
		for (size_t k = 0; k < g->v[i].s.n; k++) {
			const char *import = g->v[i].s.v[k].path;
			if (!has_domain(import))
				continue;
			for (const char *at = strchr(import, '/'); at; at = strchr(at + 1, '/')) {
				if (!map_get(&dirs, at + 1))
					continue;
				OWN_FREE char *root = mem_strndup(import, (size_t)(at - import));
				uintptr_t n = (uintptr_t)map_get(&votes, root) + 1;
				map_put(&votes, root, (void *)n);
				if (n <= most)
					continue;
				most = n;
				free(best);
				best = mem_strdup(root);
			}
		}
	return best;
}

static bool
is_plain_path(const char *path)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~/+";
	return *path && *path != '/' && !path[strspn(path, letters)] && !strstr(path, "..");
}

static void
find_root(struct go_tree *g)
{
	g->root = module_path(g->t, g->dir);
	g->module = g->root != NULL;
	for (size_t i = 0; i < g->n && !g->root; i++) {
		OWN_FREE char *dir = directory_of(g->v[i].path);
		if (g->v[i].s.canonical && strcmp(dir, g->dir) == 0)
			g->root = mem_strdup(g->v[i].s.canonical);
	}
	if (!g->root)
		g->root = guess_root(g);
	if (!g->root || !is_plain_path(g->root)) {
		free(g->root);
		g->root = mem_strdup("local/application");
	}
}

/* ---- cgo ---- */

/* "#cgo linux LDFLAGS: -lx": the words of a key, where the condition holds; empty if it is another line. */
static struct str
cgo_words(struct str line, const char *key, const char *tag)
{
	line = str_trim(line);
	struct str none = {"", 0}, before;
	if (!str_starts(line, "#cgo") || !str_next(&line, ':', &before) || before.n < 5)
		return none;
	before = str_trim((struct str){before.p + 4, before.n - 4});
	if (!str_ends(before, key))
		return none;
	struct str condition = {before.p, before.n - strlen(key)};
	return go_condition_holds(condition, tag) ? line : none;
}

static void
read_flags(struct project *p, struct str words, const char *why)
{
	struct str word;
	while (str_next_word(&words, &word)) {
		OWN_FREE char *name = word.n > 2 ? mem_strndup(word.p + 2, word.n - 2) : NULL;
		if (name && str_starts(word, "-l"))
			detect_need(p, NEED_LIBRARY, name, SCOPE_BUILD, false, why);
	}
}

static void
read_modules(struct project *p, struct str words, const char *why)
{
	struct str word;
	if (words.n)
		detect_need(p, NEED_PROGRAM, "pkg-config", SCOPE_BUILD, false, why);
	while (str_next_word(&words, &word)) {
		OWN_FREE char *name = str_dup(word);
		if (isalnum((unsigned char)*name))
			detect_need(p, NEED_PKGCONFIG, name, SCOPE_BUILD, false, why);
	}
}

/* The file that a line of C includes, with its opening quote; heap, NULL. */
static char *
included(struct str line)
{
	line = str_trim(line);
	if (!line.n || line.p[0] != '#')
		return NULL;
	line = str_trim((struct str){line.p + 1, line.n - 1});
	if (!str_starts(line, "include"))
		return NULL;
	line = str_trim((struct str){line.p + 7, line.n - 7});
	size_t n = 1;
	while (n < line.n && line.p[n] != '>' && line.p[n] != '"')
		n++;
	bool quoted = line.n > 2 && (line.p[0] == '<' || line.p[0] == '"') && n < line.n;
	return quoted ? mem_strndup(line.p, n) : NULL;
}

static bool
tree_holds(const struct tree *t, const char *name)
{
	OWN_FREE char *suffix = mem_printf("/%s", name);
	for (size_t i = 0; i < t->files.n; i++)
		if (strcmp(t->files.v[i], name) == 0 || str_ends(str_of(t->files.v[i]), suffix))
			return true;
	return false;
}

static void
read_preamble(const struct go_tree *g, const struct go_file *f)
{
	struct str rest = buf_str(&f->s.preamble), line;
	int depth = 0;
	for (unsigned n = f->s.preamble_line; str_next_line(&rest, &line); n++) {
		OWN_FREE char *why = scan_cite(f->path, n);
		OWN_FREE char *header = included(line);
		struct str t = str_trim(line);
		depth += str_starts(t, "#if");
		depth -= str_starts(t, "#endif") && depth;
		read_flags(g->p, cgo_words(line, "LDFLAGS", g->tag), why);
		read_modules(g->p, cgo_words(line, "pkg-config", g->tag), why);
		if (header && !tree_holds(g->t, header + 1))
			detect_need(g->p, NEED_HEADER, header + 1, SCOPE_BUILD,
				depth > 0 || *header == '"', why);
	}
}

/* ---- a bundled library that is not there ---- */

/* Does a file that the tag switches on stand for what `guard` switches off, or link what the header is of? */
static bool
offers(const struct go_file *f, const char *tag, struct str guard, const char *header)
{
	struct str rest = buf_str(&f->s.preamble), line, word;
	while (str_next_line(&rest, &line)) {
		struct str defines = cgo_words(line, "CFLAGS", tag);
		struct str links = cgo_words(line, "LDFLAGS", tag);
		while (str_next_word(&defines, &word)) {
			OWN_FREE char *macro = str_starts(word, "-D")
						       ? mem_strndup(word.p + 2, word.n - 2)
						       : mem_strdup("");
			macro[strcspn(macro, "=")] = '\0';
			if (*macro && scan_has_word(guard, macro))
				return true;
		}
		while (str_next_word(&links, &word)) {
			OWN_FREE char *name = str_starts(word, "-l")
						      ? mem_strndup(word.p + 2, word.n - 2)
						      : mem_strdup("");
			if (strlen(name) > 1 && strstr(header, name))
				return true;
		}
	}
	return false;
}

static void
choose_tag(struct go_tree *g, const char *where, struct str guard, const char *header)
{
	for (size_t i = 0; i < g->n && !g->tag; i++) {
		const struct go_file *f = &g->v[i];
		OWN(strlist) struct strlist tags = {0};
		if (is_built(g, f) || is_test(f) || !f->s.package)
			continue;
		go_source_tags(&f->s, &tags);
		for (size_t k = 0; k < tags.n && !g->tag; k++)
			if (go_source_is_built(&f->s, f->path, tags.v[k]) &&
				offers(f, tags.v[k], guard, header)) {
				g->tag = mem_strdup(tags.v[k]);
				strlist_addf(&g->p->options,
					"go-tags=%s (%s includes \"%s\", which the source does not hold; %s has the system's library)",
					g->tag, where, header, f->path);
			}
	}
}

/* A header in quotes that the tree should hold: the tag of a file that has another for it. */
static void
find_tag(struct go_tree *g)
{
	for (size_t i = 0; i < g->n && !g->tag; i++) {
		const struct go_file *f = &g->v[i];
		struct str rest = buf_str(&f->s.preamble), line, guard = {"", 0};
		if (!is_built(g, f) || is_test(f))
			continue;
		for (unsigned n = f->s.preamble_line; str_next_line(&rest, &line); n++) {
			OWN_FREE char *header = included(line);
			OWN_FREE char *where = scan_cite(f->path, n);
			if (str_starts(str_trim(line), "#if"))
				guard = line;
			if (header && *header == '"' && !tree_holds(g->t, header + 1))
				choose_tag(g, where, guard, header + 1);
		}
	}
}

/* ---- needs ---- */

static bool
is_own(const struct go_tree *g, const char *import)
{
	size_t n = strlen(g->root);
	return strncmp(import, g->root, n) == 0 && (!import[n] || import[n] == '/');
}

static bool
is_vendored(const struct go_tree *g, const char *import)
{
	OWN_FREE char *dir = tree_join(g->dir, "vendor");
	OWN_FREE char *path = mem_printf("%s/%s", dir, import);
	for (size_t i = 0; i < g->t->files.n; i++)
		if (fs_is_below(g->t->files.v[i], path))
			return true;
	return false;
}

/* True when it has an import that the tree does not hold. */
static bool
read_imports(const struct go_tree *g)
{
	bool any = false;
	for (int tests = 0; tests <= 1; tests++)
		for (size_t i = 0; i < g->n; i++) {
			const struct go_file *f = &g->v[i];
			if (is_test(f) != (tests != 0) || !is_built(g, f))
				continue;
			for (size_t k = 0; k < f->s.n; k++) {
				const char *import = f->s.v[k].path;
				OWN_FREE char *why = scan_cite(f->path, f->s.v[k].line);
				if (!has_domain(import) || is_own(g, import) ||
					is_vendored(g, import))
					continue;
				detect_need(g->p, NEED_GO, import, tests ? SCOPE_TEST : SCOPE_BUILD,
					false, why);
				any = true;
			}
		}
	return any;
}

static bool
read_cgo(const struct go_tree *g)
{
	OWN(strlist) struct strlist dirs = {0};
	bool any = false;
	for (size_t i = 0; i < g->n; i++) {
		if (!g->v[i].s.cgo || !is_built(g, &g->v[i]))
			continue;
		any = true;
		read_preamble(g, &g->v[i]);
		OWN_FREE char *dir = directory_of(g->v[i].path);
		if (!strlist_has(&dirs, dir))
			detect_includes_here(g->t, dir, g->p);
		strlist_add_new(&dirs, dir);
	}
	return any;
}

/* ---- commands ---- */

static void
add_commands(struct go_tree *g, const char *before)
{
	OWN_FREE char *tags = g->tag ? mem_printf(" -tags %s", g->tag) : mem_strdup("");
	bool tests = false;
	detect_command(g->p, PHASE_BUILD, g->p->evidence, "%sgo install -v%s ./...", before, tags);
	for (size_t i = 0; i < g->n; i++)
		tests = tests || (is_test(&g->v[i]) && is_built(g, &g->v[i]));
	OWN_FREE char *run = mem_printf("%sgo test -v -vet=off%s ./...", before, tags);
	if (tests)
		detect_test(g->p, FORMAT_GO, NULL, g->p->evidence, run);
}

static void
add_gopath(struct go_tree *g)
{
	OWN_FREE char *parent = directory_of(g->root);
	OWN(buf) struct buf up = {.max = 4096}; /* from the link's directory to the source */
	buf_puts(&up, "../..");
	for (const char *c = g->root; *c; c++)
		if (*c == '/')
			buf_puts(&up, "/..");
	detect_command(g->p, PHASE_CONFIGURE, g->p->evidence,
		"mkdir -p .gopath/src/%s && ln -sfn %s .gopath/src/%s", parent, up.p, g->root);
	OWN_FREE char *before = mem_printf(
		"export GO111MODULE=off GOPATH=\"$PWD/.gopath:/usr/share/gocode\" && cd .gopath/src/%s && ",
		g->root);
	add_commands(g, before);
}

/*
 * Does go.mod say what no go command before 1.21 can read: a version of three numbers, a toolchain?  The line, heap;
 * NULL.
 */
static char *
find_new_directive(const struct go_tree *g)
{
	OWN_FREE char *path = tree_join(g->dir, "go.mod");
	OWN(buf) struct buf text = {0};
	tree_read(g->t, path, &text);
	struct str rest = buf_str(&text), line;
	while (str_next_line(&rest, &line)) {
		struct str words = line, key = {"", 0}, value = {"", 0};
		if (!str_next_word(&words, &key) || !str_next_word(&words, &value))
			continue;
		const char *dot = memchr(value.p, '.', value.n);
		size_t behind = dot ? value.n - (size_t)(dot + 1 - value.p) : 0;
		if (str_eq(key, "toolchain") ||
			(str_eq(key, "go") && behind && memchr(dot + 1, '.', behind)))
			return str_dup(str_trim(line));
	}
	return NULL;
}

/* With the go.mod of the source, or one beside it that any go command reads. */
static void
add_module(struct go_tree *g, bool vendored)
{
	static const char *const flags[2][2] = {{"", "GOFLAGS=-modfile=.gopath/go.mod "},
		{"GOFLAGS=-mod=vendor ", "GOFLAGS=\"-mod=vendor -modfile=.gopath/go.mod\" "}};
	OWN_FREE char *line = find_new_directive(g);
	if (line) {
		strlist_addf(&g->p->options,
			"go-mod=a copy of go.mod, without what only go 1.21 and later read: %s",
			line);
		detect_command(g->p, PHASE_CONFIGURE, g->p->evidence,
			"mkdir -p .gopath && sed -E 's/^go +([0-9]+\\.[0-9]+)\\..*/go \\1/; /^toolchain /d' "
			"go.mod >.gopath/go.mod && if [ -e go.sum ]; then cp go.sum .gopath/; fi");
	}
	OWN_FREE char *before = mem_printf(
		"export %sGOBIN=\"$PWD/.gopath/bin\" && ", flags[vendored][line != NULL]);
	add_commands(g, before);
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	struct go_tree g = {.t = t, .dir = dir, .p = p};
	OWN_FREE char *vendored = tree_join(dir, "vendor/modules.txt");
	read_sources(&g);
	find_root(&g);
	find_tag(&g);
	detect_need(p, NEED_PROGRAM, "go", SCOPE_BUILD, false, p->evidence);
	bool imports = read_imports(&g);
	if (read_cgo(&g)) {
		detect_need(p, NEED_PROGRAM, "cc", SCOPE_BUILD, false, p->evidence);
		detect_need(p, NEED_HEADER, "stdio.h", SCOPE_BUILD, false, p->evidence);
	}
	if (g.module && (!imports || tree_has(t, vendored)))
		add_module(&g, tree_has(t, vendored));
	else
		add_gopath(&g);
	free_sources(&g);
}

const struct detector detect_go = {SYSTEM_GO, find, read_project};
const struct detector detect_go_sources = {SYSTEM_GO, find_sources, read_project};
