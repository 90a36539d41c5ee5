/* Scripts of tests that no target runs. */
#include "tests/envprobe/detecting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define SH "#!/bin/sh\n"
static const struct {
	const struct file *files;
	const char *scripts; /* "command (why)", with a question mark where only the name says so */
} told[] = {
	{FILES({"Makefile", "all:\n"}, {"README", "To test it, call\n\n    $ ./run-checks.sh -v\n"},
		 {"run-checks.sh", SH}),
		"sh run-checks.sh -v (README:3)"},
	{FILES({"Makefile", "all:\n"},
		 {"README.md", "Call `tests/all.py --fast a/b` for the tests.\n"},
		 {"tests/all.py", "print(1)\n"}),
		"python3 tests/all.py --fast a/b (README.md:1)"},
	{FILES({"Makefile", "all:\n"}, {".travis.yml", "script:\n  - perl t/check.pl\n"},
		 {"t/check.pl", "1;\n"}),
		"perl t/check.pl (.travis.yml:2)"},
	/* All that it runs, with options before the script, and nothing of coverage. */
	{FILES({"Makefile", "all:\n"},
		 {".travis.yml",
			 "script:\n  - lua -v -lluacov run_tests.lua --shuffle\n  - lua run_tests.lua\n"
			 "  - lua -e x test_more.lua --coverage\n  - lua test_more.lua --coverage -q\n"},
		 {"run_tests.lua", "x"}, {"test_more.lua", "x"}),
		"lua -v run_tests.lua --shuffle (.travis.yml:2); lua test_more.lua -q (.travis.yml:5)"},
	/* What comes before tests and behind them, and what installs, sends or publishes, is none. */
	{FILES({"Makefile", "all:\n"},
		 {".travis.yml",
			 "before_install:\n- sh tests/one.sh\n\n- sh tests/two.sh\ninstall: sh tests/one.sh\n"
			 "script:\n  - sh latest.sh\n  - sh Deploy-test.sh\n  - sh install-test-deps.sh\n"
			 "  - sh tests/setup.sh\n  - sh checkout.sh\n  - sh test-install.sh --recover\n"
			 "  - sh setup-and-test.sh\ndeploy:\n  provider: script\n  script: sh tests/two.sh\n"
			 "  on:\n    x: y\nafter_success:\n  - sh tests/one.sh\n# x\n"},
		 {"tests/one.sh", SH}, {"tests/two.sh", SH}, {"latest.sh", SH},
		 {"Deploy-test.sh", SH}, {"install-test-deps.sh", SH}, {"tests/setup.sh", SH},
		 {"checkout.sh", SH}, {"test-install.sh", SH}, {"setup-and-test.sh", SH}),
		"sh test-install.sh --recover (.travis.yml:12); sh setup-and-test.sh (.travis.yml:13)"},
	{FILES({"Makefile", "all:\n"},
		 {".gitlab-ci.yml",
			 "deploy:\n  script:\n  - sh tests/one.sh\nunit:\n  before_script:\n"
			 "  - sh tests/two.sh\n  script:\n  - sh tests/three.sh\n"},
		 {"tests/one.sh", SH}, {"tests/two.sh", SH}, {"tests/three.sh", SH}),
		"sh tests/three.sh (.gitlab-ci.yml:8)"},
	/* A step that ships, by its name; one that tests what is shipped, and the one behind it, are none. */
	{FILES({"Makefile", "all:\n"},
		 {".github/workflows/ci.yml",
			 "jobs:\n  all:\n    steps:\n      - name: Deploy the pages\n        if: x\n        run: sh tests/one.sh\n"
			 "      - name: \"Test what is to be published: upload\"\n        run: sh tests/two.sh\n"
			 "      - name: Build and install\n        run: sh tests/three.sh\n"},
		 {"tests/one.sh", SH}, {"tests/two.sh", SH}, {"tests/three.sh", SH}),
		"sh tests/two.sh (.github/workflows/ci.yml:8); sh tests/three.sh (.github/workflows/ci.yml:10)"},
	/* What tox runs, where it runs it, and not what it checks style with. */
	{FILES({"setup.py", "x\n"},
		 {"tox.ini",
			 "[tox]\nenvlist = py3\n[testenv]\ndeps = x\ncommands =\n  python run.py {posargs:-q}\n"
			 "  bash -c \"python ../a.py\"\n  {envpython} more.py -v\n"
			 "  python {toxinidir}/test/one.py\n"
			 "setenv =\n  python one.py\nchangedir = {toxinidir}/test/\n"
			 "[testenv:style]\ncommands = python one.py\n"},
		 {"test/run.py", "x"}, {"test/one.py", "x"}, {"test/more.py", "x"}),
		"cd test && python3 run.py (tox.ini:6); cd test && python3 more.py -v (tox.ini:8)"},
	{FILES({"setup.py", "x\n"},
		 {"tox.ini",
			 "[testenv]\nchangedir = {toxinidir}\ncommands =\n  python test/one.py\n"},
		 {"test/one.py", "x"}),
		"python3 test/one.py (tox.ini:4)"},
	{FILES({"setup.py", "x\n"},
		 {"tox.ini", "[testenv]\ncommands = python3 {toxinidir}/tests/all.py\n"},
		 {"tests/all.py", "x"}, {"README", "sh test/more.sh\n"}, {"test/more.sh", SH}),
		"python3 tests/all.py (tox.ini:2)"},
	{FILES({"Makefile", "all:\n"}, {"README", "ruby -Ilib test/all.rb\n\nsh test/more.sh\n"},
		 {"test/all.rb", "x"}, {"test/more.sh", SH}),
		"ruby -Ilib test/all.rb (README:1)"},
	/* Sentences, shell, other files, and what is not there, are no commands. */
	{FILES({"Makefile", "all:\n"},
		 {"README", "./test.sh tests everything\n./test.sh | tee log\n./test.sh $HOME/x\n"
			    "sh ../test.sh\nsh /bin/test.sh\n./build.sh\n./gone-test.sh\n./test\n"},
		 {"test.sh", "x"}, {"build.sh", "x"}, {"test", "\177ELF"},
		 {"docs/run-tests.sh", SH}, {"a/b/c/d/run-tests.sh", SH}, {"run.sh", SH},
		 {"tests/helper.sh", SH}),
		""},
	{FILES({"Makefile", "all:\n"}, {"tests/Run_Tests", "#!/usr/bin/env python\n"},
		 {"tests/run.sh", SH}),
		"cd tests/ && python3 Run_Tests (tests/Run_Tests)?"},
	{FILES({"Makefile", "all:\n"}, {"tests/run.sh", SH "for t in tests/*.in; do :; done\n"}),
		"sh tests/run.sh (tests/run.sh)?"},
	{FILES({"Makefile", "all:\n"}, {"run tests;x.sh", SH}), ""},
	{FILES({"Makefile", "test:\n\tx\n"}, {"runtests.sh", SH}, {"README", "sh runtests.sh\n"}),
		""},
};

static void
a_script_of_tests_is_found_where_no_target_runs_any(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		struct project p = detect(told[i].files, NULL);
		OWN(buf) struct buf b = {0};
		buf_puts(&b, "");
		for (size_t k = 0; k < p.scripts.n; k++)
			buf_printf(&b, "%s%s (%s)%s", k ? "; " : "", p.scripts.v[k].run,
				p.scripts.v[k].why, p.scripts.v[k].guessed ? "?" : "");
		assert_string_equal(b.p, told[i].scripts);
		project_cleanup(&p);
	}
}

static void
a_large_script_that_every_line_names_is_not_read_for_each(void **state)
{
	(void)state;
	OWN(buf) struct buf script = {0}, told_of = {0};
	buf_puts(&script, SH);
	while (script.n < (2 << 20))
		buf_puts(&script, "# nothing but words that are there to be many of them\n");
	buf_puts(&told_of, "script:\n");
	for (int i = 0; i < 60000; i++)
		buf_puts(&told_of, "- sh tests/all.sh\n");
	alarm(10);
	struct project p = detect(FILES({"Makefile", "all:\n"}, {".travis.yml", told_of.p},
					  {"tests/all.sh", script.p}),
		NULL);
	alarm(0);
	assert_int_equal(p.scripts.n, 1);
	project_cleanup(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_script_that_every_line_names_is_not_read_for_each),
		cmocka_unit_test(a_script_of_tests_is_found_where_no_target_runs_any),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
