/* From package lists to the table that is searched. */
#include "tests/envprobe/make_index.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- one line of Contents ---- */

static const struct {
	const char *line, *rows; /* rows: "" for none */
} lines[] = {
	{"usr/include/moon.h   libdevel/libmoon-dev",
		"i:moon.h\tusr/include/moon.h\tlibmoon-dev\n"},
	{"usr/include/x86_64-linux-gnu/tidal/moon.h\tlibdevel/libtidal-dev",
		"i:moon.h\tusr/include/x86_64-linux-gnu/tidal/moon.h\tlibtidal-dev\n"},
	{"usr/bin/moonc  devel/moon,universe/devel/moon-ng",
		"b:moonc\tusr/bin/moonc\tmoon\nb:moonc\tusr/bin/moonc\tmoon-ng\n"},
	{"bin/moonsh shells/moon", "b:moonsh\tbin/moonsh\tmoon\n"},
	{"usr/sbin/moond net/moon", "b:moond\tusr/sbin/moond\tmoon\n"},
	{"usr/lib/x86_64-linux-gnu/libmoon.so libdevel/libmoon-dev",
		"l:moon\tusr/lib/x86_64-linux-gnu/libmoon.so\tlibmoon-dev\n"},
	{"usr/lib/libmoon.a libdevel/libmoon-dev", "l:moon\tusr/lib/libmoon.a\tlibmoon-dev\n"},
	{"usr/lib/x86_64-linux-gnu/libmoon.so.2 libs/libmoon2", ""},
	{"usr/lib/x86_64-linux-gnu/moon/libplugin.so libs/libmoon2", ""},
	{"usr/lib/x86_64-linux-gnu/pkgconfig/moon-2.0.pc libdevel/libmoon-dev",
		"p:moon-2.0\tusr/lib/x86_64-linux-gnu/pkgconfig/moon-2.0.pc\tlibmoon-dev\n"},
	{"usr/share/pkgconfig/moon.pc libdevel/libmoon-dev",
		"p:moon\tusr/share/pkgconfig/moon.pc\tlibmoon-dev\n"},
	{"usr/share/perl5/Moon/Phase.pm perl/libmoon-perl",
		"m:Moon/Phase.pm\tusr/share/perl5/Moon/Phase.pm\tlibmoon-perl\n"},
	{"usr/lib/x86_64-linux-gnu/perl5/5.36/Moon.pm perl/libmoon-xs-perl",
		"m:Moon.pm\tusr/lib/x86_64-linux-gnu/perl5/5.36/Moon.pm\tlibmoon-xs-perl\n"},
	{"usr/share/perl/5.36.0/Tide.pm perl/perl-modules-5.36",
		"m:Tide.pm\tusr/share/perl/5.36.0/Tide.pm\tperl-modules-5.36\n"},
	{"usr/lib/python3/dist-packages/moon/__init__.py python/python3-moon",
		"y:moon\tusr/lib/python3/dist-packages/moon/__init__.py\tpython3-moon\n"},
	{"usr/lib/python3/dist-packages/moon/phase.py python/python3-moon", ""},
	{"usr/lib/python3/dist-packages/tide.py python/python3-tide",
		"y:tide\tusr/lib/python3/dist-packages/tide.py\tpython3-tide\n"},
	{"usr/lib/python3/dist-packages/_tide.cpython-311-x86_64-linux-gnu.so python/python3-tide",
		"y:_tide\tusr/lib/python3/dist-packages/_tide.cpython-311-x86_64-linux-gnu.so\tpython3-tide\n"},
	{"usr/lib/python3/dist-packages/Moon_Phase-1.2.dist-info/METADATA python/python3-moon",
		"d:moon-phase\tusr/lib/python3/dist-packages/Moon_Phase-1.2.dist-info/METADATA\tpython3-moon\n"},
	{"usr/lib/python3/dist-packages/tide.x-3.egg-info python/python3-tide",
		"d:tide-x\tusr/lib/python3/dist-packages/tide.x-3.egg-info\tpython3-tide\n"},
	{"usr/lib/python3.11/json/__init__.py python/libpython3.11-minimal",
		"y:json\tusr/lib/python3.11/json/__init__.py\tlibpython3.11-minimal\n"},
	{"usr/lib/x86_64-linux-gnu/cmake/Moon/MoonConfig.cmake libdevel/libmoon-dev",
		"c:moon\tusr/lib/x86_64-linux-gnu/cmake/Moon/MoonConfig.cmake\tlibmoon-dev\n"},
	{"usr/share/aclocal/MOON.m4 libdevel/libmoon-dev",
		"a:moon\tusr/share/aclocal/MOON.m4\tlibmoon-dev\n"},
	{"usr/share/java/moon.jar java/libmoon-java",
		"j:moon\tusr/share/java/moon.jar\tlibmoon-java\n"},
	{"usr/share/nodejs/@moon/phase/package.json javascript/node-moon-phase",
		"n:@moon/phase\tusr/share/nodejs/@moon/phase/package.json\tnode-moon-phase\n"},
	{"usr/share/doc/libmoon-dev/copyright libdevel/libmoon-dev", ""},
	/* a name with a blank in it: the last one separates */
	{"usr/bin/new moon  games/moon", "b:new moon\tusr/bin/new moon\tmoon\n"},
	/* a package without a section, an empty one between commas */
	{"usr/bin/x moon,,tide", "b:x\tusr/bin/x\tmoon\nb:x\tusr/bin/x\ttide\n"},
	/* what is no line of such a list */
	{"FILE   LOCATION", ""},
	{"", ""},
	{"usr/bin/", ""},
	{"usr/bin/x", ""},
	{" ", ""},
	{"/", ""},
	{"usr/bin/a\tb\tgames/x", ""},
	{"usr/lib/python3/dist-packages/.so python/x", NULL},
};

static void
a_line_becomes_the_rows_somebody_looks_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		OWN(buf) struct buf out = {0};
		pkgindex_add_contents(str_of(lines[i].line), &out);
		if (lines[i].rows && strcmp(out.p ? out.p : "", lines[i].rows) != 0)
			fail_msg("\"%s\": got \"%s\"", lines[i].line, out.p ? out.p : "");
	}
}

/* Cut off anywhere, a line gives whole rows or none: no tab or newline comes from it. */
static void
cut_off_lines_give_whole_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		for (size_t n = 0; n < strlen(lines[i].line); n++) {
			OWN(buf) struct buf out = {0};
			OWN_FREE char *cut = mem_strndup(lines[i].line, n);
			pkgindex_add_contents(str_of(cut), &out);
			struct str rest = buf_str(&out), row;
			while (str_next(&rest, '\n', &row)) {
				size_t tabs = 0;
				for (size_t k = 0; k < row.n; k++)
					tabs += row.p[k] == '\t';
				if (tabs != 2 || row.n < 2 || row.p[1] != ':')
					fail_msg("\"%s\": row \"%.*s\"", cut, STR_ARG(row));
			}
		}
}

/* ---- the table ---- */

static const char packages[] = "Package: zlib1g-dev\n"
			       "Version: 1:1.2.13\n"
			       "Depends: zlib1g (= 1:1.2.13), libc6-dev | libc-dev\n"
			       "Provides: libz-dev (= 1), libz-fake\n"
			       "\n"
			       "Package: png\n"
			       "Version: 2\n"
			       "Pre-Depends: zlib1g:any (>= 1), libz-dev\n"
			       "Description: text\n"
			       " Depends: not-this\n"
			       "\n"
			       "Package: zlib1g\n"
			       "Version: 1:1.2.13\n";

static bool
count_rows(void *ctx, const struct pkgindex_row *row)
{
	struct buf *out = ctx;
	buf_printf(out, STR_FMT "=" STR_FMT ";", STR_ARG(row->path), STR_ARG(row->package));
	return true;
}

static bool
stop_at_once(void *ctx, const struct pkgindex_row *row)
{
	(void)row;
	++*(int *)ctx;
	return false;
}

static void
check_rows(const struct pkgindex *x, char class, const char *name, const char *want)
{
	OWN(buf) struct buf out = {0};
	pkgindex_find(x, class, name, count_rows, &out);
	assert_string_equal(out.p ? out.p : "", want);
}

static void
every_row_of_a_key_is_found_and_no_other(void **state)
{
	(void)state;
	int seen = 0;
	struct pkgindex *x = make_index(packages,
		"usr/include/zlib.h d/zlib1g-dev\nusr/include/a/zlib.h d/other\nusr/include/zlib.hpp d/cpp\n"
		"usr/bin/zlib.h d/odd\nusr/include/zli d/short\nusr/include/zlib.h d/zlib1g-dev\n");
	assert_non_null(x);
	check_rows(x, 'i', "zlib.h", "usr/include/a/zlib.h=other;usr/include/zlib.h=zlib1g-dev;");
	check_rows(x, 'i', "zlib.hpp", "usr/include/zlib.hpp=cpp;");
	check_rows(x, 'i', "zlib", "");
	check_rows(x, 'i', "", "");
	check_rows(x, 'b', "zlib.h", "usr/bin/zlib.h=odd;");
	check_rows(x, 'A', "first", "");
	check_rows(x, 'z', "last", "");
	pkgindex_find(x, 'i', "zlib.h", stop_at_once, &seen);
	assert_int_equal(seen, 1);
	pkgindex_close(x);
}

static void
packages_are_known_with_how_many_need_them(void **state)
{
	(void)state;
	struct pkgindex *x = make_index(packages, "");
	assert_non_null(x);
	assert_true(pkgindex_has_package(x, "zlib1g"));
	assert_true(pkgindex_has_package(x, "png"));
	assert_false(pkgindex_has_package(x, "zlib1"));
	assert_false(pkgindex_has_package(x, "libz-dev")); /* virtual */
	assert_int_equal(pkgindex_popularity(x, STR("zlib1g")), 2);
	assert_int_equal(pkgindex_popularity(x, STR("png")), 0);
	assert_int_equal(pkgindex_popularity(x, STR("not-this")), 0);
	check_rows(x, 'v', "libz-dev", "-=zlib1g-dev;");
	check_rows(x, 'v', "libz-fake", "-=zlib1g-dev;");
	pkgindex_close(x);
}

static void
lists_without_their_marks_are_refused(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "index");
	assert_int_equal(run_index_worker(packages, strlen(packages), path), 1);
	assert_int_equal(run_index_worker("", 0, path), 1);
	/* What made them may have been ended half-way. */
	static const char cut[] = "Package: x\nVersion: 1\n\f\nusr/bin/x g/x\n";
	assert_int_equal(run_index_worker(cut, sizeof(cut) - 1, path), 1);
	static const char odd[] =
		"Package: x\0y\nVersion: 1\nDepends: ,|,\xff | (\n\f\nusr/bin/\xff g/\xff\n\f";
	assert_int_equal(run_index_worker(odd, sizeof(odd) - 1, path), 0);
}

static void
a_damaged_table_is_searched_without_harm(void **state)
{
	(void)state;
	static const char *const texts[] = {"\n", "i:a", "i:a\t", "i:a\tb", "i:a\tb\n", "\n\n\n",
		"\t\t\t\n", "i:a\tb\tc\ni:a", "z", "k:a\t\t\n"};
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "index");
	struct pkgindex *x;
	assert_int_equal(pkgindex_map(path, &x, NULL), -DD_ENOENT);
	assert_int_equal(fs_write_atomic(path, STR(""), 0600, NULL), 0);
	assert_int_equal(pkgindex_map(path, &x, NULL), -DD_ECORRUPT);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		OWN(buf) struct buf out = {0};
		assert_int_equal(fs_write_atomic(path, str_of(texts[i]), 0600, NULL), 0);
		assert_int_equal(pkgindex_map(path, &x, NULL), 0);
		pkgindex_find(x, 'i', "a", count_rows, &out);
		(void)pkgindex_has_package(x, "a");
		assert_int_equal(pkgindex_popularity(x, STR("a")), 0);
		pkgindex_close(x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_becomes_the_rows_somebody_looks_for),
		cmocka_unit_test(cut_off_lines_give_whole_rows),
		cmocka_unit_test(every_row_of_a_key_is_found_and_no_other),
		cmocka_unit_test(packages_are_known_with_how_many_need_them),
		cmocka_unit_test(lists_without_their_marks_are_refused),
		cmocka_unit_test(a_damaged_table_is_searched_without_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
