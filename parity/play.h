/* Playing a case: its files are made, its calls executed one after another, and what they gave and left is kept. */
#ifndef PARITY_PLAY_H
#define PARITY_PLAY_H

#include "base/hash.h"
#include "parity/case.h"
#include "parity/parity.h"

#define PLAY_DIR \
	"/tmp/drydock-parity" /* of a case, in a pod: work, which it is called in; home; tmp */
#define PLAY_OUTPUT_MAX ((size_t)1 << 20)

struct seen_step {
	int exit_code, signal;
	enum exec_cause cause;
	struct buf out, err;		    /* with PROGRAM for the names of the programs */
	struct hash_hex out_rest, err_rest; /* of what is behind PLAY_OUTPUT_MAX; "": nothing */
	bool writes; /* it opened files of the case so that they could come to be */
};

struct parity_seen {
	struct seen_step steps[CASE_STEPS_MAX];
	size_t n;
	struct buf files; /* an archive of PLAY_DIR, which is the same for the same files */
	struct hash_hex files_rest;	     /* of what is too much to keep */
	struct strlist created, connections; /* sorted, each once */
};
void parity_seen_cleanup(struct parity_seen *s);

/* What programs are called by whoever prints their names; longest first. */
void play_names(const struct parity_side *sides, size_t n, struct strlist *ret);

/* On all sides at once, step by step; ret: one a side, empty. */
int play_case(const struct parity_side *const *sides, size_t n, const struct strlist *names,
	const struct parity_case *c, struct parity_seen *ret, struct dd_err *err) DD_MUST_USE;

/* From here on processes have other numbers than in a pod that is new. */
int play_disturb(const struct parity_side *const *sides, size_t n, struct dd_err *err) DD_MUST_USE;

/* Channels in which they differ, as bits; *ret_step: the first step that does, or the number of steps. */
unsigned play_compare(const struct parity_seen *a, const struct parity_seen *b, bool loose_errors,
	size_t *ret_step);

#endif
