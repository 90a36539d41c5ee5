/* Makefiles that a program writes from a description of the project: Qt's qmake, X11's imake. */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "base/map.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define NAME_BYTES "_.+-" /* beside letters and digits, of what goes into a command */

/* ---- qmake ---- */

/* The words behind NAME = or += of a line; false: it assigns something else. */
static bool
assigns(struct str line, const char *name, struct str *ret_words)
{
	size_t n = strlen(name);
	struct str rest = line = str_trim(line);
	for (const char *at; rest.n && (at = memmem(rest.p, rest.n, name, n));) {
		rest = (struct str){at + n, line.n - (size_t)(at + n - line.p)};
		struct str behind = str_trim(rest);
		if (behind.n && strchr("+*", behind.p[0]))
			behind = (struct str){behind.p + 1, behind.n - 1};
		if (!behind.n || behind.p[0] != '=' || (at > line.p && !strchr(" \t:{", at[-1])))
			continue;
		*ret_words = str_trim((struct str){behind.p + 1, behind.n - 1});
		return true;
	}
	return false;
}

/* Interactive Data Language has files of that name, too. */
static bool
is_project(const struct tree *t, const char *path, bool *ret_subdirs)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line, words;
	bool any = false;
	*ret_subdirs = false;
	while (str_next_line(&rest, &line)) {
		any = any || assigns(line, "TEMPLATE", &words) ||
		      assigns(line, "SOURCES", &words) || assigns(line, "SUBDIRS", &words);
		if (assigns(line, "TEMPLATE", &words) && str_starts(words, "subdirs"))
			*ret_subdirs = true;
	}
	return any;
}

/* Of several the one that goes through directories. */
static char *
find_qmake(const struct tree *t, const char *dir)
{
	const char *found = NULL;
	bool subdirs;
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		if (!detect_is_here(dir, path) || !tree_name_is(path, "*.pro") ||
			!detect_is_plain(fs_name(path), NAME_BYTES) ||
			!is_project(t, path, &subdirs))
			continue;
		if (!found || subdirs)
			found = path;
		if (subdirs)
			break;
	}
	return found ? mem_strdup(found) : NULL;
}

/* What QT += NAME means: each module has a CMake package of its own, which qtbase5-dev has for most. */
static void
read_modules(struct project *p, struct str words, const char *why)
{
	struct str word;
	while (str_next_word(&words, &word) && word.p[0] != '#') {
		OWN_FREE char *name = str_dup(word);
		OWN_FREE char *package = mem_printf("Qt5%s", name);
		if (detect_is_plain(name, NAME_BYTES) && !str_ends(word, "-private"))
			detect_need(p, NEED_CMAKE, package, SCOPE_BUILD, true, why);
	}
}

static void
read_packages(struct project *p, struct str words, const char *why)
{
	struct str word;
	while (str_next_word(&words, &word) && word.p[0] != '#') {
		OWN_FREE char *name = str_dup(word);
		if (detect_is_plain(name, NAME_BYTES))
			detect_need(p, NEED_PKGCONFIG, name, SCOPE_BUILD, true, why);
		detect_need(p, NEED_PROGRAM, "pkg-config", SCOPE_BUILD, true, why);
	}
}

static void
read_libraries(struct project *p, struct str words, const char *why)
{
	struct str word;
	while (str_next_word(&words, &word) && word.p[0] != '#') {
		OWN_FREE char *name =
			str_starts(word, "-l") ? mem_strndup(word.p + 2, word.n - 2) : NULL;
		if (name && detect_is_plain(name, NAME_BYTES))
			detect_need(p, NEED_LIBRARY, name, SCOPE_BUILD, true, why);
	}
}

static const struct list {
	const char *name;
	void (*take)(struct project *p, struct str words, const char *why); /* NULL: options */
} lists[] = {{"QT", read_modules}, {"PKGCONFIG", read_packages}, {"LIBS", read_libraries},
	{"CONFIG", NULL}};
#define N_LISTS (sizeof(lists) / sizeof(*lists))

static char configured;

/* Words of CONFIG that a project file adds, of all of them. */
static void
read_configuration(const struct tree *t, const char *path, struct map *config)
{
	OWN(buf) struct buf text = {0};
	struct str rest, line, words, word;
	tree_read(t, path, &text);
	rest = buf_str(&text);
	for (bool open = false; str_next_line(&rest, &line);) {
		words = str_trim(line);
		bool begins = !open && assigns(line, "CONFIG", &words);
		bool on = open || begins;
		open = on && str_ends(words, "\\");
		while (on && str_next_word(&words, &word))
			map_put_str(config, word, &configured);
	}
}

/* Is a condition true here, "gif_export" of "gif_export {"?  Another one than a plain name may be. */
static bool
may_hold(struct str name, const struct map *config)
{
	static const char *const here[] = {"else", "unix", "linux", "posix", "gcc", "x11", "qt",
		"gui", "release", "debug", "debug_and_release", "thread", "shared", "exceptions",
		"rtti", "opengl", "warn_on", "link_prl", "precompile_header", "c++11", "c++14",
		"c++17", "largefile", NULL};
	OWN_FREE char *word = str_dup(str_trim(name));
	return !detect_is_plain(word, "_+") || str_is_one(str_of(word), here) ||
	       map_get(config, word);
}

struct scope {
	int depth; /* of braces */
	int dead;  /* what is in those of that depth is for others; 0: nothing is */
};

/* Follow the braces of a line; false: what it assigns is not of this build. */
static bool
is_of_this_build(struct scope *s, struct str line, const struct map *config)
{
	line = str_trim(line);
	bool closes = str_starts(line, "}");
	if (closes) {
		s->dead = s->dead == s->depth ? 0 : s->dead;
		s->depth -= s->depth > 0;
		line = str_trim((struct str){line.p + 1, line.n - 1});
	}
	const char *open = line.n ? memchr(line.p, '{', line.n) : NULL;
	const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
	const char *end = open && (!colon || open < colon) ? open : colon;
	bool here = !end || may_hold((struct str){line.p, (size_t)(end - line.p)}, config);
	bool live = !s->dead && here;
	if (open && !memchr(open, '}', (size_t)(line.p + line.n - open))) {
		s->depth++;
		s->dead = s->dead || here ? s->dead : s->depth;
	}
	return live;
}

/* What makes translations is of another package than qmake. */
static void
read_translations(struct project *p, struct str line, const char *why)
{
	line = str_trim(line);
	if (line.n && line.p[0] != '#' &&
		(scan_has_word(line, "lrelease") || scan_has_word(line, "lupdate")))
		detect_need(p, NEED_PACKAGE, "qttools5-dev-tools", SCOPE_BUILD, false, why);
}

/* A .pro or .pri file; true: it is one of a test that "make check" runs. */
static bool
read_project_file(
	const struct tree *t, const char *path, const struct map *config, struct project *p)
{
	struct scope scope = {0};
	OWN(buf) struct buf text = {0};
	struct str rest, line, words;
	bool tests = false, here = true;
	bool open =
		false; /* the line before goes on in this one, and is of this build if that was */
	size_t i = N_LISTS;
	tree_read(t, path, &text);
	rest = buf_str(&text);
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		OWN_FREE char *why = scan_cite(path, n);
		words = str_trim(line);
		if (!open)
			for (i = 0; i < N_LISTS && !assigns(line, lists[i].name, &words);)
				i++;
		if (!open)
			here = is_of_this_build(&scope, line, config);
		open = i < N_LISTS && str_ends(words, "\\");
		if (here)
			read_translations(p, line, why);
		if (i < N_LISTS && lists[i].take && !here)
			continue;
		if (i < N_LISTS && lists[i].take)
			lists[i].take(p, words, why);
		else if (i < N_LISTS)
			tests = tests || str_has_word(words, "testcase") ||
				str_has_word(words, "qtestlib");
	}
	return tests;
}

static void
read_qmake(const struct tree *t, const char *dir, struct project *p)
{
	bool tests = false;
	detect_need(p, NEED_PACKAGE, "qtbase5-dev", SCOPE_BUILD, false, p->evidence);
	detect_need(p, NEED_PROGRAM, "make", SCOPE_BUILD, false, p->evidence);
	detect_need(p, NEED_PROGRAM, "c++", SCOPE_BUILD, false, p->evidence);
	detect_compilers(t, dir, p);
	OWN(strlist) struct strlist files = {0};
	OWN(map) struct map config = {0};
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		if (fs_is_below(path, dir) && !detect_is_aside(path) &&
			(tree_name_is(path, "*.pro") || tree_name_is(path, "*.pri")))
			strlist_add(&files, path);
	}
	for (size_t i = 0; i < files.n; i++)
		read_configuration(t, files.v[i], &config);
	for (size_t i = 0; i < files.n; i++)
		tests = read_project_file(t, files.v[i], &config, p) || tests;
	detect_includes(t, dir, p);
	detect_command(
		p, PHASE_CONFIGURE, p->evidence, "QT_SELECT=qt5 qmake %s", fs_name(p->evidence));
	detect_command(p, PHASE_BUILD, p->evidence, "make -j2");
	if (tests)
		detect_test(
			p, FORMAT_AUTO, NULL, p->evidence, "QT_QPA_PLATFORM=offscreen make check");
}

/* ---- imake ---- */

static char *
find_imake(const struct tree *t, const char *dir)
{
	return tree_file(t, dir, "Imakefile");
}

/* Which directories it has stands in Imakefiles; "xmkmf -a" makes all makefiles, and what they include. */
static void
read_imake(const struct tree *t, const char *dir, struct project *p)
{
	detect_need(p, NEED_PROGRAM, "xmkmf", SCOPE_BUILD, false, p->evidence);
	detect_need(p, NEED_PROGRAM, "make", SCOPE_BUILD, false, p->evidence);
	detect_compilers(t, dir, p);
	detect_generators(t, dir, p);
	detect_includes(t, dir, p);
	detect_command(p, PHASE_CONFIGURE, p->evidence, "xmkmf -a");
	detect_command(p, PHASE_BUILD, p->evidence, "make");
}

const struct detector detect_qmake = {SYSTEM_QMAKE, find_qmake, read_qmake};
const struct detector detect_imake = {SYSTEM_IMAKE, find_imake, read_imake};
