/* Meson. */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"

#include <string.h>

static char *
find(const struct tree *t, const char *dir)
{
	return tree_file(t, dir, "meson.build");
}

/* Value of a keyword argument "key:value"; NULL. */
static const char *
keyword(const struct scan_call *c, const char *key)
{
	size_t n = strlen(key);
	for (size_t i = 0; i < c->args.n; i++)
		if (strncmp(c->args.v[i], key, n) == 0 && c->args.v[i][n] == ':')
			return c->args.v[i] + n + 1;
	return NULL;
}

static bool
is_required(const struct scan_call *c)
{
	const char *required = keyword(c, "required");
	return !required || strcmp(required, "true") == 0;
}

static bool
is_plain(const struct scan_call *c)
{
	return c->args.n && c->args.v[0][0] && !strpbrk(c->args.v[0], ":@ ");
}

/* "tide" of dependency('tide@0@'.format(version)), whose end an option decides; heap.  NULL: it begins with a variable. */
static char *
name_before_place(const struct scan_call *c)
{
	size_t n = c->args.n ? strcspn(c->args.v[0], "@") : 0;
	const char *behind = n ? c->args.v[0] + n : "";
	while (n && strchr("-_.", c->args.v[0][n - 1]))
		n--;
	OWN_FREE char *name = mem_strndup(n ? c->args.v[0] : "", n);
	return n && behind[0] == '@' && detect_is_plain(name, "_+.-") ? TAKE(name) : NULL;
}

static void
read_formatted(const struct scan_call *c, struct project *p, const char *why)
{
	OWN_FREE char *name = name_before_place(c);
	if (name)
		detect_need(p, NEED_PKGCONFIG, name, SCOPE_BUILD, true, why);
}

static void
read_dependency(const struct scan_call *c, struct project *p, const char *why)
{
	static const char *const own[] = {"threads", "dl", "openmp", "", NULL};
	for (size_t i = 0; own[i]; i++)
		if (strcmp(own[i], c->args.v[0]) == 0)
			return;
	bool optional = !is_required(c);
	struct need *n = detect_need(p, NEED_PKGCONFIG, c->args.v[0], SCOPE_BUILD, optional, why);
	const char *version = keyword(c, "version");
	if (version && !n->version)
		n->version = mem_strdup(version);
	detect_need(p, NEED_PROGRAM, "pkg-config", SCOPE_BUILD, optional, why);
}

/* project(..., meson_version: '>= 0.60') */
static void
read_least(const struct scan_call *c, struct project *p, const char *why)
{
	const char *version = keyword(c, "meson_version");
	if (version)
		detect_program(p, "meson", str_of(version), why);
}

static void
read_languages(const struct scan_call *c, struct project *p, const char *why)
{
	for (size_t i = 0; i < c->args.n; i++) {
		if (strcmp(c->args.v[i], "cpp") == 0)
			detect_need(p, NEED_PROGRAM, "c++", SCOPE_BUILD, false, why);
		else if (strcmp(c->args.v[i], "fortran") == 0)
			detect_need(p, NEED_PROGRAM, "gfortran", SCOPE_BUILD, false, why);
		else if (strcmp(c->args.v[i], "vala") == 0)
			detect_need(p, NEED_PROGRAM, "valac", SCOPE_BUILD, false, why);
	}
}

/* Programs that Meson modules call. */
static void
read_import(const struct scan_call *c, struct project *p, const char *why)
{
	static const struct {
		const char *module, *program;
	} table[] = {
		{"gnome", "glib-compile-resources"}, {"i18n", "msgfmt"}, {"python", "python3"}};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(c->args.v[0], table[i].module) == 0)
			detect_need(p, NEED_PROGRAM, table[i].program, SCOPE_BUILD, true, why);
}

static void
read_call(const struct scan_call *c, const char *path, struct project *p, bool *tests,
	bool documents_off)
{
	OWN_FREE char *at = scan_cite(path, c->line);
	OWN_FREE char *why =
		mem_printf("%s: %s(%.60s)", at, c->name, c->args.n ? c->args.v[0] : "");
	if (strcmp(c->name, "project") == 0 && strcmp(path, p->evidence) == 0)
		read_least(c, p, why);
	if (strcmp(c->name, "test") == 0)
		*tests = true;
	else if (strcmp(c->name, "dependency") == 0 && !is_plain(c))
		read_formatted(c, p, why);
	else if (!is_plain(c) || (detect_is_aside(path) && !is_required(c)))
		return;
	else if (strcmp(c->name, "dependency") == 0)
		read_dependency(c, p, why);
	else if (strcmp(c->name, "find_program") == 0 && !strchr(c->args.v[0], '/'))
		detect_either(p, &c->args, !is_required(c), why);
	else if (str_ends(str_of(c->name), ".find_library"))
		detect_need(p, NEED_LIBRARY, c->args.v[0], SCOPE_BUILD, !is_required(c), why);
	else if (str_ends(str_of(c->name), "has_header") ||
		 str_ends(str_of(c->name), "check_header"))
		detect_need(p, NEED_HEADER, c->args.v[0], SCOPE_BUILD, true, why);
	else if (strcmp(c->name, "project") == 0 || strcmp(c->name, "add_languages") == 0)
		read_languages(c, p, why);
	else if (strcmp(c->name, "import") == 0)
		read_import(c, p, why);
	else if (strcmp(c->name, "gnome.gtkdoc") == 0 && !documents_off)
		detect_need(p, NEED_PROGRAM, "gtkdoc-scan", SCOPE_BUILD, true, why);
}

/* What Meson's options are read for. */
typedef void read_one(const struct scan_call *c, void *ctx);

static void
each_option(const struct tree *t, const char *dir, read_one *read, void *ctx)
{
	static const char *const names[] = {"meson.options", "meson_options.txt", NULL};
	OWN_FREE char *path = tree_find(t, dir, names);
	if (!path)
		return;
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct scan s = {.text = buf_str(&text), .language = SCAN_MESON};
	OWN(scan_call) struct scan_call c = {0};
	while (scan_next_call(&s, &c))
		if (strcmp(c.name, "option") == 0 && is_plain(&c))
			read(&c, ctx);
}

/* An option of documentation that is off by default. */
static void
read_documents_off(const struct scan_call *c, void *off)
{
	const char *type = keyword(c, "type"), *value = keyword(c, "value");
	bool boolean = type && strcmp(type, "boolean") == 0;
	bool feature = type && strcmp(type, "feature") == 0;
	if (strstr(c->args.v[0], "doc") &&
		((boolean && value && strcmp(value, "false") == 0) ||
			(feature && (!value || strcmp(value, "enabled") != 0))))
		*(bool *)off = true;
}

/*
 * " -Dtests=true" of option('tests', type: 'boolean', value: false), and what a feature has for it.  Options that are as they have
 * to be for the tests to be built are not given.
 */
static void
read_option(const struct scan_call *c, void *ctx)
{
	struct buf *options = ctx;
	const char *type = keyword(c, "type"), *value = keyword(c, "value");
	if (!type || !detect_is_plain(c->args.v[0], "_-."))
		return;
	bool boolean = strcmp(type, "boolean") == 0, feature = strcmp(type, "feature") == 0;
	bool is_off = value && strcmp(value, boolean ? "false" : "disabled") == 0;
	bool is_on = boolean ? !is_off : value && strcmp(value, "enabled") == 0;
	enum about_tests about = detect_about_tests(c->args.v[0]);
	if (about == ABOUT_NONE && detect_builds_tests(c->args.v[0], keyword(c, "description")))
		about = ABOUT_ON;
	if ((boolean || feature) && is_off && about == ABOUT_ON)
		buf_printf(options, " -D%s=%s", c->args.v[0], boolean ? "true" : "enabled");
	else if ((boolean || feature) && is_on && about == ABOUT_OFF)
		buf_printf(options, " -D%s=%s", c->args.v[0], boolean ? "false" : "disabled");
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	bool tests = false, documents_off = false;
	each_option(t, dir, read_documents_off, &documents_off);
	for (size_t i = 0; i < t->files.n; i++) {
		if (!fs_is_below(t->files.v[i], dir) ||
			!tree_name_is(t->files.v[i], "meson.build") ||
			strstr(t->files.v[i], "subprojects/"))
			continue;
		OWN(buf) struct buf text = {0};
		tree_read(t, t->files.v[i], &text);
		struct scan s = {.text = buf_str(&text), .language = SCAN_MESON};
		OWN(scan_call) struct scan_call c = {0};
		while (scan_next_call(&s, &c))
			read_call(&c, t->files.v[i], p, &tests, documents_off);
	}
	detect_need(p, NEED_PROGRAM, "meson", SCOPE_BUILD, false, p->evidence);
	detect_need(p, NEED_PROGRAM, "ninja", SCOPE_BUILD, false, p->evidence);
	detect_compilers(t, dir, p);
	detect_includes(t, dir, p);
	OWN(buf) struct buf options = {.max = 4096};
	if (tests)
		each_option(t, dir, read_option, &options);
	detect_command(p, PHASE_CONFIGURE, p->evidence, "meson setup drydock-build%s",
		options.n && !options.truncated ? options.p : "");
	detect_command(p, PHASE_BUILD, p->evidence, "meson compile -C drydock-build -j 2");
	if (tests)
		detect_test(p, FORMAT_JUNIT, "drydock-build/meson-logs/testlog.junit.xml",
			p->evidence, "meson test -C drydock-build --no-rebuild --print-errorlogs");
}

const struct detector detect_meson = {SYSTEM_MESON, find, read_project};
