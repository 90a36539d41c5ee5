/* What package.json and lock files say, reduced to what npm may see. */
#include "images/npm_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *spec;
	enum npm_spec_kind kind;
} specs[] = {
	{"1.2.3", NPM_REGISTRY},
	{"^1.2.3", NPM_REGISTRY},
	{">=1 <2 || ~3.1.x", NPM_REGISTRY},
	{"latest", NPM_REGISTRY},
	{"", NPM_REGISTRY},
	{"*", NPM_REGISTRY},
	{"1.0.0-rc.1+b5", NPM_REGISTRY},
	{"npm:left-pad@^1", NPM_REGISTRY},
	{"npm:@dock/crane@2", NPM_REGISTRY},
	{"npm:left-pad", NPM_REGISTRY},
	{"npm:user/repo@1", NPM_ELSEWHERE},
	{"npm:x@git://h/y", NPM_ELSEWHERE},
	{"npm:../x", NPM_ELSEWHERE},
	{"user/repo", NPM_ELSEWHERE},
	{"user/repo#v1", NPM_ELSEWHERE},
	{"github:user/repo", NPM_ELSEWHERE},
	{"git+ssh://git@h.example/x.git", NPM_ELSEWHERE},
	{"git@h.example:x.git", NPM_ELSEWHERE},
	{"https://h.example/x.tgz", NPM_ELSEWHERE},
	{"http://127.0.0.1:3142/npm0/x", NPM_ELSEWHERE},
	{"file:x.tgz", NPM_ELSEWHERE},
	{"./x.tar.gz", NPM_ELSEWHERE},
	{"x.tgz", NPM_ELSEWHERE},
	{"file:/etc", NPM_ELSEWHERE},
	{"/etc", NPM_ELSEWHERE},
	{"~/x", NPM_ELSEWHERE},
	{"workspace:*", NPM_ELSEWHERE},
	{"link:/etc", NPM_ELSEWHERE},
	{"a\nb", NPM_ELSEWHERE},
	{"file:lib", NPM_LOCAL},
	{"file:../lib", NPM_LOCAL},
	{"./lib", NPM_LOCAL},
	{"..", NPM_LOCAL},
	{"link:lib", NPM_LOCAL},
};

static void
a_dependency_is_on_a_registry_in_the_tree_or_elsewhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++)
		if (npm_spec_kind(specs[i].spec) != specs[i].kind)
			fail_msg("%s: kind %d", specs[i].spec, (int)npm_spec_kind(specs[i].spec));
}

static void
names_cannot_be_places(void **state)
{
	(void)state;
	static const char *const good[] = {
		"left-pad", "@dock/crane", "JSONStream", "a.b_c~d", NULL};
	static const char *const bad[] = {"", ".", "..", ".bin", "a/b", "/a", "@a", "@/a", "@a/",
		"@a/..", "@a/b/c", "a b", "a\nb", "--flag x", "@a/.b", NULL};
	for (size_t i = 0; good[i]; i++)
		if (!npm_is_name(good[i]))
			fail_msg("%s is a name", good[i]);
	for (size_t i = 0; bad[i]; i++)
		if (npm_is_name(bad[i]))
			fail_msg("%s is no name", bad[i]);
	assert_string_equal(npm_name_at("node_modules/a/node_modules/@b/c"), "@b/c");
	assert_string_equal(npm_name_at("packages/x/node_modules/a"), "a");
	assert_null(npm_name_at("packages/x"));
	assert_null(npm_name_at("node_modules/../../etc"));
}

static json_t *
parse(const char *text)
{
	json_t *j = NULL;
	assert_int_equal(json_parse(str_of(text), &j, NULL), 0);
	return j;
}

static void
a_manifest_keeps_names_and_versions_only(void **state)
{
	(void)state;
	OWN_JSON json_t *package = parse(
		"{\"name\": \"x\", \"version\": \"1.0.0\", \"scripts\": {\"preinstall\": \"evil\"}, \"config\": {\"a\": 1},"
		" \"publishConfig\": {\"registry\": \"http://h\"}, \"bin\": \"./x\", \"gypfile\": true,"
		" \"dependencies\": {\"a\": \"^1\", \"b\": \"user/b\", \"c\": \"file:../c\", \"d\": 5, \"../e\": \"1\"},"
		" \"devDependencies\": {\"f\": \"git://h/f\", \"g\": \"git://h/g\"},"
		" \"overrides\": {\"h\": \"git://h/h\", \"i\": {\"j\": \"2\"}, \"k\": \"$a\"}}");
	OWN_JSON json_t *answers = parse("{\"f\": \"3\", \"g\": null, \"b\": \"other/b\"}");
	OWN_JSON json_t *refused = json_array();
	OWN(strlist) struct strlist locals = {0};
	OWN_JSON json_t *m = npm_manifest(package, "package.json", answers, refused, &locals);
	OWN_JSON json_t *wanted = parse(
		"{\"name\": \"x\", \"version\": \"1.0.0\", \"dependencies\": {\"a\": \"^1\", \"c\": \"file:../c\"},"
		" \"devDependencies\": {\"f\": \"3\"}, \"overrides\": {\"i\": {\"j\": \"2\"}, \"k\": \"$a\"}}");
	assert_true(json_equal(m, wanted));
	assert_int_equal(json_array_size(refused),
		3); /* b, whose answer is no version either, d, and ../e */
	assert_int_equal(locals.n, 1);
	assert_string_equal(locals.v[0], "../c");
}

static void
a_lock_file_keeps_no_address(void **state)
{
	(void)state;
	OWN_JSON json_t *lock = parse(
		"{\"lockfileVersion\": 2, \"packages\": {\"\": {\"name\": \"evil\"},"
		" \"node_modules/a\": {\"version\": \"1.0.0\", \"resolved\": \"http://h/a.tgz\", \"integrity\": \"sha512-A\"},"
		" \"node_modules/b\": {\"version\": \"git+ssh://h/b\", \"resolved\": \"git+ssh://h/b\"},"
		" \"node_modules/c\": {\"resolved\": \"parts/c\", \"link\": true}, \"parts/c\": {\"version\": \"1.0.0\"},"
		" \"node_modules/d\": {\"resolved\": \"../../etc\", \"link\": true},"
		" \"node_modules/../x\": {\"version\": \"1.0.0\"}, \"/etc\": {\"version\": \"1.0.0\"},"
		" \"node_modules/e\": {\"version\": \"1.0.0\", \"dependencies\": {\"f\": \"user/f\"}}},"
		" \"dependencies\": {\"a\": {\"version\": \"1.0.0\", \"resolved\": \"http://h/a.tgz\"}}}");
	OWN_JSON json_t *manifest = parse("{\"name\": \"x\"}");
	OWN_JSON json_t *refused = json_array();
	OWN(strlist) struct strlist members = {0};
	OWN(buf) struct buf text = {0};
	strlist_add(&members, "parts/c");
	OWN_JSON json_t *kept = npm_lock(lock, manifest, &members, refused);
	json_print(kept, 0, &text);
	assert_null(strstr(text.p, "http://"));
	assert_null(strstr(text.p, "git+"));
	assert_null(strstr(text.p, "etc"));
	assert_null(strstr(text.p, ".."));
	assert_null(strstr(text.p, "evil"));
	assert_non_null(strstr(text.p, "sha512-A"));
	assert_non_null(json_object_get(json_object_get(kept, "packages"), "node_modules/c"));
	assert_int_equal(json_array_size(refused), 5); /* b, d, ../x, /etc, and f that e wants */
}

static void
a_lock_file_of_version_1_keeps_no_address(void **state)
{
	(void)state;
	OWN_JSON json_t *lock = parse(
		"{\"lockfileVersion\": 1, \"dependencies\": {\"a\": {\"version\": \"1.0.0\","
		" \"resolved\": \"http://h/a.tgz\", \"dependencies\": {\"b\": {\"version\": \"2.0.0\","
		" \"resolved\": \"http://h/b.tgz\"}}}, \"c\": {\"version\": \"http://h/c.tgz\"}}}");
	OWN_JSON json_t *manifest = parse("{\"name\": \"x\"}"), *refused = json_array();
	struct strlist members = {0};
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *kept = npm_lock(lock, manifest, &members, refused);
	json_print(kept, 0, &text);
	assert_null(strstr(text.p, "http"));
	assert_non_null(strstr(text.p, "2.0.0"));
	assert_int_equal(json_array_size(refused), 1);
}

static void
what_is_no_lock_file_is_none(void **state)
{
	(void)state;
	static const char *const texts[] = {"[]", "{}", "{\"lockfileVersion\": 2}",
		"{\"lockfileVersion\": 9e9}", "{\"lockfileVersion\": 3, \"packages\": []}",
		"{\"lockfileVersion\": 1, \"dependencies\": 7}", NULL};
	OWN_JSON json_t *manifest = parse("{\"name\": \"x\"}"), *refused = json_array();
	struct strlist members = {0};
	for (size_t i = 0; texts[i]; i++) {
		OWN_JSON json_t *lock = parse(texts[i]);
		assert_null(npm_lock(lock, manifest, &members, refused));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dependency_is_on_a_registry_in_the_tree_or_elsewhere),
		cmocka_unit_test(names_cannot_be_places),
		cmocka_unit_test(a_manifest_keeps_names_and_versions_only),
		cmocka_unit_test(a_lock_file_keeps_no_address),
		cmocka_unit_test(a_lock_file_of_version_1_keeps_no_address),
		cmocka_unit_test(what_is_no_lock_file_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
