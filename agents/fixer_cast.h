/*
 * Inside the room: casts that say what a compiler did silently.  Only where nothing is lost and nobody has to decide: a constant
 * that becomes a pointer, NULL that becomes a number, pointers to what differs in sign or qualifiers alone, and functions that
 * take as many pointers where pointers are meant.  A number that was computed and becomes a pointer, or the other way round, is
 * left: on machines of 64 bits that is a defect more often than not.
 */
#ifndef AGENTS_FIXER_CAST_H
#define AGENTS_FIXER_CAST_H

#include "agents/diagnostics.h"

/*
 * What stands at *ret_at for *ret_n bytes of the text becomes the result, heap.  blank: source_blank of the text; at: the
 * place of d in it.  NULL: it is none of these.
 */
char *fixer_cast(const struct diagnostic *d, struct str text, struct str blank, size_t at,
	size_t *ret_at, size_t *ret_n);

/* Are values of the two pointer types, as gcc writes them, the same to a machine and to who reads them? */
bool fixer_cast_is_alike(struct str to, struct str from);

#endif
