/* What the walk writes down: strings, entities, references, and what names are bound to. */
#include "graph/uses.h"
#include "graph/walk_inner.h"

/* ---- names ---- */

struct str
walk_text(const struct walk *w, TSNode node)
{
	if (ts_node_is_null(node))
		return (struct str){"", 0};
	uint32_t from = ts_node_start_byte(node), to = ts_node_end_byte(node);
	if (to > w->text.n || from > to)
		return (struct str){"", 0};
	return (struct str){w->text.p + from, to - from};
}

uint32_t
walk_string(struct walk *w, TSNode node)
{
	return ts_node_is_null(node) ? 0 : facts_string(w->f, walk_text(w, node));
}

uint32_t
walk_own(struct walk *w, const char *s)
{
	uint32_t known = facts_string_if_any(w->f, str_of(s));
	if (known || w->owned.n >= WALK_MAX_OWNED)
		return known;
	strlist_add(&w->owned, s);
	return facts_string(w->f, str_of(w->owned.v[w->owned.n - 1]));
}

struct walk_name *
walk_name(struct walk *w, uint32_t string)
{
	if (string >= w->nnames) {
		size_t n = w->nnames ? w->nnames : 512;
		while (n <= string)
			n *= 2;
		w->names = mem_realloc(w->names, n, sizeof(*w->names));
		memset(w->names + w->nnames, 0, (n - w->nnames) * sizeof(*w->names));
		w->nnames = n;
	}
	return &w->names[string];
}

bool
walk_is(TSNode node, const char *type)
{
	return !ts_node_is_null(node) && strcmp(ts_node_type(node), type) == 0;
}

/* ---- facts ---- */

uint32_t
walk_define(struct walk *w, enum graph_kind kind, uint32_t name, TSNode node)
{
	struct fact_entity *e = facts_add_entity(w->f);
	e->kind = (uint8_t)kind;
	e->name = name;
	e->parent = w->scope;
	e->line = walk_line(node);
	e->end = ts_node_end_point(node).row + 1;
	e->cond = w->cond;
	if (!w->scope && name)
		walk_name(w, name)->global = (uint32_t)w->f->nentities;
	return (uint32_t)w->f->nentities;
}

void
walk_inside(struct walk *w, uint32_t entity)
{
	uint32_t scope = w->scope, function = w->function, type = w->var_type, call = w->call;
	unsigned entity_depth = w->entity_depth, branches = w->branches, loops = w->loops;
	uint8_t arg = w->arg;
	uint32_t block_end = w->block_end;
	w->block_end = 0;
	w->branches = w->loops = 0;
	if (w->npending)
		uses_decorated(w, entity);
	w->entity_depth = w->depth;
	w->scope = entity;
	if (graph_kind_is_code(w->f->entities[entity - 1].kind))
		w->function = entity;
	else if (w->f->entities[entity - 1].kind == KIND_TYPE)
		w->function = 0;
	w->var_type = 0;
	w->call = 0;
	w->arg = 0;
	walk_children(w);
	w->scope = scope;
	w->function = function;
	w->var_type = type;
	w->call = call;
	w->arg = arg;
	w->entity_depth = entity_depth;
	w->block_end = block_end;
	w->branches = branches;
	w->loops = loops;
}

struct fact_ref *
walk_refer(struct walk *w, enum graph_relation r, uint32_t name, TSNode at)
{
	struct fact_ref *ref = facts_add_ref(w->f);
	ref->relation = (uint8_t)r;
	ref->name = name;
	ref->from = w->scope;
	ref->line = walk_line(at);
	ref->cond = w->cond;
	return ref;
}

void
walk_bind(struct walk *w, enum fact_bind_kind kind, uint32_t name, uint32_t value, uint32_t member,
	TSNode at)
{
	if (w->id == LANG_C)
		return; /* nothing asks for the types of its variables */
	struct fact_bind *b = facts_add_bind(w->f);
	b->kind = (uint8_t)kind;
	b->scope = w->scope;
	b->name = name;
	b->value = value;
	b->member = member;
	b->line = walk_line(at);
	b->end = w->function ? w->block_end : 0;
}

void
walk_local(struct walk *w, uint32_t name)
{
	if (name)
		walk_name(w, name)->local_of = w->function;
}

bool
walk_is_local(struct walk *w, uint32_t name)
{
	uint32_t of = walk_name(w, name)->local_of;
	for (uint32_t f = w->function; f && of && of <= f; f = w->f->entities[f - 1].parent)
		if (f == of)
			return true;
	return false;
}

void
walk_variable(struct walk *w, uint32_t name, uint32_t type, TSNode node)
{
	if (!name)
		return;
	if (type)
		walk_bind(w, BIND_TYPE, name, type, 0, node);
	if (w->function) {
		walk_local(w, name);
		return;
	}
	bool in_type = w->scope && w->f->entities[w->scope - 1].kind == KIND_TYPE;
	uint32_t e = walk_define(w, in_type ? KIND_FIELD : KIND_GLOBAL, name, node);
	w->f->entities[e - 1].type = type;
}

#define HEAD_DEPTH \
	4 /* how far below a function its parameters may be; those of a lambda are farther */

void
walk_parameter(struct walk *w, uint32_t name, uint32_t type, TSNode node)
{
	if (!name || !w->function || w->scope != w->function ||
		w->depth - w->entity_depth > HEAD_DEPTH)
		return;
	struct fact_entity *e = facts_add_entity(w->f);
	e->kind = KIND_PARAMETER;
	e->name = name;
	e->type = type;
	e->parent = w->scope;
	e->line = walk_line(node);
	e->end = ts_node_end_point(node).row + 1;
}

void
walk_typed_local(struct walk *w, uint32_t name, uint32_t type, TSNode node)
{
	walk_local(w, name);
	if (type)
		walk_bind(w, BIND_TYPE, name, type, 0, node);
}

void
walk_bind_value(struct walk *w, uint32_t name, TSNode value)
{
	if (!name || ts_node_is_null(value))
		return;
	if (w->id == LANG_GO && walk_is(value, "unary_expression"))
		value = children_named_child(value, 0); /* &T{} */
	const struct action *a = walk_action(w, value);
	TSNode what = walk_field(value, a->a);
	uint32_t chain = 0;
	switch (a->role) {
	case ROLE_NEW:
		chain = walk_type_name(w, a->a ? what : children_named_child(value, 0));
		if (chain)
			walk_bind(w, BIND_TYPE, name, chain, 0, value);
		return;
	case ROLE_CALL:
	case ROLE_METHOD:
		if (a->role == ROLE_CALL &&
			!(w->id == LANG_GO && str_eq(walk_text(w, what), "new")) &&
			(chain = walk_chain(w, what)))
			break;
		chain = walk_receiver(w, value);
		if (chain)
			walk_bind(w, BIND_ALIAS, name, chain, 0, value);
		return;
	case ROLE_IDENT:
	case ROLE_MEMBER:
		chain = walk_chain(w, value);
		if (chain)
			walk_bind(w, BIND_ALIAS, name, chain, 0, value);
		return;
	default:
		return;
	}
	if (chain)
		walk_bind(w, BIND_RESULT, name, chain, 0, value);
}
