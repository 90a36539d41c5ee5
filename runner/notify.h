/*
 * Telling somebody who is not there: a command that gets a message as JSON on its standard input, or a URL that it is posted to.
 *
 * The command is the user's own, run outside of every sandbox, as words without a shell.  That nobody could be told never
 * ends a run.
 */
#ifndef RUNNER_NOTIFY_H
#define RUNNER_NOTIFY_H

#include "base/json.h"

/* to: "https://..." or "http://...", else a command and its arguments, split at blanks. */
void notify_send(const char *to, const json_t *message);

#endif
