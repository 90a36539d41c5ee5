#include "envprobe/includes.h"

#include "base/fs.h"

#include <string.h>

#define VARIABLE "CPATH" /* that gcc and clang read for every language of theirs, behind -I */

struct search {
	const char *header;
	const struct package_list *installed;
	struct str dir; /* without the slash at its end; of nothing: none */
	size_t depth;
	bool found_anyway;
};

/* "usr/include" and "usr/include/x86_64-linux-gnu" */
static bool
is_default(struct str dir)
{
	static const char base[] = "usr/include";
	if (!str_starts(dir, base))
		return false;
	struct str rest = {dir.p + sizeof(base) - 1, dir.n - (sizeof(base) - 1)};
	return !rest.n || (str_ends(rest, "-linux-gnu") && memrchr(rest.p, '/', rest.n) == rest.p);
}

static bool
consider(void *ctx, const struct pkgindex_row *row)
{
	struct search *s = ctx;
	size_t n = strlen(s->header), depth = 0;
	if (row->path.n <= n + 1 || !str_ends(row->path, s->header) ||
		row->path.p[row->path.n - n - 1] != '/' ||
		!package_list_has(s->installed, row->package))
		return true;
	struct str dir = {row->path.p, row->path.n - n - 1};
	for (size_t i = 0; i < dir.n; i++)
		depth += dir.p[i] == '/';
	s->found_anyway = s->found_anyway || is_default(dir);
	if (!s->dir.n || depth < s->depth) {
		s->dir = dir;
		s->depth = depth;
	}
	return true;
}

char *
includes_find(const struct pkgindex *x, const char *header, const struct package_list *installed)
{
	struct search s = {.header = header, .installed = installed};
	if (!*header)
		return NULL;
	pkgindex_find(x, 'i', fs_name(header), consider, &s);
	return s.dir.n && !s.found_anyway ? mem_printf("/" STR_FMT, STR_ARG(s.dir)) : NULL;
}

struct holder {
	const char *end; /* of its path: a slash and the header */
	const struct map *packages;
	bool found;
};

static bool
look_for_holder(void *ctx, const struct pkgindex_row *row)
{
	struct holder *h = ctx;
	h->found = str_ends(row->path, h->end) && map_get_str(h->packages, row->package);
	return !h->found;
}

bool
includes_has(const struct pkgindex *x, const char *header, const struct map *packages)
{
	OWN_FREE char *end = mem_printf("/%s", header);
	struct holder h = {.end = end, .packages = packages};
	pkgindex_find(x, 'i', fs_name(header), look_for_holder, &h);
	return h.found;
}

/* Is it one of the directories of a path? */
static bool
is_in_path(const char *path, const char *dir)
{
	OWN_FREE char *all = mem_printf(":%s:", path), *one = mem_printf(":%s:", dir);
	return strstr(all, one) != NULL;
}

static bool
add(struct loop *l, const char *dir, const char *why)
{
	struct env_var_list *all = &l->r->environment;
	struct env_var *e = env_var_list_find(all, VARIABLE);
	if (e && (e->question || (e->value && is_in_path(e->value, dir))))
		return false;
	if (!e) {
		e = env_var_list_add(all);
		e->name = mem_strdup(VARIABLE);
	}
	OWN_FREE char *before = TAKE(e->value);
	e->value = before ? mem_printf("%s:%s", before, dir) : mem_strdup(dir);
	free(e->why);
	e->why = mem_printf("headers lie there that the source asks for by another path: %s", why);
	strlist_set_env(&l->env, VARIABLE, e->value);
	strlist_addf(&l->r->options, "include=%s (%s)", dir, why);
	return true;
}

const char *
includes_full_name(const struct need_list *declared, const char *header)
{
	OWN_FREE char *end = mem_printf("/%s", header);
	for (size_t i = 0; i < declared->n; i++)
		if (declared->v[i].kind == NEED_HEADER &&
			str_ends(str_of(declared->v[i].name), end))
			return declared->v[i].name;
	return header;
}

bool
includes_learn(struct loop *l)
{
	bool any = false;
	for (size_t i = 0; i < l->problems.n; i++) {
		const struct problem *p = &l->problems.v[i];
		struct need n;
		if (!problem_to_need(p, &n))
			continue;
		OWN_FREE char *dir =
			n.kind == NEED_HEADER
				? includes_find(l->index,
					  includes_full_name(&l->r->project.needs, n.name),
					  &l->r->packages)
				: NULL;
		any = (dir && add(l, dir, p->text)) || any;
		need_cleanup(&n);
	}
	return any;
}
