/* The front program's own parts. */
#ifndef RUNNER_FRONT_FRONT_H
#define RUNNER_FRONT_FRONT_H

#include "runner/cli.h"

extern const struct subcommand front_sandbox_run;

/* Become drydock-core with these arguments (NULL-terminated); returns only when that fails. */
void front_exec_core(char **args);

/* Path of a program installed beside this one, or in ../libexec/drydock; heap. */
char *front_program(const char *name);

#endif
