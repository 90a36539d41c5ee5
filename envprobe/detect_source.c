/* What the sources themselves say, whatever builds them: compilers, headers, generators,
 * environment. */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "base/map.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

static const char *const c_endings[] = {".c", ".h", ".xs", NULL}; /* C is what xsubpp leaves */
static const char *const cxx_endings[] = {".cc", ".cpp", ".cxx", ".C", ".hpp", ".hxx", NULL};
static const char *const c_sources[] = {".c", ".xs", NULL};
static const char *const cxx_sources[] = {".cc", ".cpp", ".cxx", ".C", NULL};
static const char *const grammar_endings[] = {".y", ".l", NULL}; /* C is made of them */
static const char *const fortran_endings[] = {".f", ".F", ".f77", ".f90", ".F90", NULL};

bool
detect_is_c(const char *path)
{
	return str_ends_one(str_of(path), c_endings) || str_ends_one(str_of(path), cxx_endings);
}

bool
detect_is_here(const char *dir, const char *path)
{
	OWN_FREE char *here = tree_join(dir, fs_name(path));
	return strcmp(here, path) == 0;
}

bool
detect_is_aside(const char *path)
{
	static const char *const dirs[] = {"doc/", "docs/", "example/", "examples/", "contrib/",
		"third_party/", "vendor/", NULL};
	for (size_t i = 0; dirs[i]; i++) {
		size_t n = strlen(dirs[i]);
		if (strncmp(path, dirs[i], n) == 0)
			return true;
		OWN_FREE char *inner = mem_printf("/%s", dirs[i]);
		if (strstr(path, inner))
			return true;
	}
	return false;
}

static const char *
first_with(const struct tree *t, const char *dir, const char *const *endings)
{
	for (size_t i = 0; i < t->files.n; i++)
		if (fs_is_below(t->files.v[i], dir) && !detect_is_aside(t->files.v[i]) &&
			str_ends_one(str_of(t->files.v[i]), endings))
			return t->files.v[i];
	return NULL;
}

void
detect_compilers(const struct tree *t, const char *dir, struct project *p)
{
	const char *c = first_with(t, dir, c_endings);
	/* A header for C++ beside sources in C is for those who use the library. */
	const char *cxx =
		first_with(t, dir, first_with(t, dir, c_sources) ? cxx_sources : cxx_endings);
	const char *fortran = first_with(t, dir, fortran_endings);
	const char *grammar = c || cxx ? NULL : first_with(t, dir, grammar_endings);
	if (c || cxx || grammar) {
		const char *why = c ? c : cxx ? cxx : grammar;
		detect_need(p, NEED_PROGRAM, "cc", SCOPE_BUILD, grammar != NULL, why);
		detect_need(p, NEED_HEADER, "stdio.h", SCOPE_BUILD, grammar != NULL, why);
	}
	if (cxx)
		detect_need(p, NEED_PROGRAM, "c++", SCOPE_BUILD, false, cxx);
	if (fortran)
		detect_need(p, NEED_PROGRAM, "gfortran", SCOPE_BUILD, !(!c && !cxx), fortran);
}

void
detect_generators(const struct tree *t, const char *dir, struct project *p)
{
	static const struct {
		const char *endings[4];
		const char *program;
	} table[] = {
		{{".y", ".yy", ".ypp", NULL}, "bison"},
		{{".l", ".ll", ".lpp", NULL}, "flex"},
		{{".gperf", NULL}, "gperf"},
		{{".nasm", NULL}, "nasm"},
		{{".vala", NULL}, "valac"},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const char *path = first_with(t, dir, table[i].endings);
		if (!path)
			continue;
		/* A generated file beside it, or a Lisp or Lua use of the suffix, makes it a guess.
		 */
		detect_need(p, NEED_PROGRAM, table[i].program, SCOPE_BUILD, true, path);
	}
}

/* ---- environment ---- */

static bool
is_harmless(struct str name)
{
	static const char *const names[] = {"HOME", "PATH", "TERM", "USER", "SHELL", "TMPDIR",
		"TEMP", "TMP", "LANG", "LC_ALL", "LANGUAGE", "DISPLAY", "EDITOR", "PAGER",
		"COLUMNS", "LINES", "PWD", "LOGNAME", "TZ", "NO_COLOR", "CI", "VISUAL", "HOSTNAME",
		"COLORTERM", "SHLVL", "OLDPWD", NULL};
	/* of the locale, and of a desktop, both with defaults of their own */
	return str_is_one(name, names) || str_starts(name, "LC_") || str_starts(name, "XDG_");
}

/* The first place stands for a variable, but one that fails without it says more. */
static void
add_env_read(struct project *p, struct str name, bool required, const char *path, unsigned line)
{
	struct env_read *r = NULL;
	if (is_harmless(name))
		return;
	for (size_t i = 0; i < p->env_reads.n && !r; i++)
		if (str_eq(name, p->env_reads.v[i].name))
			r = &p->env_reads.v[i];
	if (r && (r->required || !required))
		return;
	if (r)
		env_read_cleanup(r);
	else
		r = env_read_list_add(&p->env_reads);
	*r = (struct env_read){str_dup(name), scan_cite(path, line), required};
}

/* NAME of a pattern such as getenv("NAME") behind `before`, read from p; empty if there is none. */
static struct str
env_name(const char *p, const char *end)
{
	if (p < end && (*p == '"' || *p == '\''))
		p++;
	const char *start = p;
	if (p < end && isdigit((unsigned char)*p))
		return (struct str){start, 0};
	while (p < end && (isupper((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '_'))
		p++;
	return (struct str){start, (size_t)(p - start)};
}

/* Does what stands behind the name and its quote make it a read that must succeed? */
static bool
must_succeed(const char *p, const char *end, char close)
{
	if (p < end && (*p == '"' || *p == '\''))
		p++;
	if (p >= end || *p != close)
		return false;
	for (p++; p < end && (*p == ' ' || *p == '\t'); p++)
		;
	return p >= end || *p != '=' || (p + 1 < end && p[1] == '='); /* no assignment */
}

static void
scan_environment(struct str all, const char *path, struct project *p)
{
	/*
	 * Only forms without a default: os.environ.get, process.env.X || y and the like have one.
	 * `close` is what ends a read that fails where the variable is not set; 0: it never fails.
	 */
	static const struct {
		const char *text;
		char close;
	} forms[] = {{"getenv(\"", 0}, {"os.environ[", ']'}, {"$ENV{", 0}, {"ENV.fetch(", ')'},
		{"process.env.", 0}, {"os.Getenv(\"", 0}};
	const char *end = all.p + all.n;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		size_t n = strlen(forms[i].text);
		for (const char *at = all.p;
			(at = memmem(at, (size_t)(end - at), forms[i].text, n)) != NULL; at += n) {
			struct str name = env_name(at + n, end);
			if (name.n)
				add_env_read(p, name,
					forms[i].close &&
						must_succeed(name.p + name.n, end, forms[i].close),
					path, scan_line_of(all, (size_t)(at - all.p)));
		}
	}
}

static bool
is_comment(struct str all, size_t at)
{
	const char *nl = at ? memrchr(all.p, '\n', at) : NULL;
	size_t start = nl ? (size_t)(nl + 1 - all.p) : 0;
	struct str before = str_trim((struct str){all.p + start, at - start});
	return before.n && before.p[0] == '#';
}

/* Does the script give the variable its value itself? */
static bool
is_assigned(struct str all, struct str name)
{
	OWN_FREE char *set = mem_printf(STR_FMT "=", STR_ARG(name));
	for (const char *p = all.p, *end = all.p + all.n;
		(p = memmem(p, (size_t)(end - p), set, name.n + 1)); p++)
		if (p == all.p || strchr("\n\t ;", p[-1]))
			return true;
	return false;
}

/* ${NAME:?message} and ${NAME?message}, in a makefile with two dollars. */
static void
scan_shell(struct str all, const char *path, struct project *p)
{
	const char *end = all.p + all.n;
	for (const char *at = all.p; (at = memmem(at, (size_t)(end - at), "${", 2)); at += 2) {
		struct str name = env_name(at + 2, end);
		const char *behind = name.p + name.n;
		size_t offset = (size_t)(at - all.p);
		if (!name.n || behind + 1 >= end ||
			!(behind[0] == '?' || (behind[0] == ':' && behind[1] == '?')))
			continue;
		if (!is_comment(all, offset) && !is_assigned(all, name))
			add_env_read(p, name, true, path, scan_line_of(all, offset));
	}
}

static bool
is_makefile(const char *path)
{
	return tree_name_is(path, "[Mm]akefile") || tree_name_is(path, "GNUmakefile") ||
	       tree_name_is(path, "Makefile.am") || tree_name_is(path, "*.mk");
}

void
detect_environment(const struct tree *t, const char *dir, struct project *p)
{
	static const char *const code[] = {".c", ".cc", ".cpp", ".cxx", ".h", ".py", ".pl", ".pm",
		".t", ".js", ".mjs", ".ts", ".rb", ".go", NULL};
	static const char *const shell[] = {".sh", ".bash", ".ksh", NULL};
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		bool script = str_ends_one(str_of(path), shell) || is_makefile(path);
		bool bare = !strchr(fs_name(path), '.');
		if (!fs_is_below(path, dir) || detect_is_aside(path) ||
			!(script || bare || str_ends_one(str_of(path), code)))
			continue;
		OWN(buf) struct buf text = {0};
		tree_read(t, path, &text);
		if (script || (bare && str_starts(buf_str(&text), "#!")))
			scan_shell(buf_str(&text), path, p);
		if (!script && !bare)
			scan_environment(buf_str(&text), path, p);
	}
}
