#include "base/fs.h"
#include "record/journal.h"
#include "tests/base/tmpdir.h"
#include "tests/base/under_fault.h"

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
	OWN_JSON json_t *got = NULL, *nothing = NULL;
	assert_int_equal(journal_get(j, "options", &got, NULL), 0);
	assert_int_equal(journal_get(j, "nothing", &nothing, NULL), 0);
	assert_true(json_equal(got, b));
	assert_null(nothing);
	journal_close(j);
}

static void
creating_over_an_existing_journal_is_refused(void **state)
{
	(void)state;
	struct journal *j = NULL;
	assert_int_equal(journal_open(dir, true, &j, NULL), -DD_EEXIST);
}

/* ---- what was lost ---- */

static int
fill(struct journal *j, const char *const *keys)
{
	int rc = 0;
	for (; rc == 0 && *keys; keys++)
		rc = journal_step(j, *keys, count_up, NULL, NULL, NULL);
	return rc;
}

static void
a_step_is_forgotten_with_those_after_it(void **state)
{
	(void)state;
	static const char *const keys[] = {"one", "two", "three", NULL};
	struct journal *j = reopen(NULL, false);
	assert_int_equal(fill(j, keys), 0);
	assert_int_equal(journal_forget_from(j, "two", NULL), 0);
	OWN_JSON json_t *one = journal_result(j, "one");
	assert_non_null(one);
	assert_null(journal_result(j, "two"));
	assert_null(journal_result(j, "three"));
	assert_int_equal(journal_forget_from(j, "nothing", NULL), 0);
	OWN_JSON json_t *still = journal_result(j, "one");
	assert_non_null(still);
	journal_close(j);
}

static void
steps_of_another_journal_are_adopted_once(void **state)
{
	(void)state;
	static const char *const keys[] = {"of another", "one", NULL};
	OWN_TMPDIR char *there = tmpdir_create();
	struct journal *from = NULL;
	assert_int_equal(journal_open(there, true, &from, NULL), 0);
	calls = 100;
	assert_int_equal(fill(from, keys), 0);
	assert_int_equal(journal_step(from, "not finished", fail_step, NULL, NULL, NULL), -DD_EIO);
	struct journal *j = reopen(NULL, false);
	OWN_JSON json_t *was = journal_result(j, "one");
	assert_non_null(was);
	assert_int_equal(journal_adopt(j, from, "adopted", NULL), 0);
	assert_int_equal(journal_adopt(j, from, "adopted", NULL), 0);
	OWN_JSON json_t *is = journal_result(j, "one"), *new = journal_result(j, "of another"),
			*open = journal_result(j, "not finished"),
			*ended = journal_result(j, "adopted");
	assert_true(json_equal(was, is));
	assert_int_equal(json_integer_value(json_object_get(new, "calls")), 101);
	assert_null(open);
	assert_non_null(ended);
	journal_close(from);
	journal_close(j);
}

static int
find_build(void *ctx, struct dd_err *err)
{
	struct journal *j;
	OWN_JSON json_t *result = NULL;
	(void)ctx;
	int rc = journal_open(dir, false, &j, err);
	if (rc < 0)
		return rc;
	rc = journal_find(j, "build", &result, err);
	if (rc == 0 && !result)
		rc = err_set(err, DD_ENOENT, "taken for undone");
	journal_close(j);
	return rc;
}

static void
a_step_that_cannot_be_read_is_not_taken_for_undone(void **state)
{
	(void)state;
	int faults = 0;
	for (int n = 1;; n++) {
		OWN_FREE char *wish = mem_printf("read:%d:EIO", n);
		struct fault_outcome o = under_fault(wish, find_build, NULL);
		if (!o.injected)
			break;
		faults++;
		if (o.rc != 0 && o.rc != -DD_EIO)
			fail_msg("%s: %d, %s", wish, o.rc, o.msg);
		assert_true(o.rc == 0 || strstr(o.msg, "journal.db: disk I/O error"));
	}
	assert_true(faults > 1);
}

static void
what_is_no_journal_is_told(void **state)
{
	(void)state;
	OWN_FREE char *other = mem_printf("%s/other", dir);
	OWN_FREE char *path = mem_printf("%s/journal.db", other);
	OWN_FREE char *garbage = mem_zalloc(1, 20001);
	OWN(dd_err) struct dd_err err = {0};
	struct journal *j;
	memset(garbage, 'x', 20000);
	assert_int_equal(fs_mkdirs(other, 0700, NULL), 0);
	assert_int_equal(journal_open(other, false, &j, &err), -DD_ENOENT);
	assert_non_null(strstr(err.msg, path));
	/* Nothing is made of an empty one: SQLite would. */
	assert_int_equal(fs_write_atomic(path, STR(""), 0600, NULL), 0);
	assert_int_equal(journal_open(other, false, &j, &err), -DD_ECORRUPT);
	assert_non_null(strstr(err.msg, path));
	assert_int_equal(fs_write_atomic(path, str_of(garbage), 0600, NULL), 0);
	assert_int_equal(journal_open(other, false, &j, &err), -DD_ECORRUPT);
	assert_non_null(strstr(err.msg, path));
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
		cmocka_unit_test(a_step_is_forgotten_with_those_after_it),
		cmocka_unit_test(steps_of_another_journal_are_adopted_once),
		cmocka_unit_test(a_step_that_cannot_be_read_is_not_taken_for_undone),
		cmocka_unit_test(what_is_no_journal_is_told),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
