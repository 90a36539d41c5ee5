/* SQL over the map: the packed relations as a table, and views with words instead of numbers. */
#include "graph/answer.h"

#include "base/db_table.h"

#define MAX_ROWS 100000

/* Kinds, relations and the like as tables of words. */
static int
add_words(struct graph *g, const char *table, const char *(*word)(int i), int n, struct dd_err *err)
{
	OWN(buf) struct buf sql = {0};
	buf_printf(&sql, "CREATE TEMP TABLE %s(id INTEGER PRIMARY KEY, word TEXT);", table);
	for (int i = 0; i < n; i++)
		buf_printf(&sql, "INSERT INTO %s VALUES(%d, '%s');", table, i, word(i));
	return db_exec(g->db, sql.p, err);
}

static const char *
kind_word(int i)
{
	return graph_kind_name((enum graph_kind)i);
}

static const char *
relation_word(int i)
{
	return graph_relation_name((enum graph_relation)i);
}

static const char *
prov_word(int i)
{
	return graph_prov_name((enum graph_prov)i);
}

static const char *
state_word(int i)
{
	return file_state_name((enum file_state)i);
}

static const char *
lang_word(int i)
{
	return lang_name((enum lang_id)i);
}

static const char views[] =
	"CREATE TEMP VIEW entities AS SELECT e.id, k.word AS kind, n.s AS name, f.path AS file, e.line, e.end, e.parent, c.s AS cond"
	" FROM main.entity e JOIN kind_word k ON k.id = e.kind LEFT JOIN main.name n ON n.id = e.name"
	" LEFT JOIN main.file f ON f.id = e.file LEFT JOIN main.name c ON c.id = e.cond;"
	"CREATE TEMP VIEW files AS SELECT f.id, f.path, l.word AS lang, s.word AS state, f.reason, f.digest, f.size, f.lines, f.bad_bytes"
	" FROM main.file f JOIN lang_word l ON l.id = f.lang JOIN state_word s ON s.id = f.state;"
	"CREATE TEMP VIEW history AS SELECT f.path, h.commits, h.first_s, h.last_s, h.owner, h.owner_commits"
	" FROM main.history h JOIN main.file f ON f.id = h.file;"
	"CREATE TEMP VIEW relations AS SELECT r.src, w.word AS kind, NULLIF(r.dst, 0) AS dst, n.s AS unresolved, r.line, c.s AS cond,"
	" p.word AS prov, r.conf / 100.0 AS conf, r.count"
	" FROM relation r JOIN relation_word w ON w.id = r.kind JOIN prov_word p ON p.id = r.prov"
	" LEFT JOIN main.name n ON n.id = r.name LEFT JOIN main.name c ON c.id = r.cond;";

static int
add_row(void *ctx, const struct store_relation *r)
{
	struct db_rows *rows = ctx;
	db_rows_add(rows, r->relation);
	db_rows_add(rows, r->dst);
	db_rows_add(rows, r->name);
	db_rows_add(rows, r->line);
	db_rows_add(rows, r->cond);
	db_rows_add(rows, (int64_t)r->prov);
	db_rows_add(rows, r->conf);
	db_rows_add(rows, r->count);
	return 0;
}

struct with_key {
	struct db_rows *rows;
	int64_t key;
};

static int
add_row_of(void *ctx, const struct store_relation *r)
{
	struct with_key *w = ctx;
	db_rows_add(w->rows, w->key);
	return add_row(w->rows, r);
}

static int
fill_relations(void *ctx, int64_t key, struct db_rows *ret)
{
	OWN(buf) struct buf out = {0};
	struct with_key w = {ret, key};
	int rc = answer_relations(ctx, (uint32_t)key, &out, NULL, NULL);
	return rc < 0 ? rc : store_each_out(buf_str(&out), (uint32_t)key, add_row_of, &w, NULL);
}

static json_t *
value_of(struct db_stmt *st, size_t i)
{
	switch (db_type(st, i)) {
	case 'i':
		return json_integer(db_int(st, (int)i));
	case 'f':
		return json_real(db_real(st, (int)i));
	case 'n':
		return json_null();
	default:
		return json_text(db_blob(st, (int)i));
	}
}

static int
take_rows(struct db_stmt *st, json_t *answer, struct dd_err *err)
{
	json_t *columns = json_array(), *rows = json_array();
	json_object_set_new(answer, "columns", columns);
	json_object_set_new(answer, "rows", rows);
	for (size_t i = 0; i < db_columns(st); i++)
		json_array_append_new(columns, json_text(str_of(db_column_name(st, i))));
	int rc;
	while ((rc = db_step(st, err)) == 1 && json_array_size(rows) < MAX_ROWS) {
		json_t *row = json_array();
		for (size_t i = 0; i < db_columns(st); i++)
			json_array_append_new(row, value_of(st, i));
		json_array_append_new(rows, row);
	}
	if (rc == 1) {
		json_object_set_new(answer, "truncated", json_true());
		db_done(st);
	}
	return rc < 0 ? rc : 0;
}

int
graph_sql(struct graph *g, const char *query, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	struct db_table table = {.name = "relation",
		.schema =
			"CREATE TABLE x(src INTEGER, kind INTEGER, dst INTEGER, name INTEGER, line INTEGER, cond INTEGER,"
			" prov INTEGER, conf INTEGER, count INTEGER)",
		.columns = 9,
		.fill = fill_relations,
		.ctx = g};
	struct db_stmt *st;
	uint32_t last = 0;
	int rc = answer_begin_whole(g, &answer, err);
	if (rc == 0)
		rc = answer_last_id(g, "SELECT max(id) FROM entity", &last, err);
	table.last_key = last;
	if (rc == 0)
		rc = db_add_table(g->db, &table, err);
	if (rc == 0)
		rc = add_words(g, "kind_word", kind_word, KIND_END, err);
	if (rc == 0)
		rc = add_words(g, "relation_word", relation_word, REL_END, err);
	if (rc == 0)
		rc = add_words(g, "prov_word", prov_word, PROV_END, err);
	if (rc == 0)
		rc = add_words(g, "state_word", state_word, FILE_STATES, err);
	if (rc == 0)
		rc = add_words(g, "lang_word", lang_word, LANG_END, err);
	if (rc == 0)
		rc = db_exec(g->db, views, err);
	if (rc < 0)
		return err_wrap(err, "graph");
	db_only_select(g->db);
	rc = db_query(g->db, &st, err, query, "");
	if (rc == 0)
		rc = take_rows(st, answer, err);
	/* The table is ours: the database goes before it does. */
	db_close(TAKE(g->db));
	if (rc < 0)
		return err_set(err, DD_EINVAL, "graph: %s", err_msg(err));
	json_object_del(answer, "items");
	*ret = TAKE(answer);
	return 0;
}
