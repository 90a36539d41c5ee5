#include "runner/commands.h"

#include "envprobe/envprobe.h"
#include "runner/intake.h"
#include "runner/run.h"
#include "runner/session.h"

struct shell_options {
	struct common_options common;
	uint64_t attempt;
};

#define O(member) offsetof(struct shell_options, member)
static const struct option_def options[] = {
	{"attempt", 0, OPTION_NUMBER, O(attempt), "N",
		"the layers of this attempt (default: the last)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int
find_stacks(const struct run *r, int64_t attempt, struct stack *root, struct stack *work,
	struct dd_err *err)
{
	OWN_JSON json_t *source = journal_result(r->journal, "source");
	OWN_JSON json_t *base = journal_result(r->journal, "base");
	const char *layer = json_string_value(json_object_get(source, "layer"));
	struct image image = {0};
	struct stack tree = {0};
	if (!layer || !base)
		return err_set(err, DD_ENOENT, "run %s has not come far enough for a shell", r->id);
	stack_push(&tree, layer);
	probe_stack_from_json(json_object_get(base, "layers"), &image.stack);
	int rc = probe_attempt_stacks(r->journal, &image, &tree, attempt, root, work, err);
	image_cleanup(&image);
	stack_cleanup(&tree);
	return rc;
}

static int
run_in(const struct state *st, const struct stack *root, const struct stack *work,
	const struct probe_files *files, int *ret_status, struct dd_err *err)
{
	OWN(strlist) struct strlist env = {0};
	const char *argv[] = {"/bin/bash", "-i", NULL};
	struct pod *pod;
	const struct pod_spec spec = {.state = st,
		.root = *root,
		.work = work,
		.binds = files->binds,
		.nbinds = files->nbinds};
	struct exec_result r;
	probe_environment(&env);
	int rc = pod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	const struct exec_spec exec = {.argv = argv,
		.env = (const char *const *)env.v,
		.profile = PROFILE_BUILD,
		.fds = {0, 1, 2}};
	rc = pod_exec(pod, &exec, &r, err);
	pod_close(pod);
	if (rc == 0)
		*ret_status = r.signal ? 128 + r.signal : r.exit_code;
	return rc;
}

static int
run_shell(const struct cli_call *call)
{
	const struct shell_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct run run = {.lock_fd = -1};
	struct stack root = {0}, work = {0};
	struct probe_files files = {0};
	int status = EXIT_DONE;
	int rc = session_require(&o->common, &err);
	if (rc == 0)
		rc = session_open(&o->common, &st, &err);
	if (rc == 0)
		rc = run_open_held(&st, call->args[0], &run, &err);
	if (rc == 0)
		rc = find_stacks(&run, (int64_t)o->attempt, &root, &work, &err);
	if (rc == 0)
		rc = probe_attempt_files(&st, run.journal, (int64_t)o->attempt, &files, &err);
	if (rc == 0)
		rc = run_in(&st, &root, &work, &files, &status, &err);
	probe_files_cleanup(&files);
	run_cleanup(&run);
	stack_cleanup(&root);
	stack_cleanup(&work);
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err) : status;
}

const struct subcommand cmd_shell = {
	.name = "shell",
	.summary = "open a shell in the layers of a run; what it changes is thrown away",
	.args = "[RUN]",
	.options = options,
	.options_size = sizeof(struct shell_options),
	.max_args = 1,
	.run = run_shell,
};
