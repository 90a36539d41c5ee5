#include "base/git_push.h"
#include "runner/forge.h"
#include "runner/pr_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char *
body_of(const char *text)
{
	static const struct pr_place places[] = {
		{"/home/ann/state", "(state)"}, {"/home/ann", "~"}, {NULL, "none"}};
	const struct pr_body_spec spec = {str_of(text), places, 3, NULL};
	OWN(buf) struct buf out = {0};
	pr_body(&spec, &out);
	return buf_take(&out);
}

static void
a_server_reads_nothing_but_text_in_it(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"# Repair: fixed\n\n## What\n", "## What\n"},
		{"tell @ann of a@b\n", "tell @&#8203;ann of a@&#8203;b\n"},
		{"Fixes #12, GH-3 and !4; # no, ! no\n",
			"Fixes #&#8203;12, GH&#8203;-3 and !&#8203;4; # no, ! no\n"},
		{"Closes https://h/o/r/issues/1\n", "Closes https:&#8203;//h/o/r/issues/1\n"},
		{"/merge\n  /close\na /b\n", "&#47;merge\n  &#47;close\na /b\n"},
		{"&#64;ann\n", "&amp;#&#8203;64;ann\n"},
		{"| `a@b #1` | @x |\n", "| `a@b #1` | @&#8203;x |\n"},
		{"\\`@x` y\n", "\\`@&#8203;x` y\n"},
		{"`open @x\n@y`\n", "`open @&#8203;x\n@&#8203;y`\n"},
		{"in /home/ann/state/runs and `/home/ann/x`, not /home/anna\n",
			"in (state)/runs and `~/x`, not /home/anna\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *got = body_of(cases[i][0]);
		assert_string_equal(got, cases[i][1]);
	}
	OWN(buf) struct buf line = {0};
	for (int i = 0; i < 20000; i++)
		buf_puts(&line, "word\n");
	OWN_FREE char *got = body_of(line.p);
	assert_true(strlen(got) < PR_BODY_MAX + 100);
	assert_non_null(strstr(got, "*Cut here"));
}

struct place {
	const char *remote, *api, *kind, *repo; /* NULL: not given */
	const char *wants; /* "KIND API HOST SOURCE TARGET", or a part of the error */
};

static void
the_host_of_a_token_is_never_the_repositorys_choice(void **state)
{
	(void)state;
	static const struct place cases[] = {
		{"https://github.com/o/n.git", NULL, NULL, NULL,
			"github https://api.github.com github.com o/n o/n"},
		{"git@github.com:o/n.git", NULL, NULL, "up/n",
			"github https://api.github.com github.com o/n up/n"},
		{"ssh://git@gitlab.com:22/g/s/n", NULL, NULL, NULL,
			"gitlab https://gitlab.com/api/v4 gitlab.com g/s/n g/s/n"},
		{"https://git.example.org/g/n.git", NULL, NULL, NULL, "--api https://HOST"},
		{"https://github.com.evil.example/o/n", NULL, NULL, NULL, "--api https://HOST"},
		{"https://github.com@evil.example/o/n", NULL, NULL, NULL, "--api https://HOST"},
		{"https://git.example.org/root/g/n.git", "https://git.example.org/root/api/v4/",
			NULL, NULL,
			"gitlab https://git.example.org/root/api/v4 git.example.org g/n g/n"},
		{"git@h:o/n", "https://h/rest", NULL, NULL, "say --forge"},
		{"git@h:o/n", "https://h/rest", "github", NULL, "github https://h/rest h o/n o/n"},
		{"git@h:o/n", "https://h/api/v3", "gitea", NULL, "github or gitlab"},
		{"git@h:o/n", "http://h/api/v3", NULL, NULL, "over https://"},
		{"git@h:o/n", "http://127.0.0.1:8080/api/v3", NULL, NULL,
			"github http://127.0.0.1:8080/api/v3 127.0.0.1 o/n o/n"},
		{"git@h:o/n", "https://user:pw@h/api/v3", NULL, NULL, "base URL"},
		{"git@github.com:o/n/more", NULL, NULL, NULL, "no name of a repository"},
		{"git@gitlab.com:o/../n", NULL, NULL, NULL, "no name of a repository"},
		{"/", "https://h/api/v3", NULL, NULL, "--repo says"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct place *c = &cases[i];
		const struct forge_wish wish = {c->api, c->kind, c->repo};
		struct push_to to = {0};
		struct forge_at at = {0};
		OWN(dd_err) struct dd_err err = {0};
		assert_int_equal(push_parse(c->remote, "/", &to, &err), 0);
		int rc = forge_locate(&to, &wish, &at, &err);
		OWN_FREE char *got =
			rc < 0 ? mem_strdup(err_msg(&err))
			       : mem_printf("%s %s %s %s %s", forge_kind_names[at.kind], at.api,
					 at.host, at.source, at.target);
		if (rc < 0 ? !strstr(got, c->wants) : strcmp(got, c->wants) != 0)
			fail_msg("%s: %s", c->remote, got);
		forge_at_cleanup(&at);
		push_to_cleanup(&to);
	}
}

static void
what_could_be_an_option_or_a_command_is_no_remote(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "-x:a/b", "ssh://-oProxyCommand=x/a", "u@h:a'b",
		"u@h:a b", "u@h:$(x)", "ssh://h:99999/a", "ssh://h", "ext::sh -c x", "ftp://h/a",
		"nothing/here", "u@h:"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct push_to to = {0};
		OWN(dd_err) struct dd_err err = {0};
		if (push_parse(bad[i], "/", &to, &err) != -DD_EINVAL)
			fail_msg("\"%s\" is taken", bad[i]);
	}
}

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"

static void
references_are_read_as_git_writes_them(void **state)
{
	(void)state;
	struct git_push_refs l = {0};
	static const char first[] = "001f# service=git-receive-pack\n0000"
				    "0059" A " refs/heads/main\0report-status delete-refs\n"
				    "0033" B " .have\n"
				    "0035shallow " B "\n"
				    "0000tail";
	struct str rest = {first, sizeof(first) - 1};
	OWN(dd_err) struct dd_err err = {0};
	/* the length of the first line, as it is */
	char text[sizeof(first)];
	memcpy(text, first, sizeof(first));
	size_t n = strlen(A " refs/heads/main") + 1 + strlen("report-status delete-refs\n") + 4;
	char digits[5];
	(void)snprintf(digits, sizeof(digits), "%04zx", n);
	memcpy(text + 35, digits, 4);
	rest.p = text;
	assert_int_equal(git_push_take_refs(&rest, &l, &err), 0);
	assert_true(l.reports);
	assert_int_equal(l.n, 2);
	assert_string_equal(git_push_find(&l, "refs/heads/main"), A);
	assert_null(git_push_find(&l, "refs/heads/other"));
	assert_true(str_eq(rest, "tail"));
	git_push_refs_cleanup(&l);

	static const char *const wrong[] = {
		"", "00", "zzzz", "0003", "fffftoo short", "+00a123456", "<html>", "000dERR no\n"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		rest = str_of(wrong[i]);
		assert_true(git_push_take_refs(&rest, &l, &err) < 0);
	}
}

static void
what_became_of_a_push_has_to_be_said(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int rc;
		const char *says;
	} cases[] = {
		{"000eunpack ok\n0010ok refs/h/x\n0000", 0, ""},
		{"000eunpack ok\n0000", -DD_ECORRUPT, "does not say"},
		{"0010ok refs/h/x\n0000", -DD_ECORRUPT, "does not say"},
		{"000eunpack ok\n0010ok refs/h/y\n0000", -DD_ECORRUPT, "does not say"},
		{"000eunpack ok\n001bng refs/h/x not today\n0000", -DD_EBUSY, "not today"},
		{"0015unpack disk full\n0000", -DD_EBUSY, "disk full"},
		{"", -DD_ECORRUPT, "does not say"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN(dd_err) struct dd_err err = {0};
		struct str rest = str_of(cases[i].text);
		int rc = git_push_take_report(&rest, "refs/h/x", &err);
		if (rc != cases[i].rc || (rc < 0 && !strstr(err_msg(&err), cases[i].says)))
			fail_msg("%s: %d %s", cases[i].text, rc, err_msg(&err));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_server_reads_nothing_but_text_in_it),
		cmocka_unit_test(the_host_of_a_token_is_never_the_repositorys_choice),
		cmocka_unit_test(what_could_be_an_option_or_a_command_is_no_remote),
		cmocka_unit_test(references_are_read_as_git_writes_them),
		cmocka_unit_test(what_became_of_a_push_has_to_be_said)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
