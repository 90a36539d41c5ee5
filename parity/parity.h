/*
 * parity: does one program do what another did?  Both run side by side in pods of their own, on inputs that are generated, and
 * what they give is compared: exit status, output, errors, files, connections.
 *
 * Inputs come from what the programs say of themselves and what lies in their trees (seed.h), and are varied (vary.h); what makes the
 * original, or the port, print something of a new kind is varied further.  A generator that knows nothing of a change must find it.
 * The same seed and count give the same inputs, as long as the programs give the same.
 *
 * A difference counts if it is there again in fresh pods, where the original does the same as before; it is then made as small as it
 * goes.  That none was found proves nothing about inputs that were not tried.
 *
 * Programs and all they print are hostile: they run in the pods that are handed in; texts of trees and usages are read, and archives of files
 * compared, by the worker "parity".  One thread.
 */
#ifndef PARITY_PARITY_H
#define PARITY_PARITY_H

#include "base/json.h"
#include "sandbox/sandbox.h"

struct parity_side { /* borrowed */
	struct pod *pod;
	/* What happened so far is undone, services are there again. */
	int (*renew)(void *ctx, struct dd_err *err);
	void *ctx;
	const struct strlist *command; /* the words that run it, as they are executed */
	const struct strlist *env;
};

#define PARITY_LANES 2

enum parity_channel {
	PARITY_EXIT,
	PARITY_OUTPUT,
	PARITY_ERRORS,
	PARITY_FILES,	    /* below the directory of the case */
	PARITY_CREATED,	    /* elsewhere: paths alone */
	PARITY_CONNECTIONS, /* where to */
	PARITY_CHANNELS,
};
extern const char *const parity_channel_names[]; /* "exit", "output", ... */

/* The word of a command (of one at least) that names the program: the first of the built tree, else the last. */
const char *parity_program_of(const struct strlist *command);

struct parity_spec { /* borrowed */
	const struct state *state;
	struct parity_side original[PARITY_LANES], port[PARITY_LANES];
	size_t lanes;		      /* of those, one at least: inputs that run at once */
	const struct stack *trees[2]; /* where texts are read for seeds */
	uint64_t seed;
	size_t cases;	      /* that are played at most */
	size_t differences;   /* it ends when it has so many, each of its own kind */
	int64_t limit_ms;     /* 0: none; of all of it */
	bool loose_errors;    /* of standard error only whether there is any is compared */
	const json_t *replay; /* an array of cases, which are played and no others; NULL */
};

/*
 * *ret: {"seed", "cases": played, "steps", "remembered": of those, that were known and not played again, "forgot": why from then on
 * every call was played, or null, "kinds": of lines that were seen, "unsteady": cases that differed but not again, "ended":
 * "cases", "differences" or "time", "differences": [{"channels", "step", "case", "original", "port", "files"}], "sources": what seeds were taken
 * from}; a new reference.  A case is {"files": [{"name", "text"}], "steps": [{"args", "input"}]}; a text that is no UTF-8 is
 * {"percent": it, with %XX}.
 * "files" are at most 200, with the first 2,000 bytes of each and the digest of all.
 * DD_ESTOPPED; DD_EINVAL: `replay` is no array of cases, or the original is unsteady on every one; DD_ELIMIT: limit_ms was over before one was played.
 */
int parity_run(const struct parity_spec *spec, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* A difference as commands for a shell in an empty directory, appended; program: how it is called there. */
void parity_put_script(const json_t *of_case, const char *program, struct buf *out);

/*
 * Programs of a built tree, by their paths below it, appended: what may be executed and is one, but for what lies beside it (tests, tools)
 * and what builds it.
 */
int parity_find_programs(const struct state *st, const struct stack *tree, struct strlist *ret,
	struct dd_err *err) DD_MUST_USE;

/* Body of the worker "parity": "seed", "programs" or "files". */
int parity_worker_main(int argc, char **argv);

#endif
