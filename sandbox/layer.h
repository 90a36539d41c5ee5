/* Inside the room: how a pod's upper becomes a layer. */
#ifndef SANDBOX_LAYER_H
#define SANDBOX_LAYER_H

#include "sandbox/sandbox.h"

/*
 * Make dir (a directory of the state's file system that holds `fs` and nothing else of value) the
 * layer of that key; layer_settle makes it durable.  If the layer exists already, dir is left where it is.
 */
int layer_publish(const struct state *st, const char *key, const char *dir, struct dd_err *err)
	DD_MUST_USE;

/* This boot's id, appended. */
int layer_boot_id(struct buf *ret, struct dd_err *err) DD_MUST_USE;

#endif
