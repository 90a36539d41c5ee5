#include "envprobe/cmake_options.h"

#include "base/fs.h"
#include "envprobe/detect.h"

#include <string.h>
#include <strings.h>

static char known;

/* ---- conditions ---- */

static bool
is_off(const struct cmake_options *o, const char *name)
{
	return map_get(&o->off, name) && !map_get(&o->set, name);
}

/* if(A AND B): does one that is off keep it from holding? */
static bool
cannot_hold(const struct cmake_options *o, const struct scan_call *c)
{
	bool any = false;
	for (size_t i = 0; i < c->args.n; i++) {
		if (i % 2 && strcmp(c->args.v[i], "AND") != 0)
			return false;
		any = any || (i % 2 == 0 && is_off(o, c->args.v[i]));
	}
	return any;
}

/* if(NOT A), and A is off */
static bool
holds(const struct cmake_options *o, const struct scan_call *c)
{
	return c->args.n == 2 && strcmp(c->args.v[0], "NOT") == 0 && is_off(o, c->args.v[1]);
}

static void
begin(struct cmake_place *at, const struct cmake_options *o, const struct scan_call *c)
{
	at->depth++;
	if (!at->dead && cannot_hold(o, c))
		at->dead = at->depth;
	else if (!at->dead && holds(o, c))
		at->sure = at->depth;
}

/* else() and elseif() */
static void
change(struct cmake_place *at, const struct cmake_options *o, const struct scan_call *c)
{
	bool was_sure = at->sure && at->sure == at->depth;
	if (at->dead && at->dead < at->depth)
		return;
	at->dead =
		was_sure || (strcmp(c->name, "elseif") == 0 && cannot_hold(o, c)) ? at->depth : 0;
}

static void
end(struct cmake_place *at)
{
	at->dead = at->dead == at->depth ? 0 : at->dead;
	at->sure = at->sure == at->depth ? 0 : at->sure;
	at->depth -= at->depth > 0;
}

bool
cmake_place_is_live(
	struct cmake_place *at, const struct cmake_options *o, const struct scan_call *c)
{
	static const char *const bodies[] = {"function", "macro", NULL};
	static const char *const ends[] = {"endfunction", "endmacro", NULL};
	struct str name = str_of(c->name);
	if (str_eq(name, "if"))
		begin(at, o, c);
	else if (str_eq(name, "else") || str_eq(name, "elseif"))
		change(at, o, c);
	else if (str_eq(name, "endif"))
		end(at);
	else if (str_is_one(name, bodies))
		at->functions++;
	else if (str_is_one(name, ends))
		at->functions -= at->functions > 0;
	else if (str_eq(name, "return") && !at->dead && !at->functions)
		at->ended = at->ended || !at->depth || (at->depth == 1 && at->sure == 1);
	return !at->ended && !at->dead;
}

/* ---- a tree ---- */

typedef void call_reader(
	struct cmake_options *o, const struct scan_call *c, const char *path, bool live);

static void
each_call(const struct tree *t, const char *dir, struct cmake_options *o, call_reader *read)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		bool lists = tree_name_is(path, "CMakeLists.txt");
		if (!fs_is_below(path, dir) || !(lists || tree_name_is(path, "*.cmake")))
			continue;
		tree_read(t, path, &text);
		struct scan s = {.text = buf_str(&text), .language = SCAN_CMAKE};
		OWN(scan_call) struct scan_call c = {0};
		struct cmake_place at = {0};
		while (scan_next_call(&s, &c)) {
			bool live = cmake_place_is_live(&at, o, &c);
			if (c.args.n)
				read(o, &c, path, live);
		}
	}
}

/* option(NAME "what for" [OFF]); what something sets beside may be on. */
static void
read_option(struct cmake_options *o, const struct scan_call *c, const char *path, bool live)
{
	static const char *const off[] = {"OFF", "NO", "FALSE", "0", "N", NULL};
	const char *name = c->args.v[0], *value = c->args.n > 2 ? c->args.v[2] : "OFF";
	bool is_off = false;
	(void)path;
	(void)live;
	for (size_t i = 0; off[i]; i++)
		is_off = is_off || strcasecmp(value, off[i]) == 0;
	if (strcmp(c->name, "option") == 0 && is_off)
		map_put(detect_about_tests(name) == ABOUT_NONE ? &o->off : &o->set, name, &known);
	else if (strcmp(c->name, "option") == 0 || strcmp(c->name, "set") == 0 ||
		 strcmp(c->name, "cmake_dependent_option") == 0)
		map_put(&o->set, name, &known);
}

/* The directory, with its slash, that a file adds by that name, heap; NULL: it stands in a variable. */
static char *
directory_added(const struct cmake_options *o, const char *path, const char *name)
{
	static const char *const own[] = {
		"${CMAKE_CURRENT_SOURCE_DIR}/", "${CMAKE_CURRENT_LIST_DIR}/", "./"};
	static const char *const top[] = {"${CMAKE_SOURCE_DIR}/", "${PROJECT_SOURCE_DIR}/"};
	size_t n = strlen(path) - strlen(fs_name(path));
	OWN_FREE char *from = mem_strndup(path, n);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		name += str_starts(str_of(name), own[i]) ? strlen(own[i]) : 0;
	for (size_t i = 0; i < sizeof(top) / sizeof(*top); i++)
		if (str_starts(str_of(name), top[i])) {
			name += strlen(top[i]);
			free(from);
			from = mem_printf("%s%s", o->dir, *o->dir ? "/" : "");
		}
	size_t used = strlen(name);
	while (used && name[used - 1] == '/')
		used--;
	return strchr(name, '$') || strstr(name, "..")
		       ? NULL
		       : mem_printf("%s%.*s/", from, (int)used, name);
}

static void
read_directory(struct cmake_options *o, const struct scan_call *c, const char *path, bool live)
{
	if (strcmp(c->name, "add_subdirectory") != 0)
		return;
	OWN_FREE char *dir = directory_added(o, path, c->args.v[0]);
	if (dir)
		map_put(live ? &o->added : &o->spared, dir, &known);
	o->unclear = o->unclear || (live && !dir);
}

void
cmake_options_read(const struct tree *t, const char *dir, struct cmake_options *ret)
{
	ret->dir = dir;
	each_call(t, dir, ret, read_option);
	if (map_count(&ret->off))
		each_call(t, dir, ret, read_directory);
}

void
cmake_options_cleanup(struct cmake_options *o)
{
	map_cleanup(&o->off);
	map_cleanup(&o->set);
	map_cleanup(&o->added);
	map_cleanup(&o->spared);
}

bool
cmake_options_leave_out(const struct cmake_options *o, const char *path)
{
	if (o->unclear)
		return false;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct str dir = {path, (size_t)(slash + 1 - path)};
		if (map_get_str(&o->spared, dir) && !map_get_str(&o->added, dir))
			return true;
	}
	return false;
}
