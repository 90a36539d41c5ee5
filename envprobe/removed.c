#include "envprobe/removed.h"

#include "envprobe/data.h"

#include <fnmatch.h>
#include <string.h>

static bool
is_known(const char *name, struct removed *ret)
{
	struct str rest = data_removed(), f[4];
	while (data_next(&rest, f, 4)) {
		OWN_FREE char *pattern = str_dup(f[3]);
		if (fnmatch(pattern, name, 0) != 0)
			continue;
		ret->toolchain = f[0];
		ret->package = f[1];
		ret->since = f[2];
		return true;
	}
	return false;
}

/* Is it of a compiler of byte code, behind which the build went on? */
static bool
is_passed(const struct problem_list *l, const struct removed *r)
{
	for (size_t i = 0; str_eq(r->toolchain, "Python") && i < l->n; i++) {
		const struct problem *p = &l->v[i];
		if (p->line > r->problem->line &&
			(p->kind < PROBLEM_ENV || p->kind == PROBLEM_COMPILE))
			return true;
	}
	return false;
}

bool
removed_find(const struct problem_list *l, struct removed *ret)
{
	for (size_t i = 0; i < l->n; i++) {
		struct removed r = {.problem = &l->v[i]};
		if (l->v[i].kind == PROBLEM_REMOVED && is_known(l->v[i].name, &r) &&
			!is_passed(l, &r)) {
			*ret = r;
			return true;
		}
	}
	return false;
}
