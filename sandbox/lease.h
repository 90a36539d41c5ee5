/*
 * Inside the room: who needs what.  <state>/leases/<owner>/<key> is a layer, and the lines of
 * <state>/leases/<owner>/objects-<digest> are objects of the content store.  Leases are taken and
 * what nobody leases is removed under one lock, held for moments only: who has a lease and then
 * finds the thing there keeps it.
 */
#ifndef SANDBOX_LEASE_H
#define SANDBOX_LEASE_H

#include "base/map.h"
#include "sandbox/sandbox.h"

int lease_lock(const struct state *st, int *ret_fd, struct dd_err *err) DD_MUST_USE;

/*
 * With the lock held.  Leases of the owners in `gone` (may be NULL) do not count; a pod that was opened on
 * the layer and is still there does.
 */
int lease_find_layer(const struct state *st, const char *key, const struct strlist *gone,
	bool *ret_leased, struct dd_err *err) DD_MUST_USE;

/* With the lock held: every leased object becomes a key of ret. */
int lease_list_objects(const struct state *st, const struct strlist *gone, struct map *ret,
	struct dd_err *err) DD_MUST_USE;

#endif
