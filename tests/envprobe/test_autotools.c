/* What a configure script gets that is older than the machine. */
#include "tests/envprobe/detecting.h"

#include <string.h>
#include <sys/utsname.h>

static void
check_commands(const struct project *p, const char *wanted)
{
	OWN(buf) struct buf all = {0};
	for (size_t i = 0; i < p->commands.n; i++)
		buf_printf(&all, "%s%s", i ? "; " : "", p->commands.v[i].run);
	assert_string_equal(all.p, wanted);
}

static bool
needs_package(const struct project *p, const char *name)
{
	for (size_t i = 0; i < p->needs.n; i++)
		if (p->needs.v[i].kind == NEED_PACKAGE && strcmp(p->needs.v[i].name, name) == 0)
			return true;
	return false;
}

static void
scripts_that_do_not_know_the_machine_are_those_of_the_distribution(void **state)
{
	(void)state;
	struct project p = detect(FILES({"configure.in", "AC_INIT\n"},
					  {"configure", "#! /bin/sh\n"}, {"Makefile.in", "all:\n"},
					  {"cnf/config.sub", "case $m in\n\tvax | tahoe)\n"},
					  {"cnf/config.guess", "uname -m\n"}),
		NULL);
	check_commands(&p, "cp -f /usr/share/misc/config.sub /usr/share/misc/config.guess ./cnf/; "
			   "./configure; make -j2");
	assert_true(needs_package(&p, "autotools-dev"));
	project_cleanup(&p);
}

static void
scripts_that_know_the_machine_stay(void **state)
{
	(void)state;
	struct utsname here;
	assert_int_equal(uname(&here), 0);
	OWN_FREE char *knows = mem_printf("case $m in\n\tvax | %s | tahoe)\n", here.machine);
	struct project p =
		detect(FILES({"configure.in", "AC_INIT\n"}, {"configure", "#! /bin/sh\n"},
			       {"Makefile.in", "all:\n"}, {"config.sub", knows}),
			NULL);
	check_commands(&p, "./configure; make -j2");
	assert_false(needs_package(&p, "autotools-dev"));
	project_cleanup(&p);
}

static void
what_is_made_anew_brings_its_own(void **state)
{
	(void)state;
	struct project p = detect(
		FILES({"configure.in", "AC_INIT\n"}, {"config.sub", "case $m in\n\tvax)\n"}), NULL);
	check_commands(&p, "autoreconf -fi; ./configure; make -j2");
	project_cleanup(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			scripts_that_do_not_know_the_machine_are_those_of_the_distribution),
		cmocka_unit_test(scripts_that_know_the_machine_stay),
		cmocka_unit_test(what_is_made_anew_brings_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
