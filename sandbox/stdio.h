/*
 * What of the caller's descriptors a command may have.  /proc/self/fd/N opens a file again with other
 * rights than the descriptor had, and a directory leads to all that lies above it, so only pipes,
 * sockets, terminals and the harmless devices are handed on.  A file comes in as a copy, unless it
 * has no name, or the command could only read it: it runs with ids that are nobody's outside.
 * Output to a file goes through a pipe.  Private to the room.
 */
#ifndef SANDBOX_STDIO_H
#define SANDBOX_STDIO_H

#include "sandbox/sandbox.h"

enum stdio_way {
	STDIO_PASS, /* hand it on */
	STDIO_COPY, /* read it from a copy; write to it through a pipe */
};

/* DD_EINVAL: a directory or a device. */
int stdio_judge(const struct state *st, int fd, enum stdio_way *ret, struct dd_err *err)
	DD_MUST_USE;

/* Same file, so that what is written to both keeps its order. */
bool stdio_is_same(int a, int b);

/* A copy of a file from its offset on, without a name, below dir; read-only, at its start. */
int stdio_copy(int fd, const char *dir, int *ret_fd, struct dd_err *err) DD_MUST_USE;

#endif
