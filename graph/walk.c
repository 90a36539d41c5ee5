/* The walk: what each role of a node says. */
#include "graph/uses.h"
#include "graph/walk_inner.h"

/* ---- fields ---- */

/* The language looks for a name in a list of all that it has. */
TSNode
walk_child(TSNode n, const char *name)
{
	static _Thread_local struct {
		const TSLanguage *language;
		const char *name;
		TSFieldId id;
	} known[256], *k;
	if (ts_node_is_null(n))
		return n;
	const TSLanguage *language = ts_node_language(n);
	uint64_t h = ((uintptr_t)name * 31 + (uintptr_t)language) * 0x9e3779b97f4a7c15u;
	k = &known[h >> 56];
	if (k->name != name || k->language != language) {
		k->id = ts_language_field_id_for_name(language, name, (uint32_t)strlen(name));
		k->name = name;
		k->language = language;
	}
	return walk_field(n, k->id);
}

/* ---- calls ---- */

/* Parentheses, type arguments and the like around a callee. */
static TSNode
bare_callee(const struct walk *w, TSNode n)
{
	for (int i = 0; i < 8 && walk_has(w, n, IS_AROUND_CALLEE); i++)
		n = children_named_child(n, 0);
	return n;
}

static struct fact_ref *
call_member(struct walk *w, TSNode object, TSNode name, TSNode at)
{
	uint32_t string = walk_string(w, bare_callee(w, name));
	uint32_t receiver = walk_receiver(w, object);
	if (!string)
		return NULL;
	w->told = ts_node_start_byte(name);
	struct fact_ref *ref = walk_refer(w, REL_CALLS, string, at);
	if (!ts_node_is_null(object)) /* "::f" has none */
		ref->flags |= FACT_MEMBER;
	ref->receiver = receiver;
	return ref;
}

struct fact_ref *
walk_call(struct walk *w, TSNode callee, TSNode at)
{
	callee = bare_callee(w, callee);
	if (ts_node_is_null(callee))
		return NULL;
	const struct action *a = walk_action(w, callee);
	if (a->role == ROLE_MEMBER)
		return call_member(w, walk_field(callee, a->a), walk_field(callee, a->b), at);
	if (a->role != ROLE_IDENT && a->role != ROLE_TYPE)
		return NULL;
	uint32_t name = walk_string(w, callee);
	if (!name)
		return NULL;
	bool local = w->id != LANG_JAVA && walk_is_local(w, name);
	w->told = ts_node_start_byte(callee);
	struct fact_ref *ref = walk_refer(w, REL_CALLS, name, at);
	if (local)
		ref->flags |= FACT_LOCAL;
	return ref;
}

/* What a call names beside what it calls; gives the index of its reference + 1, 0 for none. */
static uint32_t
told_call(struct walk *w, TSNode node, const struct fact_ref *ref)
{
	if (!ref)
		return 0;
	uint32_t index = (uint32_t)(ref - w->f->refs) + 1;
	if (!ref->name)
		return index;
	struct fact_ref told = *ref;
	walk_tell_arguments(w, node, &w->f->refs[index - 1]);
	uses_call(w, node, told.name, w->f->strings[told.receiver]);
	return index;
}

/* The children, as the arguments of this call. */
static void
children_of_call(struct walk *w, uint32_t ref)
{
	uint32_t call = w->call;
	uint8_t arg = w->arg;
	w->call = ref;
	w->arg = 0;
	walk_children(w);
	w->call = call;
	w->arg = arg;
}

void
walk_called(struct walk *w, TSNode node, const struct fact_ref *ref)
{
	children_of_call(w, told_call(w, node, ref));
}

static void
visit_args(struct walk *w)
{
	uint8_t arg = w->arg;
	unsigned n = 0;
	struct walk_level l = walk_down(w);
	while (walk_next(w, &l)) {
		if (!ts_node_is_named(w->node))
			continue;
		/* Only a bare name is an argument that can be followed. */
		bool bare = walk_action(w, w->node)->role == ROLE_IDENT;
		n++;
		w->arg = bare && n < 256 ? (uint8_t)n : 0;
		walk_visit(w);
	}
	w->arg = arg;
}

/* ---- names that are read ---- */

static void
visit_ident(struct walk *w, TSNode node)
{
	if (ts_node_start_byte(node) == w->told)
		return;
	uint32_t name = walk_string(w, node);
	if (!name || walk_is_local(w, name))
		return;
	if (w->bases) {
		(void)walk_refer(w, REL_INHERITS, name, node);
		return;
	}
	struct walk_name *n = walk_name(w, name);
	if (w->writes) {
		(void)walk_refer(w, REL_WRITES, name, node);
		return;
	}
	if (!w->arg && n->read_by == w->scope + 1)
		return;
	n->read_by = w->scope + 1;
	struct fact_ref *ref = walk_refer(w, REL_READS, name, node);
	if (w->arg && w->call) {
		ref->arg = w->arg;
		ref->call = (uint32_t)(ref - w->f->refs) + 1 - w->call;
	}
}

static void
visit_type(struct walk *w, TSNode node)
{
	if (ts_node_start_byte(node) == w->told)
		return;
	uint32_t name = walk_string(w, node);
	if (!name)
		return;
	if (w->bases) {
		(void)walk_refer(w, REL_INHERITS, name, node);
		return;
	}
	struct walk_name *n = walk_name(w, name);
	if (n->type_of == w->scope + 1)
		return;
	n->type_of = w->scope + 1;
	(void)walk_refer(w, REL_HAS_TYPE, name, node);
}

/* ---- variables ---- */

static void
visit_variable(struct walk *w, TSNode node, const struct action *a)
{
	TSNode name = walk_field(node, a->a);
	if (ts_node_is_null(name)) {
		walk_children(w);
		return;
	}
	uint32_t type = a->b ? walk_type_name(w, walk_field(node, a->b)) : 0;
	uint32_t string = walk_chain(w, name);
	TSNode value = walk_child(node, "value");
	uint32_t n = ts_node_named_child_count(node);
	if (ts_node_is_null(value) && n > 1 && !ts_node_eq(children_named_child(node, n - 1), name))
		value = children_named_child(node, n - 1);
	w->told = ts_node_start_byte(name);
	if (!w->function && walk_has(w, value, IS_FUNCTION)) { /* it has the variable's name */
		walk_inside(w, walk_define(w, KIND_FUNCTION, string, node));
		return;
	}
	walk_variable(w, string, type ? type : w->var_type, node);
	if (!type && !w->var_type)
		walk_bind_value(w, string, value);
	walk_children(w);
}

static void
visit_param(struct walk *w, TSNode node, const struct action *a)
{
	TSNode name = a->a ? walk_field(node, a->a) : node;
	uint32_t string = ts_node_is_null(name) ? 0 : walk_chain(w, name);
	uint32_t type = walk_type_name(w, walk_field(node, a->b));
	if (string) {
		walk_typed_local(w, string, type, node);
		if (a->kind == KIND_PARAMETER)
			walk_parameter(w, string, type, node);
		w->told = ts_node_start_byte(name);
	}
	walk_children(w);
}

void
walk_assign(struct walk *w, TSNode node, const struct action *a)
{
	TSNode left = walk_field(node, a->a);
	uint32_t name = !ts_node_is_null(left) && walk_action(w, left)->role == ROLE_IDENT
				? walk_string(w, left)
				: 0;
	if (name && !walk_is_local(w, name)) {
		if (!w->lang->implicit_variables)
			(void)walk_refer(w, REL_WRITES, name, left);
		else if (w->function)
			walk_local(w, name);
		else if (!walk_name(w, name)->global)
			walk_variable(w, name, 0, node);
	}
	if (name) {
		w->told = ts_node_start_byte(left);
		uses_assignment(w, name, walk_field(node, a->b));
		if (w->lang->implicit_variables)
			walk_bind_value(w, name, walk_field(node, a->b));
	}
	walk_children(w);
}

/* What calling it gives, as far as it is written down. */
static uint32_t
result_type(struct walk *w, TSNode node)
{
	static const char *const fields[] = {"return_type", "result", "returns", "type", NULL};
	for (const char *const *f = fields; *f; f++) {
		TSNode type = walk_child(node, *f);
		if (w->id == LANG_GO && walk_is(type, "parameter_list")) /* the first of several */
			type = walk_child(children_named_child(type, 0), "type");
		if (!ts_node_is_null(type))
			return walk_type_name(w, type);
	}
	return 0;
}

static void
visit_block(struct walk *w, TSNode node)
{
	uint32_t end = w->block_end;
	w->block_end = ts_node_end_point(node).row + 1;
	walk_children(w);
	w->block_end = end;
}

static void
visit_def(struct walk *w, TSNode node, const struct action *a)
{
	TSNode name = walk_field(node, a->a);
	uint32_t string = walk_string(w, name);
	if (!string) {
		visit_block(w, node);
		return;
	}
	enum graph_kind kind = (enum graph_kind)a->kind;
	bool in_type = w->scope && w->f->entities[w->scope - 1].kind == KIND_TYPE;
	if (kind == KIND_FUNCTION && in_type)
		kind = KIND_METHOD;
	if (graph_kind_is_code(kind) && lang_is_test(w->id, w->path, walk_text(w, name)))
		kind = KIND_TEST;
	w->told = ts_node_start_byte(name);
	if (w->function)
		walk_local(w, string);
	uint32_t e = walk_define(w, kind, string, node);
	if (graph_kind_is_code(kind) || kind == KIND_FIELD) {
		uint32_t type = result_type(w, node);
		w->f->entities[e - 1].type = type;
	}
	walk_inside(w, e);
}

static void
visit_bases(struct walk *w)
{
	bool bases = w->bases;
	w->bases = true;
	walk_children(w);
	w->bases = bases;
}

static void
visit_new(struct walk *w, TSNode node, const struct action *a)
{
	TSNode type = a->a ? walk_field(node, a->a) : children_named_child(node, 0);
	uint32_t name = walk_type_name(w, type);
	struct fact_ref *ref = NULL;
	if (name) {
		ref = walk_refer(w, REL_INSTANTIATES, name, node);
		w->told = ts_node_start_byte(type);
	}
	children_of_call(w, told_call(w, node, ref));
}

struct walk_level
walk_down(struct walk *w)
{
	return (struct walk_level){w->node, children_open(&w->children, w->node)};
}

bool
walk_next(struct walk *w, const struct walk_level *l)
{
	if (children_next(&w->children, l->opened, &w->node))
		return true;
	w->node = l->node;
	return false;
}

/* The children but those in the field. */
static void
children_but(struct walk *w, TSFieldId but)
{
	if (children_none(w->node))
		return;
	if (w->depth >= WALK_MAX_DEPTH) {
		w->too_deep = true;
		return;
	}
	struct walk_level l = walk_down(w);
	w->depth++;
	while (walk_next(w, &l)) {
		/* Words and brackets that say nothing. */
		if (children_none(w->node) && walk_action(w, w->node)->role == ROLE_NONE)
			continue;
		if (!but || children_field(&w->children, l.opened) != but)
			walk_visit(w);
	}
	w->depth--;
}

void
walk_children(struct walk *w)
{
	children_but(w, 0);
}

static void
visit_pieces(struct walk *w, TSNode node)
{
	bool pieces = w->pieces;
	if (!pieces)
		uses_string(w, node);
	w->pieces = true;
	walk_children(w);
	w->pieces = pieces;
}

void
walk_decorator(struct walk *w)
{
	bool decorator = w->decorator;
	w->decorator = true;
	walk_children(w);
	w->decorator = decorator;
}

static void
visit_annotation(struct walk *w, TSNode node, const struct action *a)
{
	TSNode name = a->a ? walk_field(node, a->a) : children_named_child(node, 0);
	struct str s = walk_text(w, name);
	size_t from = s.n;
	while (from && walk_is_name_char((unsigned char)s.p[from - 1]))
		from--;
	uses_call(w, node, facts_string(w->f, (struct str){s.p + from, s.n - from}),
		(struct str){"", 0});
	walk_children(w);
}

static void
visit_method(struct walk *w, TSNode node, const struct action *a)
{
	TSNode object = walk_field(node, a->a), name = walk_field(node, a->b);
	bool bare = ts_node_is_null(object);
	children_of_call(
		w, told_call(w, node,
			   bare ? walk_call(w, name, node) : call_member(w, object, name, node)));
}

static void
visit_subscript(struct walk *w, TSNode node, const struct action *a)
{
	uses_subscript(w, a->a ? walk_field(node, a->a) : children_named_child(node, 0),
		a->b ? walk_field(node, a->b) : children_named_child(node, 1));
	walk_children(w);
}

void
walk_visit(struct walk *w)
{
	TSNode node = w->node;
	const struct action *a = walk_action(w, node);
	uint8_t arg = w->arg;
	if (a->role != ROLE_IDENT)
		w->arg = 0;
	switch ((enum role)a->role) {
	case ROLE_NONE:
		walk_children(w);
		break;
	case ROLE_SKIP:
		break;
	case ROLE_DEF:
		visit_def(w, node, a);
		break;
	case ROLE_VARIABLE:
		visit_variable(w, node, a);
		break;
	case ROLE_PARAM:
		visit_param(w, node, a);
		break;
	case ROLE_CALL:
		children_of_call(w, told_call(w, node, walk_call(w, walk_field(node, a->a), node)));
		break;
	case ROLE_METHOD:
		visit_method(w, node, a);
		break;
	case ROLE_NEW:
		visit_new(w, node, a);
		break;
	case ROLE_ARGS:
		visit_args(w);
		break;
	case ROLE_IDENT:
		visit_ident(w, node);
		break;
	case ROLE_TYPE:
		visit_type(w, node);
		break;
	case ROLE_BASES:
		visit_bases(w);
		break;
	case ROLE_ASSIGN:
		walk_assign(w, node, a);
		break;
	case ROLE_MEMBER:
		uses_member(w, walk_field(node, a->a), walk_field(node, a->b));
		children_but(w, a->b); /* behind the dot is no name of a scope */
		break;
	case ROLE_STRING:
		if (!w->pieces)
			uses_string(w, node);
		if (a->kind)
			walk_children(w);
		break;
	case ROLE_PIECES:
		visit_pieces(w, node);
		break;
	case ROLE_SUBSCRIPT:
		visit_subscript(w, node, a);
		break;
	case ROLE_ANNOTATION:
		visit_annotation(w, node, a);
		break;
	case ROLE_DECORATOR:
		walk_decorator(w);
		break;
	case ROLE_BLOCK:
		visit_block(w, node);
		break;
	case ROLE_HOOK:
		a->hook(w, node, a);
		break;
	}
	w->arg = arg;
}
