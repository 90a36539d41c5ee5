#include "qa/baseline_store.h"

#include "base/fs.h"
#include "base/log.h"

#include <string.h>

#define APPLICATION_ID 0x64726231 /* "drb1" */

const char *const baseline_verdict_names[] = {
	"passed", "different", "new", "rejected", "blank", NULL};
const char *const baseline_decision_names[] = {"approve", "reject", "undo", NULL};

static const char *const migrations[] = {
	"CREATE TABLE environment (key TEXT PRIMARY KEY, browser TEXT NOT NULL, fonts TEXT NOT NULL,"
	"  flags TEXT NOT NULL, w INTEGER NOT NULL, h INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE picture (digest TEXT PRIMARY KEY, blank INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE result (id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL,"
	"  env TEXT NOT NULL, case_name TEXT NOT NULL, picture TEXT NOT NULL, baseline TEXT NOT NULL,"
	"  verdict INTEGER NOT NULL, differing INTEGER NOT NULL, differing_aa INTEGER NOT NULL,"
	"  masked REAL NOT NULL, time_ns INTEGER NOT NULL, UNIQUE (env, case_name, run)) STRICT;"
	"CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, time_ns INTEGER NOT NULL,"
	"  env TEXT NOT NULL, case_name TEXT NOT NULL, action TEXT NOT NULL, picture TEXT NOT NULL,"
	"  previous TEXT NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL) STRICT;"
	"CREATE INDEX log_by_case ON log (env, case_name, id);"
	"CREATE TRIGGER log_keeps BEFORE UPDATE ON log BEGIN SELECT raise(ABORT, 'the log is only added to'); END;"
	"CREATE TRIGGER log_stays BEFORE DELETE ON log BEGIN SELECT raise(ABORT, 'the log is only added to'); END;",
};

int
baselines_open(const struct state *state, struct baselines **ret, struct dd_err *err)
{
	OWN_FREE char *dir = state_path(state, "baselines");
	OWN_FREE char *path = fs_join(dir, "baselines.db");
	struct db *db;
	int rc = fs_mkdirs(dir, 0700, err);
	if (rc == 0)
		rc = db_open(path, migrations, sizeof(migrations) / sizeof(*migrations),
			APPLICATION_ID, &db, err);
	if (rc < 0)
		return err_wrap(err, "baselines");
	struct baselines *b = mem_new(struct baselines);
	b->state = state;
	b->db = db;
	b->cas = state_path(state, "cas");
	*ret = b;
	return 0;
}

void
baselines_close(struct baselines *b)
{
	if (!b)
		return;
	db_close(b->db);
	free(b->cas);
	free(b);
}

struct hash_hex
baseline_environment_key(const struct baseline_environment *e)
{
	OWN_FREE char *size = mem_printf("%ux%u", e->w, e->h);
	const struct str fields[] = {
		str_of(e->browser), str_of(e->fonts), str_of(e->flags), str_of(size)};
	return hash_fields(fields, sizeof(fields) / sizeof(*fields));
}

/* ---- what the log says ---- */

static void
take_entry(struct case_state *s, const char *action, const char *picture)
{
	if (strcmp(action, baseline_decision_names[DECIDE_UNDO]) == 0) {
		if (s->n)
			free(s->v[--s->n].picture);
		return;
	}
	for (int d = DECIDE_APPROVE; d <= DECIDE_REJECT; d++) {
		if (strcmp(action, baseline_decision_names[d]) != 0)
			continue;
		s->v = mem_grow(s->v, s->n, &s->cap, sizeof(*s->v));
		s->v[s->n++] = (struct standing){(enum baseline_decision)d, mem_strdup(picture)};
	}
}

int
case_state_load(struct baselines *b, const char *env, const char *name, struct case_state *ret,
	struct dd_err *err)
{
	struct db_stmt *st;
	struct case_state s = {0};
	int rc = db_query(b->db, &st, err,
		"SELECT action, picture FROM log WHERE env = ?1 AND case_name = ?2 ORDER BY id",
		"ss", env, name);
	while (rc >= 0 && (rc = db_step(st, err)) == 1) {
		OWN_FREE char *action = db_dup(st, 0), *picture = db_dup(st, 1);
		take_entry(&s, action, picture);
	}
	if (rc < 0)
		case_state_cleanup(&s);
	else
		*ret = s;
	return rc;
}

void
case_state_cleanup(struct case_state *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].picture);
	free(s->v);
	*s = (struct case_state){0};
}

const struct standing *
case_state_about(const struct case_state *s, const char *picture)
{
	for (size_t i = s->n; i-- > 0;)
		if (strcmp(s->v[i].picture, picture) == 0)
			return &s->v[i];
	return NULL;
}

const char *
case_state_baseline(const struct case_state *s)
{
	for (size_t i = s->n; i-- > 0;) {
		const struct standing *last = case_state_about(s, s->v[i].picture);
		if (last && last->decision == DECIDE_APPROVE)
			return last->picture;
	}
	return NULL;
}

/* ---- rows ---- */

int
store_is_blank(struct baselines *b, const char *picture, bool *ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(
		b->db, &st, err, "SELECT blank FROM picture WHERE digest = ?1", "s", picture);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc == 0)
		return err_set(err, DD_ENOENT, "picture %s is not known", picture);
	if (rc < 0)
		return rc;
	*ret = db_int(st, 0);
	db_done(st);
	return 0;
}

int
store_log(struct baselines *b, const struct log_entry *e, json_t *entries, struct dd_err *err)
{
	const int64_t now = clock_real_ns();
	int rc = db_run(b->db, err,
		"INSERT INTO log (time_ns, env, case_name, action, picture, previous, author, reason)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		"isssssss", now, e->env, e->case_name, e->action, e->picture, e->previous,
		e->author, e->reason);
	if (rc == 0 && entries)
		json_array_append_new(entries,
			json_pack("{s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:I}", "case",
				json_text(str_of(e->case_name)), "environment", e->env, "action",
				e->action, "picture", e->picture, "previous", e->previous, "author",
				json_text(str_of(e->author)), "reason",
				json_text(str_of(e->reason)), "time_ns", (json_int_t)now));
	return rc;
}
