/* What the generator learns of a case that was played: values that succeed, what programs want, stories. */
#ifndef PARITY_LEARN_H
#define PARITY_LEARN_H

#include "parity/vary.h"

/*
 * What succeeded of c is kept: as a story where files are left, its arguments as values of their names, what it printed as values, its
 * calls as places where something else may stand.
 */
void learn_case(
	struct vary *v, const struct parity_case *c, const struct parity_seen *seen, bool is_new);

#endif
