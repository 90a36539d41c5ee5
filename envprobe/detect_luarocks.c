/*
 * LuaRocks: files NAME-VERSION-REVISION.rockspec, each of which says how a module is built.  Only what lies in the
 * tree is built, and nothing is fetched.
 */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"

#include <string.h>

#define ENDING ".rockspec"
#define ROCKS "drydock-rocks"

static bool
is_rockspec(const char *dir, const char *path)
{
	return detect_is_here(dir, path) && str_ends(str_of(path), ENDING) &&
	       detect_is_plain(fs_name(path), "_-.+");
}

static char *
find(const struct tree *t, const char *dir)
{
	for (size_t i = 0; i < t->files.n; i++)
		if (is_rockspec(dir, t->files.v[i]))
			return mem_strdup(t->files.v[i]);
	return NULL;
}

/* "moon" of moon-1.2-1.rockspec: without version and revision; heap. */
static char *
rock_of(const char *name)
{
	struct str s = {name, strlen(name) - strlen(ENDING)};
	for (int k = 0; k < 2; k++) {
		const char *dash = s.n ? memrchr(s.p, '-', s.n) : NULL;
		if (dash)
			s.n = (size_t)(dash - s.p);
	}
	return str_dup(s);
}

static bool
is_of_repository(const char *name)
{
	return strstr(name, "-scm-") || strstr(name, "-dev-") || strstr(name, "-git-");
}

/* Is the other one of the same module the one to build: that of the repository, else the newest by its name? */
static bool
is_better(const char *other, const char *name)
{
	bool a = is_of_repository(other), b = is_of_repository(name);
	return a != b ? a : strverscmp(other, name) > 0;
}

static bool
is_chosen(const struct tree *t, const char *dir, const char *path)
{
	OWN_FREE char *rock = rock_of(fs_name(path));
	for (size_t i = 0; i < t->files.n; i++) {
		if (!is_rockspec(dir, t->files.v[i]))
			continue;
		OWN_FREE char *other = rock_of(fs_name(t->files.v[i]));
		if (strcmp(other, rock) == 0 && is_better(fs_name(t->files.v[i]), fs_name(path)))
			return false;
	}
	return true;
}

static bool
has_specs(const struct tree *t, const char *dir)
{
	OWN_FREE char *specs = tree_join(dir, "spec"), *busted = tree_file(t, dir, ".busted");
	for (size_t i = 0; i < t->files.n; i++)
		if (fs_is_below(t->files.v[i], specs) && tree_name_is(t->files.v[i], "*_spec.lua"))
			return true;
	return busted != NULL;
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	detect_need(p, NEED_PROGRAM, "luarocks", SCOPE_BUILD, false, p->evidence);
	detect_compilers(t, dir, p);
	detect_includes(t, dir, p);
	for (size_t i = 0; i < t->files.n; i++)
		if (is_rockspec(dir, t->files.v[i]) && is_chosen(t, dir, t->files.v[i]))
			detect_command(p, PHASE_BUILD, t->files.v[i],
				"luarocks make --tree " ROCKS " --deps-mode none %s",
				fs_name(t->files.v[i]));
	if (!has_specs(t, dir))
		return;
	detect_need(p, NEED_PROGRAM, "busted", SCOPE_TEST, false, p->evidence);
	detect_test(p, FORMAT_TAP, NULL, p->evidence,
		"eval \"$(luarocks path --tree " ROCKS ")\" && busted --output TAP");
}

const struct detector detect_luarocks = {SYSTEM_LUAROCKS, find, read_project};
