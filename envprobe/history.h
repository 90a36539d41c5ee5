/*
 * Inside the room: a version that is taken from the history of the source, where that is not to be had.  The
 * variable that each tool has for this is given a version that says it is none; a person may know better.
 */
#ifndef ENVPROBE_HISTORY_H
#define ENVPROBE_HISTORY_H

#include "envprobe/loop.h"

/*
 * From the next attempt on, give what the problems of the last build miss of the history: the answer if there is
 * one, else a made-up version, as an option of the recipe and a question that does not block; true when that is new.
 */
bool history_learn(struct loop *l);
/* The same for a build that asks git: when nothing else helps, the tree becomes a repository before it is built. */
bool history_make_up(struct loop *l);

#endif
