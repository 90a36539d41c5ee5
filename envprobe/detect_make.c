/* A plain makefile, perhaps for a configure script that autoconf did not make, or under a name of its own. */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define MAX_INCLUDES 3 /* of a makefile that another one includes */

static const char *const names[] = {"GNUmakefile", "makefile", "Makefile", NULL};

/* One makefile for each system: those that can be meant here. */
static const char *const variants[] = {"Makefile.linux", "makefile.linux", "Makefile.gnu",
	"makefile.gnu", "Makefile.gcc", "makefile.gcc", "Makefile.unix", "makefile.unix",
	"Makefile.posix", "Makefile.generic", NULL};

static char *
find(const struct tree *t, const char *dir)
{
	char *path = tree_find(t, dir, names);
	path = path ? path : tree_find(t, dir, variants);
	return path ? path : tree_file(t, dir, "configure"); /* which writes the makefile */
}

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || strchr("_.+-", c) != NULL;
}

/* -lfoo anywhere in the line */
static void
read_libraries(struct project *p, struct str line, const char *why)
{
	for (size_t i = 0; i + 2 < line.n; i++) {
		bool start =
			i == 0 || isspace((unsigned char)line.p[i - 1]) || line.p[i - 1] == '=';
		if (!start || line.p[i] != '-' || line.p[i + 1] != 'l')
			continue;
		size_t n = 0;
		while (i + 2 + n < line.n && is_name_char(line.p[i + 2 + n]))
			n++;
		OWN_FREE char *name = mem_strndup(line.p + i + 2, n);
		if (n)
			detect_need(p, NEED_LIBRARY, name, SCOPE_BUILD, false, why);
	}
}

/* "pkg-config --cflags foo bar" and "foo-config --libs" */
static void
read_config_programs(struct project *p, struct str line, const char *why)
{
	struct str rest = line, word;
	bool pkg_config = false;
	while (str_next_word(&rest, &word)) {
		while (word.n && strchr("$(`\"'=:", word.p[0])) {
			word.p++;
			word.n--;
		}
		bool ends = word.n && strchr(")`\"';|", word.p[word.n - 1]) != NULL;
		while (word.n && strchr(")`\"';|", word.p[word.n - 1]))
			word.n--;
		OWN_FREE char *name = str_dup(word);
		const char *tail = strrchr(name, '=');
		if (str_ends(str_of(name), "pkg-config") || str_ends(str_of(name), "PKG_CONFIG")) {
			pkg_config = true;
			detect_need(p, NEED_PROGRAM, "pkg-config", SCOPE_BUILD, false, why);
		} else if (pkg_config && word.n && strpbrk(name, "<>|&")) {
			pkg_config = false; /* what follows is of the shell */
		} else if (pkg_config && word.n && word.p[0] != '-' &&
			   isalnum((unsigned char)*name)) {
			detect_need(p, NEED_PKGCONFIG, name, SCOPE_BUILD, true, why);
		} else if (str_ends(str_of(name), "-config") && !tail &&
			   isalpha((unsigned char)*name)) {
			detect_need(p, NEED_PROGRAM, name, SCOPE_BUILD, true, why);
		}
		if (ends)
			pkg_config = false;
	}
}

/* Best first. */
static const char *const test_targets[] = {"check", "test", "tests", "testsuite", "selftest",
	"unittest", "unittests", "unit-test", "unit-tests", "unit_tests", "runtests", "run-tests",
	"run_tests", "regress", "regression", "regtest", NULL};

/* What stands before the colon of a rule, "all check"; empty: the line is another. */
static struct str
targets_of(struct str line)
{
	static const char *const directives[] = {"vpath", "include", "-include", "sinclude",
		"export", "unexport", "override", "define", "ifeq", "ifneq", NULL};
	struct str rest = line, first;
	if (str_next_word(&rest, &first) && str_is_one(first, directives))
		return (struct str){line.p, 0};
	const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
	size_t n = colon ? (size_t)(colon - line.p) : 0;
	bool assigns = n && (memchr(line.p, '=', n) || (n + 1 < line.n && colon[1] == '='));
	return (struct str){line.p, n && !assigns && !isspace((unsigned char)line.p[0]) ? n : 0};
}

/* Rank of the best test target that a line of a makefile begins; SIZE_MAX: none. */
static size_t
test_target_of(struct str line)
{
	struct str rest = targets_of(line), name;
	size_t best = SIZE_MAX;
	while (str_next_word(&rest, &name))
		for (size_t i = 0; test_targets[i] && i < best; i++)
			if (str_eq(name, test_targets[i]))
				best = i;
	return best;
}

/* Its older releases write "generated automatically by automake". */
static bool
is_of_automake(struct str text)
{
	struct str head = {text.p, text.n < 4096 ? text.n : 4096};
	return head.n && memmem(head.p, head.n, "generated ", 10) &&
	       memmem(head.p, head.n, " by automake", 12);
}

/*
 * automake gives every makefile the targets "check" and, with tests only, TESTS; check-local is of the author, as is
 * "check" in what automake did not write.
 */
static bool
is_check_meant(struct str text)
{
	struct str rest = text, line;
	bool automake = is_of_automake(text);
	while (str_next_line(&rest, &line)) {
		struct str value = str_starts(line, "TESTS =")
					   ? str_trim((struct str){line.p + 7, line.n - 7})
					   : (struct str){"", 0};
		bool check = !automake && test_target_of(line) == 0;
		if (value.n || check || str_starts(line, "check-local:"))
			return true;
	}
	return false;
}

/*
 * That of translations (gettext, intltool) looks at the translations.  What it is made of need not be there.  The makefile of
 * the project itself is of more, whatever it has beside.
 */
static bool
is_of_translations(const struct tree *t, const char *dir, const char *path, struct str text)
{
	OWN_FREE char *template = mem_printf("%s.in.in", path);
	struct str rest = text, line;
	while (!detect_is_here(dir, path) && str_next_line(&rest, &line))
		if (str_starts(line, "POFILES =") || str_starts(line, "POFILES="))
			return true;
	return tree_has(t, template);
}

/* The same of a directory and all below it: automake's "check" goes through them. */
static bool
is_check_meant_below(const struct tree *t, const char *dir, const char *evidence)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		bool named = tree_name_is(path, "Makefile") || strcmp(path, evidence) == 0;
		if (!fs_is_below(path, dir) || !named)
			continue;
		tree_read(t, path, &text);
		if (!is_of_translations(t, dir, path, buf_str(&text)) &&
			is_check_meant(buf_str(&text)))
			return true;
	}
	return false;
}

/* Without the comment that ends it: in a recipe, too, a number sign behind a blank begins one. */
static struct str
without_comment(struct str line)
{
	for (size_t i = 1; i < line.n; i++)
		if (line.p[i] == '#' && isspace((unsigned char)line.p[i - 1]))
			return (struct str){line.p, i};
	return line;
}

/* "help" of ".DEFAULT_GOAL := help"; empty: the line is another. */
static struct str
default_goal_of(struct str line)
{
	static const char key[] = ".DEFAULT_GOAL";
	if (!str_starts(line, key))
		return (struct str){"", 0};
	line = str_trim((struct str){line.p + sizeof(key) - 1, line.n - (sizeof(key) - 1)});
	while (line.n && strchr(":?=", line.p[0]))
		line = (struct str){line.p + 1, line.n - 1};
	return str_trim(line);
}

/*
 * What is to be made, where make by itself only tells which targets there are; NULL: what it makes by itself.
 */
static const char *
goal_of(struct str text)
{
	static const char *const tells[] = {"help", "usage", "info", "list", "targets", NULL};
	static const char *const makes[] = {"all", "build", "compile", NULL};
	struct str rest = text, line, first = {"", 0}, goal = {"", 0}, name;
	size_t best = SIZE_MAX;
	while (str_next_line(&rest, &line)) {
		struct str told = default_goal_of(line), targets = targets_of(line);
		goal = told.n ? told : goal;
		while (str_next_word(&targets, &name)) {
			bool special = name.p[0] == '.' || memchr(name.p, '%', name.n) ||
				       memchr(name.p, '$', name.n);
			first = first.n || special ? first : name;
			for (size_t i = 0; makes[i] && i < best; i++)
				best = str_eq(name, makes[i]) ? i : best;
		}
	}
	goal = goal.n ? goal : first;
	return str_is_one(goal, tells) && best != SIZE_MAX ? makes[best] : NULL;
}

/* "moon" of a recipe's line "make moon" or "$(MAKE) moon"; empty: it is another. */
static struct str
called_target(struct str line)
{
	static const char *const calls[] = {"make", "$(MAKE)", "${MAKE}", NULL};
	struct str word, name;
	line = str_trim(line);
	while (line.n && strchr("@-+", line.p[0]))
		line = (struct str){line.p + 1, line.n - 1};
	if (!str_next_word(&line, &word) || !str_is_one(word, calls) ||
		!str_next_word(&line, &name) || str_next_word(&line, &word))
		return (struct str){"", 0};
	return name;
}

/* The rule that a line begins: its only target, and in *ret_alone whether it needs no other; empty: it begins none. */
static struct str
only_target_of(struct str line, bool *ret_alone)
{
	struct str targets = targets_of(line), name = {"", 0}, more;
	size_t skip = targets.n + 1;
	if (!targets.n || !str_next_word(&targets, &name) || str_next_word(&targets, &more) ||
		name.p[0] == '.')
		return (struct str){"", 0};
	*ret_alone = !str_trim((struct str){line.p + skip, line.n - skip}).n;
	return name;
}

/* Is it a target that may stand for the whole build: a plain name, and not of what is done with what was built? */
static bool
may_build(struct str name)
{
	static const char *const others[] = {"install", "uninstall", "dist", "release", "deploy",
		"publish", "upload", "package", NULL};
	OWN_FREE char *plain = str_dup(name);
	return detect_is_plain(plain, "_.-") && !str_is_one(name, others) &&
	       !str_is_one(name, test_targets);
}

/*
 * Where the first target needs none, and another one has several made by name, that one last: the whole is meant, as of
 * objects that no rule connects with what they are linked to.  Its name, heap; NULL: there is none.
 */
static char *
sequence_of(struct str text)
{
	static const char *const clean[] = {"clean", "distclean", "realclean", "cleanall", NULL};
	struct str line, first = {"", 0}, rule = {"", 0}, last = {"", 0};
	size_t calls = 0;
	bool pure = false, alone = false, more = true;
	while (more) {
		more = str_next_line(&text, &line);
		bool recipe = more && line.n && line.p[0] == '\t';
		struct str called = recipe ? called_target(line) : (struct str){"", 0};
		if (recipe) {
			pure = pure && called.n;
			calls += called.n && !str_is_one(called, clean);
			last = called;
			continue;
		}
		if (pure && calls > 1 && first.n && !str_same(rule, first) &&
			str_same(last, first) && may_build(rule))
			return str_dup(rule);
		struct str name = more ? only_target_of(line, &alone) : (struct str){"", 0};
		if (more && line.n) {
			rule = name;
			pure = name.n > 0;
			calls = 0;
		}
		if (!first.n && more && targets_of(line).n && line.p[0] != '.') {
			if (!name.n || !alone)
				return NULL;
			first = name;
		}
	}
	return NULL;
}

/* Has a rule no target but names of other systems, as of one that is built for each? */
static bool
is_for_other_systems(struct str targets)
{
	static const char *const others[] = {"aix", "beos", "bsd", "cygwin", "darwin", "freebsd",
		"haiku", "hpux", "irix", "mac", "macos", "macosx", "mingw", "mingw32", "mingw64",
		"msys", "netbsd", "openbsd", "osx", "sco", "solaris", "sunos", "win", "win32",
		"win64", "windows", NULL};
	struct str name;
	bool other = false;
	while (str_next_word(&targets, &name)) {
		other = true;
		OWN_FREE char *lower = str_dup(name);
		for (char *c = lower; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (!str_is_one(str_of(lower), others))
			return false;
	}
	return other;
}

/* What a makefile needs; *best becomes the rank of its test target if that is better. */
static void
read_makefile(const struct tree *t, const char *path, struct project *p, size_t *best)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line;
	bool other = false;
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		if (line.n && line.p[0] == '#')
			continue;
		line = without_comment(line);
		OWN_FREE char *at = scan_cite(path, n);
		size_t rank = test_target_of(line);
		if (line.n && !isspace((unsigned char)line.p[0]))
			other = is_for_other_systems(targets_of(line));
		if (other)
			continue;
		read_libraries(p, line, at);
		read_config_programs(p, line, at);
		*best = rank < *best ? rank : *best;
	}
}

/* "$(top)/test/rules.mk" of an include, as a file of the tree, heap; NULL: it is none. */
static char *
included(const struct tree *t, const char *dir, struct str word)
{
	OWN_FREE char *name = str_dup(word);
	const char *end = strchr("({", name[0] == '$' ? name[1] : 'x') ? strpbrk(name, ")}") : NULL;
	const char *below = !end ? name : end[1] == '/' ? end + 2 : "";
	OWN_FREE char *path = tree_join(dir, below);
	return *below && tree_has(t, path) ? TAKE(path) : NULL;
}

/* Targets of what a makefile includes are its own. */
static void
read_included(const struct tree *t, const char *dir, const char *path, struct project *p,
	size_t *best, unsigned depth)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line, word;
	while (depth && str_next_line(&rest, &line)) {
		line = without_comment(line);
		if (!str_next_word(&line, &word) ||
			!(str_eq(word, "include") || str_eq(word, "-include") ||
				str_eq(word, "sinclude")))
			continue;
		while (str_next_word(&line, &word)) {
			OWN_FREE char *file = included(t, dir, word);
			if (!file)
				continue;
			read_makefile(t, file, p, best);
			read_included(t, dir, file, p, best, depth - 1);
		}
	}
}

/* The makefile is written by configure: its test target stands in what it is written from. */
static void
read_templates(const struct tree *t, const char *dir, struct project *p, size_t *best)
{
	for (size_t i = 0; i < t->files.n; i++) {
		OWN_FREE char *here = tree_join(dir, fs_name(t->files.v[i]));
		if (strcmp(here, t->files.v[i]) == 0 &&
			(tree_name_is(here, "[Mm]akefile.*") || strcmp(here, p->evidence) == 0))
			read_makefile(t, t->files.v[i], p, best);
	}
}

static void
read_others(const struct tree *t, const char *dir, struct project *p)
{
	size_t ignored = SIZE_MAX;
	for (size_t i = 0; i < t->files.n; i++)
		if (fs_is_below(t->files.v[i], dir) && strcmp(t->files.v[i], p->evidence) != 0 &&
			(tree_name_is(t->files.v[i], "Makefile") ||
				tree_name_is(t->files.v[i], "*.mk")))
			read_makefile(t, t->files.v[i], p, &ignored);
}

/* A directory of tests with a makefile of its own, which the one above does not call. */
static void
add_tests_below(const struct tree *t, const char *dir, struct project *p)
{
	static const char *const below[] = {
		"tests", "test", "t", "testsuite", "regress", "regression", NULL};
	for (size_t i = 0; below[i]; i++) {
		OWN_FREE char *sub = tree_join(dir, below[i]);
		OWN_FREE char *path = tree_find(t, sub, names);
		OWN(buf) struct buf text = {0};
		size_t best = SIZE_MAX;
		if (path)
			tree_read(t, path, &text);
		struct str rest = buf_str(&text), line;
		while (str_next_line(&rest, &line)) {
			size_t rank = test_target_of(line);
			best = rank < best ? rank : best;
		}
		if (best == SIZE_MAX)
			continue;
		OWN_FREE char *run = mem_printf("make -C %s %s", below[i], test_targets[best]);
		detect_test(p, FORMAT_AUTO, NULL, path, run);
		return;
	}
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	OWN_FREE char *configure = tree_file(t, dir, "configure");
	OWN_FREE char *usual = tree_find(t, dir, names);
	const char *name = fs_name(p->evidence);
	bool written = strcmp(name, "configure") == 0;
	OWN_FREE char *make =
		usual || written ? mem_strdup("make") : mem_printf("make -f %s", name);
	size_t best = SIZE_MAX;
	detect_need(p, NEED_PROGRAM, "make", SCOPE_BUILD, false, p->evidence);
	detect_compilers(t, dir, p);
	detect_generators(t, dir, p);
	detect_includes(t, dir, p);
	if (written)
		read_templates(t, dir, p, &best);
	else
		read_makefile(t, p->evidence, p, &best);
	if (best == 0 && usual && !is_check_meant_below(t, dir, p->evidence))
		best = SIZE_MAX;
	read_included(t, dir, p->evidence, p, &best, MAX_INCLUDES);
	read_others(t, dir, p);
	if (configure)
		detect_command(p, PHASE_CONFIGURE, configure, "./configure");
	OWN(buf) struct buf text = {0};
	tree_read(t, p->evidence, &text);
	OWN_FREE char *sequence = written ? NULL : sequence_of(buf_str(&text));
	const char *goal = written ? NULL : sequence ? sequence : goal_of(buf_str(&text));
	detect_command(
		p, PHASE_BUILD, p->evidence, "%s -j2%s%s", make, goal ? " " : "", goal ? goal : "");
	detect_pgxs(buf_str(&text), p);
	if (command_list_has(&p->commands, PHASE_TEST))
		return;
	if (best == SIZE_MAX) {
		add_tests_below(t, dir, p);
		return;
	}
	OWN_FREE char *run = mem_printf("%s %s", make, test_targets[best]);
	detect_test(p, FORMAT_AUTO, NULL, p->evidence, run);
}

const struct detector detect_make = {SYSTEM_MAKE, find, read_project};
