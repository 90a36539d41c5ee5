/* A virtual table (https://www.sqlite.org/vtab.html), eponymous: it is there without being created. */
#include "base/db_table.h"

#include "base/db_handle.h"
#include "base/db_vtab.h"

#include <string.h>

struct cursor {
	sqlite3_vtab_cursor base;
	int64_t key, last;
	struct db_rows rows;
	size_t at; /* the first value of the row */
	int64_t rowid;
};

static const struct db_table *
def_of(const sqlite3_vtab_cursor *c)
{
	return vtab_def(c->pVtab);
}

static int
connect_table(sqlite3 *handle, void *aux, int argc, const char *const *argv, sqlite3_vtab **ret,
	char **ret_err)
{
	const struct db_table *def = aux;
	(void)argc;
	(void)argv;
	(void)ret_err;
	return vtab_connect(handle, def->schema, def, ret);
}

static int
plan(sqlite3_vtab *t, sqlite3_index_info *info)
{
	(void)t;
	info->estimatedCost = 1e6;
	for (int i = 0; i < info->nConstraint; i++) {
		if (!info->aConstraint[i].usable || info->aConstraint[i].iColumn != 0 ||
			info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		info->aConstraintUsage[i].argvIndex = 1;
		info->aConstraintUsage[i].omit = 1;
		info->idxNum = 1;
		info->estimatedCost = 10;
		break;
	}
	return SQLITE_OK;
}

static int
open_cursor(sqlite3_vtab *t, sqlite3_vtab_cursor **ret)
{
	(void)t;
	*ret = &mem_new(struct cursor)->base;
	return SQLITE_OK;
}

static int
close_cursor(sqlite3_vtab_cursor *c)
{
	free(((struct cursor *)c)->rows.v);
	free(c);
	return SQLITE_OK;
}

/* Keys until one has rows; key > last at the end. */
static int
fill_next(struct cursor *c)
{
	const struct db_table *def = def_of(&c->base);
	for (c->at = 0; c->key <= c->last; c->key++) {
		c->rows.n = 0;
		if (def->fill(def->ctx, c->key, &c->rows) < 0)
			return SQLITE_CORRUPT;
		if (c->rows.n)
			break;
	}
	return SQLITE_OK;
}

static int
filter(sqlite3_vtab_cursor *base, int by_key, const char *text, int argc, sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;
	(void)text;
	(void)argc;
	c->rowid = 0;
	c->key = by_key ? sqlite3_value_int64(argv[0]) : 1;
	c->last = by_key ? c->key : def_of(base)->last_key;
	if (c->key < 1 || c->key > def_of(base)->last_key)
		c->last = c->key - 1;
	return fill_next(c);
}

static int
next_row(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;
	c->rowid++;
	c->at += def_of(base)->columns;
	if (c->at < c->rows.n)
		return SQLITE_OK;
	c->key++;
	return fill_next(c);
}

static int
at_end(sqlite3_vtab_cursor *base)
{
	const struct cursor *c = (const struct cursor *)base;
	return c->key > c->last;
}

static int
column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i)
{
	const struct cursor *c = (const struct cursor *)base;
	if (i >= 0 && (size_t)i < def_of(base)->columns && c->at + (size_t)i < c->rows.n)
		sqlite3_result_int64(context, c->rows.v[c->at + (size_t)i]);
	return SQLITE_OK;
}

static int
row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *ret)
{
	*ret = ((const struct cursor *)base)->rowid;
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.xConnect = connect_table,
	.xBestIndex = plan,
	.xDisconnect = vtab_disconnect,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter,
	.xNext = next_row,
	.xEof = at_end,
	.xColumn = column,
	.xRowid = row_id,
};

int
db_add_table(struct db *db, const struct db_table *table, struct dd_err *err)
{
	if (sqlite3_create_module_v2(db_handle(db), table->name, &module, (void *)table, NULL) !=
		SQLITE_OK)
		return err_set(err, DD_EIO, "cannot add the table %s", table->name);
	return 0;
}
