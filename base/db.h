/*
 * SQLite behind a small wrapper: WAL, synchronous=FULL, foreign keys on, migrations by
 * user_version.  A database written by a newer drydock is refused (DD_EUNSUPPORTED).
 * Not shared between threads.  On a full disk a database that nobody else has open can still be
 * read, and is then ours alone until it is closed.
 */
#ifndef BASE_DB_H
#define BASE_DB_H

#include "base/err.h"
#include "base/str.h"

struct db;
struct db_stmt;

/*
 * Open or create.  migrations[i] is SQL that takes user_version i to i+1, each run in its own
 * transaction; application_id marks the file as ours (a foreign one is DD_ECORRUPT).
 */
int db_open(const char *path, const char *const *migrations, size_t n, uint32_t application_id,
	struct db **ret, struct dd_err *err) DD_MUST_USE;
void db_close(struct db *db); /* NULL is fine */

/*
 * A database that is made whole before anybody else sees it: path is new or is emptied, nothing is synced and nothing can
 * be rolled back; whoever makes it syncs the file and renames it when all is in.  Its bytes depend on what was done to it
 * alone.
 */
int db_create(const char *path, const char *schema, uint32_t application_id, uint32_t version,
	struct db **ret, struct dd_err *err) DD_MUST_USE;

/*
 * Open what db_create made, to read: nothing beside it is made or locked, so it may be renamed over meanwhile.
 * DD_ENOENT: it is not there; DD_ECORRUPT: it is something else; DD_EUNSUPPORTED: it has another version.
 */
int db_open_read(const char *path, uint32_t application_id, uint32_t version, struct db **ret,
	struct dd_err *err) DD_MUST_USE;

/* Run SQL without results. */
int db_exec(struct db *db, const char *sql, struct dd_err *err) DD_MUST_USE;

int db_begin(struct db *db, struct dd_err *err) DD_MUST_USE;  /* BEGIN IMMEDIATE */
int db_commit(struct db *db, struct dd_err *err) DD_MUST_USE; /* fails: rolled back */
void db_rollback(struct db *db);

/*
 * Prepare (cached per SQL pointer and text) and bind: one character of `types` per parameter,
 * s: const char * (NULL binds null), t: struct str, i: int64_t, f: double, b: struct str as blob.
 */
int db_query(struct db *db, struct db_stmt **ret, struct dd_err *err, const char *sql,
	const char *types, ...) DD_MUST_USE;

/* 1: a row is there, 0: done, negative: error.  After 0 or an error the statement is reset. */
int db_step(struct db_stmt *st, struct dd_err *err) DD_MUST_USE;
void db_done(struct db_stmt *st); /* reset early */

/* Bind and run a statement that gives no rows. */
int db_run(struct db *db, struct dd_err *err, const char *sql, const char *types, ...) DD_MUST_USE;

int64_t db_int(struct db_stmt *st, int column);
double db_real(struct db_stmt *st, int column);
struct str db_text(struct db_stmt *st, int column); /* valid until the next step */
struct str db_blob(struct db_stmt *st, int column); /* the same of bytes */
char *db_dup(struct db_stmt *st, int column);	    /* heap; NULL for null */
/* Of a statement whose columns are not known beforehand. */
size_t db_columns(struct db_stmt *st);
const char *db_column_name(struct db_stmt *st, size_t column); /* borrowed from the statement */
/* 'i', 'f', 's', 'b' as for db_query; 'n': null. */
char db_type(struct db_stmt *st, size_t column);

/* From now on nothing but reading: no pragma, no other file, no change, whatever the SQL says. */
void db_only_select(struct db *db);

#endif
