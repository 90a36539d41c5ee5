/*
 * Inside the room: rows for the tables of a service that the source fills with none (made_up.h).  Where tests fail with the
 * schema in place, and the source has no rows of its own, one attempt has made-up ones; they stay, as an option of the recipe
 * and a question, where more tests pass with them.
 */
#ifndef ENVPROBE_ROWS_H
#define ENVPROBE_ROWS_H

#include "envprobe/loop.h"

/* *ret: the next attempt has rows that this one had not. */
int rows_learn(struct loop *l, bool *ret, struct dd_err *err) DD_MUST_USE;
/* After an attempt from which nothing was learnt, and the last one: rows that made no more tests pass are taken back; true: another attempt, without them, is needed. */
bool rows_settle(struct loop *l);

#endif
