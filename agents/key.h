/*
 * The key of a provider: from the environment variable or from the output of the command that its entry
 * names.  It is never logged, stored or shown, and in no argument vector; who has it wipes it.
 */
#ifndef AGENTS_KEY_H
#define AGENTS_KEY_H

#include "agents/model.h"

enum key_state { KEY_NOT_NEEDED, KEY_PRESENT, KEY_ABSENT, KEY_FROM_COMMAND };
extern const char *const key_state_names[];

/* Without running a command. */
enum key_state key_state(const struct model_provider *p);

/* Heap, for key_wipe; NULL where none is needed.  DD_ENOENT: there is none; DD_EIO: its command failed. */
int key_read(const struct model_provider *p, char **ret, struct dd_err *err) DD_MUST_USE;
void key_wipe(char *key); /* and free; NULL is fine */

#endif
