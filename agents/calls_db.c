#include "agents/calls_db.h"

#include "base/fs.h"
#include "base/log.h"

#include <string.h>
#include <sys/random.h>

#define APPLICATION_ID 0x64726331 /* "drc1" */
#define MINUTE_NS INT64_C(60000000000)

const char *const call_state_names[] = {"sent", "done", "failed", "doubt", NULL};

static const char *const migrations[] = {
	"CREATE TABLE span ("
	"  id INTEGER PRIMARY KEY,"
	"  span TEXT NOT NULL UNIQUE,"
	"  parent TEXT,"
	"  name TEXT NOT NULL,"
	"  started_ns INTEGER NOT NULL,"
	"  ended_ns INTEGER NOT NULL DEFAULT 0,"
	"  error TEXT,"
	"  attributes TEXT NOT NULL"
	") STRICT;"
	"CREATE TABLE call ("
	"  id INTEGER PRIMARY KEY,"
	"  span TEXT NOT NULL,"
	"  key TEXT NOT NULL,"
	"  digest TEXT NOT NULL,"
	"  try INTEGER NOT NULL,"
	"  model TEXT NOT NULL,"
	"  state TEXT NOT NULL,"
	"  started_ns INTEGER NOT NULL,"
	"  tokens INTEGER NOT NULL,"   /* the reserve until it is settled, then the cost */
	"  nano_usd INTEGER NOT NULL," /* the same */
	"  request TEXT NOT NULL,"
	"  files TEXT,"
	"  answer TEXT"
	") STRICT;"
	"CREATE INDEX call_key ON call(key, digest);"
	"CREATE TABLE tool (key TEXT PRIMARY KEY, started_ns INTEGER NOT NULL, is_error INTEGER, text TEXT) STRICT, WITHOUT ROWID;"
	"CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",
};

static void
random_hex(char *out, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[16];
	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		abort();
	for (size_t i = 0; i < n; i++)
		out[i] = digits[i % 2 ? raw[i / 2] & 15 : raw[i / 2] >> 4];
	out[n] = '\0';
}

/* ---- opening ---- */

/* 1: it was there. */
static int
find_trace_id(struct calls *c, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(c->db, &st, err, "SELECT value FROM fact WHERE key = 'trace_id'", "");
	if (rc == 0)
		rc = db_step(st, err);
	if (rc == 1) {
		struct str id = db_text(st, 0);
		if (id.n == 32)
			memcpy(c->trace_id, id.p, 32);
		db_done(st);
	}
	return rc;
}

static int
read_trace_id(struct calls *c, struct dd_err *err)
{
	random_hex(c->trace_id, 32);
	int rc = find_trace_id(c, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return db_run(c->db, err, "INSERT INTO fact VALUES ('trace_id', ?)", "s", c->trace_id);
}

/* What was under way when its drydock died.  Most often nothing: then the disk is left alone. */
static int
settle_doubts(struct calls *c, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(c->db, &st, err, "SELECT 1 FROM span WHERE ended_ns = 0 LIMIT 1", "");
	if (rc == 0)
		rc = db_step(st, err);
	if (rc != 1)
		return rc;
	db_done(st);
	rc = db_begin(c->db, err);
	if (rc < 0)
		return rc;
	rc = db_run(c->db, err, "UPDATE call SET state = 'doubt' WHERE state = 'sent'", "");
	if (rc == 0)
		rc = db_run(c->db, err,
			"UPDATE span SET ended_ns = started_ns, error = 'in_doubt' WHERE ended_ns = 0",
			"");
	if (rc < 0) {
		db_rollback(c->db);
		return rc;
	}
	return db_commit(c->db, err);
}

static void
close_provider(void *p)
{
	provider_close(p);
}

static int
open_db(const char *path, const struct models *models, struct calls **ret, struct dd_err *err)
{
	struct calls *c = mem_new(struct calls);
	c->models = models;
	c->providers.destroy = close_provider;
	int rc = db_open(path, migrations, sizeof(migrations) / sizeof(*migrations), APPLICATION_ID,
		&c->db, err);
	if (rc == 0)
		rc = read_trace_id(c, err);
	if (rc < 0)
		calls_close(c);
	else
		*ret = c;
	return rc < 0 ? err_wrap(err, "agents") : 0;
}

int
calls_open(const char *dir, const struct models *models, struct calls **ret, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(dir, CALLS_FILE);
	struct calls *c;
	int rc = open_db(path, models, &c, err);
	if (rc < 0)
		return rc;
	rc = settle_doubts(c, err);
	if (rc < 0)
		calls_close(c);
	else
		*ret = c;
	return rc < 0 ? err_wrap(err, "agents") : 0;
}

int
calls_open_beside(
	const char *dir, const struct models *models, struct calls **ret, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(dir, CALLS_FILE);
	return open_db(path, models, ret, err);
}

int
calls_open_trace(const char *dir, struct calls **ret, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(dir, CALLS_FILE);
	if (!fs_exists(path))
		return err_set(err, DD_ENOENT, "the run made no calls to models");
	return open_db(path, NULL, ret, err);
}

void
calls_close(struct calls *c)
{
	if (!c)
		return;
	map_cleanup(&c->providers);
	db_close(c->db);
	free(c);
}

void
calls_set_secrets(struct calls *c, const struct answers *secrets)
{
	c->secrets = secrets;
}

/* ---- secrets ---- */

static void
redact_key(const struct provider *p, json_t *j)
{
	const char *key;
	size_t i;
	json_t *v;
	if (json_is_string(j)) {
		OWN(buf) struct buf out = {0};
		provider_redact(p, str_of(json_string_value(j)), &out);
		if (out.n && strcmp(out.p, json_string_value(j)) != 0)
			(void)json_string_set(j, out.p);
	}
	json_object_foreach (j, key, v) {
		redact_key(p, v);
	}
	json_array_foreach (j, i, v) {
		redact_key(p, v);
	}
}

void
calls_redact_json(struct calls *c, const struct provider *p, json_t *j)
{
	if (c->secrets)
		answers_redact_json(c->secrets, j);
	if (p)
		redact_key(p, j);
}

/* ---- spans ---- */

static char *
text_of(const json_t *j)
{
	OWN(buf) struct buf out = {0};
	json_print(j, 0, &out);
	return buf_take(&out);
}

int
calls_db_span_begin(struct calls *c, const char *parent, const char *name, const json_t *attributes,
	char ret_id[SPAN_ID + 1], struct dd_err *err)
{
	char id[SPAN_ID + 1];
	OWN_FREE char *text = text_of(attributes);
	random_hex(id, SPAN_ID);
	int rc = db_run(c->db, err,
		"INSERT INTO span (span, parent, name, started_ns, attributes) VALUES (?, ?, ?, ?, ?)",
		"sssis", id, parent, name, clock_real_ns(), text);
	if (rc == 0)
		memcpy(ret_id, id, sizeof(id));
	return rc;
}

int
calls_db_span_end(struct calls *c, const char *id, const json_t *attributes, const char *error,
	struct dd_err *err)
{
	OWN_FREE char *text = attributes ? text_of(attributes) : mem_strdup("{}");
	return db_run(c->db, err,
		"UPDATE span SET ended_ns = ?, error = ?, attributes = json_patch(attributes, ?) WHERE span = ?",
		"isss", clock_real_ns(), error, text, id);
}

/* ---- budget ---- */

int
calls_set_budget(struct calls *c, const struct budget *b, struct dd_err *err)
{
	OWN_FREE char *text = mem_printf("%lld %lld", (long long)b->tokens, (long long)b->nano_usd);
	return db_run(c->db, err, "INSERT OR REPLACE INTO fact VALUES ('budget', ?)", "s", text);
}

static int
read_budget(struct calls *c, struct budget *ret, struct dd_err *err)
{
	struct db_stmt *st;
	struct budget b = {-1, -1};
	int rc = db_query(c->db, &st, err, "SELECT value FROM fact WHERE key = 'budget'", "");
	if (rc == 0)
		rc = db_step(st, err);
	if (rc == 1) {
		OWN_FREE char *text = db_dup(st, 0);
		char *end;
		b.tokens = strtoll(text, &end, 10);
		b.nano_usd = strtoll(end, NULL, 10);
		db_done(st);
	}
	if (rc >= 0)
		*ret = b;
	return rc < 0 ? rc : 0;
}

int
calls_sum(struct calls *c, struct calls_sum *ret, struct dd_err *err)
{
	struct db_stmt *st;
	struct calls_sum s = {0};
	int rc = read_budget(c, &s.budget, err);
	if (rc == 0)
		rc = db_query(c->db, &st, err,
			"SELECT state, count(*), sum(tokens), sum(nano_usd) FROM call GROUP BY state",
			"");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		bool sent = str_eq(db_text(st, 0), call_state_names[CALL_SENT]);
		*(sent ? &s.reserved_tokens : &s.tokens) += db_int(st, 2);
		*(sent ? &s.reserved_nano_usd : &s.nano_usd) += db_int(st, 3);
		s.calls += db_int(st, 1);
		if (str_eq(db_text(st, 0), call_state_names[CALL_DOUBT]))
			s.in_doubt += db_int(st, 1);
		rc = 0;
	}
	if (rc == 0)
		*ret = s;
	return rc;
}

int
calls_spent(struct calls *c, const char *prefix, int64_t *ret_tokens, int64_t *ret_nano_usd,
	struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(c->db, &st, err,
		"SELECT sum(tokens), sum(nano_usd) FROM call WHERE state <> 'sent' AND substr(key, 1, length(?1)) = ?1",
		"s", prefix);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc == 1) {
		*ret_tokens = db_int(st, 0);
		*ret_nano_usd = db_int(st, 1);
		db_done(st);
	}
	return rc < 0 ? rc : 0;
}

static bool
is_over(int64_t budget, int64_t want)
{
	return budget >= 0 && want > budget;
}

static int
check_budget(struct calls *c, const struct reserve *want, bool *ret_held, struct dd_err *err)
{
	struct calls_sum s;
	int rc = calls_sum(c, &s, err);
	if (rc < 0)
		return rc;
	int64_t tokens = s.tokens + s.reserved_tokens + want->tokens;
	int64_t nano_usd = s.nano_usd + s.reserved_nano_usd + want->nano_usd;
	*ret_held = !is_over(s.budget.tokens, s.tokens + want->tokens) &&
		    !is_over(s.budget.nano_usd, s.nano_usd + want->nano_usd);
	if (is_over(s.budget.tokens, tokens))
		return err_set(err, DD_ELIMIT,
			"the budget of %lld tokens does not hold this call: %lld are spent, and it may take %lld",
			(long long)s.budget.tokens, (long long)(tokens - want->tokens),
			(long long)want->tokens);
	if (is_over(s.budget.nano_usd, nano_usd))
		return err_set(err, DD_ELIMIT,
			"the budget of USD %.4f does not hold this call: %.4f are spent, and it may cost %.4f",
			(double)s.budget.nano_usd / 1e9, (double)(nano_usd - want->nano_usd) / 1e9,
			(double)want->nano_usd / 1e9);
	return 0;
}

/* ---- calls ---- */

static json_t *
attributes_before(const struct call_row *row)
{
	const struct model *m = row->model;
	json_t *a = json_pack("{s:s, s:o, s:o, s:I, s:o, s:I}", "gen_ai.operation.name", "chat",
		"gen_ai.provider.name", json_text(str_of(m->via->name)), "gen_ai.request.model",
		json_text(str_of(m->id)), "gen_ai.request.max_tokens",
		(json_int_t)row->req->max_output, "drydock.call.key", json_text(str_of(row->key)),
		"drydock.call.try", (json_int_t)row->try);
	if (m->family)
		json_object_set_new(a, "drydock.model.family", json_text(str_of(m->family)));
	if (row->req->conversation)
		json_object_set_new(
			a, "gen_ai.conversation.id", json_text(str_of(row->req->conversation)));
	json_t *tools = json_array();
	for (size_t i = 0; i < row->req->ntools; i++)
		json_array_append_new(tools, json_text(str_of(row->req->tools[i].name)));
	json_object_set_new(a, "drydock.tools", tools);
	json_object_set_new(a, "drydock.request.bytes", json_integer((json_int_t)row->request.n));
	json_object_set_new(
		a, "drydock.reserve.tokens", json_integer((json_int_t)row->reserve.tokens));
	json_object_set_new(
		a, "drydock.reserve.nano_usd", json_integer((json_int_t)row->reserve.nano_usd));
	return a;
}

static int
insert_call(struct calls *c, const struct call_row *row, const char *span, int64_t *ret_id,
	struct dd_err *err)
{
	OWN_FREE char *files = row->files ? text_of(row->files) : NULL;
	struct db_stmt *st;
	int rc = db_query(c->db, &st, err,
		"INSERT INTO call (span, key, digest, try, model, state, started_ns, tokens, nano_usd, request, files)"
		" VALUES (?, ?, ?, ?, ?, 'sent', ?, ?, ?, ?, ?) RETURNING id",
		"sssisiiits", span, row->key, row->digest.s, row->try, row->model->name,
		clock_real_ns(), row->reserve.tokens, row->reserve.nano_usd, row->request, files);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc == 1) {
		*ret_id = db_int(st, 0);
		db_done(st);
	}
	return rc < 0 ? rc : 0;
}

int
calls_db_begin(struct calls *c, const struct call_row *row, int64_t *ret_id, char span[SPAN_ID + 1],
	bool *ret_held, struct dd_err *err)
{
	OWN_JSON json_t *attributes = attributes_before(row);
	OWN_FREE char *name = mem_printf("chat %s", row->model->id);
	*ret_held = false;
	int rc = db_begin(c->db, err);
	if (rc < 0)
		return rc;
	rc = check_budget(c, &row->reserve, ret_held, err);
	if (rc == 0)
		rc = calls_db_span_begin(c, row->parent, name, attributes, span, err);
	if (rc == 0)
		rc = insert_call(c, row, span, ret_id, err);
	if (rc < 0) {
		db_rollback(c->db);
		return rc;
	}
	return db_commit(c->db, err);
}

static json_t *
attributes_after(const struct call_end *e)
{
	json_t *out = json_pack("{s:s}", "drydock.call.state", call_state_names[e->state]);
	const struct chat_answer *a = e->answer;
	if (e->state != CALL_DOUBT) {
		json_object_set_new(
			out, "drydock.cost.tokens", json_integer((json_int_t)e->cost.tokens));
		json_object_set_new(
			out, "drydock.cost.nano_usd", json_integer((json_int_t)e->cost.nano_usd));
	}
	if (e->failure && e->failure->status)
		json_object_set_new(
			out, "http.response.status_code", json_integer(e->failure->status));
	if (e->failure && e->failure->message)
		json_object_set_new(
			out, "drydock.error.message", json_text(str_of(e->failure->message)));
	if (!a)
		return out;
	json_object_set_new(out, "gen_ai.response.finish_reasons",
		json_pack("[s]", a->stop_text ? a->stop_text : chat_stop_names[a->stop]));
	if (a->model)
		json_object_set_new(out, "gen_ai.response.model", json_text(str_of(a->model)));
	if (a->id)
		json_object_set_new(out, "gen_ai.response.id", json_text(str_of(a->id)));
	if (!a->usage.known)
		return out;
	/* The convention's input is all of it. */
	json_object_set_new(out, "gen_ai.usage.input_tokens",
		json_integer(
			(json_int_t)(a->usage.input + a->usage.cache_read + a->usage.cache_write)));
	json_object_set_new(
		out, "gen_ai.usage.output_tokens", json_integer((json_int_t)a->usage.output));
	json_object_set_new(out, "gen_ai.usage.cache_read.input_tokens",
		json_integer((json_int_t)a->usage.cache_read));
	json_object_set_new(out, "gen_ai.usage.cache_creation.input_tokens",
		json_integer((json_int_t)a->usage.cache_write));
	return out;
}

int
calls_db_end(
	struct calls *c, int64_t id, const char *span, const struct call_end *e, struct dd_err *err)
{
	OWN_JSON json_t *attributes = attributes_after(e),
			*answer = e->answer ? chat_answer_to_json(e->answer) : NULL;
	OWN_FREE char *text = answer ? text_of(answer) : NULL;
	const char *error = e->failure ? call_failure_names[e->failure->kind] : NULL;
	int rc = db_begin(c->db, err);
	if (rc < 0)
		return rc;
	/* What is in doubt stays charged at its reserve. */
	if (e->state == CALL_DOUBT)
		rc = db_run(c->db, err, "UPDATE call SET state = 'doubt' WHERE id = ?", "i", id);
	else
		rc = db_run(c->db, err,
			"UPDATE call SET state = ?, tokens = ?, nano_usd = ?, answer = ? WHERE id = ?",
			"siisi", call_state_names[e->state], e->cost.tokens, e->cost.nano_usd, text,
			id);
	if (rc == 0)
		rc = calls_db_span_end(c, span, attributes, error, err);
	if (rc < 0) {
		db_rollback(c->db);
		return rc;
	}
	return db_commit(c->db, err);
}

int
calls_db_find(struct calls *c, const char *key, const struct hash_hex *digest,
	struct chat_answer *ret, int64_t *ret_doubts, struct dd_err *err)
{
	struct db_stmt *st;
	OWN_JSON json_t *answer = NULL;
	int64_t doubts = 0;
	int rc = db_query(c->db, &st, err,
		"SELECT state, answer FROM call WHERE key = ? AND digest = ?", "ss", key,
		digest->s);
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		doubts += str_eq(db_text(st, 0), call_state_names[CALL_DOUBT]);
		rc = !answer && str_eq(db_text(st, 0), call_state_names[CALL_DONE])
			     ? json_parse(db_text(st, 1), &answer, err)
			     : 0;
		if (rc < 0)
			db_done(st);
	}
	if (rc < 0)
		return rc;
	*ret_doubts = doubts;
	rc = answer ? chat_answer_from_json(answer, ret, err) : 0;
	return rc < 0 ? rc : answer != NULL;
}

int
calls_db_pace(struct calls *c, const struct model *m, int64_t *ret_wait_ns, struct dd_err *err)
{
	const struct model_limits *l = &m->limits;
	struct db_stmt *st;
	int64_t now = clock_real_ns(), n = 0, tokens = 0, wait = 0;
	*ret_wait_ns = 0;
	if (l->requests <= 0 && l->tokens <= 0)
		return 0;
	/* Newest first: the one that fills the minute has to leave it. */
	int rc = db_query(c->db, &st, err,
		"SELECT started_ns, tokens FROM call WHERE model = ? AND started_ns > ? ORDER BY started_ns DESC",
		"si", m->name, now - MINUTE_NS);
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		n++;
		tokens += db_int(st, 1);
		if ((l->requests > 0 && n >= l->requests) || (l->tokens > 0 && tokens >= l->tokens))
			wait = db_int(st, 0) + MINUTE_NS - now;
		if (wait)
			db_done(st);
		rc = wait ? 1 : 0;
	}
	if (rc >= 0)
		*ret_wait_ns = wait;
	return rc < 0 ? rc : 0;
}
