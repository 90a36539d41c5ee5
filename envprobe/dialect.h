/*
 * Inside the room: sources of another time, which a compiler of today takes with a flag.  Each flag is a decision
 * of its own, which the recipe names, and which one more attempt must prove.
 */
#ifndef ENVPROBE_DIALECT_H
#define ENVPROBE_DIALECT_H

#include "envprobe/loop.h"

/*
 * Compile, or interpret, in the dialect that the problems of the last build ask for, from the next attempt on; true when
 * that is new.  A compiler that the answers name is left alone.  Of the last tests (SCOPE_TEST) only what concerns
 * interpreters counts: what a compiler refuses may be what they are about.
 */
bool dialect_learn(struct loop *l, enum need_scope scope);

/*
 * A variable on the command line of make, instead of what it was told before (NULL: nothing): a makefile's own assignment is
 * stronger than the environment, and weaker than that.
 */
void dialect_tell_make(struct loop *l, const char *name, const char *before, const char *now);

#endif
