/* drydock fix, from the beginning to the end: one aim, and what it gives. */
#include "runner/fix_loop.h"

#include "runner/attest.h"
#include "runner/cli.h"
#include "runner/guide.h"

int
fix_write_guide(const struct fixing *f, struct dd_err *err)
{
	struct guide g = {0};
	guide_fix(f->run, f->r, &fix_best(f)->probe.questions, &g);
	int rc = guide_write(f->run, &g, f->answers, err);
	guide_cleanup(&g);
	return rc;
}

static int
do_fix(struct fixing *f, struct dd_err *err)
{
	const struct fix_aim aim = {.reach = {.goal = f->run->options.goal}};
	f->r->reach = aim.reach;
	int rc = fix_begin(f, err);
	if (rc < 0)
		return rc;
	fix_aim_at(f, &aim);
	rc = fix_reach(f, err);
	if (rc == 0)
		rc = fix_show_attacks(f, err);
	if (rc < 0)
		return rc;
	f->r->outcome = fix_conclude(f);
	fix_gather(f);
	rc = fix_hand_over(f, err);
	if (rc == 0)
		rc = fix_write_guide(f, err);
	if (rc == 0)
		rc = attest_run(f->st, f->run, err);
	OWN_JSON json_t *outcome = json_pack("{s:s, s:s}", "name", run_outcome_names[f->r->after],
		"fix", fix_outcome_names[f->r->outcome]);
	return rc < 0 ? rc : journal_set(f->run->journal, "outcome", outcome, err);
}

int
fix_run(const struct cli_call *call, struct state *st, struct run *run, struct answers *answers)
{
	const struct common_options *common = call->options;
	struct fix_result r = {0};
	struct fixing f = {
		.st = st, .run = run, .answers = answers, .owner = run_owner(run), .r = &r};
	int status = 0;
	st->limits = limit_options_to_pod(&run->options.limits);
	if (fix_in_session(&f, do_fix, &status) == 0) {
		fix_print(run, &r, answers, common->json);
		status = fix_exit_status(r.outcome);
	}
	fixing_cleanup(&f);
	fix_result_cleanup(&r);
	return status;
}
