/* Inside of walk.h: what the files walk*.c ask of each other. */
#ifndef GRAPH_WALK_INNER_H
#define GRAPH_WALK_INNER_H

#include "graph/walk.h"

/* What the rules of the language say of the node; never NULL. */
static inline const struct action *
walk_action(const struct walk *w, TSNode node)
{
	static const struct action none = {0};
	TSSymbol s = node.id ? children_symbol(node) : (TSSymbol)-1;
	return s < w->lang->nactions ? &w->lang->actions[s] : &none;
}

static inline bool
walk_has(const struct walk *w, TSNode node, enum node_is what)
{
	return walk_action(w, node)->is & what;
}

/* The node in that field; a null node for field 0. */
static inline TSNode
walk_field(TSNode node, TSFieldId id)
{
	return children_in_field(node, id);
}

/* May it stand in a name?  All beyond ASCII may. */
static inline bool
walk_is_name_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c >= 0x80 || c == '$' || c == '@';
}

/* What stands before the dot of a call, as a string; 0: nothing that can be followed. */
uint32_t walk_receiver(struct walk *w, TSNode object);
/* Functions of one name are told apart by the types of their arguments. */
bool walk_has_overloads(const struct walk *w);

#endif
