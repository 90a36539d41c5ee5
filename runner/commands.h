/* The subcommands of drydock-core: one table entry per file cmd_*.c. */
#ifndef RUNNER_COMMANDS_H
#define RUNNER_COMMANDS_H

#include "record/answers.h"
#include "runner/cli.h"

extern const struct subcommand cmd_up, cmd_replay, cmd_resume, cmd_runs, cmd_report, cmd_logs,
	cmd_shell, cmd_sandbox_trace, cmd_image_build, cmd_image_list, cmd_image_rm,
	cmd_image_import, cmd_image_export, cmd_image_pull, cmd_image_push, cmd_gc, cmd_doctor,
	cmd_version, cmd_completion, cmd_man, cmd_worker, cmd_broker, cmd_courier, cmd_flatten;

/* All of them; NULL-terminated. */
extern const struct subcommand *const commands[];

/* The answers file, or no answers when path is NULL. */
int command_load_answers(const char *path, struct answers **ret, struct dd_err *err) DD_MUST_USE;

/* Absolute form of a path; URLs and NULL stay what they are.  DD_EINVAL: it is not there.  Heap. */
int command_absolute_path(const char *path, char **ret, struct dd_err *err) DD_MUST_USE;

/* The same for the source of a run. */
int command_source(const char *source, char **ret, struct dd_err *err) DD_MUST_USE;

#endif
