#include "agents/memory.h"

#include "base/db.h"
#include "base/fs.h"

#include <string.h>

#define APPLICATION_ID 0x64646d65u /* "ddme" */
#define DAY_S ((int64_t)86400)
#define ENOUGH_FILES 0.5 /* of a memory's, that a cluster must have to be its cluster */

const char *const memory_source_names[] = {"person", "review", "run", "target", NULL};
static const unsigned confidence_of[] = {90, 70, 60, 10};
static const int64_t days_of[] = {0, 365, 180, 30};

static const char *const migrations[] = {
	"CREATE TABLE memory (id INTEGER PRIMARY KEY AUTOINCREMENT, tree TEXT NOT NULL, cluster TEXT NOT NULL,"
	" files TEXT NOT NULL, text TEXT NOT NULL, source INTEGER NOT NULL, evidence TEXT, confidence INTEGER NOT NULL,"
	" created_s INTEGER NOT NULL, ends_s INTEGER NOT NULL) STRICT;"
	"CREATE INDEX memory_tree ON memory(tree);"
	"CREATE TABLE change (id INTEGER PRIMARY KEY, memory INTEGER NOT NULL, at_s INTEGER NOT NULL, author TEXT NOT NULL,"
	" what TEXT NOT NULL, text TEXT NOT NULL) STRICT;",
};

struct memories {
	struct db *db;
	int64_t now_s;
};

int
memories_open(const char *dir, int64_t now_s, struct memories **ret, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(dir, "memory.db");
	struct db *db;
	int rc = db_open(path, migrations, sizeof(migrations) / sizeof(*migrations), APPLICATION_ID,
		&db, err);
	if (rc == 0 && (rc = db_exec(db, "PRAGMA secure_delete=ON", err)) < 0)
		db_close(db);
	if (rc < 0)
		return err_wrap(err, "memory");
	*ret = mem_new(struct memories);
	**ret = (struct memories){db, now_s};
	return 0;
}

void
memories_close(struct memories *m)
{
	if (!m)
		return;
	db_close(m->db);
	free(m);
}

/* ---- changing ---- */

static int
write_down(struct memories *m, int64_t id, const char *author, const char *what, const char *text,
	struct dd_err *err)
{
	return db_run(m->db, err,
		"INSERT INTO change(memory, at_s, author, what, text) VALUES(?, ?, ?, ?, ?)",
		"iisss", id, m->now_s, author && *author ? author : "unknown", what, text);
}

/* Ends what db_begin began; 0 or what rc was. */
static int
end(struct memories *m, int rc, struct dd_err *err)
{
	if (rc < 0) {
		db_rollback(m->db);
		return err_wrap(err, "memory");
	}
	return db_commit(m->db, err);
}

static int
check_text(const char *text, struct dd_err *err)
{
	struct str t = str_trim(str_of(text));
	if (!t.n || t.n > MEMORY_MAX_TEXT)
		return err_set(err, DD_EINVAL, "memory: a memory is a text of 1 to %d bytes",
			MEMORY_MAX_TEXT);
	return 0;
}

static int
insert(struct memories *m, const struct memory_new *s, const char *files, int64_t *ret_id,
	struct dd_err *err)
{
	struct db_stmt *st;
	int64_t days = s->days ? s->days : days_of[s->source];
	int rc = db_run(m->db, err,
		"INSERT INTO memory(tree, cluster, files, text, source, evidence, confidence, created_s, ends_s)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"ssssisiii", s->tree, s->cluster, files, s->text, (int64_t)s->source, s->evidence,
		(int64_t)(s->confidence ? s->confidence : confidence_of[s->source]), m->now_s,
		days ? m->now_s + days * DAY_S : 0);
	if (rc == 0)
		rc = db_query(m->db, &st, err, "SELECT last_insert_rowid()", "");
	if (rc == 0 && (rc = db_step(st, err)) == 1) {
		*ret_id = db_int(st, 0);
		db_done(st);
		rc = 0;
	}
	return rc;
}

int
memories_add(struct memories *m, const struct memory_new *spec, int64_t *ret_id, struct dd_err *err)
{
	OWN(buf) struct buf files = {0};
	OWN_JSON json_t *list = json_from_strings(spec->files);
	int64_t id = 0;
	int rc = check_text(spec->text, err);
	if (rc == 0 && !spec->files->n)
		rc = err_set(err, DD_EINVAL,
			"memory: a memory is of files; what holds everywhere is a rule (rules.md)");
	if (rc < 0)
		return rc;
	json_print(list, 0, &files);
	rc = db_begin(m->db, err);
	if (rc < 0)
		return err_wrap(err, "memory");
	rc = insert(m, spec, files.p, &id, err);
	if (rc == 0)
		rc = write_down(m, id, spec->author, "added", spec->text, err);
	rc = end(m, rc, err);
	if (rc == 0)
		*ret_id = id;
	return rc;
}

static int
find(struct memories *m, int64_t id, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(m->db, &st, err, "SELECT 1 FROM memory WHERE id = ?", "i", id);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc == 1)
		db_done(st);
	return rc == 0	? err_set(err, DD_ENOENT, "there is no memory %lld", (long long)id)
	       : rc < 0 ? rc
			: 0;
}

int
memories_edit(
	struct memories *m, int64_t id, const char *text, const char *author, struct dd_err *err)
{
	int rc = check_text(text, err);
	if (rc == 0)
		rc = db_begin(m->db, err);
	if (rc < 0)
		return rc;
	rc = find(m, id, err);
	if (rc == 0)
		rc = db_run(m->db, err,
			"UPDATE memory SET text = ?, source = ?, confidence = ?, ends_s = 0 WHERE id = ?",
			"siii", text, (int64_t)MEMORY_OF_PERSON,
			(int64_t)confidence_of[MEMORY_OF_PERSON], id);
	if (rc == 0)
		rc = write_down(m, id, author, "edited", text, err);
	return end(m, rc, err);
}

int
memories_forget(struct memories *m, int64_t id, const char *author, struct dd_err *err)
{
	int rc = db_begin(m->db, err);
	if (rc < 0)
		return rc;
	rc = find(m, id, err);
	if (rc == 0)
		rc = db_run(m->db, err, "DELETE FROM memory WHERE id = ?", "i", id);
	if (rc == 0)
		rc = db_run(m->db, err, "UPDATE change SET text = '' WHERE memory = ?", "i", id);
	if (rc == 0)
		rc = write_down(m, id, author, "forgotten", "", err);
	return end(m, rc, err);
}

/* ---- reading ---- */

#define COLUMNS "id, tree, cluster, files, text, source, evidence, confidence, created_s, ends_s"

static json_t *
row_json(struct memories *m, struct db_stmt *st)
{
	OWN_JSON json_t *files = NULL;
	int64_t source = db_int(st, 5), ends = db_int(st, 9);
	bool over = ends && ends <= m->now_s, trusted = source != MEMORY_OF_TARGET;
	if (json_parse(db_text(st, 3), &files, NULL) < 0 || source < 0 || source > MEMORY_OF_TARGET)
		return NULL;
	json_t *j = json_pack("{s:I, s:o, s:s, s:o, s:o, s:I, s:I, s:I, s:b, s:s}", "id",
		(json_int_t)db_int(st, 0), "text", json_text(db_text(st, 4)), "source",
		memory_source_names[source], "tree", json_text(db_text(st, 1)), "cluster",
		json_text(db_text(st, 2)), "confidence", (json_int_t)db_int(st, 7), "created_s",
		(json_int_t)db_int(st, 8), "ends_s", (json_int_t)ends, "used", trusted && !over,
		"because",
		over	  ? "it has ended"
		: trusted ? "its source is trusted"
			  : "it is the target's text alone");
	json_object_set_new(j, "evidence", json_text(db_text(st, 6)));
	json_object_set(j, "files", files);
	return j;
}

int
memories_list(struct memories *m, const char *tree, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *list = json_array();
	struct db_stmt *st;
	int rc = tree ? db_query(m->db, &st, err,
				"SELECT " COLUMNS
				" FROM memory WHERE tree = ? ORDER BY confidence DESC, id",
				"s", tree)
		      : db_query(m->db, &st, err,
				"SELECT " COLUMNS " FROM memory ORDER BY tree, confidence DESC, id",
				"");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		json_t *j = row_json(m, st);
		if (j)
			json_array_append_new(list, j);
	}
	if (rc < 0)
		return err_wrap(err, "memory");
	*ret = TAKE(list);
	return 0;
}

int
memories_why(struct memories *m, int64_t id, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *memory = NULL;
	json_t *changes = json_array();
	struct db_stmt *st;
	int rc = db_query(m->db, &st, err, "SELECT " COLUMNS " FROM memory WHERE id = ?", "i", id);
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		json_decref(memory);
		memory = row_json(m, st);
	}
	if (rc == 0)
		rc = db_query(m->db, &st, err,
			"SELECT at_s, author, what, text FROM change WHERE memory = ? ORDER BY id",
			"i", id);
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		json_array_append_new(changes,
			json_pack("{s:I, s:o, s:o, s:o}", "at_s", (json_int_t)db_int(st, 0),
				"author", json_text(db_text(st, 1)), "what",
				json_text(db_text(st, 2)), "text", json_text(db_text(st, 3))));
	}
	if (rc == 0 && !json_array_size(changes))
		rc = err_set(err, DD_ENOENT, "there is no memory %lld", (long long)id);
	if (rc < 0) {
		json_decref(changes);
		return err_wrap(err, "memory");
	}
	*ret = memory ? TAKE(memory)
		      : json_pack("{s:I, s:b}", "id", (json_int_t)id, "forgotten", 1);
	json_object_set_new(*ret, "changes", changes);
	return 0;
}

/* ---- where it holds ---- */

static size_t
in_common(const json_t *a, const json_t *b)
{
	size_t i, k, n = 0;
	json_t *x, *y;
	json_array_foreach (a, i, x) {
		json_array_foreach (b, k, y) {
			n += json_equal(x, y);
		}
	}
	return n;
}

/* The cluster of now that a memory's files are in; NULL: none has enough of them. */
static const json_t *
cluster_of(const json_t *clusters, const json_t *files)
{
	const json_t *best = NULL;
	size_t i, most = 0;
	json_t *c;
	json_array_foreach (clusters, i, c) {
		size_t n = in_common(files, json_object_get(c, "files"));
		if (n > most) {
			most = n;
			best = c;
		}
	}
	return (double)most >= ENOUGH_FILES * (double)json_array_size(files) ? best : NULL;
}

static bool
touches(const json_t *cluster, const struct strlist *files)
{
	size_t i;
	json_t *f;
	json_array_foreach (json_object_get(cluster, "files"), i, f) {
		if (json_is_string(f) && strlist_has(files, json_string_value(f)))
			return true;
	}
	return false;
}

int
memories_for(struct memories *m, const char *tree, const json_t *clusters,
	const struct strlist *files, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *all = NULL;
	json_t *list, *memory;
	size_t i;
	int rc = memories_list(m, tree, &all, err);
	if (rc < 0)
		return rc;
	list = json_array();
	json_array_foreach (all, i, memory) {
		const json_t *cluster = cluster_of(clusters, json_object_get(memory, "files"));
		if (json_is_true(json_object_get(memory, "used")) && cluster &&
			touches(cluster, files))
			json_array_append(list, memory);
	}
	*ret = list;
	return 0;
}
