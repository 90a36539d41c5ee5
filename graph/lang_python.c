/* Python. */
#include "graph/lang_inner.h"
#include "graph/python_values.h"
#include "graph/uses.h"
#include "graph/walk.h"
#include "graph/walk_inner.h"

/* "import a.b" binds a, "import a.b as c" binds c. */
static void
import_one(struct walk *w, TSNode n, TSNode at)
{
	TSNode name = n, alias = {0};
	if (walk_is(n, "aliased_import")) {
		name = walk_child(n, "name");
		alias = walk_child(n, "alias");
	}
	uint32_t module = walk_string(w, name);
	if (!module)
		return;
	(void)walk_refer(w, REL_IMPORTS, module, at);
	uint32_t bound = module, value = module;
	if (!ts_node_is_null(alias)) {
		bound = walk_string(w, alias);
	} else if (ts_node_named_child_count(name) > 1) {
		bound = value = walk_string(w, children_named_child(name, 0));
	}
	walk_bind(w, BIND_IMPORT, bound, value, 0, at);
}

static void
visit_import(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t n = ts_node_named_child_count(node);
	for (uint32_t i = 0; i < n; i++)
		import_one(w, children_named_child(node, i), node);
}

static void
visit_import_from(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode from = walk_child(node, "module_name");
	uint32_t module = walk_string(w, from);
	if (!module)
		return;
	(void)walk_refer(w, REL_IMPORTS, module, node);
	uint32_t n = ts_node_named_child_count(node);
	for (uint32_t i = 0; i < n; i++) {
		TSNode c = children_named_child(node, i);
		if (ts_node_eq(c, from))
			continue;
		TSNode name = walk_is(c, "aliased_import") ? walk_child(c, "name") : c;
		TSNode alias = walk_is(c, "aliased_import") ? walk_child(c, "alias") : c;
		if (walk_is(c, "wildcard_import"))
			walk_bind(w, BIND_MEMBER, 0, module, walk_own(w, "*"), node);
		else
			walk_bind(w, BIND_MEMBER, walk_string(w, alias), module,
				walk_string(w, name), node);
	}
}

static bool
is_name(const struct walk *w, TSNode n)
{
	return walk_action(w, n)->role == ROLE_IDENT;
}

/* The class around a method, when `object` is the method's first parameter. */
static uint32_t
class_of_self(struct walk *w, TSNode object)
{
	if (!w->function || !is_name(w, object) || !str_eq(walk_text(w, object), "self"))
		return 0;
	uint32_t parent = w->f->entities[w->function - 1].parent;
	return parent && w->f->entities[parent - 1].kind == KIND_TYPE ? parent : 0;
}

static void
assign_attribute(struct walk *w, TSNode left, TSNode value, TSNode node)
{
	uint32_t type = class_of_self(w, walk_child(left, "object"));
	uint32_t name = walk_string(w, walk_child(left, "attribute"));
	if (!type || !name)
		return;
	bool there = false;
	for (size_t i = type; i < w->f->nentities && !there; i++)
		there = w->f->entities[i].parent == type && w->f->entities[i].name == name;
	uint32_t scope = w->scope;
	w->scope = type;
	if (!there)
		(void)walk_define(w, KIND_FIELD, name, node);
	walk_bind_value(w, name, value);
	w->scope = scope;
}

/* A name that is given a value where it is not known yet is declared by that. */
static void
assign_name(struct walk *w, TSNode left, TSNode value, TSNode type, TSNode node)
{
	uint32_t name = walk_string(w, left);
	if (!name)
		return;
	w->told = ts_node_start_byte(left);
	uses_assignment(w, name, value);
	bool in_type = w->scope && !w->function && w->f->entities[w->scope - 1].kind == KIND_TYPE;
	if (w->function && walk_name(w, name)->outer_in == w->function) {
		(void)walk_refer(w, REL_WRITES, name, left);
		return;
	}
	if (w->function)
		walk_local(w, name);
	else if (in_type || !walk_name(w, name)->global)
		walk_variable(w, name, 0, node);
	else
		(void)walk_refer(w, REL_WRITES, name, left);
	uint32_t type_name = walk_type_name(w, type);
	if (type_name)
		walk_bind(w, BIND_TYPE, name, type_name, 0, node);
	else
		walk_bind_value(w, name, value);
}

static void
visit_assignment(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode left = walk_child(node, "left"), right = walk_child(node, "right");
	if (!ts_node_is_null(right) || !ts_node_is_null(walk_child(node, "type")))
		python_values_assign(w, left, right, walk_child(node, "type"));
	if (is_name(w, left)) {
		assign_name(w, left, right, walk_child(node, "type"), node);
	} else if (walk_is(left, "attribute")) {
		assign_attribute(w, left, right, node);
	} else if (walk_is(left, "pattern_list") || walk_is(left, "tuple_pattern")) {
		uint32_t n = ts_node_named_child_count(left);
		bool pairs = walk_is(right, "expression_list") || walk_is(right, "tuple");
		for (uint32_t i = 0; i < n; i++) {
			TSNode l = children_named_child(left, i);
			TSNode r = pairs ? children_named_child(right, i) : (TSNode){0};
			if (is_name(w, l))
				assign_name(w, l, r, (TSNode){0}, node);
		}
	}
	walk_children(w);
}

/* "global x": what is given to x later in the function is the module's. */
static void
visit_global(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
		uint32_t name = walk_string(w, children_named_child(node, i));
		if (name && w->function)
			walk_name(w, name)->outer_in = w->function;
	}
}

/* x += 1 */
static void
visit_augmented(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode left = walk_child(node, "left");
	uint32_t name = is_name(w, left) ? walk_string(w, left) : 0;
	if (name && (!w->function || walk_name(w, name)->outer_in == w->function))
		(void)walk_refer(w, REL_WRITES, name, left);
	walk_children(w);
}

/* The name of the class that an annotation says, in quotes or not. */
static uint32_t
annotated(struct walk *w, TSNode type)
{
	if (ts_node_is_null(type))
		return 0;
	TSNode n = python_values_type(w, type);
	struct str s = lang_unquoted(walk_text(w, n));
	for (size_t i = 0; walk_is(n, "string") && i < s.n; i++)
		if (!walk_is_name_char((unsigned char)s.p[i]) && s.p[i] != '.')
			return 0;
	return walk_is(n, "string") ? facts_string(w->f, s) : walk_type_name(w, n);
}

static void
visit_parameters(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t n = ts_node_named_child_count(node);
	for (uint32_t i = 0; i < n; i++) {
		TSNode p = children_named_child(node, i), name = p;
		if (!is_name(w, p))
			name = walk_child(p, "name");
		if (ts_node_is_null(name))
			name = children_named_child(p, 0);
		uint32_t string = is_name(w, name) ? walk_string(w, name) : 0;
		if (!string)
			continue;
		uint32_t type = annotated(w, walk_child(p, "type"));
		walk_typed_local(w, string, type, p);
		size_t before = w->f->nentities;
		walk_parameter(w, string, type, p);
		bool rest =
			walk_is(p, "list_splat_pattern") || walk_is(p, "dictionary_splat_pattern");
		if (rest && w->f->nentities > before)
			w->f->entities[before].flags |= FACT_REST;
		if (!ts_node_is_null(walk_child(p, "type")) ||
			!ts_node_is_null(walk_child(p, "value")))
			python_values_parameter(
				w, string, walk_child(p, "type"), walk_child(p, "value"));
	}
	walk_children(w);
}

/* for x in ...: comprehensions, with and except too. */
static void
visit_for(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode left = walk_child(node, "left");
	if (is_name(w, left) && w->function)
		walk_local(w, walk_string(w, left));
	bool statement = walk_is(node, "for_statement");
	python_values_loop(w, left, walk_child(node, "right"), node);
	w->branches += statement;
	w->loops += statement;
	walk_children(w);
	w->branches -= statement;
	w->loops -= statement;
}

/* What is in it happens on some ways only. */
static void
visit_branch(struct walk *w, TSNode node, const struct action *a)
{
	(void)node;
	w->branches++;
	w->loops += a->kind;
	walk_children(w);
	w->branches--;
	w->loops -= a->kind;
}

static void
visit_with_item(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode value = walk_child(node, "value"), target = {0};
	if (walk_is(value, "as_pattern")) {
		TSNode alias = walk_child(value, "alias");
		target = ts_node_is_null(alias) ? alias : children_named_child(alias, 0);
		value = children_named_child(value, 0);
	}
	if (is_name(w, target) && w->function)
		walk_local(w, walk_string(w, target));
	python_values_enter(w, target, value, node);
	walk_children(w);
}

static void
visit_give(struct walk *w, TSNode node, const struct action *a)
{
	bool each = a->kind && ts_node_child_count(node) > 2;
	python_values_give(
		w, a->kind ? VALUE_YIELD : VALUE_RETURN, children_named_child(node, 0), each);
	walk_children(w);
}

static void
visit_raise(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	python_values_raise(w, children_named_child(node, 0), node);
	walk_children(w);
}

static void
visit_call(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	struct fact_ref *ref = walk_call(w, walk_child(node, "function"), node);
	if (!ref)
		ref = walk_refer(w, REL_CALLS, 0, node);
	python_values_call(w, node, (uint32_t)(ref - w->f->refs));
	walk_called(w, node, ref);
}

static void
visit_lambda(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	unsigned n = 1;
	for (size_t i = w->scope; i < w->f->nentities; i++)
		if (w->f->entities[i].parent == w->scope && w->f->entities[i].name &&
			str_starts(w->f->strings[w->f->entities[i].name], "<lambda"))
			n++;
	OWN_FREE char *name = mem_printf("<lambda%u>", n);
	uint32_t e = walk_define(w, KIND_FUNCTION, walk_own(w, name), node);
	python_values_lambda(w, node, e);
	walk_inside(w, e);
}

static void
visit_class(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = walk_child(node, "name"), bases = walk_child(node, "superclasses");
	uint32_t string = walk_string(w, name);
	if (!string) {
		walk_children(w);
		return;
	}
	if (w->function)
		walk_local(w, string);
	uint32_t scope = w->scope, e = walk_define(w, KIND_TYPE, string, node);
	w->scope = e;
	for (uint32_t i = 0; !ts_node_is_null(bases) && i < ts_node_named_child_count(bases); i++) {
		TSNode b = children_named_child(bases, i);
		uint32_t chain = is_name(w, b) || walk_is(b, "attribute") ? walk_chain(w, b) : 0;
		if (chain)
			(void)walk_refer(w, REL_INHERITS, chain, b);
	}
	w->scope = scope;
	w->told = ts_node_start_byte(name);
	walk_inside(w, e);
}

/* A decorator is called with what it decorates. */
static void
visit_decorator(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode what = children_named_child(node, 0);
	if (is_name(w, what) || walk_is(what, "attribute"))
		(void)walk_call(w, what, node);
	else
		(void)walk_refer(w, REL_CALLS, 0, node);
	walk_decorator(w);
}

#define MAX_DECORATORS 8

static void
visit_decorated(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode decorators[MAX_DECORATORS], definition = walk_child(node, "definition");
	uint32_t refs[MAX_DECORATORS];
	unsigned n = 0;
	uint32_t entity = 0, name = walk_string(w, walk_child(definition, "name"));
	if (w->depth >= WALK_MAX_DEPTH) {
		w->too_deep = true;
		return;
	}
	struct walk_level l = walk_down(w);
	w->depth++;
	while (walk_next(w, &l)) {
		TSNode c = w->node;
		if (walk_is(c, "decorator") && n < MAX_DECORATORS) {
			refs[n] = (uint32_t)w->f->nrefs;
			decorators[n++] = children_named_child(c, 0);
		}
		if (ts_node_eq(c, definition))
			entity = (uint32_t)w->f->nentities + 1;
		walk_visit(w);
	}
	w->depth--;
	if (n && name && entity && entity <= w->f->nentities)
		python_values_decorated(w, name, entity, decorators, refs, n);
}

static void
visit_keyword(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	w->told = ts_node_start_byte(walk_child(node, "name"));
	walk_children(w);
}

const struct rule rules_python[] = {
	{"comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string_content", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string", ROLE_STRING, 1, NULL, NULL, NULL},
	{"concatenated_string", ROLE_PIECES, 0, NULL, NULL, NULL},
	{"subscript", ROLE_SUBSCRIPT, 0, "value", "subscript", NULL},
	{"integer", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"float", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"function_definition", ROLE_DEF, KIND_FUNCTION, "name", NULL, NULL},
	{"class_definition", ROLE_HOOK, 0, NULL, NULL, visit_class},
	{"lambda", ROLE_HOOK, 0, NULL, NULL, visit_lambda},
	{"decorator", ROLE_HOOK, 0, NULL, NULL, visit_decorator},
	{"parameters", ROLE_HOOK, 0, NULL, NULL, visit_parameters},
	{"lambda_parameters", ROLE_HOOK, 0, NULL, NULL, visit_parameters},
	{"call", ROLE_HOOK, 0, NULL, NULL, visit_call},
	{"argument_list", ROLE_ARGS, 0, NULL, NULL, NULL},
	{"keyword_argument", ROLE_HOOK, 0, NULL, NULL, visit_keyword},
	{"attribute", ROLE_MEMBER, 0, "object", "attribute", NULL},
	{"identifier", ROLE_IDENT, 0, NULL, NULL, NULL},
	{"import_statement", ROLE_HOOK, 0, NULL, NULL, visit_import},
	{"import_from_statement", ROLE_HOOK, 0, NULL, NULL, visit_import_from},
	{"assignment", ROLE_HOOK, 0, NULL, NULL, visit_assignment},
	{"global_statement", ROLE_HOOK, 0, NULL, NULL, visit_global},
	{"augmented_assignment", ROLE_HOOK, 0, NULL, NULL, visit_augmented},
	{"for_statement", ROLE_HOOK, 0, NULL, NULL, visit_for},
	{"for_in_clause", ROLE_HOOK, 0, NULL, NULL, visit_for},
	{"decorated_definition", ROLE_HOOK, 0, NULL, NULL, visit_decorated},
	{"if_statement", ROLE_HOOK, 0, NULL, NULL, visit_branch},
	{"try_statement", ROLE_HOOK, 0, NULL, NULL, visit_branch},
	{"match_statement", ROLE_HOOK, 0, NULL, NULL, visit_branch},
	{"while_statement", ROLE_HOOK, 1, NULL, NULL, visit_branch},
	{"with_item", ROLE_HOOK, 0, NULL, NULL, visit_with_item},
	{"return_statement", ROLE_HOOK, 0, NULL, NULL, visit_give},
	{"yield", ROLE_HOOK, 1, NULL, NULL, visit_give},
	{"raise_statement", ROLE_HOOK, 0, NULL, NULL, visit_raise},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};
