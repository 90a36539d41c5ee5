/* A virtual table (https://www.sqlite.org/vtab.html), there for one statement, which reads it once from end to end. */
#include "base/db_feed.h"

#include "base/db_handle.h"
#include "base/db_vtab.h"

#define NAME "db_feed"

struct cursor {
	sqlite3_vtab_cursor base;
	int64_t rows;
	bool ended;
	struct db_value values[];
};

static const struct db_feed *
feed_of(const sqlite3_vtab_cursor *c)
{
	return vtab_def(c->pVtab);
}

static int
connect_table(sqlite3 *handle, void *aux, int argc, const char *const *argv, sqlite3_vtab **ret,
	char **ret_err)
{
	const struct db_feed *feed = aux;
	OWN(buf) struct buf schema = {0};
	(void)argc;
	(void)argv;
	(void)ret_err;
	for (size_t i = 0; i < feed->columns; i++)
		buf_printf(&schema, "%s%zu", i ? ", c" : "CREATE TABLE x(c", i);
	buf_putc(&schema, ')');
	return vtab_connect(handle, schema.p, feed, ret);
}

static int
plan(sqlite3_vtab *t, sqlite3_index_info *info)
{
	(void)t;
	(void)info;
	return SQLITE_OK;
}

static int
open_cursor(sqlite3_vtab *t, sqlite3_vtab_cursor **ret)
{
	const struct db_feed *feed = vtab_def(t);
	struct cursor *c =
		mem_zalloc(1, sizeof(struct cursor) + feed->columns * sizeof(struct db_value));
	*ret = &c->base;
	return SQLITE_OK;
}

static int
close_cursor(sqlite3_vtab_cursor *c)
{
	free(c);
	return SQLITE_OK;
}

static int
next_row(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;
	const struct db_feed *feed = feed_of(base);
	c->rows++;
	c->ended = !feed->next(feed->ctx, c->values);
	return SQLITE_OK;
}

static int
filter(sqlite3_vtab_cursor *base, int plan_number, const char *text, int argc, sqlite3_value **argv)
{
	(void)plan_number;
	(void)text;
	(void)argc;
	(void)argv;
	return next_row(base);
}

static int
at_end(sqlite3_vtab_cursor *base)
{
	return ((const struct cursor *)base)->ended;
}

static int
column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i)
{
	const struct db_value *v = &((const struct cursor *)base)->values[i];
	switch (v->type) {
	case 'i':
		sqlite3_result_int64(context, v->i);
		return SQLITE_OK;
	case 't':
		sqlite3_result_text64(context, v->s.p, v->s.n, SQLITE_STATIC, SQLITE_UTF8);
		return SQLITE_OK;
	case 'b':
		sqlite3_result_blob64(context, v->s.p, v->s.n, SQLITE_STATIC);
		return SQLITE_OK;
	default:
		return SQLITE_MISUSE;
	}
}

static int
row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *ret)
{
	*ret = ((const struct cursor *)base)->rows;
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
db_feed(struct db *db, const struct db_feed *feed, struct dd_err *err)
{
	OWN_FREE char *sql = mem_printf("INSERT INTO %s SELECT * FROM " NAME, feed->into);
	sqlite3 *handle = db_handle(db);
	if (sqlite3_create_module_v2(handle, NAME, &module, (void *)feed, NULL) != SQLITE_OK)
		return err_set(err, DD_EIO, "cannot add the table " NAME);
	int rc = db_exec(db, sql, err);
	(void)sqlite3_create_module_v2(handle, NAME, NULL, NULL, NULL);
	return rc;
}
