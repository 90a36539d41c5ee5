#include "graph/answer.h"

#include "base/fs.h"
#include "base/hash.h"
#include "graph/extract.h"
#include "graph/fresh.h"
#include "graph/pack.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct answer_file_row {     /* its place is its number, modulo how many there are */
	struct store_file f; /* whose texts are views of these */
	char *path, *reason, *digest, *package;
};

static void
row_cleanup(struct answer_file_row *row)
{
	free(row->path);
	free(row->reason);
	free(row->digest);
	free(row->package);
	*row = (struct answer_file_row){0};
}

int
graph_open(const char *db, struct graph **ret, struct dd_err *err)
{
	struct graph *g = mem_new(struct graph);
	int rc = db_open_read(db, STORE_APPLICATION_ID, STORE_VERSION, &g->db, err);
	if (rc == 0)
		rc = store_meta(g->db, "root", &g->root, err);
	if (rc == 0 && !g->root)
		rc = err_set(err, DD_ECORRUPT, "%s names no tree", db);
	/* Nobody writes there; a transaction for each question would be a tenth of it. */
	if (rc == 0)
		rc = db_exec(g->db, "BEGIN", err);
	g->path = mem_strdup(db);
	g->root_fd = rc == 0 ? open(g->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (rc < 0)
		graph_close(g);
	else
		*ret = g;
	return rc < 0 ? err_wrap(err, "graph") : 0;
}

void
graph_close(struct graph *g)
{
	if (!g)
		return;
	db_close(g->db);
	for (size_t i = 0; g->rows && i < ANSWER_FILE_ROWS; i++)
		row_cleanup(&g->rows[i]);
	free(g->rows);
	if (g->root_fd >= 0)
		(void)close(g->root_fd);
	free(g->path);
	free(g->root);
	free(g->digest);
	free(g);
}

int
graph_root(const char *db, char **ret, struct dd_err *err)
{
	struct graph *g;
	int rc = graph_open(db, &g, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(g->root);
	graph_close(g);
	return 0;
}

void
id_list_add(struct id_list *l, uint32_t id)
{
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = id;
}

void
id_list_cleanup(struct id_list *l)
{
	free(l->v);
	*l = (struct id_list){0};
}

bool
answer_source(struct graph *g, const struct store_file *f, struct buf *ret)
{
	OWN_FD int fd = -1;
	OWN_FREE char *path = str_dup(f->path);
	if (g->root_fd < 0 || fs_open_in_root(g->root_fd, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW,
				      &fd, NULL) < 0)
		return false;
	char chunk[65536];
	ssize_t n;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 && ret->n <= EXTRACT_MAX_BYTES)
		buf_add(ret, chunk, (size_t)n);
	return n == 0 && str_eq(f->digest, hash_bytes(buf_str(ret)).s);
}

/* ---- files ---- */

static struct str
keep(char **to, struct str s)
{
	*to = str_dup(s);
	return (struct str){*to, s.n};
}

int
answer_file(struct graph *g, uint32_t id, const struct store_file **ret, struct dd_err *err)
{
	struct store_file f;
	if (!g->rows)
		g->rows = mem_zalloc(ANSWER_FILE_ROWS, sizeof(*g->rows));
	struct answer_file_row *row = &g->rows[id % ANSWER_FILE_ROWS];
	*ret = &row->f;
	if (id && row->f.id == id)
		return 0;
	int rc = store_file_by_id(g->db, id, &f, err);
	if (rc < 0)
		return rc;
	row_cleanup(row);
	row->f = f;
	row->f.path = keep(&row->path, f.path);
	row->f.reason = keep(&row->reason, f.reason);
	row->f.digest = keep(&row->digest, f.digest);
	row->f.package = keep(&row->package, f.package);
	return 0;
}

/* ---- entities ---- */

int
answer_entity(struct graph *g, uint32_t id, struct entity *ret, struct dd_err *err)
{
	struct db_stmt *st;
	struct entity *kept = &g->entities[id % ANSWER_ENTITIES];
	if (id && kept->id == id) {
		*ret = *kept;
		return 0;
	}
	int rc = db_query(g->db, &st, err,
		"SELECT kind, name, parent, ifnull(nullif(home, 0), parent), file, line, end, type, cond, flags FROM entity WHERE id = ?",
		"i", (int64_t)id);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return err_set(err, DD_ECORRUPT, "the map has no entity %u", id);
	*ret = (struct entity){.id = id,
		.kind = (enum graph_kind)db_int(st, 0),
		.name = (uint32_t)db_int(st, 1),
		.parent = (uint32_t)db_int(st, 2),
		.home = (uint32_t)db_int(st, 3),
		.file = (uint32_t)db_int(st, 4),
		.line = (uint32_t)db_int(st, 5),
		.end = (uint32_t)db_int(st, 6),
		.type = (uint32_t)db_int(st, 7),
		.cond = (uint32_t)db_int(st, 8),
		.flags = (unsigned)db_int(st, 9)};
	db_done(st);
	*kept = *ret;
	return 0;
}

int
answer_name(struct graph *g, uint32_t name, char **ret, struct dd_err *err)
{
	struct db_stmt *st;
	if (!name) {
		*ret = mem_strdup("");
		return 0;
	}
	int rc = db_query(g->db, &st, err, "SELECT s FROM name WHERE id = ?", "i", (int64_t)name);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return err_set(err, DD_ECORRUPT, "the map has no name %u", name);
	*ret = str_dup(db_text(st, 0));
	db_done(st);
	return 0;
}

int
answer_path(struct graph *g, const struct entity *e, char **ret, struct dd_err *err)
{
	const struct store_file *f;
	if (!e->file)
		return answer_name(g, e->name, ret, err);
	int rc = answer_file(g, e->file, &f, err);
	if (rc == 0)
		*ret = str_dup(f->path);
	return rc;
}

/* "a/b/c.py" is a.b.c, "a/__init__.py" is a. */
static char *
python_module_name(struct str path)
{
	OWN(buf) struct buf b = {0};
	if (str_ends(path, "/__init__.py"))
		path.n -= strlen("/__init__.py");
	else if (str_ends(path, ".py"))
		path.n -= 3;
	for (size_t i = 0; i < path.n; i++)
		buf_putc(&b, path.p[i] == '/' ? '.' : path.p[i]);
	return buf_take(&b);
}

static const char *
separator(uint8_t lang)
{
	switch (lang) {
	case LANG_CPP:
	case LANG_RUST:
	case LANG_RUBY:
	case LANG_PHP:
		return "::";
	default:
		return ".";
	}
}

/* What comes before the names in the file: its module or package; heap. */
static char *
file_prefix(const struct store_file *f)
{
	if (f->lang == LANG_PYTHON)
		return python_module_name(f->path);
	return str_dup(f->package);
}

int
answer_qualified(struct graph *g, const struct entity *e, char **ret, struct dd_err *err)
{
	OWN(strlist) struct strlist parts = {0};
	const struct store_file *f;
	struct entity at = *e;
	if (!e->file || e->kind == KIND_FILE)
		return answer_path(g, e, ret, err);
	if (graph_kind_is_shared(e->kind))
		return answer_name(g, e->name, ret, err);
	int rc = answer_file(g, e->file, &f, err);
	bool data = graph_kind_is_data(e->kind);
	for (unsigned i = 0;
		rc == 0 && i < 64 && at.kind != KIND_FILE && data == graph_kind_is_data(at.kind);
		i++) {
		OWN_FREE char *name = NULL;
		rc = answer_name(g, at.name, &name, err);
		if (rc == 0) {
			strlist_add(&parts, name);
			if (at.home == f->first)
				break;
			rc = answer_entity(g, at.home, &at, err);
		}
	}
	if (rc < 0)
		return rc;
	OWN(buf) struct buf b = {0};
	OWN_FREE char *prefix = data ? mem_strdup("") : file_prefix(f);
	buf_puts(&b, prefix);
	for (size_t i = parts.n; i-- > 0;) {
		if (b.n)
			buf_puts(&b, separator(f->lang));
		buf_puts(&b, parts.v[i]);
	}
	*ret = buf_take(&b);
	return 0;
}

int
answer_relations(
	struct graph *g, uint32_t id, struct buf *ret_out, struct buf *ret_in, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(
		g->db, &st, err, "SELECT rout, rin FROM entity WHERE id = ?", "i", (int64_t)id);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	if (rc == 1) {
		if (ret_out)
			buf_add_str(ret_out, db_blob(st, 0));
		if (ret_in)
			buf_add_str(ret_in, db_blob(st, 1));
		db_done(st);
	}
	return 0;
}

int
answer_last_id(struct graph *g, const char *query, uint32_t *ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(g->db, &st, err, query, "");
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	*ret = (uint32_t)db_int(st, 0);
	db_done(st);
	return 0;
}

/* ---- the index ---- */

static int
begin(struct graph *g, bool whole, json_t **ret, struct dd_err *err)
{
	json_t *index;
	int rc = fresh_index(g, whole, &index, err);
	if (rc == 0)
		*ret = json_pack("{s:o, s:[]}", "index", index, "items");
	return rc;
}

int
answer_begin(struct graph *g, json_t **ret, struct dd_err *err)
{
	return begin(g, false, ret, err);
}

int
answer_begin_whole(struct graph *g, json_t **ret, struct dd_err *err)
{
	return begin(g, true, ret, err);
}

static int
describe(struct graph *g, const struct entity *e, json_t **ret, struct dd_err *err)
{
	OWN_FREE char *name = NULL, *path = NULL;
	int rc = answer_qualified(g, e, &name, err);
	if (rc == 0)
		rc = answer_path(g, e, &path, err);
	if (rc < 0)
		return rc;
	*ret = json_pack("{s:I, s:s, s:o, s:o, s:I, s:I}", "id", (json_int_t)e->id, "kind",
		graph_kind_name(e->kind), "name", json_text(str_of(name)), "file",
		json_text(str_of(path)), "line", (json_int_t)e->line, "end", (json_int_t)e->end);
	return 0;
}

static void
put_ms(struct buf *b, const char *what, int64_t us)
{
	buf_printf(b, us < 10000 ? ", %s %.1f ms" : ", %s %.0f ms", what, (double)us / 1e3);
}

/* "called 12000 times, 3 errors, p50 12 ms, p95 40 ms" */
static json_t *
describe_seen(struct db_stmt *st)
{
	OWN(buf) struct buf b = {0};
	struct str format = db_text(st, 0);
	int64_t count = db_int(st, 2), errors = db_int(st, 3), timed = db_int(st, 4),
		p50 = db_int(st, 5), p95 = db_int(st, 6), lines = db_int(st, 7),
		hit = db_int(st, 8);
	bool cases = str_eq(format, graph_format_name(GRAPH_RUNTIME)),
	     tests = cases || str_eq(format, graph_format_name(GRAPH_LCOV)),
	     samples = str_eq(format, graph_format_name(GRAPH_PERF));
	json_t *j = json_pack("{s:o, s:o, s:s, s:I}", "format", json_text(format), "source",
		json_text(db_text(st, 1)), "prov",
		graph_prov_name(tests ? PROV_RUNTIME : PROV_PRODUCTION), "count",
		(json_int_t)count);
	buf_printf(&b,
		samples ? "in %lld samples"
		: cases ? "reached by %lld tests"
		: tests ? "reached %lld times by tests"
			: "called %lld times",
		(long long)count);
	if (!tests && !samples) {
		json_object_set_new(j, "errors", json_integer(errors));
		buf_printf(&b, ", %lld errors", (long long)errors);
	}
	if (timed) {
		json_object_set_new(j, "p50_ms", json_real((double)p50 / 1e3));
		json_object_set_new(j, "p95_ms", json_real((double)p95 / 1e3));
		put_ms(&b, "p50", p50);
		put_ms(&b, "p95", p95);
	}
	if (lines) {
		json_object_set_new(j, "lines", json_integer(lines));
		json_object_set_new(j, "lines_reached", json_integer(hit));
		buf_printf(&b, ", %lld of %lld lines", (long long)hit, (long long)lines);
	}
	json_object_set_new(j, "text", json_text(buf_str(&b)));
	return j;
}

static int
know_if_seen(struct graph *g, struct dd_err *err)
{
	uint32_t any = 0;
	if (g->seen)
		return 0;
	int rc = answer_last_id(g, "SELECT EXISTS (SELECT 1 FROM seen)", &any, err);
	g->seen = any ? 1 : -1;
	return rc;
}

/* What was seen of it when it ran, if anything was imported of that. */
static int
add_seen(struct graph *g, uint32_t id, json_t *item, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = know_if_seen(g, err);
	if (rc < 0 || g->seen < 0)
		return rc;
	rc = db_query(g->db, &st, err,
		"SELECT i.format, i.source, s.count, s.errors, s.timed, s.p50_us, s.p95_us, s.lines, s.lines_hit"
		" FROM seen s JOIN import i ON i.id = s.import WHERE s.entity = ? ORDER BY s.import",
		"i", (int64_t)id);
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		if (!json_object_get(item, "seen"))
			json_object_set_new(item, "seen", json_array());
		json_array_append_new(json_object_get(item, "seen"), describe_seen(st));
	}
	return rc < 0 ? rc : 0;
}

int
answer_add(struct graph *g, json_t *answer, uint32_t id, const struct answer_item *item,
	struct dd_err *err)
{
	json_t *entity = NULL;
	struct entity e;
	int rc = answer_entity(g, id, &e, err);
	if (rc == 0)
		rc = fresh_name(g, answer, e.file, err);
	if (rc == 0)
		rc = describe(g, &e, &entity, err);
	if (rc < 0)
		return rc;
	json_t *j = json_pack("{s:o, s:s, s:o, s:s, s:f, s:o}", "entity", entity, "relation",
		item->relation, "reason", json_text(str_of(item->reason)), "prov", item->prov,
		"conf", item->conf / 100.0, "cond",
		item->cond ? json_text(str_of(item->cond)) : json_null());
	json_array_append_new(json_object_get(answer, "items"), j);
	return add_seen(g, id, j, err);
}

/* ---- one relation ---- */

struct wanted {
	uint32_t dst;
	enum graph_relation relation;
	struct store_relation found;
};

static int
pick(void *ctx, const struct store_relation *r)
{
	struct wanted *w = ctx;
	if (r->dst != w->dst || r->relation != w->relation)
		return 0;
	w->found = *r;
	return 1;
}

int
answer_relation_item(struct graph *g, uint32_t src, uint32_t dst, enum graph_relation relation,
	struct buf *reason, char **ret_cond, struct answer_item *ret, struct dd_err *err)
{
	OWN(buf) struct buf out = {0};
	struct wanted w = {dst, relation, {0}};
	struct entity s, d;
	OWN_FREE char *path = NULL, *from = NULL, *to = NULL;
	int rc = answer_relations(g, src, &out, NULL, err);
	if (rc == 0)
		rc = store_each_out(buf_str(&out), src, pick, &w, err);
	if (rc >= 0)
		rc = answer_entity(g, src, &s, err);
	if (rc == 0)
		rc = answer_entity(g, dst, &d, err);
	if (rc == 0)
		rc = answer_path(g, &s, &path, err);
	if (rc == 0)
		rc = answer_name(g, s.name, &from, err);
	if (rc == 0)
		rc = answer_name(g, d.name, &to, err);
	if (rc == 0 && w.found.cond)
		rc = answer_name(g, w.found.cond, ret_cond, err);
	if (rc < 0)
		return rc;
	buf_printf(reason, "%s %s %s at %s:%u", from, graph_relation_name(relation), to, path,
		w.found.line);
	if (w.found.count > 1)
		buf_printf(reason, " and %u more", w.found.count - 1);
	*ret = (struct answer_item){.relation = graph_relation_name(relation),
		.reason = reason->p,
		.prov = graph_prov_name(w.found.prov),
		.conf = w.found.conf,
		.cond = *ret_cond};
	return 0;
}
