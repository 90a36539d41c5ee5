#include "base/db.h"

#include "base/db_fault.h"
#include "base/db_handle.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/log.h"
#include "base/map.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#define BUSY_TIMEOUT_MS 30000

struct db {
	sqlite3 *handle;
	struct map statements; /* SQL -> struct db_stmt */
};

struct db_stmt {
	sqlite3_stmt *handle;
	sqlite3 *db;
};

static void
destroy_statement(void *p)
{
	struct db_stmt *st = p;
	(void)sqlite3_finalize(st->handle);
	free(st);
}

/* What was tried is told only where it may be the reason. */
static int
db_fail(sqlite3 *handle, const char *what, struct dd_err *err)
{
	int code = sqlite3_errcode(handle), errnum = sqlite3_system_errno(handle);
	const char *path = sqlite3_db_filename(handle, "main");
	bool system = errnum && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN);
	bool ours = code == SQLITE_ERROR || code == SQLITE_MISUSE || code == SQLITE_CONSTRAINT;
	enum dd_code c = code == SQLITE_BUSY || code == SQLITE_LOCKED	   ? DD_EBUSY
			 : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? DD_ECORRUPT
									   : DD_EIO;
	return err_set(err, c, "database %s: %s%s%s%s%s", path ? path : "", ours ? what : "",
		ours ? ": " : "", sqlite3_errmsg(handle), system ? ": " : "",
		system ? strerror(errnum) : "");
}

int
db_exec(struct db *db, const char *sql, struct dd_err *err)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(db->handle, "cannot run a statement", err);
	return 0;
}

int
db_begin(struct db *db, struct dd_err *err)
{
	return db_exec(db, "BEGIN IMMEDIATE", err);
}

void
db_rollback(struct db *db)
{
	(void)!db_exec(db, "ROLLBACK", NULL);
}

int
db_commit(struct db *db, struct dd_err *err)
{
	fault_point("db.commit.before");
	int rc = db_exec(db, "COMMIT", err);
	fault_point("db.commit.after");
	if (rc < 0)
		db_rollback(db);
	return rc;
}

/* An integer pragma such as user_version. */
static int
pragma_int(struct db *db, const char *name, int64_t *ret, struct dd_err *err)
{
	OWN_FREE char *sql = mem_printf("PRAGMA %s", name);
	sqlite3_stmt *st;
	if (sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) != SQLITE_OK)
		return db_fail(db->handle, sql, err);
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : db_fail(db->handle, sql, err);
}

static int
migrate(struct db *db, const char *const *migrations, size_t n, uint32_t application_id,
	struct dd_err *err)
{
	int64_t version = 0, id = 0;
	int rc = pragma_int(db, "user_version", &version, err);
	if (rc == 0)
		rc = pragma_int(db, "application_id", &id, err);
	if (rc < 0)
		return rc;
	const char *path = sqlite3_db_filename(db->handle, "main");
	if (version > 0 && (uint32_t)id != application_id)
		return err_set(err, DD_ECORRUPT, "database %s is not one of drydock's", path);
	if (version < 0 || (size_t)version > n)
		return err_set(err, DD_EUNSUPPORTED,
			"database %s was written by a newer drydock (version %lld, this one knows %zu)",
			path, (long long)version, n);
	for (size_t i = (size_t)version; rc == 0 && i < n; i++) {
		OWN_FREE char *mark =
			mem_printf("PRAGMA application_id = %u; PRAGMA user_version = %zu",
				application_id, i + 1);
		rc = db_begin(db, err);
		if (rc == 0)
			rc = pragma_int(db, "user_version", &version, err);
		bool due = rc == 0 && (size_t)version == i; /* else another process was faster */
		if (due)
			rc = db_exec(db, migrations[i], err);
		if (due && rc == 0)
			rc = db_exec(db, mark, err);
		if (due && rc == 0)
			rc = db_commit(db, err);
		if (rc < 0 || !due)
			db_rollback(db);
	}
	return rc;
}

/* The first change to WAL does not wait for another process that makes it, whatever the timeout: it is tried again. */
static int
set_modes(struct db *db, struct dd_err *err)
{
	const int64_t deadline = clock_mono_ns() + (int64_t)BUSY_TIMEOUT_MS * 1000000;
	for (;;) {
		OWN(dd_err) struct dd_err why = {0};
		int rc = db_exec(db,
			"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
			"PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF",
			&why);
		bool busy = (sqlite3_errcode(db->handle) & 0xff) == SQLITE_BUSY;
		if (rc == 0)
			return 0;
		if (!busy || clock_mono_ns() >= deadline)
			return err_move(err, &why);
		(void)sqlite3_sleep(10);
	}
}

static int
open_file(struct db *db, const char *path, bool alone, struct dd_err *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
	if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK) {
		int errnum = db->handle ? sqlite3_system_errno(db->handle) : 0;
		return err_set(err, DD_EIO, "database %s: %s%s%s", path,
			db->handle ? sqlite3_errmsg(db->handle) : "out of memory",
			errnum ? ": " : "", errnum ? strerror(errnum) : "");
	}
	(void)sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	int rc = alone ? db_exec(db, "PRAGMA locking_mode = EXCLUSIVE", err) : 0;
	return rc < 0 ? rc : set_modes(db, err);
}

/* Was there no room for the file by which the users of a database share its index (path-shm)? */
static bool
lacks_room(const struct db *db)
{
	int errnum = db->handle ? sqlite3_system_errno(db->handle) : 0;
	return errnum == ENOSPC || errnum == EDQUOT;
}

int
db_open(const char *path, const char *const *migrations, size_t n, uint32_t application_id,
	struct db **ret, struct dd_err *err)
{
	struct db *db = mem_new(struct db);
	db_fault_install();
	db->statements.destroy = destroy_statement;
	int rc = open_file(db, path, false, err);
	if (rc < 0 && lacks_room(db)) {
		/* Alone, the index is kept in memory: what is there can be read on a full disk. */
		(void)sqlite3_close(TAKE(db->handle));
		rc = open_file(db, path, true, err);
	}
	if (rc == 0)
		rc = migrate(db, migrations, n, application_id, err);
	if (rc < 0) {
		db_close(db);
		return rc;
	}
	*ret = db;
	return 0;
}

void
db_close(struct db *db)
{
	if (!db)
		return;
	map_cleanup(&db->statements);
	(void)sqlite3_close(db->handle);
	free(db);
}

static int
open_plain(const char *uri, const char *path, int flags, struct db **ret, struct dd_err *err)
{
	struct db *db = mem_new(struct db);
	db_fault_install();
	db->statements.destroy = destroy_statement;
	if (sqlite3_open_v2(uri, &db->handle, flags | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK) {
		int errnum = db->handle ? sqlite3_system_errno(db->handle) : 0;
		int rc = err_set(err, DD_EIO, "database %s: %s%s%s", path,
			db->handle ? sqlite3_errmsg(db->handle) : "out of memory",
			errnum ? ": " : "", errnum ? strerror(errnum) : "");
		db_close(db);
		return rc;
	}
	*ret = db;
	return 0;
}

int
db_create(const char *path, const char *schema, uint32_t application_id, uint32_t version,
	struct db **ret, struct dd_err *err)
{
	struct db *db;
	if (io_unlink(path) < 0 && errno != ENOENT)
		return err_errno(err, errno, "cannot remove %s", path);
	/* Millions of rows by one thread: a lock for each number of each row would be a tenth of it. */
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int rc = open_plain(path, path, flags, &db, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *mark = mem_printf(
		"PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
		"PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -16384; "
		"PRAGMA application_id = %u; PRAGMA user_version = %u",
		application_id, version);
	rc = db_exec(db, mark, err);
	if (rc == 0)
		rc = db_exec(db, schema, err);
	if (rc < 0)
		db_close(db);
	else
		*ret = db;
	return rc;
}

/* As part of a file: URI. */
static char *
uri_of(const char *path)
{
	OWN(buf) struct buf b = {0};
	buf_puts(&b, "file:");
	for (const char *p = path; *p; p++) {
		if (*p == '%' || *p == '?' || *p == '#')
			buf_printf(&b, "%%%02X", (unsigned)*p);
		else
			buf_putc(&b, *p);
	}
	buf_puts(&b, "?immutable=1");
	return buf_take(&b);
}

int
db_open_read(const char *path, uint32_t application_id, uint32_t version, struct db **ret,
	struct dd_err *err)
{
	struct db *db;
	struct stat st;
	if (lstat(path, &st) < 0)
		return err_errno(err, errno, "database %s", path);
	OWN_FREE char *uri = uri_of(path);
	int rc = open_plain(
		uri, path, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, &db, err);
	if (rc < 0)
		return rc;
	int64_t id = 0, found = 0;
	rc = db_exec(db, "PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 268435456", err);
	if (rc == 0)
		rc = pragma_int(db, "application_id", &id, err);
	if (rc == 0)
		rc = pragma_int(db, "user_version", &found, err);
	if (rc == 0 && (uint32_t)id != application_id)
		rc = err_set(err, DD_ECORRUPT, "database %s is not what was expected", path);
	else if (rc == 0 && (uint32_t)found != version)
		rc = err_set(err, DD_EUNSUPPORTED,
			"database %s is of version %lld, this drydock makes %u", path,
			(long long)found, version);
	if (rc < 0)
		db_close(db);
	else
		*ret = db;
	return rc;
}

static int
prepare(struct db *db, const char *sql, struct db_stmt **ret, struct dd_err *err)
{
	struct db_stmt *st = map_get(&db->statements, sql);
	if (!st) {
		sqlite3_stmt *handle;
		if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle,
			    NULL) != SQLITE_OK)
			return db_fail(db->handle, sql, err);
		st = mem_new(struct db_stmt);
		st->handle = handle;
		st->db = db->handle;
		map_put(&db->statements, sql, st);
	}
	(void)sqlite3_reset(st->handle);
	(void)sqlite3_clear_bindings(st->handle);
	*ret = st;
	return 0;
}

static int
bind_one(sqlite3_stmt *st, int i, char type, sqlite3_destructor_type how, va_list *ap)
{
	const char *text;
	struct str s;
	switch (type) {
	case 's':
		text = va_arg(*ap, const char *);
		return text ? sqlite3_bind_text(st, i, text, -1, how) : sqlite3_bind_null(st, i);
	case 't':
		s = va_arg(*ap, struct str);
		return sqlite3_bind_text64(st, i, s.p, s.n, how, SQLITE_UTF8);
	case 'b':
		s = va_arg(*ap, struct str);
		return sqlite3_bind_blob64(st, i, s.p, s.n, how);
	case 'i':
		return sqlite3_bind_int64(st, i, va_arg(*ap, int64_t));
	case 'f':
		return sqlite3_bind_double(st, i, va_arg(*ap, double));
	default:
		return SQLITE_MISUSE;
	}
}

static int
query(struct db *db, struct db_stmt **ret, struct dd_err *err, const char *sql, const char *types,
	sqlite3_destructor_type how, va_list *ap)
{
	struct db_stmt *st = NULL;
	int rc = prepare(db, sql, &st, err);
	for (int i = 0; rc == 0 && types[i]; i++)
		if (bind_one(st->handle, i + 1, types[i], how, ap) != SQLITE_OK)
			rc = db_fail(db->handle, sql, err);
	if (rc == 0)
		*ret = st;
	return rc;
}

int
db_query(struct db *db, struct db_stmt **ret, struct dd_err *err, const char *sql,
	const char *types, ...)
{
	va_list ap;
	va_start(ap, types);
	int rc = query(db, ret, err, sql, types, SQLITE_TRANSIENT, &ap);
	va_end(ap);
	return rc;
}

int
db_step(struct db_stmt *st, struct dd_err *err)
{
	int rc = sqlite3_step(st->handle);
	if (rc == SQLITE_ROW)
		return 1;
	int result = rc == SQLITE_DONE ? 0 : db_fail(st->db, sqlite3_sql(st->handle), err);
	(void)sqlite3_reset(st->handle);
	return result;
}

void
db_done(struct db_stmt *st)
{
	(void)sqlite3_reset(st->handle);
}

int
db_run(struct db *db, struct dd_err *err, const char *sql, const char *types, ...)
{
	struct db_stmt *st;
	va_list ap;
	va_start(ap, types);
	/* Not copied: they are read before this returns, and let go of before the statement is used again. */
	int rc = query(db, &st, err, sql, types, SQLITE_STATIC, &ap);
	va_end(ap);
	if (rc < 0)
		return rc;
	/* Outside a transaction the statement is one: the transition the crash tests aim at. */
	bool own = sqlite3_get_autocommit(db->handle) != 0;
	if (own)
		fault_point("db.commit.before");
	do
		rc = db_step(st, err);
	while (rc == 1);
	if (own)
		fault_point("db.commit.after");
	return rc;
}

int64_t
db_int(struct db_stmt *st, int column)
{
	return sqlite3_column_int64(st->handle, column);
}

double
db_real(struct db_stmt *st, int column)
{
	return sqlite3_column_double(st->handle, column);
}

struct str
db_text(struct db_stmt *st, int column)
{
	const char *p = (const char *)sqlite3_column_text(st->handle, column);
	return (struct str){p ? p : "", p ? (size_t)sqlite3_column_bytes(st->handle, column) : 0};
}

struct str
db_blob(struct db_stmt *st, int column)
{
	const char *p = sqlite3_column_blob(st->handle, column);
	return (struct str){p ? p : "", p ? (size_t)sqlite3_column_bytes(st->handle, column) : 0};
}

char *
db_dup(struct db_stmt *st, int column)
{
	if (sqlite3_column_type(st->handle, column) == SQLITE_NULL)
		return NULL;
	return str_dup(db_text(st, column));
}

size_t
db_columns(struct db_stmt *st)
{
	return (size_t)sqlite3_column_count(st->handle);
}

const char *
db_column_name(struct db_stmt *st, size_t column)
{
	const char *name = sqlite3_column_name(st->handle, (int)column);
	return name ? name : "";
}

char
db_type(struct db_stmt *st, size_t column)
{
	switch (sqlite3_column_type(st->handle, (int)column)) {
	case SQLITE_INTEGER:
		return 'i';
	case SQLITE_FLOAT:
		return 'f';
	case SQLITE_TEXT:
		return 's';
	case SQLITE_BLOB:
		return 'b';
	default:
		return 'n';
	}
}

static int
allow_reading(void *ctx, int action, const char *a, const char *b, const char *c, const char *d)
{
	(void)ctx;
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	bool reading = action == SQLITE_SELECT || action == SQLITE_READ ||
		       action == SQLITE_FUNCTION || action == SQLITE_RECURSIVE;
	return reading ? SQLITE_OK : SQLITE_DENY;
}

void
db_only_select(struct db *db)
{
	(void)sqlite3_set_authorizer(db->handle, allow_reading, NULL);
}

struct sqlite3 *
db_handle(struct db *db)
{
	return db->handle;
}
