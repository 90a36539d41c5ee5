/*
 * Inside the room: tells the broker which program in the pod is at the other end of a connection.  The broker has
 * no right to look into the pod; a thread of drydock does it for those connections that were refused.
 */
#ifndef SANDBOX_WITNESS_H
#define SANDBOX_WITNESS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct witness;

/* `box`: the pod's outer process.  `socket` (SEQPACKET) is taken over, also on error. */
int witness_start(pid_t box, int socket, struct witness **ret, struct dd_err *err) DD_MUST_USE;
/* Ends when the other end of the socket is closed; then joins and frees.  NULL is fine. */
void witness_join(struct witness *w);

/* The broker's side: path of the program whose socket has this local port; "" when it cannot be told. */
char *witness_ask(int socket, uint16_t port);

#endif
