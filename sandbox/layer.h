/* Inside the room: how a pod's upper becomes a layer. */
#ifndef SANDBOX_LAYER_H
#define SANDBOX_LAYER_H

#include "sandbox/sandbox.h"

/* This boot's id, appended. */
int layer_boot_id(struct buf *ret, struct dd_err *err) DD_MUST_USE;

#endif
