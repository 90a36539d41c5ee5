/*
 * Parsers of ours against bytes that nobody vouches for.  tests/ROOM/fuzz_ROOM.c has the targets of a room; the program that it
 * is linked into either mutates by coverage (fuzzing_engine.c: libFuzzer, `make fuzz`) or plays the seeds and what becomes of them
 * by numbers that are the same each time (fuzzing_replay.c, `make check`).  Both run in the sandbox only.
 *
 * A target aborts where something does not hold, and leaves nothing behind: it is called again and again in one process.
 */
#ifndef TESTS_BASE_FUZZING_H
#define TESTS_BASE_FUZZING_H

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fuzz_target {
	const char *name;
	void (*one)(struct str input); /* exactly so many bytes are there, and no NUL behind them */
	const char *
		seeds; /* below tests/: a directory in which each file, also of those below, is an input; NULL */
	bool named; /* of a seed from there, the name of the file is put before it as a line (fuzz_split) */
	struct str example; /* an input; empty where seeds are many */
};
extern const struct fuzz_target fuzz_targets[]; /* the last has no name */

/* The input's first line, cut at FUZZ_NAME bytes, as what a file is called, and the rest as what it holds. */
#define FUZZ_NAME 100
static inline struct str
fuzz_split(struct str input, char name[FUZZ_NAME + 1])
{
	const char *nl = memchr(input.p, '\n', input.n);
	size_t line = nl ? (size_t)(nl - input.p) : input.n,
	       n = line > FUZZ_NAME ? FUZZ_NAME : line;
	if (n)
		memcpy(name, input.p, n);
	name[n] = '\0';
	size_t rest = nl ? line + 1 : line;
	return (struct str){input.p + rest, input.n - rest};
}

/* What is to hold whatever the input is. */
#define fuzz_holds(it) ((it) ? (void)0 : fuzz_failed(#it))
static inline void
fuzz_failed(const char *what)
{
	printf("# does not hold: %s\n", what);
	fflush(stdout);
	abort();
}

#endif
