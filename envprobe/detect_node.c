/* Node.js: package.json. */
#include "envprobe/detect.h"

#include <string.h>

static char *
find(const struct tree *t, const char *dir)
{
	return tree_file(t, dir, "package.json");
}

static const char *
script(const json_t *package, const char *name)
{
	return json_string_value(json_object_get(json_object_get(package, "scripts"), name));
}

static void
add_dependencies(
	struct project *p, const json_t *package, const char *section, enum need_scope scope)
{
	const char *name;
	json_t *version;
	json_object_foreach (json_object_get(package, section), name, version) {
		OWN_FREE char *why = mem_printf("%s: %s.%s", p->evidence, section, name);
		struct need *n = detect_need(p, NEED_NODE, name, scope, false, why);
		if (json_is_string(version) && !n->version)
			n->version = mem_strdup(json_string_value(version));
	}
}

/* The runner that a test script calls decides the format. */
static const char *
test_format(const char *run)
{
	if (strstr(run, "node --test"))
		return "node";
	if (strstr(run, "tap"))
		return "tap";
	return "auto";
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
	add_dependencies(p, package, "dependencies", SCOPE_BUILD);
	add_dependencies(p, package, "devDependencies", SCOPE_TEST);
	OWN_FREE char *gyp = tree_join(dir, "binding.gyp");
	if (tree_has(t, gyp)) {
		detect_compilers(t, dir, p);
		detect_need(p, NEED_PROGRAM, "make", SCOPE_BUILD, false, gyp);
		detect_need(p, NEED_PROGRAM, "node-gyp", SCOPE_BUILD, false, gyp);
		detect_includes(t, dir, p);
	}
	if (script(package, "build"))
		detect_command(p, PHASE_BUILD, "package.json scripts.build", "npm run build");
	const char *test = script(package, "test");
	if (test && !strstr(test, "no test specified"))
		detect_test(p, test_format(test), NULL, "package.json scripts.test", "npm test");
}

const struct detector detect_node = {"node", find, read_project};
