/* drydock mcp: the map, the runs and their evidence as tools for other programs. */
#include "runner/commands.h"

#include "runner/mcp.h"

#include <signal.h>

struct mcp_options {
	struct common_options common;
	bool allow_run;
};

static const struct option_def mcp_options[] = {
	{"allow-run", 0, OPTION_FLAG, offsetof(struct mcp_options, allow_run), NULL,
		"offer the tool that stands the application up, too: its code runs in the sandbox"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int
run_mcp(const struct cli_call *call)
{
	const struct mcp_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *dir = NULL;
	int rc = command_absolute_path(call->nargs ? call->args[0] : ".", &dir, &err);
	const struct mcp_server server = {
		.state = o->common.state, .dir = dir, .may_run = o->allow_run};
	(void)signal(SIGPIPE, SIG_IGN);
	if (rc == 0)
		rc = mcp_serve(&server, &err);
	return rc < 0 ? cli_fail(cli_status_of(&err), &err) : EXIT_DONE;
}

const struct subcommand cmd_mcp = {
	.name = "mcp",
	.summary = "serve map, runs and evidence as MCP tools on standard input and output",
	.args = "[DIR]",
	.description =
		"For Claude Code, Cursor and other clients of the Model Context Protocol (2026-07-28, and the handshake "
		"of 2024-11-05 to 2025-11-25).\nThe graph tools are about DIR (default: the current directory), and no "
		"message can name another. Nothing but drydock's own state is written;\ncode of the application is run only "
		"with --allow-run, and only in the sandbox.",
	.options = mcp_options,
	.options_size = sizeof(struct mcp_options),
	.max_args = 1,
	.run = run_mcp,
};
