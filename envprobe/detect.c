#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/envprobe.h"
#include "envprobe/own.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

/*
 * Most telling first: a tree that has a meson.build and a Makefile has the Makefile for other
 * reasons. What else is there is listed in project.others.
 */
static const struct detector *const detectors[] = {&detect_meson, &detect_cmake, &detect_autotools,
	&detect_perl, &detect_python, &detect_phpize, &detect_php, &detect_rust, &detect_ant,
	&detect_maven, &detect_node, &detect_go, &detect_ruby, &detect_scons, &detect_waf,
	&detect_dune, &detect_qmake, &detect_imake, &detect_make, &detect_opam, &detect_luarocks,
	&detect_go_sources, &detect_php_pages, NULL};

/* For a tree in which none of these finds anything but in documentation and examples. */
static const struct detector *const of_sources[] = {&detect_java_sources, &detect_c_sources,
	&detect_python_sources, &detect_perl_sources, NULL};
#define MAX_CANDIDATES 20
#define MAX_DIRS 2000
#define MAX_NEEDS 3000
#define MAX_NAMES 8 /* of one program */

void
detect_command(struct project *p, enum command_phase phase, const char *why, const char *run, ...)
{
	struct command *c = command_list_add(&p->commands);
	va_list ap;
	va_start(ap, run);
	c->run = mem_vprintf(run, ap);
	va_end(ap);
	c->phase = phase;
	c->why = why ? mem_strdup(why) : NULL;
	c->dir = p->dir ? mem_strdup(p->dir) : NULL;
}

void
detect_test(struct project *p, enum test_format format, const char *results, const char *why,
	const char *run)
{
	detect_command(p, PHASE_TEST, why, "%s", run);
	struct command *c = &p->commands.v[p->commands.n - 1];
	c->format = format;
	c->results = results ? mem_strdup(results) : NULL;
	c->level = LEVEL_UNIT;
}

static bool
is_pruned(struct str below, const char *const *patterns)
{
	struct str part;
	while (str_next(&below, '/', &part)) {
		OWN_FREE char *name = str_dup(part);
		for (size_t i = 0; patterns[i]; i++)
			if (fnmatch(patterns[i], name, FNM_CASEFOLD) == 0)
				return true;
	}
	return false;
}

void
detect_is_check(struct project *p, const struct tree *t, const char *dir,
	const char *const *endings, const char *const *pruned)
{
	const size_t skip = *dir ? strlen(dir) + 1 : 0;
	p->commands.v[p->commands.n - 1].sources = SOURCES_CHECKED;
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		p->checked += fs_is_below(path, dir) && str_ends_one(str_of(path), endings) &&
			      !is_pruned(str_of(path + skip), pruned);
	}
}

/* What nobody sees: no project has so many, and each is looked for among all others. */
static struct need *
beyond(struct project *p)
{
	static const char told[] = "needs=the first of them: more are declared than are looked at";
	static struct need last;
	if (!strlist_has(&p->options, told))
		strlist_add(&p->options, told);
	need_cleanup(&last);
	last = (struct need){0};
	return &last;
}

bool
detect_is_of_developers(const char *program)
{
	static const char *const names[] = {"astyle", "bundle", "ccache", "clang-format",
		"clang-tidy", "codespell", "cppcheck", "distcc", "flawfinder", "gcovr", "genhtml",
		"include-what-you-use", "iwyu", "lcov", "sccache", "scan-build", "splint",
		"uncrustify", "valgrind", NULL};
	return str_is_one(str_of(program), names);
}

void
detect_drop_needs(struct project *p, bool (*drop)(void *ctx, const struct need *n), void *ctx)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->needs.n; i++)
		if (drop(ctx, &p->needs.v[i]))
			need_cleanup(&p->needs.v[i]);
		else
			p->needs.v[kept++] = p->needs.v[i];
	p->needs.n = kept;
}

struct need *
detect_need(struct project *p, enum need_kind kind, const char *name, enum need_scope scope,
	bool optional, const char *why)
{
	for (size_t i = 0; i < p->needs.n; i++) {
		struct need *n = &p->needs.v[i];
		if (n->kind == kind && strcmp(n->name, name) == 0) {
			n->optional = n->optional && optional;
			return n;
		}
	}
	static struct need unwanted;
	if (kind == NEED_PROGRAM && optional && detect_is_of_developers(name)) {
		need_cleanup(&unwanted);
		unwanted = (struct need){0};
		return &unwanted;
	}
	struct need *n = p->needs.n < MAX_NEEDS ? need_list_add(&p->needs) : beyond(p);
	n->kind = kind;
	n->name = mem_strdup(name);
	n->scope = scope;
	n->optional = optional;
	n->source = NEED_DECLARED;
	n->why = mem_strdup(why);
	return n;
}

void
detect_either(struct project *p, const struct strlist *words, bool optional, const char *why)
{
	OWN(buf) struct buf names = {0};
	for (size_t i = 0; i < words->n && i < MAX_NAMES; i++)
		if (detect_is_plain(words->v[i], "_.+-"))
			buf_printf(&names, "%s%s", names.n ? " " : "", words->v[i]);
	if (names.n)
		detect_need(p, NEED_PROGRAM, names.p, SCOPE_BUILD, optional, why);
}

void
detect_program(struct project *p, const char *name, struct str version, const char *why)
{
	struct need *n = detect_need(p, NEED_PROGRAM, name, SCOPE_BUILD, false, why);
	if (n->version || !version.n)
		return;
	n->version = str_dup(version);
	free(n->why); /* which is where the version stands */
	n->why = mem_strdup(why);
}

bool
detect_is_plain(const char *name, const char *also)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(also, *p))
			return false;
	return *name && *name != '/' && *name != '-';
}

/* Directories of some levels below the root, nearest first. */
static void
candidate_dirs(const struct tree *t, int from, int to, struct strlist *ret)
{
	for (int depth = from; depth <= to; depth++)
		for (size_t i = 0; i < t->files.n && ret->n < MAX_DIRS; i++) {
			const char *path = t->files.v[i], *p = path;
			int slashes = 0;
			while ((p = strchr(p, '/')) && ++slashes < depth)
				p++;
			if (!p || slashes != depth)
				continue;
			OWN_FREE char *dir = mem_strndup(path, (size_t)(p - path));
			strlist_add_new(ret, dir);
		}
}

struct candidate {
	const struct detector *d;
	const char *dir;
	char *file; /* that shows it */
};
struct candidate_list {
	struct candidate v[MAX_CANDIDATES];
	size_t n;
};

/* "make"; in a directory of the tree "make:client". */
static char *
candidate_name(const struct candidate *c)
{
	const char *system = build_system_names[c->d->system];
	return *c->dir ? mem_printf("%s:%s", system, c->dir) : mem_strdup(system);
}

static int
depth_of(const char *dir)
{
	int depth = *dir != '\0';
	for (; *dir; dir++)
		depth += *dir == '/';
	return depth;
}

static bool
is_aside_directory(const char *dir)
{
	OWN_FREE char *path = mem_printf("%s/", dir);
	return *dir && detect_is_aside(path);
}

static void
add_candidates(const struct tree *t, const struct detector *const *from, const char *dir, bool all,
	struct candidate_list *l)
{
	for (size_t i = 0; from[i] && l->n < MAX_CANDIDATES; i++) {
		char *file = from[i]->find(t, dir);
		if (!file)
			continue;
		l->v[l->n++] = (struct candidate){from[i], dir, file};
		if (!all)
			return;
	}
}

static void
find_among(const struct tree *t, const struct detector *const *from, const struct strlist *dirs,
	bool aside, struct candidate_list *l)
{
	for (size_t i = 0; i < dirs->n; i++) {
		const char *dir = dirs->v[i];
		if (is_aside_directory(dir) != aside)
			continue;
		if (l->n && depth_of(dir) > depth_of(l->v[0].dir))
			return;
		add_candidates(t, from, dir, l->n == 0, l);
	}
}

/*
 * All systems of the nearest directory that has one, and the best of each directory that is as near: what lies
 * below is part of them.  Sources without any, and then documentation and examples, only where there is nothing else.
 */
static void
find_candidates(const struct tree *t, const struct strlist *dirs, struct candidate_list *l)
{
	find_among(t, detectors, dirs, false, l);
	if (!l->n)
		find_among(t, of_sources, dirs, false, l);
	if (!l->n)
		find_among(t, detectors, dirs, true, l);
}

static void
use_candidate(const struct tree *t, struct candidate *c, struct project *p)
{
	p->system = c->d->system;
	p->evidence = TAKE(c->file);
	p->dir = *c->dir ? mem_strdup(c->dir) : NULL;
	c->d->read(t, c->dir, p);
}

/* The one that is wanted by name, else the first. */
static size_t
find_wanted(const struct candidate_list *l, const char *wanted)
{
	for (size_t i = 0; wanted && i < l->n; i++) {
		OWN_FREE char *name = candidate_name(&l->v[i]);
		if (strcmp(name, wanted) == 0)
			return i;
	}
	return 0;
}

void
detect_project(const struct tree *t, const char *wanted, struct project *ret)
{
	OWN(strlist) struct strlist dirs = {0}, deep = {0};
	struct candidate_list l = {.n = 0};
	strlist_add(&dirs, "");
	candidate_dirs(t, 1, 2, &dirs);
	*ret = (struct project){0};
	find_candidates(t, &dirs, &l);
	if (!l.n) { /* deep below, where it may be one of many parts of which the others are not here */
		candidate_dirs(t, 3, 5, &deep);
		find_among(t, detectors, &deep, false, &l);
	}
	size_t chosen = find_wanted(&l, wanted);
	for (size_t i = 0; i < l.n; i++) {
		OWN_FREE char *name = candidate_name(&l.v[i]);
		strlist_add(&ret->choices, name);
		if (i != chosen)
			strlist_addf(&ret->others, "%s: %s", name, l.v[i].file);
	}
	if (l.n)
		use_candidate(t, &l.v[chosen], ret);
	else
		ret->system = SYSTEM_NONE;
	for (size_t i = 0; i < l.n; i++)
		free(l.v[i].file);
	detect_environment(t, ret->dir ? ret->dir : "", ret);
	own_find(t, ret);
	detect_absent(t, ret);
	detect_switches(t, ret);
	detect_given(t, ret);
	if (l.n && !command_list_has(&ret->commands, PHASE_TEST))
		detect_scripts(t, ret);
}

int
probe_detect_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	struct tree t;
	if (tree_open(argc > 1 ? argv[1] : "/src", &t, &err) < 0) {
		fprintf(stderr, "detect: %s\n", err_msg(&err));
		return 1;
	}
	struct project p;
	detect_project(&t, argc > 2 ? argv[2] : NULL, &p);
	OWN_JSON json_t *j = json_encode(project_fields, &p);
	int rc = json_give(j, &err);
	project_cleanup(&p);
	tree_cleanup(&t);
	return rc < 0 ? 1 : 0;
}
