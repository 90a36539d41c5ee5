/* What tools say when something is missing: one line each, with what must be understood. */
#include "envprobe/evidence.h"
#include "envprobe/removed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *line, *kind, *name; /* kind NULL: nothing may be found */
} lines[] = {
	{"tide.c:3:10: fatal error: tidal/moon.h: No such file or directory", "header",
		"tidal/moon.h"},
	{"tide.c:3:10: fatal error: 'tidal/moon.h' file not found", "header", "tidal/moon.h"},
	{"configure: error: can't find moonruntime.h", "header", "moonruntime.h"},
	{"/usr/bin/ld: cannot find -lmoon: No such file or directory", "library", "moon"},
	{"No package 'moon-2.0' found", "pkgconfig", "moon-2.0"},
	{"Package moon-2.0 was not found in the pkg-config search path.", "pkgconfig", "moon-2.0"},
	{"meson.build:9:0: ERROR: Dependency \"moon-2.0\" not found, tried pkgconfig and cmake",
		"pkgconfig", "moon-2.0"},
	{"  Could NOT find Moon (missing: MOON_LIBRARY MOON_INCLUDE_DIR)", "cmake", "Moon"},
	{"  By not providing \"FindMoon.cmake\" in CMAKE_MODULE_PATH this project has", "cmake",
		"Moon"},
	{"/bin/sh: 1: moonc: not found", "program", "moonc"},
	{"./build.sh: line 12: moonc: command not found", "program", "moonc"},
	{"make[2]: moonc: No such file or directory", "program", "moonc"},
	{"/usr/bin/env: 'moonc': No such file or directory", "program", "moonc"},
	{"Program 'moonc' not found or not executable", "program", "moonc"},
	{"Program moonc moonc3 found: NO", "program", "moonc moonc3"},
	{"configure.ac:12: error: possibly undefined macro: AM_PATH_MOON", "m4", "AM_PATH_MOON"},
	{"Can't locate Moon/Phase.pm in @INC (you may need to install the Moon::Phase module)",
		"perl", "Moon/Phase"},
	{"Warning: prerequisite Moon::Phase 1.2 not found.", "perl", "Moon::Phase"},
	{"ModuleNotFoundError: No module named 'moon.phase'", "python", "moon.phase"},
	{"/usr/bin/python3: No module named moon", "python", "moon"},
	/* what checks types while tests run is told of which packages */
	{"__main__.py: error: unrecognized arguments: --moonguard-packages=tide", "python",
		"moonguard"},
	{"Error: Cannot find module 'moon-phase'", "node", "moon-phase"},
	{"a.go:3:8: cannot find package \"sky.org/moon\" in any of:", "go", "sky.org/moon"},
	{"a.go:3:8: no required module provides package sky.org/moon; to add it:", "go",
		"sky.org/moon"},
	{"PHP Fatal error:  Uncaught Error: Call to undefined function Sky\\moon() in /work/a.php:3",
		"removed", "moon"},
	{"PHP Fatal error:  The (unset) cast is no longer supported in /work/a.php on line 3",
		"removed", "The (unset) cast"},
	{"    SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?",
		"removed", "Missing parentheses in call to 'print'"},
	{"LookupError: setuptools-scm was unable to detect version for /work.", "history",
		"setuptools-scm was unable to detect version"},
	{"Moon.java:3: error: package org.sky.moon does not exist", "java", "org.sky.moon"},
	{"t.rb:1:in `require': cannot load such file -- moon/phase (LoadError)", "gem",
		"moon/phase"},
	{"can't find package Moon", "tcl", "Moon"},
	{"t/m.t .. skipped: Neither Moon or Moon::Phase are available", "perl", "Moon"},
	{"t/m.t .. skipped: Neither Moon or Moon::Phase are available", "perl", "Moon::Phase"},
	{"I/O error : Attempt to load network entity http://www.oasis-open.org/docbook/xml/4.5/docbookx.dtd",
		"file", "www.oasis-open.org/docbook/xml"},
	{"warning: failed to load external entity \"http://docbook.sourceforge.net/release/xsl/current/manpages/docbook.xsl\"",
		"file", "docbook.sourceforge.net/release/xsl"},
	{"cannot parse http://docbook.sourceforge.net/release/xsl-ns/current/html/docbook.xsl",
		"file", "docbook.sourceforge.net/release/xsl-ns"},
	{"configure: error: could not find DocBook XML DTD V4.1.2 in XML catalog", "file",
		"DocBook XML DTD"},
	/* it says no more, but that the document could not be read */
	{"a2x: ERROR: \"xmllint\" --nonet --noout --valid \"/work/tide.xml\" returned non-zero exit status 4",
		"file", "xmllint"},
	{"a2x: ERROR: \"xsltproc\"  --stringparam a b --nonet --param x y.xsl \"/work/tide.xml\" returned non-zero exit status 5",
		"file", "a2x"},
	{"/usr/bin/ld: b.o:(.bss+0x0): multiple definition of `moon'; a.o: first defined here",
		"dialect", "multiple definition"},
	{"/usr/bin/ld: m.o: relocation R_X86_64_PC32 against undefined symbol `Moon_state' can not be used when making a shared object; recompile with -fPIC",
		"dialect", "symbol `Moon_state' can not be used when making a shared object"},
	{"a.c:3:9: error: unused variable 'moon' [-Werror=unused-variable]", "dialect",
		"unused-variable"},
	{"a.hh:4:44: error: 'moon' was not declared in this scope, and no declarations were found by argument-dependent lookup at the point of instantiation [-fpermissive]",
		"dialect", "permissive"},
	{"a.cc:4:4: warning: extra ';' [-fpermissive]", NULL, NULL},
	{"/work/build.xml:7: taskdef class org.moon.SyncTask cannot be found", "java",
		"org.moon.SyncTask"},
	{"    error:0308010C:digital envelope routines::unsupported", "dialect",
		"digital envelope routines::unsupported"},
	{"a.c:3:1: error: return type defaults to 'int' [-Wimplicit-int]", "dialect",
		"return type defaults to 'int'"},
	{"a.c:3:9: warning: unused variable 'moon' [-Wunused-variable]", NULL, NULL},
	{"    [javac] /work/a/Moon.java:3: error: as of release 5, 'enum' is a keyword, and may not be used",
		"removed", "enum"},
	{"    [javac] /work/a/Moon.java:9: error: cannot find symbol", "compile",
		"/work/a/Moon.java"},
	{"Moon.java:3: error: package org.omg.CORBA does not exist", "removed", "org.omg.CORBA"},
	{"SyntaxError: multiple exception types must be parenthesized", "removed",
		"multiple exception types must be parenthesized"},
	{"Moon.java:3: error: package java.awt.peer is not visible", "removed", "java.awt.peer"},
	{"*** Error compiling './tools/moon.py'...", "unread", "./tools/moon.py"},
	{"Errors parsing ./old moon.php", "unread", "./old moon.php"},
	{"./moon.pl had compilation errors.", "unread", "./moon.pl"},
	{"BEGIN failed--compilation aborted at ./moon.cgi line 3.", "unread", "./moon.cgi"},
	{"BEGIN failed--compilation aborted at lib/Moon.pm line 3.", NULL, NULL},
	{"MOON_PHASE is not set", "env", "MOON_PHASE"},
	{"   12 |   puts(\"MOON_PHASE is not set\");", NULL, NULL},
	{"Make sure MOON_PHASE env variable is set and", "env", "MOON_PHASE"},
	{"t.sh: 2: MOON: must be set", "env", "MOON"},
	{"./t.sh: line 12: MOON: parameter null or not set", "env", "MOON"},
	{"/bin/sh: 1: MOON: parameter not set", "env", "MOON"},
	{"t.sh: line 3: MOON: unbound variable", "env", "MOON"},
	{"t.sh: 2: MOON_KEY: ask the harbour master for one", "env", "MOON_KEY"},
	{"tide: missing required configuration MOON_PHASE", "mention", "MOON_PHASE"},
	{"t.sh: 2: MOON: bad variable name", NULL, NULL},
	{"t.sh: line 2: MOON: readonly variable", NULL, NULL},
	{"t.sh: 2: MOON: Permission denied", NULL, NULL},
	{"tide.c:3:5: warning: MOON: unused", NULL, NULL},
	{"Please make sure the libmoon and libtide development packages are installed.", "library",
		"tide"},
	{"Please make sure the libmoon and libtide development packages are installed.", "library",
		"moon"},
	{"tide.c:14:9: error: 'moon' undeclared (first use in this function)", "compile", "tide.c"},
	{"t.c:2:3: error: '%s' may be truncated [-Werror=format-truncation=]", "dialect",
		"format-truncation"},
	{"t.c:2:3: error: this may fall through [-Werror=implicit-fallthrough=3]", "dialect",
		"implicit-fallthrough"},
	{"cannot open data/tides.csv: No such file or directory", "path", "data/tides.csv"},
	{"data/tides.csv: No such file or directory", "path", "data/tides.csv"},
	{"/etc/moon/licence.dat: No such file or directory", "path", "/etc/moon/licence.dat"},
	{"moon: could not read the licence file '/etc/moon/licence.dat'", "path",
		"/etc/moon/licence.dat"},
	{"moon: licence file /etc/moon/licence.dat is missing", "path", "/etc/moon/licence.dat"},
	{"FileNotFoundError: [Errno 2] No such file or directory: 'data/tides.csv'", "path",
		"data/tides.csv"},
	{"Error: ENOENT: no such file or directory, open 'data/tides.csv'", "path",
		"data/tides.csv"},
	{"t.rb:1:in `open': No such file or directory @ rb_sysopen - data/tides.csv (Errno::ENOENT)",
		"path", "data/tides.csv"},
	{"java.io.FileNotFoundException: data/tides.csv (No such file or directory)", "path",
		"data/tides.csv"},
	{"make: *** No rule to make target 'data/tides.csv', needed by 'tides.h'.  Stop.", "path",
		"data/tides.csv"},
	{"Can't open tides.dat: No such file or directory at t/tide.t line 3.", "path",
		"tides.dat"},
	{"PHP Warning:  fopen(data/tides.csv): Failed to open stream: No such file or directory",
		"path", "data/tides.csv"},
	{"rm: cannot remove 'tides.o': No such file or directory", NULL, NULL},
	{"warning: cannot open tides.conf, using the defaults", NULL, NULL},
	{"/work/build.xml:44: src '/work/lib/tides.jar' doesn't exist.", "path",
		"/work/lib/tides.jar"},
	{"E   FileNotFoundError: [Errno 2] No such file or directory: '-v'", NULL, NULL},
	{"getaddrinfo ENOTFOUND db.moon.example", "host", "db.moon.example"},
	{"curl: (6) Could not resolve host: db.moon.example", "host", "db.moon.example"},
	{"psql: error: could not translate host name \"db.moon\" to address: Name or service not known",
		"host", "db.moon"},
	{"dial tcp: lookup db.moon.example: no such host", "host", "db.moon.example"},
	{"IO::Socket::INET: Bad hostname 'db.moon.example'", "host", "db.moon.example"},
	{"Error connecting to db.moon:6379: Temporary failure in name resolution", "host",
		"db.moon"},
	{"socket.gaierror: [Errno -2] Name or service not known", "unresolved",
		"Name or service not known"},
	{"t/cgi.t ........ skipped: no CGI module", "perl", "CGI"},
	{"t/i.t .. skipped: Neither Image::Info nor Image::Size installed", "perl", "Image::Info"},
	{"t/p.t .. skipped: Pod::POM not installed", "perl", "Pod::POM"},
	{"t/c.t .. skipped: Test::Pod::Coverage 1.00 required for testing", "perl",
		"Test::Pod::Coverage"},
	{"t/m.t .. skipped: requires APR::Table", "perl", "APR::Table"},
	{"SKIPPED [1] test_x.py:3: could not import 'yaml'", "python", "yaml"},
	{"test_y (t.T) ... skipped 'simplejson not installed'", "python", "simplejson"},
	{"SKIPPED [1] tests/tide_test.py:125: django not found", "python", "django"},
	{"ok 3 # SKIP xmllint not found", "program", "xmllint"},
	{"t/01-basic.t .. skipped: Could not find binary tide-server", "program", "tide-server"},
	{"ok 4 # SKIP can't find tided in PATH", "program", "tided"},
	{"Can't find Tided, skipping...", "program", "Tided"},
	{"tidec is not installed; skipped", "program", "tidec"},
	{"++++ tide-4.2 SKIPPED: tk", "display", "SKIPPED: tk"},
	{"t/e.t .. skipped: cannot find any moon today", NULL, NULL},
	{"t/w.t .. skipped: this test is for Win32 only", NULL, NULL},
	{"t/d.t .. skipped: Internal test for developer, add the --dev flag to run", NULL, NULL},
	{"checking for moon.h... no", NULL, NULL},
	/* what CMake says of every package */
	{"  separate development package or SDK, be sure it has been installed.", NULL, NULL},
	{"gcc -DHAVE_MOON_H -c tide.c", NULL, NULL},
	{"the tide was high and the moon was full", NULL, NULL},
};

static bool
is_found(const struct problem_list *l, const char *kind, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(problem_kind_names[l->v[i].kind], kind) == 0 &&
			strcmp(l->v[i].name, name) == 0)
			return true;
	return false;
}

static void
messages_name_what_is_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		OWN(dd_err) struct dd_err err = {0};
		struct problem_list found = {0};
		if (evidence_find(str_of(lines[i].line), &found, &err) < 0)
			fail_msg("%s", err_msg(&err));
		if (lines[i].kind && !is_found(&found, lines[i].kind, lines[i].name))
			fail_msg("\"%s\": no %s %s", lines[i].line, lines[i].kind, lines[i].name);
		if (!lines[i].kind && found.n)
			fail_msg("\"%s\": found %s %s", lines[i].line,
				problem_kind_names[found.v[0].kind], found.v[0].name);
		problem_list_cleanup(&found);
	}
}

static void
what_is_missing_is_named_once_with_its_first_line(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct problem_list found = {0};
	assert_int_equal(
		evidence_find(STR("x\nsh: 1: moonc: not found\ny\nsh: 1: moonc: not found\n"),
			&found, &err),
		0);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.v[0].line, 2);
	problem_list_cleanup(&found);
}

static void
a_module_is_no_file_to_ask_for(void **state)
{
	(void)state;
	static const struct {
		const char *line, *path;
		bool file;
	} said[] = {
		{"a.go:3:8: cannot find package \"sky.org/moon\" in any of:", "sky.org/moon",
			false},
		{"Can't locate Moon/Phase.pm in @INC (@INC contains: /etc/perl)", "Moon/Phase.pm",
			false},
		{"Error: Cannot find module './moon.json'", "./moon.json", true},
		{"cannot find file sky.org/moon", "sky.org/moon", true},
	};
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		OWN(dd_err) struct dd_err err = {0};
		struct problem_list found = {0};
		assert_int_equal(evidence_find(str_of(said[i].line), &found, &err), 0);
		assert_true(found.n > 0);
		if (is_found(&found, "path", said[i].path) != said[i].file)
			fail_msg("%s", said[i].line);
		problem_list_cleanup(&found);
	}
}

static void
what_a_header_is_made_of_is_no_header(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct problem_list found = {0};
	assert_int_equal(
		evidence_find(STR("error: cannot find moon.h.in, it is gone"), &found, &err), 0);
	assert_false(is_found(&found, "header", "moon.h"));
	problem_list_cleanup(&found);
}

#define NO "ModuleNotFoundError: No module named "
#define CHAIN "\nDuring handling of the above exception, another exception occurred:\n\n"
static void
a_module_that_is_loaded_for_want_of_another_is_no_need_of_its_own(void **state)
{
	(void)state;
	static const char *const logs[][3] = {
		{NO "'moon'\n" CHAIN "Traceback (most recent call last):\n  import sky\n" NO
		    "'sky'\n" NO "'sea'\n",
			"moon sky", "sea"},
		{"E   " NO "'moon'\n" CHAIN "a.py:3: in <module>\nE   " NO "'sky'\n", "moon sky",
			NULL},
		{NO "'moon'\n" CHAIN "Traceback (most recent call last):\nValueError: x\n" NO
		    "'sky'\n",
			"moon", "sky"},
		{NO "'moon'\n" NO "'sky'\nx\nx" CHAIN, "moon", "sky"},
		{NO "'moon'\n" CHAIN, "moon", NULL}};
	for (size_t i = 0; i < sizeof(logs) / sizeof(*logs); i++) {
		OWN(dd_err) struct dd_err err = {0};
		struct problem_list found = {0};
		assert_int_equal(evidence_find(str_of(logs[i][0]), &found, &err), 0);
		assert_int_equal(found.n, logs[i][2] ? 2 : 1);
		assert_string_equal(found.v[0].name, logs[i][1]);
		if (logs[i][2])
			assert_string_equal(found.v[1].name, logs[i][2]);
		problem_list_cleanup(&found);
	}
}

static void
what_configure_can_do_without_is_no_reason(void **state)
{
	(void)state;
	static const char *const logs[] = {
		"checking for iomanip.h... no\nconfigure: error: Missing a vital header file\n",
		"checking for iomanip.h... no\nchecking for iomanip... yes\nconfigure: error: x\n",
		"checking for iomanip.h... no\n",
		"a.cc:3:10: fatal error: iostream.h: No such file or directory\n",
		"a.cc:3:10: fatal error: moonstream.h: No such file or directory\n"};
	static const bool removed[] = {true, false, false, true, false};
	for (size_t i = 0; i < sizeof(logs) / sizeof(*logs); i++) {
		OWN(dd_err) struct dd_err err = {0};
		struct problem_list found = {0};
		struct removed r;
		assert_int_equal(evidence_find(str_of(logs[i]), &found, &err), 0);
		if (removed_find(&found, &r) != removed[i])
			fail_msg("%s", logs[i]);
		problem_list_cleanup(&found);
	}
}

static void
what_a_language_has_had_before_is_known(void **state)
{
	(void)state;
	static const char *const names[] = {"enum", "assert", "org.omg.CORBA",
		"multiple exception types must be parenthesized",
		"leading zeros in decimal integer literals are not permitted", "moon", NULL};
	for (size_t i = 0; names[i]; i++) {
		struct problem p = {.kind = PROBLEM_REMOVED, .name = (char *)names[i]};
		const struct problem_list l = {.v = &p, .n = 1};
		struct removed r;
		if (removed_find(&l, &r) == (strcmp(names[i], "moon") == 0))
			fail_msg("%s", names[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_name_what_is_missing),
		cmocka_unit_test(what_is_missing_is_named_once_with_its_first_line),
		cmocka_unit_test(a_module_is_no_file_to_ask_for),
		cmocka_unit_test(a_module_that_is_loaded_for_want_of_another_is_no_need_of_its_own),
		cmocka_unit_test(what_a_header_is_made_of_is_no_header),
		cmocka_unit_test(what_configure_can_do_without_is_no_reason),
		cmocka_unit_test(what_a_language_has_had_before_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
