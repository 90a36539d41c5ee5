/* SCons and waf: the build files are programs in Python, which are read line by line for calls that need something. */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define NAME_BYTES "_./+-" /* beside letters and digits, of what may be needed */

static char *
find_scons(const struct tree *t, const char *dir)
{
	static const char *const names[] = {"SConstruct", "Sconstruct", "sconstruct", NULL};
	return tree_find(t, dir, names);
}

static char *
find_waf(const struct tree *t, const char *dir)
{
	return tree_file(t, dir, "wscript");
}

static const struct call {
	const char *name, *keyword; /* NULL: the first argument */
	enum need_kind kind;
} calls[] = {
	{"CheckLib", NULL, NEED_LIBRARY},
	{"CheckLibWithHeader", NULL, NEED_LIBRARY},
	{"CheckHeader", NULL, NEED_HEADER},
	{"CheckCHeader", NULL, NEED_HEADER},
	{"CheckCXXHeader", NULL, NEED_HEADER},
	{"CheckProg", NULL, NEED_PROGRAM},
	{"check_cfg", "package", NEED_PKGCONFIG},
	{"check", "lib", NEED_LIBRARY},
	{"check_cc", "lib", NEED_LIBRARY},
	{"check_cxx", "lib", NEED_LIBRARY},
	{"check", "header_name", NEED_HEADER},
	{"check_cc", "header_name", NEED_HEADER},
	{"check_cxx", "header_name", NEED_HEADER},
	{"find_program", NULL, NEED_PROGRAM},
};

/* "pkg-config --cflags --libs foo bar >= 1.2", handed to ParseConfig. */
static void
read_flags(struct project *p, const char *command, const char *why)
{
	struct str rest = str_of(command), word;
	bool first = true, pkg_config = false, compared = false;
	for (; str_next_word(&rest, &word); first = false) {
		OWN_FREE char *name = str_dup(word);
		bool comparison = strspn(name, "<>=!") > 0;
		if (first)
			pkg_config = strcmp(fs_name(name), "pkg-config") == 0;
		if (first && detect_is_plain(name, NAME_BYTES))
			detect_need(p, NEED_PROGRAM, name, SCOPE_BUILD, true, why);
		else if (pkg_config && !compared && !comparison &&
			 detect_is_plain(name, NAME_BYTES))
			detect_need(p, NEED_PKGCONFIG, name, SCOPE_BUILD, true, why);
		compared = comparison;
	}
}

static void
read_line(struct project *p, struct str line, const char *why)
{
	OWN_FREE char *flags = scan_string_behind(line, "ParseConfig", '(');
	if (flags)
		read_flags(p, flags, why);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		const struct call *c = &calls[i];
		OWN_FREE char *open = mem_printf("%s(", c->name);
		if (!memmem(line.p, line.n, open, strlen(open)))
			continue;
		OWN_FREE char *name = c->keyword ? scan_string_behind(line, c->keyword, '=')
						 : scan_string_behind(line, c->name, '(');
		if (!name || !detect_is_plain(name, NAME_BYTES))
			continue;
		detect_need(p, c->kind, name, SCOPE_BUILD, true, why);
		if (c->kind == NEED_PKGCONFIG)
			detect_need(p, NEED_PROGRAM, "pkg-config", SCOPE_BUILD, true, why);
	}
}

/* What a target that runs tests is called. */
static const char *
test_target(struct str name)
{
	static const char *const names[] = {
		"check", "test", "tests", "unittest", "runtests", "run_tests", NULL};
	for (size_t i = 0; names[i]; i++)
		if (str_eq(name, names[i]))
			return names[i];
	return NULL;
}

struct tests {
	bool of_waf;	    /* whose targets are functions */
	const char *target; /* NULL: none is seen */
	char *where;
	bool unit; /* waf has a tool for them */
};

/* Alias('check', ...) of SCons, "def check(ctx):" of waf. */
static void
note_test(struct tests *r, struct str line, const char *where)
{
	OWN_FREE char *alias = scan_string_behind(line, "Alias", '(');
	const char *target = alias ? test_target(str_of(alias)) : NULL;
	const char *paren =
		r->of_waf && str_starts(line, "def ") ? memchr(line.p, '(', line.n) : NULL;
	if (paren)
		target = test_target(
			str_trim((struct str){line.p + 4, (size_t)(paren - line.p - 4)}));
	bool unit = memmem(line.p, line.n, "waf_unit_test", 13) != NULL;
	if ((target && !r->target) || (unit && !r->unit)) {
		free(r->where);
		r->where = mem_strdup(where);
	}
	r->target = r->target ? r->target : target;
	r->unit = r->unit || unit;
}

static void
read_files(const struct tree *t, const char *dir, const char *const *names, struct project *p,
	struct tests *ret)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		struct str rest, line;
		if (!fs_is_below(path, dir) || detect_is_aside(path) ||
			!str_ends_one(str_of(path), names))
			continue;
		tree_read(t, path, &text);
		rest = buf_str(&text);
		for (unsigned n = 1; str_next_line(&rest, &line); n++) {
			OWN_FREE char *why = scan_cite(path, n);
			if (str_starts(str_trim(line), "#"))
				continue;
			read_line(p, line, why);
			note_test(ret, line, why);
		}
	}
	detect_compilers(t, dir, p);
	detect_generators(t, dir, p);
	detect_includes(t, dir, p);
}

static void
read_scons(const struct tree *t, const char *dir, struct project *p)
{
	static const char *const names[] = {"SConstruct", "Sconstruct", "sconstruct", "SConscript",
		"Sconscript", "sconscript", NULL};
	struct tests tests = {0};
	detect_need(p, NEED_PROGRAM, "scons", SCOPE_BUILD, false, p->evidence);
	read_files(t, dir, names, p, &tests);
	detect_command(p, PHASE_BUILD, p->evidence, "scons -j2");
	if (tests.target) {
		OWN_FREE char *run = mem_printf("scons %s", tests.target);
		detect_test(p, FORMAT_AUTO, NULL, tests.where, run);
	}
	free(tests.where);
}

/*
 * A copy of waf in the tree is as old as that: it opens files in a mode that Python has not had since 3.11, and ends
 * generators as it could not since 3.7.  One file unpacks itself when it is first called.
 */
static const char renew[] =
	"%s --version >/dev/null 2>&1; find . -path '*waflib/*.py' -exec sed -i "
	"-e \"s/'rU'/'r'/g\" -e 's/^\\(\\s*\\)raise StopIteration$/\\1return/' {} +";

/* waf lies in the tree as one file, is unpacked there beside "waflib", or is the system's. */
static void
read_waf(const struct tree *t, const char *dir, struct project *p)
{
	static const char *const names[] = {"wscript", "wscript_build", NULL};
	static const char *const programs[] = {"waf", "waf-light", NULL};
	OWN_FREE char *program = tree_find(t, dir, programs);
	OWN_FREE char *waf =
		program ? mem_printf("python3 ./%s", fs_name(program)) : mem_strdup("waf");
	struct tests tests = {.of_waf = true};
	detect_need(p, NEED_PROGRAM, program ? "python3" : "waf", SCOPE_BUILD, false,
		program ? program : p->evidence);
	read_files(t, dir, names, p, &tests);
	if (program) {
		detect_command(p, PHASE_CONFIGURE, program, renew, waf);
		strlist_add(&p->options, "waf=the copy in the tree, mended for a Python of today");
	}
	detect_command(p, PHASE_CONFIGURE, p->evidence, "%s configure", waf);
	detect_command(
		p, PHASE_BUILD, p->evidence, "%s build -j2%s", waf, tests.unit ? " --notests" : "");
	if (tests.unit || tests.target) {
		OWN_FREE char *run = tests.unit ? mem_printf("%s build --alltests", waf)
						: mem_printf("%s %s", waf, tests.target);
		detect_test(p, FORMAT_AUTO, NULL, tests.where, run);
	}
	free(tests.where);
}

const struct detector detect_scons = {SYSTEM_SCONS, find_scons, read_scons};
const struct detector detect_waf = {SYSTEM_WAF, find_waf, read_waf};
