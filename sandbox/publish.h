/*
 * A TCP port of a pod on the loopback interface of this machine, while we live.  The pod is never given a socket
 * of this machine's network: for each connection an ordinary program in the pod connects to the port there, and
 * its input and output are one end of a pair of UNIX sockets, whose other end is joined with the connection here.
 * What comes from the pod is bytes.  The caller's thread starts and ends those programs (publish_turn), a thread a
 * connection passes the bytes on.
 */
#ifndef SANDBOX_PUBLISH_H
#define SANDBOX_PUBLISH_H

#include "sandbox/sandbox.h"

struct publish;

/*
 * Listen on 127.0.0.1:host_port (0: any that is free) for what is to reach 127.0.0.1:port in the pod, which needs
 * bash there.  DD_EIO: the port is taken.
 */
int publish_open(struct pod *pod, uint16_t host_port, uint16_t port, struct publish **ret,
	struct dd_err *err) DD_MUST_USE;
uint16_t publish_port(const struct publish *p); /* of this machine */

/* Take connections for at most timeout_ms; at once when one came. */
int publish_turn(struct publish *p, int timeout_ms, struct dd_err *err) DD_MUST_USE;

/* Before the pod is closed.  NULL is fine. */
void publish_close(struct publish *p);

#endif
