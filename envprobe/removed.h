/* Inside the room: source that is older than every toolchain of this machine's package sources. */
#ifndef ENVPROBE_REMOVED_H
#define ENVPROBE_REMOVED_H

#include "envprobe/evidence.h"

struct removed { /* what a message says is used, and is no more; borrowed from the data and the problem */
	const struct problem *problem;
	struct str toolchain, package, since;
};

/*
 * The first such problem; false: there is none.  What Python only could not compile beforehand is none where the log goes on
 * with something else that is missing or does not compile: that has ended the build.
 */
bool removed_find(const struct problem_list *l, struct removed *ret);

#endif
