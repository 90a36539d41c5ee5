#include "base/db.h"
#include "base/db_feed.h"
#include "base/db_table.h"

#include "base/fs.h"
#include "tests/base/tmpdir.h"
#include "tests/base/under_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void
processes_that_make_it_at_once_all_have_it(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		char *dir = tmpdir_create();
		OWN_FREE char *path = fs_join(dir, "t.db");
		int go[2], status;
		assert_int_equal(pipe(go), 0);
		for (int i = 0; i < 4; i++)
			if (fork() == 0) {
				struct db *db;
				char c;
				(void)close(go[1]);
				(void)!read(go[0], &c, 1); /* until all are there */
				_exit(open_at(path, &db, NULL) < 0);
			}
		(void)close(go[0]);
		(void)close(go[1]);
		for (int i = 0; i < 4; i++) {
			assert_true(wait(&status) > 0);
			assert_int_equal(status, 0);
		}
		assert_int_equal(sum_of(path), 1);
		tmpdir_remove(dir);
	}
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

/* Made whole, then only read: a file of its own, no other beside it. */
static void
what_is_made_whole_is_read_and_not_changed(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "made 100%?.db");
	OWN(strlist) struct strlist names = {0};
	struct db *db;
	assert_int_equal(db_open_read(path, 1, 1, &db, NULL), -DD_ENOENT);
	assert_int_equal(db_create(path, "CREATE TABLE t(v INTEGER); INSERT INTO t VALUES(7)", 1, 3,
				 &db, NULL),
		0);
	db_close(db);
	assert_int_equal(db_open_read(path, 2, 3, &db, NULL), -DD_ECORRUPT);
	assert_int_equal(db_open_read(path, 1, 4, &db, NULL), -DD_EUNSUPPORTED);
	assert_int_equal(db_open_read(path, 1, 3, &db, NULL), 0);
	assert_true(db_run(db, NULL, "INSERT INTO t VALUES(8)", "") < 0);
	db_close(db);
	assert_int_equal(fs_list(dir, &names, NULL), 0);
	assert_int_equal(names.n, 1);
}

/* Key k has k rows: (k, 0), (k, 1), ...; key 3 has none. */
static int
fill(void *ctx, int64_t key, struct db_rows *ret)
{
	unsigned *asked = ctx;
	++*asked;
	for (int64_t i = 0; key != 3 && i < key; i++) {
		db_rows_add(ret, key);
		db_rows_add(ret, i);
	}
	return key > 5 ? -DD_EIO : 0;
}

static int64_t
ask(struct db *db, const char *sql)
{
	struct db_stmt *st;
	if (db_query(db, &st, NULL, sql, "") < 0 || db_step(st, NULL) != 1)
		return -1;
	int64_t v = db_int(st, 0);
	db_done(st);
	return v;
}

static void
a_table_of_code_is_asked_by_key_or_whole(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "t.db");
	struct db *db;
	unsigned asked = 0;
	struct db_table table = {.name = "rows",
		.schema = "CREATE TABLE x(key INTEGER, i INTEGER)",
		.columns = 2,
		.last_key = 5,
		.fill = fill,
		.ctx = &asked};
	assert_int_equal(db_create(path, "CREATE TABLE t(v)", 1, 1, &db, NULL), 0);
	assert_int_equal(db_add_table(db, &table, NULL), 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM rows"), 12);
	assert_int_equal(ask(db, "SELECT sum(i) FROM rows WHERE i > 1"), 2 + 3 + 2 + 3 + 4);
	asked = 0;
	assert_int_equal(ask(db, "SELECT sum(i) FROM rows WHERE key = 4"), 6);
	assert_int_equal(asked, 1);
	for (int key = -1; key < 8; key += 4) /* -1, 3, 7: none of them has rows */
		assert_int_equal(ask(db, key < 0    ? "SELECT count(*) FROM rows WHERE key = -1"
					 : key == 3 ? "SELECT count(*) FROM rows WHERE key = 3"
						    : "SELECT count(*) FROM rows WHERE key = 7"),
			0);
	table.last_key = 6;
	assert_int_equal(ask(db, "SELECT count(*) FROM rows"), -1);
	db_close(db);
}

struct countdown {
	int64_t n;
	char text[8];
};

static bool
next_of_countdown(void *ctx, struct db_value *ret)
{
	struct countdown *c = ctx;
	if (!c->n)
		return false;
	int n = snprintf(c->text, sizeof(c->text), "%d", (int)c->n);
	ret[0] = (struct db_value){'i', c->n--, {0}};
	ret[1] = (struct db_value){'t', 0, {c->text, (size_t)n}};
	ret[2] = (struct db_value){'b', 0, {"a\0b", 3}};
	return true;
}

static void
rows_that_code_makes_are_all_in_the_table(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "t.db");
	OWN(dd_err) struct dd_err err = {0};
	struct db *db;
	struct countdown from = {.n = 1000};
	struct db_feed feed = {"t", 3, next_of_countdown, &from};
	assert_int_equal(db_create(path, "CREATE TABLE t(n INTEGER PRIMARY KEY, s TEXT, b BLOB)", 1,
				 1, &db, NULL),
		0);
	assert_int_equal(db_feed(db, &feed, NULL), 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 1000);
	assert_int_equal(ask(db, "SELECT count(*) FROM t WHERE s = n AND typeof(s) = 'text' AND "
				 "b = x'610062'"),
		1000);
	/* Once more is a key twice; nothing at all is no error, and the next one is as the first. */
	from.n = 1;
	assert_true(db_feed(db, &feed, &err) < 0);
	assert_non_null(strstr(err_msg(&err), "UNIQUE"));
	assert_int_equal(db_feed(db, &feed, NULL), 0);
	assert_int_equal(ask(db, "DELETE FROM t RETURNING 1"), 1);
	from.n = 3;
	assert_int_equal(db_feed(db, &feed, NULL), 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 3);
	feed.columns = 2;
	from.n = 1;
	assert_true(db_feed(db, &feed, NULL) < 0);
	db_close(db);
}

static void
only_reading_is_let_through(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "t.db");
	struct db *db;
	assert_int_equal(
		db_create(path, "CREATE TABLE t(v); INSERT INTO t VALUES(7)", 1, 1, &db, NULL), 0);
	db_only_select(db);
	static const char *const refused[] = {"INSERT INTO t VALUES(1)", "DROP TABLE t",
		"ATTACH ':memory:' AS m", "PRAGMA user_version", "BEGIN", "CREATE TEMP TABLE x(y)"};
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_true(db_exec(db, refused[i], NULL) < 0);
	assert_int_equal(ask(db, "WITH a AS (SELECT max(v) AS m FROM t) SELECT m FROM a"), 7);
	db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_that_make_it_at_once_all_have_it),
		cmocka_unit_test(a_call_that_fails_leaves_the_whole_transaction_or_none),
		cmocka_unit_test(a_creation_that_fails_can_be_done_again),
		cmocka_unit_test(what_is_no_database_is_told_from_a_disk_that_fails),
		cmocka_unit_test(a_database_of_another_program_is_refused),
		cmocka_unit_test(what_is_made_whole_is_read_and_not_changed),
		cmocka_unit_test(a_table_of_code_is_asked_by_key_or_whole),
		cmocka_unit_test(rows_that_code_makes_are_all_in_the_table),
		cmocka_unit_test(only_reading_is_let_through),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
