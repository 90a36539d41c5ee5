#include "envprobe/lookups.h"

#include "base/fs.h"
#include "envprobe/detect.h"
#include "envprobe/envprobe.h"
#include "envprobe/resolve.h"

#include <string.h>

#define LOCALES "locales-all" /* has every locale, made */

static char yes;

struct collect {
	struct map found;   /* class and name that was satisfied somewhere */
	struct map missing; /* class and name -> example path, owned */
};

/* The name behind a directory that a search path names, such as the include directories. */
static const char *
behind(const char *path, const char *part)
{
	const char *at = strstr(path, part);
	return at ? at + strlen(part) : NULL;
}

/* .../perl5/XML/Parser.pm, .../perl-base/strict.pm and .../perl/5.36.0/Carp.pm */
static const char *
perl_module(const char *path)
{
	const char *rest = behind(path, "/perl5/");
	rest = rest ? rest : behind(path, "/perl-base/");
	if (rest)
		return rest;
	rest = behind(path, "/perl/5.");
	rest = rest ? strchr(rest, '/') : NULL;
	return rest ? rest + 1 : NULL;
}

/* Shells and scripts look for a program with stat(2) before they run it. */
static bool
is_in_path(const char *path)
{
	static const char *const dirs[] = {"/usr/bin", "/bin", "/usr/sbin", "/sbin", NULL};
	size_t n = (size_t)(fs_name(path) - path);
	for (size_t i = 0; dirs[i]; i++)
		if (n == strlen(dirs[i]) + 1 && strncmp(path, dirs[i], n - 1) == 0)
			return true;
	return false;
}

/* "de_DE.UTF-8" of the files of a locale; those that every C library has are none. */
static char *
locale_of(const char *path)
{
	static const char dir[] = "/usr/lib/locale/";
	if (strncmp(path, dir, sizeof(dir) - 1) != 0)
		return NULL;
	const char *name = path + sizeof(dir) - 1;
	size_t n = strcspn(name, "/");
	bool own = strncmp(name, "C.", 2) == 0 || strncmp(name, "POSIX", 5) == 0;
	return name[n] && n > 2 && !own ? mem_strndup(name, n) : NULL;
}

/* "h:zlib.h", "b:bison", "s:bison" (only looked for), "l:z", "p:glib-2.0", "m:XML/Parser.pm", "o:de_DE.UTF-8" (a locale); NULL: no name of
 * interest. */
static char *
classify(const struct trace_path *p)
{
	const char *name = fs_name(p->path), *rest;
	struct str s = str_of(name);
	if (fs_is_below(p->path, WORK_DIR) || fs_is_below(p->path, "/tmp") ||
		fs_is_below(p->path, POD_HOME))
		return NULL;
	OWN_FREE char *locale = locale_of(p->path);
	if (locale)
		return mem_printf("o:%s", locale);
	if (p->executed)
		return mem_printf("b:%s", name);
	if (is_in_path(p->path))
		return mem_printf("s:%s", name);
	if (str_ends(s, ".pc"))
		return mem_printf("p:%.*s", (int)(s.n - 3), name);
	if (str_starts(s, "lib") && (str_ends(s, ".so") || str_ends(s, ".a")))
		return mem_printf("l:%.*s", (int)(strrchr(name, '.') - name - 3), name + 3);
	if (str_ends(s, ".h") && (rest = behind(p->path, "/include/"))) {
		const char *arch = strstr(rest, "-linux-gnu/");
		return mem_printf("h:%s", arch ? arch + 11 : rest);
	}
	if (str_ends(s, ".pm") && (rest = perl_module(p->path)))
		return mem_printf("m:%s", rest);
	return NULL;
}

static bool
collect_path(void *ctx, const struct trace_path *p)
{
	struct collect *c = ctx;
	OWN_FREE char *key = classify(p);
	if (!key)
		return true;
	if (p->found)
		map_put(&c->found, key, &yes);
	else if (!map_get(&c->missing, key))
		map_put(&c->missing, key,
			mem_printf("%s looked for %s",
				*p->program ? fs_name(p->program) : "a program", p->path));
	return true;
}

static bool
to_need(const char *key, struct need *n)
{
	static const struct {
		char class;
		enum need_kind kind;
	} kinds[] = {{'b', NEED_PROGRAM}, {'s', NEED_PROGRAM}, {'h', NEED_HEADER},
		{'l', NEED_LIBRARY}, {'p', NEED_PKGCONFIG}, {'m', NEED_PERL}, {'o', NEED_PACKAGE}};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (key[0] != kinds[i].class)
			continue;
		n->kind = kinds[i].kind;
		n->name = mem_strdup(n->kind == NEED_PACKAGE ? LOCALES : key + 2);
		if (n->kind == NEED_PERL) { /* XML/Parser.pm */
			OWN(buf) struct buf module = {0};
			for (const char *p = key + 2; *p && strcmp(p, ".pm") != 0; p++)
				buf_puts(&module, *p == '/' ? "::" : (char[]){*p, 0});
			free(n->name);
			n->name = buf_take(&module);
		}
		return true;
	}
	return false;
}

/* A program that ran, or was seen, in any directory is not missing in another. */
static bool
is_found(const struct collect *c, const char *key)
{
	if (key[0] != 'b' && key[0] != 's')
		return map_get(&c->found, key) != NULL;
	OWN_FREE char *ran = mem_printf("b%s", key + 1);
	OWN_FREE char *seen = mem_printf("s%s", key + 1);
	return map_get(&c->found, ran) || map_get(&c->found, seen);
}

bool
lookups_is_usual(const char *program)
{
	static const char *const names[] = {"ccmake", "cmake-gui", "dpkg-architecture",
		"dpkg-buildflags", "print", "gawk", "gccgo", "nawk", "mt", "dsymutil", "nmedit",
		"lipo", "otool", NULL};
	const struct str name = str_of(program); /* those of PHP have its version */
	return str_is_one(name, names) || str_starts(name, "php-cgi") ||
	       str_starts(name, "phpdbg") || detect_is_of_developers(program);
}

void
lookups_missing(const struct trace *t, const struct pkgindex *x, struct need_list *ret)
{
	struct collect c = {.missing = {.destroy = free}};
	trace_each_path(t, collect_path, &c);
	for (struct map_entry *e = map_first(&c.missing); e; e = map_next(e)) {
		struct need n = {.optional = true};
		if (is_found(&c, map_key(e)) || !to_need(map_key(e), &n))
			continue;
		if (n.kind == NEED_PROGRAM && lookups_is_usual(n.name)) {
			need_cleanup(&n);
			continue;
		}
		n.source = map_key(e)[0] == 's' ? NEED_FROM_SEARCH : NEED_FROM_TRACE;
		n.why = mem_strdup(map_value(e));
		struct resolution r = resolve_need(x, &n);
		if (r.package)
			*need_list_add(ret) = n;
		else
			need_cleanup(&n);
		resolution_cleanup(&r);
	}
	map_cleanup(&c.found);
	map_cleanup(&c.missing);
}

/* dir/__pycache__/name.cpython-311.pyc was compiled, after the installation, from dir/name.py. */
static char *
python_source(const char *path)
{
	const char *cache = strstr(path, "/__pycache__/"), *name = fs_name(path);
	if (!cache || !str_ends(str_of(path), ".pyc"))
		return NULL;
	return mem_printf("%.*s/%.*s.py", (int)(cache - path), path, (int)strcspn(name, "."), name);
}

static bool
collect_opened(void *ctx, const struct trace_path *p)
{
	if (!p->found || p->directory || !(p->opened || p->executed) ||
		fs_is_below(p->path, WORK_DIR))
		return true;
	map_put(ctx, p->path, &yes);
	OWN_FREE char *source = python_source(p->path);
	if (source)
		map_put(ctx, source, &yes);
	return true;
}

void
lookups_opened(const struct trace *t, struct map *ret)
{
	trace_each_path(t, collect_opened, ret);
}

/* What somebody reached was there in the end: the others came too early. */
static bool
note_reached(void *ctx, const struct trace_connect *c)
{
	if (!c->refused)
		map_put(ctx, c->target, &yes);
	return true;
}

/* The C library asks for this daemon wherever a user's name is looked up, and does without. */
static bool
is_name_cache(const char *target)
{
	return str_ends(str_of(target), "/nscd/socket");
}

struct refusals {
	struct map reached;
	enum run_step step;
	struct refusal_list *list;
};

static bool
collect_refused(void *ctx, const struct trace_connect *c)
{
	struct refusals *r = ctx;
	if (!c->refused || is_name_cache(c->target) || map_get(&r->reached, c->target))
		return true;
	struct refusal *new = refusal_list_add(r->list);
	new->target = mem_strdup(c->target);
	new->program = mem_strdup(c->program);
	new->step = r->step;
	new->count = c->count;
	return true;
}

void
probe_refused(const struct trace *t, enum run_step step, struct refusal_list *ret)
{
	struct refusals r = {.list = ret, .step = step};
	trace_each_connect(t, note_reached, &r.reached);
	trace_each_connect(t, collect_refused, &r);
	map_cleanup(&r.reached);
}
