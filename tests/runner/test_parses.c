/* Which edits are refused because less of a file would be understood: those that no macro explains. */
#include "agents/edit.h"
#include "base/fs.h"
#include "runner/fix_worker.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static int root = -1;

static int
setup(void **state)
{
	static char dir[] = "/tmp/drydock-parses-XXXXXX";
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = dir;
	return root < 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)close(root);
	return fs_remove_tree(*state, NULL);
}

static void
put(const char *path, const char *text)
{
	const struct edit e = {.kind = EDIT_WHOLE, .path = path, .text = str_of(text)};
	struct edit_result r;
	(void)!edit_apply(root, &e, 1, NULL, &r, NULL);
	edit_result_cleanup(&r);
}

/* Does the edit of a file that holds `before` pass?  more: another one that is made with it, or NULL. */
static bool
passes(const char *path, const char *before, const char *after, const struct edit *more)
{
	const struct edit_check check = {fix_worker_is_worse, &root};
	struct edit edits[] = {
		{.kind = EDIT_WHOLE, .path = path, .text = str_of(after)}, more ? *more : edits[0]};
	struct edit_result r;
	put(path, before);
	int rc = edit_apply(root, edits, more ? 2 : 1, &check, &r, NULL);
	bool breaks = rc < 0 && r.verdict == EDIT_BREAKS;
	assert_true(rc == 0 || breaks);
	edit_result_cleanup(&r);
	return !breaks;
}

#define SUM "int sum(struct list *l)\n{\n\tint n = 0;\n"
static const char plain[] = SUM "\treturn n;\n}\n";

static void
a_macro_may_stand_for_anything(void **state)
{
	static const char *const fine[] = {
		"#define each(l) int i = 0; i < (l)->n; i++\n" SUM
		"\tfor (each(l))\n\t\tn += l->v[i];\n\treturn n;\n}\n",
		"#define each(l, i) for (int i = 0; i < (l)->n; i++)\n" SUM
		"\teach(l, i) {\n\t\tn += l->v[i];\n\t}\n\treturn n;\n}\n",
		"#define add(to, what) to += (what);\n" SUM
		"\tadd(n, 1)\n\tadd(n, 2)\n\treturn n;\n}\n",
		"#define begin {\n#define end }\n" SUM
		"\tif (l) begin\n\t\tn++;\n\tend\n\treturn n;\n}\n",
		"#define no_throw __attribute__((nothrow))\n#define of(x)\n" SUM
		"\treturn n;\n}\nint of(list) f(int a) no_throw;\n",
		"#define otherwise else\n#define when if\n" SUM
		"\twhen (l) n++; otherwise n--;\n\treturn n;\n}\n",
		"#define field(type, name) type name;\nstruct list { field(int, n) field(int *, v) };\n" SUM
		"\treturn n;\n}\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++)
		if (!passes("sum.c", plain, fine[i], NULL))
			fail_msg("refused:\n%s", fine[i]);
}

static void
what_is_broken_is_refused(void **state)
{
	static const char *const broken[] = {
		SUM "\treturn n\n}\n",
		SUM "\tif (l {\n\t\tn++;\n\t}\n\treturn n;\n}\n",
		SUM "\treturn n;\n",
		SUM "\tfor (int i = 0, i < 3, i++)\n\t\tn++;\n\treturn n;\n}\n",
		SUM "\tn = = 3;\n\treturn n;\n}\n",
		"#define each(l) int i = 0; i < (l)->n; i++\n" SUM
		"\tfor (each(l)\n\t\tn += l->v[i];\n\treturn n;\n}\n",
		"#define each(l) int i = 0; i < (l)->n; i++\n" SUM
		"\tfor (each(l))\n\t\tn += l->v[i]\n\treturn n;\n}\n",
		"#define each(l) int i = 0; i < ((l)->n; i++\n" SUM
		"\tfor (each(l))\n\t\tn += l->v[i];\n\treturn n;\n}\n",
		"#define each(l) l\n" SUM "\tfor (each(l))\n\t\tn++;\n\treturn n;\n}\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		if (passes("sum.c", plain, broken[i], NULL))
			fail_msg("let through:\n%s", broken[i]);
	assert_false(passes("sum.py", "n = 1\n", "#define n\nn = (1\n", NULL));
}

static void
macros_of_headers_of_the_tree_are_known(void **state)
{
	static const char of[] = SUM "\tfor (each(l))\n\t\tn += l->v[i];\n\treturn n;\n}\n";
	static const char each[] = "#define each(l) \\\n\tint i = 0; \\\n\ti < (l)->n; \\\n\ti++\n";
	OWN_FREE char *direct = mem_printf("#include \"each.h\"\n%s", of);
	OWN_FREE char *far = mem_printf("#include <all/of.h>\n%s", of);
	const struct edit made = {.kind = EDIT_WHOLE, .path = "src/each.h", .text = STR(each)};
	(void)state;
	assert_false(passes("src/sum.c", plain, direct, NULL));
	assert_true(passes("src/sum.c", plain, direct, &made));
	put("src/each.h", "#define each(l) l\n");
	assert_false(passes("src/sum.c", plain, direct, NULL));
	put("include/each/each.h", each);
	assert_false(passes("src/sum.c", plain, direct, NULL)); /* the nearest is meant */
	put("include/all/of.h", "#include \"../each/each.h\"\n#include \"of.h\"\n");
	assert_true(passes("src/sum.c", plain, far, NULL));
	/* that it changes for the worse is seen where it is used */
	assert_false(passes("src/sum.c", direct, of, NULL));
}

/* As long as the path of the header whose name it begins with. */
static void
a_name_that_holds_a_nul_is_no_other(void **state)
{
	static const char each[] = "#define all(l) int i = 0; i < (l)->n; i++\n";
	OWN_FREE char *path = fs_join(*state, "lib/odd.h");
	put("lib/any.h", each);
	put("lib/odd.h", "");
	assert_int_equal(fs_write_atomic(path, STR("#include \"any.h\0lib\"\n"), 0600, NULL), 0);
	assert_false(passes("lib/sum.c", plain,
		"#include \"odd.h\"\n" SUM "\tfor (all(l))\n\t\tn++;\n\treturn n;\n}\n", NULL));
}

static void
what_is_written_like_a_macro_may_be_one_of_the_system(void **state)
{
	(void)state;
	assert_true(passes("sum.c", plain,
		"#include <sys/queue.h>\n" SUM
		"\tstruct item *e;\n\tLIST_FOREACH(e, l, next) {\n\t\tn += e->n;\n\t}\n\treturn n;\n}\n",
		NULL));
	assert_true(passes("sum.c", plain,
		"#include <lock.h>\n" SUM "\tHOLD(l)\n\tn = 1;\n\tRELEASE\n\treturn n;\n}\n",
		NULL));
	/* a call is none */
	assert_false(passes("sum.c", plain,
		"#include <stdio.h>\n" SUM "\tputs(\"a\")\n\treturn n;\n}\n", NULL));
}

static void
what_was_not_understood_before_need_not_be_now(void **state)
{
	static const char before[] = "odd ( { stuff\n";
	OWN_FREE char *after = mem_printf("%sint a;\n", before);
	(void)state;
	assert_true(passes("odd.c", before, after, NULL));
	/* nor what the compiler never sees */
	assert_true(passes("said.c",
		"#if 0\nIt's fairly easy (2's\n|   coefficients).\n#endif\n\nmain()\n{\n\treturn 0;\n}\n",
		"#if 0\nIt's fairly easy (2's\n|   coefficients).\n#endif\n\nint main()\n{\n\treturn 0;\n}\n",
		NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_macro_may_stand_for_anything),
		cmocka_unit_test(what_is_broken_is_refused),
		cmocka_unit_test(macros_of_headers_of_the_tree_are_known),
		cmocka_unit_test(a_name_that_holds_a_nul_is_no_other),
		cmocka_unit_test(what_is_written_like_a_macro_may_be_one_of_the_system),
		cmocka_unit_test(what_was_not_understood_before_need_not_be_now),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
