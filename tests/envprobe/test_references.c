/* Where sources refer to a missing file, and what they say about it. */
#include "envprobe/references.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct file {
	const char *path, *text;
};

/* The one reference to `path` in a tree of these files. */
static struct file_reference
look(const struct file *files, const char *path, enum reference_form form)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	struct tree t = {.fd = -1};
	struct file_reference_list l = {0};
	(void)mkdirat(fd, "src", 0700);
	(void)mkdirat(fd, "data", 0700);
	(void)mkdirat(fd, "docs", 0700);
	for (; files->path; files++)
		tmpdir_write(fd, files->path, files->text);
	*file_reference_list_add(&l) =
		(struct file_reference){.path = mem_strdup(path), .form = form};
	if (tree_open(dir, &t, &err) < 0 || references_find(&t, &l, &err) < 0)
		fail_msg("%s", err_msg(&err));
	tree_cleanup(&t);
	struct file_reference r = l.v[0];
	free(l.v);
	return r;
}

static void
a_reference_is_cited_with_what_the_code_does_without(void **state)
{
	(void)state;
	static const struct file files[] = {{"README", "data/tides.csv is needed\n"},
		{"src/a.c",
			"int x;\nvoid f(void)\n{\n\tFILE *f = fopen(\"data/tides.csv\", \"r\");\n"
			"\tif (!f) {\n\t\tperror(\"tides\");\n\t\texit(2);\n\t}\n}\n"},
		{"src/b.c",
			"\tFILE *f = fopen(\"data/moon.csv\", \"r\");\n\tif (f) {\n\t\tread_moon(f);\n\t}\n"},
		{"src/c.c", "\tsnprintf(p, n, \"%s/stars.csv\", dir);\n"}, {NULL, NULL}};
	struct file_reference r = look(files, "data/tides.csv", REFERENCE_STRING);
	assert_string_equal(r.where, "src/a.c:4");
	assert_true(r.required);
	assert_false(r.generated);
	file_reference_cleanup(&r);
	r = look(files, "data/moon.csv", REFERENCE_STRING);
	assert_string_equal(r.where, "src/b.c:1");
	assert_false(r.required);
	file_reference_cleanup(&r);
	r = look(files, "data/stars.csv", REFERENCE_STRING);
	assert_string_equal(r.where, "src/c.c:1");
	file_reference_cleanup(&r);
	r = look(files, "/home/x/stars.csv", REFERENCE_STRING);
	assert_string_equal(r.where, "src/c.c:1");
	file_reference_cleanup(&r);
	r = look(files, "other/ides.csv", REFERENCE_ANY);
	assert_null(r.where);
	file_reference_cleanup(&r);
}

static void
what_the_tree_makes_itself_is_generated(void **state)
{
	(void)state;
	static const struct file files[] = {
		{"Makefile",
			"all: run\ndata/a.csv: data/raw.csv\n\tsort $< >$@\nTIDES := data/b.csv\n"
			"\tawk -f c.awk raw >data/c.csv\n\trun -o data/d.csv\n"},
		{"src/e.c",
			"f = fopen(\"data/e.csv\", \"w\");\ng = fopen(\"data/f.csv\", \"r\");\n"},
		{"data/g.csv.in", "@x@\n"}, {"CMakeLists.txt", "configure_file(x.in data/h.csv)\n"},
		{NULL, NULL}};
	static const struct {
		const char *path;
		bool generated;
	} cases[] = {{"data/a.csv", true}, {"data/b.csv", false}, {"data/c.csv", true},
		{"data/d.csv", true}, {"data/e.csv", true}, {"data/f.csv", false},
		{"data/g.csv", true}, {"data/h.csv", true}, {"data/raw.csv", false}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct file_reference r = look(files, cases[i].path, REFERENCE_ANY);
		if (r.generated != cases[i].generated)
			fail_msg("%s", cases[i].path);
		file_reference_cleanup(&r);
	}
}

static void
a_sample_beside_it_is_found(void **state)
{
	(void)state;
	static const char *const samples[] = {"data/site.ini.sample", "data/site.ini-dist",
		"data/example.site.ini", "data/site.default.ini", "data/site_example.ini"};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct file files[] = {{samples[i], "x\n"}, {"data/site.ini.bak", "x"},
			{"src/site.ini.sample", "x"}, {NULL, NULL}};
		struct file_reference r = look(files, "data/site.ini", REFERENCE_ANY);
		assert_non_null(r.sample);
		assert_string_equal(r.sample, samples[i]);
		file_reference_cleanup(&r);
	}
	const struct file none[] = {{"data/sites.ini.sample", "x"}, {NULL, NULL}};
	struct file_reference r = look(none, "data/site.ini", REFERENCE_ANY);
	assert_null(r.sample);
	file_reference_cleanup(&r);
}

static void
a_header_counts_where_it_is_included_in_quotes(void **state)
{
	(void)state;
	static const struct file files[] = {
		{"src/a.c", "#include <moon.h>\n#include \"tide.h\"\n"}, {NULL, NULL}};
	struct file_reference r = look(files, "src/moon.h", REFERENCE_INCLUDE);
	assert_null(r.where);
	file_reference_cleanup(&r);
	r = look(files, "src/tide.h", REFERENCE_INCLUDE);
	assert_string_equal(r.where, "src/a.c:2");
	file_reference_cleanup(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reference_is_cited_with_what_the_code_does_without),
		cmocka_unit_test(what_the_tree_makes_itself_is_generated),
		cmocka_unit_test(a_sample_beside_it_is_found),
		cmocka_unit_test(a_header_counts_where_it_is_included_in_quotes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
