/* Which modules a tree has, and in which order they can be built. */
#include "envprobe/maven.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
write_pom(int fd, const char *dir, const char *text)
{
	OWN_FREE char *path = *dir ? mem_printf("%s/pom.xml", dir) : mem_strdup("pom.xml");
	OWN_FREE char *whole = mem_printf("<project xmlns=\"x\">\n%s</project>\n", text);
	if (*dir)
		(void)mkdirat(fd, dir, 0700);
	tmpdir_write(fd, path, whole);
}

/* "DIR(ENCODING, SOURCES) ...", from the pom.xml in dir */
static char *
order(const char *root, const char *dir)
{
	struct tree t = {.fd = -1};
	struct maven_module_list l;
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err err = {0};
	if (tree_open(root, &t, &err) < 0)
		fail_msg("%s", err_msg(&err));
	maven_read(&t, dir, &l);
	for (size_t i = 0; i < l.n; i++)
		buf_printf(&out, "%s%s(%s, %s)", i ? " " : "", l.v[i].dir, l.v[i].encoding,
			l.v[i].sources);
	maven_module_list_cleanup(&l);
	tree_cleanup(&t);
	return buf_take(&out);
}

#define NEEDS(what) \
	"<dependencies><dependency><artifactId>" what "</artifactId></dependency></dependencies>"

static void
modules_come_behind_what_they_need(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	write_pom(fd, "",
		"<modules><module>ship</module><module> hull </module><module>./gone</module><module>../out</module>"
		"<module>/etc</module><module>ship</module></modules>"
		"<properties><project.build.sourceEncoding>ISO-8859-1</project.build.sourceEncoding></properties>");
	write_pom(fd, "ship", "<artifactId>ship</artifactId>" NEEDS("hull"));
	write_pom(fd, "hull",
		"<parent><artifactId>fleet</artifactId></parent><artifactId>hull</artifactId>" NEEDS(
			"gson") "<build><sourceDirectory>${basedir}/java</sourceDirectory>"
				"<testSourceDirectory>${x}/tests</testSourceDirectory></build>");
	OWN_FREE char *got = order(dir, "");
	assert_string_equal(got,
		"(ISO-8859-1, src/main/java) hull(ISO-8859-1, java) ship(ISO-8859-1, src/main/java)");
}

static void
a_parent_beside_its_modules_is_found_from_one_of_them(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	const char *parent = "<parent><relativePath>../top/pom.xml</relativePath></parent>";
	OWN_FREE char *a = mem_printf("%s<artifactId>a</artifactId>" NEEDS("b"), parent);
	OWN_FREE char *b = mem_printf("%s<artifactId>b</artifactId>" NEEDS("a"), parent);
	write_pom(fd, "a", a);
	write_pom(fd, "b", b);
	write_pom(fd, "top", "<modules><module>../a</module><module>../b</module></modules>");
	write_pom(fd, "other", parent);
	OWN_FREE char *got = order(dir, "a"), *alone = order(dir, "other");
	assert_string_equal(
		got, "top(UTF-8, src/main/java) b(UTF-8, src/main/java) a(UTF-8, src/main/java)");
	assert_string_equal(alone, "other(UTF-8, src/main/java)");
}

static void
a_broken_pom_says_what_stands_before_the_break(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	tmpdir_write(fd, "pom.xml",
		"<!DOCTYPE project [<!ENTITY a \"aaaa\">]><project><artifactId>&a;</artifactId></project>");
	OWN_FREE char *entity = order(dir, "");
	assert_string_equal(entity, "(UTF-8, src/main/java)");
	tmpdir_write(
		fd, "pom.xml", "<project><modules><module>a</module></modules><oops></project>");
	(void)mkdirat(fd, "a", 0700);
	tmpdir_write(fd, "a/pom.xml", "");
	OWN_FREE char *cut = order(dir, "");
	assert_string_equal(cut, "(UTF-8, src/main/java) a(UTF-8, src/main/java)");
}

static void
elements_without_end_or_bound_end_the_reading(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	OWN(buf) struct buf deep = {0};
	OWN_FREE char *name = mem_zalloc(1, 1001), *wide = NULL;
	memset(name, 'A', 1000);
	wide = mem_printf("<%s/>", name);
	tmpdir_write(fd, "pom.xml", wide);
	OWN_FREE char *of_wide = order(dir, "");
	for (int i = 0; i < 60; i++)
		buf_puts(&deep, "<a>");
	buf_puts(&deep, "<b/>");
	for (int i = 0; i < 60; i++)
		buf_puts(&deep, "</a>");
	tmpdir_write(fd, "pom.xml", deep.p);
	OWN_FREE char *of_deep = order(dir, "");
	assert_string_equal(of_wide, "(UTF-8, src/main/java)");
	assert_string_equal(of_deep, "(UTF-8, src/main/java)");
}

static void
paths_lead_from_one_directory_to_another(void **state)
{
	(void)state;
	const struct {
		const char *from, *to, *path;
	} cases[] = {{"", "", ""}, {"a", "a", ""}, {"", "a/b", "a/b/"}, {"a/b", "", "../../"},
		{"a/b", "a/c", "../c/"}, {"a", "a/b", "b/"}, {"a/b", "a", "../"},
		{"ab", "ac", "../ac/"}, {"a", "ab", "../ab/"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *got = maven_path_between(cases[i].from, cases[i].to);
		assert_string_equal(got, cases[i].path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules_come_behind_what_they_need),
		cmocka_unit_test(a_parent_beside_its_modules_is_found_from_one_of_them),
		cmocka_unit_test(a_broken_pom_says_what_stands_before_the_break),
		cmocka_unit_test(elements_without_end_or_bound_end_the_reading),
		cmocka_unit_test(paths_lead_from_one_directory_to_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
