/* Node.js: package.json. What it depends on is fetched from the registry (images/npm.h). */
#include "envprobe/detect.h"
#include "envprobe/scan.h"

#include <string.h>

/* One that only lists tools for other people's work is not what the application is built by. */
static bool
is_of_an_application(const struct tree *t, const char *dir, const char *path)
{
	static const char *const keys[] = {
		"scripts", "dependencies", "main", "module", "exports", "bin", "workspaces", NULL};
	static const char *const files[] = {"index.js", "binding.gyp", NULL};
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *package = NULL;
	OWN_FREE char *file = tree_find(t, dir, files);
	tree_read(t, path, &text);
	if (file || json_parse(buf_str(&text), &package, NULL) < 0)
		return true; /* what is wrong with it is for npm to say */
	for (size_t i = 0; keys[i]; i++) {
		const json_t *value = json_object_get(package, keys[i]);
		if (json_is_object(value) ? json_object_size(value) > 0 : value != NULL)
			return true;
	}
	return false;
}

static char *
find(const struct tree *t, const char *dir)
{
	OWN_FREE char *path = tree_file(t, dir, "package.json");
	return path && is_of_an_application(t, dir, path) ? TAKE(path) : NULL;
}

static const char *
script(const json_t *package, const char *name)
{
	return json_string_value(json_object_get(json_object_get(package, "scripts"), name));
}

/* The runner that a test script calls decides the format. */
static enum test_format
format_of(const char *run)
{
	if (strstr(run, "node --test"))
		return FORMAT_NODE;
	if (strstr(run, "tap"))
		return FORMAT_TAP;
	return FORMAT_AUTO;
}

/*
 * What npm runs of the application's own when it has installed what that depends on.  Without a
 * script of its own a binding.gyp stands for one.
 */
static void
add_lifecycle(struct project *p, const json_t *package, bool gyp)
{
	static const char *const events[] = {"preinstall", "install", "postinstall", "prepublish",
		"preprepare", "prepare", "postprepare", NULL};
	bool implied = gyp && !script(package, "install") && !script(package, "preinstall");
	for (size_t i = 0; events[i]; i++) {
		OWN_FREE char *why = mem_printf("package.json scripts.%s", events[i]);
		if (implied && strcmp(events[i], "install") == 0)
			detect_command(p, PHASE_BUILD, "binding.gyp", "node-gyp rebuild");
		else if (script(package, events[i]))
			detect_command(p, PHASE_BUILD, why, "npm run %s", events[i]);
	}
}

/* A build that "prepare" has run is not run again. */
static void
add_build(struct project *p, const json_t *package)
{
	const char *build = script(package, "build"), *prepare = script(package, "prepare");
	bool done = build && prepare &&
		    (strcmp(build, prepare) == 0 || strstr(prepare, "npm run build"));
	if (build && !done)
		detect_command(p, PHASE_BUILD, "package.json scripts.build", "npm run build");
}

/* Nothing of npm builds it, and a makefile with a target of that name is beside it. */
static void
add_make_build(const struct tree *t, const char *dir, struct project *p)
{
	OWN_FREE char *makefile = tree_file(t, dir, "Makefile");
	OWN(buf) struct buf text = {0};
	if (!makefile || command_list_has(&p->commands, PHASE_BUILD))
		return;
	tree_read(t, makefile, &text);
	struct str rest = buf_str(&text), line;
	for (unsigned n = 1; str_next_line(&rest, &line); n++)
		if (str_starts(line, "build:") && !str_starts(line, "build:=") &&
			!str_starts(line, "build::=")) {
			OWN_FREE char *why = scan_cite(makefile, n);
			detect_need(p, NEED_PROGRAM, "make", SCOPE_BUILD, false, why);
			detect_command(p, PHASE_BUILD, why, "make build");
			return;
		}
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *package = NULL;
	tree_read(t, p->evidence, &text);
	detect_need(p, NEED_PROGRAM, "node", SCOPE_BUILD, false, p->evidence);
	detect_need(p, NEED_PROGRAM, "npm", SCOPE_BUILD, false, p->evidence);
	if (json_parse(buf_str(&text), &package, NULL) < 0)
		return;
	OWN_FREE char *gyp = tree_join(dir, "binding.gyp");
	if (tree_has(t, gyp)) {
		detect_compilers(t, dir, p);
		detect_need(p, NEED_PROGRAM, "make", SCOPE_BUILD, false, gyp);
		detect_need(p, NEED_PROGRAM, "node-gyp", SCOPE_BUILD, false, gyp);
		detect_includes(t, dir, p);
	}
	add_lifecycle(p, package, tree_has(t, gyp));
	add_build(p, package);
	add_make_build(t, dir, p);
	const char *test = script(package, "test");
	if (test && !strstr(test, "no test specified"))
		detect_test(p, format_of(test), NULL, "package.json scripts.test", "npm test");
}

const struct detector detect_node = {SYSTEM_NODE, find, read_project};
