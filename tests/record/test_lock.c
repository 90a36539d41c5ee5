/* drydock.lock.json: its shape is a contract, and what is read is what was written. */
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
add_command(struct recipe *r, enum command_phase phase, const char *run)
{
	struct command *c = command_list_add(&r->commands);
	c->phase = phase;
	c->run = mem_strdup(run);
	c->dir = mem_strdup("src");
	if (phase == PHASE_TEST) {
		c->level = LEVEL_E2E;
		c->format = FORMAT_TAP;
	}
}

static struct recipe
some_recipe(void)
{
	struct recipe r = {.version = RECIPE_VERSION, .outcome = OUTCOME_UP};
	r.base.digest = mem_strdup("d1");
	r.base.suite = mem_strdup("bookworm");
	add_command(&r, PHASE_CONFIGURE, "./configure");
	add_command(&r, PHASE_BUILD, "make");
	add_command(&r, PHASE_BUILD, "make more");
	add_command(&r, PHASE_TEST, "make check");
	return r;
}

static char *
keys(const json_t *o)
{
	OWN(buf) struct buf b = {0};
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)o, key, value)
		buf_printf(&b, "%s%s", b.n ? " " : "", key);
	return buf_take(&b);
}

static void
commands_are_lists_by_phase(void **state)
{
	(void)state;
	OWN(recipe) struct recipe r = some_recipe();
	OWN_JSON json_t *j = recipe_to_json(&r);
	const json_t *c = json_object_get(j, "commands");
	OWN_FREE char *phases = keys(c);
	OWN_FREE char *build = keys(json_array_get(json_object_get(c, "build"), 0));
	OWN_FREE char *test = keys(json_array_get(json_object_get(c, "test"), 0));
	assert_string_equal(phases, "configure build test start ready ports stop");
	assert_string_equal(build, "run dir why");
	assert_string_equal(test, "run dir level format results why");
	assert_true(json_is_null(json_object_get(c, "start")));
	assert_true(json_is_array(json_object_get(c, "ports")));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "base"), "digest")), "d1");
}

static void
what_is_read_is_what_was_written(void **state)
{
	(void)state;
	OWN(recipe) struct recipe r = some_recipe(), again = {0};
	OWN_JSON json_t *j = recipe_to_json(&r);
	OWN(dd_err) struct dd_err err = {0};
	if (recipe_from_json(j, &again, &err) < 0)
		fail_msg("%s", err_msg(&err));
	OWN_JSON json_t *k = recipe_to_json(&again);
	assert_true(json_equal(j, k));
	assert_int_equal(again.commands.n, 4);
	assert_int_equal(again.commands.v[3].phase, PHASE_TEST);
	assert_int_equal(again.commands.v[3].level, LEVEL_E2E);
	assert_string_equal(again.commands.v[2].run, "make more");
}

static void
how_it_is_run_is_part_of_its_commands(void **state)
{
	(void)state;
	OWN(recipe) struct recipe r = some_recipe(), again = {0};
	OWN(dd_err) struct dd_err err = {0};
	r.start.run = mem_strdup("exec ./it");
	r.start.why = mem_strdup("Procfile:1");
	struct served_port *p = served_port_list_add(&r.start.ports);
	*p = (struct served_port){.port = 80, .protocol = PORT_HTTP, .status = 200};
	OWN_JSON json_t *j = recipe_to_json(&r);
	json_t *c = json_object_get(j, "commands");
	OWN_FREE char *start = keys(json_object_get(c, "start"));
	OWN_FREE char *ready = keys(json_object_get(c, "ready"));
	assert_string_equal(start, "run dir why");
	assert_string_equal(ready, "port protocol");
	if (recipe_from_json(j, &again, &err) < 0)
		fail_msg("%s", err_msg(&err));
	OWN_JSON json_t *k = recipe_to_json(&again);
	assert_true(json_equal(j, k));
	recipe_cleanup(&again);
	json_object_set_new(
		json_array_get(json_object_get(c, "ports"), 0), "port", json_integer(65536));
	assert_int_equal(recipe_from_json(j, &again, &err), -DD_ECORRUPT);
	assert_string_equal(err_msg(&err), "recipe.commands.ports[0]: no port");
}

static void
what_is_not_known_has_no_name(void **state)
{
	(void)state;
	OWN(recipe) struct recipe r = some_recipe(), again = {0};
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *j = recipe_to_json(&r);
	assert_true(json_is_null(json_object_get(j, "system")));
	if (recipe_from_json(j, &again, &err) < 0)
		fail_msg("%s", err_msg(&err));
	assert_int_equal(again.system, SYSTEM_UNKNOWN);
}

static void
what_is_wrong_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *path[3], *json, *message;
	} cases[] = {
		{{"version"}, "1", "version 1 is not"},
		{{"base"}, "null", "base"},
		{{"base", "digest"}, "null", "base.digest"},
		{{"commands"}, "[]", "commands.configure"},
		{{"commands", "build"}, "{}", "commands.build"},
		{{"commands", "test"}, "[7]", "commands.test[0]"},
		{{"system"}, "\"rope\"", "system: \"rope\""},
		{{"system"}, "\"\"", "system: \"\""},
		{{"packages"}, "[{\"name\": \"gcc\", \"sha256\": \"x\"}]", "packages[0]"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN(recipe) struct recipe r = some_recipe(), again = {0};
		OWN_JSON json_t *j = recipe_to_json(&r),
				*value = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);
		OWN(dd_err) struct dd_err err = {0};
		json_t *at = j;
		for (size_t k = 0; cases[i].path[k + 1]; k++)
			at = json_object_get(at, cases[i].path[k]);
		json_object_set(at, cases[i].path[1] ? cases[i].path[1] : cases[i].path[0], value);
		if (recipe_from_json(j, &again, &err) == 0)
			fail_msg("%s is taken", cases[i].message);
		if (!strstr(err_msg(&err), cases[i].message))
			fail_msg("\"%s\" does not say %s", err_msg(&err), cases[i].message);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_lists_by_phase),
		cmocka_unit_test(what_is_read_is_what_was_written),
		cmocka_unit_test(how_it_is_run_is_part_of_its_commands),
		cmocka_unit_test(what_is_not_known_has_no_name),
		cmocka_unit_test(what_is_wrong_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
