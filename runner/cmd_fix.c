#include "runner/commands.h"

#include "base/fs.h"
#include "base/log.h"
#include "runner/fix_author.h"
#include "runner/scan.h"

#include <string.h>

struct fix_options {
	struct common_options common;
	const char *answers, *image, *patch, *goal, *osv;
	bool offline, strict, no_branch;
	struct spending_options spending;
	struct limit_options limits;
};

#define O(member) offsetof(struct fix_options, member)
static const struct option_def options[] = {
	{"strict", 0, OPTION_FLAG, O(strict), NULL,
		"also repair C that builds, but that compilers of today refuse: functions and int that "
		"nobody declared"},
	{"goal", 0, OPTION_TEXT, O(goal), "TEXT",
		"have a model change the source so that this holds, instead of what fails; a test may be changed only if the "
		"text names its path"},
	SPENDING_OPTIONS(struct fix_options, spending),
	{"patch", 0, OPTION_TEXT, O(patch), "FILE", "write the changes there, too"},
	{"no-branch", 0, OPTION_FLAG, O(no_branch), NULL,
		"write nothing into the repository of the source"},
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers to questions: a JSON object by id"},
	{"image", 0, OPTION_TEXT, O(image), "NAME",
		"start from this image instead of the base image"},
	{"offline", 0, OPTION_FLAG, O(offline), NULL, "use only what is in the store"},
	OSV_OPTION(O(osv)),
	LIMIT_OPTIONS(struct fix_options, limits),
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int
new_run(const struct cli_call *call, const struct state *st, struct run *ret, struct dd_err *err)
{
	const struct fix_options *o = call->options;
	struct run_options ro = {.fix = true,
		.strict = o->strict,
		.no_branch = o->no_branch,
		.offline = o->offline,
		.limits = o->limits,
		.created_ns = clock_real_ns()};
	int rc = fix_take_spending(&o->spending, o->goal ? "--goal" : NULL, &ro, err);
	if (rc == 0 && o->goal)
		ro.goal = mem_strdup(o->goal);
	if (rc == 0)
		rc = command_source(call->args[0], &ro.source, err);
	if (rc == 0)
		rc = command_absolute_path(o->answers, &ro.answers, err);
	if (rc == 0)
		rc = scan_advisories(o->osv, &ro.osv, err);
	if (rc == 0)
		rc = command_path_to_write(o->patch, &ro.patch, err);
	if (rc == 0 && o->image)
		ro.image = mem_strdup(o->image);
	if (rc == 0)
		rc = run_create(st, &ro, ret, err);
	run_options_cleanup(&ro);
	return rc;
}

static int
run_fix(const struct cli_call *call)
{
	const struct fix_options *o = call->options;
	return command_new_run(call, o->answers, new_run, fix_run);
}

const struct subcommand cmd_fix = {
	.name = "fix",
	.summary = "repair what keeps an application from building or its tests from passing",
	.args = "SOURCE",
	.description =
		"SOURCE is as for drydock up.  Rules repair old C (missing headers, int and functions that nobody declared,\n"
		"casts that were silent), Makefiles, what configure makes them of, and scripts that keep it from being built, and source for Python 2.  Then,\n"
		"where drydock models shows one with the role \"write\" and a key, a model is asked: it gets what fails and the\n"
		"places of the source that have to do with it, may read, search, run commands and tests in the sandbox, and\n"
		"answers with edits, never of tests.  A change is kept only if no test case ends worse with it, unit, integration\n"
		"and end-to-end tests each being a gate, if the project's own linters find nothing new in the lines that it\n"
		"touches (they are read from the tree, and installed for that look; what a rule brings is told, what could not be\n"
		"run is told as not run), if its tests execute no smaller part of the touched lines than before (C and C++ by\n"
		"gcc, Python, JavaScript; what was not measured is told as such), if entry pages look as before\n"
		"where there is an image of a browser (with --goal what looks otherwise is told), and if a model\n"
		"of another family with the role \"review\" does not reject it; without one it is labelled \"not\n"
		"cross-reviewed\".  And it has to be a repair: it is run with the tests as they were, with other values in them,\n"
		"and with what is left of the old code broken; what only makes the tests pass is refused, and --json says\n"
		"which check showed it.  It brings in nothing unsafe, and no dependency that an advisory of --osv names; those that are left are\n"
		"told, with all other findings in findings.sarif of the run.  Where it mends a call that is unsafe, a model is asked for a test of it,\n"
		"which is kept if it fails on the source as it was: attacks of --json.  What cannot be judged so, because its tests do not pass when they are run alone or\n"
		"take too long, is kept as improved, never as fixed, and the reason is in left.  The ladder of models.json\n"
		"says what is tried after an answer that was not kept.\n\nThe outcome is one of fixed, improved, stuck, contradictory, budget, "
		"blocked and clean (nothing\nfailed).  Where SOURCE is a directory with a git repository, the changes become "
		"the new branch\ndrydock/RUN of it, one commit a kind of change; nothing else of it is touched.\n\nTwo cases that never pass together, whatever is tried, "
		"end the repair as contradictory: --json names them in\nconflicts, and each side that passes all other gates becomes a branch of its own,\ndrydock/RUN-a and drydock/RUN-b; which gates it passed is said of each.\n\n"
		"A repair is resumed with the table of models that it began with, and refuses another.\n\nThe exit status "
		"is 0 for\nfixed and clean, 4 for budget, else 1.",
	.options = options,
	.options_size = sizeof(struct fix_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_fix,
};
