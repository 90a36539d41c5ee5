/*
 * Inside the room: a version that is taken from the history of the source, where that is not to be had.  Two tools are
 * known (setuptools-scm, pbr): the variable that each has for this is given 0.0.0; a person may know better.
 */
#ifndef ENVPROBE_HISTORY_H
#define ENVPROBE_HISTORY_H

#include "envprobe/loop.h"

/*
 * From the next attempt on, give what the problems of the last build miss of the history: the answer if there is
 * one, else a made-up version, as an option of the recipe and a question that does not block; true when that is new.
 */
bool history_learn(struct loop *l);
/*
 * The same for a build that asks git, once what its log names is wanted: the tree becomes a repository before anything else is
 * done to it.  It comes before what the trace shows and before files that are missing.
 */
bool history_make_up(struct loop *l);

/*
 * For sh, in the tree: a repository of one commit with one tag, of the newest date (YYYY-MM-DD) that the tree's own ChangeLog,
 * CHANGELOG, CHANGES or NEWS names, else of 2000-01-01.  The same files give the same commit and the same tag, on any day.
 * git's global configuration is changed: the tree may be another user's, in the eyes of git.
 */
extern const char history_repository_script[];

#endif
