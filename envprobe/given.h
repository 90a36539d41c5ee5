/*
 * Inside the room: variables that a configuration of continuous integration gives the tests (detect_given), put before the
 * commands of the tests.  Each is an option of the recipe; a person's own answer goes first, and so does what leads to a service
 * that was started.
 */
#ifndef ENVPROBE_GIVEN_H
#define ENVPROBE_GIVEN_H

#include "envprobe/loop.h"

/* Before the tests run: their commands get those they have not yet, and lose those that have a value of the environment now. */
void given_apply(struct loop *l);

/* Of a command, the length of what given_apply put before it. */
size_t given_length(const char *run);

#endif
