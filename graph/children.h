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

static inline void
children_push(struct children *c, const Subtree *of, Length start)
{
	uint32_t n = ts_subtree_child_count(*of);
	c->levels = mem_grow(c->levels, c->n, &c->cap, sizeof(*c->levels));
	const Subtree *first = n ? ts_subtree_children(*of) : NULL;
	c->levels[c->n++] = (struct children_level){.of = *of,
		.next = first,
		.end = n ? first + n : NULL,
		.aliases = n ? ts_language_alias_sequence(c->tree->language, of->ptr->production_id)
			     : NULL,
		.at = start};
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
		struct children_level *l = &c->levels[c->n - 1];
		if (l->next == l->end) {
			c->n--;
			continue;
		}
		const Subtree *child = l->next++;
		Length start = l->at;
		if (l->extra || l->nstructural)
			start = length_add(start, ts_subtree_padding(*child));
		l->at = length_add(start, ts_subtree_size(*child));
		l->extra = ts_subtree_extra(*child);
		TSSymbol alias = 0;
		if (!l->extra) {
			alias = l->aliases ? l->aliases[l->nstructural] : 0;
			l->nstructural++;
		}
		if (alias || ts_subtree_visible(*child)) {
			*ret = (TSNode){{start.bytes, start.extent.row, start.extent.column, alias},
				child, c->tree};
			return true;
		}
		if (ts_subtree_visible_child_count(*child))
			children_push(c, child, start);
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

#endif
