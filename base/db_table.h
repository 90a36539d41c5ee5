/*
 * A table that SQL sees and code fills: rows of integers that belong to keys.  A query that names a key asks for the
 * rows of that key alone, any other for those of all keys from 1 up.
 */
#ifndef BASE_DB_TABLE_H
#define BASE_DB_TABLE_H

#include "base/db.h"

struct db_rows {
	int64_t *v; /* row by row */
	size_t n, cap;
};

static inline void
db_rows_add(struct db_rows *r, int64_t value)
{
	r->v = mem_grow(r->v, r->n, &r->cap, sizeof(*r->v));
	r->v[r->n++] = value;
}

struct db_table {
	const char *name;
	const char *schema; /* "CREATE TABLE x(key INTEGER, ...)"; the first column is the key */
	size_t columns;
	int64_t last_key;
	/* Add the rows of that key, `columns` values each; an error ends the query. */
	int (*fill)(void *ctx, int64_t key, struct db_rows *ret);
	void *ctx;
};

/* The table is borrowed until the database is closed. */
int db_add_table(struct db *db, const struct db_table *table, struct dd_err *err) DD_MUST_USE;

#endif
