#include "qa/baseline_store.h"

#include <string.h>

struct deciding {
	struct baselines *b;
	json_t *entries;
};

struct wish {
	enum baseline_decision decision;
	const char *env, *case_name;
	const char *picture; /* that was looked at; NULL: the newest */
	const char *author, *reason;
};

/* ---- one case ---- */

/* DD_ENOENT: nothing was ever captured for it; heap. */
static int
newest_picture(struct baselines *b, const struct wish *w, char **ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(b->db, &st, err,
		"SELECT picture FROM result WHERE env = ?1 AND case_name = ?2 ORDER BY id DESC LIMIT 1",
		"ss", w->env, w->case_name);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc == 0)
		return err_set(err, DD_ENOENT, "there is no case \"%s\" in environment %.12s",
			w->case_name, w->env);
	if (rc < 0)
		return rc;
	*ret = db_dup(st, 0);
	db_done(st);
	return 0;
}

static int
add(struct deciding *d, const struct wish *w, const struct case_state *s, const char *picture,
	struct dd_err *err)
{
	const char *baseline = case_state_baseline(s);
	const struct log_entry e = {w->env, w->case_name, baseline_decision_names[w->decision],
		picture, baseline ? baseline : "", w->author, w->reason};
	return store_log(d->b, &e, d->entries, err);
}

static int
undo(struct deciding *d, const struct wish *w, const struct case_state *s, struct dd_err *err)
{
	const char *last = s->n ? s->v[s->n - 1].picture : NULL;
	if (w->picture && !case_state_about(s, w->picture))
		return 0; /* it is undone */
	if (!last)
		return err_set(err, DD_EINVAL, "%s: there is nothing to undo", w->case_name);
	if (w->picture && strcmp(last, w->picture) != 0)
		return err_set(err, DD_EINVAL, "%s: another decision came later; undo that first",
			w->case_name);
	return add(d, w, s, last, err);
}

static int
approve_or_reject(
	struct deciding *d, const struct wish *w, const struct case_state *s, struct dd_err *err)
{
	OWN_FREE char *newest = NULL;
	bool is_blank = false;
	int rc = newest_picture(d->b, w, &newest, err);
	if (rc < 0)
		return rc;
	const struct standing *about = case_state_about(s, newest);
	const char *baseline = case_state_baseline(s);
	if (w->picture && strcmp(newest, w->picture) != 0)
		return err_set(err, DD_EINVAL,
			"%s: there is a newer picture than the one decided about", w->case_name);
	rc = store_is_blank(d->b, newest, &is_blank, err);
	if (rc < 0)
		return rc;
	if (w->decision == DECIDE_APPROVE && is_blank)
		return err_set(
			err, DD_EINVAL, "%s: the picture is blank, and no baseline", w->case_name);
	if (about && about->decision == w->decision &&
		(w->decision == DECIDE_REJECT || (baseline && strcmp(baseline, newest) == 0)))
		return 0; /* it is so already */
	return add(d, w, s, newest, err);
}

static int
decide_one(struct deciding *d, const struct wish *w, struct dd_err *err)
{
	OWN(case_state) struct case_state s = {0};
	int rc = case_state_load(d->b, w->env, w->case_name, &s, err);
	if (rc < 0)
		return rc;
	return w->decision == DECIDE_UNDO ? undo(d, w, &s, err) : approve_or_reject(d, w, &s, err);
}

/* ---- all or nothing ---- */

static int
in_transaction(struct baselines *b,
	int (*fn)(struct deciding *d, const void *ctx, struct dd_err *err), const void *ctx,
	json_t **ret, struct dd_err *err)
{
	struct deciding d = {b, json_array()};
	int rc = db_begin(b->db, err);
	if (rc == 0) {
		rc = fn(&d, ctx, err);
		if (rc == 0)
			rc = db_commit(b->db, err);
		else
			db_rollback(b->db);
	}
	if (rc == 0)
		*ret = d.entries;
	else
		json_decref(d.entries);
	return rc;
}

static int
check_author(const char *name, const char *reason, struct dd_err *err)
{
	if (!name || !*name)
		return err_set(err, DD_EINVAL, "a decision needs an author");
	if (!reason || !str_trim(str_of(reason)).n)
		return err_set(err, DD_EINVAL, "a decision needs a reason");
	return 0;
}

/* ---- by name ---- */

struct by_name {
	enum baseline_decision decision;
	const struct strlist *cases;
	const struct baseline_author *author;
};

/* Pairs of environment and case: those of the name, or (NULL) those that wait for a person. */
static int
find_cases(struct baselines *b, const char *name, struct strlist *envs, struct strlist *names,
	struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(b->db, &st, err,
		"SELECT env, case_name FROM result r WHERE id = (SELECT max(id) FROM result"
		"  WHERE env = r.env AND case_name = r.case_name)"
		" AND CASE WHEN ?1 IS NULL THEN verdict IN (?2, ?3) ELSE case_name = ?1 END"
		" ORDER BY case_name, env",
		"sii", name, (int64_t)VERDICT_DIFFERENT, (int64_t)VERDICT_NEW);
	const size_t before = names->n;
	while (rc >= 0 && (rc = db_step(st, err)) == 1) {
		strlist_add_str(envs, db_text(st, 0));
		strlist_add_str(names, db_text(st, 1));
	}
	if (rc == 0 && name && names->n == before)
		return err_set(err, DD_ENOENT, "there is no case \"%s\"", name);
	return rc;
}

static int
decide_by_name(struct deciding *d, const void *ctx, struct dd_err *err)
{
	const struct by_name *w = ctx;
	OWN(strlist) struct strlist envs = {0}, names = {0};
	int rc = w->cases->n ? 0 : find_cases(d->b, NULL, &envs, &names, err);
	for (size_t i = 0; rc == 0 && i < w->cases->n; i++)
		rc = find_cases(d->b, w->cases->v[i], &envs, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		const struct wish wish = {w->decision, envs.v[i], names.v[i], NULL, w->author->name,
			w->author->reason};
		rc = decide_one(d, &wish, err);
	}
	return rc;
}

int
baseline_decide(struct baselines *b, enum baseline_decision decision, const struct strlist *cases,
	const struct baseline_author *author, json_t **ret_entries, struct dd_err *err)
{
	const struct by_name w = {decision, cases, author};
	int rc = check_author(author->name, author->reason, err);
	if (rc == 0 && decision == DECIDE_UNDO && !cases->n)
		rc = err_set(err, DD_EINVAL, "undo needs the name of a case");
	return rc < 0 ? rc : in_transaction(b, decide_by_name, &w, ret_entries, err);
}

/* ---- by file ---- */

struct decision_row {
	char *case_name, *environment, *picture, *reason, *author;
	int decision;
};

struct decisions {
	int64_t version;
	char *author;
	struct json_array_of rows;
};

#define O(member) offsetof(struct decision_row, member)
static const struct json_field row_fields[] = {
	{.key = "case", .kind = JSON_K_STRING, .offset = O(case_name), .required = true},
	{.key = "environment", .kind = JSON_K_STRING, .offset = O(environment), .required = true},
	{.key = "picture", .kind = JSON_K_STRING, .offset = O(picture), .required = true},
	{.key = "decision",
		.kind = JSON_K_ENUM,
		.offset = O(decision),
		.required = true,
		.names = baseline_decision_names},
	{.key = "reason", .kind = JSON_K_STRING, .offset = O(reason), .required = true},
	{.key = "author", .kind = JSON_K_STRING, .offset = O(author)},
	{.key = NULL},
};
#undef O
#define O(member) offsetof(struct decisions, member)
static const struct json_field file_fields[] = {
	{.key = "drydock_decisions", .kind = JSON_K_INT, .offset = O(version), .required = true},
	{.key = "author", .kind = JSON_K_STRING, .offset = O(author)},
	{.key = "decisions",
		.kind = JSON_K_ARRAY,
		.offset = O(rows),
		.required = true,
		.sub = row_fields,
		.elem_size = sizeof(struct decision_row)},
	{.key = NULL},
};
#undef O

static int
decide_rows(struct deciding *d, const void *ctx, struct dd_err *err)
{
	const struct decisions *f = ctx;
	const struct decision_row *rows = f->rows.v;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < f->rows.n; i++) {
		const struct decision_row *r = &rows[i];
		const struct wish w = {(enum baseline_decision)r->decision, r->environment,
			r->case_name, r->picture, r->author ? r->author : f->author, r->reason};
		rc = check_author(w.author, w.reason, err);
		if (rc == 0)
			rc = decide_one(d, &w, err);
		if (rc < 0)
			rc = err_wrap(err, "decisions[%zu]", i);
	}
	return rc;
}

int
baseline_decide_file(
	struct baselines *b, const json_t *file, json_t **ret_entries, struct dd_err *err)
{
	struct decisions f = {0};
	int rc = json_decode(file, file_fields, false, &f, "decisions", err);
	if (rc == 0 && f.version != 1)
		rc = err_set(err, DD_EUNSUPPORTED, "decisions of version %lld are not known",
			(long long)f.version);
	if (rc == 0)
		rc = in_transaction(b, decide_rows, &f, ret_entries, err);
	json_release(file_fields, &f);
	return rc;
}
