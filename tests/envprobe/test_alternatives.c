/* From a need to a package, over a small index. */
#include "base/fs.h"
#include "envprobe/resolve.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Sorted by bytes, as a compiled index is. */
static const char lines[] = "b:row\tusr/bin/row\trow\n"
			    "b:row\tusr/bin/row\trow-classic\n"
			    "i:mast.h\tusr/include/mast.h\tlibmast1.2-dev\n"
			    "i:mast.h\tusr/include/mast.h\tlibmast1.3-dev\n"
			    "k:libmast-dev\t1.2\t0\n"
			    "k:libmast1.2-dev\t1.2\t4\n"
			    "k:libmast1.3-dev\t1.3\t5\n"
			    "k:libsail-cotton-dev\t1\t28\n"
			    "k:libsail-nylon-dev\t1\t18\n"
			    "k:libsail-paper-dev\t1\t1\n"
			    "k:row\t1\t60\n"
			    "k:row-classic\t1\t0\n"
			    "l:keel\tusr/lib/libkeel.so\tlibkeel2.0-dev\n"
			    "l:sail\tusr/lib/libsail.a\tlibsail-cotton-dev\n"
			    "l:sail\tusr/lib/libsail.so\tlibsail-cotton-dev\n"
			    "l:sail\tusr/lib/libsail.so\tlibsail-nylon-dev\n"
			    "l:sail\tusr/lib/libsail.so\tlibsail-paper-dev\n"
			    "l:sail\tusr/lib/libsail.so\tlibsail-paper-mingw-dev\n";

static struct pkgindex *x;

static struct resolution
resolve(enum need_kind kind, const char *name)
{
	const struct need n = {.kind = kind, .name = (char *)name};
	return resolve_need(x, &n);
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
}

static void
one_that_all_others_depend_on_has_no_alternative(void **state)
{
	(void)state;
	struct resolution r = resolve(NEED_PROGRAM, "row");
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

static int
open_index(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "files");
	return fs_write_atomic(path, STR(lines), 0600, NULL) < 0 ? -1
								 : pkgindex_map(path, &x, NULL);
}

static int
close_index(void **state)
{
	(void)state;
	pkgindex_close(x);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_with_the_same_file_are_alternatives),
		cmocka_unit_test(one_that_all_others_depend_on_has_no_alternative),
		cmocka_unit_test(of_several_versions_it_is_the_distributions_own),
	};
	return cmocka_run_group_tests(tests, open_index, close_index);
}
