/*
 * What strings name: variables of the environment, configuration keys, endpoints, commands, services, tables, topics of messages.  A
 * row says which call, of which language, names one in which of its arguments; the shape of the string decides for
 * SQL and for URLs.
 */
#ifndef GRAPH_USES_H
#define GRAPH_USES_H

#include "graph/walk.h"

/* A call of that name (a string of the file), or an annotation; `receiver`: the text before it, may be empty. */
void uses_call(struct walk *w, TSNode call, uint32_t callee, struct str receiver);
/* A literal: SQL, a URL. */
void uses_string(struct walk *w, TSNode literal);
/* The service that a URL leads to, a view of it or of a constant; empty: none. */
struct str uses_service(struct str url);
/* `object[index]`. */
void uses_subscript(struct walk *w, TSNode object, TSNode index);
/* `object.name`, as in process.env.NAME. */
void uses_member(struct walk *w, TSNode object, TSNode name);
/* A variable that names a table: __tablename__. */
void uses_assignment(struct walk *w, uint32_t name, TSNode value);
/* An entity begins that the decorators before it belong to. */
void uses_decorated(struct walk *w, uint32_t entity);

#endif
