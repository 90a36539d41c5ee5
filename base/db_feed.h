/*
 * Rows that code makes, into a table by one statement: half of what a row costs by a statement of its own is not the
 * row.
 */
#ifndef BASE_DB_FEED_H
#define BASE_DB_FEED_H

#include "base/db.h"

struct db_value {
	char type; /* as of db_query: i, t or b */
	int64_t i;
	struct str s; /* lives until the next row is asked for */
};

struct db_feed {
	const char *into; /* the table: a plain name */
	size_t columns;	  /* all that it has */
	/* The values of the next row; false: there is none. */
	bool (*next)(void *ctx, struct db_value *ret);
	void *ctx;
};

/* As INSERT does it, in the order in which they are given. */
int db_feed(struct db *db, const struct db_feed *feed, struct dd_err *err) DD_MUST_USE;

#endif
