/* The subcommands of drydock-core: one table entry per file cmd_*.c. */
#ifndef RUNNER_COMMANDS_H
#define RUNNER_COMMANDS_H

#include "record/answers.h"
#include "runner/cli.h"
#include "runner/front_commands.h"
#include "runner/run.h"

extern const struct subcommand cmd_up, cmd_probe, cmd_replay, cmd_fix, cmd_resume, cmd_runs,
	cmd_report, cmd_explain, cmd_diff, cmd_bundle, cmd_start, cmd_stop, cmd_logs, cmd_shell,
	cmd_qa_test, cmd_qa_compare, cmd_sandbox_trace, cmd_image_build, cmd_image_list,
	cmd_image_rm, cmd_image_import, cmd_image_export, cmd_image_pull, cmd_image_push, cmd_gc,
	cmd_doctor, cmd_graph_ingest, cmd_spec, cmd_graph_status, cmd_graph_find, cmd_graph_at,
	cmd_graph_callers, cmd_graph_callees, cmd_graph_impact, cmd_graph_clusters,
	cmd_graph_search, cmd_graph_context, cmd_graph_tests, cmd_graph_unused, cmd_graph_sql,
	cmd_graph_export, cmd_graph_import, cmd_key_init, cmd_key_show, cmd_key_rotate, cmd_verify,
	cmd_mcp, cmd_guide, cmd_version, cmd_completion, cmd_man, cmd_worker, cmd_broker,
	cmd_courier, cmd_flatten, cmd_qa_check, cmd_qa_approve, cmd_qa_reject, cmd_qa_undo,
	cmd_qa_decide, cmd_qa_history, cmd_models, cmd_trace, cmd_blame, cmd_qa_shoot, cmd_qa_play,
	cmd_scan, cmd_graph_likely, cmd_plan, cmd_plan_check, cmd_plan_approve, cmd_memory_add,
	cmd_memory_list, cmd_memory_why, cmd_memory_edit, cmd_memory_forget, cmd_memory_export,
	cmd_qa_crawl, cmd_qa_report, cmd_docs, cmd_docs_check, cmd_eval, cmd_work, cmd_refine,
	cmd_rebase, cmd_cover, cmd_pr, cmd_qa_record, cmd_qa_impacted, cmd_qa_parity;

/* All of them; NULL-terminated. */
extern const struct subcommand *const commands[];

/* How long a command of a build or of tests may take. */
struct patience_options {
	uint64_t time, silence;
};
/* Their rows, for a table of option_def; `member` is the patience_options in `type`, the options struct. */
#define PATIENCE_OPTIONS(type, member) \
	{"time", 0, OPTION_NUMBER, offsetof(type, member.time), "S", \
		"end a command of the build or the tests after this many seconds (default: 1800)"}, \
	{ \
		"silence", 0, OPTION_NUMBER, offsetof(type, member.silence), "S", \
			"end one that prints nothing for so long (default: 600)" \
	}
/* DD_EINVAL: one of them is out of range. */
int command_patience(const struct patience_options *p, struct run_options *ret, struct dd_err *err)
	DD_MUST_USE;

/* The answers file, or no answers when path is NULL. */
int command_load_answers(const char *path, struct answers **ret, struct dd_err *err) DD_MUST_USE;

/* What the exit status is when the command line named what is not there (DD_ENOENT), or else. */
int command_status_of_name(const struct dd_err *err);

/* Absolute form of a path; URLs and NULL stay what they are.  DD_EINVAL: it is not there.  Heap. */
int command_absolute_path(const char *path, char **ret, struct dd_err *err) DD_MUST_USE;

/* That of a file that need not be there yet, in a directory that must; NULL stays NULL. */
int command_path_to_write(const char *path, char **ret, struct dd_err *err) DD_MUST_USE;

/* The same for the source of a run. */
int command_source(const char *source, char **ret, struct dd_err *err) DD_MUST_USE;

/* Create the run that the call asks for; what is wrong with the call is told before there is one. */
typedef int command_make_run(
	const struct cli_call *call, const struct state *st, struct run *ret, struct dd_err *err);
/* Carry it out and print what came of it: the exit status. */
typedef int command_do_run(
	const struct cli_call *call, struct state *st, struct run *run, struct answers *answers);
/* One new run, from its answers (NULL: none) to its exit status.  call->options begins with common_options. */
int command_new_run(const struct cli_call *call, const char *answers_path, command_make_run *make,
	command_do_run *carry_out);

/* Carry it out with the answers that the run itself names. */
int command_with_answers(
	const struct cli_call *call, struct state *st, struct run *run, command_do_run *carry_out);

#endif
