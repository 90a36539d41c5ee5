/*
 * Services that are known by name (data/services.tsv): how they are recognised, and what starts them.  All results
 * are views of the data.
 */
#ifndef ENVPROBE_KNOWN_SERVICES_H
#define ENVPROBE_KNOWN_SERVICES_H

#include "base/str.h"

enum service_mark { /* what a service is recognised by */
	MARK_PORT,
	MARK_SOCKET, /* name of a UNIX socket */
	MARK_SCHEME, /* of a URL */
	MARK_IMAGE,  /* of a container: "registry.example/library/postgres:15-alpine" */
	MARK_CLIENT, /* name of a need: "psycopg2" */
};

/* Name of the service; the empty view: none. */
struct str known_service_by(enum service_mark mark, struct str value);

/* The first port of a service; 0: it has none, or is not known. */
uint64_t known_service_port(struct str name);

/* A field that it has at most once: "package", "user", "database", "start"; empty: it has none. */
struct str known_service_get(struct str name, const char *what);

/* The next of its rows with a name and a value, of that kind ("setting", ...); *rest begins as data_services(). */
bool known_service_next(struct str *rest, struct str name, const char *what, struct str *ret_key,
	struct str *ret_value);

#endif
