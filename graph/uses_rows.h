/* Inside the room: which calls, of which language, name something in a string (graph/uses.h). */
#ifndef GRAPH_USES_ROWS_H
#define GRAPH_USES_ROWS_H

#include "graph/walk.h"

enum use_flags {
	USE_LIKELY = 1,	    /* other things have this shape, too */
	USE_ROUTE = 2,	    /* the argument is a path that begins with a slash */
	USE_RELATIVE = 4,   /* a path without its slash will do */
	USE_HANDLER = 8,    /* a later argument, or a block, answers */
	USE_DECORATES = 16, /* only as a decorator, annotation or attribute */
	USE_WORD = 32,	    /* the first word of a command line */
	USE_PREFIX = 64,    /* on a type: before the paths of its methods */
	USE_BARE = 128,	    /* only without a receiver */
	USE_METHOD = 256,   /* only with one */
};
#define USE_KEY 255

struct use {
	const char *callee;
	uint32_t langs;
	const char *receiver; /* its last part; NULL: any */
	const char *
		word; /* of an endpoint its method, NULL: the row does not say; of a topic the key that it is given under, NULL: none */
	uint8_t relation;
	uint8_t arg; /* USE_KEY: none, only under the key */
	uint16_t flags;
};

/*
 * The rows of that callee, a string of the file, in the order in which they are to be tried: the first, and the one behind another; NULL:
 * there is none (any more).  What was asked once is known by walk_name.use.
 */
const struct use *uses_first(struct walk *w, uint32_t callee);
const struct use *uses_next(const struct walk *w, const struct use *u);

#endif
