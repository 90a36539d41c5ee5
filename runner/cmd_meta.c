/* The subcommands about drydock itself: version, completion, man, and its own inner programs. */
#include "runner/commands.h"

#include "base/json.h"
#include "envprobe/envprobe.h"
#include "graph/graph.h"
#include "images/npm.h"
#include "images/transfer.h"
#include "parity/parity.h"
#include "qa/qa.h"
#include "runner/attest.h"
#include "runner/bundle.h"
#include "runner/cover.h"
#include "runner/docs.h"
#include "runner/fix.h"
#include "runner/impacted.h"
#include "runner/intake.h"
#include "runner/live.h"
#include "runner/reach_read.h"
#include "runner/workspace.h"
#include "sandbox/egress.h"
#include "security/security.h"

#include <string.h>

static int
run_version(const struct cli_call *call)
{
	const struct common_options *o = call->options;
	if (o->json)
		printf("{\"name\": \"drydock\", \"version\": \"%s\"}\n", DD_VERSION);
	else
		printf("drydock %s\n", DD_VERSION);
	return EXIT_DONE;
}

const struct subcommand cmd_version = {
	.name = "version",
	.summary = "print the version",
	.args = "",
	.options_size = sizeof(struct common_options),
	.run = run_version,
};

static int
run_completion(const struct cli_call *call)
{
	if (call->nargs && strcmp(call->args[0], "bash") != 0)
		return cli_usage_error(call->command, "only bash is known");
	OWN(buf) struct buf out = {0};
	cli_write_completion(commands, &out);
	printf("%s", out.p);
	return EXIT_DONE;
}

const struct subcommand cmd_completion = {
	.name = "completion",
	.summary = "print the completion script for a shell",
	.args = "[bash]",
	.options_size = sizeof(struct common_options),
	.max_args = 1,
	.run = run_completion,
};

static int
run_man(const struct cli_call *call)
{
	size_t words;
	const struct subcommand *c = call->nargs ? cli_find(commands, call->args, &words) : NULL;
	if (call->nargs && !c)
		return cli_usage_error(call->command, "there is no command \"%s\"", call->args[0]);
	OWN(buf) struct buf out = {0};
	cli_write_man(commands, c, &out);
	printf("%s", out.p);
	return EXIT_DONE;
}

const struct subcommand cmd_man = {
	.name = "man",
	.summary = "print a manual page in roff: drydock man [COMMAND] | man -l -",
	.args = "[COMMAND]",
	.options_size = sizeof(struct common_options),
	.max_args = 2,
	.run = run_man,
};

/* Programs that run inside the sandbox on hostile bytes; see worker_run. */
static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} workers[] = {
	{"ask", live_ask_worker_main},
	{"built", probe_built_worker_main},
	{"cover", cover_worker_main},
	{"detect", probe_detect_worker_main},
	{"docs", docs_worker_main},
	{"endpoints", probe_endpoints_worker_main},
	{"evidence", probe_evidence_worker_main},
	{"fix", fix_worker_main},
	{"facts", probe_facts_worker_main},
	{"history", graph_history_worker_main},
	{"image", image_worker_main},
	{"import", graph_import_worker_main},
	{"index", probe_index_worker_main},
	{"intake", intake_worker_main},
	{"locate", probe_locate_worker_main},
	{"npm", npm_worker_main},
	{"owners", probe_owners_worker_main},
	{"parity", parity_worker_main},
	{"place", probe_place_worker_main},
	{"recipe", bundle_recipe_worker_main},
	{"impacted", impacted_worker_main},
	{"reach", reach_worker_main},
	{"references", probe_references_worker_main},
	{"spare", probe_spare_worker_main},
	{"rows", probe_rows_worker_main},
	{"starts", probe_starts_worker_main},
	{"results", qa_results_worker_main},
	{"screen", qa_screen_worker_main},
	{"terminal", qa_terminal_worker_main},
	{"display", qa_display_worker_main},
	{"serve", qa_serve_worker_main},
	{"workspace", workspace_worker_main},
	{"security", security_worker_main},
	{"verify", attest_worker_main},
};

static int
run_worker(const struct cli_call *call)
{
	for (size_t i = 0; i < sizeof(workers) / sizeof(*workers); i++)
		if (strcmp(call->args[0], workers[i].name) == 0)
			return workers[i].main((int)call->nargs, call->args);
	return cli_usage_error(call->command, "there is no worker \"%s\"", call->args[0]);
}

const struct subcommand cmd_worker = {
	.name = "worker",
	.summary = "read hostile bytes; started by drydock inside the sandbox",
	.args = "NAME [ARGS]",
	.options_size = sizeof(struct common_options),
	.min_args = 1,
	.max_args = SIZE_MAX,
	.stop_at_first_arg = true,
	.hidden = true,
	.run = run_worker,
};

static int
run_broker(const struct cli_call *call)
{
	(void)call;
	return egress_broker_main();
}

const struct subcommand cmd_broker = {
	.name = "broker",
	.summary = "serve the egress of a pod; started by drydock",
	.args = "",
	.options_size = sizeof(struct common_options),
	.hidden = true,
	.run = run_broker,
};

static int
run_courier(const struct cli_call *call)
{
	(void)call;
	return image_courier_main();
}

const struct subcommand cmd_courier = {
	.name = "courier",
	.summary = "talk to a registry; started by drydock",
	.args = "",
	.options_size = sizeof(struct common_options),
	.hidden = true,
	.run = run_courier,
};

static int
run_flatten(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	const struct common_options *o = call->options;
	struct state st;
	struct stack s = {0};
	int rc = state_open(o->state, &st, &err);
	if (rc < 0)
		return cli_fail(EXIT_OURS, &err);
	for (size_t i = 0; i < call->nargs; i++)
		stack_push(&s, call->args[i]);
	rc = stack_flatten(&st, &s, &err);
	stack_cleanup(&s);
	state_cleanup(&st);
	return rc < 0 ? cli_fail(EXIT_OURS, &err) : EXIT_DONE;
}

const struct subcommand cmd_flatten = {
	.name = "flatten",
	.summary = "make one layer of the lowest ones of a stack; started by drydock",
	.args = "KEY...",
	.options_size = sizeof(struct common_options),
	.min_args = 1,
	.max_args = SIZE_MAX,
	.hidden = true,
	.run = run_flatten,
};
