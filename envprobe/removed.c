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

bool
removed_find(const struct problem_list *l, struct removed *ret)
{
	for (size_t i = 0; i < l->n; i++) {
		struct removed r = {.problem = &l->v[i]};
		if (l->v[i].kind == PROBLEM_REMOVED && is_known(l->v[i].name, &r)) {
			*ret = r;
			return true;
		}
	}
	return false;
}
