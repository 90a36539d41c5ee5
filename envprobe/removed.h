/* Inside the room: source that is older than every toolchain of this machine's package sources. */
#ifndef ENVPROBE_REMOVED_H
#define ENVPROBE_REMOVED_H

#include "envprobe/evidence.h"

struct removed { /* what a message says is used, and is no more; borrowed from the data and the problem */
	const struct problem *problem;
	struct str toolchain, package, since;
};

/* The first such problem; false: there is none. */
bool removed_find(const struct problem_list *l, struct removed *ret);

#endif
