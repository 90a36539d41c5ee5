/*
 * A network that several pods are in: a network namespace with nothing but its loopback interface.  It belongs to
 * a user namespace of its own, in which nothing runs; see network.c.  References may be taken and given back by any thread.
 */
#ifndef SANDBOX_NETWORK_H
#define SANDBOX_NETWORK_H

#include "sandbox/sandbox.h"

struct network;

/* DD_EUNSUPPORTED: the kernel makes none, and the message names what is missing.  The caller holds it. */
int network_create(const struct state *st, struct network **ret, struct dd_err *err) DD_MUST_USE;
struct network *network_ref(struct network *n);
/* It ends with the last who holds it and the last process in it.  NULL is fine. */
void network_unref(struct network *n);

/* Descriptors a box joins it by; its own.  The user namespace is -1 where the box needs not enter that. */
int network_user_fd(const struct network *n);
int network_fd(const struct network *n);

#endif
