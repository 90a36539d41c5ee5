/*
 * The visible children of the nodes of a syntax tree, in the order and with the names that a TSTreeCursor gives them:
 * those of a hidden node stand in its place, and a production may call a child something else (an alias).
 *
 * The cursor finds each step anew from the parent and counts what nobody here asks for, which was half of the walk.
 * This looks at the tree as tree-sitter keeps it (lib/src/subtree.h of the version that the lock file names; see
 * docs/decisions/0057-children.md), and only reads it.  One thread; the tree outlives what is looked at.
 */
#ifndef GRAPH_CHILDREN_H
#define GRAPH_CHILDREN_H

#include "base/own.h"

#include <src/language.h>
#include <src/tree.h>

/* A node whose children are looked at. */
struct children_level {
	Subtree of;
	const Subtree *next, *end;
	const TSSymbol *
		aliases; /* what its production calls its children that are no extras; NULL: nothing else */
	Length at; /* the end of the last child; before the first, where that one starts */
	uint32_t nstructural; /* children so far that are no extras */
	bool extra;	      /* the last one was */
};

/* Levels are open one inside the other: those of hidden nodes, and those of whoever was asked first. */
struct children {
	const TSTree *tree;
	struct children_level *levels;
	size_t n, cap;
};

static inline void
children_cleanup(struct children *c)
{
	free(c->levels);
	*c = (struct children){0};
}

/* start: of the node, its padding not counted. */
static inline struct children_level
children_level_of(const TSLanguage *language, const Subtree *of, Length start)
{
	const uint32_t n = ts_subtree_child_count(*of);
	const Subtree *first = n ? ts_subtree_children(*of) : NULL;
	return (struct children_level){.of = *of,
		.next = first,
		.end = n ? first + n : NULL,
		.aliases = n ? ts_language_alias_sequence(language, of->ptr->production_id) : NULL,
		.at = start};
}

/* The next child in the tree, hidden or not, where it starts, and what it is called if not as it is (else 0). */
static inline const Subtree *
children_step(struct children_level *l, Length *ret_start, TSSymbol *ret_alias)
{
	if (l->next == l->end)
		return NULL;
	const Subtree *child = l->next++;
	*ret_start =
		l->extra || l->nstructural ? length_add(l->at, ts_subtree_padding(*child)) : l->at;
	l->at = length_add(*ret_start, ts_subtree_size(*child));
	l->extra = ts_subtree_extra(*child);
	*ret_alias = 0;
	if (!l->extra) {
		*ret_alias = l->aliases ? l->aliases[l->nstructural] : 0;
		l->nstructural++;
	}
	return child;
}

static inline TSNode
children_node(const TSTree *tree, const Subtree *child, Length start, TSSymbol alias)
{
	return (TSNode){{start.bytes, start.extent.row, start.extent.column, alias}, child, tree};
}

static inline void
children_push(struct children *c, const Subtree *of, Length start)
{
	c->levels = mem_grow(c->levels, c->n, &c->cap, sizeof(*c->levels));
	c->levels[c->n++] = children_level_of(c->tree->language, of, start);
}

/* Open the node, whose tree is that of all that are open; gives what children_next wants to know. */
static inline size_t
children_open(struct children *c, TSNode node)
{
	c->tree = node.tree;
	children_push(c, node.id, (Length){node.context[0], {node.context[1], node.context[2]}});
	return c->n - 1;
}

/* Stop before the last child. */
static inline void
children_close(struct children *c, size_t opened)
{
	c->n = opened;
}

/* False when there is none any more; the node is closed then. */
static inline bool
children_next(struct children *c, size_t opened, TSNode *ret)
{
	while (c->n > opened) {
		Length start;
		TSSymbol alias;
		const Subtree *child = children_step(&c->levels[c->n - 1], &start, &alias);
		if (!child) {
			c->n--;
		} else if (alias || ts_subtree_visible(*child)) {
			*ret = children_node(c->tree, child, start, alias);
			return true;
		} else if (ts_subtree_visible_child_count(*child)) {
			children_push(c, child, start);
		}
	}
	return false;
}

/* The field that the last child is in, 0: in none. */
static inline TSFieldId
children_field(const struct children *c, size_t opened)
{
	for (size_t i = c->n; i > opened; i--) {
		const struct children_level *l = &c->levels[i - 1];
		const TSFieldMapEntry *e, *end;
		if (l->extra)
			break;
		ts_language_field_map(c->tree->language, l->of.ptr->production_id, &e, &end);
		for (; e < end; e++)
			if (!e->inherited && e->child_index == l->nstructural - 1)
				return e->field_id;
	}
	return 0;
}

/* The symbol of the node; one of several that have its name. */
static inline TSSymbol
children_symbol(TSNode node)
{
	return node.context[3] ? (TSSymbol)node.context[3]
			       : ts_subtree_symbol(*(const Subtree *)node.id);
}

static inline bool
children_none(TSNode node)
{
	return ts_subtree_child_count(*(const Subtree *)node.id) == 0;
}

static inline bool
children_named(TSNode node)
{
	return node.context[3]
		       ? ts_language_symbol_metadata(node.tree->language, (TSSymbol)node.context[3])
				 .named
		       : ts_subtree_named(*(const Subtree *)node.id);
}

static inline bool
children_extra(TSNode node)
{
	return ts_subtree_extra(*(const Subtree *)node.id);
}

/* The children in the tree of a node that has some. */
static inline struct children_level
children_of(TSNode node)
{
	const Length start = {node.context[0], {node.context[1], node.context[2]}};
	return children_level_of(node.tree->language, node.id, start);
}

/* The named child of that number, from 0, as ts_node_named_child gives it: mostly all before it are children in the tree, too. */
static inline TSNode
children_named_child(TSNode node, uint32_t number)
{
	const TSNode none = {{0}, NULL, NULL};
	if (!node.id || children_none(node))
		return none;
	struct children_level l = children_of(node);
	const Subtree *child;
	Length start;
	TSSymbol alias;
	for (uint32_t left = number; (child = children_step(&l, &start, &alias));) {
		const bool named =
			alias ? ts_language_symbol_metadata(node.tree->language, alias).named
			      : ts_subtree_visible(*child) && ts_subtree_named(*child);
		if (named && !left--)
			return children_node(node.tree, child, start, alias);
		if (!named && ts_subtree_child_count(*child) && child->ptr->named_child_count)
			return ts_node_named_child(node, number);
	}
	return none;
}

/* The first visible node in a hidden one that begins there. */
static inline TSNode
children_first(const TSTree *tree, const Subtree *of, Length at)
{
	while (of && ts_subtree_visible_child_count(*of)) {
		struct children_level l = children_level_of(tree->language, of, at);
		TSSymbol alias;
		while ((of = children_step(&l, &at, &alias))) {
			if (alias || ts_subtree_visible(*of))
				return children_node(tree, of, at, alias);
			if (ts_subtree_visible_child_count(*of))
				break;
		}
	}
	return (TSNode){{0}, NULL, NULL};
}

/* The child in the field, as ts_node_child_by_field_id gives it: most fields have one place, and that is a child's. */
static inline TSNode
children_in_field(TSNode node, TSFieldId field)
{
	const TSNode none = {{0}, NULL, NULL};
	const TSFieldMapEntry *e, *end;
	if (!field || !node.id || children_none(node))
		return none;
	ts_language_field_map(
		node.tree->language, (*(const Subtree *)node.id).ptr->production_id, &e, &end);
	while (e < end && e->field_id < field)
		e++;
	if (e == end || e->field_id != field)
		return none;
	struct children_level l = children_of(node);
	const Subtree *child;
	Length start;
	TSSymbol alias;
	while (!e->inherited && (child = children_step(&l, &start, &alias))) {
		if (l.extra || l.nstructural - 1 != e->child_index)
			continue;
		if (alias || ts_subtree_visible(*child))
			return children_node(node.tree, child, start, alias);
		if (ts_subtree_visible_child_count(*child))
			return children_first(node.tree, child, start);
		break;
	}
	return ts_node_child_by_field_id(node, field);
}

#endif
