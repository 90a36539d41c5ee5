/* drydock work: an approved plan is executed task by task. */
#include "runner/commands.h"

#include "base/log.h"
#include "runner/fix_author.h"
#include "runner/plan_file.h"
#include "runner/scan.h"
#include "runner/work.h"

struct work_options {
	struct common_options common;
	const char *answers, *image, *source, *notify, *osv;
	bool offline, no_branch;
	uint64_t jobs;
	struct spending_options spending;
	struct limit_options limits;
};

#define O(member) offsetof(struct work_options, member)
static const struct option_def options[] = {
	SPENDING_OPTIONS(struct work_options, spending),
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers to questions: a JSON object by id"},
	{"notify", 0, OPTION_TEXT, O(notify), "CMD|URL",
		"tell when a task waits, and when the run is done or stopped: a command, run without a shell, that reads JSON, or a URL it is posted to"},
	{"source", 0, OPTION_TEXT, O(source), "DIR",
		"the tree to change (default: the one that the plan names)"},
	{"jobs", 'j', OPTION_NUMBER, O(jobs), "N",
		"execute up to N tasks at the same time that the plan says may be (default: 1)"},
	{"no-branch", 0, OPTION_FLAG, O(no_branch), NULL,
		"write nothing into the repository of the source"},
	{"image", 0, OPTION_TEXT, O(image), "NAME",
		"start from this image instead of the base image"},
	{"offline", 0, OPTION_FLAG, O(offline), NULL, "use only what is in the store"},
	OSV_OPTION(O(osv)),
	LIMIT_OPTIONS(struct work_options, limits),
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int
fill_options(
	const struct work_options *o, const char *plan, struct run_options *ro, struct dd_err *err)
{
	OWN_FREE char *path = plan_file_path(plan), *real = NULL, *source = NULL;
	int rc = command_absolute_path(path, &real, err);
	if (rc == 0)
		rc = work_admit(real, o->source, &ro->plan, &source, err);
	if (rc == 0)
		rc = fix_take_spending(&o->spending, NULL, ro, err);
	if (rc == 0)
		rc = command_source(source, &ro->source, err);
	if (rc == 0)
		rc = command_absolute_path(o->answers, &ro->answers, err);
	if (rc == 0)
		rc = scan_advisories(o->osv, &ro->osv, err);
	if (rc == 0 && o->jobs > WORK_MAX_JOBS)
		rc = err_set(err, DD_EINVAL, "--jobs: at most %d", WORK_MAX_JOBS);
	ro->jobs = (int64_t)o->jobs;
	ro->browser = json_is_true(json_object_get(ro->plan, "screens"));
	ro->notify = o->notify ? mem_strdup(o->notify) : NULL;
	ro->image = o->image ? mem_strdup(o->image) : NULL;
	return rc;
}

static int
new_run(const struct cli_call *call, const struct state *st, struct run *ret, struct dd_err *err)
{
	const struct work_options *o = call->options;
	struct run_options ro = {.fix = true,
		.no_branch = o->no_branch,
		.offline = o->offline,
		.limits = o->limits,
		.created_ns = clock_real_ns()};
	int rc = fill_options(o, call->args[0], &ro, err);
	if (rc == 0)
		rc = run_create(st, &ro, ret, err);
	run_options_cleanup(&ro);
	return rc;
}

static int
run_work(const struct cli_call *call)
{
	const struct work_options *o = call->options;
	return command_new_run(call, o->answers, new_run, work_run);
}

const struct subcommand cmd_work = {
	.name = "work",
	.summary = "execute an approved plan, task by task",
	.args = "PLAN",
	.description =
		"PLAN is the Markdown file, or the directory it is in.  It must be approved as it is written (drydock plan approve) and have\n"
		"no faults (drydock plan check); else the exit status is 2, and nothing is begun.\n\n"
		"Each task goes through the attempts and gates of drydock fix: a model that may write gets the task with its requirements,\n"
		"checks, edge cases and what people decided, the files it writes, and people's rules and memories of what is touched.  It may change\n"
		"the files that the task writes, tests among them, and no others: what else it changes is refused and said back.  A\n"
		"task begins when those it is after are done.  Without a model the rules do what they can, and the rest is left.\n"
		"A rule does a task only where a case that its `tests` names (as in result.json, with or without test/) failed before and passes\n"
		"after, and no other fails.  The whole is done only if no case fails and every change that is kept was judged.\n\n"
		"With --jobs, tasks that the plan says may run side by side (`parallel with` of both) are executed at the same time, each on what\n"
		"was kept when they began.  What comes of them is joined in the plan's order: where others were kept meanwhile, it is built, tested\n"
		"and judged on what they left, and what does not hold there is executed again, behind them; the guide tells of it.  Budget and\n"
		"time are of all of them together.\n\n"
		"A task that has a line \"- translates: `CMD` `CMD`\" is a translation: the first command runs the program of the source as it was,\n"
		"the second what it becomes (./X is in the tree), and a change is kept only if both do the same on inputs that are\n"
		"generated, as drydock qa parity compares them.\n\n"
		"A task that has a line \"- screen: `PICTURE`, at most N % of its pixels differ, at `/PATH`\" is held against that picture, a PNG below\n"
		"the plan's directory: a browser looks at the path (/ where there is none) with each change of the task, at what a window of\n"
		"1280 by 720 shows and at the whole page, and a change is kept only if one of them is as like it as that. The image of\n"
		"a browser is made where there is none.\n\n"
		"Of a task that has a line \"- new tests: red before\", a change that brings new test cases is kept only if one of them fails with\n"
		"the tests of the change alone, on the source as it was.\n\n"
		"A task is one of done, failed, waiting (for an answer), left (nobody could do it) and not-started; the whole is one of\n"
		"done, improved, stuck, blocked, budget and stopped.  Where the tree is a git repository, what is kept becomes the new branch\n"
		"drydock/RUN, one commit a change, with the ids of its task and requirements; nothing else of it is touched.\n\n"
		"The exit status is 0 for done, 4 for budget and stopped, else 1.",
	.options = options,
	.options_size = sizeof(struct work_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_work,
};
