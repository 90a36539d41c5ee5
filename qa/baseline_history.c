#include "qa/baseline_store.h"

static json_t *
text_at(struct db_stmt *st, int column)
{
	return json_text(db_text(st, column));
}

/* Rows of a query of two parameters, environment and case, each made JSON by `describe`. */
static int
gather(struct baselines *b, const char *sql, const char *env, const char *name,
	json_t *(*describe)(struct db_stmt *st), json_t **ret, struct dd_err *err)
{
	struct db_stmt *st;
	json_t *all = json_array();
	int rc = db_query(b->db, &st, err, sql, "ss", env, name);
	while (rc >= 0 && (rc = db_step(st, err)) == 1)
		json_array_append_new(all, describe(st));
	if (rc < 0)
		json_decref(all);
	else
		*ret = all;
	return rc;
}

static json_t *
describe_result(struct db_stmt *st)
{
	return json_pack("{s:o, s:s, s:o, s:o, s:I, s:I, s:f, s:I}", "run", text_at(st, 0),
		"verdict", baseline_verdict_names[db_int(st, 1)], "picture", text_at(st, 2),
		"baseline", text_at(st, 3), "differing", (json_int_t)db_int(st, 4), "differing_aa",
		(json_int_t)db_int(st, 5), "masked", db_real(st, 6), "time_ns",
		(json_int_t)db_int(st, 7));
}

static json_t *
describe_entry(struct db_stmt *st)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I}", "action", text_at(st, 0), "picture",
		text_at(st, 1), "previous", text_at(st, 2), "author", text_at(st, 3), "reason",
		text_at(st, 4), "time_ns", (json_int_t)db_int(st, 5));
}

static json_t *
describe_environment(struct db_stmt *st)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:I, s:I}", "key", text_at(st, 0), "browser",
		text_at(st, 1), "fonts", text_at(st, 2), "flags", text_at(st, 3), "w",
		(json_int_t)db_int(st, 4), "h", (json_int_t)db_int(st, 5));
}

static int
describe_case(
	struct baselines *b, const char *env, const char *name, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *results = NULL, *log = NULL, *where = NULL;
	OWN(case_state) struct case_state s = {0};
	int rc = gather(b,
		"SELECT run, verdict, picture, baseline, differing, differing_aa, masked, time_ns FROM result"
		" WHERE env = ?1 AND case_name = ?2 ORDER BY id DESC LIMIT 30",
		env, name, describe_result, &results, err);
	if (rc == 0)
		rc = gather(b,
			"SELECT action, picture, previous, author, reason, time_ns FROM log"
			" WHERE env = ?1 AND case_name = ?2 ORDER BY id",
			env, name, describe_entry, &log, err);
	if (rc == 0)
		rc = gather(b,
			"SELECT key, browser, fonts, flags, w, h FROM environment WHERE key = ?1 AND ?2 <> ''",
			env, name, describe_environment, &where, err);
	if (rc == 0)
		rc = case_state_load(b, env, name, &s, err);
	if (rc < 0)
		return rc;
	json_t *newest = json_array_get(results, 0);
	const char *baseline = case_state_baseline(&s);
	const char *picture = json_string_value(json_object_get(newest, "picture"));
	*ret = json_pack("{s:o, s:O, s:O, s:b, s:O, s:s, s:O, s:O, s:O}", "case",
		json_text(str_of(name)), "environment", json_array_get(where, 0), "verdict",
		json_object_get(newest, "verdict"), "reviewed",
		case_state_about(&s, picture) != NULL, "picture",
		json_object_get(newest, "picture"), "baseline", baseline ? baseline : "", "masked",
		json_object_get(newest, "masked"), "results", results, "log", log);
	return 0;
}

int
baseline_history(struct baselines *b, const char *case_name, json_t **ret, struct dd_err *err)
{
	struct db_stmt *st;
	OWN(strlist) struct strlist envs = {0}, names = {0};
	OWN_JSON json_t *all = json_array();
	int rc = db_query(b->db, &st, err,
		"SELECT DISTINCT env, case_name FROM result WHERE ?1 IS NULL OR case_name = ?1"
		" ORDER BY case_name, env",
		"s", case_name);
	while (rc >= 0 && (rc = db_step(st, err)) == 1) {
		strlist_add_str(&envs, db_text(st, 0));
		strlist_add_str(&names, db_text(st, 1));
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		json_t *one = NULL;
		rc = describe_case(b, envs.v[i], names.v[i], &one, err);
		if (rc == 0)
			json_array_append_new(all, one);
	}
	if (rc == 0 && case_name && !names.n)
		rc = err_set(err, DD_ENOENT, "there is no case \"%s\"", case_name);
	if (rc == 0)
		*ret = TAKE(all);
	return rc;
}
