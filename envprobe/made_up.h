/*
 * Rows for tables that have none: made up so that they keep the tables' constraints, the same for the same seed.  They mean
 * nothing; whoever uses them says that they are made up.
 */
#ifndef ENVPROBE_MADE_UP_H
#define ENVPROBE_MADE_UP_H

#include "envprobe/ddl.h"

#define MADE_UP_ROWS 3 /* of a table, where its constraints allow as many */

/*
 * Append one INSERT for each table, those first that others refer to; ret_tables: their names; ret_left: "TABLE: why" for those
 * that get none.
 */
void made_up_rows(const struct ddl *d, uint64_t seed, struct buf *sql, struct strlist *ret_tables,
	struct strlist *ret_left);

#endif
