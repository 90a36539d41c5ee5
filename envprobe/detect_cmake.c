/* CMake. */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/cmake_options.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

static char *
find(const struct tree *t, const char *dir)
{
	return tree_file(t, dir, "CMakeLists.txt");
}

struct facts {
	const struct tree *t;
	const char *dir;
	struct cmake_options switches;
	struct strlist modules; /* files of the tree that others include, as they were found */
	bool tests;		/* enable_testing, add_test, include(CTest) */
	const char *why_tests;
	char *target; /* of make and ninja, that runs tests without ctest; NULL */
	char *why_target;
	struct strlist options; /* switches that turn the tests on */
	struct strlist languages;
};

static bool
has_arg(const struct scan_call *c, const char *word)
{
	return strlist_has(&c->args, word);
}

/* pkg_check_modules(PREFIX [REQUIRED] [QUIET] ... module>=1.0 ...) */
static void
read_modules(const struct scan_call *c, struct project *p, const char *why)
{
	static const char *const keywords[] = {"REQUIRED", "QUIET", "NO_CMAKE_PATH",
		"NO_CMAKE_ENVIRONMENT_PATH", "IMPORTED_TARGET", "GLOBAL", NULL};
	bool required = has_arg(c, "REQUIRED");
	detect_need(p, NEED_PROGRAM, "pkg-config", SCOPE_BUILD, !required, why);
	for (size_t i = 1; i < c->args.n; i++) {
		bool keyword = c->args.v[i][0] == '$';
		for (size_t k = 0; !keyword && keywords[k]; k++)
			keyword = strcmp(c->args.v[i], keywords[k]) == 0;
		if (keyword)
			continue;
		size_t n = strcspn(c->args.v[i], "<>=");
		OWN_FREE char *name = mem_strndup(c->args.v[i], n);
		struct need *need =
			detect_need(p, NEED_PKGCONFIG, name, SCOPE_BUILD, !required, why);
		if (c->args.v[i][n] && !need->version)
			need->version = mem_strdup(c->args.v[i] + n);
	}
}

/* Boost is many libraries with one name: find_package(Boost COMPONENTS thread ...). */
static void
read_boost_components(const struct scan_call *c, struct project *p, const char *why)
{
	bool required = has_arg(c, "REQUIRED"), on = false;
	for (size_t i = 1; i < c->args.n; i++) {
		const char *word = c->args.v[i];
		if (isupper((unsigned char)*word)) {
			on = strcmp(word, "COMPONENTS") == 0 ||
			     (on && strcmp(word, "REQUIRED") == 0);
		} else if (on && isalpha((unsigned char)*word)) {
			OWN_FREE char *library = mem_printf("boost_%s", word);
			detect_need(p, NEED_LIBRARY, library, SCOPE_BUILD, !required, why);
		}
	}
}

static void
read_find_package(const struct scan_call *c, struct project *p, const char *why)
{
	/* CMake's own modules that find no input, or only the compiler's. */
	static const char *const own[] = {"Threads", "PkgConfig", "CTest", "Git", NULL};
	if (!c->args.n || strchr(c->args.v[0], '$'))
		return;
	bool required = has_arg(c, "REQUIRED");
	if (strcmp(c->args.v[0], "PkgConfig") == 0)
		detect_need(p, NEED_PROGRAM, "pkg-config", SCOPE_BUILD, !required, why);
	if (strcmp(c->args.v[0], "Git") == 0 && required)
		detect_need(p, NEED_PROGRAM, "git", SCOPE_BUILD, false, why);
	for (size_t i = 0; own[i]; i++)
		if (strcmp(own[i], c->args.v[0]) == 0)
			return;
	struct need *n = detect_need(p, NEED_CMAKE, c->args.v[0], SCOPE_BUILD, !required, why);
	if (strcmp(c->args.v[0], "Boost") == 0)
		read_boost_components(c, p, why);
	if (c->args.n > 1 && c->args.v[1][0] >= '0' && c->args.v[1][0] <= '9' && !n->version)
		n->version = mem_printf(">= %s", c->args.v[1]);
}

static bool
is_keyword_of_find(const char *word)
{
	static const char *const words[] = {"NAMES_PER_DIR", "HINTS", "PATHS", "PATH_SUFFIXES",
		"DOC", "REQUIRED", "VALIDATOR", "REGISTRY_VIEW", "NO_CACHE", NULL};
	return str_is_one(str_of(word), words) || str_starts(str_of(word), "NO_DEFAULT_") ||
	       str_starts(str_of(word), "NO_CMAKE_") || str_starts(str_of(word), "NO_SYSTEM_");
}

/* find_library(VAR name...) and find_library(VAR NAMES a b ...): the first name counts; NULL: it is none that is plain. */
static const char *
first_name(const struct scan_call *c)
{
	size_t i = c->args.n > 1 && strcmp(c->args.v[1], "NAMES") == 0 ? 2 : 1;
	return i < c->args.n && !strchr(c->args.v[i], '$') ? c->args.v[i] : NULL;
}

static void
read_find_library(const struct scan_call *c, struct project *p, const char *why)
{
	const char *name = first_name(c);
	if (name)
		detect_need(p, NEED_LIBRARY, name, SCOPE_BUILD, true, why);
}

/* find_path(VAR tide.h PATH_SUFFIXES sea include/sea): it is looked for as sea/tide.h, too. */
static void
read_find_path(const struct scan_call *c, struct project *p, const char *why)
{
	const char *name = first_name(c);
	bool on = false;
	if (!name)
		return;
	detect_need(p, NEED_HEADER, name, SCOPE_BUILD, true, why);
	for (size_t i = 1; i < c->args.n; i++) {
		const char *word = c->args.v[i];
		on = strcmp(word, "PATH_SUFFIXES") == 0 || (on && !is_keyword_of_find(word));
		word += str_starts(str_of(word), "include/") ? strlen("include/") : 0;
		OWN_FREE char *deep = mem_printf("%s/%s", word, name);
		if (on && strcmp(word, "PATH_SUFFIXES") != 0 && strcmp(word, "include") != 0 &&
			detect_is_plain(word, "_-.+/"))
			detect_need(p, NEED_HEADER, deep, SCOPE_BUILD, true, why);
	}
}

/* find_program(VAR name [path...]) and find_program(VAR NAMES a b [PATHS ...]) */
static void
read_find_program(const struct scan_call *c, struct project *p, const char *why)
{
	bool names = c->args.n > 1 && strcmp(c->args.v[1], "NAMES") == 0;
	OWN(strlist) struct strlist words = {0};
	size_t n = names ? c->args.n : c->args.n < 2 ? c->args.n : 2;
	for (size_t i = names ? 2 : 1; i < n && !is_keyword_of_find(c->args.v[i]); i++)
		strlist_add(&words, c->args.v[i]);
	detect_either(p, &words, true, why);
}

static void
read_languages(const struct scan_call *c, bool project_call, struct facts *f)
{
	bool on = !project_call;
	if (project_call && !has_arg(c, "LANGUAGES")) {
		for (size_t i = 1; i < c->args.n; i++)
			strlist_add_new(&f->languages, c->args.v[i]);
		if (c->args.n == 1) {
			strlist_add_new(&f->languages, "C");
			strlist_add_new(&f->languages, "CXX");
		}
		return;
	}
	for (size_t i = 0; i < c->args.n; i++) {
		if (on)
			strlist_add_new(&f->languages, c->args.v[i]);
		on = on || strcmp(c->args.v[i], "LANGUAGES") == 0;
	}
}

/* cmake_minimum_required(VERSION 3.10...3.29): the lower one is what cmake refuses to be less than. */
static void
read_minimum(const struct scan_call *c, struct project *p, const char *why)
{
	const char *version = c->args.n > 1 ? c->args.v[1] : "";
	const char *range = strstr(version, "...");
	size_t n = strspn(version, "0123456789.");
	n = range && (size_t)(range - version) < n ? (size_t)(range - version) : n;
	OWN_FREE char *least = n ? mem_printf(">= %.*s", (int)n, version) : NULL;
	detect_program(p, "cmake", str_of(least), why);
}

/* add_custom_target(check ...): a target like another, which whoever does not use ctest writes. */
static void
read_target(const struct scan_call *c, const char *why, struct facts *f)
{
	static const char *const names[] = {
		"test", "tests", "check", "unittest", "unittests", "runtests", "run_tests", NULL};
	if (f->target || !c->args.n || !str_is_one(str_of(c->args.v[0]), names))
		return;
	f->target = mem_strdup(c->args.v[0]);
	f->why_target = mem_strdup(why);
}

/*
 * What include(x/Moon), include(Moon) and find_package(Moon) read of the tree: a file below the project's directory, by its name,
 * in which what it finds is looked for.  The modules of CMake itself are not there, nor are those that only others would include.
 */
static void
add_module(struct facts *f, const char *prefix, const char *what)
{
	OWN_FREE char *name = mem_printf(
		"%s%s%s", prefix, fs_name(what), str_ends(str_of(what), ".cmake") ? "" : ".cmake");
	for (size_t i = 0; i < f->t->files.n; i++) {
		const char *path = f->t->files.v[i];
		if (fs_is_below(path, f->dir) && strcmp(fs_name(path), name) == 0) {
			strlist_add_new(&f->modules, path);
			return;
		}
	}
}

/* What is looked for. */
static void
read_search(const struct scan_call *c, const char *why, struct project *p, struct facts *f)
{
	if (c->args.n && strcmp(c->name, "include") == 0)
		add_module(f, "", c->args.v[0]);
	if (c->args.n && strcmp(c->name, "find_package") == 0)
		add_module(f, "Find", c->args.v[0]);
	if (strcmp(c->name, "find_package") == 0)
		read_find_package(c, p, why);
	else if (strcmp(c->name, "pkg_check_modules") == 0 ||
		 strcmp(c->name, "pkg_search_module") == 0)
		read_modules(c, p, why);
	else if (strcmp(c->name, "find_library") == 0)
		read_find_library(c, p, why);
	else if (strcmp(c->name, "find_program") == 0)
		read_find_program(c, p, why);
	else if (strcmp(c->name, "find_path") == 0)
		read_find_path(c, p, why);
}

static void
read_call(
	const struct scan_call *c, const char *path, bool live, struct project *p, struct facts *f)
{
	OWN_FREE char *at = scan_cite(path, c->line);
	OWN_FREE char *why =
		mem_printf("%s: %s(%.60s)", at, c->name, c->args.n ? c->args.v[0] : "");
	if (detect_is_aside(path) && !has_arg(c, "REQUIRED"))
		return;
	if (live)
		read_search(c, why, p, f);
	if (strcmp(c->name, "cmake_minimum_required") == 0 && strcmp(path, p->evidence) == 0)
		read_minimum(c, p, why);
	else if (strcmp(c->name, "project") == 0)
		read_languages(c, true, f);
	else if (strcmp(c->name, "enable_language") == 0)
		read_languages(c, false, f);
	else if (strcmp(c->name, "enable_testing") == 0 || strcmp(c->name, "add_test") == 0 ||
		 (strcmp(c->name, "include") == 0 && has_arg(c, "CTest")))
		f->tests = true;
	else if (strcmp(c->name, "add_custom_target") == 0)
		read_target(c, at, f);
	else if (c->args.n && detect_about_tests(c->args.v[0]) != ABOUT_NONE &&
		 (strcmp(c->name, "option") == 0 || strcmp(c->name, "cmake_dependent_option") == 0))
		strlist_add_new(&f->options, c->args.v[0]);
}

static void
read_file(const struct tree *t, const char *path, struct project *p, struct facts *f)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct scan s = {.text = buf_str(&text), .language = SCAN_CMAKE};
	OWN(scan_call) struct scan_call c = {0};
	struct cmake_place at = {0};
	const bool out = cmake_options_leave_out(&f->switches, path);
	while (scan_next_call(&s, &c)) {
		bool live = cmake_place_is_live(&at, &f->switches, &c);
		read_call(&c, path, live && !out, p, f);
	}
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	struct facts f = {.t = t, .dir = dir};
	cmake_options_read(t, dir, &f.switches);
	for (size_t i = 0; i < t->files.n; i++)
		if (fs_is_below(t->files.v[i], dir) &&
			tree_name_is(t->files.v[i], "CMakeLists.txt"))
			read_file(t, t->files.v[i], p, &f);
	for (size_t i = 0; i < f.modules.n; i++)
		read_file(t, f.modules.v[i], p, &f);
	detect_need(p, NEED_PROGRAM, "cmake", SCOPE_BUILD, false, p->evidence);
	detect_need(p, NEED_PROGRAM, "make", SCOPE_BUILD, false, p->evidence);
	if (!f.languages.n || strlist_has(&f.languages, "CXX"))
		detect_need(p, NEED_PROGRAM, "c++", SCOPE_BUILD, false, p->evidence);
	if (strlist_has(&f.languages, "Fortran"))
		detect_need(p, NEED_PROGRAM, "gfortran", SCOPE_BUILD, false, p->evidence);
	detect_compilers(t, dir, p);
	detect_includes(t, dir, p);
	OWN(buf) struct buf configure = {0};
	buf_puts(&configure, "cmake -S . -B drydock-build");
	if (f.tests)
		buf_puts(&configure, " -DBUILD_TESTING=ON");
	for (size_t i = 0; f.tests && i < f.options.n; i++)
		if (strcmp(f.options.v[i], "BUILD_TESTING") != 0) {
			OWN_FREE char *option = mem_printf("-D%s=%s", f.options.v[i],
				detect_about_tests(f.options.v[i]) == ABOUT_ON ? "ON" : "OFF");
			buf_putc(&configure, ' ');
			buf_put_shell(&configure, str_of(option));
		}
	detect_command(p, PHASE_CONFIGURE, p->evidence, "%s", configure.p);
	detect_command(p, PHASE_BUILD, p->evidence, "cmake --build drydock-build -j2");
	if (f.tests)
		detect_test(p, FORMAT_CTEST, NULL, p->evidence,
			"ctest --test-dir drydock-build --output-on-failure --no-tests=error");
	OWN_FREE char *run =
		mem_printf("cmake --build drydock-build --target %s", f.target ? f.target : "");
	if (!f.tests && f.target)
		detect_test(p, FORMAT_AUTO, NULL, f.why_target, run);
	free(f.target);
	free(f.why_target);
	cmake_options_cleanup(&f.switches);
	strlist_cleanup(&f.modules);
	strlist_cleanup(&f.options);
	strlist_cleanup(&f.languages);
}

const struct detector detect_cmake = {SYSTEM_CMAKE, find, read_project};
