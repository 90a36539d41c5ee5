/*
 * The ways in which a word or a text may be other, numbered: where programs compare, round, fill, break, trim and fold.  For one place all
 * of them are tried in turn, where chance would need many inputs for all to have been.
 */
#ifndef PARITY_EACH_H
#define PARITY_EACH_H

#include "parity/vary.h"

#define WIDTH_MIN 8 /* of lines and words that are made as wide as something is */
#define WIDTH_MAX 250

/* Heap; any `which` is one, those with small numbers come first. */
char *each_word(struct vary *v, const char *text, size_t which);
/* The same of a text of lines; the ways begin again where there is none left. */
char *each_text(const char *text, size_t which);

#endif
