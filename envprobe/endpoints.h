/*
 * Addresses of services as a source names them: URLs, pairs of host and port in code and
 * configuration. A search in the parser worker "endpoints", once the tests could not reach one.
 */
#ifndef ENVPROBE_ENDPOINTS_H
#define ENVPROBE_ENDPOINTS_H

#include "envprobe/tree.h"
#include "record/record.h"
#include "sandbox/sandbox.h"

struct endpoint {
	char *host;
	int64_t port; /* 0: not named */
	char *scheme; /* of a URL; NULL */
	char *where;  /* file:line */
};
RECORD_LIST(endpoint);

/* One of each host, port and scheme, in the order of files. */
int endpoints_in_source(const struct state *st, const struct stack *source,
	struct endpoint_list *ret, struct dd_err *err) DD_MUST_USE;

/* The same on an open tree, for the worker and tests. */
int endpoints_in_tree(const struct tree *t, struct endpoint_list *ret, struct dd_err *err)
	DD_MUST_USE;

#endif
