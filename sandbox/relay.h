/* Inside the room: the raw TCP relay of the broker, for protocols that are not HTTP (git://). */
#ifndef SANDBOX_RELAY_H
#define SANDBOX_RELAY_H

#include <stdbool.h>
#include <stddef.h>

/* Called for each connection, by its thread, before anything is passed on. */
typedef void relay_fn(bool connected);

/*
 * Serve a listening socket in threads of its own for as long as the process lives: every connection
 * is joined with one to host_port ("host:port").
 */
void relay_start(int listen_fd, const char *host_port, relay_fn *on_connect);

/*
 * Pass bytes between two connected sockets until both have ended, or nothing moved for five minutes.  `count` (may
 * be NULL) is told of each piece before it is passed on; false from it ends the connection.  The sockets stay
 * the caller's.
 */
void relay_join(int a, int b, bool (*count)(void *ctx, size_t n), void *ctx);

#endif
