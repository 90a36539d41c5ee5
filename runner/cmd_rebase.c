/* drydock rebase: the branch of an earlier run is put onto what is checked out now. */
#include "runner/commands.h"

#include "runner/fix_kept.h"
#include "runner/fix_rebase.h"
#include "runner/sequel.h"

struct rebase_options {
	struct common_options common;
	struct sequel_options sequel;
};

static const struct option_def options[] = {
	SEQUEL_OPTIONS(struct rebase_options, sequel),
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int
name_goal(const struct run *of, char **ret, struct dd_err *err)
{
	OWN_JSON json_t *result = NULL;
	int rc = fix_kept_result(of, &result, err);
	if (rc == 0)
		*ret = mem_printf("Put the commits of %s onto what is checked out now",
			json_string_in(result, "branch"));
	return rc;
}

static int
fill_options(const void *own, const struct run *of, struct run_options *ret, struct dd_err *err)
{
	(void)own;
	int rc = fix_rebase_admit(of, err);
	if (rc == 0)
		rc = name_goal(of, &ret->goal, err);
	if (rc == 0)
		ret->rebase = json_pack("{s:s}", "run", of->id);
	return rc;
}

static int
new_run(const struct cli_call *call, const struct state *st, struct run *ret, struct dd_err *err)
{
	const struct rebase_options *o = call->options;
	return sequel_new_run(st, call->args[0], &o->sequel, NULL, fill_options, NULL, ret, err);
}

static int
carry_out(const struct cli_call *call, struct state *st, struct run *run, struct answers *none)
{
	(void)none;
	return command_with_answers(call, st, run, fix_rebase_run);
}

static int
run_rebase(const struct cli_call *call)
{
	return command_new_run(call, NULL, new_run, carry_out);
}

const struct subcommand cmd_rebase = {
	.name = "rebase",
	.summary = "put the branch of an earlier run onto what is checked out now",
	.args = "RUN",
	.description =
		"RUN is one of drydock fix, work, refine or rebase that is over and left a branch.  Where the branch of its source has moved since, the\n"
		"source as it is now is stood up, and the commits of RUN are put onto it, one after the other: what both sides changed in\n"
		"different lines is merged, and each result passes the gates of drydock fix, its test cases set against those of the source\n"
		"as it is now.  All of them get there, or none.\n\n"
		"Two changes of the same lines go to a model that may write, in the files with both sides in them; what it makes of them is gated and\n"
		"reviewed as any change of a model.  Without one, or where it does not succeed, the conflict is told: files, lines and both\n"
		"commits, in commits of --json and in the guide.\n\n"
		"What got there is a new branch: drydock/RUN-2, and so on, whose commits keep their messages.  The branch of RUN and what is checked out stay\n"
		"where they are.  A branch of RUN that somebody moved is refused.\n\n"
		"The exit status is 0 for fixed and clean (there was nothing that is not there already), 4 for budget, else 1.",
	.options = options,
	.options_size = sizeof(struct rebase_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_rebase,
};
