/*
 * What names mean in the scopes of a file, in languages with types, modules and packages (those of C are looked up in
 * resolve_c.c).  Nothing is added to the model.  `depth` is how far from the reference a question is asked: beyond a
 * dozen, or without steps left, the answer is THING_UNKNOWN.
 */
#ifndef GRAPH_RESOLVE_SCOPES_H
#define GRAPH_RESOLVE_SCOPES_H

#include "graph/resolver.h"

/* What the name is in the scope or one around it, its file's imports or its package; text: the name, as it is written. */
struct thing resolver_look_up(
	struct resolver *r, uint32_t scope, uint32_t name, struct str text, unsigned depth);
/* What the thing has under the name: behind its dot. */
struct thing resolver_member(struct resolver *r, struct thing t, uint32_t name, unsigned depth);
/* What the type or one of its bases has under the name. */
struct thing resolver_in_type(struct resolver *r, uint32_t type, uint32_t name, unsigned depth);
/* What a file, a module or a function holds or binds under the name, or imports with all names of another. */
struct thing resolver_in_module(struct resolver *r, uint32_t module, uint32_t name, unsigned depth);
/* "a.b.C": the longest beginning that is a package, and what it has. */
struct thing resolver_qualified(struct resolver *r, struct str chain);
/* The type that the scope is in, or is; 0: none. */
uint32_t resolver_type_around(const struct resolver *r, uint32_t scope);
/* The binding of a name in a scope: a link from 1, 0 for none.  Of several in a function the last before the reference. */
uint32_t resolver_first_bind(struct resolver *r, uint32_t scope, uint32_t name);
/* What the base of that number (of the model) is of the type. */
struct thing resolver_base_of(struct resolver *r, uint32_t type, uint32_t base);
/* An object of the type's first base. */
struct thing resolver_base(struct resolver *r, uint32_t type, unsigned depth);

#endif
