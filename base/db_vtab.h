/* Inside the room: what the virtual tables (https://www.sqlite.org/vtab.html) of db_table.c and db_feed.c have in common. */
#ifndef BASE_DB_VTAB_H
#define BASE_DB_VTAB_H

#include "base/own.h"

#include <sqlite3.h>

struct vtab {
	sqlite3_vtab base; /* first: SQLite sees this alone */
	const void *def;   /* of whoever made the module; outlives it */
};

static inline int
vtab_connect(sqlite3 *handle, const char *schema, const void *def, sqlite3_vtab **ret)
{
	int rc = sqlite3_declare_vtab(handle, schema);
	if (rc != SQLITE_OK)
		return rc;
	struct vtab *t = mem_new(struct vtab);
	t->def = def;
	*ret = &t->base;
	return SQLITE_OK;
}

static inline int
vtab_disconnect(sqlite3_vtab *t)
{
	free(t);
	return SQLITE_OK;
}

static inline const void *
vtab_def(const sqlite3_vtab *t)
{
	return ((const struct vtab *)t)->def;
}

#endif
