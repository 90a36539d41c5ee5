/*
 * Cases that are built, for programs that keep something: calls that succeeded before (a story), what is done to it, and calls that
 * show what came of it.  Arguments of one name (of forms of a usage) are often the same, or beside each other, in one case.
 */
#ifndef PARITY_COMPOSE_H
#define PARITY_COMPOSE_H

#include "parity/vary.h"

enum compose_way {
	COMPOSE_FORMS, /* calls of usages, with some of their options each */
	COMPOSE_SWEEP, /* one call with values beside each other */
	COMPOSE_TWIN,  /* one call again, a little different */
	COMPOSE_PILE,  /* one call until something is full */
	COMPOSE_TEXTS, /* files and inputs that are a little different */
	COMPOSE_WAYS,
};

/* ret is empty; false: nothing is known yet that could be composed. */
bool compose_case(struct vary *v, enum compose_way way, struct parity_case *ret);

/* What succeeded of c is kept: as a story where files are left, its arguments as values of their names, what it printed as values. */
void compose_learn(
	struct vary *v, const struct parity_case *c, const struct parity_seen *seen, bool is_new);

#endif
