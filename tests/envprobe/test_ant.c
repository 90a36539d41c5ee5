/* Build files of Ant that are not what they look like. */
#include "tests/envprobe/detecting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* Properties of properties, and targets that need all others: each 60 times the one before. */
static void
a_build_file_of_ant_that_names_everything_often_is_read_in_time(void **state)
{
	(void)state;
	OWN(buf) struct buf xml = {0};
	buf_puts(&xml, "<project><property name=\"p0\" value=\"\"/>");
	for (int i = 1; i < 6; i++) {
		buf_printf(&xml, "<property name=\"p%d\" value=\"", i);
		for (int k = 0; k < 60; k++)
			buf_printf(&xml, "${p%d}", i - 1);
		buf_puts(&xml, "\"/>");
	}
	buf_puts(&xml, "<javac srcdir=\"more\"/><javac srcdir=\"src${p4}\"/>");
	for (int i = 0; i < 60; i++) {
		buf_printf(&xml, "<target name=\"%s%d\" depends=\"x", i ? "t" : "test\" x=\"", i);
		for (int k = 1; k < 60; k++)
			buf_printf(&xml, ",t%d", k);
		buf_puts(&xml, "\"></target>");
	}
	buf_puts(&xml, "</project>");
	alarm(30);
	struct project p =
		detect(FILES({"build.xml", xml.p}, {"src/A.java", "class A {}\n"}), NULL);
	alarm(0);
	assert_string_equal(p.commands.v[0].run, "mkdir -p more");
	assert_true(command_list_has(&p.commands, PHASE_TEST));
	project_cleanup(&p);
}

static void
what_a_comment_holds_is_no_element(void **state)
{
	(void)state;
	struct project p = detect(
		FILES({"build.xml",
			      "<project default=\"jar\"><!-- <target name=\"test\"><junit/></target>\n"
			      "<javac srcdir=\"gone\"/> --><target name=\"jar\"/>"
			      "<!-- <project default=\"old\"> --><target name=\"check\"><java/></target></project>"
			      "<!-- <javac srcdir=\"open\"/>"},
			{"src/A.java", "class A {}\n"}),
		NULL);
	assert_int_equal(p.commands.n, 2);
	assert_int_equal(p.commands.v[0].phase, PHASE_BUILD);
	assert_true(str_ends(str_of(p.commands.v[1].run), " check"));
	for (size_t i = 0; i < p.needs.n; i++)
		assert_string_not_equal(p.needs.v[i].name, "org.junit");
	project_cleanup(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_build_file_of_ant_that_names_everything_often_is_read_in_time),
		cmocka_unit_test(what_a_comment_holds_is_no_element),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
