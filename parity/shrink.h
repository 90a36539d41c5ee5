/* A case made as small as it goes: what is taken away stays away as long as the case is still what it is kept for. */
#ifndef PARITY_SHRINK_H
#define PARITY_SHRINK_H

#include "parity/case.h"

/* *ret: it still is. */
typedef int shrink_holds(void *ctx, const struct parity_case *c, bool *ret, struct dd_err *err);

/* Asked at most `tries` times, and not at all from until_ns (clock_mono_ns) on; 0: at any time. */
int shrink_case(struct parity_case *c, unsigned tries, int64_t until_ns, shrink_holds *holds,
	void *ctx, struct dd_err *err) DD_MUST_USE;

#endif
