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

/* The node in that field; a null node for field 0. */
static inline TSNode
walk_field(TSNode node, TSFieldId id)
{
	return id ? ts_node_child_by_field_id(node, id) : (TSNode){{0}, NULL, NULL};
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
/* How many arguments a call has; UINT32_MAX: that is not known. */
uint32_t walk_count_arguments(TSNode call);
/* A string that says what is known of the types of a call's arguments; 0: nothing. */
uint32_t walk_argument_types(struct walk *w, TSNode call);

#endif
