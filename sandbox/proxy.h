/*
 * Inside the room: the broker's proxy for hosts the user named.  It speaks CONNECT only: what goes through is
 * opaque.  Names are resolved out here, and an answer that is not an address of the public network is refused, so
 * that a name cannot lead into the networks this machine is part of; an address the user wrote himself may.
 */
#ifndef SANDBOX_PROXY_H
#define SANDBOX_PROXY_H

#include "base/err.h"
#include "base/str.h"

#include <sys/socket.h>

struct proxy_attempt {
	const char *target; /* "host:port", as asked for; "" when it could not be read */
	uint16_t client_port;
	int status;	 /* what the inside was answered */
	bool refused;	 /* by the rules, not by the other side */
	const char *why; /* of a refusal or failure; NULL */
	uint64_t bytes;	 /* both ways */
};

struct proxy_spec {
	int listen_fd;
	const struct strlist *allow; /* "host:port" or "*.suffix:port"; port 443 when it has none */
	/* Count n more bytes; an error ends the connection. */
	int (*take_budget)(size_t n, struct dd_err *err);
	void (*on_attempt)(const struct proxy_attempt *a);
};

/* Serve in threads for as long as the process lives; spec is copied, allow borrowed. */
void proxy_start(const struct proxy_spec *spec);

/* ---- for its tests ---- */

/* Does an entry of the list allow host and port?  Case does not matter; "*.a.org" is not "a.org". */
bool proxy_is_allowed(const struct strlist *allow, const char *host, unsigned port);
/* A unicast address of the public network: not private, loopback, link-local, shared, documentation, ... */
bool proxy_is_public(const struct sockaddr *a);
/* "HOST:PORT" or "[V6]:PORT" of the first line of a request; false when it is no CONNECT.  Heap. */
bool proxy_parse_connect(struct str line, char **ret_host, unsigned *ret_port);

#endif
