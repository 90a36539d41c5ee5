/* What the calls of a case gave and left, on one side, and how two sides are held against each other. */
#ifndef PARITY_SEEN_H
#define PARITY_SEEN_H

#include "base/hash.h"
#include "parity/case.h"
#include "parity/parity.h"

struct seen_step {
	int exit_code, signal;
	enum exec_cause cause;
	struct buf out, err;		    /* with PROGRAM for the names of the programs */
	struct hash_hex out_rest, err_rest; /* of what is too much to keep; "": nothing */
	bool writes; /* it opened files of the case so that they could come to be */
};
void seen_step_copy(struct seen_step *dst, const struct seen_step *src); /* dst is empty */

struct parity_seen {
	struct seen_step steps[CASE_STEPS_MAX];
	size_t n;
	struct buf
		files; /* an archive of the case's directory, which is the same for the same files */
	struct hash_hex files_rest;	     /* of what is too much to keep */
	struct strlist created, connections; /* sorted, each once */
	bool reaches; /* beyond its files: one was made elsewhere, or somebody was there to connect to */
};
void parity_seen_cleanup(struct parity_seen *s);

/* Channels of a call in which they differ, as bits. */
unsigned seen_compare_step(const struct seen_step *a, const struct seen_step *b, bool loose_errors);

/* The same of all; *ret_step: the first step that does, or the number of steps. */
unsigned seen_compare(const struct parity_seen *a, const struct parity_seen *b, bool loose_errors,
	size_t *ret_step);

#endif
