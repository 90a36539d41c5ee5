/* Where the source says something: places in messages, texts found in a tree, variables it reads.
 */
#include "envprobe/detect.h"
#include "envprobe/locate.h"
#include "envprobe/loop.h"

#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char dir[] = "/tmp/dd-places-XXXXXX";

static void
put(const char *name, const char *text)
{
	OWN_FREE char *path = fs_join(dir, name);
	assert_int_equal(fs_write_atomic(path, str_of(text), 0644, NULL), 0);
}

static void
messages_name_places_of_the_source_only(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"t.sh: 2: MOON: must be set", "t.sh:2"},
		{"./build/t.sh: line 12: MOON: unbound variable", "build/t.sh:12"},
		{"/work/t.sh: 7: MOON: must be set", "t.sh:7"},
		{"Makefile:3: *** MOON is not set.  Stop.", "Makefile:3"},
		{"/bin/sh: 1: MOON: must be set", NULL},
		{"MOON is not set", NULL},
		{"the moon: 2: is not set", NULL},
		{"t.sh: MOON is not set", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *place = place_in_message(str_of(cases[i][0]));
		if (cases[i][1])
			assert_string_equal(place, cases[i][1]);
		else
			assert_null(place);
	}
}

static void
texts_are_found_where_a_program_says_them(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool word;
		const char *place;
	} cases[] = {
		{"Keel depth in feet?", false, "ask.sh:3"}, /* not in README, which comes first */
		{"Name of the berth for gull?", false, "ask.sh:4"}, /* "gull" is filled in there */
		{"Name your price", false, NULL},		    /* one word is not enough */
		{"MOON", true, "ask.sh:2"},			    /* not in MOONRISE */
		{"only in the README", false, "README:1"},
	};
	put("README", "only in the README: Keel depth in feet?\n");
	put("ask.sh", "MOONRISE=1\necho $MOON\nprintf 'Keel depth in feet? '\n"
		      "printf \"Name of the berth for $ship? \"\n");
	struct locate_list l = {0};
	struct tree t;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		locate_add(&l, cases[i].text, cases[i].word);
	assert_int_equal(tree_open(dir, &t, NULL), 0);
	locate_in_tree(&t, &l);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (cases[i].place)
			assert_string_equal(l.v[i].place, cases[i].place);
		else
			assert_null(l.v[i].place);
	locate_list_cleanup(&l);
	tree_cleanup(&t);
}

static const struct env_read *
find_read(const struct project *p, const char *name)
{
	for (size_t i = 0; i < p->env_reads.n; i++)
		if (strcmp(p->env_reads.v[i].name, name) == 0)
			return &p->env_reads.v[i];
	return NULL;
}

static void
variables_that_must_be_set_are_told_from_those_that_may(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool required;
		const char *where; /* NULL: not read */
	} cases[] = {
		{"A_KEY", true, "a.py:2"},
		{"B_KEY", false, "a.py:3"},
		{"C_KEY", false, "b.c:1"},
		{"D_KEY", true, "c.sh:1"},
		{"E_KEY", true, "c.sh:2"},
		{"F_KEY", false, NULL},
		{"G_KEY", false, NULL},
		{"H_KEY", true, "Makefile:2"},
		{"I_KEY", true, "run:2"},
		{"J_KEY", true, "d.rb:1"},
		{"K_KEY", false, "d.rb:2"},
		{"HOME", false, NULL},
		{"LC_MESSAGES", false, NULL},
		{"XDG_DATA_HOME", false, NULL},
	};
	put("a.py", "import os\nx = os.environ[\"A_KEY\"] == 1\nos.environ['B_KEY'] = 'x'\n");
	put("b.c", "getenv(\"C_KEY\"); getenv(\"HOME\");\n"
		   "getenv(\"LC_MESSAGES\"); getenv(\"XDG_DATA_HOME\");\n");
	put("c.sh", ": ${D_KEY:?}\n: \"${E_KEY?say}\" ${F_KEY:-x}\nG_KEY=1; : ${G_KEY:?}\n");
	put("Makefile", "all:\n\ttest $${H_KEY:?}\n");
	put("run", "#!/bin/sh\n: ${I_KEY:?}\n");
	put("data", "not a script ${L_KEY:?}\n");
	put("d.rb", "ENV.fetch('J_KEY')\nENV.fetch('K_KEY', 1)\n");
	struct project p = {0};
	struct tree t;
	assert_int_equal(tree_open(dir, &t, NULL), 0);
	detect_environment(&t, "", &p);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct env_read *r = find_read(&p, cases[i].name);
		if (!cases[i].where != !r)
			fail_msg("%s", cases[i].name);
		if (r &&
			(strcmp(r->where, cases[i].where) != 0 || r->required != cases[i].required))
			fail_msg("%s %s %d", r->name, r->where, r->required);
	}
	assert_null(find_read(&p, "L_KEY"));
	project_cleanup(&p);
	tree_cleanup(&t);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
	(void)state;
	return fs_remove_tree(dir, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_name_places_of_the_source_only),
		cmocka_unit_test(texts_are_found_where_a_program_says_them),
		cmocka_unit_test(variables_that_must_be_set_are_told_from_those_that_may),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
