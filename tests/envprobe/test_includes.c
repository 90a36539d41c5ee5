/* Which headers of C are needs. */
#include "envprobe/loop.h"
#include "tests/envprobe/detecting.h"
#include "tests/envprobe/make_index.h"

#include <string.h>

#define CODE \
	"#if defined(HAVE_MOON) && !defined(TIDE)\n#include <moon/moon.h>\n#else\n#include <sun.h>\n#endif\n" \
	"#ifdef HAVE_MOON\n#ifdef LUNA\n#include <luna.h>\n#endif\n#endif /* HAVE_MOON */\n" \
	"#if !defined(HAVE_MOON) || HAVE_STAR\n#include <star.h>\n#endif\n"

/* Headers that are wanted, "a.h b.h", as they are declared; that of the C library is of all C. */
static char *
headers(const struct project *p)
{
	OWN(buf) struct buf b = {0};
	for (size_t i = 0; i < p->needs.n; i++)
		if (p->needs.v[i].kind == NEED_HEADER && strcmp(p->needs.v[i].name, "stdio.h") != 0)
			buf_printf(&b, "%s%s", b.n ? " " : "", p->needs.v[i].name);
	return buf_take(&b);
}

static void
a_header_that_nothing_can_switch_on_is_no_need(void **state)
{
	(void)state;
	static const struct {
		const char *path, *text; /* beside the code */
		const char *wanted;
	} cases[] = {
		{"Makefile", "all: x\n", "sun.h star.h"},
		{"ChangeLog", "HAVE_MOON, of the library moon\n", "sun.h star.h"},
		{"Makefile", "CFLAGS = -O2 -DHAVE_MOON\n", "moon/moon.h sun.h luna.h star.h"},
		{"config.h.in", "#undef HAVE_MOON\n", "moon/moon.h sun.h luna.h star.h"},
		{"x.m4", "MY_LOOK_FOR(sky:Moon)\n", "moon/moon.h sun.h luna.h star.h"},
		{"y.c", "#define HAVE_MOON 1\n", "moon/moon.h sun.h luna.h star.h"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct project p = detect(FILES({"configure.ac", "AC_INIT\n"}, {"x.c", CODE},
						  {cases[i].path, cases[i].text}),
			NULL);
		OWN_FREE char *got = headers(&p);
		assert_string_equal(got, cases[i].wanted);
		project_cleanup(&p);
	}
}

static void
libraries_that_are_looked_for_give_macros_of_theirs(void **state)
{
	(void)state;
	struct project p =
		detect(FILES({"configure.ac", "AC_INIT\nAC_CHECK_LIB(moon, moon_rise)\n"},
			       {"x.c", "#ifdef HAVE_LIBMOON\n#include <moon.h>\n#endif\n"
				       "#if HAVE_LIBSUN\n#include <sun.h>\n#endif\n"}),
			NULL);
	OWN_FREE char *got = headers(&p);
	assert_string_equal(got, "moon.h");
	project_cleanup(&p);
}

/* What a condition includes that names HAVE_MOON, which nothing can switch on. */
static void
a_condition_that_holds_without_the_macro_is_none_of_it(void **state)
{
	(void)state;
	static const char *const conditions[] = {"!(A && HAVE_MOON && B)",
		"! (defined(A) && HAVE_MOON && B)", "HAVE_MOON && defined(A) \\\n || defined(B)",
		"defined(HAVE_MOON) && A ? 1 : B", "A || HAVE_MOON"};
	for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
		OWN_FREE char *code =
			mem_printf("#if %s\n#include <sun.h>\n#endif\n", conditions[i]);
		struct project p =
			detect(FILES({"configure.ac", "AC_INIT\n"}, {"x.c", code}), NULL);
		OWN_FREE char *got = headers(&p);
		assert_string_equal(got, "sun.h");
		project_cleanup(&p);
	}
}

/* "a b": what is wanted of two needs that are declared, a module of pkg-config or none and a header. */
static char *
wanted_packages(const struct pkgindex *x, const char *module, const char *header)
{
	struct probe_spec spec = {0};
	struct probe_result r = {0};
	struct loop l = {.spec = &spec, .r = &r, .n = 1, .index = (struct pkgindex *)(uintptr_t)x};
	OWN(buf) struct buf b = {0};
	if (module)
		detect_need(&r.project, NEED_PKGCONFIG, module, SCOPE_BUILD, true, "meson.build:1");
	detect_need(&r.project, NEED_HEADER, header, SCOPE_BUILD, false, "a.c:1");
	loop_want_declared(&l);
	for (size_t i = 0; i < l.wanted.n; i++)
		buf_printf(&b, "%s%s", b.n ? " " : "", l.wanted.v[i].package);
	wanted_list_clear(&l.wanted);
	free(l.wanted.v);
	map_cleanup(&l.asked);
	probe_result_cleanup(&r);
	return buf_take(&b);
}

static void
a_header_is_of_the_library_that_is_asked_for(void **state)
{
	(void)state;
	OWN(buf) struct buf packages = {0};
	buf_puts(&packages,
		"Package: libmoon-dev\nVersion: 1\n\nPackage: libsky-dev\nVersion: 1\n\n"
		"Package: libsun-dev\nVersion: 1\n");
	for (int i = 0; i < 30; i++)
		buf_printf(&packages, "\nPackage: p%d\nVersion: 1\nDepends: libsun-dev\n", i);
	struct pkgindex *x = make_index(packages.p,
		"usr/include/moon.h libdevel/libmoon-dev\nusr/include/sky/moon.h libdevel/libsky-dev\n"
		"usr/include/sun.h libdevel/libsun-dev\nusr/include/sky/sun.h libdevel/libsky-dev\n"
		"usr/lib/x86_64-linux-gnu/pkgconfig/sky.pc libdevel/libsky-dev\n");
	assert_non_null(x);
	static const struct {
		const char *module, *header, *wanted;
	} cases[] = {{"sky", "moon.h", "libsky-dev"}, {NULL, "moon.h", "libmoon-dev"},
		{"sky", "sun.h", "libsun-dev libsky-dev"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *got = wanted_packages(x, cases[i].module, cases[i].header);
		assert_string_equal(got, cases[i].wanted);
	}
	pkgindex_close(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_that_nothing_can_switch_on_is_no_need),
		cmocka_unit_test(a_condition_that_holds_without_the_macro_is_none_of_it),
		cmocka_unit_test(a_header_is_of_the_library_that_is_asked_for),
		cmocka_unit_test(libraries_that_are_looked_for_give_macros_of_theirs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
