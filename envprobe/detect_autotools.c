/* GNU autotools: configure.ac (or .in), or a generated configure with Makefile.in. */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

static char *
find(const struct tree *t, const char *dir)
{
	static const char *const names[] = {"configure.ac", "configure.in", NULL};
	char *path = tree_find(t, dir, names);
	if (path)
		return path;
	OWN_FREE char *makefile = tree_file(t, dir, "Makefile.in");
	return makefile ? tree_file(t, dir, "configure") : NULL;
}

/* ---- configure.ac
 * -------------------------------------------------------------------------------- */

enum rule_kind {
	RULE_MODULES,	/* argument names pkg-config modules, with versions */
	RULE_HEADERS,	/* blank-separated headers */
	RULE_LIBRARY,	/* one library */
	RULE_LIBRARIES, /* blank-separated; any one will do */
	RULE_PROGRAMS,	/* blank-separated alternatives */
	RULE_FIXED,	/* the macro itself needs a program */
};

static const struct rule {
	const char *macro;
	enum rule_kind kind;
	size_t arg;
	const char *fixed; /* RULE_FIXED: the program */
	size_t fallback;   /* arguments from this one on that make it optional; 0: never */
} rules[] = {
	{"PKG_CHECK_MODULES", RULE_MODULES, 1, NULL, 3},
	{"PKG_CHECK_EXISTS", RULE_MODULES, 0, NULL, 1},
	{"AC_CHECK_HEADERS", RULE_HEADERS, 0, NULL, SIZE_MAX},
	{"AC_CHECK_HEADER", RULE_HEADERS, 0, NULL, SIZE_MAX},
	{"AC_CHECK_LIB", RULE_LIBRARY, 0, NULL, SIZE_MAX},
	{"AC_SEARCH_LIBS", RULE_LIBRARIES, 1, NULL, SIZE_MAX},
	{"AC_CHECK_PROG", RULE_PROGRAMS, 1, NULL, SIZE_MAX},
	{"AC_CHECK_PROGS", RULE_PROGRAMS, 1, NULL, SIZE_MAX},
	{"AC_PATH_PROG", RULE_PROGRAMS, 1, NULL, SIZE_MAX},
	{"AC_PATH_PROGS", RULE_PROGRAMS, 1, NULL, SIZE_MAX},
	{"AC_CHECK_TOOL", RULE_PROGRAMS, 1, NULL, SIZE_MAX},
	{"AM_MISSING_PROG", RULE_PROGRAMS, 1, NULL, SIZE_MAX},
	{"AC_PROG_YACC", RULE_FIXED, 0, "bison", 0},
	{"AC_PROG_LEX", RULE_FIXED, 0, "flex", 0},
	{"AM_PROG_LEX", RULE_FIXED, 0, "flex", 0},
	{"AC_PROG_CXX", RULE_FIXED, 0, "c++", 0},
	{"AC_PROG_F77", RULE_FIXED, 0, "gfortran", 0},
	{"AC_PROG_FC", RULE_FIXED, 0, "gfortran", 0},
	{"AC_PROG_OBJC", RULE_FIXED, 0, "gobjc", 0},
	{"LT_INIT", RULE_FIXED, 0, "libtoolize", 0},
	{"AC_PROG_LIBTOOL", RULE_FIXED, 0, "libtoolize", 0},
	{"AM_PROG_LIBTOOL", RULE_FIXED, 0, "libtoolize", 0},
	{"AM_GNU_GETTEXT", RULE_FIXED, 0, "autopoint", 0},
	{"IT_PROG_INTLTOOL", RULE_FIXED, 0, "intltoolize", 0},
	{"AC_PROG_INTLTOOL", RULE_FIXED, 0, "intltoolize", 0},
	{"GTK_DOC_CHECK", RULE_FIXED, 0, "gtkdocize", 0},
	{"AM_PATH_PYTHON", RULE_FIXED, 0, "python3", 0},
};

/* "glib-2.0 >= 2.40 gtk+-3.0" */
static void
add_modules(struct project *p, const char *text, bool optional, const char *why)
{
	struct str rest = str_of(text), word;
	struct need *last = NULL;
	OWN_FREE char *comparison = NULL;
	while (str_next_word(&rest, &word)) {
		if (strchr("<>=!", word.p[0])) {
			free(comparison);
			comparison = str_dup(word);
		} else if (comparison) {
			if (last && !last->version)
				last->version =
					mem_printf("%s " STR_FMT, comparison, STR_ARG(word));
			free(TAKE(comparison));
		} else if (!memchr(word.p, '$', word.n)) {
			OWN_FREE char *name = str_dup(word);
			last = detect_need(p, NEED_PKGCONFIG, name, SCOPE_BUILD, optional, why);
		}
	}
	if (last)
		detect_need(p, NEED_PROGRAM, "pkg-config", SCOPE_BUILD, false, why);
}

static void
add_words(struct project *p, enum need_kind kind, const char *text, bool first_only, bool optional,
	const char *why)
{
	struct str rest = str_of(text), word;
	while (str_next_word(&rest, &word)) {
		if (memchr(word.p, '$', word.n) || word.p[0] == '/' || word.p[0] == '-')
			continue;
		OWN_FREE char *name = str_dup(word);
		detect_need(p, kind, name, SCOPE_BUILD, optional, why);
		if (first_only)
			return;
	}
}

static void
apply_rule(const struct rule *r, const struct scan_call *c, const char *path, struct project *p)
{
	OWN_FREE char *at = scan_cite(path, c->line);
	const char *text = c->args.n > r->arg ? c->args.v[r->arg] : "";
	OWN_FREE char *why = mem_printf("%s: %s(%.60s)", at, c->name, text);
	bool optional = r->fallback == SIZE_MAX || (r->fallback && c->args.n > r->fallback);
	switch (r->kind) {
	case RULE_MODULES:
		add_modules(p, text, optional, why);
		break;
	case RULE_HEADERS:
		add_words(p, NEED_HEADER, text, false, optional, why);
		break;
	case RULE_LIBRARY:
		add_words(p, NEED_LIBRARY, text, true, optional, why);
		break;
	case RULE_LIBRARIES:
		add_words(p, NEED_LIBRARY, text, false, optional, why);
		break;
	case RULE_PROGRAMS:
		add_words(p, NEED_PROGRAM, text, true, optional, why);
		break;
	case RULE_FIXED:
		detect_need(p, NEED_PROGRAM, r->fixed, SCOPE_BUILD, false, why);
		break;
	}
}

/* A macro that neither autoconf nor automake defines comes from some package's .m4 file. */
static bool
is_foreign_macro(const struct tree *t, const char *name)
{
	static const char *const own[] = {"AM_INIT_AUTOMAKE", "AM_CONDITIONAL", "AM_CONFIG_HEADER",
		"AM_MAINTAINER_MODE", "AM_SILENT_RULES", "AM_PROG_CC_C_O", "AM_PROG_AR",
		"AM_PROG_AS", "AM_PATH_PYTHON", "AM_PROG_LEX", "AM_MISSING_PROG", "AM_PROG_LIBTOOL",
		"AM_COND_IF", "AM_SUBST_NOTMAKE", "AM_EXTRA_RECURSIVE_TARGETS",
		"AM_PROG_INSTALL_STRIP", NULL};
	if (strncmp(name, "AX_", 3) != 0 && strncmp(name, "AM_", 3) != 0)
		return false;
	for (size_t i = 0; own[i]; i++)
		if (strcmp(name, own[i]) == 0)
			return false;
	for (size_t i = 0; i < t->files.n; i++) {
		if (!str_ends(str_of(t->files.v[i]), ".m4"))
			continue;
		OWN(buf) struct buf text = {0};
		tree_read(t, t->files.v[i], &text);
		if (scan_has_word(buf_str(&text), name))
			return false;
	}
	return true;
}

static void
read_configure_ac(const struct tree *t, const char *path, struct project *p)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct scan s = {.text = buf_str(&text), .language = SCAN_M4};
	OWN(scan_call) struct scan_call c = {0};
	while (scan_next_call(&s, &c)) {
		for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
			if (strcmp(rules[i].macro, c.name) == 0)
				apply_rule(&rules[i], &c, path, p);
		if (is_foreign_macro(t, c.name)) {
			OWN_FREE char *why = scan_cite(path, c.line);
			detect_need(p, NEED_M4, c.name, SCOPE_BUILD, true, why);
		}
	}
	/* Macros that are called without arguments are words, not calls. */
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (rules[i].kind == RULE_FIXED && scan_has_word(buf_str(&text), rules[i].macro))
			detect_need(p, NEED_PROGRAM, rules[i].fixed, SCOPE_BUILD, false, path);
}

/* ---- commands
 * ------------------------------------------------------------------------------------ */

/* Does a makefile have one of these targets, or define one of these variables? */
static const char *
makefile_word(const struct tree *t, const char *path, const char *const *words)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line;
	while (str_next_line(&rest, &line))
		for (size_t i = 0; words[i]; i++) {
			size_t n = strlen(words[i]);
			if (line.n <= n || strncmp(line.p, words[i], n) != 0)
				continue;
			struct str after = str_trim((struct str){line.p + n, line.n - n});
			if (after.n &&
				(after.p[0] == ':' || after.p[0] == '=' || after.p[0] == '+'))
				return words[i];
		}
	return NULL;
}

static bool
has_tests(const struct tree *t, const char *dir, char **ret_why)
{
	/* check_PROGRAMS alone are built by `make check`, and not run. */
	static const char *const automake[] = {"TESTS", "check-local", "check-am", "check", NULL};
	static const char *const plain[] = {"check", "test", NULL};
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		if (!tree_below(path, dir))
			continue;
		bool am = tree_name_is(path, "Makefile.am") || tree_name_is(path, "*.mk") ||
			  tree_name_is(path, "Makefile.inc");
		if (am && makefile_word(t, path, automake)) {
			*ret_why = mem_strdup(path);
			return true;
		}
	}
	OWN_FREE char *am = tree_join(dir, "Makefile.am");
	OWN_FREE char *in = tree_join(dir, "Makefile.in");
	if (!tree_has(t, am) && tree_has(t, in) && makefile_word(t, in, plain)) {
		*ret_why = mem_strdup(in);
		return true;
	}
	return false;
}

static const char *
test_target(const struct tree *t, const char *dir)
{
	static const char *const check[] = {"check", NULL};
	static const char *const test[] = {"test", NULL};
	OWN_FREE char *am = tree_join(dir, "Makefile.am");
	OWN_FREE char *in = tree_join(dir, "Makefile.in");
	if (tree_has(t, am) || !tree_has(t, in) || makefile_word(t, in, check))
		return "check";
	return makefile_word(t, in, test) ? "test" : "check";
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	OWN_FREE char *configure = tree_file(t, dir, "configure");
	bool from_source = !str_eq(str_of(fs_name(p->evidence)), "configure");
	if (from_source)
		read_configure_ac(t, p->evidence, p);
	if (!configure) {
		detect_need(p, NEED_PROGRAM, "autoreconf", SCOPE_BUILD, false, p->evidence);
		OWN_FREE char *am = tree_file(t, dir, "Makefile.am");
		if (am)
			detect_need(p, NEED_PROGRAM, "automake", SCOPE_BUILD, false, am);
		detect_command(p, PHASE_CONFIGURE, p->evidence, "autoreconf -fi");
	}
	detect_need(p, NEED_PROGRAM, "make", SCOPE_BUILD, false, p->evidence);
	detect_compilers(t, dir, p);
	detect_generators(t, dir, p);
	detect_includes(t, dir, p);
	detect_command(p, PHASE_CONFIGURE, configure ? configure : p->evidence, "./configure");
	detect_command(p, PHASE_BUILD, p->evidence, "make -j2");
	OWN_FREE char *why = NULL;
	if (has_tests(t, dir, &why)) {
		/* VERBOSE: the logs of failed tests are printed at the end. */
		OWN_FREE char *run = mem_printf("make %s VERBOSE=1", test_target(t, dir));
		detect_test(p, "automake", "**/*.trs", why, run);
	}
}

const struct detector detect_autotools = {"autotools", find, read_project};
