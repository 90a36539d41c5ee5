/*
 * Inside the room: what is known beforehand (struct premises), as it bears on what the loop wants, and as a
 * drydock.yaml.  Reading one is for the worker "facts", since it may come with the source.
 */
#ifndef ENVPROBE_PREMISES_H
#define ENVPROBE_PREMISES_H

#include "envprobe/loop.h"

/* Does a drydock.yaml ban the package? */
bool premises_ban(const struct loop *l, const char *package);
/* The package that a drydock.yaml names for the need; borrowed, NULL. */
const char *premises_provider(const struct loop *l, const struct need *need);

/* Before the first attempt: the packages are wanted, and the variables set. */
void premises_apply(struct loop *l);

/* After a round: tell what it learnt (probe_spec.learnt). */
int premises_tell(const struct loop *l, struct dd_err *err) DD_MUST_USE;

#endif
