#include "envprobe/own.h"

#include "base/fs.h"
#include "envprobe/detect.h"

#include <string.h>

/* "src/tide/__init__.py" and "tide.py" are tide, where a module is looked for or installed from. */
static bool
module_of(const char *path, struct str *ret)
{
	static const char *const roots[] = {"src", "lib", "python", NULL};
	static const char init[] = "/__init__.py";
	struct str rest = str_of(path);
	if (!str_ends(rest, ".py"))
		return false;
	rest.n -= str_ends(rest, init) ? strlen(init) : 3;
	const char *slash = memrchr(rest.p, '/', rest.n);
	if (slash) {
		struct str root = {rest.p, (size_t)(slash - rest.p)};
		if (!str_is_one(root, roots))
			return false;
		rest = (struct str){slash + 1, rest.n - root.n - 1};
	}
	*ret = rest;
	return rest.n && !str_eq(rest, "setup") && !str_eq(rest, "conftest");
}

/* Parts of it may come from anywhere. */
static bool
is_namespace(const struct tree *t, const char *path)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	return text.n && (strstr(text.p, "declare_namespace") || strstr(text.p, "extend_path"));
}

static bool
is_own_file(void *ctx, const struct need *n)
{
	const struct project *p = ctx;
	OWN_FREE char *name = mem_printf("pkgconfig %s", n->name);
	return n->kind == NEED_PKGCONFIG && strlist_has(&p->own, name);
}

/* Deeper lies what is bundled, which the build may leave alone for one that is installed. */
static bool
is_near(const char *below)
{
	const char *slash = strchr(below, '/');
	return !slash || !strchr(slash + 1, '/');
}

void
own_find(const struct tree *t, struct project *p)
{
	const char *dir = p->dir ? p->dir : "";
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i], *name = fs_name(path);
		struct str module;
		if (!fs_is_below(path, dir))
			continue;
		const char *below = path + (*dir ? strlen(dir) + 1 : 0);
		if (str_ends(str_of(name), ".pc.in") && is_near(below))
			strlist_addf(&p->own, "pkgconfig %.*s",
				(int)(strlen(name) - strlen(".pc.in")), name);
		else if (module_of(below, &module) && !is_namespace(t, path))
			strlist_addf(&p->own, "python " STR_FMT, STR_ARG(module));
	}
	detect_drop_needs(p, is_own_file, p);
}

static bool
is_module_of(const struct project *p, struct str module)
{
	struct str top = {module.p, 0};
	while (top.n < module.n && module.p[top.n] != '.')
		top.n++;
	OWN_FREE char *name = mem_printf("python " STR_FMT, STR_ARG(top));
	return strlist_has(&p->own, name);
}

char *
own_others(const struct project *p, const struct need *n)
{
	const bool declared = n->kind != NEED_PYTHON || n->source == NEED_DECLARED;
	struct str rest = str_of(n->name), one;
	OWN(buf) struct buf others = {0};
	buf_puts(&others, declared ? n->name : "");
	while (!declared && str_next(&rest, ' ', &one))
		if (!is_module_of(p, one))
			buf_printf(&others, "%s" STR_FMT, others.n ? " " : "", STR_ARG(one));
	return buf_take(&others);
}

bool
own_makes(const struct project *p, const struct need *n)
{
	OWN_FREE char *others = own_others(p, n);
	return *n->name && !*others;
}
