/* What trees declare to need, and the decisions that are told of them. */
#include "tests/envprobe/detecting.h"

/* "kind name", with a question mark where it is optional. */
static const struct {
	const struct file *files;
	const char *needs[8];
} declared[] = {
	{FILES({"SConstruct",
		 "env.ParseConfig('pkg-config --libs tide >= 1.2 moon')\n"
		 "conf.CheckLibWithHeader('m', 'math.h', 'c')\nenv.ParseConfig('$FLAGS')\n"}),
		{"program scons", "program pkg-config?", "pkgconfig tide?", "pkgconfig moon?",
			"library m?", NULL}},
	{FILES({"wscript",
		 "c.check_cfg(package='tide', args='--libs')\n"
		 "c.check(header_name = \"moon.h\", mandatory=False)\nc.find_program('tidec')\n"}),
		{"pkgconfig tide?", "program pkg-config?", "header moon.h?", "program tidec?",
			NULL}},
	{FILES({"a.pro", "TEMPLATE=app\nQT += svg network-private # x\nunix:PKGCONFIG += tide\n"
			 "LIBS += -L/x \\\n  -lmoon\nFLAG_QT += y\n"
			 "greaterThan(QT_MAJOR_VERSION, 4): QT += widgets\n"}),
		{"package qtbase5-dev", "cmake Qt5svg?", "cmake Qt5widgets?", "pkgconfig tide?",
			"library moon?", "program pkg-config?", NULL}},
	{FILES({"tide.py",
		       "import os, flask.views\nfrom moon import x\nfrom jinja2 import a, b\n  import no\n"},
		 {"lib/moon/__init__.py", ""}),
		{"program python3", "python os?", "python flask?", "python jinja2?", NULL}},
	{FILES({"tide.pl", "use strict;\nuse XML::Tide;\nuse My::Own;\n"}, {"My/Own.pm", ""}),
		{"program perl", "perl XML::Tide?", NULL}},
	{FILES({"Imakefile", "x\n"}, {"a.c", "#include <X11/Xlib.h>\n"}),
		{"program xmkmf", "program cc", "header X11/Xlib.h", NULL}},
	{FILES({"dune-project", ""},
		 {"dune", "(library (name a) ; (libraries no)\n (libraries b lwt.unix str\n"
			  "  (select x from (y -> z))) (preprocess (pps ppx_tide)))\n"
			  "(test (names t) (libraries alcotest a))\n"},
		 {"b/dune", "(library (public_name b))\n"}),
		{"program dune", "package liblwt-ocaml-dev?", "package libppx-tide-ocaml-dev?",
			"package libalcotest-ocaml-dev?", NULL}},
	{FILES({"Makefile", "REGRESS = a\nPGXS := $(shell pg_config --pgxs)\ninclude $(PGXS)\n"}),
		{"package postgresql-server-dev-all", "package postgresql", NULL}},
	{FILES({"Makefile", "L != pkg-config --libs tide 2>/dev/null || echo -lmoon\n"}),
		{"program pkg-config", "pkgconfig tide?", "library moon", NULL}},
};

static const char *const undeclared[] = {"python moon?", "python no?", "python a?", "perl My::Own?",
	"package libb-ocaml-dev?", "package liba-ocaml-dev?", "package libno-ocaml-dev?",
	"package libstr-ocaml-dev?", "package libz-ocaml-dev?", "cmake Qt5network-private?",
	"cmake Qt5y?", "pkgconfig 2>/dev/null?", "pkgconfig echo?", "pkgconfig 1.2?",
	"program $FLAGS?", NULL};

/* Options that a labelled decision stands for. */
static const struct {
	const char *build;
	bool old;
} releases[] = {{"<project default=\"a\"><javac source=\"1.3\" target=\"1.3\"/>", true},
	{"<project\nname='x'/><property name=\"compile.target\" value=\"1.5\"/>", true},
	{"<project><javac source=\"1.8\" target=\"1.8\"/>", false},
	{"<project><javac source='11'/>", false},
	{"<project><property name=\"version\" value=\"1.3\"/>", false},
	{"<project><property name=\"release\" value=\"1.3\"/>", false},
	{"<project><javac source=\"1.4.2\"/>", false},
	{"<tide source=\"1.3\"/>", false}}; /* what a test reads */

static bool
has_option(const struct project *p, const char *start)
{
	for (size_t i = 0; i < p->options.n; i++)
		if (str_starts(str_of(p->options.v[i]), start))
			return true;
	return false;
}

static void
what_is_too_much_of_a_tree_is_told(void **state)
{
	(void)state;
	enum { MANY = 400 };
	struct file sources[MANY + 1] = {0};
	OWN(strlist) struct strlist names = {0};
	OWN(buf) struct buf imports = {0};
	for (int i = 0; i < MANY; i++)
		strlist_addf(&names, "%0200d.c", i);
	for (int i = 0; i < MANY; i++)
		sources[i] = (struct file){names.v[i], i < 30 ? "int main(void)\n" : "int x;\n"};
	struct project p = detect(sources, NULL);
	assert_int_equal(p.commands.n, 20);
	assert_true(strlen(p.commands.v[0].run) < 1000);
	assert_true(has_option(&p, "programs=20, and 10 that"));
	assert_true(has_option(&p, "sources=each program alone"));
	project_cleanup(&p);
	for (int i = 0; i < 4000; i++)
		buf_printf(&imports, "import m%d\n", i);
	p = detect(FILES({"a.py", imports.p}), NULL);
	assert_int_equal(p.needs.n, 3000);
	assert_true(has_option(&p, "needs="));
	project_cleanup(&p);
}

static void
releases_of_java_that_no_compiler_takes_are_replaced(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(releases) / sizeof(*releases); i++) {
		struct project p = detect(
			FILES({"build.xml", releases[i].build}, {"A.java", "class A {}\n"}), NULL);
		if (has_option(&p, "java-release=8") != releases[i].old)
			fail_msg("%s", releases[i].build);
		assert_int_equal(command_list_has(&p.commands, PHASE_CONFIGURE), releases[i].old);
		project_cleanup(&p);
	}
}

static void
build_files_declare_what_they_need(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(declared) / sizeof(*declared); i++) {
		struct project p = detect(declared[i].files, NULL);
		OWN(strlist) struct strlist found = {0};
		for (size_t k = 0; k < p.needs.n; k++)
			strlist_addf(&found, "%s %s%s", need_kind_names[p.needs.v[k].kind],
				p.needs.v[k].name, p.needs.v[k].optional ? "?" : "");
		for (size_t k = 0; declared[i].needs[k]; k++)
			if (!strlist_has(&found, declared[i].needs[k]))
				fail_msg("%s: no %s", build_system_names[p.system],
					declared[i].needs[k]);
		for (size_t k = 0; undeclared[k]; k++)
			if (strlist_has(&found, undeclared[k]))
				fail_msg("%s: %s", build_system_names[p.system], undeclared[k]);
		project_cleanup(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_too_much_of_a_tree_is_told),
		cmocka_unit_test(build_files_declare_what_they_need),
		cmocka_unit_test(releases_of_java_that_no_compiler_takes_are_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
