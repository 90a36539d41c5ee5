#include "base/fs.h"
#include "images/source_entry.h"
#include "images/sources.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- what apt lists ---- */

static void
targets_become_sources_without_repetition(void **state)
{
	(void)state;
	struct apt_sources s = {0};
	OWN(strlist) struct strlist entries = {0};
	static const char text[] =
		"https://deb.example.org/debian/\tstable\tmain\t/etc/a.list:1\n"
		"https://deb.example.org/debian\tstable\tmain\t/etc/a.list:1\n"
		"https://deb.example.org/debian//\tstable\tcontrib\t/etc/a.list:1\n"
		"http://two.example.org/x/\tstable-updates\tmain\t/etc/b.sources:2\n";
	assert_int_equal(apt_sources_parse(STR(text), &s, &entries, NULL), 0);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.v[0].uri, "https://deb.example.org/debian");
	assert_string_equal(s.v[1].component, "contrib");
	assert_string_equal(s.v[2].suite, "stable-updates");
	assert_string_equal(s.suite, "stable");
	assert_int_equal(entries.n, 3);
	assert_string_equal(entries.v[2], "/etc/b.sources:2");
	apt_sources_cleanup(&s);
}

static void
a_flat_repository_has_no_component(void **state)
{
	(void)state;
	struct apt_sources s = {0};
	OWN(strlist) struct strlist entries = {0};
	static const char text[] = "https://flat.example.org/x/\t./\t$(COMPONENT)\t/etc/a.list:9\n"
				   "https://flat.example.org/x/\tdir/\t\t\n";
	assert_int_equal(apt_sources_parse(STR(text), &s, &entries, NULL), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.v[0].suite, "./");
	assert_string_equal(s.v[0].component, "");
	assert_string_equal(s.v[1].component, "");
	apt_sources_cleanup(&s);
}

static void
what_is_cut_off_or_no_repository_is_left_out(void **state)
{
	(void)state;
	struct apt_sources s = {0};
	OWN(strlist) struct strlist entries = {0};
	static const char text[] =
		"\n\t\t\t\nhttps://cut.example.org/\n/////\tx\ty\nhttps://a.example.org/\ts";
	assert_int_equal(apt_sources_parse(STR(text), &s, &entries, NULL), 0);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.v[0].suite, "s");
	apt_sources_cleanup(&s);
}

static void
no_source_and_other_protocols_are_errors(void **state)
{
	(void)state;
	struct apt_sources s = {0};
	OWN(strlist) struct strlist entries = {0};
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(apt_sources_parse(STR("\n\n"), &s, &entries, &err), -DD_ENOENT);
	assert_int_equal(
		apt_sources_parse(STR("cdrom:[Debian]/\tstable\tmain\n"), &s, &entries, &err),
		-DD_EUNSUPPORTED);
	assert_non_null(strstr(err_msg(&err), "cdrom:[Debian]"));
	apt_sources_cleanup(&s);
}

/* ---- entries of sources files ---- */

static const char one_line[] =
	"# deb [signed-by=/no.gpg] https://a.example.org/ s main\n"
	"\n"
	"deb [arch=amd64 Signed-By=/a.gpg,/b.asc trusted=no] https://a.example.org/x s main\n"
	"deb [trusted=yes signed-by=0123456789ABCDEF0123456789ABCDEF01234567] https://b.example.org/ ./\n"
	"deb https://c.example.org/ [signed-by=/late.gpg\n";

static const char stanzas[] = "# a comment is no stanza\n"
			      "\n"
			      "Types: deb\n"
			      "# in between: Signed-By: /no.gpg\n"
			      "URIs: https://a.example.org/\n"
			      "Signed-By: /a.gpg\n"
			      " /b.asc, /a.gpg\n"
			      "Suites: s\n"
			      "   \n"
			      "Types: deb\r\n"
			      "trusted: Yes\r\n"
			      "\n\n"
			      "Types: deb\n"
			      "SIGNED-BY:\n"
			      " -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
			      " .\n"
			      " mQINBGPL0BUBEADm/W5NdOOHwPIJlgPnvRm+\n"
			      " -----END PGP PUBLIC KEY BLOCK-----\n"
			      "Suites: t";

static struct str
line_entry(uint64_t n)
{
	return source_entry_find(STR(one_line), "/etc/apt/sources.list", n);
}

static struct str
stanza_entry(uint64_t n)
{
	return source_entry_find(STR(stanzas), "/etc/apt/sources.list.d/x.sources", n);
}

static void
entries_are_lines_or_stanzas(void **state)
{
	(void)state;
	assert_true(str_starts(line_entry(3), "deb [arch=amd64"));
	assert_int_equal(line_entry(0).n, 0);
	assert_int_equal(line_entry(99).n, 0);
	assert_true(str_starts(stanza_entry(1), "Types: deb\n"));
	assert_true(str_ends(stanza_entry(1), "Suites: s"));
	assert_true(str_ends(stanza_entry(3), "Suites: t"));
	assert_int_equal(stanza_entry(0).n, 0);
	assert_int_equal(stanza_entry(4).n, 0);
	assert_int_equal(source_entry_find(STR(""), "x.sources", 1).n, 0);
}

static void
check_option(struct str entry, const char *name, const char *want)
{
	OWN_FREE char *got = source_entry_option(entry, name);
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

static void
options_of_both_syntaxes(void **state)
{
	(void)state;
	check_option(line_entry(3), "signed-by", "/a.gpg,/b.asc");
	check_option(line_entry(3), "trusted", "no");
	check_option(line_entry(3), "sign", NULL);
	check_option(line_entry(4), "trusted", "yes");
	check_option(line_entry(5), "signed-by", NULL); /* the bracket is never closed */
	check_option(stanza_entry(1), "signed-by", "/a.gpg\n/b.asc, /a.gpg");
	check_option(stanza_entry(1), "trusted", NULL);
	check_option(stanza_entry(2), "trusted", "Yes");
	check_option(STR(""), "trusted", NULL);
	check_option(STR(" continued: from nowhere"), "continued", NULL);
	check_option(STR("deb"), "trusted", NULL);
	check_option(STR("Trusted:"), "trusted", "");
}

static void
keys_are_paths_or_in_the_entry(void **state)
{
	(void)state;
	OWN(strlist) struct strlist paths = {0}, keys = {0};
	source_entry_keys(line_entry(3), &paths, &keys);
	source_entry_keys(stanza_entry(1), &paths, &keys);
	assert_int_equal(paths.n, 2);
	assert_string_equal(paths.v[0], "/a.gpg");
	assert_string_equal(paths.v[1], "/b.asc");
	source_entry_keys(line_entry(4), &paths, &keys); /* a fingerprint, and a URI with slashes */
	source_entry_keys(stanza_entry(2), &paths, &keys);
	assert_int_equal(paths.n, 2);
	assert_int_equal(keys.n, 0);
	source_entry_keys(stanza_entry(3), &paths, &keys);
	assert_int_equal(paths.n, 2);
	assert_int_equal(keys.n, 1);
	assert_string_equal(keys.v[0], "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n"
				       "mQINBGPL0BUBEADm/W5NdOOHwPIJlgPnvRm+\n"
				       "-----END PGP PUBLIC KEY BLOCK-----\n");
}

/* ---- settings and logins ---- */

static void
check_setting(const char *dump, const char *key, const char *want)
{
	OWN_FREE char *got = apt_config_value(str_of(dump), key);
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

static void
the_last_value_of_a_setting_counts(void **state)
{
	(void)state;
	static const char dump[] = "Acquire \"\";\n"
				   "Acquire::http \"\";\n"
				   "Acquire::http::Proxy \"http://one:3128\";\n"
				   "Acquire::http::Proxy::deb.example.org \"DIRECT\";\n"
				   "acquire::HTTP::proxy \"http://two:\"3128\";\n"
				   "Acquire::Check-Date \"false\";\n"
				   "Acquire::https::CaInfo \"\";\n";
	check_setting(dump, "Acquire::http::Proxy", "http://two:\"3128");
	check_setting(dump, "Acquire::http::Proxy::deb.example.org", "DIRECT");
	check_setting(dump, "Acquire::https::CaInfo", NULL);
	check_setting(dump, "Acquire::http::Prox", NULL);
	check_setting(dump, "Nothing", NULL);
	check_setting("", "Acquire", NULL);
}

static void
a_setting_that_is_cut_off_is_none(void **state)
{
	(void)state;
	static const char whole[] = "A::B \"value\";";
	for (size_t n = 0; n < sizeof(whole); n++) {
		OWN_FREE char *text = mem_strndup(whole, n);
		OWN_FREE char *got = apt_config_value(str_of(text), "A::B");
		assert_true(!got || strcmp(got, "value") == 0);
	}
	check_setting("A::B \"", "A::B", NULL);
	check_setting("A::B \"x", "A::B", NULL);
	check_setting("A::B \"xy\nA::B \"z\";\n", "A::B", "z");
}

static void
check_login(const char *text, const char *uri, const char *want)
{
	OWN_FREE char *got = apt_auth_login(str_of(text), uri);
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

/* The examples of the manual page. */
static void
logins_go_where_apt_sends_them(void **state)
{
	(void)state;
	static const char *const yes[] = {"machine example.org login apt password debian",
		"machine example.org\nlogin apt\npassword debian\n",
		"machine example.org/deb login apt password debian",
		"machine example.org/debian login apt password debian",
		"machine example.org/debian/ login apt password debian",
		"machine https://example.org login apt password debian",
		"machine other.org login x password y machine example.org login apt password debian"};
	static const char *const no[] = {"machine example.org:443 login apt password debian",
		"machine example.org/deb/ login apt password debian",
		"machine example.org/ubuntu login apt password debian",
		"machine example.orga login apt password debian",
		"machine http://example.org login apt password debian",
		"machine ample.org login apt password debian", "login apt password debian",
		"machine", "machine example.org", "machine example.org login", "machine https://",
		""};
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		check_login(yes[i], "https://example.org/debian", "apt:debian");
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		check_login(no[i], "https://example.org/debian", NULL);
}

static void
plain_http_gets_a_login_only_when_it_is_named(void **state)
{
	(void)state;
	check_login("machine example.org login a password b", "http://example.org/x", NULL);
	check_login("machine http://example.org login a password b", "http://example.org/x", "a:b");
	check_login(
		"machine http://example.org/x login a password b", "http://example.org:80/x", NULL);
	check_login(
		"machine http://example.org login a password b", "http://example.org:80/x", "a:b");
	check_login("machine example.org login a", "https://example.org/x", "a:");
}

/* ---- the inside ---- */

static void
nothing_secret_is_written_for_the_inside(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *to = fs_join(dir, "apt");
	OWN_FREE char *key = fs_join(dir, "a.asc");
	OWN(dd_err) struct dd_err err = {0};
	OWN(strlist) struct strlist entries = {0};
	struct egress_upstream up[] = {{.name = "apt0",
					       .url = "https://one.example.org/deb",
					       .proxy = "http://u:hush@proxy:1",
					       .auth_header = "A: hush"},
		{.name = "apt1",
			.url = "https://two.example.org/flat",
			.ca_file = "/etc/company.pem"}};
	struct apt_sources s = {0};
	static const char text[] = "https://one.example.org/deb\ts\tmain\t\n"
				   "https://two.example.org/flat\t./\t\t\n";
	assert_int_equal(apt_sources_parse(STR(text), &s, &entries, NULL), 0);
	s.v[1].trusted = true;
	s.upstreams = up;
	s.nupstreams = 2;
	assert_int_equal(fs_write_atomic(key, STR("key one\n"), 0644, NULL), 0);
	strlist_add(&s.keyrings, key);
	strlist_add(&s.keys, "key two\n");
	if (apt_sources_write_inside(&s, to, &err) < 0)
		fail_msg("%s", err_msg(&err));
	OWN_FD int fd = tmpdir_open_fd(to);
	OWN_FREE char *list = tmpdir_read(fd, "sources.list");
	OWN_FREE char *conf = tmpdir_read(fd, "apt.conf");
	OWN_FREE char *one = tmpdir_read(fd, "trusted.gpg.d/source-0.asc");
	OWN_FREE char *two = tmpdir_read(fd, "trusted.gpg.d/inline-0.asc");
	assert_string_equal(list, "deb http://127.0.0.1:3142/apt0 s main\n"
				  "deb [trusted=yes] http://127.0.0.1:3142/apt1 ./ \n");
	assert_string_equal(one, "key one\n");
	assert_string_equal(two, "key two\n");
	assert_null(strstr(conf, "hush"));
	assert_null(strstr(conf, "roxy"));
	assert_null(strstr(conf, "company"));
	assert_non_null(strstr(conf, "Check-Valid-Until \"false\"")); /* as it is off in s */
	s.upstreams = NULL;
	s.nupstreams = 0;
	apt_sources_cleanup(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_become_sources_without_repetition),
		cmocka_unit_test(a_flat_repository_has_no_component),
		cmocka_unit_test(what_is_cut_off_or_no_repository_is_left_out),
		cmocka_unit_test(no_source_and_other_protocols_are_errors),
		cmocka_unit_test(entries_are_lines_or_stanzas),
		cmocka_unit_test(options_of_both_syntaxes),
		cmocka_unit_test(keys_are_paths_or_in_the_entry),
		cmocka_unit_test(the_last_value_of_a_setting_counts),
		cmocka_unit_test(a_setting_that_is_cut_off_is_none),
		cmocka_unit_test(logins_go_where_apt_sends_them),
		cmocka_unit_test(plain_http_gets_a_login_only_when_it_is_named),
		cmocka_unit_test(nothing_secret_is_written_for_the_inside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
