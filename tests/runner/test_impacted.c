/* What counters print is not believed, and what a change may affect is rather too much. */
#include "runner/impacted.h"
#include "runner/reach_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char *
text_of(const json_t *j)
{
	OWN(buf) struct buf b = {0};
	json_print(j, 0, &b);
	return buf_take(&b);
}

static const char printed[] =
	"N\nP\t1\ta/b.py\nD\t1\t1\t0\t\nD\t2\t1\t3\tf\nE\t1\t2\nL\t1\t4\nL\t1\t5\nM\t1\t3\n"
	"N\nE\t1\t2\nL\t1\t9\nP\t1\t../x\nL\t1\t1\nP\t2\t/etc\nL\t2\t1\nD\t7\t1\t9999999999\tg\n"
	"F\t/w/p\t0x1\nC\t/w/p\t0x1\t/w/p\t0x2\n"
	"A\t/w/p\t0x1\tmain\t/w/m.c:3\nA\t/w/p\t0x2\tg\t/w/m.c:9 (discriminator 2)\nA\t/w/p\t0x3\tq\t??:0\n"
	"{\"current_working_directory\": \"/w/d\", \"files\": [{\"file\": \"../m.c\", \"lines\": [{\"line_number\": 4, \"count\": 2},"
	" {\"line_number\": 5, \"count\": 0}], \"functions\": []}]}\n";

static void
what_was_counted_is_told_of_the_tree_alone(void **state)
{
	(void)state;
	OWN_JSON json_t *j = reach_read("/w", true, str_of(printed));
	OWN_FREE char *text = text_of(j);
	assert_string_equal(text,
		"{\"files\":{\"a/b.py\":{\"lines\":[4,5],\"outside\":[3,3],\"countable\":[]},"
		"\"m.c\":{\"lines\":[4,4],\"outside\":[],\"countable\":[4,5]}},"
		"\"functions\":[[\"a/b.py\",0,\"\"],[\"a/b.py\",3,\"f\"],[\"m.c\",3,\"main\"],[\"m.c\",9,\"g\"]],"
		"\"calls\":[[0,1],[2,3]],\"lost\":false}");
}

static void
counters_that_end_anywhere_do_no_harm(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(printed); n++) {
		OWN_FREE char *part = mem_strndup(printed, n);
		OWN_JSON json_t *j = reach_read("/w", false, (struct str){part, n});
		assert_true(json_is_object(j));
	}
	OWN_JSON json_t *j = reach_read("/w", false, STR("X\n"));
	assert_true(json_is_true(json_object_get(j, "lost")));
}

/* ---- */

static const char record[] =
	"{\"drydock_reach\": 1, \"run\": \"r\", \"builds\": true, \"rebuilt\": true, \"services\": false}\n"
	"{\"files\": {\"m.c\": {\"lines\": [], \"outside\": [], \"countable\": [3, 9]}}, \"functions\": [], \"looked\": [\"m.c\", \"Makefile\"], \"lost\": false}\n"
	"{\"cases\": [{\"id\": \"one\"}], \"command\": \"t\", \"lost\": false, \"looked\": [\"d.txt\", \"p.py\"], \"functions\": [[\"m.c\", 2, \"f\"]],"
	" \"files\": {\"p.py\": {\"lines\": [4, 4], \"outside\": [1, 1, 3, 3]}}}\n"
	"{\"cases\": [{\"id\": \"two\"}], \"command\": \"t\", \"lost\": false, \"looked\": [\"p.py\"], \"functions\": [],"
	" \"files\": {\"m.c\": {\"lines\": [8, 8], \"outside\": []}, \"p.py\": {\"lines\": [7, 7], \"outside\": [1, 1, 3, 3]}, \"tests/test_p.py\": {\"lines\": [], \"outside\": [1, 1]}}}\n"
	"{\"cases\": [{\"id\": \"three\"}], \"command\": \"t\", \"lost\": false, \"looked\": [\"p.py\"], \"functions\": [], \"files\": {}}\n"
	"{\"cases\": [{\"id\": \"four\"}], \"command\": \"t\", \"lost\": true, \"looked\": [], \"functions\": [], \"files\": {}}\n"
	"{\"outside\": [], \"first\": [\"check.h\"], \"lost\": false}\n";

#define C_WAS \
	"int x;\nint f(void)\n{\n\tint a = 1;\n\treturn a;\n}\nint g(void) {\n\treturn 2;\n}\n"
#define DOC_WAS \
	"def f(a):\n    r\"\"\"One.\n\n    More.\n    \"\"\"\n    return a\n\ndef g(a,\n      b=1):\n    # a\n    'One.'\n    return b\n"
#define P_WAS "import os\n\ndef f(a):\n    return a\n\ndef g(a,\n      b=1):\n    return b\n"

static const struct {
	const char *path, *was, *is;
	uint32_t line, lines, now, now_lines;
	const char *cases, *all; /* all: a part of why; NULL: not all */
} changes[] = {
	{"m.c", C_WAS,
		"int x;\nint f(void)\n{\n\tint a = 2;\n\treturn a;\n}\nint g(void) {\n\treturn 2;\n}\n",
		4, 1, 4, 1, "one four ", NULL},
	{"m.c", C_WAS,
		"int x;\nint f(void)\n{\n\tint a = 1;\n\treturn a;\n}\nint g(void) {\n\treturn 3;\n}\n",
		8, 1, 8, 1, "two four ", NULL},
	{"m.c", C_WAS,
		"int x;\nint f(void)\n{\n\tint a = 1;\n\treturn a;\n}\nint g(void) {\n\tint b;\n\treturn 2;\n}\n",
		7, 0, 8, 1, "two four ", NULL},
	{"m.c", C_WAS,
		"int x;\nint f(void)\n{\n#define A 1\n\tint a = 1;\n\treturn a;\n}\nint g(void) {\n\treturn 2;\n}\n",
		3, 0, 4, 1, "one two three four ", "outside of the bodies"},
	{"m.c", C_WAS,
		"long x;\nint f(void)\n{\n\tint a = 1;\n\treturn a;\n}\nint g(void) {\n\treturn 2;\n}\n",
		1, 1, 1, 1, "one two three four ", "outside of the bodies"},
	{"m.c", C_WAS,
		"int x;\nint f(int q)\n{\n\tint a = 1;\n\treturn a;\n}\nint g(void) {\n\treturn 2;\n}\n",
		2, 1, 2, 1, "one two three four ", "outside of the bodies"},
	/* One that executed the function, and one that opened the file and was not counted in it. */
	{"p.py", P_WAS,
		"import os\n\ndef f(a):\n    return a + 1\n\ndef g(a,\n      b=1):\n    return b\n",
		4, 1, 4, 1, "one three four ", NULL},
	/* What runs when it is loaded: all that load it. */
	{"p.py", P_WAS,
		"import os\n\ndef f(a):\n    return a\n\ndef g(a,\n      b=2):\n    return b\n", 7,
		1, 7, 1, "one two three four ", NULL},
	/* The change of a body that does not stay one. */
	{"p.py", P_WAS,
		"import os\n\ndef f(a):\n    return a\nprint(1)\n\ndef g(a,\n      b=1):\n    return b\n",
		4, 1, 4, 2, "one two three four ", NULL},
	/* Who loads a function can read its documentation, and no more of its body. */
	{"p.py", DOC_WAS,
		"def f(a):\n    r\"\"\"One.\n\n    Less.\n    \"\"\"\n    return a\n\ndef g(a,\n      b=1):\n    # a\n    'One.'\n    return b\n",
		4, 1, 4, 1, "one two three four ", NULL},
	{"p.py", DOC_WAS,
		"def f(a):\n    r\"\"\"One.\n\n    More.\n    \"\"\"\n    return a\n\ndef g(a,\n      b=1):\n    # a\n    'Two.'\n    return b\n",
		11, 1, 11, 1, "one two three four ", NULL},
	{"p.py", DOC_WAS,
		"def f(a):\n    r\"\"\"One.\n\n    More.\n    \"\"\"\n    return -a\n\ndef g(a,\n      b=1):\n    # a\n    'One.'\n    return b\n",
		6, 1, 6, 1, "one three four ", NULL},
	{"p.py", P_WAS,
		"import os\n\ndef f(a):\n    'One.'\n    return a\n\ndef g(a,\n      b=1):\n    return b\n",
		3, 0, 4, 1, "one two three four ", NULL},
	/* A case that nobody recorded is run with all the others. */
	{"tests/test_p.py", P_WAS,
		"import os\n\ndef f(a):\n    return a\n\ndef g(a,\n      b=1):\n    return b\n\ndef test_h():\n    pass\n",
		8, 0, 9, 3, "one two three four ", "a case in it is new"},
	{"d.txt", "1\n", "2\n", 1, 1, 1, 1, "one four ", NULL},
	/* Read when the tests were built, when they first ran. */
	{"check.h", "1\n", "2\n", 1, 1, 1, 1, "one two three four ", "for the first time"},
	{"e.txt", "1\n", "2\n", 1, 1, 1, 1, "four ", NULL},
	{"Makefile", "1\n", "2\n", 1, 1, 1, 1, "one two three four ", "the build reads it"},
};

/* Of a change of one span, by this record: the cases, each with a blank behind it; heap.  *ret_all: heap, or NULL. */
static char *
affected(struct str of, const struct gitrepo_change *c, char **ret_all)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf named = {0};
	struct impacted *im = NULL;
	size_t k;
	json_t *one;
	assert_int_equal(impacted_create(of, &im, &err), 0);
	impacted_add_change(im, c);
	OWN_JSON json_t *j = impacted_result(im);
	buf_puts(&named, "");
	json_array_foreach (json_object_get(j, "cases"), k, one)
		buf_printf(&named, "%s ", json_string_in(one, "id"));
	const char *all = json_string_value(json_object_get(j, "all"));
	*ret_all = all ? mem_strdup(all) : NULL;
	impacted_destroy(im);
	return buf_take(&named);
}

static void
a_change_affects_who_may_notice_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct gitrepo_span span = {
			changes[i].line, changes[i].lines, changes[i].now, changes[i].now_lines};
		const struct gitrepo_change c = {changes[i].path, GITREPO_TEXT,
			str_of(changes[i].was), str_of(changes[i].is), &span, 1};
		OWN_FREE char *all = NULL;
		OWN_FREE char *named = affected(STR(record), &c, &all);
		if (strcmp(named, changes[i].cases) != 0 || !all != !changes[i].all ||
			(all && !strstr(all, changes[i].all)))
			fail_msg("change %zu: %s (%s)", i, named, all ? all : "not all");
	}
}

/* A case that reads or compiles a source of C itself; and builds of which there is no record, or not all of one. */
static void
what_was_not_counted_is_not_believed_to_be_nothing(void **state)
{
	(void)state;
	static const char cases[] =
		"{\"cases\": [{\"id\": \"one\"}], \"command\": \"t\", \"lost\": false, \"looked\": [\"m.c\"], \"functions\": [], \"files\": {}}\n"
		"{\"cases\": [{\"id\": \"two\"}], \"command\": \"t\", \"lost\": false, \"looked\": [], \"functions\": [],"
		" \"files\": {\"m.c\": {\"lines\": [8, 8], \"outside\": []}}}\n"
		"{\"cases\": [{\"id\": \"three\"}], \"command\": \"t\", \"lost\": false, \"looked\": [], \"functions\": [], \"files\": {}}\n"
		"{\"outside\": []}\n";
	static const struct {
		const char *begin, *cases, *all;
	} of[] = {
		{"{\"drydock_reach\": 1, \"builds\": false}\n", "one two ", NULL},
		{"{\"drydock_reach\": 1, \"builds\": true}\n{\"files\": {}, \"looked\": [\"m.c\"], \"lost\": false}\n",
			"one two ", NULL},
		{"{\"drydock_reach\": 1, \"builds\": true}\n{\"files\": {}, \"looked\": [\"m.c\"], \"lost\": true}\n",
			"one two three ", "not known what the build runs"},
		{"{\"drydock_reach\": 1, \"builds\": true}\n", "one two three ",
			"not known what the build runs"},
	};
	struct gitrepo_span span = {8, 1, 8, 1};
	const struct gitrepo_change c = {"m.c", GITREPO_TEXT, STR(C_WAS),
		STR("int x;\nint f(void)\n{\n\tint a = 1;\n\treturn a;\n}\nint g(void) {\n\treturn 3;\n}\n"),
		&span, 1};
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		OWN_FREE char *lines = mem_printf("%s%s", of[i].begin, cases), *all = NULL;
		OWN_FREE char *named = affected(str_of(lines), &c, &all);
		if (strcmp(named, of[i].cases) != 0 || !all != !of[i].all ||
			(all && !strstr(all, of[i].all)))
			fail_msg("record %zu: %s (%s)", i, named, all ? all : "not all");
	}
}

static void
what_is_new_or_gone_affects_all(void **state)
{
	(void)state;
	for (int kind = GITREPO_NEW; kind <= GITREPO_OTHER; kind++) {
		OWN(dd_err) struct dd_err err = {0};
		struct impacted *im = NULL;
		struct gitrepo_change c = {.path = "n"};
		c.kind = kind == GITREPO_NEW	? GITREPO_NEW
			 : kind == GITREPO_GONE ? GITREPO_GONE
						: GITREPO_OTHER;
		assert_int_equal(impacted_create(STR(record), &im, &err), 0);
		impacted_add_change(im, &c);
		OWN_JSON json_t *j = impacted_result(im);
		assert_int_equal(json_array_size(json_object_get(j, "cases")), 4);
		assert_non_null(json_string_value(json_object_get(j, "all")));
		impacted_destroy(im);
	}
}

static void
a_record_that_is_cut_is_none(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(record) - 2; n += 7) {
		OWN(dd_err) struct dd_err err = {0};
		struct impacted *im = NULL;
		assert_true(impacted_create((struct str){record, n}, &im, &err) < 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_counted_is_told_of_the_tree_alone),
		cmocka_unit_test(counters_that_end_anywhere_do_no_harm),
		cmocka_unit_test(a_change_affects_who_may_notice_it),
		cmocka_unit_test(what_was_not_counted_is_not_believed_to_be_nothing),
		cmocka_unit_test(what_is_new_or_gone_affects_all),
		cmocka_unit_test(a_record_that_is_cut_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
