/* OCaml with dune: libraries are named as findlib knows them, and packaged as "lib" NAME "-ocaml-dev". */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "base/map.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static char *
find(const struct tree *t, const char *dir)
{
	return tree_file(t, dir, "dune-project");
}

/* What comes with the compiler, or is a name for what it has by now. */
static bool
is_of_compiler(const char *library)
{
	static const char *const names[] = {"unix", "str", "threads", "dynlink", "bigarray",
		"stdlib", "bytes", "seq", "uchar", "ocamldoc", "compiler-libs", "runtime_events",
		"findlib", NULL};
	return str_is_one(str_of(library), names);
}

struct dune {
	const struct tree *t;
	const char *dir;
	struct project *p;
	struct map own; /* libraries of the tree */
	const char *test;
	bool installs; /* it has something that is of a package */
	bool ounit;    /* tests use it, which can write JUnit XML */
};

static bool
is_dune_file(const struct dune *d, const char *path)
{
	return fs_is_below(path, d->dir) && tree_name_is(path, "dune") && !detect_is_aside(path);
}

/* The next word or parenthesis of an S-expression; false at the end. */
static bool
next_token(struct str *rest, struct str *ret)
{
	while (rest->n && (isspace((unsigned char)rest->p[0]) || rest->p[0] == ';')) {
		const char *nl = rest->p[0] == ';' ? memchr(rest->p, '\n', rest->n) : rest->p;
		size_t skip = nl ? (size_t)(nl - rest->p) + 1 : rest->n;
		*rest = (struct str){rest->p + skip, rest->n - skip};
	}
	if (!rest->n)
		return false;
	size_t n = 1;
	while (!strchr("()", rest->p[0]) && n < rest->n && !isspace((unsigned char)rest->p[n]) &&
		!strchr("();", rest->p[n]))
		n++;
	*ret = (struct str){rest->p, n};
	*rest = (struct str){rest->p + n, rest->n - n};
	return true;
}

/* Each word of the lists that begin with one of the names, at any depth. */
static void
each_word(struct dune *d, const char *path, const char *const *lists,
	void (*take)(struct dune *d, struct str word, const char *why, bool test))
{
	OWN(buf) struct buf text = {0};
	tree_read(d->t, path, &text);
	struct str rest = buf_str(&text), token, before = {"", 0}, told = {text.p, 0};
	unsigned line = 1;	   /* in which what is told ends */
	int depth = 0, within = 0; /* depth of the list that is wanted */
	bool test = false;
	while (next_token(&rest, &token)) {
		bool head = str_eq(before, "(");
		depth += str_eq(token, "(") ? 1 : str_eq(token, ")") ? -1 : 0;
		within = depth < within ? 0 : within;
		if (head && depth == 1)
			test = str_eq(token, "test") || str_eq(token, "tests");
		if (head && !within) {
			for (size_t i = 0; lists[i] && !within; i++)
				within = str_eq(token, lists[i]) ? depth : 0;
		} else if (within == depth && !strchr("()", token.p[0])) {
			told.n = (size_t)(token.p - told.p);
			line += scan_line_of(told, told.n) - 1;
			told.p = token.p;
			OWN_FREE char *why = scan_cite(path, line);
			take(d, token, why, test);
		}
		before = token;
	}
}

static char mine;

static void
note_own(struct dune *d, struct str word, const char *why, bool test)
{
	OWN_FREE char *name = str_dup(word);
	name[strcspn(name, ".")] = '\0';
	(void)why;
	(void)test;
	map_put(&d->own, name, &mine);
}

void
detect_ocaml_library(struct project *p, struct str library, const char *why, bool test)
{
	OWN_FREE char *name = str_dup(library);
	name[strcspn(name, ".")] = '\0';
	if (!isalpha((unsigned char)*name) || is_of_compiler(name))
		return;
	for (char *c = name; *c; c++)
		*c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
	OWN_FREE char *package = mem_printf("lib%s-ocaml-dev", name);
	detect_need(p, NEED_PACKAGE, package, test ? SCOPE_TEST : SCOPE_BUILD, true, why);
}

static void
note_library(struct dune *d, struct str word, const char *why, bool test)
{
	OWN_FREE char *name = str_dup(word);
	name[strcspn(name, ".")] = '\0';
	if (map_get(&d->own, name))
		return;
	d->ounit = d->ounit || (test && strncasecmp(name, "ounit", 5) == 0);
	detect_ocaml_library(d->p, word, why, test);
}

static bool
has_any(struct str text, const char *const *marks)
{
	for (size_t i = 0; marks[i]; i++)
		if (text.n && memmem(text.p, text.n, marks[i], strlen(marks[i])))
			return true;
	return false;
}

static void
note_targets(struct dune *d, const char *path)
{
	OWN(buf) struct buf text = {0};
	static const char *const tests[] = {"(test", "runtest", "(inline_tests", "(cram", NULL};
	static const char *const installed[] = {"(public_name", "(install", NULL};
	tree_read(d->t, path, &text);
	if (!d->test && has_any(buf_str(&text), tests))
		d->test = path;
	d->installs = d->installs || has_any(buf_str(&text), installed);
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	static const char *const names[] = {"name", "names", "public_name", "public_names", NULL};
	static const char *const libraries[] = {"libraries", "pps", NULL};
	struct dune d = {.t = t, .dir = dir, .p = p};
	detect_need(p, NEED_PROGRAM, "dune", SCOPE_BUILD, false, p->evidence);
	detect_need(p, NEED_PROGRAM, "ocamlfind", SCOPE_BUILD, true, p->evidence);
	detect_need(p, NEED_PROGRAM, "ocamlc", SCOPE_BUILD, false, p->evidence);
	for (size_t i = 0; i < t->files.n; i++)
		if (is_dune_file(&d, t->files.v[i])) {
			each_word(&d, t->files.v[i], names, note_own);
			note_targets(&d, t->files.v[i]);
		}
	for (size_t i = 0; i < t->files.n; i++)
		if (is_dune_file(&d, t->files.v[i]))
			each_word(&d, t->files.v[i], libraries, note_library);
	detect_compilers(t, dir, p);
	detect_includes(t, dir, p);
	/* Where nothing is installed, that would make nothing, and succeed. */
	detect_command(
		p, PHASE_BUILD, p->evidence, "dune build%s -j 2", d.installs ? " @install" : "");
	if (d.test && d.ounit) /* each program a file, by the name of its suite */
		detect_test(p, FORMAT_JUNIT, "drydock-*.xml", d.test,
			"OUNIT_OUTPUT_JUNIT_FILE=\"$PWD\"'/drydock-$(suite_name).xml' dune runtest -j 2");
	else if (d.test)
		detect_test(p, FORMAT_AUTO, NULL, d.test, "dune runtest -j 2");
	map_cleanup(&d.own);
}

const struct detector detect_dune = {SYSTEM_DUNE, find, read_project};
