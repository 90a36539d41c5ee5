#include "graph/walk.h"

#include "graph/uses.h"

#include <string.h>

#define MAX_CHAIN 80

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
	if (w->owned.n >= WALK_MAX_OWNED)
		return 0;
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

static const struct action *
action_of(const struct walk *w, TSNode node)
{
	static const struct action none = {0};
	TSSymbol s = ts_node_symbol(node);
	return s < w->lang->nactions ? &w->lang->actions[s] : &none;
}

static TSNode
field(TSNode node, TSFieldId id)
{
	return id ? ts_node_child_by_field_id(node, id) : (TSNode){{0}, NULL, NULL};
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

/* ---- chains of names ---- */

static bool
is_name_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c >= 0x80 || c == '$' || c == '@';
}

uint32_t
walk_chain(struct walk *w, TSNode node)
{
	if (ts_node_is_null(node))
		return 0;
	struct str s = walk_text(w, node);
	if (!s.n || s.n > MAX_CHAIN || !is_name_char((unsigned char)s.p[0]) ||
		(s.p[0] >= '0' && s.p[0] <= '9'))
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (is_name_char(c) || c == '.' || c == ':' || c == '\\' ||
			(c == '-' && i + 1 < s.n && s.p[i + 1] == '>') ||
			(c == '>' && i && s.p[i - 1] == '-') ||
			(c == '(' && i + 1 < s.n && s.p[i + 1] == ')') ||
			(c == ')' && i && s.p[i - 1] == '('))
			continue;
		return 0;
	}
	return facts_string(w->f, s);
}

#define MAX_LINKS 12

/* Calls with arguments as "f()", and what is said to be of a type as "=Type"; false: it is neither. */
static bool
put_chain(struct walk *w, TSNode n, struct buf *b, unsigned depth)
{
	static const char *const typed[] = {"as_expression", "cast_expression",
		"type_assertion_expression", "satisfies_expression", NULL};
	while (walk_is(n, "parenthesized_expression") || walk_is(n, "non_null_expression"))
		n = ts_node_named_child(n, 0);
	if (ts_node_is_null(n) || depth > MAX_LINKS)
		return false;
	uint32_t plain = walk_chain(w, n);
	const struct action *a = action_of(w, n);
	if (plain) {
		buf_add_str(b, w->f->strings[plain]);
		return true;
	}
	bool says = a->role == ROLE_NEW;
	for (const char *const *t = typed; *t && !says; t++)
		says = walk_is(n, *t);
	if (says) {
		TSNode type = ts_node_child_by_field_name(n, "type", 4);
		uint32_t first = walk_is(n, "as_expression") ? ts_node_named_child_count(n) - 1 : 0;
		uint32_t name = walk_type_name(
			w, ts_node_is_null(type) ? ts_node_named_child(n, first) : type);
		buf_printf(b, "=" STR_FMT, STR_ARG(w->f->strings[name]));
		return name != 0;
	}
	TSNode object = field(n, a->a), name = field(n, a->b);
	if (a->role == ROLE_CALL) {
		bool there = put_chain(w, object, b, depth + 1);
		buf_puts(b, "()");
		return there;
	}
	if ((a->role != ROLE_METHOD && a->role != ROLE_MEMBER) || ts_node_is_null(name) ||
		(!ts_node_is_null(object) && !put_chain(w, object, b, depth + 1)))
		return false;
	if (b->n)
		buf_putc(b, '.');
	buf_add_str(b, walk_text(w, name));
	if (a->role == ROLE_METHOD)
		buf_puts(b, "()");
	return true;
}

/* What stands before the dot of a call; 0: nothing that can be followed. */
static uint32_t
receiver_of(struct walk *w, TSNode object)
{
	uint32_t plain = walk_chain(w, object);
	bool others = w->id == LANG_PYTHON || w->id == LANG_C || w->id == LANG_CPP;
	if (plain || others || ts_node_is_null(object))
		return plain;
	OWN(buf) struct buf b = {.max = 200};
	if (!put_chain(w, object, &b, 0) || b.truncated || b.n > MAX_CHAIN || !b.n)
		return 0;
	return walk_own(w, b.p);
}

uint32_t
walk_type_name(struct walk *w, TSNode node)
{
	if (ts_node_is_null(node))
		return 0;
	struct str s = str_trim(walk_text(w, node));
	while (s.n && (s.p[0] == ':' || s.p[0] == '*' || s.p[0] == '&' || s.p[0] == ' ' ||
			      s.p[0] == '?' || s.p[0] == '[' || s.p[0] == ']')) {
		s.p++;
		s.n--;
	}
	static const char *const qualifiers[] = {
		"struct ", "union ", "enum ", "const ", "mut ", "dyn ", "impl ", NULL};
	for (const char *const *q = qualifiers; *q; q++)
		if (str_starts(s, *q)) {
			s.p += strlen(*q);
			s.n -= strlen(*q);
		}
	size_t n = 0;
	while (n < s.n && n < MAX_CHAIN &&
		(is_name_char((unsigned char)s.p[n]) || s.p[n] == '.' || s.p[n] == ':' ||
			s.p[n] == '\\'))
		n++;
	return facts_string(w->f, (struct str){s.p, n});
}

/* ---- calls ---- */

/* Parentheses, type arguments and the like around a callee. */
static TSNode
bare_callee(TSNode n)
{
	for (int i = 0; i < 8 && !ts_node_is_null(n); i++) {
		if (walk_is(n, "parenthesized_expression") || walk_is(n, "pointer_expression") ||
			walk_is(n, "generic_function") || walk_is(n, "template_function") ||
			walk_is(n, "generic_name") || walk_is(n, "await_expression") ||
			walk_is(n, "non_null_expression"))
			n = ts_node_named_child(n, 0);
		else
			break;
	}
	return n;
}

static struct fact_ref *
call_member(struct walk *w, TSNode object, TSNode name, TSNode at)
{
	uint32_t string = walk_string(w, bare_callee(name));
	uint32_t receiver = receiver_of(w, object);
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
	callee = bare_callee(callee);
	if (ts_node_is_null(callee))
		return NULL;
	const struct action *a = action_of(w, callee);
	if (a->role == ROLE_MEMBER)
		return call_member(w, field(callee, a->a), field(callee, a->b), at);
	if (a->role != ROLE_IDENT && a->role != ROLE_TYPE)
		return NULL;
	uint32_t name = walk_string(w, callee);
	if (!name)
		return NULL;
	bool local = walk_is_local(w, name);
	w->told = ts_node_start_byte(callee);
	struct fact_ref *ref = walk_refer(w, REL_CALLS, name, at);
	if (local)
		ref->flags |= FACT_LOCAL;
	return ref;
}

/* Of a call in a language in which functions may have one name. */
static void
count_arguments(struct walk *w, TSNode node, uint32_t ref)
{
	if (w->id != LANG_JAVA && w->id != LANG_CSHARP && w->id != LANG_CPP)
		return;
	TSNode args = ts_node_child_by_field_name(node, "arguments", 9);
	uint32_t n = ts_node_is_null(args) ? UINT32_MAX : ts_node_named_child_count(args);
	if (n < 200 && w->f->refs[ref].relation == REL_CALLS)
		w->f->refs[ref].arg = (uint8_t)(n + 1);
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
	count_arguments(w, node, index - 1);
	uses_call(w, node, ref->name, w->f->strings[ref->receiver]);
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
	if (ts_tree_cursor_goto_first_child(&w->cursor)) {
		do {
			TSNode child = ts_tree_cursor_current_node(&w->cursor);
			if (!ts_node_is_named(child))
				continue;
			/* Only a bare name is an argument that can be followed. */
			bool bare = action_of(w, child)->role == ROLE_IDENT;
			n++;
			w->arg = bare && n < 256 ? (uint8_t)n : 0;
			walk_visit(w);
		} while (ts_tree_cursor_goto_next_sibling(&w->cursor));
		(void)ts_tree_cursor_goto_parent(&w->cursor);
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

void
walk_bind_value(struct walk *w, uint32_t name, TSNode value)
{
	if (!name || ts_node_is_null(value))
		return;
	if (w->id == LANG_GO && walk_is(value, "unary_expression"))
		value = ts_node_named_child(value, 0); /* &T{} */
	const struct action *a = action_of(w, value);
	TSNode what = field(value, a->a);
	uint32_t chain = 0;
	switch (a->role) {
	case ROLE_NEW:
		chain = walk_type_name(w, a->a ? what : ts_node_named_child(value, 0));
		if (chain)
			walk_bind(w, BIND_TYPE, name, chain, 0, value);
		return;
	case ROLE_CALL:
		chain = walk_chain(w, what);
		break;
	case ROLE_METHOD:
		what = field(value, a->b);
		if (ts_node_is_null(field(value, a->a)))
			chain = walk_chain(w, what);
		break;
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

/* A function that is the value of a variable has its name. */
static bool
is_function_value(TSNode value)
{
	return walk_is(value, "arrow_function") || walk_is(value, "function_expression") ||
	       walk_is(value, "function") || walk_is(value, "generator_function");
}

static void
visit_variable(struct walk *w, TSNode node, const struct action *a)
{
	TSNode name = field(node, a->a);
	if (ts_node_is_null(name)) {
		walk_children(w);
		return;
	}
	uint32_t type = a->b ? walk_type_name(w, field(node, a->b)) : 0;
	uint32_t string = walk_chain(w, name);
	TSNode value = ts_node_child_by_field_name(node, "value", 5);
	uint32_t n = ts_node_named_child_count(node);
	if (ts_node_is_null(value) && n > 1 && !ts_node_eq(ts_node_named_child(node, n - 1), name))
		value = ts_node_named_child(node, n - 1);
	w->told = ts_node_start_byte(name);
	if (is_function_value(value) && !w->function) {
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
	TSNode name = a->a ? field(node, a->a) : node;
	uint32_t string = ts_node_is_null(name) ? 0 : walk_chain(w, name);
	uint32_t type = walk_type_name(w, field(node, a->b));
	if (string) {
		walk_local(w, string);
		if (type)
			walk_bind(w, BIND_TYPE, string, type, 0, node);
		if (a->kind == KIND_PARAMETER)
			walk_parameter(w, string, type, node);
		w->told = ts_node_start_byte(name);
	}
	walk_children(w);
}

static void
visit_assign(struct walk *w, TSNode node, const struct action *a)
{
	TSNode left = field(node, a->a);
	uint32_t name = !ts_node_is_null(left) && action_of(w, left)->role == ROLE_IDENT
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
		uses_assignment(w, name, field(node, a->b));
		if (w->lang->implicit_variables)
			walk_bind_value(w, name, field(node, a->b));
	}
	walk_children(w);
}

/* What calling it gives, as far as it is written down. */
static uint32_t
result_type(struct walk *w, TSNode node)
{
	static const char *const fields[] = {"return_type", "result", "returns", "type", NULL};
	for (const char *const *f = fields; *f; f++) {
		TSNode type = ts_node_child_by_field_name(node, *f, (uint32_t)strlen(*f));
		if (walk_is(type, "parameter_list") && w->id == LANG_GO) /* the first of several */
			type = ts_node_child_by_field_name(ts_node_named_child(type, 0), "type", 4);
		if (!ts_node_is_null(type))
			return walk_type_name(w, type);
	}
	return 0;
}

static void
visit_def(struct walk *w, TSNode node, const struct action *a)
{
	TSNode name = field(node, a->a);
	uint32_t string = walk_string(w, name);
	if (!string) {
		walk_children(w);
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
	TSNode type = a->a ? field(node, a->a) : ts_node_named_child(node, 0);
	uint32_t name = walk_type_name(w, type);
	struct fact_ref *ref = NULL;
	if (name) {
		ref = walk_refer(w, REL_INSTANTIATES, name, node);
		w->told = ts_node_start_byte(type);
	}
	children_of_call(w, told_call(w, node, ref));
}

void
walk_children(struct walk *w)
{
	if (w->depth >= WALK_MAX_DEPTH) {
		w->too_deep = true;
		return;
	}
	if (!ts_tree_cursor_goto_first_child(&w->cursor))
		return;
	w->depth++;
	do
		walk_visit(w);
	while (ts_tree_cursor_goto_next_sibling(&w->cursor));
	w->depth--;
	(void)ts_tree_cursor_goto_parent(&w->cursor);
}

/* What is in front of the dot; behind it is no name of a scope. */
static void
visit_member(struct walk *w, const struct action *a)
{
	if (w->depth >= WALK_MAX_DEPTH) {
		w->too_deep = true;
		return;
	}
	if (!ts_tree_cursor_goto_first_child(&w->cursor))
		return;
	w->depth++;
	do
		if (ts_tree_cursor_current_field_id(&w->cursor) != a->b)
			walk_visit(w);
	while (ts_tree_cursor_goto_next_sibling(&w->cursor));
	w->depth--;
	(void)ts_tree_cursor_goto_parent(&w->cursor);
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
	TSNode name = a->a ? field(node, a->a) : ts_node_named_child(node, 0);
	struct str s = walk_text(w, name);
	size_t from = s.n;
	while (from && is_name_char((unsigned char)s.p[from - 1]))
		from--;
	uses_call(w, node, facts_string(w->f, (struct str){s.p + from, s.n - from}),
		(struct str){"", 0});
	walk_children(w);
}

static void
visit_method(struct walk *w, TSNode node, const struct action *a)
{
	TSNode object = field(node, a->a), name = field(node, a->b);
	bool bare = ts_node_is_null(object);
	children_of_call(
		w, told_call(w, node,
			   bare ? walk_call(w, name, node) : call_member(w, object, name, node)));
}

static void
visit_subscript(struct walk *w, TSNode node, const struct action *a)
{
	uses_subscript(w, a->a ? field(node, a->a) : ts_node_named_child(node, 0),
		a->b ? field(node, a->b) : ts_node_named_child(node, 1));
	walk_children(w);
}

void
walk_visit(struct walk *w)
{
	TSNode node = ts_tree_cursor_current_node(&w->cursor);
	const struct action *a = action_of(w, node);
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
		children_of_call(w, told_call(w, node, walk_call(w, field(node, a->a), node)));
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
		visit_assign(w, node, a);
		break;
	case ROLE_MEMBER:
		uses_member(w, field(node, a->a), field(node, a->b));
		visit_member(w, a);
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
	case ROLE_HOOK:
		a->hook(w, node, a);
		break;
	}
	w->arg = arg;
}
