/* What a build can do without: what the tree tells, switches of builds, and variables that tests are given elsewhere. */
#include "envprobe/given.h"
#include "envprobe/newer.h"
#include "envprobe/removed.h"
#include "envprobe/spare.h"
#include "tests/envprobe/detecting.h"
#include "tests/envprobe/make_index.h"

#include <string.h>

/* The answer to one question, as "unused: ...; includes: ..." */
static char *
ask(const struct file *files, const char *key, const char *path)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	struct tree t = {.fd = -1};
	OWN(buf) struct buf out = {0};
	for (; files->path; files++) {
		OWN_FREE char *parent = mem_strdup(files->path);
		char *slash = strchr(parent, '/');
		if (slash) {
			*slash = '\0';
			(void)mkdirat(fd, parent, 0700);
		}
		tmpdir_write(fd, files->path, files->text);
	}
	if (tree_open(dir, &t, &err) < 0)
		fail_msg("%s", err_msg(&err));
	OWN_JSON json_t *asked = json_pack("{s:[s]}", key, path);
	OWN_JSON json_t *told = spare_of_tree(&t, asked);
	tree_cleanup(&t);
	buf_puts(&out, "");
	for (int k = 0; k < 2; k++) {
		const json_t *list = json_object_get(told, k ? "includes" : "unused");
		for (size_t i = 0; i < json_array_size(list); i++)
			buf_printf(&out, "%s%s", out.n ? " " : "",
				json_string_value(json_array_get(list, i)));
	}
	const json_t *first = json_array_get(json_object_get(told, "variables"), 0);
	if (first)
		buf_printf(&out, "%s at %s", json_string_value(json_object_get(first, "name")),
			json_string_value(json_object_get(first, "where")));
	return buf_take(&out);
}

static void
the_variable_of_a_version_is_found(void **state)
{
	(void)state;
	static const struct {
		const char *text, *found;
	} of[] = {
		{"all:\nMOON = 4.2 # full\n\tcc -lmoon$(MOON)\n", "MOON at Makefile:2"},
		{"MOON:=4.2\nLIBS=-lmoon${MOON}\n", "MOON at Makefile:1"},
		{"MOON = 4.20\nLIBS=-lmoon$(MOON)\n", ""},
		{"VERSION = 4.2\nLIBS=-lmoon4.2\n", ""},
		{"VERSION = 4.2\nLIBS=-lstar$(VERSION)\n", ""},
		{"A;B = 4.2\nLIBS=-lmoon$(A;B)\n", ""},
	};
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		OWN_FREE char *got = ask(FILES({"Makefile", of[i].text}), "assigned", "moon 4.2");
		assert_string_equal(got, of[i].found);
	}
}

static void
the_newest_of_the_same_first_number_is_taken(void **state)
{
	(void)state;
	static const struct {
		const char *name, *now;
	} of[] = {{"moon4.2", "4.10"}, {"moon4.10", NULL}, {"moon3.9", NULL}, {"star4.2", NULL},
		{"moon", NULL}, {"4.2", NULL}, {"moon.2", NULL}};
	struct pkgindex *x = make_index("Package: libmoon-dev\n\n",
		"usr/lib/x86_64-linux-gnu/libmoon4.9.so libdevel/libmoon-dev\n"
		"usr/lib/x86_64-linux-gnu/libmoon4.10.so libdevel/libmoon-dev\n"
		"usr/lib/x86_64-linux-gnu/libmoon5.1.so libdevel/libmoon-dev\n");
	assert_non_null(x);
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		struct newer n = {0};
		const struct need need = {.kind = NEED_LIBRARY, .name = (char *)of[i].name};
		bool found = newer_find(x, &need, &n);
		if (found != (of[i].now != NULL) || (found && strcmp(n.now, of[i].now) != 0))
			fail_msg("%s: %s", of[i].name, found ? n.now : "none");
		newer_cleanup(&n);
	}
	pkgindex_close(x);
}

static void
what_nothing_names_is_unused(void **state)
{
	(void)state;
	static const struct {
		const char *path, *other, *text;
		bool unused;
	} of[] = {
		{"tools/old.py", "a.py", "import older\nold = 1\n", true},
		{"tools/old.py", "a.py", "from tools import old\n", false},
		{"tools/old.py", "a.py", "  import old as new\n", false},
		{"tools/old.py", "run.sh", "python tools/old.py\n", false},
		{"tools/old.py", "README", "call tools/old.py\n", true},
		{"tools/__init__.py", "a.py", "import tools.x\n", false},
		{"tools/Old.php", "a.php", "$x = new Old();\n", false},
		{"tools/Old.pm", "a.pl", "use Older;\n", true},
		{"tools/old.py", "b.bin", "x\0import old\n", true},
		{"tools/old.php", "index.html", "<form action=tools/old.php>\n", false},
		{"tools/old.php", "docs/index.html", "<p>tools/old.php\n", true},
	};
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		OWN_FREE char *got =
			ask(FILES({of[i].path, "print 1\n"}, {of[i].other, of[i].text}), "unread",
				of[i].path);
		if (strcmp(got, of[i].unused ? of[i].path : "") != 0)
			fail_msg("%s: %s in %s", of[i].path, of[i].text, of[i].other);
	}
	OWN_FREE char *gone = ask(FILES({"a.py", "x\n"}), "unread", "b.py");
	assert_string_equal(gone, "");
}

/* Of a log, which a target writes. */
static void
only_what_lies_below_where_it_was_checked_is_a_source(void **state)
{
	(void)state;
	static const struct {
		const char *dir, *name, *path;
	} of[] = {{NULL, "./a.py", "a.py"}, {"tools", "./b/a.py", "tools/b/a.py"},
		{"tools", "./../a.py", NULL}, {"tools/deep", "../a.py", NULL},
		{"tools", "b/../../tools/a.py", NULL}, {NULL, "/etc/a.py", NULL},
		{NULL, "./a'b.py", NULL}, {NULL, "./[a].py", NULL}, {"tools", "./", NULL}};
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		OWN_FREE char *path = spare_path(of[i].dir, of[i].name);
		if (strcmp(path ? path : "", of[i].path ? of[i].path : "") != 0)
			fail_msg("%s in %s: %s", of[i].name, of[i].dir, path);
	}
}

static void
sources_that_are_not_checked_are_not_counted(void **state)
{
	(void)state;
	const struct {
		const struct file *files;
		int64_t n;
	} of[] = {
		{FILES({"index.php", "<?php\n"}, {"lib/a.php", "<?php\n"},
			 {"vendor/b.php", "<?php\n"}, {"lib/Tests/c.php", "<?php\n"},
			 {"d.txt", ""}),
			2},
		{FILES({"a.py", ""}, {"templates/b.py", ""}, {"a_tests/c.py", ""}), 1},
		{FILES({"a.pl", ""}, {"t/b.pl", ""}, {"lib/c-test.pm", ""}, {"lib/D.pm", ""}), 2},
		{FILES({"tools/a.py", ""}, {"tools/tests/b.py", ""}), 1},
	};
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		struct project p = detect(of[i].files, NULL);
		assert_int_equal(p.checked, of[i].n);
		project_cleanup(&p);
	}
}

static void
headers_of_what_does_not_compile_are_told(void **state)
{
	(void)state;
	const struct file *files = FILES(
		{"src/a.c", "#include <libsky/moon.h>\n#include \"b.h\"\n# include <stdio.h>\n"},
		{"src/aa.c", "#include <zlib.h>\n"});
	static const char *const as[] = {"src/a.c", "../src/a.c", "a.c", NULL};
	for (size_t i = 0; as[i]; i++) {
		OWN_FREE char *got = ask(files, "failed", as[i]);
		assert_string_equal(got, "libsky/moon.h stdio.h");
	}
}

static const struct {
	const struct file *files;
	const char *switches;
} switches[] = {
	{FILES({"configure.ac",
		 "AC_INIT\nAC_ARG_WITH([moon], [AS_HELP_STRING([--without-moon], [x])])\n"
		 "AC_ARG_ENABLE(tide,[  --enable-tide x])\ndnl --enable-gone\n"}),
		"--disable-tide --without-moon"},
	{FILES({"configure", "#!/bin/sh\n# by hand\necho '--disable-moon  and --with-sky=DIR'\n"},
		 {"Makefile", "include config.mak\n"}),
		"--disable-moon --without-sky"},
	{FILES({"wscript", "ctx.add_option('--enable-' + name)\n"
			   "add_option_enable_disable(ctx, 'moon', default = None)\n"
			   "ctx.add_option('--with-$(touch x)')\n"}),
		"--disable-moon"},
	{FILES({"CMakeLists.txt", "project(x C)\nfind_package(Moon)\nfind_package(Sky REQUIRED)\n"
				  "option(TIDE_WITH_MOON \"x\" ON)\n"}),
		"-DCMAKE_DISABLE_FIND_PACKAGE_Moon=ON -DTIDE_WITH_MOON=OFF"},
	{FILES({"meson.build", "project('x', 'c')\n"},
		 {"meson_options.txt",
			 "option('moon', type: 'feature')\noption('sky', type: 'boolean')\n"
			 "option('sea', type: 'string')\n"}),
		"-Dmoon=disabled -Dsky=false"},
	{FILES({"Makefile", "all:\n\t# --enable-moon\n"}), ""},
};

static void
a_switch_that_leaves_a_feature_out_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		struct project p = detect(switches[i].files, NULL);
		OWN(strlist) struct strlist all = {0};
		OWN(buf) struct buf got = {0};
		for (size_t k = 0; k < p.switches.n; k++)
			strlist_add(&all, p.switches.v[k].off);
		strlist_sort(&all);
		buf_puts(&got, "");
		for (size_t k = 0; k < all.n; k++)
			buf_printf(&got, "%s%s", k ? " " : "", all.v[k]);
		assert_string_equal(got.p, switches[i].switches);
		project_cleanup(&p);
	}
}

static void
a_switch_concerns_a_library_by_all_of_its_words(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool concerns;
	} of[] = {{"moon", true}, {"libmoon2", true}, {"TIDE_ENABLE_MOON", true},
		{"moon-support", true}, {"moon-sky", false}, {"sky", false}, {"support", false},
		{"tests", false}, {"BUILD_TESTING", false}, {"moon-tests", false}};
	OWN(strlist) struct strlist about = {0};
	strlist_add(&about, "moon");
	strlist_add(&about, "tests"); /* as of tests.c, which does not compile */
	strlist_add(&about, "testing");
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
		if (spare_concerns(of[i].name, &about) != of[i].concerns)
			fail_msg("%s", of[i].name);
}

static void
a_switch_stands_for_a_copy_that_is_missing(void **state)
{
	(void)state;
	static const struct {
		const char *name, *missing;
		bool is;
	} of[] = {{"TIDE_USE_VENDORED_MOON_JSON", "tide/json/json.hpp", true},
		{"included-moon", "moon.h", true}, {"WITH_INTERNAL_MOON", "libmoon2/x.h", true},
		{"TIDE_USE_VENDORED_MOON", "tide/x.h", false}, {"moon", "moon.h", false},
		{"USE_SYSTEM_MOON", "moon.h", false}, {"WITHOUT_BUNDLED_MOON", "moon.h", false},
		{"use-bundled", "bundled/x.h", false}};
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
		if (spare_is_copy(of[i].name, of[i].missing) != of[i].is)
			fail_msg("%s", of[i].name);
}

#define READS \
	{"t.sh", "echo $MOON $SKY $SEA_TOKEN $SEA_PASS $LD_SKY $PATH $SEA_FLAGS $GOARCH\n"}, \
	{ \
		"Makefile", "a:\n" \
	}

static const struct {
	const struct file *files;
	const char *given; /* NAME=value (where, read) */
} given[] = {
	{FILES(READS, {".github/workflows/a.yml",
			      "env:\n  MOON: full\njobs:\n  a:\n    env: {SKY: 1.5, SEA: x}\n"
			      "    steps:\n      - run: make check\n"}),
		"SKY=1.5 (.github/workflows/a.yml:5, t.sh:1) MOON=full (.github/workflows/a.yml:2, t.sh:1)"},
	/* of jobs that run no tests; expressions; secrets; what moves programs and libraries */
	{FILES(READS,
		 {".github/workflows/a.yml",
			 "jobs:\n  a:\n    env: {MOON: full}\n    steps:\n      - run: make\n"}),
		""},
	{FILES(READS,
		 {".github/workflows/a.yml",
			 "jobs:\n  a:\n    env:\n      MOON: ${{ secrets.MOON }}\n      SKY: \"a'b\"\n"
			 "      SEA_TOKEN: abc\n      LD_SKY: x\n      PATH: /x\n      SEA_FLAGS: -n\n"
			 "      SEA_PASS: abc\n      GOARCH: mips\n"
			 "    steps:\n      - run: make check\n"}),
		""},
	{FILES(READS, {".github/workflows/a.yml",
			      "jobs:\n  a:\n    steps:\n      - run: make check\n"
			      "        env: {MOON: 'redis://u:p@h/1', SKY: 'redis://h:1/1'}\n"}),
		"SKY=redis://h:1/1 (.github/workflows/a.yml:5, t.sh:1)"},
	{FILES(READS,
		 {".gitlab-ci.yml",
			 "variables: {MOON: full}\nt:\n  script: [make, make check]\n"
			 "  variables: {SKY: blue}\nb:\n  script: make\n  variables: {MOON: no}\n"}),
		"SKY=blue (.gitlab-ci.yml:4, t.sh:1) MOON=full (.gitlab-ci.yml:1, t.sh:1)"},
	{FILES(READS,
		 {".travis.yml", "env:\n  global:\n    - SKY=\"blue\" SEA=1\n    - secure: abc\n"
				 "  matrix:\n    - MOON=full\n    - MOON=new\n"}),
		"SKY=blue (.travis.yml:3, t.sh:1) MOON=full (.travis.yml:6, t.sh:1)"},
	{FILES(READS, {"tox.ini", "[testenv]\nsetenv =\n    MOON = full\n    SKY = {toxinidir}\n"
				  "commands = x\n    SKY = no\n[testenv:b]\nsetenv = SKY=blue\n"}),
		"MOON=full (tox.ini:3, t.sh:1)"},
	{FILES(READS, {".github/workflows/a.yml", "jobs: [\n"}), ""},
	/* words that only hold one of tests; and one that is */
	{FILES(READS, {".gitlab-ci.yml",
			      "a:\n  script: [git checkout, apt install latest, make inspect]\n"
			      "  variables: {MOON: full}\n"}),
		""},
	{FILES(READS,
		 {".gitlab-ci.yml", "a:\n  script: ./runTests.sh\n  variables: {MOON: full}\n"}),
		"MOON=full (.gitlab-ci.yml:3, t.sh:1)"},
	/* what is told once for several */
	{FILES(READS,
		 {".gitlab-ci.yml",
			 ".all: &all\n  variables: {MOON: full}\na:\n  <<: *all\n  script: make check\n"}),
		"MOON=full (.gitlab-ci.yml:2, t.sh:1)"},
	{FILES({"Makefile", "a:\n"}, {"README", "MOON\n"}, {".travis.yml", "env: MOON=full\n"}),
		""},
};

static void
variables_that_tests_are_given_elsewhere_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++) {
		struct project p = detect(given[i].files, NULL);
		OWN(buf) struct buf got = {0};
		buf_puts(&got, "");
		for (size_t k = 0; k < p.given.n; k++) {
			const struct given_variable *v = &p.given.v[k];
			buf_printf(&got, "%s%s=%s (%s, %s)", k ? " " : "", v->name, v->value,
				v->where, v->read);
		}
		assert_string_equal(got.p, given[i].given);
		project_cleanup(&p);
	}
}

static void
what_stands_before_a_command_is_told_from_it(void **state)
{
	(void)state;
	static const struct {
		const char *run;
		size_t n;
	} of[] = {{"make check", 0}, {"MOON=full make check", 10},
		{"MOON='full' SKY=1 make check", 18}, {"export MOON=full && a | b", 17},
		{"cc -DX=1 a.c", 0}, {"", 0}};
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
		assert_int_equal(given_length(of[i].run), of[i].n);
}

/* The commands once the variables were given, as often as there are environments; how many options tell of them. */
static char *
given_to(const char *const *environments, size_t *ret_options)
{
	struct given_variable all[] = {
		{(char[]){"MOON"}, (char[]){"full"}, (char[]){"a.yml:1"}, (char[]){"t.sh:1"}},
		{(char[]){"BY_MOON"}, (char[]){"full"}, (char[]){"a.yml:2"}, (char[]){"t.sh:2"}}};
	struct command commands[] = {{.phase = PHASE_BUILD, .run = mem_strdup("make")},
		{.phase = PHASE_TEST, .run = mem_strdup("make check")},
		{.phase = PHASE_TEST, .run = mem_strdup("cd t && ./t.sh MOON=full x")}};
	struct probe_result r = {.project = {.given = {all, 2, 2}, .commands = {commands, 3, 3}}};
	struct loop l = {.r = &r};
	OWN(buf) struct buf out = {0};
	for (; *environments; environments++) {
		struct str rest = str_of(*environments), one;
		strlist_cleanup(&l.env);
		while (str_next_word(&rest, &one))
			strlist_add_str(&l.env, one);
		given_apply(&l);
	}
	for (size_t i = 0; i < 3; i++) {
		buf_printf(&out, "%s%s", i ? "; " : "", commands[i].run);
		free(commands[i].run);
	}
	*ret_options = r.options.n;
	strlist_cleanup(&r.options);
	strlist_cleanup(&l.env);
	return buf_take(&out);
}

static void
what_the_environment_has_is_not_given(void **state)
{
	(void)state;
	static const struct {
		const char *environments[4], *commands;
		size_t options;
	} of[] = {
		{{"", NULL},
			"make; MOON=full BY_MOON=full make check; "
			"export MOON=full BY_MOON=full && cd t && ./t.sh MOON=full x",
			2},
		{{"", "", NULL},
			"make; MOON=full BY_MOON=full make check; "
			"export MOON=full BY_MOON=full && cd t && ./t.sh MOON=full x",
			2},
		/* as of a service that is started once tests have failed without it, and taken out again */
		{{"", "MOON=new", NULL},
			"make; BY_MOON=full make check; "
			"export BY_MOON=full && cd t && ./t.sh MOON=full x",
			1},
		{{"", "MOON=new", "BY_MOON=new", NULL},
			"make; MOON=full make check; "
			"export MOON=full && cd t && ./t.sh MOON=full x",
			1},
		{{"", "MOON=new BY_MOON=new", NULL}, "make; make check; cd t && ./t.sh MOON=full x",
			0},
	};
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		size_t options;
		OWN_FREE char *got = given_to(of[i].environments, &options);
		assert_string_equal(got, of[i].commands);
		assert_int_equal(options, of[i].options);
	}
}

static void
lists_of_commands_are_exported_to_once(void **state)
{
	(void)state;
	size_t options;
	static const char *const both[] = {"", "MOON=new", "BY_MOON=new", "", "", NULL};
	OWN_FREE char *got = given_to(both, &options);
	assert_string_equal(got, "make; BY_MOON=full MOON=full make check; "
				 "export BY_MOON=full MOON=full && cd t && ./t.sh MOON=full x");
	assert_int_equal(options, 2);
}

/* Is Python 2 what ended a build with this log? */
static bool
ends_it(const char *log)
{
	OWN(dd_err) struct dd_err err = {0};
	struct problem_list l = {0};
	struct removed r;
	if (evidence_find(str_of(log), &l, &err) < 0)
		fail_msg("%s", err_msg(&err));
	bool found = removed_find(&l, &r);
	problem_list_cleanup(&l);
	return found;
}

static void
what_is_only_compiled_beforehand_ends_no_build(void **state)
{
	(void)state;
#define OLD "byte-compiling x.py to x.pyc\n  SyntaxError: Missing parentheses in call to 'print'.\n"
	assert_true(ends_it(OLD));
	assert_true(ends_it("a.c:1:10: fatal error: moon.h: No such file or directory\n" OLD));
	assert_false(ends_it(OLD "a.c:1:10: fatal error: moon.h: No such file or directory\n"));
	assert_false(ends_it(OLD "a.c:1:10: error: unknown type name 'moon'\n"));
	assert_true(ends_it("A.java:1: error: package org.omg.x does not exist\n"
			    "A.java:2: error: package org.y does not exist\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nothing_names_is_unused),
		cmocka_unit_test(the_variable_of_a_version_is_found),
		cmocka_unit_test(the_newest_of_the_same_first_number_is_taken),
		cmocka_unit_test(only_what_lies_below_where_it_was_checked_is_a_source),
		cmocka_unit_test(sources_that_are_not_checked_are_not_counted),
		cmocka_unit_test(headers_of_what_does_not_compile_are_told),
		cmocka_unit_test(a_switch_that_leaves_a_feature_out_is_read),
		cmocka_unit_test(variables_that_tests_are_given_elsewhere_are_read),
		cmocka_unit_test(a_switch_stands_for_a_copy_that_is_missing),
		cmocka_unit_test(a_switch_concerns_a_library_by_all_of_its_words),
		cmocka_unit_test(what_stands_before_a_command_is_told_from_it),
		cmocka_unit_test(what_the_environment_has_is_not_given),
		cmocka_unit_test(lists_of_commands_are_exported_to_once),
		cmocka_unit_test(what_is_only_compiled_beforehand_ends_no_build),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
