#include "base/db.h"

#include "base/fs.h"
#include "tests/base/tmpdir.h"
#include "tests/base/under_fault.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const schema[] = {"CREATE TABLE t (v INTEGER NOT NULL) STRICT;"
				     "INSERT INTO t VALUES (1)"};

static int
open_at(const char *path, struct db **ret, struct dd_err *err)
{
	return db_open(path, schema, 1, 0x74657374, ret, err);
}

/* The sum of all values; -1 when it cannot be told. */
static int64_t
sum_of(const char *path)
{
	struct db *db;
	struct db_stmt *st;
	int64_t sum = -1;
	if (open_at(path, &db, NULL) < 0)
		return -1;
	if (db_query(db, &st, NULL, "SELECT sum(v) FROM t", "") == 0 && db_step(st, NULL) == 1) {
		sum = db_int(st, 0);
		db_done(st);
	}
	db_close(db);
	return sum;
}

/* Two values that come together or not at all. */
static int
add_two(void *ctx, struct dd_err *err)
{
	struct db *db;
	int rc = open_at(ctx, &db, err);
	if (rc < 0)
		return rc;
	rc = db_begin(db, err);
	if (rc == 0) {
		rc = db_run(db, err, "INSERT INTO t VALUES (?1)", "i", (int64_t)10);
		if (rc == 0)
			rc = db_run(db, err, "INSERT INTO t VALUES (?1)", "i", (int64_t)100);
		if (rc == 0)
			rc = db_commit(db, err);
		else
			db_rollback(db);
	}
	db_close(db);
	return rc;
}

static void
check_both_or_none(void *ctx, const struct fault_outcome *o, int n)
{
	const char *path = ctx;
	int64_t sum = sum_of(path);
	if (o->rc < 0) {
		assert_non_null(strstr(o->msg, path));
		assert_true(strstr(o->msg, "disk is full") || strstr(o->msg, "disk I/O error") ||
			    strstr(o->msg, "unable to open"));
	} else { /* the checkpoint of a closed database may fail: its log is there */
		assert_int_equal(sum, 111);
	}
	if (sum != 1 && sum != 111)
		fail_msg("after fault %d (\"%s\") the sum is %lld", n, o->msg, (long long)sum);
	OWN_FREE char *log = mem_printf("%s-wal", path);
	(void)unlink(path);
	(void)unlink(log);
	assert_int_equal(sum_of(path), 1);
}

static void
a_call_that_fails_leaves_the_whole_transaction_or_none(void **state)
{
	(void)state;
	static const char *const effects[] = {"ENOSPC", "EIO", "short"};
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "t.db");
	for (size_t i = 0; i < 3; i++) {
		(void)unlink(path);
		assert_int_equal(sum_of(path), 1);
		assert_true(under_each_fault(effects[i], add_two, path, check_both_or_none) > 8);
	}
}

static int
create_one(void *ctx, struct dd_err *err)
{
	struct db *db;
	int rc = open_at(ctx, &db, err);
	if (rc == 0)
		db_close(db);
	return rc;
}

static void
check_created_anew(void *ctx, const struct fault_outcome *o, int n)
{
	const char *path = ctx;
	OWN_FREE char *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
	OWN(strlist) struct strlist names = {0};
	if (sum_of(path) != 1)
		fail_msg("after fault %d (\"%s\") it cannot be made", n, o->msg);
	assert_int_equal(fs_list(dir, &names, NULL), 0);
	for (size_t i = 0; i < names.n; i++) {
		OWN_FREE char *file = fs_join(dir, names.v[i]);
		(void)unlink(file);
	}
}

static void
a_creation_that_fails_can_be_done_again(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "t.db");
	assert_true(under_each_fault("EIO", create_one, path, check_created_anew) > 5);
	assert_true(under_each_fault("short", create_one, path, check_created_anew) > 5);
}

static void
what_is_no_database_is_told_from_a_disk_that_fails(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "t.db");
	OWN(dd_err) struct dd_err err = {0};
	struct db *db;
	assert_int_equal(sum_of(path), 1);
	struct fault_outcome o = under_fault("read:1:EIO", create_one, path);
	assert_true(o.injected);
	assert_int_equal(o.rc, -DD_EIO);
	assert_non_null(strstr(o.msg, "disk I/O error: Input/output error"));
	assert_int_equal(sum_of(path), 1);
	assert_int_equal(fs_write_atomic(path,
				 STR("no database, but long enough to be read as one"
				     " ......................................."
				     "......................................"),
				 0600, NULL),
		0);
	assert_int_equal(open_at(path, &db, &err), -DD_ECORRUPT);
	assert_non_null(strstr(err.msg, path));
	assert_non_null(strstr(err.msg, "not a database"));
}

static void
a_database_of_another_program_is_refused(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "t.db");
	struct db *db;
	assert_int_equal(sum_of(path), 1);
	assert_int_equal(db_open(path, schema, 1, 0x6f746872, &db, NULL), -DD_ECORRUPT);
	assert_int_equal(db_open(path, schema, 0, 0x74657374, &db, NULL), -DD_EUNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_that_fails_leaves_the_whole_transaction_or_none),
		cmocka_unit_test(a_creation_that_fails_can_be_done_again),
		cmocka_unit_test(what_is_no_database_is_told_from_a_disk_that_fails),
		cmocka_unit_test(a_database_of_another_program_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
