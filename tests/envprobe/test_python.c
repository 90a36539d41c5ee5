/* How the tests of trees of Python are run. */
#include "tests/envprobe/detecting.h"

#define PYTEST "PYTHONPATH=. python3 -m pytest --continue-on-collection-errors -v -rA"
#define UNITTEST "PYTHONPATH=. python3 -m unittest discover -v"

static const struct {
	const struct file *files;
	const char *tests;
} run[] = {
	/* Functions, and classes of nothing, are no cases to unittest; what gives it suites is no case. */
	{FILES({"setup.py", "x\n"}, {"a/test_a.py", "import a\n\ndef test_tide():\n  a.b()\n"}),
		PYTEST},
	{FILES({"setup.py", "x\n"}, {"a/tide_test.py", "class TestTide(object):\n  x = 1\n"}),
		PYTEST},
	{FILES({"setup.py", "x\n"}, {"tests.py", "def test_tide():\n  x\n"}), UNITTEST},
	{FILES({"setup.py", "x\n"}, {"a/test_a.py", "class TestTide:\n  x = 1\n"}), PYTEST},
	{FILES({"setup.py", "x\n"}, {"a/__init__.py", ""}, {"a/tide.py", "def test_tide():\n"},
		 {"a/test_a.py", "def test_suite():\n  x\ndef attest():\n  x\nclass TestA(Base):\n"
				 "  def test_b(self):\n    x\n"}),
		UNITTEST},
	/* A class that gives unittest's own what they share is no case by itself. */
	{FILES({"setup.py", "x\n"}, {"a/__init__.py", ""},
		 {"a/test_a.py", "class TestShared(object):\n  def test_x(self):\n    x\n"
				 "class TestA(TestShared, unittest.TestCase):\n  x = 1\n"}),
		UNITTEST},
};

static void
tests_are_run_by_who_finds_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(run) / sizeof(*run); i++) {
		struct project p = detect(run[i].files, NULL);
		OWN(buf) struct buf b = {0};
		buf_puts(&b, "");
		for (size_t k = 0; k < p.commands.n; k++)
			if (p.commands.v[k].phase == PHASE_TEST)
				buf_printf(&b, "%s%s", b.n ? "; " : "", p.commands.v[k].run);
		assert_string_equal(b.p, run[i].tests);
		project_cleanup(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tests_are_run_by_who_finds_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
