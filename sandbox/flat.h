/*
 * Inside the room: stacks of many layers.
 *
 * Each layer costs every lookup that finds nothing, so a stack of more than FLAT_ABOVE layers is mounted
 * with its lowest ones as a single layer, once there is one.  Nobody sees a difference: keys, leases
 * and exports are those of the stack as it was made.  The flat layer lies in the store as others do, with the
 * keys it stands for in a file `of` beside its tree; <state>/flat/KEY, named after the topmost of
 * those, says which it is.  It is a copy: when it is gone, it is made again.
 */
#ifndef SANDBOX_FLAT_H
#define SANDBOX_FLAT_H

#include "sandbox/sandbox.h"

#define FLAT_ABOVE 20 /* layers; more are flattened */
#define FLAT_STEP 16  /* prefixes of a multiple of it are */

/* How many layers of a stack of n are to be one; 0: none. */
size_t flat_prefix(size_t n);
/* The longest there is: how many of the lowest layers it stands for, and its key.  0: there is none. */
size_t flat_find(const struct state *st, const struct stack *s, struct hash_hex *ret_key);
/*
 * Start a drydock-core that makes what is missing for a stack.  It dies with the thread that asks, and
 * there is one at a time.
 */
void flat_ask(const struct state *st, const struct stack *s);
/* Keys that a flat layer stands for; false when this layer is none. */
bool flat_sources(const struct state *st, const char *key, struct strlist *ret);
/* Write down that `key` stands for the lowest n layers of s. */
int flat_record(const struct state *st, const struct stack *s, size_t n, const char *key,
	struct dd_err *err) DD_MUST_USE;
/* Remove what names a layer that is gone. */
void flat_forget(const struct state *st);

#endif
