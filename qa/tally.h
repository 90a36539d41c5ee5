/*
 * The sum that a program of tests prints at its end, in whatever words: read only to tell that something failed
 * where the exit status does not, as of scripts that count and then end.
 */
#ifndef QA_TALLY_H
#define QA_TALLY_H

#include "base/str.h"

/* The one of the last lines that counts more than no failure, of tests, or one by which Ant tells of a program that failed; empty: none does. */
struct str tally_of_failures(struct str text);

#endif
