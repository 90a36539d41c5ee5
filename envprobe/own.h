/*
 * What a source tree makes itself.  A package that brings the same would be built or tested in its place, so that
 * it is not wanted, unless the build cannot begin without it.
 */
#ifndef ENVPROBE_OWN_H
#define ENVPROBE_OWN_H

#include "envprobe/tree.h"
#include "record/record.h"

/*
 * Names of modules of Python and of files for pkg-config, as "python tide", into project.own; declared needs of such
 * files go: where the build ends for want of one, its message is a need again.
 */
void own_find(const struct tree *t, struct project *p);

/*
 * Is a module that was missed one of the tree, or are all those among which it was the last choice?  A declared one may be what the
 * build is begun with, and is not looked at.
 */
bool own_makes(const struct project *p, const struct need *n);
/* What a need names but for those, heap; one of several modules will do. */
char *own_others(const struct project *p, const struct need *n);

#endif
