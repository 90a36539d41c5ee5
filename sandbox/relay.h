/* Inside the room: the raw TCP relay of the broker, for protocols that are not HTTP (git://). */
#ifndef SANDBOX_RELAY_H
#define SANDBOX_RELAY_H

/*
 * Serve a listening socket in threads of its own for as long as the process lives: every connection is
 * joined with one to host_port ("host:port").
 */
void relay_start(int listen_fd, const char *host_port);

#endif
