/*
 * Inside the room: a makefile that has the version of a library or program in a variable, and that version is in no source:
 * the newest of the same first number is, and the variable says so on the command line of make.  An option of the recipe.
 */
#ifndef ENVPROBE_NEWER_H
#define ENVPROBE_NEWER_H

#include "envprobe/loop.h"

struct newer {
	char *stem, *old, *now; /* "tcl", "8.4", "8.6" */
};

/* Of what such a need is named; false: it has no version, or no newer one of its first number is in the index. */
bool newer_find(const struct pkgindex *x, const struct need *n, struct newer *ret);
void newer_cleanup(struct newer *n);

/* After a failed build from which nothing else was learnt.  *ret: the next attempt asks for another version. */
int newer_learn(struct loop *l, bool *ret, struct dd_err *err) DD_MUST_USE;

#endif
