/*
 * Inside the room: the tables that tests find missing, made by the application's own migrations where its source has
 * them (data/migrations.tsv): they run before the tests, as an option of the recipe, for as long as that pays.
 */
#ifndef ENVPROBE_MIGRATIONS_H
#define ENVPROBE_MIGRATIONS_H

#include "envprobe/loop.h"

/* For the worker: what the tree has, best first. */
void migrations_in_tree(const struct tree *t, struct migration_list *ret);

/* After tests missed a table: the next attempt makes them first; true when that is new. */
bool migrations_learn(struct loop *l);
/* After the last attempt: what made no more tests pass is taken back; true: another attempt, without it, is needed. */
bool migrations_settle(struct loop *l);

#endif
