#include "envprobe/detect.h"

#include "envprobe/envprobe.h"
#include "envprobe/scan.h"

#include <string.h>

/*
 * Most telling first: a tree that has a meson.build and a Makefile has the Makefile for other
 * reasons. What else is there is listed in project.others.
 */
static const struct detector *const detectors[] = {&detect_meson, &detect_cmake, &detect_autotools,
	&detect_perl, &detect_python, &detect_node, &detect_make};
#define N_DETECTORS (sizeof(detectors) / sizeof(*detectors))

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
detect_test(struct project *p, const char *format, const char *results, const char *why,
	const char *run)
{
	detect_command(p, PHASE_TEST, why, "%s", run);
	struct command *c = &p->commands.v[p->commands.n - 1];
	c->format = mem_strdup(format);
	c->results = results ? mem_strdup(results) : NULL;
	c->level = LEVEL_UNIT;
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
	struct need *n = need_list_add(&p->needs);
	n->kind = kind;
	n->name = mem_strdup(name);
	n->scope = scope;
	n->optional = optional;
	n->source = mem_strdup("declared");
	n->why = mem_strdup(why);
	return n;
}

static bool
is_shallow(const char *path)
{
	size_t slashes = 0;
	for (; *path; path++)
		slashes += *path == '/';
	return slashes <= 2;
}

/* Directories to look in: the root, then those at most two levels down, nearest first. */
static void
candidate_dirs(const struct tree *t, struct strlist *ret)
{
	strlist_add(ret, "");
	for (int depth = 1; depth <= 2; depth++)
		for (size_t i = 0; i < t->files.n; i++) {
			const char *path = t->files.v[i];
			if (!is_shallow(path))
				continue;
			const char *p = path;
			int slashes = 0;
			while ((p = strchr(p, '/')) && ++slashes < depth)
				p++;
			if (!p || slashes != depth)
				continue;
			OWN_FREE char *dir = mem_strndup(path, (size_t)(p - path));
			strlist_add_new(ret, dir);
		}
}

static bool
choose(const struct tree *t, const char *dir, struct project *p)
{
	bool found = false;
	for (size_t i = 0; i < N_DETECTORS; i++) {
		const struct detector *d = detectors[i];
		OWN_FREE char *file = d->find(t, dir);
		if (!file)
			continue;
		if (found) {
			strlist_addf(&p->others, "%s: %s", d->system, file);
			continue;
		}
		found = true;
		p->system = mem_strdup(d->system);
		p->evidence = TAKE(file);
		p->dir = *dir ? mem_strdup(dir) : NULL;
		d->read(t, dir, p);
	}
	return found;
}

void
detect_project(const struct tree *t, struct project *ret)
{
	OWN(strlist) struct strlist dirs = {0};
	candidate_dirs(t, &dirs);
	*ret = (struct project){0};
	for (size_t i = 0; i < dirs.n; i++)
		if (choose(t, dirs.v[i], ret))
			break;
	if (!ret->system)
		ret->system = mem_strdup("none");
	detect_environment(t, ret->dir ? ret->dir : "", ret);
	detect_absent(t, ret);
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
	detect_project(&t, &p);
	OWN_JSON json_t *j = json_encode(project_fields, &p);
	OWN(buf) struct buf out = {0};
	json_print(j, 0, &out);
	printf("%s\n", out.p);
	project_cleanup(&p);
	tree_cleanup(&t);
	return fflush(stdout) == 0 ? 0 : 1;
}
