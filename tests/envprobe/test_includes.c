/* Which headers of C are needs. */
#include "tests/envprobe/detecting.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_that_nothing_can_switch_on_is_no_need),
		cmocka_unit_test(libraries_that_are_looked_for_give_macros_of_theirs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
