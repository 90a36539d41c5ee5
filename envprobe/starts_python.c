/*
 * Commands that packages of Python declare, where a file of the package has what serves: console scripts of setup.py,
 * setup.cfg and pyproject.toml, and packages that run themselves (__main__.py).  With the words, too, that documents call
 * them with: many serve only when they are told to.
 */
#include "envprobe/starts.h"

#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define MAX_SAID 2     /* ways in which documents call one command */
#define MAX_ENTRIES 16 /* of one file, whose packages are read */

static const char *const serves[] = {"serve_forever(", "wsgiref", "socketserver", "http.server",
	"run_simple(", "uvicorn", "waitress", "cheroot", "aiohttp", "tornado", "twisted.web",
	"start_server(", "gevent", "Flask(", NULL};

struct python_place {
	const struct tree *t;
	const char *dir; /* of the project */
	const char *src; /* where packages are in it: "" or "src" */
	struct start_try_list *ret;
};

static char *
in_sources(const struct python_place *p, const char *name)
{
	OWN_FREE char *src = tree_join(p->dir, p->src);
	return tree_join(src, name);
}

/* "a/b" of the module "a.b". */
static char *
path_of(struct str module)
{
	char *path = str_dup(module);
	for (char *c = path; *c; c++)
		*c = *c == '.' ? '/' : *c;
	return path;
}

static bool
has_module(const struct python_place *p, struct str module)
{
	OWN_FREE char *path = path_of(module);
	OWN_FREE char *file = mem_printf("%s.py", path), *init = mem_printf("%s/__init__.py", path);
	OWN_FREE char *a = in_sources(p, file), *b = in_sources(p, init);
	return tree_has(p->t, a) || tree_has(p->t, b);
}

/* Has the package of this module a file that serves? */
static bool
package_serves(const struct python_place *p, struct str module)
{
	OWN_FREE char *top = mem_strndup(
		module.p, strcspn(module.p, ".:") < module.n ? strcspn(module.p, ".:") : module.n);
	OWN_FREE char *dir = in_sources(p, top);
	size_t n = strlen(dir);
	for (size_t i = 0; i < p->t->files.n; i++) {
		const char *path = p->t->files.v[i];
		OWN(buf) struct buf text = {0};
		bool inside = strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '.');
		if (!inside || !tree_name_is(path, "*.py") || starts_is_aside(path))
			continue;
		tree_read(p->t, path, &text);
		for (size_t k = 0; text.n && serves[k]; k++)
			if (memmem(text.p, text.n, serves[k], strlen(serves[k])))
				return true;
	}
	return false;
}

/* The command as it is, and with the words that documents call it with. */
static void
add_command(const struct python_place *p, const char *why, const char *name, const char *run)
{
	OWN(start_try_list) struct start_try_list said = {0};
	const char *path =
		*p->src ? "PYTHONPATH=\"$PWD/src${PYTHONPATH:+:$PYTHONPATH}\"; export PYTHONPATH\n"
			: "";
	starts_add(p->ret, p->dir, why, "%sexec %s", path, run);
	starts_said(p->t, p->dir, name, &said);
	for (size_t i = 0, n = 0; i < said.n && n < MAX_SAID; i++) {
		if (!*said.v[i].run || strncmp(said.v[i].run, "--help", 6) == 0 ||
			strncmp(said.v[i].run, "--version", 9) == 0)
			continue;
		starts_add(p->ret, p->dir, said.v[i].why, "%sexec %s %s", path, run, said.v[i].run);
		n++;
	}
}

static void
add_main(const struct python_place *p, const char *why, const char *name)
{
	OWN_FREE char *run = mem_printf("python3 -m %s", name);
	add_command(p, why, name, run);
}

/* "a.b:main" at the colon: module and function. */
static bool
take_entry(struct str text, size_t colon, struct str *ret_module, struct str *ret_function)
{
	size_t from = colon, to = colon + 1;
	while (from && (isalnum((unsigned char)text.p[from - 1]) || strchr("_.", text.p[from - 1])))
		from--;
	while (to < text.n && (isalnum((unsigned char)text.p[to]) || text.p[to] == '_'))
		to++;
	*ret_module = (struct str){text.p + from, colon - from};
	*ret_function = (struct str){text.p + colon + 1, to - colon - 1};
	return ret_module->n && ret_function->n;
}

/* The name that a script is declared by in front of its module: NAME = "a.b:main", "NAME=a.b:main". */
static struct str
name_of(struct str text, const char *module)
{
	size_t at = (size_t)(module - text.p);
	while (at && strchr(" \"'", text.p[at - 1]))
		at--;
	if (!at || text.p[at - 1] != '=')
		return (struct str){text.p, 0};
	at--;
	while (at && strchr(" \"'", text.p[at - 1]))
		at--;
	size_t end = at;
	while (at && (isalnum((unsigned char)text.p[at - 1]) || strchr("_-.", text.p[at - 1])))
		at--;
	return (struct str){text.p + at, end - at};
}

/* True: it is one of a package here. */
static bool
try_entry(const struct python_place *p, const char *path, struct str text, size_t colon)
{
	struct str module, function;
	if (!take_entry(text, colon, &module, &function))
		return false;
	OWN_FREE char *name = str_dup(name_of(text, module.p));
	if (!*name || !has_module(p, module))
		return false;
	if (!package_serves(p, module))
		return true;
	OWN_FREE char *why = scan_cite(path, scan_line_of(text, colon));
	OWN_FREE char *run = mem_printf("python3 -c 'import sys; from " STR_FMT " import " STR_FMT
					"; sys.exit(" STR_FMT "())'",
		STR_ARG(module), STR_ARG(function), STR_ARG(function));
	if (!str_ends(module, ".__main__")) {
		add_command(p, why, name, run);
		return true;
	}
	OWN_FREE char *own = mem_strndup(module.p, module.n - strlen(".__main__"));
	add_main(p, why, own);
	return true;
}

static void
read_scripts(const struct python_place *p, const char *file, const char *mark)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = tree_file(p->t, p->dir, file);
	if (!path)
		return;
	tree_read(p->t, path, &text);
	const char *at = text.n ? memmem(text.p, text.n, mark, strlen(mark)) : NULL;
	for (size_t n = 0, i = at ? (size_t)(at - text.p) : text.n; i < text.n && n < MAX_ENTRIES;
		i++)
		n += text.p[i] == ':' && try_entry(p, path, buf_str(&text), i);
}

/* Packages right below the sources that run themselves. */
static void
find_mains(const struct python_place *p)
{
	OWN_FREE char *src = in_sources(p, "");
	size_t n = strlen(src) && src[strlen(src) - 1] == '/' ? strlen(src) - 1 : strlen(src);
	for (size_t i = 0; i < p->t->files.n; i++) {
		const char *path = p->t->files.v[i];
		if (n && (strncmp(path, src, n) != 0 || path[n] != '/'))
			continue;
		const char *inside = n ? path + n + 1 : path, *slash = strchr(inside, '/');
		if (!slash || strcmp(slash, "/__main__.py") != 0 || starts_is_aside(path))
			continue;
		OWN_FREE char *name = mem_strndup(inside, (size_t)(slash - inside));
		if (package_serves(p, str_of(name)))
			add_main(p, path, name);
	}
}

void
starts_from_python(const struct tree *t, const struct start_question *q, struct start_try_list *ret)
{
	static const char *const sources[] = {"", "src"};
	static const char *const files[][2] = {{"pyproject.toml", "scripts]"},
		{"setup.cfg", "console_scripts"}, {"setup.py", "console_scripts"}};
	for (size_t i = 0; i < 2; i++) {
		const struct python_place p = {
			.t = t, .dir = q->dir ? q->dir : "", .src = sources[i], .ret = ret};
		for (size_t k = 0; k < 3; k++)
			read_scripts(&p, files[k][0], files[k][1]);
		find_mains(&p);
	}
}
