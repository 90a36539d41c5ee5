/* What a recipe hands over for other tools: well-formed, complete, and the same whatever the target calls its things. */
#include "envprobe/recipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char status[] =
	"ID=debian\nVERSION_ID=12\n"
	"gcc\t4:12.2\tamd64\tinstalled\t, gcc-12 (>= 12), cpp:any (= 4:12.2)\tc-compiler\n"
	"gcc-12\t12.2+b1\tamd64\tinstalled\t, libc6 (>= 2.36)\t\n"
	"cpp\t4:12.2\tamd64\tinstalled\t, gcc-12\t\n"
	"libc6\t2.36\tamd64\tinstalled\t, absent | libcrypt1\t\n"
	"libcrypt1\t1\tamd64\tinstalled\t, \tlibcrypt\n"
	"user\t1\tall\tinstalled\t, missing | c-compiler, libcrypt (>= 1), user\t\n"
	"gone\t1\tamd64\tconfig-files\t, \t\n"
	"bad name\t1\tamd64\tinstalled\t, \t\n"
	"$(id)\t1\tamd64\tinstalled\t, \t\n"
	"short\t1\n";

static void
add_package(struct recipe *r, const char *name, const char *version, bool requested)
{
	struct package *p = package_list_add(&r->packages);
	*p = (struct package){.name = mem_strdup(name),
		.version = mem_strdup(version),
		.arch = mem_strdup("amd64"),
		.requested = requested,
		.why = mem_strdup("program cc (a.c)"),
		.sha256 = mem_strdup(
			"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")};
}

static struct recipe
small_recipe(void)
{
	struct recipe r = {.version = RECIPE_VERSION,
		.created = mem_strdup("2024-02-29T23:59:58Z"),
		.name = mem_strdup("Hull & Co.\nVersion: 9"),
		.base.digest = mem_strdup("d"),
		.base.arch = mem_strdup("amd64")};
	add_package(&r, "gcc", "4:12.2", true);
	add_package(&r, "gcc-12", "12.2+b1", false);
	return r;
}

static const struct bom_part *
part_of(const struct bom *b, const char *purl)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].purl, purl) == 0)
			return &b->v[i];
	fail_msg("there is no %s", purl);
	abort();
}

static void
only_what_is_installed_and_well_formed_is_taken(void **state)
{
	(void)state;
	struct inventory inv;
	inventory_parse(STR(status), &inv);
	assert_int_equal(inv.n, 6);
	assert_string_equal(inv.vendor, "debian");
	assert_string_equal(inv.release, "12");
	assert_string_equal(inv.v[0].name, "cpp");
	assert_string_equal(inv.v[1].name, "gcc");
	assert_string_equal(inv.v[2].name, "gcc-12");
	inventory_cleanup(&inv);
}

static void
a_dependency_is_the_first_alternative_that_is_there_or_stands_for_it(void **state)
{
	(void)state;
	struct inventory inv;
	inventory_parse(STR(status), &inv);
	assert_int_equal(inv.v[1].depends.n, 2);
	assert_string_equal(inv.v[1].depends.v[0], "cpp");
	assert_string_equal(inv.v[1].depends.v[1], "gcc-12");
	assert_int_equal(inv.v[3].depends.n, 1); /* libc6 */
	assert_string_equal(inv.v[3].depends.v[0], "libcrypt1");
	assert_int_equal(inv.v[5].depends.n, 2); /* user */
	assert_string_equal(inv.v[5].depends.v[0], "gcc");
	assert_string_equal(inv.v[5].depends.v[1], "libcrypt1");
	inventory_cleanup(&inv);
}

static void
an_inventory_comes_back_from_the_journal(void **state)
{
	(void)state;
	struct inventory inv, again = {0};
	inventory_parse(STR(status), &inv);
	OWN_JSON json_t *j = inventory_to_json(&inv);
	assert_int_equal(inventory_from_json(j, &again, NULL), 0);
	OWN_JSON json_t *k = inventory_to_json(&again);
	assert_true(json_equal(j, k));
	inventory_cleanup(&inv);
	inventory_cleanup(&again);
}

static void
parts_have_purls_and_needs(void **state)
{
	(void)state;
	struct recipe r = small_recipe();
	struct inventory inv;
	struct bom b;
	inventory_parse(STR(status), &inv);
	bom_make(&r, &inv, &b);
	assert_int_equal(b.n, 6);
	const struct bom_part *gcc =
		part_of(&b, "pkg:deb/debian/gcc@4:12.2?arch=amd64&distro=debian-12");
	const struct bom_part *gcc12 =
		part_of(&b, "pkg:deb/debian/gcc-12@12.2%2Bb1?arch=amd64&distro=debian-12");
	const struct bom_part *libc =
		part_of(&b, "pkg:deb/debian/libc6@2.36?arch=amd64&distro=debian-12");
	assert_true(libc->base && !gcc->base && !gcc12->base);
	assert_string_equal(gcc->needs.v[1], gcc12->purl);
	assert_int_equal(b.needs.n, 1);
	assert_string_equal(b.needs.v[0], gcc->purl);
	bom_cleanup(&b);
	inventory_cleanup(&inv);
	recipe_cleanup(&r);
}

static void
without_an_inventory_the_recipe_is_what_there_is(void **state)
{
	(void)state;
	struct recipe r = small_recipe();
	struct bom b;
	bom_make(&r, NULL, &b);
	assert_int_equal(b.n, 2);
	(void)part_of(&b, "pkg:deb/debian/gcc-12@12.2%2Bb1?arch=amd64");
	bom_cleanup(&b);
	recipe_cleanup(&r);
}

/* ---- npm ---- */

static const char npm_lock[] =
	"{\"packages\": {\"\": {\"dependencies\": {\"a\": \"^1\", \"none\": \"1\"}},"
	"\"node_modules/a\": {\"version\": \"1.0.0\", \"dependencies\": {\"b\": \"^2\", \"@dock/c\": \"1\"}},"
	"\"node_modules/b\": {\"version\": \"1.0.0\"},"
	"\"node_modules/a/node_modules/b\": {\"version\": \"2.0.0\", \"dependencies\": {\"@dock/c\": \"1\"}},"
	"\"node_modules/@dock/c\": {\"version\": \"1.0.0+x\", \"dependencies\": {\"a\": \"1\"}},"
	"\"parts/hull\": {\"version\": \"3.0.0\", \"dependencies\": {\"b\": \"1\"}},"
	"\"node_modules/hull\": {\"resolved\": \"parts/hull\", \"link\": true}}}";

static void
npm_packages_are_found_as_node_finds_them(void **state)
{
	(void)state;
	struct recipe r = {.version = RECIPE_VERSION, .base.digest = mem_strdup("d")};
	struct bom b;
	struct module_set *m = module_set_list_add(&r.modules);
	*m = (struct module_set){.manager = MANAGER_NPM, .lock = mem_strdup(npm_lock)};
	bom_make(&r, NULL, &b);
	assert_int_equal(b.n, 4);
	const struct bom_part *a = part_of(&b, "pkg:npm/a@1.0.0");
	const struct bom_part *c = part_of(&b, "pkg:npm/%40dock/c@1.0.0%2Bx");
	(void)part_of(&b, "pkg:npm/b@1.0.0");
	assert_int_equal(a->needs.n, 2);
	assert_string_equal(a->needs.v[0], c->purl);
	assert_string_equal(a->needs.v[1], "pkg:npm/b@2.0.0");
	assert_int_equal(b.needs.n, 2); /* its own, and those of its part */
	assert_string_equal(b.needs.v[0], a->purl);
	assert_string_equal(b.needs.v[1], "pkg:npm/b@1.0.0");
	bom_cleanup(&b);
	recipe_cleanup(&r);
}

/* ---- formats ---- */

static void
every_reference_leads_to_a_component(void **state)
{
	(void)state;
	struct recipe r = small_recipe();
	struct inventory inv;
	struct bom b;
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *j = NULL, *refs = json_object();
	size_t i, k;
	json_t *c, *d;
	inventory_parse(STR(status), &inv);
	bom_make(&r, &inv, &b);
	recipe_cyclonedx(&r, &b, &text);
	assert_int_equal(json_parse(buf_str(&text), &j, NULL), 0);
	json_object_set_new(refs, "application", json_true());
	json_array_foreach (json_object_get(j, "components"), i, c) {
		const char *ref = json_string_value(json_object_get(c, "bom-ref"));
		assert_null(json_object_get(refs, ref));
		json_object_set_new(refs, ref, json_true());
	}
	assert_int_equal(
		json_array_size(json_object_get(j, "dependencies")), json_object_size(refs));
	json_array_foreach (json_object_get(j, "dependencies"), i, d) {
		assert_non_null(
			json_object_get(refs, json_string_value(json_object_get(d, "ref"))));
		json_array_foreach (json_object_get(d, "dependsOn"), k, c)
			assert_non_null(json_object_get(refs, json_string_value(c)));
	}
	bom_cleanup(&b);
	inventory_cleanup(&inv);
	recipe_cleanup(&r);
}

static void
the_same_recipe_gives_the_same_bytes(void **state)
{
	(void)state;
	struct buf text[2] = {{0}, {0}};
	for (size_t i = 0; i < 2; i++) {
		struct recipe r = small_recipe();
		struct bom b;
		bom_make(&r, NULL, &b);
		recipe_cyclonedx(&r, &b, &text[i]);
		recipe_spdx(&r, &b, &text[i]);
		bom_cleanup(&b);
		recipe_cleanup(&r);
	}
	assert_string_equal(text[0].p, text[1].p);
	buf_cleanup(&text[0]);
	buf_cleanup(&text[1]);
}

/* Lines of the text that start so. */
static size_t
count_lines(const struct buf *text, const char *start)
{
	struct str rest = buf_str(text), line;
	size_t n = 0;
	while (str_next_line(&rest, &line))
		n += str_starts(line, start);
	return n;
}

static void
a_buildinfo_has_each_field_once(void **state)
{
	(void)state;
	static const char *const fields[] = {"Format: 1.0", "Source: hull-co-version-9",
		"Version: 0~", "Architecture: amd64",
		"Checksums-Sha256:", "Build-Architecture: amd64",
		"Build-Date: Thu, 29 Feb 2024 23:59:58 +0000",
		"Installed-Build-Depends:", "Environment:"};
	struct recipe r = small_recipe();
	OWN(buf) struct buf text = {0};
	struct env_var *e = env_var_list_add(&r.environment);
	*e = (struct env_var){
		.name = mem_strdup("RIG"), .value = mem_strdup("a \"ketch\" \\ yawl")};
	e = env_var_list_add(&r.environment);
	*e = (struct env_var){.name = mem_strdup("BAD"), .value = mem_strdup("x\nVersion: 7")};
	recipe_buildinfo(&r, NULL, STR("lock"), STR("dockerfile"), &text);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		assert_int_equal(count_lines(&text, fields[i]), 1);
	assert_int_equal(count_lines(&text, "Version"), 1);
	assert_non_null(strstr(text.p, "\n gcc (= 4:12.2),\n gcc-12 (= 12.2+b1)\n"));
	assert_non_null(strstr(text.p, "\n RIG=\"a \\\"ketch\\\" \\\\ yawl\"\n"));
	recipe_cleanup(&r);
}

/* ---- needs ---- */

static void
add_question(
	struct recipe *r, const char *id, enum question_kind kind, bool blocking, const char *given)
{
	struct question *q = question_list_add(&r->questions);
	*q = (struct question){.id = mem_strdup(id),
		.kind = kind,
		.text = mem_strdup("What <is> it?\n# no heading"),
		.where = mem_strdup("a.c:3"),
		.why = mem_strdup("it is read"),
		.default_value = given ? mem_strdup(given) : NULL,
		.blocking = blocking};
}

static void
what_most_waits_for_is_asked_first(void **state)
{
	(void)state;
	static const char *const order[] = {
		"env:Z", "service:redis", "env:OPEN", "env:DEFAULT", "env:SET"};
	struct recipe r = small_recipe();
	struct probe_result found = {0};
	struct answers *answers = answers_create();
	const struct recipe_facts f = {&r, &found, NULL, answers};
	OWN(buf) struct buf text = {0}, md = {0}, rows = {0};
	OWN_JSON json_t *j = NULL;
	add_question(&r, "env:SET", Q_ENV, false, NULL);
	add_question(&r, "env:DEFAULT", Q_ENV, false, "3");
	add_question(&r, "env:OPEN", Q_ENV, false, NULL);
	add_question(&r, "service:redis", Q_SERVICE, true, NULL);
	add_question(&r, "env:Z", Q_ENV, true, NULL);
	*env_var_list_add(&r.environment) = (struct env_var){.name = mem_strdup("SET"),
		.question = mem_strdup("env:SET"),
		.value = mem_strdup("v")};
	recipe_needs_json(&f, &text);
	assert_int_equal(json_parse(buf_str(&text), &j, NULL), 0);
	for (size_t i = 0; i < 5; i++) {
		const json_t *need = json_array_get(json_object_get(j, "needs"), i);
		assert_string_equal(json_string_value(json_object_get(need, "id")), order[i]);
		assert_string_equal(json_string_value(json_object_get(need, "where")), "a.c:3");
	}
	recipe_needs_md(&f, &md);
	assert_int_equal(count_lines(&md, "## What \\<is> it? # no heading"), 5);
	assert_int_equal(count_lines(&md, "# "), 1);
	recipe_evidence(&f, &rows);
	struct str rest = buf_str(&rows), line;
	while (str_next_line(&rest, &line)) {
		OWN_JSON json_t *row = NULL;
		assert_int_equal(json_parse(line, &row, NULL), 0);
		assert_true(json_is_string(json_object_get(row, "decision")));
	}
	answers_destroy(answers);
	recipe_cleanup(&r);
}

/* ---- compose ---- */

static void
no_name_leaves_its_place_in_compose(void **state)
{
	(void)state;
	struct recipe r = small_recipe();
	OWN(buf) struct buf yaml = {0}, env = {0};
	*service_list_add(&r.services) = (struct service){.name = mem_strdup("a\nservices: x"),
		.question = mem_strdup("service:a"),
		.start = mem_strdup("run \"$HOME\"\n  privileged: true \x7f"),
		.port = 5432};
	*service_list_add(&r.services) = (struct service){.name = mem_strdup("tests"),
		.question = mem_strdup("service:b"),
		.socket = mem_strdup("/run/b/b.sock")};
	*command_list_add(&r.commands) =
		(struct command){.phase = PHASE_TEST, .run = mem_strdup("make check")};
	recipe_compose(&r, &yaml);
	recipe_env_example(&r, &env);
	assert_int_equal(count_lines(&yaml, "services:"), 1);
	assert_null(strstr(yaml.p, "\n  privileged"));
	assert_null(strchr(yaml.p, 0x7f));
	assert_non_null(strstr(yaml.p, "run \\\"$$HOME\\\"\\n  privileged: true \\u007f\""));
	assert_int_equal(count_lines(&yaml, "  tests:"), 1);
	assert_int_equal(count_lines(&yaml, "  service-2-tests:"), 1);
	assert_non_null(strstr(yaml.p, "condition: service_healthy"));
	assert_non_null(strstr(env.p, "\n# (command)\nSERVICE_B=\n"));
	recipe_cleanup(&r);
}

static void
the_application_is_a_service_where_its_start_is_known(void **state)
{
	(void)state;
	struct recipe r = small_recipe();
	OWN(buf) struct buf alone = {0}, beside = {0};
	r.start.run = mem_strdup("serve --bind \"${ADDRESS:-127.0.0.1}\"");
	r.start.dir = mem_strdup("web");
	served_port_list_add(&r.start.ports)->port = 8080;
	*command_list_add(&r.commands) =
		(struct command){.phase = PHASE_TEST, .run = mem_strdup("make check")};
	recipe_compose(&r, &alone);
	assert_non_null(strstr(alone.p,
		"  application:\n    build: *build\n    command: [\"/bin/bash\", \"-c\", "
		"\"export ADDRESS=0.0.0.0; cd /work/web && serve --bind "
		"\\\"$${ADDRESS:-127.0.0.1}\\\"\"]\n    ports:\n      - \"127.0.0.1:8080:8080\"\n"));
	assert_int_equal(count_lines(&alone, "    profiles: [\"tests\"]"), 1);

	*service_list_add(&r.services) = (struct service){.name = mem_strdup("application"),
		.question = mem_strdup("service:a"),
		.start = mem_strdup("run"),
		.port = 5432};
	recipe_compose(&r, &beside);
	assert_non_null(strstr(beside.p, "\n  service-1-application:\n"));
	assert_int_equal(count_lines(&beside, "    ports:"), 1);
	assert_int_equal(
		count_lines(&beside, "    network_mode: \"service:service-1-application\""), 2);
	assert_true(strstr(beside.p, "    ports:") < strstr(beside.p, "\n  application:"));
	recipe_cleanup(&r);
}

static void
without_services_and_variables_there_is_no_compose(void **state)
{
	(void)state;
	struct recipe r = small_recipe();
	OWN(buf) struct buf yaml = {0}, env = {0};
	recipe_compose(&r, &yaml);
	recipe_env_example(&r, &env);
	assert_int_equal(yaml.n + env.n, 0);
	recipe_cleanup(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_installed_and_well_formed_is_taken),
		cmocka_unit_test(
			a_dependency_is_the_first_alternative_that_is_there_or_stands_for_it),
		cmocka_unit_test(an_inventory_comes_back_from_the_journal),
		cmocka_unit_test(parts_have_purls_and_needs),
		cmocka_unit_test(without_an_inventory_the_recipe_is_what_there_is),
		cmocka_unit_test(npm_packages_are_found_as_node_finds_them),
		cmocka_unit_test(every_reference_leads_to_a_component),
		cmocka_unit_test(the_same_recipe_gives_the_same_bytes),
		cmocka_unit_test(a_buildinfo_has_each_field_once),
		cmocka_unit_test(what_most_waits_for_is_asked_first),
		cmocka_unit_test(no_name_leaves_its_place_in_compose),
		cmocka_unit_test(the_application_is_a_service_where_its_start_is_known),
		cmocka_unit_test(without_services_and_variables_there_is_no_compose),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
