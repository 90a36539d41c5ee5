#include "graph/store.h"

#include "base/db_feed.h"
#include "graph/edges.h"

#include <string.h>

static const char schema[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
	"CREATE TABLE file(id INTEGER PRIMARY KEY, path TEXT NOT NULL, lang INTEGER, state INTEGER, reason TEXT,"
	" digest TEXT, size INTEGER, inode INTEGER, mtime_ns INTEGER, lines INTEGER, bad_bytes INTEGER,"
	" first INTEGER, end INTEGER, package TEXT);"
	"CREATE TABLE history(file INTEGER PRIMARY KEY, commits INTEGER, first_s INTEGER, last_s INTEGER, owner TEXT,"
	" owner_commits INTEGER, subjects TEXT);"
	"CREATE TABLE past(id INTEGER PRIMARY KEY, subject TEXT, files BLOB);"
	"CREATE TABLE import(id INTEGER PRIMARY KEY, format TEXT, source TEXT, digest TEXT, tool TEXT, missing INTEGER,"
	" dropped INTEGER);"
	"CREATE TABLE evidence(import INTEGER, document INTEGER, path TEXT, digest TEXT, packed BLOB,"
	" PRIMARY KEY(import, document)) WITHOUT ROWID;"
	"CREATE TABLE seen(entity INTEGER, import INTEGER, count INTEGER, errors INTEGER, timed INTEGER, p50_us INTEGER,"
	" p95_us INTEGER, lines INTEGER, lines_hit INTEGER, PRIMARY KEY(entity, import)) WITHOUT ROWID;"
	"CREATE TABLE facts(file INTEGER PRIMARY KEY, packed BLOB);"
	"CREATE TABLE name(id INTEGER PRIMARY KEY, s TEXT, entities BLOB);"
	"CREATE TABLE entity(id INTEGER PRIMARY KEY, kind INTEGER, name INTEGER, parent INTEGER, home INTEGER,"
	" file INTEGER, line INTEGER, end INTEGER, flags INTEGER, type INTEGER, cond INTEGER, rout BLOB, rin BLOB);";

int
store_create(const char *path, struct db **ret, struct dd_err *err)
{
	return db_create(path, schema, STORE_APPLICATION_ID, STORE_VERSION, ret, err);
}

int
store_put_meta(struct db *db, const char *key, const char *value, struct dd_err *err)
{
	return db_run(db, err, "INSERT INTO meta VALUES(?, ?)", "ss", key, value);
}

int
store_put_file(struct db *db, const struct store_file *f, struct str facts, struct dd_err *err)
{
	int rc =
		db_run(db, err, "INSERT INTO file VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			"itiittiiiiiiit", (int64_t)f->id, f->path, (int64_t)f->lang,
			(int64_t)f->state, f->reason, f->digest, (int64_t)f->size,
			(int64_t)f->inode, f->mtime_ns, (int64_t)f->lines, (int64_t)f->bad_bytes,
			(int64_t)f->first, (int64_t)f->end, f->package);
	if (rc == 0)
		rc = db_run(db, err, "INSERT INTO facts VALUES(?, ?)", "ib", (int64_t)f->id, facts);
	return rc;
}

/* ---- the model ---- */

struct writer {
	struct db *db;
	struct model *m;
	uint32_t *rank;	   /* of a name among those that are written; 0: it is not */
	uint32_t *by_rank; /* the names, in order; from 1 */
	size_t nranks;
	/* What ends at an entity: where it begins, by entity; sources and kinds of relations. */
	uint32_t *in_at;
	uint32_t *in_src;
	uint8_t *in_relation;
	uint64_t relations, unresolved;
};

static void
mark_names(struct writer *w)
{
	const struct model *m = w->m;
	for (size_t i = 1; i < m->n; i++) {
		const struct model_entity *e = &m->entities[i];
		w->rank[e->name] = w->rank[e->type] = w->rank[e->cond] = 1;
	}
	struct edges_reader r;
	edges_reader_init(&r, w->m, true);
	while (edges_next(&r))
		for (size_t i = 0; i < r.n; i++) {
			const struct model_edge *e = &r.v[i];
			w->rank[e->name] = w->rank[e->cond] = 1;
			*(e->dst ? &w->relations : &w->unresolved) += 1;
			w->in_at[e->dst ? e->dst + 2 : 0]++;
		}
	edges_reader_finish(&r);
	w->rank[0] = 0;
}

/* A name and how it begins, so that most of them are told apart without a look at the text. */
struct ranked {
	uint64_t head;
	uint32_t name;
};

static uint64_t
head_of(struct str s)
{
	uint8_t b[8] = {0};
	uint64_t head = 0;
	memcpy(b, s.p, s.n < 8 ? s.n : 8);
	for (int i = 0; i < 8; i++)
		head = head << 8 | b[i];
	return head;
}

static int
by_text(const void *a, const void *b, void *ctx)
{
	const struct ranked *r = a, *q = b;
	if (r->head != q->head)
		return r->head < q->head ? -1 : 1;
	return str_compare(model_text(ctx, r->name), model_text(ctx, q->name));
}

static void
rank_names(struct writer *w)
{
	struct model *m = w->m;
	w->rank = mem_zalloc(m->nnames + 1, sizeof(*w->rank));
	w->in_at = mem_zalloc(m->n + 2, sizeof(*w->in_at));
	mark_names(w);
	w->by_rank = mem_alloc((m->nnames + 1) * sizeof(*w->by_rank));
	OWN_FREE struct ranked *names = mem_alloc(m->nnames * sizeof(*names));
	for (uint32_t i = 1; i < m->nnames; i++)
		if (w->rank[i])
			names[w->nranks++] = (struct ranked){head_of(model_text(m, i)), i};
	qsort_r(names, w->nranks, sizeof(*names), by_text, m);
	for (uint32_t i = 1; i <= w->nranks; i++) {
		w->by_rank[i] = names[i - 1].name;
		w->rank[w->by_rank[i]] = i;
	}
}

/* The entities of each name, in its row. */
struct name_rows {
	const struct writer *w;
	uint32_t row;
	uint32_t *first, *ids; /* by rank: the first of its ids, and the end of the last one's */
	struct buf packed;
};

static void
group_by_name(struct name_rows *n)
{
	const struct model *m = n->w->m;
	const uint32_t *rank = n->w->rank;
	n->first = mem_zalloc(n->w->nranks + 3, sizeof(*n->first));
	n->ids = mem_alloc(m->n * sizeof(*n->ids));
	for (size_t i = 1; i < m->n; i++)
		n->first[rank[m->entities[i].name] + 2]++;
	for (size_t i = 1; i < n->w->nranks + 3; i++)
		n->first[i] += n->first[i - 1];
	for (uint32_t i = 1; i < m->n; i++)
		n->ids[n->first[rank[m->entities[i].name] + 1]++] = i;
}

static bool
next_name(void *ctx, struct db_value *ret)
{
	struct name_rows *n = ctx;
	uint32_t row = ++n->row, before = 0;
	if (row > n->w->nranks)
		return false;
	buf_reset(&n->packed);
	for (uint32_t i = n->first[row]; i < n->first[row + 1]; i++) {
		pack_u64(&n->packed, n->ids[i] - before);
		before = n->ids[i];
	}
	ret[0] = (struct db_value){'i', row, {0}};
	ret[1] = (struct db_value){'t', 0, model_text(n->w->m, n->w->by_rank[row])};
	ret[2] = (struct db_value){'b', 0, buf_str(&n->packed)};
	return true;
}

static int
write_names(struct writer *w, struct dd_err *err)
{
	struct name_rows n = {.w = w};
	group_by_name(&n);
	int rc = db_feed(w->db, &(struct db_feed){"name", 3, next_name, &n}, err);
	free(n.first);
	free(n.ids);
	buf_cleanup(&n.packed);
	return rc;
}

/* Those that are counted in in_at[dst + 2] come to their places, and in_at[dst] says where they begin. */
static void
index_edges(struct writer *w)
{
	const struct model *m = w->m;
	struct edges_reader r;
	w->in_src = mem_alloc((w->relations + 1) * sizeof(*w->in_src));
	w->in_relation = mem_alloc(w->relations + 1);
	w->in_at[0] = 0;
	for (size_t i = 1; i < m->n + 2; i++)
		w->in_at[i] += w->in_at[i - 1];
	edges_reader_init(&r, w->m, true);
	while (edges_next(&r))
		for (size_t i = 0; i < r.n; i++) {
			if (!r.v[i].dst)
				continue;
			uint32_t at = w->in_at[r.v[i].dst + 1]++;
			w->in_src[at] = r.src;
			w->in_relation[at] = r.v[i].relation;
		}
	edges_reader_finish(&r);
}

enum { HAS_COND = 0x20, HAS_COUNT = 0x40, UNRESOLVED = 0x80 };

static void
pack_out(const struct writer *w, const struct edges_reader *r, struct buf *b)
{
	int64_t line = 0;
	for (size_t i = 0; i < r->n; i++) {
		const struct model_edge *e = &r->v[i];
		pack_u64(b, e->relation | (e->cond ? HAS_COND : 0u) |
				    (e->count > 1 ? HAS_COUNT : 0u) | (e->dst ? 0u : UNRESOLVED));
		if (e->dst)
			pack_i64(b, (int64_t)e->dst - r->src);
		else
			pack_u64(b, w->rank[e->name]);
		pack_i64(b, (int64_t)e->line - line);
		pack_u64(b, e->conf * 8u + e->prov);
		if (e->cond)
			pack_u64(b, w->rank[e->cond]);
		if (e->count > 1)
			pack_u64(b, e->count);
		line = e->line;
	}
}

static void
pack_in(const struct writer *w, uint32_t dst, struct buf *b)
{
	uint32_t before = 0;
	for (size_t i = w->in_at[dst]; i < w->in_at[dst + 1]; i++) {
		pack_u64(b, w->in_src[i] - before);
		pack_u64(b, w->in_relation[i]);
		before = w->in_src[i];
	}
}

struct entity_rows {
	const struct writer *w;
	uint32_t id;
	struct edges_reader out;
	bool more; /* out has the relations of a source that is not written yet */
	struct buf packed_out, packed_in;
};

static bool
next_entity(void *ctx, struct db_value *ret)
{
	struct entity_rows *n = ctx;
	const struct writer *w = n->w;
	uint32_t id = ++n->id;
	if (id >= w->m->n)
		return false;
	buf_reset(&n->packed_out);
	buf_reset(&n->packed_in);
	if (n->more && n->out.src == id) {
		pack_out(w, &n->out, &n->packed_out);
		n->more = edges_next(&n->out);
	}
	pack_in(w, id, &n->packed_in);
	const struct model_entity *e = &w->m->entities[id];
	const uint32_t numbers[] = {id, e->kind, w->rank[e->name], e->parent,
		e->home != e->parent ? e->home : 0, e->file, e->line, e->end, e->flags,
		w->rank[e->type], w->rank[e->cond]};
	enum { NUMBERS = sizeof(numbers) / sizeof(*numbers) };
	for (unsigned i = 0; i < NUMBERS; i++)
		ret[i] = (struct db_value){'i', numbers[i], {0}};
	ret[NUMBERS] = (struct db_value){'b', 0, buf_str(&n->packed_out)};
	ret[NUMBERS + 1] = (struct db_value){'b', 0, buf_str(&n->packed_in)};
	return true;
}

static int
write_entities(struct writer *w, struct dd_err *err)
{
	struct entity_rows n = {.w = w};
	edges_reader_init(&n.out, w->m, true);
	n.more = edges_next(&n.out);
	int rc = db_feed(w->db, &(struct db_feed){"entity", 13, next_entity, &n}, err);
	edges_reader_finish(&n.out);
	buf_cleanup(&n.packed_out);
	buf_cleanup(&n.packed_in);
	return rc;
}

int
store_put_model(struct db *db, struct model *m, uint64_t *ret_relations, uint64_t *ret_unresolved,
	struct dd_err *err)
{
	struct writer w = {.db = db, .m = m};
	rank_names(&w);
	int rc = write_names(&w, err);
	index_edges(&w);
	if (rc == 0)
		rc = write_entities(&w, err);
	free(w.rank);
	free(w.by_rank);
	free(w.in_at);
	free(w.in_src);
	free(w.in_relation);
	if (rc < 0)
		return rc;
	*ret_relations = w.relations;
	*ret_unresolved = w.unresolved;
	return 0;
}

/* ---- reading ---- */

int
store_each_out(struct str packed, uint32_t src,
	int (*each)(void *ctx, const struct store_relation *r), void *ctx, struct dd_err *err)
{
	struct unpacker u = unpacker_of(packed);
	int64_t line = 0;
	while (u.p < u.end) {
		uint32_t head = unpack_u32(&u);
		struct store_relation r = {
			.relation = (enum graph_relation)(head & 0x1f), .count = 1};
		if (head & UNRESOLVED)
			r.name = unpack_u32(&u);
		else
			r.dst = (uint32_t)((int64_t)src + unpack_i64(&u));
		line += unpack_i64(&u);
		r.line = (uint32_t)line;
		uint32_t conf = unpack_u32(&u);
		r.conf = conf / 8;
		r.prov = (enum graph_prov)(conf & 7);
		r.cond = head & HAS_COND ? unpack_u32(&u) : 0;
		r.count = head & HAS_COUNT ? unpack_u32(&u) : 1;
		if (u.bad)
			return err_set(err, DD_ECORRUPT,
				"the relations of entity %u are not well formed", src);
		int rc = each(ctx, &r);
		if (rc)
			return rc;
	}
	return 0;
}

int
store_each_in(struct str packed, int (*each)(void *ctx, uint32_t src, enum graph_relation r),
	void *ctx, struct dd_err *err)
{
	struct unpacker u = unpacker_of(packed);
	uint32_t src = 0;
	while (u.p < u.end) {
		src += unpack_u32(&u);
		uint32_t r = unpack_u32(&u);
		if (u.bad)
			return err_set(
				err, DD_ECORRUPT, "relations in the map are not well formed");
		int rc = each(ctx, src, (enum graph_relation)r);
		if (rc)
			return rc;
	}
	return 0;
}

static int
read_file_row(struct db_stmt *st, struct store_file *ret, const char *what, struct dd_err *err)
{
	int rc = db_step(st, err);
	if (rc == 0)
		return err_set(err, DD_ENOENT, "%s is not in the map", what);
	if (rc < 0)
		return rc;
	*ret = (struct store_file){.id = (uint32_t)db_int(st, 0),
		.path = db_text(st, 1),
		.lang = (uint8_t)db_int(st, 2),
		.state = (enum file_state)db_int(st, 3),
		.reason = db_text(st, 4),
		.digest = db_text(st, 5),
		.size = (uint64_t)db_int(st, 6),
		.inode = (uint64_t)db_int(st, 7),
		.mtime_ns = db_int(st, 8),
		.lines = (uint32_t)db_int(st, 9),
		.bad_bytes = (uint32_t)db_int(st, 10),
		.first = (uint32_t)db_int(st, 11),
		.end = (uint32_t)db_int(st, 12),
		.package = db_text(st, 13)};
	return 0;
}

int
store_file_by_id(struct db *db, uint32_t id, struct store_file *ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(db, &st, err, "SELECT * FROM file WHERE id = ?", "i", (int64_t)id);
	return rc < 0 ? rc : read_file_row(st, ret, "a file", err);
}

int
store_file_by_path(struct db *db, const char *path, struct store_file *ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(db, &st, err, "SELECT max(id) FROM file", "");
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	uint32_t low = 1, high = (uint32_t)db_int(st, 0);
	db_done(st);
	while (low <= high && high) {
		uint32_t mid = low + (high - low) / 2;
		rc = store_file_by_id(db, mid, ret, err);
		if (rc < 0)
			return rc;
		int c = strcmp(ret->path.p, path);
		if (c == 0)
			return 0;
		if (c < 0)
			low = mid + 1;
		else
			high = mid - 1;
	}
	return err_set(err, DD_ENOENT, "%s is not in the map", path);
}

int
store_facts(struct db *db, uint32_t file, struct str *ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(
		db, &st, err, "SELECT packed FROM facts WHERE file = ?", "i", (int64_t)file);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return err_set(err, DD_ECORRUPT, "the facts of file %u are missing", file);
	*ret = db_blob(st, 0);
	return 0;
}

int
store_meta(struct db *db, const char *key, char **ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(db, &st, err, "SELECT value FROM meta WHERE key = ?", "s", key);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	*ret = rc ? db_dup(st, 0) : NULL;
	if (rc)
		db_done(st);
	return 0;
}
