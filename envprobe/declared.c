/* From what a source declares to the packages of the first attempt. */
#include "envprobe/includes.h"
#include "envprobe/resolve.h"

#define WELL_KNOWN 20 /* packages depend on what is meant by its name alone */

static char chosen;

/* Packages of what is named otherwise than by a header, which says less. */
static void
choose(const struct loop *l, struct map *ret)
{
	const struct need_list *needs = &l->r->project.needs;
	for (size_t i = 0; i < needs->n; i++) {
		if (needs->v[i].kind == NEED_HEADER)
			continue;
		struct resolution r = resolve_need(l->index, &needs->v[i]);
		if (r.package)
			map_put(ret, r.package, &chosen);
		resolution_cleanup(&r);
	}
}

/*
 * <proxy.h> may be of the library that pkg-config is asked for, which tells its directory, and not of the one that has its name.
 * What few others use is not wanted then; if it is needed all the same, a compiler says so.
 */
static bool
is_of_chosen(const struct loop *l, const struct need *n, const struct map *packages)
{
	if (n->kind != NEED_HEADER)
		return false;
	struct resolution r = resolve_need(l->index, n);
	bool other = r.package && !map_get(packages, r.package) &&
		     pkgindex_popularity(l->index, str_of(r.package)) < WELL_KNOWN &&
		     includes_has(l->index, n->name, packages);
	resolution_cleanup(&r);
	return other;
}

void
loop_want_declared(struct loop *l)
{
	const struct need_list *needs = &l->r->project.needs;
	OWN(map) struct map packages = {0};
	choose(l, &packages);
	/* What is required first, so that its citation stands for the package. */
	for (int optional = 0; optional <= 1; optional++)
		for (size_t i = 0; i < needs->n; i++)
			if (needs->v[i].optional == (optional != 0) &&
				!is_of_chosen(l, &needs->v[i], &packages))
				(void)loop_want(l, &needs->v[i]);
}
