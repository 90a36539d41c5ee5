#include "qa/baseline_store.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/log.h"

#include <string.h>

#define MAX_NAME 500

void
baseline_result_cleanup(struct baseline_result *r)
{
	picture_diff_cleanup(&r->diff);
}

/* In the store, and leased: no collection takes what the history shows. */
static int
keep_picture(struct baselines *b, struct str png, struct hash_hex *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist digests = {0};
	const struct hash_hex digest = hash_bytes(png);
	strlist_add(&digests, digest.s);
	int rc = object_lease(b->state, "baselines", &digests, err);
	return rc < 0 ? rc : cas_put(b->cas, png, ret, err);
}

static int
read_picture(struct baselines *b, const char *digest, struct buf *ret, struct dd_err *err)
{
	OWN_FD int fd = -1;
	OWN_FREE char *path = cas_path(b->cas, digest);
	ret->max = PICTURE_MAX_FILE + 1;
	int rc = cas_open(b->cas, digest, &fd, err); /* looks at every byte */
	return rc < 0 ? rc : fs_read(path, PICTURE_MAX_FILE, ret, err);
}

/* With its baseline, or (digest NULL) with itself, to see what it is. */
static int
look(struct baselines *b, const struct baseline_capture *c, const char *digest, bool is_known,
	struct picture_diff *ret, struct dd_err *err)
{
	OWN(buf) struct buf baseline = {0};
	int rc = digest ? read_picture(b, digest, &baseline, err) : 0;
	const struct picture_spec spec = {
		.state = b->state,
		.a = digest ? buf_str(&baseline) : c->png,
		.b = c->png,
		.tree_a = c->tree_a,
		.tree_b = c->tree_b,
		.masks = c->masks,
		.nmasks = c->nmasks,
		.threshold = PICTURE_THRESHOLD,
		.look = !is_known || c->nmasks,
	};
	return rc < 0 ? rc : picture_compare(&spec, ret, err);
}

static enum baseline_verdict
judge(const struct case_state *s, const struct baseline_result *r, bool is_blank)
{
	const struct standing *about = case_state_about(s, r->picture.s);
	if (is_blank)
		return VERDICT_BLANK;
	if (about && about->decision == DECIDE_REJECT)
		return VERDICT_REJECTED;
	if (!*r->baseline.s)
		return VERDICT_NEW;
	return r->diff.equal ? VERDICT_PASSED : VERDICT_DIFFERENT;
}

/* ---- writing it down ---- */

static int
has_log(struct baselines *b, const char *env, const char *name, bool *ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(b->db, &st, err,
		"SELECT 1 FROM log WHERE env = ?1 AND case_name = ?2 LIMIT 1", "ss", env, name);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	*ret = rc == 1;
	if (rc == 1)
		db_done(st);
	return 0;
}

static int
add_environment(struct baselines *b, const char *key, const struct baseline_environment *e,
	struct dd_err *err)
{
	return db_run(b->db, err,
		"INSERT INTO environment VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
		"ssssii", key, e->browser, e->fonts, e->flags, (int64_t)e->w, (int64_t)e->h);
}

static int
add_result(struct baselines *b, const char *env, const struct baseline_capture *c,
	const struct baseline_result *r, struct dd_err *err)
{
	return db_run(b->db, err,
		"INSERT OR REPLACE INTO result (run, env, case_name, picture, baseline, verdict, differing,"
		" differing_aa, masked, time_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
		"sssssiiifi", c->run, env, c->case_name, r->picture.s, r->baseline.s,
		(int64_t)r->verdict, (int64_t)r->diff.differing, (int64_t)r->diff.differing_aa,
		r->masked, clock_real_ns());
}

static int
record(struct baselines *b, const char *env, const struct baseline_capture *c,
	const struct baseline_result *r, bool is_blank, struct dd_err *err)
{
	bool known = true;
	int rc = db_begin(b->db, err);
	if (rc < 0)
		return rc;
	rc = add_environment(b, env, c->environment, err);
	if (rc == 0)
		rc = db_run(b->db, err, "INSERT OR REPLACE INTO picture VALUES (?1, ?2)", "si",
			r->picture.s, (int64_t)is_blank);
	if (rc == 0)
		rc = has_log(b, env, c->case_name, &known, err);
	const struct log_entry first = {
		env, c->case_name, "new", r->picture.s, "", "drydock", "first picture, unreviewed"};
	if (rc == 0 && !known)
		rc = store_log(b, &first, NULL, err);
	if (rc == 0)
		rc = add_result(b, env, c, r, err);
	if (rc == 0)
		return db_commit(b->db, err);
	db_rollback(b->db);
	return rc;
}

/* ---- the front door ---- */

static int
check(struct baselines *b, const struct baseline_capture *c, struct baseline_result *r,
	struct dd_err *err)
{
	const struct hash_hex env = baseline_environment_key(c->environment);
	const struct hash_hex digest = hash_bytes(c->png);
	OWN(case_state) struct case_state s = {0};
	bool is_blank = false;
	int rc = case_state_load(b, env.s, c->case_name, &s, err);
	if (rc < 0)
		return rc;
	const char *baseline = case_state_baseline(&s);
	const bool is_known = store_is_blank(b, digest.s, &is_blank, NULL) == 0;
	rc = look(b, c, baseline, is_known, &r->diff, err);
	if (rc == 0)
		rc = keep_picture(b, c->png, &r->picture, err);
	if (rc < 0)
		return rc;
	if (r->diff.was_decoded)
		is_blank = r->diff.is_blank_b;
	if (baseline)
		memcpy(r->baseline.s, baseline, HASH_HEX);
	r->masked = r->diff.masked ? (double)r->diff.masked / ((double)r->diff.wb * r->diff.hb) : 0;
	r->verdict = judge(&s, r, is_blank);
	return record(b, env.s, c, r, is_blank, err);
}

int
baseline_check(struct baselines *b, const struct baseline_capture *c, struct baseline_result *ret,
	struct dd_err *err)
{
	struct baseline_result r = {0};
	if (!*c->case_name || strlen(c->case_name) > MAX_NAME)
		return err_set(err, DD_EINVAL, "a case needs a name of at most %d bytes", MAX_NAME);
	int rc = check(b, c, &r, err);
	if (rc < 0) {
		baseline_result_cleanup(&r);
		return rc;
	}
	*ret = r;
	return 0;
}
