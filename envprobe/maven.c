#include "envprobe/maven.h"

#include "base/fs.h"
#include "base/own.h"
#include "envprobe/elements.h"

#include <ctype.h>
#include <string.h>

#define MAX_MODULES 500
#define MAX_DEPTH 40

struct pom { /* being parsed */
	struct maven_module *module;
	struct strlist *modules;
	char *parent; /* where it says that its parent is; NULL */
};

static void
module_cleanup(struct maven_module *m)
{
	free(m->dir);
	free(m->sources);
	free(m->test_sources);
	free(m->encoding);
	free(m->artifact);
	strlist_cleanup(&m->needs);
}

void
maven_module_list_cleanup(struct maven_module_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		module_cleanup(&l->v[i]);
	free(l->v);
	*l = (struct maven_module_list){0};
}

/* ---- one pom.xml ---- */

static void
take(char **to, struct str value)
{
	static const char *const roots[] = {"${project.basedir}/", "${basedir}/", NULL};
	for (size_t i = 0; roots[i]; i++)
		if (str_starts(value, roots[i]))
			value = (struct str){
				value.p + strlen(roots[i]), value.n - strlen(roots[i])};
	if (!value.n || memchr(value.p, '$', value.n))
		return;
	free(*to);
	*to = mem_strndup(value.p, value.n);
}

static void
take_element(void *ctx, const char *path, struct str value, unsigned line)
{
	struct pom *p = ctx;
	const struct {
		const char *path;
		char **to;
	} texts[] = {
		{"/project/artifactId", &p->module->artifact},
		{"/project/build/sourceDirectory", &p->module->sources},
		{"/project/build/testSourceDirectory", &p->module->test_sources},
		{"/project/properties/project.build.sourceEncoding", &p->module->encoding},
		{"/project/parent/relativePath", &p->parent},
	};
	(void)line;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(path, texts[i].path) == 0)
			take(texts[i].to, value);
	struct strlist *list = NULL;
	if (strcmp(path, "/project/modules/module") == 0)
		list = p->modules;
	else if (strcmp(path, "/project/dependencies/dependency/artifactId") == 0)
		list = &p->module->needs;
	if (list && value.n && list->n < MAX_MODULES) {
		OWN_FREE char *name = mem_strndup(value.p, value.n);
		strlist_add(list, name);
	}
}

/* *ret_parent: heap. */
static void
parse(struct str text, struct maven_module *module, struct strlist *modules, char **ret_parent)
{
	struct pom p = {.module = module, .modules = modules};
	elements_read(text, take_element, &p);
	*ret_parent = p.parent;
}

/* ---- the modules ---- */

/* The directory that a module's name means, without "." and ".."; heap, NULL: outside of the tree. */
static char *
directory_of(const char *dir, const char *name)
{
	OWN_FREE char *joined = tree_join(dir, name);
	bool above;
	if (*name == '/')
		return NULL;
	OWN_FREE char *plain = fs_plain_path(str_of(joined), &above);
	return above ? NULL : TAKE(plain);
}

static bool
has(const struct maven_module_list *l, const char *dir)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].dir, dir) == 0)
			return true;
	return false;
}

/* The module in dir, and those it names; what it does not set itself is its parent's. */
static void
add_modules(const struct tree *t, const char *dir, const char *encoding, unsigned depth,
	struct maven_module_list *l)
{
	OWN_FREE char *path = tree_file(t, dir, "pom.xml");
	OWN(strlist) struct strlist modules = {0};
	OWN(buf) struct buf text = {0};
	OWN_FREE char *parent = NULL;
	if (!path || depth > MAX_DEPTH || l->n >= MAX_MODULES || has(l, dir))
		return;
	tree_read(t, path, &text);
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	struct maven_module *m = &l->v[l->n++];
	*m = (struct maven_module){.dir = mem_strdup(dir),
		.sources = mem_strdup("src/main/java"),
		.test_sources = mem_strdup("src/test/java"),
		.encoding = mem_strdup(encoding)};
	parse(buf_str(&text), m, &modules, &parent);
	OWN_FREE char *inherited = mem_strdup(m->encoding);
	for (size_t i = 0; i < modules.n; i++) {
		OWN_FREE char *below = directory_of(dir, modules.v[i]);
		if (below)
			add_modules(t, below, inherited, depth + 1, l);
	}
}

static void
place(struct maven_module_list *from, size_t i, struct maven_module_list *to)
{
	struct maven_module *m = &from->v[i];
	if (m->placed)
		return;
	m->placed = true; /* a circle ends where it began */
	for (size_t k = 0; k < m->needs.n; k++)
		for (size_t j = 0; j < from->n; j++)
			if (from->v[j].artifact && strcmp(from->v[j].artifact, m->needs.v[k]) == 0)
				place(from, j, to);
	to->v = mem_grow(to->v, to->n, &to->cap, sizeof(*to->v));
	to->v[to->n++] = *m;
}

/* The directory of the parent beside it that names the module in dir as its own; else dir itself; heap. */
static char *
root_of(const struct tree *t, const char *dir)
{
	OWN_FREE char *path = tree_file(t, dir, "pom.xml"), *parent = NULL;
	OWN(strlist) struct strlist modules = {0};
	OWN(buf) struct buf text = {0};
	struct maven_module m = {0};
	if (!path)
		return mem_strdup(dir);
	tree_read(t, path, &text);
	parse(buf_str(&text), &m, &modules, &parent);
	module_cleanup(&m);
	char *end = parent && str_ends(str_of(parent), "/pom.xml") ? strrchr(parent, '/') : NULL;
	if (end)
		*end = '\0';
	char *root = parent ? directory_of(dir, parent) : NULL;
	struct maven_module_list beside = {0};
	if (root)
		add_modules(t, root, "UTF-8", 0, &beside);
	bool named = has(&beside, dir);
	maven_module_list_cleanup(&beside);
	if (named)
		return root;
	free(root);
	return mem_strdup(dir);
}

void
maven_read(const struct tree *t, const char *dir, struct maven_module_list *ret)
{
	struct maven_module_list found = {0};
	OWN_FREE char *root = root_of(t, dir);
	*ret = (struct maven_module_list){0};
	add_modules(t, root, "UTF-8", 0, &found);
	for (size_t i = 0; i < found.n; i++)
		place(&found, i, ret);
	free(found.v); /* what they hold is placed */
}

char *
maven_path_between(const char *from, const char *to)
{
	OWN(buf) struct buf out = {0};
	size_t same = 0; /* bytes of the components that both begin with */
	for (size_t i = 0;; i++) {
		if ((!from[i] || from[i] == '/') && (!to[i] || to[i] == '/'))
			same = i;
		if (!from[i] || from[i] != to[i])
			break;
	}
	const char *back = from + same + (from[same] == '/'), *rest = to + same + (to[same] == '/');
	for (; *back; back++)
		if (back[1] == '/' || !back[1])
			buf_puts(&out, "../");
	if (*rest)
		buf_printf(&out, "%s/", rest);
	return out.n ? buf_take(&out) : mem_strdup("");
}
