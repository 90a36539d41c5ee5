#include "record/journal.h"

#include "base/db.h"
#include "base/fs.h"
#include "base/log.h"

#define JOURNAL_APPLICATION_ID 0x64726a31 /* "drj1" */

static const char *const migrations[] = {
	"CREATE TABLE step ("
	"  id INTEGER PRIMARY KEY,"
	"  key TEXT NOT NULL UNIQUE,"
	"  started_ns INTEGER NOT NULL,"
	"  ended_ns INTEGER NOT NULL DEFAULT 0,"
	"  tries INTEGER NOT NULL DEFAULT 1,"
	"  result TEXT"
	") STRICT;"
	"CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",
};

struct journal {
	struct db *db;
	journal_barrier *barrier; /* may be NULL */
	void *barrier_ctx;
};

int
journal_open(const char *run_dir, bool create, struct journal **ret, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(run_dir, "journal.db");
	if (create && fs_exists(path))
		return err_set(err, DD_EEXIST, "journal: %s exists already", path);
	if (!create && !fs_exists(path))
		return err_set(err, DD_ENOENT, "journal: there is no %s", path);
	struct db *db;
	int rc = db_open(path, migrations, sizeof(migrations) / sizeof(*migrations),
		JOURNAL_APPLICATION_ID, &db, err);
	if (rc < 0)
		return err_wrap(err, "journal");
	struct journal *j = mem_new(struct journal);
	j->db = db;
	*ret = j;
	return 0;
}

void
journal_close(struct journal *j)
{
	if (!j)
		return;
	db_close(j->db);
	free(j);
}

/* One column of one row as JSON, NULL if there is no row or it is null. */
static json_t *
lookup(struct journal *j, const char *sql, const char *key)
{
	struct db_stmt *st;
	if (db_query(j->db, &st, NULL, sql, "s", key) < 0 || db_step(st, NULL) != 1)
		return NULL;
	json_t *value = NULL;
	struct str text = db_text(st, 0);
	if (text.n && json_parse(text, &value, NULL) < 0)
		value = NULL;
	db_done(st);
	return value;
}

json_t *
journal_result(struct journal *j, const char *key)
{
	return lookup(j, "SELECT result FROM step WHERE key = ?1 AND ended_ns > 0", key);
}

static int
begin_step(struct journal *j, const char *key, struct dd_err *err)
{
	return db_run(j->db, err,
		"INSERT INTO step (key, started_ns) VALUES (?1, ?2)"
		" ON CONFLICT (key) DO UPDATE SET tries = tries + 1, started_ns = excluded.started_ns",
		"si", key, clock_real_ns());
}

static int
end_step(struct journal *j, const char *key, json_t *result, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	json_print(result, 0, &text);
	if (text.truncated)
		return err_set(err, DD_ELIMIT, "journal: the result of %s is too large", key);
	return db_run(j->db, err, "UPDATE step SET ended_ns = ?2, result = ?3 WHERE key = ?1",
		"sit", key, clock_real_ns(), buf_str(&text));
}

int
journal_step(struct journal *j, const char *key, journal_fn *fn, void *ctx, json_t **ret_result,
	struct dd_err *err)
{
	OWN_JSON json_t *result = journal_result(j, key);
	if (!result) {
		int rc = begin_step(j, key, err);
		if (rc < 0)
			return err_wrap(err, "journal");
		rc = fn(ctx, &result, err);
		if (rc < 0)
			return rc;
		if (!result)
			result = json_object();
		if (j->barrier)
			rc = j->barrier(j->barrier_ctx, err);
		if (rc == 0)
			rc = end_step(j, key, result, err);
		if (rc < 0)
			return err_wrap(err, "journal");
	}
	if (ret_result)
		*ret_result = json_incref(result);
	return 0;
}

void
journal_set_barrier(struct journal *j, journal_barrier *fn, void *ctx)
{
	j->barrier = fn;
	j->barrier_ctx = ctx;
}

int
journal_set(struct journal *j, const char *key, json_t *value, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	json_print(value, 0, &text);
	return db_run(j->db, err,
		"INSERT INTO fact (key, value) VALUES (?1, ?2)"
		" ON CONFLICT (key) DO UPDATE SET value = excluded.value",
		"st", key, buf_str(&text));
}

static int
delete_steps(struct journal *j, const char *const *prefixes, struct dd_err *err)
{
	int rc = 0;
	for (; rc == 0 && *prefixes; prefixes++)
		rc = db_run(j->db, err, "DELETE FROM step WHERE substr(key, 1, length(?1)) = ?1",
			"s", *prefixes);
	return rc;
}

int
journal_forget(struct journal *j, const char *const *prefixes, const char *fact, json_t *value,
	struct dd_err *err)
{
	int rc = db_begin(j->db, err);
	if (rc < 0)
		return rc;
	rc = delete_steps(j, prefixes, err);
	if (rc == 0)
		rc = journal_set(j, fact, value, err);
	if (rc == 0)
		return db_commit(j->db, err);
	db_rollback(j->db);
	return rc;
}

json_t *
journal_get(struct journal *j, const char *key)
{
	return lookup(j, "SELECT value FROM fact WHERE key = ?1", key);
}

int
journal_each(struct journal *j, int (*fn)(void *ctx, const struct journal_entry *e), void *ctx,
	struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(j->db, &st, err,
		"SELECT key, started_ns, ended_ns, tries FROM step ORDER BY id", "");
	while (rc >= 0 && (rc = db_step(st, err)) == 1) {
		OWN_FREE char *key = db_dup(st, 0);
		struct journal_entry e = {key, db_int(st, 1), db_int(st, 2), db_int(st, 3)};
		rc = fn(ctx, &e);
		if (rc < 0)
			db_done(st);
	}
	return rc;
}
