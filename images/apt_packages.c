#include "images/apt.h"

#include "images/aptpod.h"

#include <string.h>

#define MAX_LISTING ((size_t)64 << 20)
#define PATHS_AT_ONCE 1000

static const char script[] = "command -v dpkg-query >/dev/null || exit 0\n"
			     "dpkg-query -S -- \"$@\" 2>/dev/null || :\n";

/* A package may have it under its name from before /usr was merged. */
static const char *
unmerged(const char *path)
{
	static const char *const dirs[] = {"/usr/bin/", "/usr/sbin/", "/usr/lib", NULL};
	for (size_t i = 0; dirs[i]; i++)
		if (strncmp(path, dirs[i], strlen(dirs[i])) == 0)
			return path + strlen("/usr");
	return NULL;
}

/* "libc6:amd64, other: /path" lines; those of diversions have no package of ours. */
static void
read_listing(struct str listing, struct map *by_path)
{
	struct str line;
	while (str_next_line(&listing, &line)) {
		const char *colon = memmem(line.p, line.n, ": /", 3);
		if (!colon || str_starts(line, "diversion by "))
			continue;
		struct str name = {line.p, (size_t)(colon - line.p)};
		struct str path = {colon + 2, line.n - name.n - 2};
		size_t end = 0;
		while (end < name.n && name.p[end] != ':' && name.p[end] != ',')
			end++;
		name.n = end;
		OWN_FREE char *key = str_dup(path);
		if (!map_get(by_path, key))
			map_put(by_path, key, str_dup(name));
	}
}

static int
ask(struct pod *pod, const struct strlist *args, struct map *by_path, struct dd_err *err)
{
	OWN(buf) struct buf listing = {.max = MAX_LISTING};
	int rc = aptpod_run(pod, "dpkg-query", script, args, &listing, err);
	if (rc == 0)
		read_listing(buf_str(&listing), by_path);
	return rc;
}

int
apt_packages_of(struct pod *pod, const struct strlist *paths, struct map *ret, struct dd_err *err)
{
	OWN(map) struct map by_path = {.destroy = free};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < paths->n; i += PATHS_AT_ONCE) {
		OWN(strlist) struct strlist args = {0};
		for (size_t k = i; k < paths->n && k < i + PATHS_AT_ONCE; k++) {
			strlist_add(&args, paths->v[k]);
			if (unmerged(paths->v[k]))
				strlist_add(&args, unmerged(paths->v[k]));
		}
		rc = ask(pod, &args, &by_path, err);
	}
	for (size_t i = 0; rc == 0 && i < paths->n; i++) {
		const char *other = unmerged(paths->v[i]);
		const char *name = map_get(&by_path, paths->v[i]);
		if (!name && other)
			name = map_get(&by_path, other);
		if (name && !map_get(ret, paths->v[i]))
			map_put(ret, paths->v[i], mem_strdup(name));
	}
	return rc;
}
