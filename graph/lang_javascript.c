/* JavaScript, and what TypeScript has beside it. */
#include "graph/lang_inner.h"

static void
bind_import_clause(struct walk *w, TSNode clause, uint32_t module, TSNode at)
{
	uint32_t n = ts_node_named_child_count(clause);
	for (uint32_t i = 0; i < n; i++) {
		TSNode c = ts_node_named_child(clause, i);
		if (walk_is(c, "identifier"))
			walk_bind(w, BIND_MEMBER, walk_string(w, c), module, walk_own(w, "default"),
				at);
		else if (walk_is(c, "namespace_import"))
			walk_bind(w, BIND_IMPORT, walk_string(w, ts_node_named_child(c, 0)), module,
				0, at);
		for (uint32_t j = 0;
			walk_is(c, "named_imports") && j < ts_node_named_child_count(c); j++) {
			TSNode s = ts_node_named_child(c, j), alias = walk_child(s, "alias");
			uint32_t name = walk_string(w, walk_child(s, "name"));
			walk_bind(w, BIND_MEMBER,
				ts_node_is_null(alias) ? name : walk_string(w, alias), module, name,
				at);
		}
	}
}

static void
visit_js_import(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode source = walk_child(node, "source");
	if (ts_node_is_null(source))
		return;
	uint32_t module = facts_string(w->f, lang_unquoted(walk_text(w, source)));
	(void)walk_refer(w, REL_IMPORTS, module, node);
	uint32_t n = ts_node_named_child_count(node);
	for (uint32_t i = 0; i < n; i++) {
		TSNode c = ts_node_named_child(node, i);
		if (walk_is(c, "import_clause"))
			bind_import_clause(w, c, module, node);
	}
}

/* What it hands on from another module, and what is the default. */
static void
visit_js_export(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode source = walk_child(node, "source"), declaration = walk_child(node, "declaration");
	uint32_t module = ts_node_is_null(source)
				  ? 0
				  : facts_string(w->f, lang_unquoted(walk_text(w, source)));
	bool first = false;
	if (module)
		(void)walk_refer(w, REL_IMPORTS, module, node);
	for (uint32_t i = 0; i < ts_node_child_count(node) && i < 8; i++) {
		TSNode c = ts_node_child(node, i);
		first |= walk_is(c, "default");
		if (module && walk_is(c, "*"))
			walk_bind(w, BIND_MEMBER, 0, module, walk_own(w, "*"), node);
		for (uint32_t j = 0;
			walk_is(c, "export_clause") && j < ts_node_named_child_count(c); j++) {
			TSNode s = ts_node_named_child(c, j), alias = walk_child(s, "alias");
			uint32_t name = walk_string(w, walk_child(s, "name"));
			uint32_t as = ts_node_is_null(alias) ? name : walk_string(w, alias);
			if (module)
				walk_bind(w, BIND_MEMBER, as, module, name, node);
			else if (as != name)
				walk_bind(w, BIND_ALIAS, as, name, 0, node);
		}
	}
	TSNode what = ts_node_is_null(declaration) ? walk_child(node, "value") : declaration;
	TSNode name = walk_is(what, "identifier") ? what : walk_child(what, "name");
	if (first && !ts_node_is_null(name))
		walk_bind(w, BIND_ALIAS, walk_own(w, "default"), walk_string(w, name), 0, node);
	if (!module)
		walk_children(w);
}

/* <Name .../>: a component of one's own has a capital. */
static void
visit_element(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = walk_child(node, "name");
	struct str s = walk_text(w, name);
	if (s.n && s.p[0] >= 'A' && s.p[0] <= 'Z' && walk_is(name, "identifier"))
		(void)walk_call(w, name, node);
	walk_children(w);
}

/* The module of `require("module")`; 0: it is something else. */
static uint32_t
required(struct walk *w, TSNode value)
{
	if (!walk_is(value, "call_expression") ||
		!str_eq(walk_text(w, walk_child(value, "function")), "require"))
		return 0;
	TSNode arg = ts_node_named_child(walk_child(value, "arguments"), 0);
	return walk_is(arg, "string") ? facts_string(w->f, lang_unquoted(walk_text(w, arg))) : 0;
}

static void
visit_js_variable(struct walk *w, TSNode node, const struct action *a)
{
	const struct action plain = {.role = ROLE_VARIABLE, .a = a->a, .b = a->b};
	TSNode name = walk_child(node, "name");
	uint32_t module = required(w, walk_child(node, "value"));
	if (module) {
		(void)walk_refer(w, REL_IMPORTS, module, node);
		if (walk_is(name, "identifier")) {
			walk_bind(w, BIND_IMPORT, walk_string(w, name), module, 0, node);
			return;
		}
		for (uint32_t i = 0;
			walk_is(name, "object_pattern") && i < ts_node_named_child_count(name);
			i++) {
			TSNode p = ts_node_named_child(name, i);
			TSNode key = walk_is(p, "pair_pattern") ? walk_child(p, "key") : p;
			TSNode to = walk_is(p, "pair_pattern") ? walk_child(p, "value") : p;
			walk_bind(w, BIND_MEMBER, walk_string(w, to), module, walk_string(w, key),
				node);
		}
		return;
	}
	uint32_t string = walk_is(name, "identifier") ? walk_string(w, name) : 0;
	TSNode value = walk_child(node, "value");
	bool function = walk_is(value, "arrow_function") || walk_is(value, "function_expression") ||
			walk_is(value, "generator_function");
	if (!string) {
		walk_children(w);
		return;
	}
	w->told = ts_node_start_byte(name);
	if (function) {
		if (w->function)
			walk_local(w, string);
		walk_inside(w, walk_define(w, KIND_FUNCTION, string, node));
		return;
	}
	uint32_t type = plain.b ? walk_type_name(w, walk_child(node, "type")) : 0;
	walk_variable(w, string, type, node);
	if (!type)
		walk_bind_value(w, string, value);
	walk_children(w);
}

static void
visit_js_params(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t n = ts_node_named_child_count(node);
	for (uint32_t i = 0; i < n; i++) {
		TSNode p = ts_node_named_child(node, i), name = p,
		       pattern = walk_child(p, "pattern");
		if (!ts_node_is_null(pattern))
			name = pattern;
		else if (walk_is(p, "assignment_pattern"))
			name = walk_child(p, "left");
		uint32_t string = walk_is(name, "identifier") ? walk_string(w, name) : 0;
		if (!string)
			continue;
		uint32_t type = walk_type_name(w, walk_child(p, "type"));
		walk_typed_local(w, string, type, p);
		walk_parameter(w, string, type, p);
	}
	walk_children(w);
}

const struct rule rules_javascript[] = {
	{"comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string", ROLE_STRING, 0, NULL, NULL, NULL},
	{"template_string", ROLE_STRING, 1, NULL, NULL, NULL},
	{"subscript_expression", ROLE_SUBSCRIPT, 0, "object", "index", NULL},
	{"decorator", ROLE_DECORATOR, 0, NULL, NULL, NULL},
	{"regex", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"number", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"import_statement", ROLE_HOOK, 0, NULL, NULL, visit_js_import},
	{"export_statement", ROLE_HOOK, 0, NULL, NULL, visit_js_export},
	{"jsx_self_closing_element", ROLE_HOOK, 0, NULL, NULL, visit_element},
	{"jsx_opening_element", ROLE_HOOK, 0, NULL, NULL, visit_element},
	{"super", ROLE_IDENT, 0, NULL, NULL, NULL},
	{"function_expression", ROLE_DEF, KIND_FUNCTION, "name", NULL, NULL},
	{"function_declaration", ROLE_DEF, KIND_FUNCTION, "name", NULL, NULL},
	{"generator_function_declaration", ROLE_DEF, KIND_FUNCTION, "name", NULL, NULL},
	{"class_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"method_definition", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"field_definition", ROLE_DEF, KIND_FIELD, "property", NULL, NULL},
	{"class_heritage", ROLE_BASES, 0, NULL, NULL, NULL},
	{"formal_parameters", ROLE_HOOK, 0, NULL, NULL, visit_js_params},
	{"variable_declarator", ROLE_HOOK, 0, "name", NULL, visit_js_variable},
	{"call_expression", ROLE_CALL, 0, "function", NULL, NULL},
	{"new_expression", ROLE_NEW, 0, "constructor", NULL, NULL},
	{"arguments", ROLE_ARGS, 0, NULL, NULL, NULL},
	{"member_expression", ROLE_MEMBER, 0, "object", "property", NULL},
	{"assignment_expression", ROLE_ASSIGN, 0, "left", "right", NULL},
	{"identifier", ROLE_IDENT, 0, NULL, NULL, NULL},
	{"shorthand_property_identifier", ROLE_IDENT, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};

/* Of an overload, or of what is elsewhere. */
static void
visit_signature(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = walk_child(node, "name");
	uint32_t e = walk_define(w, KIND_FUNCTION, walk_string(w, name), node);
	w->f->entities[e - 1].flags |= FACT_DECLARATION;
	w->f->entities[e - 1].type = walk_type_name(w, walk_child(node, "return_type"));
	w->told = ts_node_is_null(name) ? w->told : ts_node_start_byte(name);
	walk_inside(w, e);
}

static void
visit_enum_body(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
		TSNode c = ts_node_named_child(node, i);
		TSNode name = walk_is(c, "enum_assignment") ? walk_child(c, "name") : c;
		if (walk_is(name, "property_identifier"))
			(void)walk_define(w, KIND_ENUMERATOR, walk_string(w, name), c);
	}
	walk_children(w);
}

const struct rule rules_typescript[] = {
	{"function_signature", ROLE_HOOK, 0, NULL, NULL, visit_signature},
	{"enum_body", ROLE_HOOK, 0, NULL, NULL, visit_enum_body},
	{"interface_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"type_alias_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"enum_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"abstract_class_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"internal_module", ROLE_DEF, KIND_MODULE, "name", NULL, NULL},
	{"public_field_definition", ROLE_DEF, KIND_FIELD, "name", NULL, NULL},
	{"property_signature", ROLE_DEF, KIND_FIELD, "name", NULL, NULL},
	{"method_signature", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"abstract_method_signature", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"extends_clause", ROLE_BASES, 0, NULL, NULL, NULL},
	{"implements_clause", ROLE_BASES, 0, NULL, NULL, NULL},
	{"extends_type_clause", ROLE_BASES, 0, NULL, NULL, NULL},
	{"variable_declarator", ROLE_HOOK, 0, "name", "type", visit_js_variable},
	{"type_identifier", ROLE_TYPE, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};
