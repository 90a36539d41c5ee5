/* drydock refine: the branch of an earlier run is adjusted with what a person says of it. */
#include "runner/commands.h"

#include "base/fs.h"
#include "runner/fix_refine.h"
#include "runner/sequel.h"

#include <stdlib.h>
#include <string.h>

struct refine_options {
	struct common_options common;
	const char *guidance, *author;
	bool no_branch;
	struct sequel_options sequel;
};

#define O(member) offsetof(struct refine_options, member)
static const struct option_def options[] = {
	{"guidance", 0, OPTION_TEXT, O(guidance), "FILE",
		"what is to be otherwise, in your words: a page as for drydock plan"},
	{"author", 0, OPTION_TEXT, O(author), "NAME", "who says it (default: $USER)"},
	{"no-branch", 0, OPTION_FLAG, O(no_branch), NULL,
		"write nothing into the repository of the source"},
	SEQUEL_OPTIONS(struct refine_options, sequel),
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

/* A line that is more than a heading. */
static bool
says_something(struct str text)
{
	struct str line;
	while (str_next_line(&text, &line)) {
		line = str_trim(line);
		if (line.n && line.p[0] != '#')
			return true;
	}
	return false;
}

static int
read_guidance(const struct refine_options *o, struct buf *ret, struct dd_err *err)
{
	int rc = fs_read(o->guidance, GUIDANCE_MAX_BYTES, ret, err);
	if (rc == -DD_ENOENT)
		return err_set(err, DD_EINVAL, "there is no file %s", o->guidance);
	if (rc == 0 && !says_something(buf_str(ret)))
		return err_set(err, DD_EINVAL, "%s says nothing", o->guidance);
	return rc;
}

static json_t *
refine_json(const struct refine_options *o, const struct run *of, struct str text)
{
	const char *user = getenv("USER");
	return json_pack("{s:s, s:o, s:o, s:o}", "run", of->id, "page",
		json_text(str_of(fs_name(o->guidance))), "text", json_text(text), "by",
		json_text(str_of(o->author	 ? o->author
				 : user && *user ? user
						 : "unknown")));
}

static int
fill_options(const void *own, const struct run *of, struct run_options *ret, struct dd_err *err)
{
	const struct refine_options *o = own;
	OWN(buf) struct buf text = {0};
	int rc = read_guidance(o, &text, err);
	if (rc == 0)
		rc = fix_refine_admit(of, err);
	if (rc < 0)
		return rc;
	ret->refine = refine_json(o, of, buf_str(&text));
	ret->goal = mem_strdup(json_string_in(ret->refine, "text"));
	ret->no_branch = o->no_branch || of->options.no_branch;
	return 0;
}

static int
new_run(const struct cli_call *call, const struct state *st, struct run *ret, struct dd_err *err)
{
	const struct refine_options *o = call->options;
	return sequel_new_run(
		st, call->args[0], &o->sequel, "a refinement", fill_options, o, ret, err);
}

/* With the answers of the run, which may be those of the earlier one. */
static int
carry_out(const struct cli_call *call, struct state *st, struct run *run, struct answers *none)
{
	(void)none;
	return command_with_answers(call, st, run, fix_refine_run);
}

static int
run_refine(const struct cli_call *call)
{
	const struct refine_options *o = call->options;
	if (!o->guidance)
		return cli_usage_error(
			call->command, "--guidance FILE says what is to be otherwise");
	return command_new_run(call, NULL, new_run, carry_out);
}

const struct subcommand cmd_refine = {
	.name = "refine",
	.summary = "adjust the branch of an earlier repair or plan with new guidance",
	.args = "RUN",
	.description =
		"RUN is one of drydock fix, work or refine that is over and kept a change.  Its source with all that it kept is stood up\n"
		"with the packages that are known, and a model is told the guidance, what was refused before, people's rules and memories.\n"
		"It may change the files that the guidance names, and those that the map ranks for what it says; tests only where it names\n"
		"them; no other file.  The gates are those of drydock fix.  What is kept becomes commits on the tip of the branch of RUN, on a\n"
		"new branch: drydock/RUN-2, and so on; nothing is rewritten.  A branch that has moved since is refused.\n\n"
		"Guidance that contradicts what RUN was asked for, a rule of yours, or itself, as far as words show it, and guidance for which\n"
		"every change breaks the same case, ends as contradictory, and both are told: contradictions and forbidden_by in --json.\n"
		"Where every author says that it holds already, the outcome is clean.\n\n"
		"What was kept becomes memories of the parts of the tree that it changed (drydock memory list), for a year.\n\n"
		"The exit status is 0 for fixed and clean, 4 for budget, else 1.",
	.options = options,
	.options_size = sizeof(struct refine_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_refine,
};
