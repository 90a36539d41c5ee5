#include "runner/fix_gates.h"

#include "agents/inventory.h"

static const char *
path_of(const json_t *one)
{
	const char *path = json_string_value(json_object_get(one, "path"));
	return path ? path : "";
}

static bool
is_asked_for(const struct author_reach *reach, const char *path)
{
	return inventory_is_test(path) && author_may_write(reach, path);
}

const json_t *
fix_conflict_left(const json_t *changes)
{
	size_t i;
	json_t *file;
	json_array_foreach (json_object_get(changes, "files"), i, file)
		if (json_object_get(file, "conflict"))
			return file;
	return NULL;
}

bool
fix_gate_untampered(const struct fix_evidence *e)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(e->changes, "findings"), i, one)
		if (inventory_is_reason(one, e->by_rule) &&
			(e->by_rule || !is_asked_for(&e->reach, path_of(one))))
			return false;
	return true;
}

json_t *
fix_tests_changed(const json_t *changes, const struct author_reach *reach)
{
	json_t *paths = json_array();
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(changes, "files"), i, one)
		if (is_asked_for(reach, path_of(one)))
			json_array_append_new(paths, json_text(str_of(path_of(one))));
	return paths;
}

bool
fix_gate_writes(const json_t *changes, const struct author_reach *reach)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(changes, "files"), i, one)
		if ((reach->writes || reach->tests_alone) && !author_may_write(reach, path_of(one)))
			return false;
	return true;
}
