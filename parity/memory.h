/*
 * What was played before: states of a case's files, by what they hold, and what calls did in them.  A call that is known in a state
 * need not be played again, and a case can begin at any state that is kept.
 *
 * It holds for programs whose calls depend on nothing but arguments, input and the files of the case.  Whether they are such is
 * asked again and again: cases that were played from beginning to end are held against it, and one call that did otherwise, or that reached for
 * something elsewhere, ends it.  Nothing is claimed of what it says alone: a difference is played anew.
 *
 * Only calls are kept that did the same on both sides.  One thread; bounded by MEMORY_MAX.
 */
#ifndef PARITY_MEMORY_H
#define PARITY_MEMORY_H

#include "parity/seen.h"

#define MEMORY_MAX ((size_t)128 << 20) /* of archives and outputs */
#define MEMORY_TEXT_MAX \
	((size_t)1 << 20) /* of one archive, or one output; what is more is not kept */

struct memory;
struct memory_state; /* lives as long as the memory does */
struct memory_call {
	struct seen_step sides[2];
	const struct memory_state *after;
};

struct memory *memory_create(void);
void memory_destroy(struct memory *m); /* NULL is fine */

/* Once it is closed nothing is known, and nothing is taken any more; why: for people, a literal. */
void memory_close(struct memory *m, const char *why);
const char *memory_why_closed(const struct memory *m); /* NULL: it is open, or there is none */
bool memory_is_open(const struct memory *m);	       /* NULL: it is not */

/* The files that a case begins with; NULL: they were never there. */
const struct memory_state *memory_begin(const struct memory *m, const struct parity_case *c);
/* That is what they are, as an archive; NULL: it cannot be kept. */
const struct memory_state *memory_note_begin(
	struct memory *m, const struct parity_case *c, struct str archive);

/* NULL: it was not played there. */
const struct memory_call *memory_find(
	const struct memory *m, const struct memory_state *in, const struct case_step *s);
/*
 * It did this there, and left that; the state it left, NULL: it is not kept, as where it was ended by a limit.  Closes it if
 * the call is known there, and did otherwise.
 */
const struct memory_state *memory_note(struct memory *m, const struct memory_state *in,
	const struct case_step *s, const struct seen_step *const sides[2], struct str archive);

struct memory_did {  /* a call */
	bool writes; /* it opened something so that it could come to be */
	bool succeeded;
};

/*
 * Need not be looked at what it left: it opened nothing so that it could come to be, and calls that begin and end so, or, where
 * none ever did that, all calls, left their files as they were whenever that was looked at.
 */
bool memory_is_quiet(const struct memory *m, const struct case_step *s, struct memory_did did);
/* That was looked at. */
void memory_note_look(
	struct memory *m, const struct case_step *s, struct memory_did did, bool changed);

/* Borrowed. */
struct str memory_archive(const struct memory_state *s);

/* A case that was played from its beginning to its end did otherwise than is remembered: closes it. */
void memory_check(struct memory *m, const struct parity_case *c, const struct parity_seen seen[2]);

#endif
