#include "runner/commands.h"

#include "runner/fix_rebase.h"
#include "runner/fix_refine.h"
#include "runner/session.h"
#include "runner/work.h"
#include "runner/workspace.h"

struct resume_options {
	struct common_options common;
	const char *answers;
};

#define O(member) offsetof(struct resume_options, member)
static const struct option_def options[] = {
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers to use from now on instead of those the run was started with"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int
run_resume(const struct cli_call *call)
{
	const struct resume_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct answers *answers = NULL;
	struct run run = {.lock_fd = -1};
	int rc = session_require(&o->common, &err);
	if (rc == 0)
		rc = session_start(&o->common, &st, &err);
	if (rc == 0)
		rc = run_open(&st, call->args[0], true, &run, &err);
	if (rc == 0)
		rc = run_require_whole(&run, &err);
	if (rc == 0)
		rc = run.options.fix	     ? work_change_answers(&run, o->answers, &err)
		     : run.options.workspace ? workspace_change_answers(&run, o->answers, &err)
					     : run_change_answers(&run, o->answers, &err);
	if (rc == 0)
		rc = command_load_answers(run.options.answers, &answers, &err);
	int status = rc < 0		  ? cli_fail(cli_status_of(&err), &err)
		     : run.options.refine ? fix_refine_run(call, &st, &run, answers)
		     : run.options.rebase ? fix_rebase_run(call, &st, &run, answers)
		     : run.options.plan	  ? work_run(call, &st, &run, answers)
		     : run.options.fix	  ? fix_run(call, &st, &run, answers)
					  : workspace_or_one(call, &st, &run, answers);
	run_cleanup(&run);
	answers_destroy(answers);
	return status;
}

const struct subcommand cmd_resume = {
	.name = "resume",
	.summary = "go on with a run that was stopped, killed or blocked",
	.args = "[RUN]",
	.description = "RUN is an id, a unique prefix of one, or \"latest\" (the default).",
	.options = options,
	.options_size = sizeof(struct resume_options),
	.max_args = 1,
	.run = run_resume,
};
