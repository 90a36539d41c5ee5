#include "graph/imports.h"
#include "graph/edges.h"

#include "base/io.h"
#include "base/map.h"
#include "graph/pack.h"
#include "graph/reached.h"
#include "graph/scan.h"
#include "graph/seen.h"

#include <errno.h>
#include <string.h>

static const char *const format_names[GRAPH_FORMATS] = {
	"scip", "lcov", "perf", "access-log", "otlp", "runtime"};

const char *
graph_format_name(enum graph_format f)
{
	return (unsigned)f < GRAPH_FORMATS ? format_names[f] : "";
}

enum graph_format
graph_format_of(const char *name)
{
	for (unsigned i = 0; i < GRAPH_FORMATS; i++)
		if (strcmp(name, format_names[i]) == 0)
			return (enum graph_format)i;
	return GRAPH_FORMATS;
}

/* ---- in the worker ---- */

void
imports_begin(struct buf *out, struct str tool, const struct strlist *paths)
{
	pack_str(out, tool);
	pack_u64(out, paths->n);
	for (size_t i = 0; i < paths->n; i++)
		pack_str(out, str_of(paths->v[i]));
}

static int
read_format(const char *name, struct str text, struct buf *out, struct dd_err *err)
{
	static int (*const readers[GRAPH_FORMATS])(struct str, struct buf *, struct dd_err *) = {
		imports_read_scip, seen_read_lcov, seen_read_perf, seen_read_access_log,
		seen_read_otlp, reached_read};
	enum graph_format f = graph_format_of(name);
	return f < GRAPH_FORMATS ? readers[f](text, out, err)
				 : err_set(err, DD_EINVAL, "there is no format \"%s\"", name);
}

int
graph_import_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf)
	struct buf text = {.max = GRAPH_IMPORT_MAX_BYTES}, out = {.max = GRAPH_IMPORT_MAX_BYTES};
	char chunk[65536];
	ssize_t n;
	while ((n = io_read(STDIN_FILENO, chunk, sizeof(chunk))) > 0 && !text.truncated)
		buf_add(&text, chunk, (size_t)n);
	int rc = n < 0 ? err_errno(&err, errno, "cannot read it")
		 : text.truncated
			 ? err_set(&err, DD_ELIMIT, "it is larger than a gigabyte")
			 : read_format(argc > 1 ? argv[1] : "", buf_str(&text), &out, &err);
	if (rc == 0 && out.truncated)
		rc = err_set(&err, DD_ELIMIT, "it says more than a gigabyte");
	if (rc == 0 && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0)
		return 0;
	fprintf(stderr, "%s\n", rc < 0 ? err_msg(&err) : "cannot write");
	return 1;
}

/* ---- the indexes of a map, while it is made ---- */

struct index { /* an import of the format scip */
	uint32_t id;
	uint32_t *file_of;
	size_t ndocuments, cap;
};

struct place {		/* where it is that an index says something of a file */
	uint32_t index; /* from 1; 0: none does */
	uint32_t document;
};

struct imports {
	struct db *db;
	struct model *m;
	struct index *v;
	size_t n, cap;
	struct place *places; /* by number of file */
	uint32_t *import_of;
	struct overlay overlay;
	struct overlay_counts counts;
};

struct imports *
imports_create(struct db *db, struct model *m)
{
	struct imports *im = mem_new(struct imports);
	im->db = db;
	im->m = m;
	return im;
}

void
imports_destroy(struct imports *im)
{
	if (!im)
		return;
	for (size_t i = 0; i < im->n; i++)
		free(im->v[i].file_of);
	free(im->v);
	free(im->places);
	free(im->import_of);
	overlay_cleanup(&im->overlay);
	free(im);
}

static int
put_evidence(struct imports *im, int64_t import, int64_t document, struct str path,
	struct str digest, struct str packed, struct dd_err *err)
{
	return db_run(im->db, err, "INSERT INTO evidence VALUES(?, ?, ?, ?, ?)", "iittb", import,
		document, path, digest, packed);
}

/* Is the file of that path there, with that digest? */
static int
is_as_it_was(struct imports *im, struct str path, struct str digest, bool *ret, struct dd_err *err)
{
	struct store_file f;
	uint32_t file = model_file_of(im->m, path);
	int rc = file ? store_file_by_id(im->db, file, &f, err) : 0;
	*ret = rc == 0 && file && f.digest.n == digest.n &&
	       memcmp(f.digest.p, digest.p, digest.n) == 0;
	return rc;
}

static int
carry_evidence(
	struct imports *im, struct db *old, int64_t import, size_t *ret_dropped, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(old, &st, err,
		"SELECT document, path, digest, packed FROM evidence WHERE import = ? ORDER BY document",
		"i", import);
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		bool same = false;
		rc = is_as_it_was(im, db_text(st, 1), db_text(st, 2), &same, err);
		*ret_dropped += rc == 0 && !same;
		if (rc == 0 && same)
			rc = put_evidence(im, import, db_int(st, 0), db_text(st, 1), db_text(st, 2),
				db_blob(st, 3), err);
	}
	return rc < 0 ? rc : 0;
}

int
imports_carry(struct imports *im, struct db *old, size_t *ret_dropped, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(old, &st, err,
		"SELECT id, format, source, digest, tool, missing, dropped FROM import ORDER BY id",
		"");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		size_t dropped = 0;
		rc = carry_evidence(im, old, db_int(st, 0), &dropped, err);
		*ret_dropped += dropped;
		if (rc == 0)
			rc = db_run(im->db, err, "INSERT INTO import VALUES(?, ?, ?, ?, ?, ?, ?)",
				"ittttii", db_int(st, 0), db_text(st, 1), db_text(st, 2),
				db_text(st, 3), db_text(st, 4), db_int(st, 5),
				db_int(st, 6) + (int64_t)dropped);
	}
	return rc < 0 ? rc : 0;
}

/* ---- a new one ---- */

/* The path in the tree; it may have bytes of anything, and is only looked for. */
static struct str
path_in_tree(const char *below, struct str path, struct buf *b)
{
	buf_reset(b);
	if (*below)
		buf_printf(b, "%s/", below);
	while (str_starts(path, "./"))
		path = (struct str){path.p + 2, path.n - 2};
	buf_add_str(b, path);
	return buf_str(b);
}

/* Where an absolute path stops being of the machine that it was made on: behind this its longest end that is a file here; 0: none is. */
static size_t
foreign_part(const struct imports *im, const char *below, struct str path, struct buf *b)
{
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] == '/' &&
			model_file_of(
				im->m, path_in_tree(below,
					       (struct str){path.p + i + 1, path.n - i - 1}, b)))
			return i + 1;
	return 0;
}

/* The tree was at one place: where most of the absolute paths would have it, the first of several. */
static struct str
place_of_tree(const struct imports *im, const char *below, const struct str *paths, uint32_t n,
	struct buf *b)
{
	struct map votes = {0};
	struct str best = {"", 0};
	size_t most = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (!paths[i].n || *paths[i].p != '/')
			continue;
		struct str place = {paths[i].p, foreign_part(im, below, paths[i], b)};
		size_t so_far = (size_t)(uintptr_t)map_get_str(&votes, place) + 1;
		map_put_str(&votes, place, (void *)(uintptr_t)so_far);
		if (place.n && so_far > most) {
			most = so_far;
			best = place;
		}
	}
	map_cleanup(&votes);
	return best;
}

/* Numbers of the files, 0: not in the map; heap. */
static uint32_t *
files_in_tree(const struct imports *im, const char *below, const struct str *paths, uint32_t n)
{
	OWN(buf) struct buf b = {.max = 65536};
	struct str place = place_of_tree(im, below, paths, n, &b);
	uint32_t *files = mem_zalloc(n + 1ul, sizeof(*files));
	for (uint32_t i = 0; i < n; i++) {
		struct str p = paths[i];
		if (p.n && *p.p == '/') {
			if (!place.n || p.n < place.n || memcmp(p.p, place.p, place.n) != 0)
				continue;
			p = (struct str){p.p + place.n, p.n - place.n};
		}
		files[i] = model_file_of(im->m, path_in_tree(below, p, &b));
	}
	return files;
}

struct putting {
	struct imports *im;
	int64_t id, document;
};

static int
put_file_evidence(void *ctx, uint32_t file, struct str packed, struct dd_err *err)
{
	struct putting *p = ctx;
	struct store_file f;
	int rc = store_file_by_id(p->im->db, file, &f, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *digest = str_dup(f.digest), *path = str_dup(f.path);
	return put_evidence(p->im, p->id, p->document++, str_of(path), str_of(digest), packed, err);
}

/* One text for each file, as it is. */
static int
add_index(struct putting *p, const uint32_t *files, uint32_t n, struct unpacker *u,
	struct graph_import_result *ret, struct dd_err *err)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		struct str packed = unpack_str(u);
		if (u->bad || !files[i])
			continue;
		ret->files++;
		p->document = i;
		rc = put_file_evidence(p, files[i], packed, err);
	}
	return rc;
}

static int
add_evidence(struct imports *im, int64_t id, const struct graph_import *add, struct unpacker *u,
	struct graph_import_result *ret, struct dd_err *err)
{
	struct putting p = {im, id, 0};
	uint32_t n = unpack_count(u);
	OWN_FREE struct str *paths = mem_zalloc(n + 1ul, sizeof(*paths));
	for (uint32_t i = 0; i < n; i++)
		paths[i] = unpack_str(u);
	OWN_FREE uint32_t *files = files_in_tree(im, add->below, paths, n);
	for (uint32_t i = 0; i < n; i++)
		ret->missing += !files[i];
	int rc = add->format == GRAPH_SCIP ? add_index(&p, files, n, u, ret, err)
		 : add->format == GRAPH_RUNTIME
			 ? reached_place(im->m, files, n, u, ret, put_file_evidence, &p, err)
			 : seen_place(im->m, files, n, u, ret, put_file_evidence, &p, err);
	if (rc == 0 && (u->bad || u->p != u->end))
		rc = err_set(
			err, DD_ECORRUPT, "what was read of %s is not well formed", add->source);
	return rc;
}

/* Of a file there is one index that speaks of it, the newest, and one record of tests; what was seen adds up, but not the same file twice. */
static int
drop_replaced(struct imports *im, int64_t id, const struct graph_import *add, struct dd_err *err)
{
	int rc = db_run(im->db, err,
		"DELETE FROM evidence WHERE import IN (SELECT id FROM import WHERE format = ?1 AND id <> ?2 AND"
		" (?1 IN ('scip', 'runtime') OR digest = ?3)) AND path IN (SELECT path FROM evidence WHERE import = ?2)",
		"sis", graph_format_name(add->format), id, add->digest);
	if (rc == 0)
		rc = db_run(im->db, err,
			"DELETE FROM import WHERE format = ?1 AND id <> ?2 AND id NOT IN (SELECT import FROM evidence)",
			"si", graph_format_name(add->format), id);
	return rc;
}

static int
next_id(struct imports *im, int64_t *ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(
		im->db, &st, err, "SELECT coalesce(max(id), 0) + 1, count(*) FROM import", "");
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	*ret = db_int(st, 0);
	bool many = db_int(st, 1) >= IMPORTS_MAX;
	db_done(st);
	return many ? err_set(err, DD_EINVAL,
			      "the map has %d imports; drydock graph ingest --anew makes it without them",
			      IMPORTS_MAX)
		    : 0;
}

int
imports_add(struct imports *im, const struct graph_import *add, struct graph_import_result *ret,
	struct dd_err *err)
{
	struct unpacker u = unpacker_of(add->packed);
	struct str tool = unpack_str(&u);
	int64_t id = 0;
	int rc = next_id(im, &id, err);
	if (rc == 0)
		rc = add_evidence(im, id, add, &u, ret, err);
	if (rc == 0 && !ret->files)
		rc = err_set(err, DD_EINVAL,
			"nothing in %s is of a file of the map: --below DIR says where in the tree its paths begin",
			add->source);
	if (rc == 0)
		rc = db_run(im->db, err, "INSERT INTO import VALUES(?, ?, ?, ?, ?, ?, 0)", "isssti",
			id, graph_format_name(add->format), add->source, add->digest, tool,
			(int64_t)ret->missing);
	return rc < 0 ? rc : drop_replaced(im, id, add, err);
}

/* ---- for the resolution ---- */

static struct index *
index_of(struct imports *im, uint32_t id)
{
	if (im->n && im->v[im->n - 1].id == id)
		return &im->v[im->n - 1];
	im->v = mem_grow(im->v, im->n, &im->cap, sizeof(*im->v));
	im->v[im->n] = (struct index){.id = id};
	return &im->v[im->n++];
}

static void
load_row(struct imports *im, uint32_t id, uint32_t document, struct str path)
{
	struct index *x = index_of(im, id);
	uint32_t file = model_file_of(im->m, path);
	if (!file || document >= SCAN_MAX_FILES)
		return;
	while (x->ndocuments <= document) {
		x->file_of = mem_grow(x->file_of, x->ndocuments, &x->cap, sizeof(*x->file_of));
		x->file_of[x->ndocuments++] = 0;
	}
	x->file_of[document] = file;
	im->places[file] = (struct place){(uint32_t)im->n, document};
	im->import_of[file] = (uint32_t)im->n;
}

int
imports_load(struct imports *im, struct hash *digest, struct dd_err *err)
{
	struct db_stmt *st;
	im->places = mem_zalloc(im->m->nfiles + 1, sizeof(*im->places));
	im->import_of = mem_zalloc(im->m->nfiles + 1, sizeof(*im->import_of));
	int rc = db_query(im->db, &st, err,
		"SELECT i.id, e.document, e.path, i.digest, i.format FROM import i JOIN evidence e ON e.import = i.id"
		" ORDER BY i.id, e.document",
		"");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		struct str path = db_text(st, 2), of = db_text(st, 3);
		hash_add(digest, of.p, of.n);
		hash_add(digest, path.p, path.n + 1);
		if (str_eq(db_text(st, 4), format_names[GRAPH_SCIP]))
			load_row(im, (uint32_t)db_int(st, 0), (uint32_t)db_int(st, 1), path);
	}
	return rc < 0 ? rc : 0;
}

static void
add_counts(struct imports *im)
{
	im->counts.said += im->overlay.counts.said;
	im->counts.placed += im->overlay.counts.placed;
	im->counts.refuted += im->overlay.counts.refuted;
	overlay_cleanup(&im->overlay);
}

int
imports_overlay(struct imports *im, size_t file, struct overlay **ret, struct dd_err *err)
{
	const struct place *p = &im->places[file + 1];
	struct db_stmt *st;
	*ret = NULL;
	add_counts(im);
	if (!p->index)
		return 0;
	const struct index *x = &im->v[p->index - 1];
	int rc = db_query(im->db, &st, err,
		"SELECT packed FROM evidence WHERE import = ? AND document = ?", "ii",
		(int64_t)x->id, (int64_t)p->document);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc <= 0)
		return rc;
	im->overlay = (struct overlay){.import = p->index,
		.import_of = im->import_of,
		.file_of = x->file_of,
		.ndocuments = x->ndocuments};
	rc = overlay_unpack(&im->overlay, im->m, db_blob(st, 0), err);
	db_done(st);
	if (rc == 0)
		*ret = &im->overlay;
	return rc;
}

void
imports_counts(struct imports *im, struct graph_import_result *ret)
{
	add_counts(im);
	ret->said += im->counts.said;
	ret->placed += im->counts.placed;
	ret->refuted = im->counts.refuted;
}

/* ---- what was seen ---- */

struct rows {
	struct imports *im;
	int64_t import;
};

static int
put_seen(void *ctx, const struct seen_row *r, struct dd_err *err)
{
	const struct rows *x = ctx;
	return db_run(x->im->db, err,
		"INSERT OR REPLACE INTO seen VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", "iiiiiiiii",
		(int64_t)r->entity, x->import, (int64_t)r->count, (int64_t)r->errors,
		(int64_t)r->timed, (int64_t)r->p50_us, (int64_t)r->p95_us, (int64_t)r->lines,
		(int64_t)r->lines_hit);
}

/* Who answers at an endpoint was called as often as it was asked, unless it was seen itself. */
static int
put_served(struct imports *im, struct dd_err *err)
{
	struct edges_reader r;
	int rc = db_exec(im->db, "CREATE TEMP TABLE served(src INTEGER, dst INTEGER)", err);
	edges_reader_init(&r, im->m, false);
	while (rc == 0 && edges_next(&r)) {
		for (size_t i = 0; rc == 0 && i < r.n; i++)
			if (r.v[i].relation == REL_SERVES && r.v[i].dst &&
				im->m->entities[r.src].kind != KIND_FILE)
				rc = db_run(im->db, err, "INSERT INTO served VALUES(?, ?)", "ii",
					(int64_t)r.src, (int64_t)r.v[i].dst);
	}
	edges_reader_finish(&r);
	return rc < 0 ? rc
		      : db_exec(im->db,
				"INSERT OR IGNORE INTO seen SELECT src, import, sum(count), sum(errors), sum(timed), max(p50_us),"
				" max(p95_us), 0, 0 FROM served JOIN seen ON entity = dst GROUP BY src, import",
				err);
}

int
imports_seen(struct imports *im, struct dd_err *err)
{
	bool any = false;
	struct db_stmt *st;
	int rc = db_query(im->db, &st, err,
		"SELECT i.id, i.format, e.path, e.packed FROM import i JOIN evidence e ON e.import = i.id"
		" WHERE i.format <> ? ORDER BY i.id, e.document",
		"s", format_names[GRAPH_SCIP]);
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		struct rows x = {im, db_int(st, 0)};
		any = true;
		bool tests = str_eq(db_text(st, 1), format_names[GRAPH_LCOV]);
		uint32_t file = model_file_of(im->m, db_text(st, 2));
		rc = str_eq(db_text(st, 1), format_names[GRAPH_RUNTIME])
			     ? reached_unpack(im->m, file, db_blob(st, 3), put_seen, &x, err)
			     : seen_unpack(im->m, file, db_blob(st, 3),
				       tests ? PROV_RUNTIME : PROV_PRODUCTION, put_seen, &x, err);
	}
	return rc < 0 ? rc : any ? put_served(im, err) : 0;
}
