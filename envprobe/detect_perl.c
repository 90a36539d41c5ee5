/* Perl distributions: ExtUtils::MakeMaker and Module::Build. */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

static char *
find(const struct tree *t, const char *dir)
{
	static const char *const names[] = {"Makefile.PL", "Build.PL", NULL};
	return tree_find(t, dir, names);
}

static bool
is_module_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == ':';
}

/* A module name that ships with perl itself resolves to perl's own packages, so no list is kept. */
static bool
is_module(struct str s)
{
	if (!s.n || !isupper((unsigned char)s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_module_char(s.p[i]))
			return false;
	return true;
}

/* 'Foo::Bar' => '1.2' (or "Foo::Bar" : "1.2") in the block that a key such as PREREQ_PM opens. */
static void
read_block(
	struct str block, enum need_scope scope, bool optional, const char *why, struct project *p)
{
	struct str rest = block;
	while (rest.n) {
		while (rest.n && !is_module_char(rest.p[0])) {
			if (rest.p[0] == '#')
				while (rest.n && rest.p[0] != '\n')
					rest.p++, rest.n--;
			else
				rest.p++, rest.n--;
		}
		size_t n = 0;
		while (n < rest.n && is_module_char(rest.p[n]))
			n++;
		struct str word = {rest.p, n};
		rest.p += n;
		rest.n -= n;
		struct str after = rest;
		while (after.n && (isspace((unsigned char)after.p[0]) || strchr("'\"", after.p[0])))
			after.p++, after.n--;
		bool key = str_starts(after, "=>") || str_starts(after, ":");
		if (!key || !is_module(word))
			continue;
		OWN_FREE char *name = str_dup(word);
		detect_need(p, NEED_PERL, name, scope, optional, why);
	}
}

/* The text between the braces that follow a key; empty when there are none. */
static struct str
block_behind(struct str text, size_t at)
{
	while (at < text.n && text.p[at] != '{' && text.p[at] != ';' && text.p[at] != '\n')
		at++;
	if (at >= text.n || text.p[at] != '{')
		return (struct str){0};
	size_t depth = 0;
	for (size_t i = at; i < text.n; i++) {
		depth += text.p[i] == '{';
		if (text.p[i] == '}' && --depth == 0)
			return (struct str){text.p + at + 1, i - at - 1};
	}
	return (struct str){0};
}

static void
read_prerequisites(const struct tree *t, const char *path, struct project *p)
{
	static const struct {
		const char *key;
		enum need_scope scope;
		bool optional;
	} keys[] = {
		{"PREREQ_PM", SCOPE_RUN, false},
		{"BUILD_REQUIRES", SCOPE_BUILD, false},
		{"CONFIGURE_REQUIRES", SCOPE_BUILD, false},
		{"TEST_REQUIRES", SCOPE_TEST, false},
		{"configure_requires", SCOPE_BUILD, false},
		{"build_requires", SCOPE_BUILD, false},
		{"test_requires", SCOPE_TEST, false},
		{"requires", SCOPE_RUN, false},
		{"recommends", SCOPE_TEST, true},
	};
	OWN(buf) struct buf buf = {0};
	tree_read(t, path, &buf);
	struct str text = buf_str(&buf);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		size_t n = strlen(keys[i].key);
		for (size_t at = 0; at + n < text.n; at++) {
			if (memcmp(text.p + at, keys[i].key, n) != 0 ||
				(at && is_module_char(text.p[at - 1])) ||
				is_module_char(text.p[at + n]))
				continue;
			OWN_FREE char *cite = scan_cite(path, scan_line_of(text, at));
			OWN_FREE char *why = mem_printf("%s: %s", cite, keys[i].key);
			read_block(block_behind(text, at + n), keys[i].scope, keys[i].optional, why,
				p);
		}
	}
}

/*
 * on test => sub {: what is asked for up to its end.  True: by who releases or develops it (`develop`, Dist::Zilla's x_
 * phases), whom neither build nor tests need.
 */
static bool
read_phase(struct str line, enum need_scope *scope)
{
	struct str rest = {line.p + 3, line.n - 3}, word;
	*scope = SCOPE_BUILD;
	if (!str_next_word(&rest, &word))
		return false;
	while (word.n && strchr("'\"", word.p[0]))
		word = (struct str){word.p + 1, word.n - 1};
	*scope = str_starts(word, "test") ? SCOPE_TEST : SCOPE_BUILD;
	return str_starts(word, "develop") || str_starts(word, "x_");
}

/* cpanfile: requires 'Foo' => '1'; inside on test => sub { } it is for tests. */
static void
read_cpanfile(const struct tree *t, const char *path, struct project *p)
{
	OWN(buf) struct buf buf = {0};
	tree_read(t, path, &buf);
	struct str rest = buf_str(&buf), line;
	enum need_scope scope = SCOPE_BUILD;
	bool others = false;
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		line = str_trim(line);
		if (str_starts(line, "on ")) {
			others = read_phase(line, &scope);
		} else if (line.n && line.p[0] == '}') {
			scope = SCOPE_BUILD;
			others = false;
		}
		if (others || (!str_starts(line, "requires") && !str_starts(line, "recommends")))
			continue;
		const char *q = strpbrk(line.p, "'\"");
		if (!q || q >= line.p + line.n)
			continue;
		size_t len = 0;
		while (q + 1 + len < line.p + line.n && is_module_char(q[1 + len]))
			len++;
		OWN_FREE char *name = mem_strndup(q + 1, len);
		OWN_FREE char *why = scan_cite(path, n);
		if (is_module(str_of(name)))
			detect_need(p, NEED_PERL, name, scope, str_starts(line, "recommends"), why);
	}
}

/* use Foo::Bar; in files of these endings: what no list may have, as the tests' own. */
static void
read_uses(const struct tree *t, const char *dir, const char *const *endings, enum need_scope scope,
	struct project *p)
{
	for (size_t i = 0; i < t->files.n; i++) {
		if (!fs_is_below(t->files.v[i], dir) || detect_is_aside(t->files.v[i]) ||
			!str_ends_one(str_of(t->files.v[i]), endings))
			continue;
		OWN(buf) struct buf buf = {0};
		tree_read(t, t->files.v[i], &buf);
		struct str rest = buf_str(&buf), line;
		for (unsigned n = 1; str_next_line(&rest, &line); n++) {
			line = str_trim(line);
			if (!str_starts(line, "use "))
				continue;
			struct str words = {line.p + 4, line.n - 4}, name;
			if (!str_next_word(&words, &name))
				continue;
			while (name.n && !is_module_char(name.p[name.n - 1]))
				name.n--;
			OWN_FREE char *module = str_dup(name);
			OWN_FREE char *why = scan_cite(t->files.v[i], n);
			if (is_module(name) && strstr(module, "::"))
				detect_need(p, NEED_PERL, module, scope, true, why);
		}
	}
}

/* "package Foo::Bar;" or "{" at the start of a line. */
static bool
is_package(const struct tree *t, const char *path, const char *module)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line;
	while (str_next_line(&rest, &line)) {
		struct str name;
		if (!str_starts(line, "package ") || !str_next_word(&line, &name) ||
			!str_next_word(&line, &name))
			continue;
		while (name.n && !is_module_char(name.p[name.n - 1]))
			name.n--;
		if (str_eq(name, module))
			return true;
	}
	return false;
}

/* By its path, or, where its Makefile.PL says which directory is installed as what, by what it says of itself. */
static bool
is_own(const struct tree *t, const char *module)
{
	OWN(buf) struct buf suffix = {0};
	for (const char *c = module; *c; c++)
		if (c[0] == ':' && c[1] == ':')
			buf_putc(&suffix, '/'), c++;
		else
			buf_putc(&suffix, *c);
	buf_puts(&suffix, ".pm");
	const char *file = fs_name(suffix.p);
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		if (str_ends(str_of(path), suffix.p) ||
			(strcmp(fs_name(path), file) == 0 && is_package(t, path, module)))
			return true;
	}
	return false;
}

/* A module of the distribution itself is no need. */
static bool
is_own_module(void *ctx, const struct need *n)
{
	return n->kind == NEED_PERL && is_own(ctx, n->name);
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	static const char *const xs[] = {".xs", ".c", NULL};
	static const char *const tests[] = {".t", NULL};
	bool build_pl = str_eq(str_of(fs_name(p->evidence)), "Build.PL");
	OWN_FREE char *cpanfile = tree_join(dir, "cpanfile");
	OWN_FREE char *t_dir = tree_join(dir, "t");
	detect_need(p, NEED_PROGRAM, "perl", SCOPE_BUILD, false, p->evidence);
	/* perl-base has no MakeMaker; it comes with the modules package that `perl` names. */
	detect_need(p, NEED_PERL, build_pl ? "Module::Build" : "ExtUtils::MakeMaker", SCOPE_BUILD,
		false, p->evidence);
	if (!build_pl)
		detect_need(p, NEED_PROGRAM, "make", SCOPE_BUILD, false, p->evidence);
	read_prerequisites(t, p->evidence, p);
	if (tree_has(t, cpanfile))
		read_cpanfile(t, cpanfile, p);
	read_uses(t, t_dir, tests, SCOPE_TEST, p);
	detect_drop_needs(p, is_own_module, (void *)(uintptr_t)t);
	if (tree_count(t, dir, xs)) {
		detect_compilers(t, dir, p);
		detect_need(p, NEED_PROGRAM, "cc", SCOPE_BUILD, false, p->evidence);
		detect_need(p, NEED_HEADER, "EXTERN.h", SCOPE_BUILD, false, p->evidence);
		detect_includes(t, dir, p);
	}
	bool has_tests = tree_count(t, t_dir, tests) > 0;
	if (build_pl) {
		detect_command(p, PHASE_CONFIGURE, p->evidence, "perl Build.PL");
		detect_command(p, PHASE_BUILD, p->evidence, "./Build");
		if (has_tests)
			detect_test(p, FORMAT_PROVE, NULL, p->evidence, "./Build test verbose=1");
	} else {
		detect_command(p, PHASE_CONFIGURE, p->evidence, "perl Makefile.PL");
		detect_command(p, PHASE_BUILD, p->evidence, "make -j2");
		if (has_tests)
			detect_test(p, FORMAT_PROVE, NULL, p->evidence, "make test TEST_VERBOSE=1");
	}
}

/* ---- nothing but sources ---- */

static char *
find_sources(const struct tree *t, const char *dir)
{
	static const char *const patterns[] = {"*.pl", "*.pm", "*.cgi", NULL};
	for (size_t k = 0; patterns[k]; k++)
		for (size_t i = 0; i < t->files.n; i++)
			if (detect_is_here(dir, t->files.v[i]) &&
				tree_name_is(t->files.v[i], patterns[k]))
				return mem_strdup(t->files.v[i]);
	OWN_FREE char *lib = tree_join(dir, "lib"), *cpanfile = tree_file(t, dir, "cpanfile");
	static const char *const modules[] = {".pm", NULL};
	return cpanfile && tree_count(t, lib, modules) ? TAKE(cpanfile) : NULL;
}

static void
read_source_tree(const struct tree *t, const char *dir, struct project *p)
{
	static const char *const sources[] = {".pl", ".pm", ".cgi", NULL};
	static const char *const tests[] = {".t", NULL};
	OWN_FREE char *t_dir = tree_join(dir, "t"), *cpanfile = tree_file(t, dir, "cpanfile");
	detect_need(p, NEED_PROGRAM, "perl", SCOPE_BUILD, false, p->evidence);
	if (cpanfile)
		read_cpanfile(t, cpanfile, p);
	read_uses(t, dir, sources, SCOPE_BUILD, p);
	read_uses(t, t_dir, tests, SCOPE_TEST, p);
	detect_drop_needs(p, is_own_module, (void *)(uintptr_t)t);
	/* What the first line says of untrusted input has to be said again. */
	detect_command(p, PHASE_BUILD, p->evidence,
		"find . \\( -path ./vendor -o -path ./t -o -name 'test*' -o -name '*[-_.]test*' -o -name 'fixture*' \\) -prune -o "
		"\\( -name '*.pl' -o -name '*.pm' -o -name '*.cgi' \\) -print0 | "
		"xargs -0 -r -n 1 sh -c 'exec perl "
		"$(sed -n \"1s/^#!.*perl.* -[A-Za-z]*\\([tT]\\).*/-\\1/p\" \"$0\") -Ilib -I. -c \"$0\"'");
	static const char *const pruned[] = {
		"vendor", "t", "test*", "*[-_.]test*", "fixture*", NULL};
	detect_is_check(p, t, dir, sources, pruned);
	if (tree_count(t, t_dir, tests)) {
		detect_need(p, NEED_PERL, "TAP::Harness", SCOPE_TEST, false, t_dir);
		detect_test(p, FORMAT_PROVE, NULL, p->evidence, "prove -v -r -Ilib -I. t");
	}
}

const struct detector detect_perl_sources = {SYSTEM_PERL, find_sources, read_source_tree};
const struct detector detect_perl = {SYSTEM_PERL, find, read_project};
