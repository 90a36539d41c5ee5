/*
 * MCP, the Model Context Protocol, over standard input and output: one JSON-RPC 2.0 message a line.  Both eras are
 * spoken: revision 2026-07-28, in which every request says its version in `_meta` and nothing is remembered between two, and
 * the handshake of 2024-11-05 to 2025-11-25 (modelcontextprotocol.io/specification).
 *
 * A tool is a subcommand of drydock with --json, run as a child; what it prints is the answer.  The directory that the
 * tools are about is named when the server is started and by no message.  Values of a call are values: none becomes an
 * option.
 */
#ifndef RUNNER_MCP_H
#define RUNNER_MCP_H

#include "base/json.h"

enum mcp_kind { MCP_TEXT, MCP_COUNT };

struct mcp_arg {
	const char *name; /* NULL ends the list */
	enum mcp_kind kind;
	bool required;
	const char *option; /* "--depth"; NULL: a positional argument, in the order of the list */
	const char *description;
};

enum mcp_about {
	MCP_ABOUT_STATE,
	MCP_ABOUT_DIR_OPTION,
	MCP_ABOUT_DIR
}; /* how the command is given the directory */

enum mcp_answer { /* what is given of what the command prints */
	MCP_WHOLE,
	MCP_ITEMS, /* a list: {"items": ...} */
	MCP_PICTURES, /* the whole, and the pictures of its steps as images, as far as they are few and small */
	MCP_SCREENS, /* its "screens" alone, with their pictures */
};

struct mcp_tool {
	const char *name, *title, *description;
	const char *words[3]; /* of the subcommand; ends with NULL */
	enum mcp_about about;
	bool runs; /* it runs code of the target, in the sandbox: offered only where that was allowed */
	enum mcp_answer answer;
	struct mcp_arg args[5];
};
extern const struct mcp_tool mcp_tools[]; /* in byte order of their names; a NULL name ends it */

const struct mcp_tool *mcp_find_tool(const char *name, bool may_run); /* NULL */

/* The object of tools/list for one tool; a new reference. */
json_t *mcp_describe_tool(const struct mcp_tool *t);

struct mcp_server {
	const char *state; /* directory; NULL: the default one */
	const char *dir;   /* absolute */
	bool may_run;
};

/* Append the words of the command after the program's name.  DD_EINVAL: what is wrong with the arguments. */
int mcp_command(const struct mcp_server *s, const struct mcp_tool *t, const json_t *arguments,
	struct strlist *ret, struct dd_err *err) DD_MUST_USE;

/* ---- messages ---- */

enum mcp_action {   /* what a message asks for */
	MCP_ANSWER, /* `answer` is to be sent */
	MCP_IGNORE,
	MCP_CALL,   /* `tool` is to be run by `words` for `id`, and its result sent by mcp_result */
	MCP_CANCEL, /* the call `id` is to be ended; nothing is sent */
};

struct mcp_message {
	enum mcp_action action;
	json_t *answer, *id, *progress_token; /* owned; NULL where there is none */
	const struct mcp_tool *tool;
	struct strlist words;
	bool modern; /* of revision 2026-07-28 */
};
void mcp_message_cleanup(struct mcp_message *m);

void mcp_read(const struct mcp_server *s, struct str line, struct mcp_message *ret);

/* The answer to a call: what the command printed, how it ended, and its last words.  A new reference. */
json_t *mcp_result(const struct mcp_message *call, struct str out, bool truncated, int exit_code,
	struct str last_words);

/* Serve until standard input ends.  Commands that still run are stopped then. */
int mcp_serve(const struct mcp_server *s, struct dd_err *err) DD_MUST_USE;

#endif
