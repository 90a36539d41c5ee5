/* What trees declare to need, and the decisions that are told of them. */
#include "tests/envprobe/detecting.h"

#include "envprobe/own.h"

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
	{FILES({"a.pro",
		 "TEMPLATE = app\nQT += xml\nCONFIG += moon\nqml {\n  QT += norelease\n  unix {\n"
		 "    LIBS += -lnorelease\n  }\n}\nelse {\n  QT += svg\n}\nmoon {\n  LIBS += -lmoon\n}\n"
		 "gif_export:LIBS += -lnorelease \\\n  -lnorelease\nwin32 {\n LIBS += -lnorelease\n}\n"
		 "!mac {\n LIBS += -lstar\n}\nlinux-g++ | x { \n LIBS += -lsun\n}\n"
		 "t.commands = $$[QT_INSTALL_BINS]/lrelease $$FILES\n"}),
		{"cmake Qt5xml?", "cmake Qt5svg?", "library moon?", "library star?", "library sun?",
			"package qttools5-dev-tools", NULL}},
	{FILES({"setup.py", "x\n"},
		 {"tox.ini",
			 "[testenv]\ndeps = tide\ncommands = pytest {posargs}\n[testenv:style]\n"
			 "deps =\n  norelease\ncommands =\n  norelease run -a\n[testenv:old]\n"
			 "deps =\n  star\n[testenv:sky]\ndeps = comet\ncommands =\n  nosetests\n"}),
		{"python tide?", "python star?", "python comet?", NULL}},
	{FILES({"setup.py", "x\n"},
		 {"tox.ini",
			 "[testenv]\ndeps =\n  coverage\n  moon,py3{8,9}: tide~=3.2\n  sky: star\n"
			 "commands = pytest\n[testenv:quality]\ndeps =\n  norelease\n  pylint\ncommands =\n"
			 "  pylint tide tests\n  python -m flake8 tests\n[testenv:sky]\ndeps = comet\n"
			 "commands = coverage run -m pytest\n[testenv:sea]\ndeps = wave\ncommands =\n"
			 "  python -m coverage run -m unittest\n[testenv:sum]\ndeps = norelease\n"
			 "commands = coverage report --include=tests/*\n"}),
		{"python tide?", "python star?", "python comet?", "python wave?", NULL}},
	{FILES({"setup.py", "x\n"},
		 {"pyproject.toml",
			 "[build-system]\nrequires = ['flit_core']\nbuild-backend = 'flit_core.x'\n"},
		 {"requirements.txt", "tide # x\nflake8==3 # norelease\n"},
		 {"tox.ini",
			 "[testenv:style]\ndeps =\n  norelease\n  flake8-comprehensions\ncommands =\n"
			 "  bash -c \"pyupgrade `find test -name '*.py'` a.py\"\n"
			 "[testenv:all]\ndeps = sky\ncommands = bash -c \"flake8 tests && pytest\"\n"
			 "[testenv:two]\ndeps = norelease\ncommands = bash -c \"flake8 tests; black test;\"\n"}),
		{"python tide", "python setuptools", "python sky?", NULL}},
	{FILES({"configure.ac", "AC_INIT(a, 1)\nLT_INIT([shared])\nAM_PROG_LIBTOOL\nAC_PROG_YACC\n"
				"AC_CHECK_PROGS([A], [valgrind])\nAC_CHECK_PROG([B], [moon])\n"},
		 {"configure", "#! /bin/sh\n"}),
		{"program bison", "program moon?", NULL}},
	/* A tool that the project is made of is none that it is only worked on with. */
	{FILES({"setup.py", "x\n"}, {"a/b.py", "from pyflakes import api\n"},
		 {"requirements.txt", "pyflakes==3\nflake8==3\n"}),
		{"python pyflakes", NULL}},
	{FILES({"configure.ac", "AC_INIT(a, 1)\nAM_GNU_GETTEXT([external])\n"},
		 {"configure", "#! /bin/sh\n"}, {"po/de.po", ""}, {"po/de.gmo", ""},
		 {"po/fr.po", ""}),
		{"program msgfmt", NULL}},
	{FILES({"tide.py",
		       "import os, flask.views\nfrom moon import x\nfrom jinja2 import a, b\n  import no\n"},
		 {"lib/moon/__init__.py", ""}),
		{"program python3", "python os?", "python flask?", "python jinja2?", NULL}},
	{FILES({"tide.pl", "use strict;\nuse XML::Tide;\nuse My::Own;\n"}, {"My/Own.pm", ""}),
		{"program perl", "perl XML::Tide?", NULL}},
	{FILES({"Makefile.PL", "x\n"},
		 {"cpanfile",
			 "requires 'XML::Tide' => '1';\non 'test' => sub {\n  requires \"Moon\" => \"0\";\n};\n"
			 "on 'develop' => sub {\n  requires \"No::Release\" => \"0\";\n};\n"
			 "on develop => sub {\n  recommends 'No::Test';\n};\nrecommends 'Last';\n"}),
		{"perl XML::Tide", "perl Moon", "perl Last?", NULL}},
	{FILES({"Makefile.PL", "x\n"}, {"t/a.t", "use XML::Tide;\nuse XML::Sky::Own;\n"},
		 {"Sky/Own.pm", "# x\npackage XML::Sky::Own;\n"},
		 {"Tide.pm", "package XML::Tides;\n"},
		 {"Sky/Own.xs", "#include <moon.h>\n#include \"EXTERN.h\"\n"}),
		{"perl XML::Tide?", "program cc", "header moon.h", "header EXTERN.h", NULL}},
	{FILES({"meson.build",
		 "project('a', 'c')\nfind_program('tide', 'tide3', 'no/moon', required: false)\n"
		 "find_program('moon')\n"}),
		{"program tide tide3?", "program moon", NULL}},
	{FILES({"meson.build",
		 "project('a', 'c')\ndependency('tide@0@'.format(V), required : false)\n"
		 "dependency('@0@norelease'.format(V))\ndependency('moon-@0@'.format(V))\n"}),
		{"pkgconfig tide?", "pkgconfig moon?", NULL}},
	{FILES({"meson.build", "project('a', 'c')\ngnome = import('gnome')\nsubdir('docs')\n"},
		 {"docs/meson.build", "gnome.gtkdoc('a', main_xml: 'a.xml')\n"},
		 {"meson_options.txt", "option('gtk_doc', type: 'boolean', value: true)\n"}),
		{"program gtkdoc-scan?", NULL}},
	{FILES({"CMakeLists.txt",
		 "project(a C)\nfind_program(A NAMES tide tide3 ${B} PATHS /x DOC no)\n"
		 "find_program(B moon /y)\nfind_program(C NAMES ${B})\n"}),
		{"program tide tide3?", "program moon?", NULL}},
	{FILES({"CMakeLists.txt",
		       "project(a C)\nfind_package(Sky REQUIRED)\ninclude(${CMAKE_SOURCE_DIR}/cmake/Own.cmake)\n"
		       "include(CheckNothing)\n"},
		 {"cmake/FindSky.cmake",
			 "find_path(SKY_INCLUDE_DIR\n  sky.h\n  PATH_SUFFIXES include sky include/sky-2 ${NO} DOC norelease)\n"},
		 {"cmake/Own.cmake", "include(More)\n"},
		 {"cmake/More.cmake", "pkg_check_modules(A REQUIRED tide)\n"},
		 {"cmake/FindNothing.cmake", "find_library(A norelease)\n"}),
		{"cmake Sky", "header sky.h?", "header sky/sky.h?", "header sky-2/sky.h?",
			"pkgconfig tide", NULL}},
	{FILES({"configure.ac",
		 "AC_INIT(a, 1)\nAC_CHECK_PROGS([A], [tide \"tide3 -y\" $B /x/y])\n"}),
		{"program tide tide3?", NULL}},
	{FILES({"configure.ac",
		 "AC_INIT(a, 1)\nPKG_CHECK_MODULES([SKY], [\"sky >= 2\"])\nmods=\"tide >= 1 moon\"\nmods=\"norelease\"\n"
		 "PKG_CHECK_MODULES(A, [\"$mods\"])\nPKG_CHECK_MODULES(B, ${no})\nAM_TIDE_GETTEXT\n"
		 "AM_PROG_LIBTOOL\nAM_MOON_SKY no\n"}),
		{"pkgconfig sky", "pkgconfig tide?", "pkgconfig moon?", "m4 AM_TIDE_GETTEXT?",
			NULL}},
	{FILES({"opam",
		 "build: [make]\ndepends: [\n \"ocaml\" {>= \"4.05\"} \"ocamlbuild\" {build}\n ( \"tide_a\" | \"moon\" )\n"
		 "  \"alcotest\" {with-test & >= \"2.0~dev\"} \"norelease\" {with-doc}\n \"no\" {build & dev} ]\n\"norelease\"\n"}),
		{"program ocaml", "program ocamlbuild?", "package libtide-a-ocaml-dev?",
			"package libmoon-ocaml-dev?", "package libalcotest-ocaml-dev?", NULL}},
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
	{FILES({"package.xml",
		       "<package><dependencies><required><php><min>5.3.0</min></php><package><name>Tide_Wave</name>"
		       "<channel>pear.example.org</channel></package><!-- <package><name>norelease</name></package> -->\n"
		       "<extension> <name> dom </name></extension><package><name>no/release;x</name></package></required>"
		       "<optional><package><name>norelease</name></package></optional></dependencies></package>"},
		 {"Moon-1.2/src/composer.json", "{}"}, {"Moon-1.2/src/a.php", "<?php\n"}),
		{"program php", "php Tide/Wave?", "php ext-dom?", NULL}},
	{FILES({"package.xml", "<package/>"},
		 {"tide-1.2/config.m4",
			 "PHP_ARG_WITH(tide, x)\nPKG_CHECK_MODULES([TIDE], [libtide >= 1.2])\nPHP_NEW_EXTENSION(tide, tide.c)\n"},
		 {"tide-1.2/tide.c",
			 "#include \"php.h\"\n#include \"ext/standard/info.h\"\n#include <moon.h>\n"
			 "#include \"zend_norelease.h\"\n"},
		 {"tide-1.2/composer.json", "{}"}),
		{"package php-dev", "program make", "program cc", "pkgconfig libtide?",
			"header moon.h", NULL}},
	{FILES({"setup.py", "setup(install_requires=['tide'])\n"},
		 {"a/__init__.py", "import norelease\n"},
		 {"a/tests/case.py",
			 "import wave.phase, sky\nfrom a.b import c\n  import norelease\n"},
		 {"a/tests/data/test_b.py", "import norelease\n"},
		 {"a/tests/c/d.py", "import norelease\n"}),
		{"python tide", "python wave?", "python sky?", NULL}},
	{FILES({"setup.py", "import norelease\n"},
		 {"a/b.py", "import star\ntry:\n  import norelease\n"},
		 {"docs/conf.py", "import norelease\n"}, {"test_a.py", "import comet\n"}),
		{"python star?", "python comet?", NULL}},
	{FILES({"Makefile", "all:\n"}, {"src/Win32/a.h", "#include <tide/io.h>\n"},
		 {"src/b.c", "#include <moon.h>\n#include \"Win32/a.h\"\n"}, {"win", ""},
		 {"windows.c", "#include <sky.h>\n"}),
		{"header tide/io.h?", "header moon.h", "header sky.h", NULL}},
	{FILES({"Makefile", "all:\n"}, {"a.c", "#include \"inc/own.h\"\n"},
		 {"inc/own.h", "#ifndef X\n#define X\n#include <deep.inc>\n#include <moon.h>\n"},
		 {"inc/deep.inc", "#include \"tide.h\"\n"}, {"inc/tide.h", "#include <sky.h>\n"},
		 {"adapters/own_star.h", "#include <norelease.h>\n"},
		 {"example/a.c", "#include \"../adapters/own_star.h\"\n"}),
		{"header moon.h", "header sky.h", NULL}},
	{FILES({"Makefile", "all:\n"}, {"own.h", "#include <moon.h>\n"}), {"header moon.h", NULL}},
	{FILES({"Makefile", "all:\n"}, {"tide/own.h", "int x;\n"}, {"sky/own.h", "int y;\n"},
		 {"a.c", "#include <tide/own.h>\n#include <tide/star.h>\n#include \"sky/own.h\"\n"
			 "#if X\n#include <tide/norelease.h>\n#include <sky/a.h>\n#endif\n"}),
		{"header tide/star.h", "header sky/a.h?", NULL}},
	{FILES({"Makefile",
		 "DEBUG = #-g -lnorelease\nLIBS = -lmoon # -lnorelease\nS = '#'-ltide\n"}),
		{"program make", "library moon", NULL}},
	{FILES({"Makefile",
		       "linux win32: a.o\n\t$(MAKE) all LIBS=-lmoon\nfreebsd macosx:\n\t$(MAKE) all LIBS=-lnorelease\n\n"
		       "\tcc -lnorelease\nA = -ltide\n"},
		 {"a.c", "x"}, {"a.hpp", "x"}),
		{"program make", "library moon", "library tide", NULL}},
	{FILES({"Makefile", "all:\n"}, {"a.hpp", "x"}), {"program c++", NULL}},
	{FILES({"Makefile", "L != pkg-config --libs tide 2>/dev/null || echo -lmoon\n"}),
		{"program pkg-config", "pkgconfig tide?", "library moon", NULL}},
};

static const char *const undeclared[] = {"python moon?", "python norelease?", "library norelease",
	"package libnorelease-ocaml-dev?", "package libocaml-ocaml-dev?", "python no?", "python a?",
	"perl My::Own?", "perl XML::Sky::Own?", "perl No::Release", "pkgconfig norelease?",
	"m4 AM_PROG_LIBTOOL?", "header norelease.h", "header norelease.h?",
	"header tide/norelease.h?", "perl No::Test?", "package libb-ocaml-dev?",
	"package liba-ocaml-dev?", "package libno-ocaml-dev?", "package libstr-ocaml-dev?",
	"package libz-ocaml-dev?", "cmake Qt5network-private?", "cmake Qt5y?",
	"pkgconfig 2>/dev/null?", "pkgconfig echo?", "pkgconfig 1.2?", "program $FLAGS?",
	"program tide?", "program tide tide3 /x?", "program ?", "header php.h",
	"header ext/standard/info.h", "header zend_norelease.h", "python coverage?",
	"python flake8", "python flit_core", "php norelease?", "php no/release;x?",
	"python pylint?", "program valgrind?", "library norelease?", "header norelease/sky.h?",
	"header include/sky.h?", "cmake Qt5norelease?", NULL};

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
what_an_option_leaves_out_is_not_declared(void **state)
{
	(void)state;
	static const char *const off[] = {
		"option('docs', type: 'boolean', value: false, description: 'Build them')\n",
		"option('gtk_doc', type: 'feature')\n"};
	for (size_t i = 0; i < sizeof(off) / sizeof(*off); i++) {
		struct project p =
			detect(FILES({"meson.build", "project('a', 'c')\ngnome.gtkdoc('a')\n"},
				       {"meson_options.txt", off[i]}),
				NULL);
		for (size_t k = 0; k < p.needs.n; k++)
			assert_string_not_equal(p.needs.v[k].name, "gtkdoc-scan");
		project_cleanup(&p);
	}
}

/* Names of CMake packages that are wanted, "Moon Sky". */
static char *
packages_of_cmake(const struct file *files)
{
	OWN(buf) struct buf b = {0};
	struct project p = detect(files, NULL);
	for (size_t i = 0; i < p.needs.n; i++)
		if (p.needs.v[i].kind == NEED_CMAKE)
			buf_printf(&b, "%s%s", b.n ? " " : "", p.needs.v[i].name);
	project_cleanup(&p);
	return b.n ? buf_take(&b) : mem_strdup("");
}

static void
translations_that_are_packed_need_nothing(void **state)
{
	(void)state;
	struct project p =
		detect(FILES({"configure.ac", "AC_INIT(a, 1)\nAM_GNU_GETTEXT([external])\n"},
			       {"configure", "#! /bin/sh\n"}, {"po/de.po", ""}, {"po/de.gmo", ""}),
			NULL);
	for (size_t k = 0; k < p.needs.n; k++)
		assert_string_not_equal(p.needs.v[k].name, "msgfmt");
	project_cleanup(&p);
}

static void
what_options_of_cmake_leave_out_is_not_wanted(void **state)
{
	(void)state;
	static const struct {
		const char *top, *below;
		const char *wanted;
	} cases[] = {
		{"option(MOON \"x\" Off)\noption(SEA \"x\" ON)\nif(MOON AND X)\nfind_package(Moon)\n"
		 "if(SEA)\nfind_package(Mare)\nelse()\nfind_package(Dust)\nendif()\n"
		 "elseif(SEA)\nfind_package(Sea)\nelse()\nfind_package(Land)\nendif()\nfind_package(Sky)\n",
			"", "Sea Land Sky"},
		{"option(MOON \"x\")\nif(NOT MOON)\nfind_package(Sun)\nelse()\nfind_package(Moon)\nendif()\n"
		 "if(MOON OR X)\nfind_package(Sky)\nendif()\nadd_subdirectory(src)\n",
			"find_package(Star)\nfunction(f)\nreturn()\nendfunction()\nif(NOT MOON)\n return()\nendif()\n"
			"find_package(Comet)\n",
			"Sun Sky Star"},
		{"option(MOON \"x\" OFF)\nif(MOON)\nadd_subdirectory(src)\nendif()\n",
			"find_package(Comet)\n", ""},
		{"option(MOON \"x\" OFF)\nif(MOON)\nadd_subdirectory(src)\nelse()\nadd_subdirectory(src)\nendif()\n",
			"find_package(Comet)\n", "Comet"},
		{"option(MOON \"x\" OFF)\nif(MOON)\nadd_subdirectory(src)\nelse()\n"
		 "add_subdirectory(${CMAKE_CURRENT_SOURCE_DIR}/src)\nendif()\n",
			"find_package(Comet)\n", "Comet"},
		{"option(MOON \"x\" OFF)\nif(MOON)\nadd_subdirectory(${CMAKE_SOURCE_DIR}/src/)\nendif()\n",
			"find_package(Comet)\n", ""},
		{"option(MOON \"x\" OFF)\nif(MOON)\nadd_subdirectory(src)\nendif()\n"
		 "foreach(d src)\nadd_subdirectory(${d})\nendforeach()\n",
			"find_package(Comet)\n", "Comet"},
		{"option(MOON \"x\" OFF)\nif(UNIX)\nset(MOON ON)\nendif()\nif(MOON)\nfind_package(Moon)\nendif()\n",
			"", "Moon"},
		/* it is switched on, where there are tests */
		{"option(BUILD_TESTS \"x\" OFF)\nif(BUILD_TESTS)\nenable_testing()\nfind_package(Check)\nendif()\n",
			"", "Check"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *got = packages_of_cmake(FILES(
			{"CMakeLists.txt", cases[i].top}, {"src/CMakeLists.txt", cases[i].below}));
		assert_string_equal(got, cases[i].wanted);
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

static void
a_header_for_users_of_another_language_needs_no_compiler(void **state)
{
	(void)state;
	struct project p =
		detect(FILES({"Makefile", "all:\n"}, {"a.c", "x"}, {"a.hpp", "x"}), NULL);
	for (size_t i = 0; i < p.needs.n; i++)
		assert_string_not_equal(p.needs.v[i].name, "c++");
	project_cleanup(&p);
}

/* They make a configure script, and are of no use to one that is there. */
static void
what_is_put_into_a_configure_script_is_not_wanted_beside_it(void **state)
{
	(void)state;
	for (int made = 0; made < 2; made++) {
		struct project p =
			detect(FILES({"configure.ac",
					     "AC_INIT(a, 1)\nLT_INIT([shared])\nAM_GNU_GETTEXT\n"},
				       {made ? "configure" : "other", "#! /bin/sh\n"}),
				NULL);
		int found = 0;
		for (size_t i = 0; i < p.needs.n; i++)
			found += strcmp(p.needs.v[i].name, "libtoolize") == 0 ||
				 strcmp(p.needs.v[i].name, "autopoint") == 0;
		assert_int_equal(found, made ? 0 : 2);
		project_cleanup(&p);
	}
}

static bool
makes(const struct project *p, enum need_kind kind, const char *name, enum need_source source)
{
	const struct need n = {.kind = kind, .name = (char *)(uintptr_t)name, .source = source};
	return own_makes(p, &n);
}

static void
what_a_tree_makes_itself_is_not_wanted(void **state)
{
	(void)state;
	struct project p = detect(
		FILES({"setup.py", "x\n"}, {"tide/__init__.py", "from ._low import x\n"},
			{"src/moon.py", ""}, {"t/sky.py", ""}, {"data/star/__init__.py", ""},
			{"google/__init__.py",
				"__import__('pkg_resources').declare_namespace(x)\n"},
			{"libtide-2.pc.in", ""}, {"wscript", "c.check_cfg(package='libtide-2')\n"}),
		NULL);
	assert_true(makes(&p, NEED_PYTHON, "tide._low", NEED_FROM_LOG));
	assert_true(makes(&p, NEED_PYTHON, "moon", NEED_FROM_LOG));
	assert_true(makes(&p, NEED_PYTHON, "tide._low moon", NEED_FROM_LOG));
	assert_false(makes(&p, NEED_PYTHON, "tide._low sky", NEED_FROM_LOG));
	assert_false(makes(&p, NEED_PYTHON, "", NEED_DECLARED));
	const struct need choice = {
		.kind = NEED_PYTHON, .name = (char[]){"tide._low sky.x"}, .source = NEED_FROM_LOG};
	OWN_FREE char *others = own_others(&p, &choice);
	assert_string_equal(
		others, "sky.x"); /* a package of the tree's own would be tested for it */
	assert_false(makes(&p, NEED_PYTHON, "tide", NEED_DECLARED)); /* what it is built with */
	assert_false(makes(&p, NEED_PYTHON, "tides", NEED_FROM_LOG));
	assert_false(makes(&p, NEED_PYTHON, "sky", NEED_FROM_LOG));
	assert_false(makes(&p, NEED_PYTHON, "star", NEED_FROM_LOG));
	assert_false(makes(&p, NEED_PYTHON, "google.moon", NEED_FROM_LOG));
	assert_false(makes(&p, NEED_PKGCONFIG, "libtide-2", NEED_FROM_LOG)); /* it cannot begin */
	project_cleanup(&p);
	p = detect(FILES({"wscript",
				 "c.check_cfg(package='libtide-2')\nc.check_cfg(package='zlib')\n"},
			   {"libtide-2.pc.in", ""}, {"deps/zlib/zlib.pc.in", ""}),
		NULL);
	OWN_FREE char *needs = NULL;
	for (size_t i = 0; i < p.needs.n; i++)
		if (p.needs.v[i].kind == NEED_PKGCONFIG) {
			assert_null(needs);
			needs = mem_strdup(p.needs.v[i].name);
		}
	assert_string_equal(
		needs, "zlib"); /* which may be meant, and not the one that lies deep below */
	project_cleanup(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_too_much_of_a_tree_is_told),
		cmocka_unit_test(build_files_declare_what_they_need),
		cmocka_unit_test(what_an_option_leaves_out_is_not_declared),
		cmocka_unit_test(translations_that_are_packed_need_nothing),
		cmocka_unit_test(what_options_of_cmake_leave_out_is_not_wanted),
		cmocka_unit_test(a_header_for_users_of_another_language_needs_no_compiler),
		cmocka_unit_test(what_is_put_into_a_configure_script_is_not_wanted_beside_it),
		cmocka_unit_test(what_a_tree_makes_itself_is_not_wanted),
		cmocka_unit_test(releases_of_java_that_no_compiler_takes_are_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
