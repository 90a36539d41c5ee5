/* Where the names of modules and packages lead, by the rules of each language. */
#include "graph/modules.h"

#include <string.h>

static const struct thing unknown = {THING_UNKNOWN, 0, false};
static const struct thing outside = {THING_OUTSIDE, 0, false};

static uint32_t
at_path(const struct resolver *r, struct str path)
{
	uint32_t name = model_name_if_any(r->m, path);
	uint32_t l = name ? model_first(r->m, SPACE_PATH, 0, name) : 0;
	return l ? model_value(r->m, l) : 0;
}

static struct str
parent_dir(struct str dir)
{
	const char *slash = dir.n ? memrchr(dir.p, '/', dir.n) : NULL;
	return slash ? (struct str){dir.p, (size_t)(slash - dir.p)} : STR(".");
}

struct str
modules_join(struct buf *b, struct str dir, struct str rest)
{
	buf_reset(b);
	if (!str_eq(dir, "."))
		buf_printf(b, STR_FMT "%s", STR_ARG(dir), rest.n ? "/" : "");
	buf_add_str(b, rest);
	return b->n ? buf_str(b) : STR(".");
}

uint32_t
modules_first_with_suffix(const struct resolver *r, struct str path, const char *const *suffixes)
{
	OWN(buf) struct buf b = {0};
	for (; *suffixes; suffixes++) {
		buf_reset(&b);
		buf_add_str(&b, path);
		buf_puts(&b, *suffixes);
		uint32_t e = at_path(r, buf_str(&b));
		if (e)
			return e;
	}
	return 0;
}

/* ---- modules ---- */

static struct thing
python_module(struct resolver *r, const struct model_file *from, struct str name)
{
	static const char *const suffixes[] = {"/__init__.py", ".py", ".pyi", "", NULL};
	struct str dir = model_text(r->m, resolver_entity(r, from->dir)->name);
	bool relative = name.n && name.p[0] == '.';
	for (bool first = true; name.n && name.p[0] == '.'; first = false) {
		if (!first)
			dir = parent_dir(dir);
		name = (struct str){name.p + 1, name.n - 1};
	}
	OWN(buf) struct buf rest = {.max = 4096}, path = {.max = 8192};
	for (size_t i = 0; i < name.n; i++)
		buf_putc(&rest, name.p[i] == '.' ? '/' : name.p[i]);
	for (unsigned up = 0; up < 32; up++) {
		struct str at = modules_join(&path, dir, buf_str(&rest));
		uint32_t e = rest.n ? modules_first_with_suffix(r, at, suffixes) : at_path(r, at);
		if (!rest.n) {
			OWN(buf) struct buf init = {0};
			uint32_t i = at_path(r, modules_join(&init, dir, STR("__init__.py")));
			e = i ? i : e;
		}
		if (e)
			return resolver_thing(r, e);
		if (relative || str_eq(dir, "."))
			break;
		dir = parent_dir(dir);
	}
	return outside;
}

/* "../a/./b" below dir. */
struct str
modules_normal_path(struct buf *b, struct str dir, struct str path)
{
	struct str part;
	buf_reset(b);
	if (!str_eq(dir, "."))
		buf_add_str(b, dir);
	while (str_next(&path, '/', &part)) {
		if (!part.n || str_eq(part, "."))
			continue;
		if (str_eq(part, "..")) {
			struct str up = b->n ? parent_dir(buf_str(b)) : STR(".");
			b->n = str_eq(up, ".") ? 0 : up.n;
			continue;
		}
		if (b->n)
			buf_putc(b, '/');
		buf_add_str(b, part);
	}
	return buf_str(b);
}

static struct thing
js_module(struct resolver *r, const struct model_file *from, struct str name)
{
	static const char *const suffixes[] = {"", ".js", ".ts", ".tsx", ".jsx", ".mjs", ".cjs",
		".d.ts", "/index.js", "/index.ts", "/index.tsx", NULL};
	if (!name.n || name.p[0] != '.')
		return outside;
	OWN(buf) struct buf b = {.max = 8192};
	struct str path = modules_normal_path(
		&b, model_text(r->m, resolver_entity(r, from->dir)->name), name);
	uint32_t e = path.n ? modules_first_with_suffix(r, path, suffixes)
			    : modules_first_with_suffix(r, STR("index"), suffixes + 1);
	if (e && resolver_entity(r, e)->kind == KIND_DIRECTORY) {
		OWN(buf) struct buf inside = {.max = 8192};
		buf_add_str(&inside, path);
		buf_puts(&inside, "/index");
		e = modules_first_with_suffix(r, buf_str(&inside), suffixes + 1);
	}
	/* "./x.js" is how a module of TypeScript names x.ts. */
	if (!e && str_ends(path, ".js"))
		e = modules_first_with_suffix(r, (struct str){path.p, path.n - 3}, suffixes + 1);
	return e ? resolver_thing(r, e) : outside;
}

/* A path is below the module that a go.mod above names. */
static struct thing
go_package(struct resolver *r, const struct model_file *from, struct str name)
{
	struct str dir = model_text(r->m, resolver_entity(r, from->dir)->name);
	for (unsigned up = 0; up < 32; up++) {
		OWN(buf) struct buf b = {.max = 8192};
		uint32_t mod = at_path(r, modules_join(&b, dir, STR("go.mod")));
		uint32_t l = mod ? model_first(r->m, SPACE_CHILD, mod,
					   model_name_if_any(r->m, STR("module")))
				 : 0;
		struct str module =
			l ? model_text(r->m, resolver_entity(r, model_value(r->m, l))->type)
			  : (struct str){"", 0};
		if (module.n && name.n >= module.n && memcmp(name.p, module.p, module.n) == 0 &&
			(name.n == module.n || name.p[module.n] == '/')) {
			size_t skip = name.n == module.n ? module.n : module.n + 1;
			uint32_t e = at_path(r,
				modules_join(&b, dir, (struct str){name.p + skip, name.n - skip}));
			return e ? (struct thing){THING_PACKAGE, e + 0x80000000u, false} : outside;
		}
		if (str_eq(dir, "."))
			break;
		dir = parent_dir(dir);
	}
	return outside;
}

/* A package by name, when some file here says that it belongs to it. */
struct thing
modules_package(const struct resolver *r, struct str name)
{
	uint32_t id = model_name_if_any(r->m, name);
	bool there = id && model_first(r->m, SPACE_FIRST_FILE, 0, id);
	return there ? (struct thing){THING_PACKAGE, id, false} : unknown;
}

struct thing
modules_find(struct resolver *r, const struct model_file *from, struct str name)
{
	switch (model_family(from->lang)) {
	case LANG_PYTHON:
		return python_module(r, from, name);
	case LANG_JAVASCRIPT:
		return js_module(r, from, name);
	case LANG_GO:
		return go_package(r, from, name);
	case LANG_JAVA:
	case LANG_CSHARP:
	case LANG_PHP: {
		struct thing t = modules_package(r, name);
		return t.kind == THING_UNKNOWN ? outside : t;
	}
	default:
		return unknown;
	}
}
