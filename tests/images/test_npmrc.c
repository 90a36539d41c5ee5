/* The machine's npm configuration as upstreams: what npm would ask, with which login. */
#include "images/npmrc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
read_text(const char *text, struct map *values)
{
	npmrc_parse(str_of(text), values);
}

static void
settings_are_read_the_way_npm_reads_them(void **state)
{
	(void)state;
	OWN(map) struct map v = {0};
	(void)setenv("NPMRC_TEST", "v1", 1);
	(void)unsetenv("NPMRC_NONE");
	read_text(
		"; a comment\n# another\n registry = \"http://a.example/\" \r\nx=${NPMRC_TEST}-${NPMRC_NONE}\n"
		"y=<${NPMRC_NONE?}>\nregistry=http://b.example\nnothing\n",
		&v);
	assert_string_equal(map_get(&v, "registry"), "http://b.example");
	assert_string_equal(map_get(&v, "x"), "v1-${NPMRC_NONE}");
	assert_string_equal(map_get(&v, "y"), "<>");
	assert_null(map_get(&v, "nothing"));
}

static void
the_environment_names_settings_in_its_way(void **state)
{
	(void)state;
	OWN(map) struct map v = {0};
	static const char *const env[] = {"npm_config_registry=http://a.example",
		"NPM_CONFIG_HTTPS_PROXY=http://p.example:1",
		"npm_config_@dock:registry=http://d.example",
		"npm_config_//a.example/:_authToken=T", "npm_config_empty=", "PATH=/bin", NULL};
	npmrc_parse_env(env, &v);
	assert_string_equal(map_get(&v, "registry"), "http://a.example");
	assert_string_equal(map_get(&v, "https-proxy"), "http://p.example:1");
	assert_string_equal(map_get(&v, "@dock:registry"), "http://d.example");
	assert_string_equal(map_get(&v, "//a.example/:_authToken"), "T");
	assert_null(map_get(&v, "empty"));
}

static const struct {
	const char *settings, *url, *header;
} logins[] = {
	{"//a.example/:_authToken=T", "https://a.example", "Authorization: Bearer T"},
	{"//a.example/:_authToken=T", "https://a.example/deep/er", "Authorization: Bearer T"},
	{"//a.example/deep/:_authToken=D\n//a.example/:_authToken=T", "https://a.example/deep/er",
		"Authorization: Bearer D"},
	{"//a.example/deep:_authToken=D", "https://a.example/deep", "Authorization: Bearer D"},
	{"//a.example/dee:_authToken=D", "https://a.example/deep", NULL},
	{"//a.example/:_authToken=T", "https://b.example", NULL},
	{"//a.example/:_authToken=T", "https://a.example:8443", NULL},
	{"//a.example/:_authToken=T", "https://aa.example", NULL},
	{"//a.example/:_auth=dTpw", "https://a.example", "Authorization: Basic dTpw"},
	{"//a.example/:username=u\n//a.example/:_password=cA==", "https://a.example",
		"Authorization: Basic dTpw"},
	{"//a.example/:username=u", "https://a.example", NULL},
	{"_authToken=T", "https://a.example", NULL},
};

static void
a_login_is_for_its_place_and_below(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(logins) / sizeof(*logins); i++) {
		OWN(map) struct map v = {0};
		read_text(logins[i].settings, &v);
		OWN_FREE char *header = npmrc_auth_header(&v, logins[i].url);
		if (logins[i].header)
			assert_string_equal(header, logins[i].header);
		else
			assert_null(header);
	}
}

static void
registries_become_upstreams_without_a_secret_inside(void **state)
{
	(void)state;
	OWN(map) struct map v = {0};
	struct npm_sources s;
	OWN(buf) struct buf inside = {0};
	read_text(
		"registry=http://user:pw@a.example/npm/\n@dock:registry=https://d.example/x/\n"
		"@same:registry=http://user:pw@a.example/npm\n//d.example/x/:_authToken=T\n"
		"https-proxy=http://proxy.example:1\nnoproxy=a.example,.example.org\ncafile=/ca.pem\n",
		&v);
	assert_int_equal(npm_sources_make(&v, &s, NULL), 0);
	assert_int_equal(s.nupstreams, 2);
	assert_true(npm_sources_has_default(&s));
	const struct egress_upstream *d = npm_sources_of(&s, "@dock/crane");
	assert_string_equal(d->url, "https://d.example/x");
	assert_string_equal(d->auth_header, "Authorization: Bearer T");
	assert_string_equal(d->proxy, "http://proxy.example:1");
	assert_string_equal(d->ca_file, "/ca.pem");
	assert_true(d->rewrite_urls);
	assert_ptr_equal(npm_sources_of(&s, "left-pad"), npm_sources_of(&s, "@other/left-pad"));
	assert_ptr_equal(npm_sources_of(&s, "left-pad"), npm_sources_of(&s, "@same/left-pad"));
	assert_ptr_equal(npm_sources_of(&s, "@docker/x"), npm_sources_of(&s, "left-pad"));
	assert_null(npm_sources_of(&s, "left-pad")->auth_header);
	npm_sources_inside(&s, &inside);
	assert_non_null(strstr(inside.p, "\n@dock:registry=http://127.0.0.1:3142/npm1/\n"));
	assert_non_null(strstr(inside.p, "replace-registry-host=never\n"));
	static const char *const secrets[] = {"example", "Bearer", "pw", "proxy", "ca.pem", NULL};
	for (size_t i = 0; secrets[i]; i++)
		assert_null(strstr(inside.p, secrets[i]));
	npm_sources_cleanup(&s);
}

static void
without_a_registry_there_is_none(void **state)
{
	(void)state;
	OWN(map) struct map v = {0};
	struct npm_sources s;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(npm_sources_make(&v, &s, NULL), 0);
	assert_false(npm_sources_has_default(&s));
	assert_null(npm_sources_of(&s, "left-pad"));
	npm_sources_cleanup(&s);
	read_text("registry=file:///etc", &v);
	assert_int_equal(npm_sources_make(&v, &s, &err), -DD_EUNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_read_the_way_npm_reads_them),
		cmocka_unit_test(the_environment_names_settings_in_its_way),
		cmocka_unit_test(a_login_is_for_its_place_and_below),
		cmocka_unit_test(registries_become_upstreams_without_a_secret_inside),
		cmocka_unit_test(without_a_registry_there_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
