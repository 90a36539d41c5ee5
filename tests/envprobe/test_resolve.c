/* From what is missing to the package a careful person would install. */
#include "envprobe/resolve.h"

#include "envprobe/includes.h"
#include "envprobe/lookups.h"
#include "sandbox/trace_record.h"
#include "tests/envprobe/make_index.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* libmoon-dev is what 3 packages need, libmoon-ng-dev what 1 does, the others nobody. */
static const char packages[] =
	"Package: libmoon-dev\nVersion: 1\n\n"
	"Package: libmoon-ng-dev\nVersion: 1\n\n"
	"Package: libtide-perl\nVersion: 1\n\n"
	"Package: python3-tide\nVersion: 1\n\n"
	"Package: libstar-dev\nVersion: 1\n\n"
	"Package: moon\nVersion: 1\n\n"
	"Package: php-comet\nVersion: 1\n\n"
	"Package: php-sky-moon\nVersion: 1\n\n"
	"Package: librust-moon-dev\nVersion: 0.3.1-2+b1\nProvides: librust-moon+default-dev (= 0.3.1-2+b1), "
	"librust-moon-0.3-dev (= 0.3.1-2+b1)\n\n"
	"Package: librust-moon-0.2-dev\nVersion: 0.2.9-1\n\n"
	"Package: librust-moon+full-dev\nVersion: 0.3.1-2+b1\n\n"
	"Package: a\nVersion: 1\nDepends: libmoon-dev, libmoon-ng-dev, cmake-data\n\n"
	"Package: b\nVersion: 1\nDepends: libmoon-dev\n\n"
	"Package: c\nVersion: 1\nDepends: libmoon-dev (>= 1) | libmoon0-dev\n\n"
	/* alike: cotton and nylon are used, paper is not; one rower is what everybody takes */
	"Package: libmast-dev\nVersion: 1.2\n\n"
	"Package: libmast1.3-dev\nVersion: 1.3\n\n"
	"Package: libmast1.2-dev\nVersion: 1.2\n\n"
	"Package: libsail-cotton-dev\nVersion: 1\n\n"
	"Package: libsail-nylon-dev\nVersion: 1\n\n"
	"Package: libsail-paper-dev\nVersion: 1\n\n"
	"Package: row\nVersion: 1\n\n"
	"Package: row-classic\nVersion: 1\n\n"
	"Package: d\nVersion: 1\nDepends: libsail-cotton-dev, libsail-nylon-dev, row, row-classic\n\n"
	"Package: e\nVersion: 1\nDepends: libsail-cotton-dev, row\n\n"
	"Package: f\nVersion: 1\nDepends: libmast1.2-dev, libmast1.3-dev, row\n\n"
	"Package: g\nVersion: 1\nDepends: libmast1.3-dev, row\n\n"
	"Package: h\nVersion: 1\nDepends: row\n";

static const char contents[] =
	/* headers */
	"usr/include/moon.h libdevel/libmoon-ng-dev\n"
	"usr/include/x86_64-linux-gnu/moon.h libdevel/libmoon-dev\n"
	"usr/include/deep/er/moon.h libdevel/libdeep-dev\n"
	"usr/include/sky/star.h libdevel/libsky-dev\n"
	"usr/include/sky/other/star.h libdevel/libother-dev\n"
	"usr/include/bigstar.h libdevel/libbigstar-dev\n"
	"usr/lib/ocaml/caml/moonrt.h ocaml/camlmoon\n"
	"usr/lib/ocaml/caml/moonrt.ml ocaml/camlmoon\n"
	"usr/include/rare.h libdevel/librare\n"
	"usr/include/rare.h libdevel/librare-dev\n"
	/* the same for other machines and other purposes */
	"usr/i686-w64-mingw32/include/only.h devel/mingw-w64-only\n"
	"usr/include/cross.h libdevel/libcross-dev-arm64-cross\n"
	"usr/include/cross.h libdevel/libcross-dev\n"
	"usr/include/only-cross.h devel/libonly-dev-armhf-cross\n"
	"usr/include/three.h libdevel/lib32three-dev\n"
	"usr/include/three.h libdevel/libx32three-dev\n"
	"usr/include/three.h libdevel/libthree-dev-i386-cross\n"
	"usr/include/doc.h doc/libdoc-doc\n"
	"usr/bin/moonld devel/moonutils-hppa64-linux-gnu\n"
	"usr/bin/moondoc-scan devel/moon-doc-tools\n"
	"usr/lib/python3/dist-packages/auklet/__init__.py python/python3-docauk\n"
	"usr/lib/python3/dist-packages/avocet/__init__.py python/python3-avrocet\n"
	"usr/include/musl.h libdevel/musl-dev\n"
	"usr/include/x86_64-linux-gnu/mach/tide.h libdevel/gnumach-dev\n"
	/* programs, libraries, pkg-config, CMake, autoconf */
	"usr/bin/moonc devel/moon\n"
	"usr/bin/moonc devel/moon-very-long-name\n"
	"usr/lib/x86_64-linux-gnu/libmoon.so libdevel/libmoon-dev\n"
	"usr/lib/x86_64-linux-gnu/libmoon.a libdevel/libmoon-ng-dev\n"
	"usr/lib/x86_64-linux-gnu/pkgconfig/moon-2.0.pc libdevel/libmoon-dev\n"
	"usr/lib/x86_64-linux-gnu/pkgconfig/libcomet.pc libdevel/libcomet-dev\n"
	"usr/lib/x86_64-linux-gnu/cmake/Moon/MoonConfig.cmake libdevel/libmoon-dev\n"
	"usr/share/cmake-3.25/Modules/FindComet.cmake devel/cmake-data\n"
	"usr/lib/x86_64-linux-gnu/pkgconfig/comet.pc libdevel/libcomet-dev\n"
	"usr/share/aclocal/moon.m4 libdevel/libmoon-dev\n"
	"usr/share/aclocal/am_path_tide.m4 libdevel/libtide-dev\n"
	"usr/include/io.h libdevel/libseabirds-dev\n"
	"usr/include/seabirds/io.h libdevel/libseabirds-dev\n"
	"usr/include/seabirds/a/b/auk.h libdevel/libseabirds-dev\n"
	"usr/include/seabirds/auk.h libdevel/libseabirds-dev\n"
	"usr/include/seabirds/z/auk.h libdevel/libseabirds-dev\n"
	"usr/lib/x86_64-linux-gnu/libgull.a libdevel/libseabirds-dev\n"
	"usr/lib/x86_64-linux-gnu/libtern.so libdevel/libseabirds-dev\n"
	"usr/lib/x86_64-linux-gnu/libbird.a libdevel/libseabirds-dev\n"
	/* the same file in several packages */
	"usr/lib/libsail.a libdevel/libsail-cotton-dev\n"
	"usr/lib/libsail.so libdevel/libsail-cotton-dev,libdevel/libsail-nylon-dev,libdevel/libsail-paper-dev\n"
	"usr/lib/libsail.so libdevel/libsail-mingw-dev\n"
	"usr/bin/row utils/row,utils/row-classic\n"
	"usr/bin/valgrind utils/row\n"
	"usr/include/mast.h libdevel/libmast1.2-dev,libdevel/libmast1.3-dev\n"
	"usr/lib/libkeel.so libdevel/libkeel2.0-dev\n"
	/* Perl, Python, Node */
	"usr/share/perl5/Moon/Phase.pm perl/libmoon-phase-perl\n"
	"usr/share/perl5/Data/Core.pm perl/libdata-core-perl\n"
	"usr/share/perl/5.36.0/Data/Core.pm perl/perl-modules-5.36\n"
	"usr/lib/python3/dist-packages/moon/__init__.py python/python3-moon\n"
	"usr/lib/python3/dist-packages/moon_extras-1.dist-info/METADATA python/python3-moon-extras\n"
	"usr/lib/python3.11/json/__init__.py python/libpython3.11-minimal\n"
	"usr/share/nodejs/moon-phase/package.json javascript/node-moon-phase\n"
	"usr/share/gocode/src/sky.org/moon/phase/phase.go golang/golang-sky-moon-dev\n"
	"usr/share/gocode/src/sky.org/moon/phase/full.go golang/golang-sky-moon-dev\n"
	"usr/share/gocode/src/sky.org/star/star.go golang/golang-sky-star-dev\n"
	"usr/share/rubygems-integration/all/specifications/moon_phase-1.2.gemspec ruby/ruby-moon-phase\n"
	"usr/share/rubygems-integration/all/specifications/star-map-0.1.gemspec ruby/ruby-star-map\n"
	"usr/share/rubygems-integration/all/specifications/tide-2.gemspec ruby/ruby-tide\n"
	"usr/lib/ruby/gems/3.1.0/specifications/tide-1.9.gemspec libs/libruby3.1\n"
	"usr/lib/tcltk/x86_64-linux-gnu/comet4.2/pkgIndex.tcl tcl/tcl-comet4\n"
	"usr/share/java/moon-phase.jar java/libmoon-phase-java\n"
	"usr/share/java/star3.jar java/libstar3-java\n"
	"usr/share/java/rower-io.jar java/librower-io-java\n"
	"usr/share/java/liboars.jar java/liboars-java\n"
	"usr/share/java/util.jar java/libutil-java\n"
	"usr/share/java/tidal.jar java/libtidal-java\n"
	"usr/share/java/org.jar java/liborg-java\n"
	"usr/share/SKY/cmake/SKYConfig.cmake devel/extra-cmake-modules\n"
	"usr/share/SKY/find-modules/FindComet.cmake devel/extra-cmake-modules\n"
	"usr/share/cmake/Modules/FindKeel2.cmake devel/sea-cmake-modules\n"
	"usr/lib/pkgconfig/keel2.pc libdevel/libkeel2.0-dev\n"
	"usr/share/php/Sky/Moon/autoload.php php/php-sky-moon\n"
	"usr/share/php/Sky/Moon/Phase.php php/php-sky-moon\n"
	"usr/share/php/Net/Sky.php php/php-net-sky\n"
	"usr/lib/php/20220829/comet.so php/php8.2-comet\n"
	"usr/lib/php/20220829/star.so php/php8.2-common\n";

static const struct {
	enum need_kind kind;
	const char *name, *package, *path; /* package NULL: nothing; path NULL: not looked at */
} wanted[] = {
	/* the one more others need, where compilers look by themselves */
	{NEED_HEADER, "moon.h", "libmoon-dev", "/usr/include/x86_64-linux-gnu/moon.h"},
	{NEED_HEADER, "er/moon.h", "libdeep-dev", "/usr/include/deep/er/moon.h"},
	{NEED_HEADER, "sky/star.h", "libsky-dev", "/usr/include/sky/star.h"},
	{NEED_HEADER, "star.h", "libsky-dev", NULL}, /* the least deep; never bigstar.h */
	{NEED_HEADER, "rare.h", "librare-dev", NULL},
	{NEED_HEADER, "nosuch.h", NULL, NULL},
	{NEED_HEADER, "../../etc/star.h", NULL, NULL},
	{NEED_HEADER, "", NULL, NULL},
	{NEED_HEADER, "sky/", NULL, NULL},
	/* what only begins like another purpose is none */
	{NEED_PROGRAM, "moondoc-scan", "moon-doc-tools", NULL},
	{NEED_PYTHON, "auklet", "python3-docauk", NULL},
	{NEED_PYTHON, "avocet", "python3-avrocet", NULL},
	/* other machines and other purposes are no answer */
	{NEED_PROGRAM, "moonld", NULL, NULL},
	{NEED_HEADER, "only.h", NULL, NULL},
	{NEED_HEADER, "only-cross.h", NULL, NULL},
	{NEED_HEADER, "mach/tide.h", NULL, NULL}, /* of another kernel */
	{NEED_HEADER, "cross.h", "libcross-dev", NULL},
	{NEED_HEADER, "three.h", NULL, NULL},
	{NEED_HEADER, "doc.h", NULL, NULL},
	{NEED_HEADER, "musl.h", NULL, NULL},
	/* the table knows what file lists do not show */
	{NEED_HEADER, "Python.h", "python3-dev", NULL},
	{NEED_LIBRARY, "m", "libc6-dev", NULL},
	{NEED_PROGRAM, "cc", "gcc", NULL},
	{NEED_PROGRAM, "moonc", "moon", "/usr/bin/moonc"}, /* the shorter name of equals */
	{NEED_PROGRAM, "moon", NULL, NULL},
	{NEED_PROGRAM, "moon moonc", "moon", "/usr/bin/moonc"}, /* the first that there is */
	{NEED_PROGRAM, "moon comet", NULL, NULL},
	{NEED_PROGRAM, "", NULL, NULL},
	{NEED_LIBRARY, "moon", "libmoon-dev", "/usr/lib/x86_64-linux-gnu/libmoon.so"},
	{NEED_LIBRARY, "comet", "libcomet-dev", NULL},	  /* by comet.pc */
	{NEED_LIBRARY, "libcomet", "libcomet-dev", NULL}, /* as messages say it */
	{NEED_LIBRARY, "Star", "libstar-dev", NULL},	  /* by the package's name */
	{NEED_LIBRARY, "nosuch", NULL, NULL},
	{NEED_PKGCONFIG, "moon-2.0", "libmoon-dev", NULL},
	{NEED_PKGCONFIG, "moon", NULL, NULL},
	{NEED_CMAKE, "Moon", "libmoon-dev", NULL},
	{NEED_CMAKE, "Comet", "libcomet-dev", NULL}, /* not CMake, whose own module looks for it */
	{NEED_CMAKE, "Keel2", "libkeel2.0-dev", NULL}, /* nor a collection of such modules */
	{NEED_CMAKE, "OpenSSL", "libssl-dev", NULL},
	{NEED_M4, "MOON", "libmoon-dev", NULL},
	{NEED_M4, "AM_PATH_TIDE", "libtide-dev", NULL},
	{NEED_M4, "AM_PATH_MOON", "libmoon-dev", NULL},
	{NEED_PERL, "Moon::Phase", "libmoon-phase-perl", "/usr/share/perl5/Moon/Phase.pm"},
	{NEED_PERL, "Data::Core", "perl", NULL}, /* an interpreter's own is no package of its own */
	{NEED_PERL, "Tide", "libtide-perl", NULL},
	{NEED_PERL, "Nosuch::", NULL, NULL},
	{NEED_PYTHON, "moon", "python3-moon", NULL},
	{NEED_PYTHON, "moon.phase.full", "python3-moon", NULL},
	{NEED_PYTHON, "Moon_Extras", "python3-moon-extras", NULL},
	{NEED_PYTHON, "json", "python3", NULL},
	{NEED_PYTHON, "nosuch moon tide", "python3-moon", NULL}, /* the first that there is */
	{NEED_PYTHON, "distutils.core", "python3-distutils",
		NULL}, /* of the table, by the first name */
	{NEED_PYTHON, "Tide", "python3-tide", NULL},
	{NEED_PYTHON, ".", NULL, NULL},
	{NEED_NODE, "moon-phase", "node-moon-phase", NULL},
	{NEED_GO, "sky.org/moon/phase", "golang-sky-moon-dev",
		"/usr/share/gocode/src/sky.org/moon/phase"},
	{NEED_GO, "sky.org/star/v2/deep", "golang-sky-star-dev", NULL},
	{NEED_GO, "sky.org/comet", NULL, NULL},
	{NEED_GO, "sky.org", NULL, NULL},
	{NEED_PHP, "Sky/Moon/Tide/High", "php-sky-moon", "/usr/share/php/Sky/Moon/autoload.php"},
	{NEED_PHP, "Net/Sky", "php-net-sky", NULL},
	{NEED_PHP, "Sky", NULL, NULL},
	{NEED_PHP, "sky/moon", "php-sky-moon", NULL},
	{NEED_PHP, "Comet/comet", "php-comet", NULL},
	{NEED_PHP, "far/php-comet", "php-comet", NULL},
	{NEED_PHP, "far/comet", NULL, NULL},
	{NEED_PHP, "ext-Comet", "php-comet", NULL},
	{NEED_PHP, "ext-star", "php-cli", NULL},
	{NEED_PHP, "ext-json", NULL, NULL},
	{NEED_JAVA, "org.sky.moon.phase.high", "libmoon-phase-java",
		"/usr/share/java/moon-phase.jar"},
	{NEED_JAVA, "org.star3.util", "libstar3-java", NULL},
	{NEED_JAVA, "org.rower.util.io", "librower-io-java", NULL}, /* who made it is in its name */
	{NEED_JAVA, "org.rower", NULL, NULL},
	{NEED_JAVA, "org.rowing.all.oars.util", "liboars-java", NULL},
	{NEED_JAVA, "javax.servlet.http", "libservlet-api-java", NULL},
	{NEED_JAVA, "org.junit.jupiter.api", "junit5", NULL},
	{NEED_JAVA, "org.comet.util", NULL, NULL},
	{NEED_GEM, "moon_phase", "ruby-moon-phase", NULL},
	{NEED_GEM, "star/map", "ruby-star-map", NULL},
	{NEED_GEM, "tide/high", "ruby", NULL},
	{NEED_GEM, "comet", NULL, NULL},
	{NEED_TCL, "Comet", "tcl-comet4", NULL},
	{NEED_PROGRAM, "lua", "lua5.4", NULL}, /* names that are made when it is installed */
	{NEED_PROGRAM, "csh", "tcsh", NULL},
	{NEED_PACKAGE, "moon", "moon", NULL},
	{NEED_PACKAGE, "nosuch", NULL, NULL},
	/* what carries modules that look for others has a package of its own, too */
	{NEED_CMAKE, "SKY", "extra-cmake-modules", NULL},
	{NEED_JAVA, "tidal.lang", "libtidal-java", NULL},
	{NEED_JAVA, "org.nobody", NULL, NULL},
	{NEED_JAVA, "clojure.lang", "libclojure-java",
		NULL}, /* its jar has a version in its name */
	{NEED_FILE, "/usr/bin/moonc", NULL, NULL},
	/* catalogues know documents by address: no list of files does */
	{NEED_FILE, "docbook.sourceforge.net/release/xsl", "docbook-xsl", NULL},
	{NEED_FILE, "www.oasis-open.org/docbook/xml", "docbook-xml", NULL},
};

static struct pkgindex *sky;

static void
each_need_has_the_package_of_a_careful_person(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		const struct need n = {
			.kind = wanted[i].kind, .name = (char *)(uintptr_t)wanted[i].name};
		struct resolution r = resolve_need(sky, &n);
		const char *got = r.package ? r.package : "nothing";
		const char *want = wanted[i].package ? wanted[i].package : "nothing";
		if (strcmp(got, want) != 0)
			fail_msg("%s %s: got %s, not %s", need_kind_names[n.kind], n.name, got,
				want);
		if (wanted[i].path)
			assert_string_equal(r.path, wanted[i].path);
		resolution_cleanup(&r);
	}
}

static void
a_crate_has_the_version_that_is_asked_for(void **state)
{
	(void)state;
	static const struct {
		const char *name, *version, *package, *nearest;
	} cases[] = {
		{"moon", NULL, "librust-moon-dev", NULL},
		{"Moon", "0.3", "librust-moon-dev", NULL},
		{"moon", "0.2.1", "librust-moon-0.2-dev", NULL},
		{"moon", "0.3.2", NULL, "0.3.1"},
		{"moon", "1", NULL, "0.3.1"},
		{"moon", ">=0.3, <0.4", "librust-moon-dev", NULL},
		{"moon", ">0.3.1", NULL, "0.3.1"},
		{"moon", "0.*", "librust-moon-dev", NULL},
		{"moon", "~0.3.0", "librust-moon-dev", NULL},
		{"moon", "=0.3.0", NULL, "0.3.1"},
		{"moon+default", "0.3.1", "librust-moon-dev", NULL},
		{"moon+full", "0.3", "librust-moon+full-dev", NULL},
		{"star", "1", NULL, NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct need n = {.kind = NEED_CRATE,
			.name = (char *)(uintptr_t)cases[i].name,
			.version = (char *)(uintptr_t)cases[i].version};
		struct resolution r = resolve_need(sky, &n);
		if (strcmp(r.package ? r.package : "", cases[i].package ? cases[i].package : "") !=
			0)
			fail_msg("%s %s: got %s", n.name, n.version ? n.version : "", r.package);
		if (strcmp(r.nearest ? r.nearest : "", cases[i].nearest ? cases[i].nearest : "") !=
			0)
			fail_msg(
				"%s %s: nearest %s", n.name, n.version ? n.version : "", r.nearest);
		resolution_cleanup(&r);
	}
}

/* A header that a build file only mentions may be anybody's: not the one in some directory. */
static void
a_declared_header_lies_where_compilers_look(void **state)
{
	(void)state;
	static char deep[] = "star.h", flat[] = "moon.h", sub[] = "sky/star.h";
	struct need n = {.kind = NEED_HEADER, .name = deep, .source = NEED_DECLARED};
	struct resolution r = resolve_need(sky, &n);
	assert_null(r.package);
	n.name = flat;
	r = resolve_need(sky, &n);
	assert_string_equal(r.package, "libmoon-dev");
	resolution_cleanup(&r);
	n.name = sub;
	r = resolve_need(sky, &n);
	assert_string_equal(r.package, "libsky-dev");
	resolution_cleanup(&r);
}

/* Names come from logs of hostile builds. */
static void
any_name_is_survived(void **state)
{
	(void)state;
	static const char *const names[] = {"\t", "\n", "x\tmoon.h", "moonc\tusr/bin/moonc",
		"rare.h\tusr/include/rare.h", "a\nb", "/", "//", "::::", "%s%n", "\xff\xfe", "....",
		"-", "lib", "am_path_", "moon.h/"};
	OWN_FREE char *long_name = mem_zalloc(1, 200001);
	memset(long_name, 'x', 200000);
	for (int kind = NEED_PROGRAM; kind <= NEED_PACKAGE; kind++)
		for (size_t i = 0; i <= sizeof(names) / sizeof(*names); i++) {
			bool last = i == sizeof(names) / sizeof(*names);
			const char *name = last ? long_name : names[i];
			struct need n = {
				.kind = (enum need_kind)kind, .name = (char *)(uintptr_t)name};
			struct resolution r = resolve_need(sky, &n);
			if (r.package)
				fail_msg(
					"%s \"%.20s\": %s", need_kind_names[kind], name, r.package);
		}
}

static struct resolution
resolve(enum need_kind kind, const char *name)
{
	const struct need n = {.kind = kind, .name = (char *)(uintptr_t)name};
	return resolve_need(sky, &n);
}

static void
packages_with_the_same_file_are_alternatives(void **state)
{
	(void)state;
	struct resolution r = resolve(NEED_LIBRARY, "sail");
	assert_string_equal(r.package, "libsail-cotton-dev");
	assert_int_equal(r.alternatives.n, 3);
	assert_string_equal(r.alternatives.v[0], "libsail-cotton-dev");
	assert_true(strlist_has(&r.alternatives, "libsail-nylon-dev"));
	assert_true(strlist_has(&r.alternatives, "libsail-paper-dev"));
	resolution_cleanup(&r);
	r = resolve(NEED_PROGRAM, "row"); /* most others depend on it */
	assert_string_equal(r.package, "row");
	assert_int_equal(r.alternatives.n, 0);
	resolution_cleanup(&r);
}

static void
of_several_versions_it_is_the_distributions_own(void **state)
{
	(void)state;
	struct resolution r = resolve(NEED_HEADER, "mast.h");
	assert_string_equal(r.package, "libmast-dev");
	assert_int_equal(r.alternatives.n, 0);
	resolution_cleanup(&r);
	r = resolve(NEED_LIBRARY, "keel"); /* there is no other, and no libkeel-dev */
	assert_string_equal(r.package, "libkeel2.0-dev");
	resolution_cleanup(&r);
}

static void
a_header_of_an_installed_package_is_found_where_no_compiler_looks(void **state)
{
	(void)state;
	static const struct {
		const char *package, *header, *dir; /* NULL: none */
	} of[] = {{"libsky-dev", "star.h", "/usr/include/sky"},
		{"libother-dev", "star.h", "/usr/include/sky/other"},
		{"libother-dev", "other/star.h", "/usr/include/sky"},
		{"libseabirds-dev", "auk.h", "/usr/include/seabirds"},
		{"libdeep-dev", "moon.h", "/usr/include/deep/er"}, {"libmoon-dev", "moon.h", NULL},
		{"libbigstar-dev", "star.h", NULL}, {"libsky-dev", "moon.h", NULL},
		{"camlmoon", "caml/moonrt.h", "/usr/lib/ocaml"}, {"libsky-dev", "../star.h", NULL},
		{"libsky-dev", "", NULL}};
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		struct package p = {.name = (char *)of[i].package};
		struct package_list installed = {.v = &p, .n = 1};
		OWN_FREE char *dir = includes_find(sky, of[i].header, &installed);
		if (of[i].dir)
			assert_string_equal(dir, of[i].dir);
		else
			assert_null(dir);
	}
}

static void
a_message_may_name_the_last_part_of_a_header(void **state)
{
	(void)state;
	struct need needs[] = {{.kind = NEED_LIBRARY, .name = (char *)"a/rt.h"},
		{.kind = NEED_HEADER, .name = (char *)"caml/moonrt.h"}};
	const struct need_list declared = {.v = needs, .n = 2};
	assert_string_equal(includes_full_name(&declared, "moonrt.h"), "caml/moonrt.h");
	assert_string_equal(includes_full_name(&declared, "rt.h"), "rt.h");
}

/* An archive in a package that is called otherwise and that nobody depends on. */
static void
what_is_called_so_by_chance_is_not_declared(void **state)
{
	(void)state;
	static const struct {
		const char *name, *package; /* NULL: none */
		enum need_source source;
		bool optional;
	} of[] = {{"gull", NULL, NEED_DECLARED, true},
		{"gull", "libseabirds-dev", NEED_DECLARED, false},
		{"gull", "libseabirds-dev", NEED_FROM_LOG, true},
		{"tern", "libseabirds-dev", NEED_DECLARED, true},
		{"bird", "libseabirds-dev", NEED_DECLARED, true},
		{"io.h", NULL, NEED_DECLARED, true},
		{"io.h", "libseabirds-dev", NEED_DECLARED, false},
		{"seabirds/io.h", "libseabirds-dev", NEED_DECLARED, true},
		{"caml/moonrt.h", "camlmoon", NEED_DECLARED, true},
		{"moonrt.h", NULL, NEED_DECLARED, true},
		{"moon.h", "libmoon-dev", NEED_DECLARED, true}};
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		struct need n = {.kind = strstr(of[i].name, ".h") ? NEED_HEADER : NEED_LIBRARY,
			.name = (char *)of[i].name,
			.source = of[i].source,
			.optional = of[i].optional};
		struct resolution r = resolve_need(sky, &n);
		if (of[i].package)
			assert_string_equal(r.package, of[i].package);
		else
			assert_null(r.package);
		resolution_cleanup(&r);
	}
}

static int
set_up(void **state)
{
	(void)state;
	sky = make_index(packages, contents);
	return sky ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	pkgindex_close(sky);
	return 0;
}

static void
what_build_tools_always_look_for_is_not_wanted(void **state)
{
	(void)state;
	static const char *const looked[] = {"/usr/bin/moonc", "/usr/bin/valgrind"};
	struct trace *t = trace_create();
	struct need_list missing = {0};
	for (size_t i = 0; i < sizeof(looked) / sizeof(*looked); i++)
		trace_add_look(
			t, &(struct trace_look){.path = looked[i], .program = "cmake", .args = ""});
	lookups_missing(t, sky, &missing);
	assert_int_equal(missing.n, 1);
	assert_string_equal(missing.v[0].name, "moonc");
	need_list_cleanup(&missing);
	trace_destroy(t);
	assert_true(lookups_is_usual("ccmake"));
	assert_true(lookups_is_usual("gccgo"));
	assert_true(lookups_is_usual("phpdbg8.2"));
	assert_false(lookups_is_usual("cmake"));
	assert_false(lookups_is_usual("pkg-config"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_build_tools_always_look_for_is_not_wanted),
		cmocka_unit_test(each_need_has_the_package_of_a_careful_person),
		cmocka_unit_test(a_crate_has_the_version_that_is_asked_for),
		cmocka_unit_test(a_declared_header_lies_where_compilers_look),
		cmocka_unit_test(any_name_is_survived),
		cmocka_unit_test(packages_with_the_same_file_are_alternatives),
		cmocka_unit_test(of_several_versions_it_is_the_distributions_own),
		cmocka_unit_test(a_message_may_name_the_last_part_of_a_header),
		cmocka_unit_test(what_is_called_so_by_chance_is_not_declared),
		cmocka_unit_test(a_header_of_an_installed_package_is_found_where_no_compiler_looks),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
