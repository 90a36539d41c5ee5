/* What a model is told as author, and what of its answer is refused before anything is run. */
#include "agents/author.h"
#include "base/fs.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool
may_write(const char *goal, const char *path)
{
	return author_may_write(&(struct author_reach){.goal = goal}, path);
}

static void
tests_are_written_only_if_the_goal_names_them(void **state)
{
	static const char *const tests[] = {"tests/run.sh", "src/test_level.c", "level_test.py",
		"t/basic.t", "conftest.py", ".github/workflows/ci.yml", "./tests/run.sh",
		"src//tests/run.sh", "Tests/Run.sh"};
	(void)state;
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		assert_false(may_write(NULL, tests[i]));
		assert_false(may_write("Mend the tests", tests[i]));
	}
	assert_false(may_write("Refuse negative sums and add a check for it", "check"));
	assert_true(may_write("Add a case to `check`", "check"));
	assert_true(may_write(NULL, "src/level.c"));
	assert_true(may_write("Add a case to tests/run.sh.", "tests/run.sh"));
	assert_true(may_write("Add a case (tests/run.sh, level_test.py)", "level_test.py"));
	assert_false(may_write("Mend old/tests/run.sh", "tests/run.sh"));
	assert_false(may_write("Mend tests/run.sh.in", "tests/run.sh"));
	assert_false(may_write("Mend tests/run.sh.in and others", "tests/run.sh"));
	assert_false(may_write("Mend tests/run.share", "tests/run.sh"));
}

static void
a_task_of_a_plan_writes_its_files_and_no_others(void **state)
{
	OWN(strlist) struct strlist writes = {0};
	OWN(author_answer) struct author_answer a = {0};
	OWN(buf) struct buf why = {0};
	const struct author_reach reach = {
		.goal = "Change other.c and tests/b.sh", .writes = &writes};
	(void)state;
	strlist_add(&writes, "rate.c");
	strlist_add(&writes, "tests/a.sh");
	assert_true(author_may_write(&reach, "rate.c"));
	assert_true(author_may_write(&reach, "tests/a.sh"));
	assert_false(author_may_write(&reach, "tests/b.sh"));
	assert_false(author_may_write(&reach, "other.c"));
	assert_false(author_may_write(&reach, "./rate.c"));
	assert_false(author_may_write(&reach, "rate.c/"));
	author_read(&reach,
		"{\"edits\": [{\"path\": \"other.c\", \"find\": \"a\", \"replace\": \"b\"}], \"summary\": \"s\", "
		"\"complete\": true, \"left\": \"\"}",
		&a, &why);
	assert_non_null(strstr(why.p,
		"edits[0]: other.c is not among the files of this task, which are rate.c, tests/a.sh."));
}

/* What is wrong with it; heap. */
static char *
read_answer(const char *text, struct author_answer *ret)
{
	OWN(buf) struct buf why = {0};
	author_read(&(struct author_reach){0}, text, ret, &why);
	return buf_take(&why);
}

#define ANSWER(edits, complete, left) \
	"{\"edits\": [" edits "], \"summary\": \"s\", \"complete\": " complete \
	", \"left\": \"" left "\"}"
#define EDIT(path, find, replace) \
	"{\"path\": \"" path "\", \"find\": \"" find "\", \"replace\": \"" replace "\"}"

static void
an_answer_is_read_from_between_words(void **state)
{
	(void)state;
	OWN(author_answer) struct author_answer a = {0};
	OWN_FREE char *why = read_answer(
		"Here it is:\n```json\n" ANSWER(
			EDIT("a.c", "x", "y") ", " EDIT("b.c", "", "int b;"), "true", "") "\n```\n",
		&a);
	assert_string_equal(why, "");
	size_t n;
	OWN_FREE struct edit *v = author_edits(a.edits, &n);
	assert_int_equal(n, 2);
	assert_int_equal(v[0].kind, EDIT_REPLACE);
	assert_string_equal(v[0].path, "a.c");
	assert_int_equal(v[1].kind, EDIT_WHOLE);
	assert_int_equal(author_flaw_of(&a), FLAW_NONE);
}

static void
what_cannot_be_used_is_said_in_words(void **state)
{
	static const struct {
		const char *answer, *why;
	} rows[] = {
		{"I have done it.", "no JSON object"},
		{"{\"edits\": [", "no JSON object"},
		{"{\"edits\": {}, \"summary\": \"\", \"complete\": true, \"left\": \"\"}", "edits"},
		{ANSWER("{\"path\": \"a.c\", \"find\": 3, \"replace\": \"\"}", "true", ""), "find"},
		{ANSWER(EDIT("tests/run.sh", "x", "y"), "true", ""),
			"edits[0]: tests/run.sh is a test"},
		{ANSWER(EDIT("a.c", "x", "y") ", " EDIT("a.c", "z", "/* ... existing code ... */"),
			 "true", ""),
			"edits[1]: `replace` says that something is left out"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		OWN(author_answer) struct author_answer a = {0};
		OWN_FREE char *why = read_answer(rows[i].answer, &a);
		if (!strstr(why, rows[i].why))
			fail_msg("%s: %s", rows[i].answer, why);
	}
}

static void
giving_up_is_seen(void **state)
{
	static const struct {
		const char *answer;
		enum author_flaw flaw;
	} rows[] = {
		{ANSWER("", "true", ""), FLAW_GAVE_UP},
		{ANSWER(EDIT("a.c", "x", "y"), "false", "the rest"), FLAW_PARTIAL},
		{ANSWER(EDIT("a.c", "x", "y"), "true", "not done due to time constraints"),
			FLAW_PARTIAL},
		{ANSWER(EDIT("a.c", "x", "y"), "true", ""), FLAW_NONE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		OWN(author_answer) struct author_answer a = {0};
		OWN_FREE char *why = read_answer(rows[i].answer, &a);
		assert_string_equal(why, "");
		assert_int_equal(author_flaw_of(&a), rows[i].flaw);
	}
}

/* ---- who ---- */

#define PROVIDER(family, auth) \
	"{\"api\": \"openai-chat\", \"base_url\": \"http://localhost/v1\", \"family\": \"" family \
	"\", " auth "}"
#define MODEL(provider, price, role) \
	"{\"provider\": \"" provider \
	"\", \"context\": {\"window\": 9000, \"effective\": 9000, \"max_output\": 900}" price \
	", \"roles\": [\"" role "\"]}"
#define PRICE ", \"prices\": {\"input\": 1, \"output\": 2}"

static const char table[] = "{\"providers\": {\"a\": " PROVIDER(
	"alpha", "\"auth\": \"none\"") ", \"b\": " PROVIDER("beta",
	"\"auth\": \"none\"") ", \"keyless\": " PROVIDER("gamma",
	"\"auth\": \"bearer\", \"key_env\": \"DD_NO_SUCH_KEY\"") "}, \"ladder\": [{}, {\"context\": 7, \"effort\": \"high\", \"candidates\": 2}, {\"model\": \"other\"}, {\"model\": \"own\"}],"
								 " \"models\": {\"first\": " MODEL(
									 "a", PRICE,
									 "write") ", \"near\": " MODEL("a",
									 PRICE,
									 "write") ", \"far\": " MODEL("b",
									 PRICE,
									 "write") ", \"nokey\": " MODEL("keyless",
									 PRICE,
									 "review") ", \"noprice\": " MODEL("b",
									 "",
									 "review") ", \"own\": " MODEL("a",
									 PRICE,
									 "review") ", \"reader\": " MODEL("b",
									 PRICE, "review") "}}";

static const char *
name_of(const struct model *m)
{
	return m ? m->name : "nobody";
}

static void
who_writes_and_who_reviews(void **state)
{
	char *dir = tmpdir_create();
	OWN_FREE char *file = mem_printf("%s/models.json", dir);
	OWN(models) struct models all = {0};
	OWN(dd_err) struct dd_err err = {0};
	(void)state;
	(void)unsetenv("ANTHROPIC_API_KEY");
	(void)unsetenv("OPENAI_API_KEY");
	(void)unsetenv("GEMINI_API_KEY");
	assert_int_equal(fs_write_atomic(file, str_of(table), 0600, &err), 0);
	if (models_load(&(struct models_files){.user = file}, &all, &err) < 0)
		fail_msg("%s", err_msg(&err));
	assert_string_equal(name_of(author_first(&all)), "first");
	static const char *const writers[] = {"first", "first", "far", "own"};
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(
			name_of(author_of_rung(&all, models_rung(&all, i))), writers[i]);
	assert_null(models_rung(&all, 4));
	assert_int_equal(models_rung(&all, 1)->context, 7);
	assert_int_equal(models_rung(&all, 1)->candidates, 2);
	assert_int_equal(models_rung(&all, 1)->effort, EFFORT_HIGH);
	assert_string_equal(
		name_of(author_reviewer(&all, models_find(&all, "first")->family)), "reader");
	assert_string_equal(
		name_of(author_reviewer(&all, models_find(&all, "far")->family)), "own");
	tmpdir_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tests_are_written_only_if_the_goal_names_them),
		cmocka_unit_test(a_task_of_a_plan_writes_its_files_and_no_others),
		cmocka_unit_test(an_answer_is_read_from_between_words),
		cmocka_unit_test(what_cannot_be_used_is_said_in_words),
		cmocka_unit_test(giving_up_is_seen),
		cmocka_unit_test(who_writes_and_who_reviews),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
