/*
 * Inside the room: headers that an installed package has where no compiler looks by itself (lua.h, ft2build.h, apr.h).
 * A build that asks its tools finds them; one that was written for another system is told by a variable.
 */
#ifndef ENVPROBE_INCLUDES_H
#define ENVPROBE_INCLUDES_H

#include "envprobe/index.h"
#include "envprobe/loop.h"

/*
 * The directory that makes #include <header> find the file of an installed package, the shallowest of several; heap.
 * NULL: there is none, or compilers find it anyway.
 */
char *includes_find(
	const struct pkgindex *x, const char *header, const struct package_list *installed);

/* Has one of the packages, which are the keys, a file that #include <header> may find, in whatever directory? */
bool includes_has(const struct pkgindex *x, const char *header, const struct map *packages);

/* What the source calls a header that a message names by the last part of its path; borrowed from either. */
const char *includes_full_name(const struct need_list *declared, const char *header);

/* Look there, from the next attempt on, for the headers that the last build did not find; true when that is new. */
bool includes_learn(struct loop *l);

#endif
