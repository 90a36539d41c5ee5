#include "base/fs.h"
#include "record/journal.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char *dir;
static int calls;

static int
count_up(void *ctx, json_t **ret_result, struct dd_err *err)
{
	(void)ctx;
	(void)err;
	calls++;
	*ret_result = json_pack("{s:i}", "calls", calls);
	return 0;
}

static int
fail_step(void *ctx, json_t **ret_result, struct dd_err *err)
{
	(void)ctx;
	(void)ret_result;
	calls++;
	return err_set(err, DD_EIO, "the disk is gone");
}

static struct journal *
reopen(struct journal *j, bool create)
{
	OWN(dd_err) struct dd_err err = {0};
	journal_close(j);
	j = NULL;
	if (journal_open(dir, create, &j, &err) < 0)
		fail_msg("%s", err_msg(&err));
	return j;
}

static void
a_finished_step_is_not_done_again(void **state)
{
	(void)state;
	struct journal *j = reopen(NULL, true);
	calls = 0;
	OWN_JSON json_t *first = NULL;
	assert_int_equal(journal_step(j, "build", count_up, NULL, &first, NULL), 0);
	j = reopen(j, false);
	OWN_JSON json_t *second = NULL;
	assert_int_equal(journal_step(j, "build", count_up, NULL, &second, NULL), 0);
	assert_int_equal(calls, 1);
	assert_true(json_equal(first, second));
	journal_close(j);
}

static int
barrier(void *ctx, struct dd_err *err)
{
	int *fail = ctx;
	return *fail ? err_set(err, DD_EIO, "not on the disk") : 0;
}

static void
a_result_is_not_written_before_what_it_rests_on(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	int fail = 1;
	struct journal *j = reopen(NULL, false);
	journal_set_barrier(j, barrier, &fail);
	calls = 0;
	assert_int_equal(journal_step(j, "freeze", count_up, NULL, NULL, &err), -DD_EIO);
	assert_null(journal_result(j, "freeze"));
	fail = 0;
	assert_int_equal(journal_step(j, "freeze", count_up, NULL, NULL, NULL), 0);
	assert_int_equal(calls, 2);
	journal_close(j);
}

static void
a_failed_step_stays_open_and_is_done_again(void **state)
{
	(void)state;
	struct journal *j = reopen(NULL, false);
	OWN(dd_err) struct dd_err err = {0};
	calls = 0;
	assert_int_equal(journal_step(j, "fetch", fail_step, NULL, NULL, &err), -DD_EIO);
	assert_string_equal(err.msg, "the disk is gone");
	assert_null(journal_result(j, "fetch"));
	j = reopen(j, false);
	assert_int_equal(journal_step(j, "fetch", count_up, NULL, NULL, NULL), 0);
	assert_int_equal(calls, 2);
	journal_close(j);
}

static void
facts_keep_the_last_value(void **state)
{
	(void)state;
	struct journal *j = reopen(NULL, false);
	OWN_JSON json_t *a = json_pack("{s:s}", "v", "one");
	OWN_JSON json_t *b = json_pack("{s:s}", "v", "two");
	assert_int_equal(journal_set(j, "options", a, NULL), 0);
	assert_int_equal(journal_set(j, "options", b, NULL), 0);
	j = reopen(j, false);
	OWN_JSON json_t *got = journal_get(j, "options");
	assert_true(json_equal(got, b));
	assert_null(journal_get(j, "nothing"));
	journal_close(j);
}

static void
creating_over_an_existing_journal_is_refused(void **state)
{
	(void)state;
	struct journal *j = NULL;
	assert_int_equal(journal_open(dir, true, &j, NULL), -DD_EEXIST);
}

static int
make_dir(void **state)
{
	(void)state;
	dir = tmpdir_create();
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	tmpdir_remove(dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finished_step_is_not_done_again),
		cmocka_unit_test(a_result_is_not_written_before_what_it_rests_on),
		cmocka_unit_test(a_failed_step_stays_open_and_is_done_again),
		cmocka_unit_test(facts_keep_the_last_value),
		cmocka_unit_test(creating_over_an_existing_journal_is_refused),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
