#include "record/journal.h"

#include "base/db.h"
#include "base/fs.h"
#include "base/log.h"

#include <errno.h>
#include <sys/stat.h>

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
	struct stat st;
	if (create && fs_exists(path))
		return err_set(err, DD_EEXIST, "journal: %s exists already", path);
	if (!create && stat(path, &st) < 0)
		return err_errno(err, errno, "journal: %s", path);
	if (!create && st.st_size == 0) /* SQLite would take it for a new one */
		return err_set(err, DD_ECORRUPT, "journal: %s is empty", path);
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
static int
lookup(struct journal *j, const char *sql, const char *key, json_t **ret, struct dd_err *err)
{
	struct db_stmt *st;
	json_t *value = NULL;
	int rc = db_query(j->db, &st, err, sql, "s", key);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc == 1) {
		struct str text = db_text(st, 0);
		rc = text.n ? json_parse(text, &value, err) : 0;
		db_done(st);
	}
	if (rc < 0)
		return err_wrap(err, "journal: \"%s\"", key);
	*ret = value;
	return 0;
}

int
journal_find(struct journal *j, const char *key, json_t **ret, struct dd_err *err)
{
	return lookup(j, "SELECT result FROM step WHERE key = ?1 AND ended_ns > 0", key, ret, err);
}

json_t *
journal_result(struct journal *j, const char *key)
{
	json_t *value = NULL;
	(void)!journal_find(j, key, &value, NULL);
	return value;
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
	OWN_JSON json_t *result = NULL;
	int rc = journal_find(j, key, &result, err);
	if (rc < 0)
		return rc;
	if (!result) {
		rc = begin_step(j, key, err);
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
	int rc = db_run(j->db, err,
		"INSERT INTO fact (key, value) VALUES (?1, ?2)"
		" ON CONFLICT (key) DO UPDATE SET value = excluded.value",
		"st", key, buf_str(&text));
	return rc < 0 ? err_wrap(err, "journal") : 0;
}

static int
delete_steps(struct journal *j, const char *const *prefixes, struct dd_err *err)
{
	int rc = 0;
	for (; rc == 0 && *prefixes; prefixes++)
		rc = db_run(j->db, err, "DELETE FROM step WHERE substr(key, 1, length(?1)) = ?1",
			"s", *prefixes);
	return rc < 0 ? err_wrap(err, "journal") : 0;
}

int
journal_forget(struct journal *j, const char *const *prefixes, const char *fact, json_t *value,
	struct dd_err *err)
{
	int rc = db_begin(j->db, err);
	if (rc < 0)
		return err_wrap(err, "journal");
	rc = delete_steps(j, prefixes, err);
	if (rc == 0)
		rc = journal_set(j, fact, value, err);
	if (rc == 0) {
		rc = db_commit(j->db, err);
		return rc < 0 ? err_wrap(err, "journal") : 0;
	}
	db_rollback(j->db);
	return rc;
}

int
journal_forget_from(struct journal *j, const char *key, struct dd_err *err)
{
	int rc = db_run(j->db, err,
		"DELETE FROM step WHERE id >= (SELECT id FROM step WHERE key = ?1)", "s", key);
	return rc < 0 ? err_wrap(err, "journal") : 0;
}

int
journal_get(struct journal *j, const char *key, json_t **ret, struct dd_err *err)
{
	return lookup(j, "SELECT value FROM fact WHERE key = ?1", key, ret, err);
}

int
journal_each(struct journal *j, int (*fn)(void *ctx, const struct journal_entry *e), void *ctx,
	struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(j->db, &st, err,
		"SELECT key, started_ns, ended_ns, tries, result FROM step ORDER BY id", "");
	while (rc >= 0 && (rc = db_step(st, err)) == 1) {
		OWN_FREE char *key = db_dup(st, 0);
		struct journal_entry e = {
			key, db_int(st, 1), db_int(st, 2), db_int(st, 3), db_text(st, 4)};
		int stop = fn(ctx, &e);
		if (stop < 0) {
			db_done(st);
			return stop;
		}
	}
	return rc < 0 ? err_wrap(err, "journal") : 0;
}

struct adopting {
	struct journal *j;
	struct dd_err *err;
};

static int
adopt_step(void *ctx, const struct journal_entry *e)
{
	const struct adopting *a = ctx;
	if (!e->ended_ns)
		return 0;
	return db_run(a->j->db, a->err,
		"INSERT OR IGNORE INTO step (key, started_ns, ended_ns, tries, result) VALUES (?, ?, ?, ?, ?)",
		"siiit", e->key, e->started_ns, e->ended_ns, e->tries, e->result);
}

int
journal_adopt(struct journal *j, struct journal *from, const char *key, struct dd_err *err)
{
	struct adopting a = {j, err};
	OWN_JSON json_t *nothing = json_object();
	int rc = db_begin(j->db, err);
	if (rc < 0)
		return err_wrap(err, "journal");
	rc = journal_each(from, adopt_step, &a, err);
	if (rc == 0)
		rc = begin_step(j, key, err);
	if (rc == 0)
		rc = end_step(j, key, nothing, err);
	if (rc == 0)
		rc = db_commit(j->db, err);
	else
		db_rollback(j->db);
	return rc < 0 ? err_wrap(err, "journal") : 0;
}
