/* Inside the room: what egress.c and the broker process agree on. */
#ifndef SANDBOX_BROKER_H
#define SANDBOX_BROKER_H

/* Descriptors of the broker, counted from BROKER_FIRST_FD. */
#define BROKER_FIRST_FD 3
#define BROKER_WHOLE "sha256-"
enum {
	BROKER_CONFIG,	/* JSON: upstreams, offline, budget_bytes, relay */
	BROKER_LISTEN,	/* HTTP, in the pod's network namespace */
	BROKER_CONTROL, /* end of file ends the broker */
	BROKER_SPOOL,	/* directory for bodies: a number while one comes, then BROKER_WHOLE and its
			   digest */
	BROKER_LOG,	/* one JSON object a line and request, appended in one write */
	BROKER_RELAY,	/* listening socket of the raw relay; may be closed */
	BROKER_PROXY,	/* listening socket of the proxy; may be closed */
	BROKER_WITNESS, /* asked which program a connection belongs to; see witness.h */
	BROKER_FDS,
};

/*
 * Its exit status: 0, this, or the errno for which a request could not be logged, or a body not be
 * written; for the latter it ends at once.
 */
#define BROKER_NO_START 3

#endif
