/* Versions, advisories, lock files and reports. */
#include "security/lockfiles.h"
#include "security/osv.h"
#include "security/versions.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
versions_are_ordered_as_their_ecosystem_does(void **state)
{
	(void)state;
	const struct {
		const char *ecosystem, *a, *b;
		int order;
	} cases[] = {
		{"Debian:12", "1.0-1", "1.0-1+deb12u1", -1},
		{"Debian:12", "1.0~rc1-1", "1.0-1", -1},
		{"Debian:12", "1:0.9-1", "2.0-1", 1},
		{"Debian", "1.0-1", "1.0-1", 0},
		{"Debian", "9.10", "9.9", 1},
		{"Debian", "1.0a", "1.0", 1},
		{"Debian", "1.0a", "1.0+", -1},
		{"Debian", "1.00", "1.0", 0},
		{"npm", "1.2.3", "1.2.10", -1},
		{"npm", "1.0.0-alpha.1", "1.0.0", -1},
		{"npm", "1.0.0-alpha", "1.0.0-beta", -1},
		{"npm", "1.0.0-rc.9", "1.0.0-rc.10", -1},
		{"npm", "1.0.0+build.5", "1.0.0", 0},
		{"Go", "v1.4.0", "1.4.0", 0},
		{"PyPI", "2.0.dev1", "2.0a1", -1},
		{"PyPI", "2.0rc1", "2.0", -1},
		{"PyPI", "2.0.post1", "2.0", 1},
		{"PyPI", "2.0", "2.0.0", 0},
		{"Maven", "1.0-SNAPSHOT", "1.0", -1},
		{"Maven", "4.1.100.Final", "4.1.99.Final", 1},
		{"RubyGems", "99999999999999999999.1", "99999999999999999999.2", -1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int there =
			sign(security_version_compare(cases[i].ecosystem, cases[i].a, cases[i].b));
		int back =
			sign(security_version_compare(cases[i].ecosystem, cases[i].b, cases[i].a));
		if (there != cases[i].order || back != -there)
			fail_msg("%s %s: %d and %d", cases[i].a, cases[i].b, there, back);
	}
}

/* "NAME VERSION at LINE; ..." */
static char *
named(const char *path, const char *text)
{
	struct security_dependency_list l = {0};
	OWN(buf) struct buf out = {0};
	assert_true(lockfile_is(path));
	lockfile_read(path, str_of(text), &l);
	for (size_t i = 0; i < l.n; i++)
		buf_printf(&out, "%s%s %s %s at %lld", i ? "; " : "", l.v[i].ecosystem, l.v[i].name,
			l.v[i].version, (long long)l.v[i].line);
	security_dependency_list_cleanup(&l);
	return out.n ? buf_take(&out) : mem_strdup("");
}

static void
lock_files_name_exact_versions(void **state)
{
	(void)state;
	const struct {
		const char *path, *text, *wanted;
	} cases[] = {
		{"a/package-lock.json",
			"{\"packages\": {\"\": {\"version\": \"9\"}, \"node_modules/a\": {\"version\": \"1.0.0\"},"
			" \"node_modules/a/node_modules/@s/b\": {\"version\": \"2.0.0\"}, \"node_modules/c\": {\"link\": true}}}",
			"npm a 1.0.0 at 1; npm @s/b 2.0.0 at 1"},
		{"package-lock.json",
			"{\"dependencies\": {\"a\": {\"version\": \"1\", \"dependencies\": {\"b\": {\"version\": \"2\"}}}}}",
			"npm a 1 at 1; npm b 2 at 1"},
		{"composer.lock", "{\"packages\": [{\"name\": \"v/n\", \"version\": \"v1.2\"}]}",
			"Packagist v/n 1.2 at 1"},
		{"Pipfile.lock", "{\"default\": {\"a\": {\"version\": \"==1.2\"}}}",
			"PyPI a 1.2 at 1"},
		{"Cargo.lock", "version = 3\n\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n",
			"Cargo a 1.2.3 at 5"},
		{"poetry.lock",
			"[[package]]\nname = \"a\"\nversion = \"1\"\n\n[x]\nversion = \"2\"\n",
			"PyPI a 1 at 3"},
		{"x/requirements-dev.txt",
			"# a==1\nflask==2.0.1 ; python_version > '3'\nb[extra] == 1.0\nc>=1\nd==1.*\n-r e.txt\n",
			"PyPI flask 2.0.1 at 2; PyPI b 1.0 at 3"},
		{"go.mod",
			"module m\nrequire x.org/a v1.2.3\nrequire (\n\ty.org/b v0.1.0 // indirect\n)\nreplace z => w v1.0.0\n",
			"Go x.org/a 1.2.3 at 2; Go y.org/b 0.1.0 at 4"},
		{"Gemfile.lock",
			"GEM\n  remote: x\n  specs:\n    rack (2.0.1)\n      dep (>= 1)\n    rake (13.0-java)\n\nPLATFORMS\n    ruby (1)\n",
			"RubyGems rack 2.0.1 at 4; RubyGems rake 13.0 at 6"},
		{"package-lock.json", "{\"packages\": [1, \"", ""},
		{"composer.lock", "[[[[", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *got = named(cases[i].path, cases[i].text);
		if (strcmp(got, cases[i].wanted) != 0)
			fail_msg("%s: got \"%s\", wanted \"%s\"", cases[i].path, got,
				cases[i].wanted);
	}
	assert_false(lockfile_is("a/package.json"));
}

/* The messages of what an advisory with these members says of a 1.5 of npm; "-": nothing. */
static char *
said(const char *members)
{
	struct security_dependency_list deps = {0};
	struct security_finding_list found = {0};
	struct osv osv;
	struct security_dependency *d = security_dependency_list_add(&deps);
	*d = (struct security_dependency){.ecosystem = mem_strdup("npm"),
		.name = mem_strdup("a"),
		.version = mem_strdup("1.5.0"),
		.path = mem_strdup("package-lock.json"),
		.line = 1};
	OWN_FREE char *text = mem_printf("{\"id\": \"X-1\", \"summary\": \"bad\", %s}", members);
	OWN_JSON json_t *advisory = NULL;
	OWN(buf) struct buf out = {0};
	if (json_parse(str_of(text), &advisory, NULL) < 0)
		fail_msg("%s", text);
	osv_open(&deps, &osv);
	osv_match(&osv, advisory, &found);
	osv_close(&osv);
	for (size_t i = 0; i < found.n; i++)
		buf_printf(&out, "%s: %s", security_finding_level_names[found.v[i].level],
			found.v[i].message);
	security_dependency_list_cleanup(&deps);
	security_finding_list_cleanup(&found);
	return out.n ? buf_take(&out) : mem_strdup("-");
}

#define OF_A "\"package\": {\"ecosystem\": \"npm\", \"name\": \"a\"}"
#define RANGE(events) \
	"\"affected\": [{" OF_A ", \"ranges\": [{\"type\": \"SEMVER\", \"events\": [" events "]}]}]"
#define HIT "a 1.5.0 is affected by X-1: bad"

static void
an_advisory_is_held_against_the_version(void **state)
{
	(void)state;
	const struct {
		const char *members, *wanted;
	} cases[] = {
		{RANGE("{\"introduced\": \"0\"}, {\"fixed\": \"1.6.0\"}"),
			"warning: " HIT "; mended in 1.6.0"},
		{RANGE("{\"introduced\": \"0\"}, {\"fixed\": \"1.5.0\"}"), "-"},
		{RANGE("{\"introduced\": \"1.6.0\"}"), "-"},
		{RANGE("{\"fixed\": \"1.4.0\"}, {\"introduced\": \"0\"}"), "-"},
		{RANGE("{\"introduced\": \"0\"}, {\"fixed\": \"1.2.0\"}, {\"introduced\": \"1.5.0-rc.1\"}"),
			"warning: " HIT "; no version that mends it is named"},
		{RANGE("{\"introduced\": \"0\"}, {\"last_affected\": \"1.5.0\"}"),
			"warning: " HIT "; no version that mends it is named"},
		{RANGE("{\"introduced\": \"0\"}, {\"last_affected\": \"1.4.9\"}"), "-"},
		{"\"affected\": [{" OF_A
		 ", \"versions\": [\"1.5.0\"]}], \"database_specific\": {\"severity\": \"HIGH\"}",
			"error: " HIT "; no version that mends it is named"},
		{"\"affected\": [{" OF_A
		 ", \"ranges\": [{\"type\": \"GIT\", \"events\": [{\"introduced\": \"0\"}]}]}]",
			"-"},
		{"\"withdrawn\": \"2020\", " RANGE("{\"introduced\": \"0\"}"), "-"},
		{"\"affected\": [{\"package\": {\"ecosystem\": \"PyPI\", \"name\": \"a\"}, \"versions\": [\"1.5.0\"]}]",
			"-"},
		{"\"affected\": [7, {\"package\": []}, {" OF_A
		 ", \"ranges\": {\"a\": 1}, \"versions\": [null]}]",
			"-"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *got = said(cases[i].members);
		if (strcmp(got, cases[i].wanted) != 0)
			fail_msg("%s: got \"%s\", wanted \"%s\"", cases[i].members, got,
				cases[i].wanted);
	}
}

static void
a_report_marks_what_it_has(void **state)
{
	(void)state;
	struct security_finding_list l = {0};
	for (int i = 0; i < 2; i++)
		*security_finding_list_add(&l) =
			(struct security_finding){.rule = mem_strdup("unsafe/x"),
				.path = mem_strdup("a dir/\xc3\xa4?.c"),
				.message = mem_strdup("m"),
				.line = 3,
				.print = mem_printf("print-%d", i)};
	OWN_JSON json_t *sarif = security_sarif(&l);
	OWN(buf) struct buf text = {0};
	OWN(dd_err) struct dd_err err = {0};
	json_print(sarif, 0, &text);
	assert_non_null(strstr(text.p, "\"uri\":\"a%20dir/%C3%A4%3F.c\""));
	assert_int_equal(
		json_array_size(json_object_get(
			json_object_get(
				json_object_get(
					json_array_get(json_object_get(sarif, "runs"), 0), "tool"),
				"driver"),
			"rules")),
		1);
	free(l.v[1].print);
	l.v[1].print = mem_strdup("another");
	assert_int_equal(security_compare(&l, buf_str(&text), &err), 0);
	assert_true(l.v[0].known);
	assert_false(l.v[1].known);
	assert_int_equal(security_compare(&l, STR("{\"runs\": [{}]}"), &err), -DD_EINVAL);
	assert_int_equal(security_compare(&l, STR("nothing"), &err), -DD_EINVAL);
	security_finding_list_cleanup(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_ordered_as_their_ecosystem_does),
		cmocka_unit_test(lock_files_name_exact_versions),
		cmocka_unit_test(an_advisory_is_held_against_the_version),
		cmocka_unit_test(a_report_marks_what_it_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
