/*
 * The two sides of a contradiction.  Each is the change of an attempt that was dropped, because cases of the other side ended
 * worse with it; all other gates are asked of it as of a change that is kept, and what fails one gets no branch.
 */
#include "runner/fix_loop.h"

static const struct fix_side *
side_of(const struct fix_result *r, int side)
{
	return &r->sides[side ? r->conflict.right_by : r->conflict.left_by];
}

/* ---- gates ---- */

static int
ask_gates(struct fixing *f, struct dd_err *err)
{
	struct standup_result now = {0};
	bool good = true, reviewed = false;
	int rc = fix_stand_up(f, &now, err);
	if (rc == 0)
		rc = fix_pass_late(f, &now, &good, err);
	if (rc == 0 && good && f->author == AUTHOR_MODEL)
		rc = fix_take_guidance(f, err);
	if (rc == 0 && good && f->author == AUTHOR_MODEL) {
		rc = fix_have_reviewed(f, &good, err);
		reviewed = rc == 0;
	}
	if (reviewed)
		fix_settle_cost(f, f->attempt);
	standup_result_cleanup(&now);
	return rc;
}

int
fix_gate_sides(struct fixing *f, struct dd_err *err)
{
	struct fix_attempt *last = f->attempt;
	const enum fix_author author = f->author;
	const int64_t n = f->n;
	int rc = 0;
	for (int side = 0; rc == 0 && side < 2; side++) {
		const struct fix_side *s = side_of(f->r, side);
		const struct fix_attempt *a = fix_side_attempt(f->r, side);
		if (!a || a->verdict == VERDICT_KEPT)
			continue;
		f->taken = s;
		f->attempt = &f->r->attempts.v[s->attempt];
		f->author = a->author;
		f->n = a->n;
		rc = ask_gates(f, err);
	}
	f->taken = NULL;
	f->attempt = last;
	f->author = author;
	f->n = n;
	return rc;
}

/* ---- branches ---- */

static int
do_side(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	const struct fix_result *r = f->r;
	const struct fix_side *side = side_of(r, f->side);
	enum gate refused = fix_side_refused_by(r, f->side);
	OWN(strlist) struct strlist messages = {0};
	OWN_FREE char *branch = mem_printf("drydock/%s-%s", f->run->id, f->side ? "b" : "a"),
		      *own = fix_side_message(f->run, r, f->side);
	if (!side->layers.n || refused != GATES) {
		*ret_result = refused == GATES
				      ? json_pack("{s:s}", "why", "the source as it is")
				      : json_pack("{s:s++}", "why", "refused by the gate \"",
						gate_names[refused], "\"");
		return 0;
	}
	for (size_t i = 0; i < side->layers.n; i++) {
		OWN_FREE char *m = fix_commit_message(f->run, r, i);
		strlist_add(&messages, i < side->kept ? m : own);
	}
	return fix_put_branch(f, branch, NULL, &side->layers, &messages, ret_result, err);
}

int
fix_put_sides(struct fixing *f, struct dd_err *err)
{
	int rc = 0;
	for (f->side = 0; rc == 0 && f->side < 2; f->side++)
		rc = journal_step(f->run->journal, f->side ? "fix/side/b" : "fix/side/a", do_side,
			f, &f->r->branches[f->side], err);
	return rc;
}
