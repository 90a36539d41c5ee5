/*
 * The words of the map: kinds of entities, relations between them, where a relation is known from.  They are
 * the same for every language; the names are those of the exports and of SQL.
 */
#ifndef GRAPH_KINDS_H
#define GRAPH_KINDS_H

#include "base/str.h"

enum graph_kind {
	KIND_NONE,
	KIND_DIRECTORY,
	KIND_FILE,
	KIND_MODULE, /* a namespace or package that the source names */
	KIND_TYPE,
	KIND_FUNCTION,
	KIND_METHOD,
	KIND_FIELD,
	KIND_GLOBAL,
	KIND_ENUMERATOR,
	KIND_MACRO,
	KIND_TEST,
	KIND_SECTION, /* of a document */
	KIND_PARAMETER,
	KIND_COLUMN,
	KIND_TARGET, /* of a build */
	/* Those from here on are known by their names alone, wherever they are mentioned. */
	KIND_TABLE,
	KIND_CONFIG_KEY,
	KIND_ENV, /* a variable of the environment */
	KIND_ENDPOINT,
	KIND_COMMAND,
	KIND_SERVICE, /* something outside that is connected to: a host, a kind of server */
	KIND_TOPIC,   /* of messages: a topic, queue, subject or channel of a broker */
	KIND_END,
};

/* Does it run? */
static inline bool
graph_kind_is_code(unsigned k)
{
	return k == KIND_FUNCTION || k == KIND_METHOD || k == KIND_TEST;
}
/* Has it a name of its own, without that of the module it is written in? */
static inline bool
graph_kind_is_data(unsigned k)
{
	return k >= KIND_COLUMN && k < KIND_END;
}
static inline bool
graph_kind_is_shared(unsigned k)
{
	return k >= KIND_TABLE && k < KIND_END;
}

enum graph_relation {
	REL_NONE,
	REL_CONTAINS,
	REL_IMPORTS,
	REL_CALLS,
	REL_MAY_CALL, /* through a pointer, or a receiver whose type is not known */
	REL_READS,
	REL_WRITES,
	REL_TAKES_ADDRESS,
	REL_INHERITS,
	REL_OVERRIDES,
	REL_INSTANTIATES,
	REL_HAS_TYPE,
	REL_EXPANDS, /* a macro */
	REL_READS_ENV,
	REL_READS_CONFIG,
	REL_CONFIGURES, /* sets a variable of the environment */
	REL_QUERIES_TABLE,
	REL_SERVES,   /* answers at an endpoint */
	REL_CONNECTS, /* to a service */
	REL_EXECS,
	REL_BUILDS, /* a target: from a file */
	REL_DEPENDS_ON,
	REL_DOCUMENTS,
	REL_TESTS,
	REL_CO_CHANGES, /* changed together so far */
	REL_OPENS,	/* a file, when it ran */
	REL_PUBLISHES,	/* messages to a topic */
	REL_SUBSCRIBES, /* to a topic */
	REL_END,
};

enum graph_prov {
	PROV_SYNTAX,   /* the tree of the file alone: containment, what a file says of itself */
	PROV_RESOLVED, /* a name followed by the rules of the language */
	PROV_MACRO,    /* through the body of a macro */
	PROV_NAME,     /* by its name alone */
	PROV_HISTORY,  /* what was changed together */
	PROV_COMPILER, /* an index that a compiler made */
	PROV_RUNTIME,  /* seen when tests ran */
	PROV_PRODUCTION,
	PROV_END,
};

const char *graph_kind_name(enum graph_kind k);
const char *graph_relation_name(enum graph_relation r);
const char *graph_prov_name(enum graph_prov p);

#endif
