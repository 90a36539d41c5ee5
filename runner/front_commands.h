/* Subcommands that the front program does itself: both programs have them. */
#ifndef RUNNER_FRONT_COMMANDS_H
#define RUNNER_FRONT_COMMANDS_H

#include "runner/cli.h"

extern const struct subcommand cmd_qa_diff;

#endif
