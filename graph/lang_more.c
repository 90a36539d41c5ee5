/* The languages that the common roles describe nearly whole: Java, JavaScript, TypeScript, Go, Rust, C#, PHP, Ruby, Bash. */
#include "graph/uses.h"
#include "graph/walk.h"

#include <string.h>

static TSNode
child(TSNode n, const char *name)
{
	return ts_node_is_null(n) ? n
				  : ts_node_child_by_field_name(n, name, (uint32_t)strlen(name));
}

/* Behind the last separator. */
static uint32_t
last_part(struct walk *w, uint32_t chain)
{
	struct str s = w->f->strings[chain];
	size_t i = s.n;
	while (i && s.p[i - 1] != '.' && s.p[i - 1] != '/' && s.p[i - 1] != '\\' &&
		s.p[i - 1] != ':')
		i--;
	return facts_string(w->f, (struct str){s.p + i, s.n - i});
}

static struct str
unquoted(struct str s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'' || s.p[0] == '`'))
		return (struct str){s.p + 1, s.n - 2};
	return s;
}

/* The declaration's type is that of its declarators. */
static void
visit_typed_declaration(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t before = w->var_type;
	w->var_type = walk_type_name(w, child(node, "type"));
	struct str inferred = w->f->strings[w->var_type];
	if (str_eq(inferred, "var") || str_eq(inferred, "let"))
		w->var_type = 0;
	walk_children(w);
	w->var_type = before;
}

/* ---- Java, C# ---- */

static void
visit_package(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t n = ts_node_named_child_count(node);
	if (n)
		walk_bind(w, BIND_PACKAGE, 0, walk_string(w, ts_node_named_child(node, n - 1)), 0,
			node);
}

static void
visit_java_import(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = ts_node_named_child(node, 0);
	uint32_t whole = ts_node_is_null(name) ? 0 : walk_string(w, name);
	if (!whole)
		return;
	(void)walk_refer(w, REL_IMPORTS, whole, node);
	bool all =
		walk_is(ts_node_named_child(node, ts_node_named_child_count(node) - 1), "asterisk");
	if (all)
		walk_bind(w, BIND_MEMBER, 0, whole, walk_own(w, "*"), node);
	else
		walk_bind(w, BIND_ALIAS, last_part(w, whole), whole, 0, node);
}

/* this(...) and super(...), this(...) and base(...) of a constructor. */
static void
visit_constructor_call(struct walk *w, TSNode node, const struct action *a)
{
	static const char *const words[] = {"this", "super", "base", NULL};
	(void)a;
	for (uint32_t i = 0; i < ts_node_child_count(node) && i < 4; i++) {
		TSNode c = ts_node_child(node, i);
		for (const char *const *word = words; *word; word++)
			if (walk_is(c, *word)) {
				TSNode last = ts_node_named_child(
					node, ts_node_named_child_count(node) - 1);
				struct fact_ref *ref =
					walk_refer(w, REL_CALLS, walk_string(w, c), node);
				bool list = walk_is(last, "argument_list");
				uint32_t n = list ? ts_node_named_child_count(last) : 0;
				ref->arg = (uint8_t)(n < 200 ? n + 1 : 0);
			}
	}
	walk_children(w);
}

const struct rule rules_java[] = {
	{"line_comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"block_comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"annotation", ROLE_ANNOTATION, 0, "name", NULL, NULL},
	{"marker_annotation", ROLE_ANNOTATION, 0, "name", NULL, NULL},
	{"package_declaration", ROLE_HOOK, 0, NULL, NULL, visit_package},
	{"import_declaration", ROLE_HOOK, 0, NULL, NULL, visit_java_import},
	{"class_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"interface_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"enum_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"record_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"annotation_type_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"method_declaration", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"constructor_declaration", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"compact_constructor_declaration", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"explicit_constructor_invocation", ROLE_HOOK, 0, NULL, NULL, visit_constructor_call},
	{"enum_constant", ROLE_DEF, KIND_ENUMERATOR, "name", NULL, NULL},
	{"superclass", ROLE_BASES, 0, NULL, NULL, NULL},
	{"super_interfaces", ROLE_BASES, 0, NULL, NULL, NULL},
	{"extends_interfaces", ROLE_BASES, 0, NULL, NULL, NULL},
	{"field_declaration", ROLE_HOOK, 0, NULL, NULL, visit_typed_declaration},
	{"local_variable_declaration", ROLE_HOOK, 0, NULL, NULL, visit_typed_declaration},
	{"variable_declarator", ROLE_VARIABLE, 0, "name", NULL, NULL},
	{"formal_parameter", ROLE_PARAM, KIND_PARAMETER, "name", "type", NULL},
	{"catch_formal_parameter", ROLE_PARAM, 0, "name", NULL, NULL},
	{"enhanced_for_statement", ROLE_PARAM, 0, "name", "type", NULL},
	{"resource", ROLE_PARAM, 0, "name", "type", NULL},
	{"method_invocation", ROLE_METHOD, 0, "object", "name", NULL},
	{"argument_list", ROLE_ARGS, 0, NULL, NULL, NULL},
	{"object_creation_expression", ROLE_NEW, 0, "type", NULL, NULL},
	{"field_access", ROLE_MEMBER, 0, "object", "field", NULL},
	{"assignment_expression", ROLE_ASSIGN, 0, "left", "right", NULL},
	{"identifier", ROLE_IDENT, 0, NULL, NULL, NULL},
	{"type_identifier", ROLE_TYPE, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};

static void
visit_using(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t n = ts_node_named_child_count(node);
	uint32_t whole = n ? walk_string(w, ts_node_named_child(node, n - 1)) : 0;
	if (!whole)
		return;
	(void)walk_refer(w, REL_IMPORTS, whole, node);
	TSNode alias = child(node, "name");
	if (!ts_node_is_null(alias))
		walk_bind(w, BIND_ALIAS, walk_string(w, alias), whole, 0, node);
	else
		walk_bind(w, BIND_MEMBER, 0, whole, walk_own(w, "*"), node);
}

static void
visit_namespace(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = child(node, "name");
	walk_bind(w, BIND_PACKAGE, 0, walk_string(w, name), 0, node);
	w->told = ts_node_is_null(name) ? w->told : ts_node_start_byte(name);
	walk_children(w);
}

const struct rule rules_csharp[] = {
	{"comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"verbatim_string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"interpolated_string_expression", ROLE_STRING, 1, NULL, NULL, NULL},
	{"element_access_expression", ROLE_SUBSCRIPT, 0, "expression", "subscript", NULL},
	{"attribute", ROLE_ANNOTATION, 0, "name", NULL, NULL},
	{"using_directive", ROLE_HOOK, 0, NULL, NULL, visit_using},
	{"namespace_declaration", ROLE_HOOK, 0, NULL, NULL, visit_namespace},
	{"file_scoped_namespace_declaration", ROLE_HOOK, 0, NULL, NULL, visit_namespace},
	{"class_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"struct_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"interface_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"record_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"enum_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"enum_member_declaration", ROLE_DEF, KIND_ENUMERATOR, "name", NULL, NULL},
	{"method_declaration", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"constructor_declaration", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"constructor_initializer", ROLE_HOOK, 0, NULL, NULL, visit_constructor_call},
	{"local_function_statement", ROLE_DEF, KIND_FUNCTION, "name", NULL, NULL},
	{"property_declaration", ROLE_DEF, KIND_FIELD, "name", NULL, NULL},
	{"base_list", ROLE_BASES, 0, NULL, NULL, NULL},
	{"variable_declaration", ROLE_HOOK, 0, NULL, NULL, visit_typed_declaration},
	{"variable_declarator", ROLE_VARIABLE, 0, "name", NULL, NULL},
	{"parameter", ROLE_PARAM, KIND_PARAMETER, "name", "type", NULL},
	{"foreach_statement", ROLE_PARAM, 0, "left", "type", NULL},
	{"invocation_expression", ROLE_CALL, 0, "function", NULL, NULL},
	{"argument_list", ROLE_ARGS, 0, NULL, NULL, NULL},
	{"object_creation_expression", ROLE_NEW, 0, "type", NULL, NULL},
	{"member_access_expression", ROLE_MEMBER, 0, "expression", "name", NULL},
	{"assignment_expression", ROLE_ASSIGN, 0, "left", "right", NULL},
	{"identifier", ROLE_IDENT, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};

/* ---- JavaScript, TypeScript ---- */

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
			TSNode s = ts_node_named_child(c, j), alias = child(s, "alias");
			uint32_t name = walk_string(w, child(s, "name"));
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
	TSNode source = child(node, "source");
	if (ts_node_is_null(source))
		return;
	uint32_t module = facts_string(w->f, unquoted(walk_text(w, source)));
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
	TSNode source = child(node, "source"), declaration = child(node, "declaration");
	uint32_t module =
		ts_node_is_null(source) ? 0 : facts_string(w->f, unquoted(walk_text(w, source)));
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
			TSNode s = ts_node_named_child(c, j), alias = child(s, "alias");
			uint32_t name = walk_string(w, child(s, "name"));
			uint32_t as = ts_node_is_null(alias) ? name : walk_string(w, alias);
			if (module)
				walk_bind(w, BIND_MEMBER, as, module, name, node);
			else if (as != name)
				walk_bind(w, BIND_ALIAS, as, name, 0, node);
		}
	}
	TSNode what = ts_node_is_null(declaration) ? child(node, "value") : declaration;
	TSNode name = walk_is(what, "identifier") ? what : child(what, "name");
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
	TSNode name = child(node, "name");
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
		!str_eq(walk_text(w, child(value, "function")), "require"))
		return 0;
	TSNode arg = ts_node_named_child(child(value, "arguments"), 0);
	return walk_is(arg, "string") ? facts_string(w->f, unquoted(walk_text(w, arg))) : 0;
}

static void
visit_js_variable(struct walk *w, TSNode node, const struct action *a)
{
	const struct action plain = {.role = ROLE_VARIABLE, .a = a->a, .b = a->b};
	TSNode name = child(node, "name");
	uint32_t module = required(w, child(node, "value"));
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
			TSNode key = walk_is(p, "pair_pattern") ? child(p, "key") : p;
			TSNode to = walk_is(p, "pair_pattern") ? child(p, "value") : p;
			walk_bind(w, BIND_MEMBER, walk_string(w, to), module, walk_string(w, key),
				node);
		}
		return;
	}
	uint32_t string = walk_is(name, "identifier") ? walk_string(w, name) : 0;
	TSNode value = child(node, "value");
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
	uint32_t type = plain.b ? walk_type_name(w, child(node, "type")) : 0;
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
		TSNode p = ts_node_named_child(node, i), name = p, pattern = child(p, "pattern");
		if (!ts_node_is_null(pattern))
			name = pattern;
		else if (walk_is(p, "assignment_pattern"))
			name = child(p, "left");
		uint32_t string = walk_is(name, "identifier") ? walk_string(w, name) : 0;
		if (!string)
			continue;
		walk_local(w, string);
		uint32_t type = walk_type_name(w, child(p, "type"));
		if (type)
			walk_bind(w, BIND_TYPE, string, type, 0, p);
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
	TSNode name = child(node, "name");
	uint32_t e = walk_define(w, KIND_FUNCTION, walk_string(w, name), node);
	w->f->entities[e - 1].flags |= FACT_DECLARATION;
	w->f->entities[e - 1].type = walk_type_name(w, child(node, "return_type"));
	w->told = ts_node_is_null(name) ? w->told : ts_node_start_byte(name);
	walk_inside(w, e);
}

static void
visit_enum_body(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
		TSNode c = ts_node_named_child(node, i);
		TSNode name = walk_is(c, "enum_assignment") ? child(c, "name") : c;
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

/* ---- Go ---- */

static void
visit_go_import(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode path = child(node, "path"), name = child(node, "name");
	if (ts_node_is_null(path))
		return;
	uint32_t module = facts_string(w->f, unquoted(walk_text(w, path)));
	(void)walk_refer(w, REL_IMPORTS, module, node);
	uint32_t bound = ts_node_is_null(name) ? last_part(w, module) : walk_string(w, name);
	walk_bind(w, BIND_IMPORT, bound, module, 0, node);
}

static void
visit_go_method(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = child(node, "name"), list = child(node, "receiver");
	TSNode receiver = ts_node_is_null(list) ? list : ts_node_named_child(list, 0);
	uint32_t type = ts_node_is_null(receiver) ? 0 : walk_type_name(w, child(receiver, "type"));
	uint32_t e = walk_define(w, KIND_METHOD, walk_string(w, name), node);
	w->f->entities[e - 1].owner = type;
	TSNode result = child(node, "result");
	if (walk_is(result, "parameter_list"))
		result = child(ts_node_named_child(result, 0), "type");
	uint32_t gives = walk_type_name(w, result);
	w->f->entities[e - 1].type = gives;
	w->told = ts_node_is_null(name) ? w->told : ts_node_start_byte(name);
	walk_inside(w, e);
}

/* Names that := or var declares, each with the value beside it. */
static void
visit_go_declaration(struct walk *w, TSNode node, const struct action *a)
{
	TSNode left = child(node, "left"), right = child(node, "right");
	bool short_form = a->kind != 0;
	if (short_form && ts_node_is_null(left)) {
		walk_children(w);
		return;
	}
	if (short_form) {
		uint32_t n = ts_node_named_child_count(left);
		bool pairs = !ts_node_is_null(right) && ts_node_named_child_count(right) == n;
		for (uint32_t i = 0; i < n; i++) {
			TSNode l = ts_node_named_child(left, i);
			uint32_t name = walk_is(l, "identifier") ? walk_string(w, l) : 0;
			walk_local(w, name);
			bool range = walk_is(node, "range_clause");
			/* An item has the type that the name of its list has here. */
			if (range && i + 1 == n)
				walk_bind_value(w, name, right);
			else if (!range && (pairs || (i == 0 && !ts_node_is_null(right))))
				walk_bind_value(w, name, ts_node_named_child(right, i));
		}
		walk_children(w);
		return;
	}
	uint32_t type = walk_type_name(w, child(node, "type"));
	TSNode values = child(node, "value");
	uint32_t n = ts_node_child_count(node);
	for (uint32_t i = 0, k = 0; i < n && i < 64; i++) {
		const char *f = ts_node_field_name_for_child(node, i);
		if (!f || strcmp(f, "name") != 0)
			continue;
		TSNode c = ts_node_child(node, i);
		if (!walk_is(c, "identifier"))
			continue;
		uint32_t name = walk_string(w, c);
		walk_variable(w, name, type, node);
		if (!type && !ts_node_is_null(values))
			walk_bind_value(w, name, ts_node_named_child(values, k));
		k++;
		w->told = ts_node_start_byte(c);
	}
	walk_children(w);
}

/* a, b *T: each of the names; of a struct without one, what is embedded. */
static void
visit_go_names(struct walk *w, TSNode node, const struct action *a)
{
	uint32_t type = walk_type_name(w, child(node, "type")), n = 0;
	for (uint32_t i = 0; i < ts_node_child_count(node) && i < 64; i++) {
		const char *f = ts_node_field_name_for_child(node, i);
		TSNode c = ts_node_child(node, i);
		if (!f || strcmp(f, "name") != 0 || !ts_node_is_named(c))
			continue;
		uint32_t name = walk_string(w, c);
		n++;
		w->told = ts_node_start_byte(c);
		if (a->kind == KIND_FIELD) {
			walk_variable(w, name, type, node);
			continue;
		}
		walk_local(w, name);
		if (type)
			walk_bind(w, BIND_TYPE, name, type, 0, node);
		walk_parameter(w, name, type, node);
	}
	if (!n && a->kind == KIND_FIELD && type)
		(void)walk_refer(w, REL_INHERITS, type, node);
	walk_children(w);
}

/* An interface that is named in another. */
static void
visit_go_element(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode type = ts_node_named_child(node, 0);
	uint32_t name = ts_node_named_child_count(node) == 1 && walk_is(type, "type_identifier")
				? walk_string(w, type)
				: 0;
	bool in_type = w->scope && w->f->entities[w->scope - 1].kind == KIND_TYPE;
	if (name && in_type)
		(void)walk_refer(w, REL_INHERITS, name, node);
	else
		walk_children(w);
}

const struct rule rules_go[] = {
	{"comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"interpreted_string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"raw_string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"package_clause", ROLE_HOOK, 0, NULL, NULL, visit_package},
	{"import_spec", ROLE_HOOK, 0, NULL, NULL, visit_go_import},
	{"function_declaration", ROLE_DEF, KIND_FUNCTION, "name", NULL, NULL},
	{"method_declaration", ROLE_HOOK, 0, NULL, NULL, visit_go_method},
	{"type_spec", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"type_alias", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"method_elem", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"field_declaration", ROLE_HOOK, KIND_FIELD, NULL, NULL, visit_go_names},
	{"parameter_declaration", ROLE_HOOK, KIND_PARAMETER, NULL, NULL, visit_go_names},
	{"type_elem", ROLE_HOOK, 0, NULL, NULL, visit_go_element},
	{"var_spec", ROLE_HOOK, 0, NULL, NULL, visit_go_declaration},
	{"const_spec", ROLE_HOOK, 0, NULL, NULL, visit_go_declaration},
	{"short_var_declaration", ROLE_HOOK, 1, NULL, NULL, visit_go_declaration},
	{"range_clause", ROLE_HOOK, 1, NULL, NULL, visit_go_declaration},
	{"call_expression", ROLE_CALL, 0, "function", NULL, NULL},
	{"argument_list", ROLE_ARGS, 0, NULL, NULL, NULL},
	{"composite_literal", ROLE_NEW, 0, "type", NULL, NULL},
	{"selector_expression", ROLE_MEMBER, 0, "operand", "field", NULL},
	{"assignment_statement", ROLE_ASSIGN, 0, "left", "right", NULL},
	{"identifier", ROLE_IDENT, 0, NULL, NULL, NULL},
	{"type_identifier", ROLE_TYPE, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};

/* ---- Rust ---- */

/* What an impl block holds belongs to its type. */
static void
visit_impl(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t type = walk_type_name(w, child(node, "type"));
	TSNode trait = child(node, "trait");
	size_t before = w->f->nentities;
	if (!ts_node_is_null(trait) && type) {
		struct fact_ref *ref = walk_refer(w, REL_INHERITS, walk_type_name(w, trait), node);
		size_t at = (size_t)(ref - w->f->refs);
		w->f->refs[at].receiver = type;
	}
	uint32_t scope = w->scope;
	walk_children(w);
	for (size_t i = before; i < w->f->nentities; i++) {
		struct fact_entity *e = &w->f->entities[i];
		if (e->parent == scope && e->kind == KIND_FUNCTION) {
			e->kind = KIND_METHOD;
			e->owner = type;
		}
	}
}

static void
visit_use(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode what = child(node, "argument");
	if (ts_node_is_null(what))
		return;
	(void)walk_refer(w, REL_IMPORTS, walk_string(w, what), node);
	TSNode path = child(what, "path"), list = child(what, "list");
	if (walk_is(what, "scoped_identifier"))
		walk_bind(w, BIND_ALIAS, walk_string(w, child(what, "name")), walk_string(w, what),
			0, node);
	if (walk_is(what, "use_as_clause"))
		walk_bind(w, BIND_ALIAS, walk_string(w, child(what, "alias")), walk_string(w, path),
			0, node);
	for (uint32_t i = 0; !ts_node_is_null(list) && i < ts_node_named_child_count(list); i++) {
		TSNode c = ts_node_named_child(list, i);
		if (walk_is(c, "identifier"))
			walk_bind(w, BIND_MEMBER, walk_string(w, c), walk_string(w, path),
				walk_string(w, c), node);
	}
}

static void
visit_let(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode pattern = child(node, "pattern");
	uint32_t name = walk_is(pattern, "identifier") ? walk_string(w, pattern) : 0;
	uint32_t type = walk_type_name(w, child(node, "type"));
	walk_local(w, name);
	if (name && type)
		walk_bind(w, BIND_TYPE, name, type, 0, node);
	else
		walk_bind_value(w, name, child(node, "value"));
	walk_children(w);
}

/* #[get("/path")] stands before its function; nothing in it is code. */
static void
visit_rust_attribute(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode attribute = ts_node_named_child(node, 0);
	uint32_t name =
		ts_node_is_null(attribute) ? 0 : walk_string(w, ts_node_named_child(attribute, 0));
	bool decorator = w->decorator;
	w->decorator = true;
	if (name)
		uses_call(w, attribute, name, (struct str){"", 0});
	w->decorator = decorator;
}

const struct rule rules_rust[] = {
	{"line_comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"block_comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"raw_string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"attribute_item", ROLE_HOOK, 0, NULL, NULL, visit_rust_attribute},
	{"function_item", ROLE_DEF, KIND_FUNCTION, "name", NULL, NULL},
	{"function_signature_item", ROLE_DEF, KIND_FUNCTION, "name", NULL, NULL},
	{"struct_item", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"enum_item", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"union_item", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"trait_item", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"type_item", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"mod_item", ROLE_DEF, KIND_MODULE, "name", NULL, NULL},
	{"const_item", ROLE_DEF, KIND_GLOBAL, "name", NULL, NULL},
	{"static_item", ROLE_DEF, KIND_GLOBAL, "name", NULL, NULL},
	{"macro_definition", ROLE_DEF, KIND_MACRO, "name", NULL, NULL},
	{"enum_variant", ROLE_DEF, KIND_ENUMERATOR, "name", NULL, NULL},
	{"field_declaration", ROLE_VARIABLE, 0, "name", "type", NULL},
	{"impl_item", ROLE_HOOK, 0, NULL, NULL, visit_impl},
	{"use_declaration", ROLE_HOOK, 0, NULL, NULL, visit_use},
	{"let_declaration", ROLE_HOOK, 0, NULL, NULL, visit_let},
	{"parameter", ROLE_PARAM, KIND_PARAMETER, "pattern", "type", NULL},
	{"call_expression", ROLE_CALL, 0, "function", NULL, NULL},
	{"macro_invocation", ROLE_CALL, 0, "macro", NULL, NULL},
	{"arguments", ROLE_ARGS, 0, NULL, NULL, NULL},
	{"struct_expression", ROLE_NEW, 0, "name", NULL, NULL},
	{"field_expression", ROLE_MEMBER, 0, "value", "field", NULL},
	{"scoped_identifier", ROLE_MEMBER, 0, "path", "name", NULL},
	{"assignment_expression", ROLE_ASSIGN, 0, "left", "right", NULL},
	{"identifier", ROLE_IDENT, 0, NULL, NULL, NULL},
	{"type_identifier", ROLE_TYPE, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};

/* ---- PHP, Ruby, Bash ---- */

static void
visit_php_use(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t n = ts_node_named_child_count(node);
	if (!n)
		return;
	uint32_t whole = walk_string(w, ts_node_named_child(node, 0));
	TSNode alias = child(node, "alias");
	(void)walk_refer(w, REL_IMPORTS, whole, node);
	walk_bind(w, BIND_ALIAS,
		ts_node_is_null(alias) ? last_part(w, whole) : walk_string(w, alias), whole, 0,
		node);
}

static void
visit_php_include(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode path = ts_node_named_child(node, 0);
	if (walk_is(path, "string") || walk_is(path, "encapsed_string"))
		(void)walk_refer(
			w, REL_IMPORTS, facts_string(w->f, unquoted(walk_text(w, path))), node);
	walk_children(w);
}

const struct rule rules_php[] = {
	{"require_expression", ROLE_HOOK, 0, NULL, NULL, visit_php_include},
	{"require_once_expression", ROLE_HOOK, 0, NULL, NULL, visit_php_include},
	{"include_expression", ROLE_HOOK, 0, NULL, NULL, visit_php_include},
	{"include_once_expression", ROLE_HOOK, 0, NULL, NULL, visit_php_include},
	{"comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string_content", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string", ROLE_STRING, 1, NULL, NULL, NULL},
	{"encapsed_string", ROLE_STRING, 1, NULL, NULL, NULL},
	{"subscript_expression", ROLE_SUBSCRIPT, 0, NULL, NULL, NULL},
	{"attribute", ROLE_ANNOTATION, 0, NULL, NULL, NULL},
	{"namespace_definition", ROLE_HOOK, 0, NULL, NULL, visit_namespace},
	{"namespace_use_clause", ROLE_HOOK, 0, NULL, NULL, visit_php_use},
	{"class_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"interface_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"trait_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"enum_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"enum_case", ROLE_DEF, KIND_ENUMERATOR, "name", NULL, NULL},
	{"function_definition", ROLE_DEF, KIND_FUNCTION, "name", NULL, NULL},
	{"method_declaration", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"property_element", ROLE_DEF, KIND_FIELD, "name", NULL, NULL},
	{"base_clause", ROLE_BASES, 0, NULL, NULL, NULL},
	{"class_interface_clause", ROLE_BASES, 0, NULL, NULL, NULL},
	{"simple_parameter", ROLE_PARAM, KIND_PARAMETER, "name", "type", NULL},
	{"function_call_expression", ROLE_CALL, 0, "function", NULL, NULL},
	{"member_call_expression", ROLE_METHOD, 0, "object", "name", NULL},
	{"nullsafe_member_call_expression", ROLE_METHOD, 0, "object", "name", NULL},
	{"scoped_call_expression", ROLE_METHOD, 0, "scope", "name", NULL},
	{"object_creation_expression", ROLE_NEW, 0, NULL, NULL, NULL},
	{"arguments", ROLE_ARGS, 0, NULL, NULL, NULL},
	{"member_access_expression", ROLE_MEMBER, 0, "object", "name", NULL},
	{"assignment_expression", ROLE_ASSIGN, 0, "left", "right", NULL},
	{"variable_name", ROLE_IDENT, 0, NULL, NULL, NULL},
	{"name", ROLE_IDENT, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};

/* A bare word that is no variable calls a method. */
static void
visit_ruby_word(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t name = walk_string(w, node);
	if (!name || ts_node_start_byte(node) == w->told || walk_is_local(w, name))
		return;
	TSNode parent = ts_node_parent(node);
	if (walk_is(parent, "method_parameters") || walk_is(parent, "block_parameters")) {
		walk_local(w, name);
		if (walk_is(parent, "method_parameters"))
			walk_parameter(w, name, 0, node);
	} else {
		(void)walk_refer(w, REL_CALLS, name, node);
	}
}

/* The method of the base that the one around overrides. */
static void
refer_super(struct walk *w, TSNode node)
{
	if (!w->function)
		return;
	uint32_t name = w->f->entities[w->function - 1].name;
	struct fact_ref *ref = walk_refer(w, REL_CALLS, name, node);
	size_t at = (size_t)(ref - w->f->refs);
	uint32_t receiver = walk_own(w, "super");
	w->f->refs[at].flags |= FACT_MEMBER;
	w->f->refs[at].receiver = receiver;
}

static void
visit_ruby_super(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	if (ts_node_start_byte(node) != w->told)
		refer_super(w, node);
}

/* x = A.new, @x = A.new: the first declares it. */
static void
visit_ruby_assignment(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode left = child(node, "left"), right = child(node, "right");
	uint32_t name = walk_string(w, left), scope = w->scope;
	bool own = walk_is(left, "identifier"), instance = walk_is(left, "instance_variable");
	if (!name || (!own && !instance)) {
		walk_children(w);
		return;
	}
	if (own && w->function)
		walk_local(w, name);
	else if (own && !walk_name(w, name)->global)
		walk_variable(w, name, 0, node);
	uint32_t type = w->function ? w->f->entities[w->function - 1].parent : 0;
	if (instance && type && w->f->entities[type - 1].kind == KIND_TYPE)
		w->scope = type;
	TSNode receiver = child(right, "receiver");
	uint32_t made = walk_is(right, "call") && !ts_node_is_null(receiver) &&
					str_eq(walk_text(w, child(right, "method")), "new")
				? walk_chain(w, receiver)
				: 0;
	if (made)
		walk_bind(w, BIND_TYPE, name, made, 0, node);
	w->scope = scope;
	uses_assignment(w, name, right);
	w->told = ts_node_start_byte(left);
	walk_children(w);
}

static void
visit_ruby_call(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode receiver = child(node, "receiver"), method = child(node, "method");
	if (ts_node_is_null(method)) {
		walk_children(w);
		return;
	}
	struct str name = walk_text(w, method);
	TSNode args = child(node, "arguments");
	if (walk_is(method, "super")) {
		refer_super(w, node);
		w->told = ts_node_start_byte(method);
		walk_children(w);
		return;
	}
	if (ts_node_is_null(receiver) &&
		(str_eq(name, "require") || str_eq(name, "require_relative")) &&
		!ts_node_is_null(args)) {
		TSNode path = ts_node_named_child(args, 0);
		if (walk_is(path, "string"))
			(void)walk_refer(w, REL_IMPORTS,
				facts_string(w->f, unquoted(walk_text(w, path))), node);
		return;
	}
	struct fact_ref *ref = walk_refer(w, REL_CALLS, walk_string(w, method), node);
	uint32_t called = ref->name;
	if (!ts_node_is_null(receiver)) {
		size_t at = (size_t)(ref - w->f->refs);
		bool literal = walk_is(receiver, "string") || walk_is(receiver, "array") ||
			       walk_is(receiver, "hash") || walk_is(receiver, "integer");
		uint32_t chain = literal ? walk_own(w, "\"\"") : walk_chain(w, receiver);
		w->f->refs[at].flags |= FACT_MEMBER;
		w->f->refs[at].receiver = chain;
		if (str_eq(name, "new"))
			w->f->refs[at].relation = REL_INSTANTIATES, w->f->refs[at].name = chain,
			w->f->refs[at].flags = 0, w->f->refs[at].receiver = 0;
	}
	uses_call(w, node, called, walk_text(w, receiver));
	w->told = ts_node_start_byte(method);
	walk_children(w);
}

const struct rule rules_ruby[] = {
	{"comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string_content", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string", ROLE_STRING, 1, NULL, NULL, NULL},
	{"element_reference", ROLE_SUBSCRIPT, 0, "object", NULL, NULL},
	{"module", ROLE_DEF, KIND_MODULE, "name", NULL, NULL},
	{"class", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"method", ROLE_DEF, KIND_FUNCTION, "name", NULL, NULL},
	{"singleton_method", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"superclass", ROLE_BASES, 0, NULL, NULL, NULL},
	{"call", ROLE_HOOK, 0, NULL, NULL, visit_ruby_call},
	{"argument_list", ROLE_ARGS, 0, NULL, NULL, NULL},
	{"assignment", ROLE_HOOK, 0, NULL, NULL, visit_ruby_assignment},
	{"super", ROLE_HOOK, 0, NULL, NULL, visit_ruby_super},
	{"identifier", ROLE_HOOK, 0, NULL, NULL, visit_ruby_word},
	{"constant", ROLE_TYPE, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};

static void
visit_command(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = child(node, "name");
	struct str s = ts_node_is_null(name) ? (struct str){"", 0} : walk_text(w, name);
	if (str_eq(s, "source") || str_eq(s, ".")) {
		TSNode arg = ts_node_named_child(node, 1);
		if (walk_is(arg, "word"))
			(void)walk_refer(w, REL_IMPORTS, walk_string(w, arg), node);
	} else if (str_eq(s, "trap") && walk_is(ts_node_named_child(node, 1), "word")) {
		(void)walk_refer(w, REL_CALLS, walk_string(w, ts_node_named_child(node, 1)), node);
	} else if (walk_is(ts_node_is_null(name) ? name : ts_node_named_child(name, 0), "word")) {
		(void)walk_refer(w, REL_CALLS, facts_string(w->f, s), node);
	}
	walk_children(w);
}

static void
visit_bash_assignment(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = child(node, "name");
	uint32_t string = walk_is(name, "variable_name") ? walk_string(w, name) : 0;
	if (string && !walk_name(w, string)->global) {
		uint32_t scope = w->scope;
		w->scope = 0;
		(void)walk_define(w, KIND_GLOBAL, string, node);
		w->scope = scope;
	}
	if (string && w->scope)
		(void)walk_refer(w, REL_WRITES, string, name);
	w->told = string ? ts_node_start_byte(name) : w->told;
	walk_children(w);
}

/* ${NAME:-default}: what this script does not set comes from its environment. */
static void
visit_expansion(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = ts_node_named_child(node, 0);
	struct str s = walk_is(name, "variable_name") ? walk_text(w, name) : (struct str){"", 0};
	bool upper = s.n > 1;
	for (size_t i = 0; i < s.n && upper; i++)
		upper = !(s.p[i] >= 'a' && s.p[i] <= 'z');
	uint32_t string = upper ? walk_string(w, name) : 0;
	size_t after = ts_node_is_null(name) ? 0 : ts_node_end_byte(name);
	bool else_what = after && after < w->text.n && w->text.p[after] == ':';
	if (string && else_what && !walk_name(w, string)->global) {
		struct fact_ref *ref = walk_refer(w, REL_READS_ENV, string, node);
		ref->flags |= FACT_LIKELY;
	}
	walk_children(w);
}

static void
visit_export(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	bool exports = str_eq(walk_text(w, ts_node_child(node, 0)), "export");
	for (uint32_t i = 0; exports && i < ts_node_named_child_count(node); i++) {
		TSNode n = ts_node_named_child(node, i);
		uint32_t name =
			walk_is(n, "variable_assignment") ? walk_string(w, child(n, "name")) : 0;
		if (name)
			(void)walk_refer(w, REL_CONFIGURES, name, n);
	}
	walk_children(w);
}

const struct rule rules_bash[] = {
	{"expansion", ROLE_HOOK, 0, NULL, NULL, visit_expansion},
	{"declaration_command", ROLE_HOOK, 0, NULL, NULL, visit_export},
	{"comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"raw_string", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"function_definition", ROLE_DEF, KIND_FUNCTION, "name", NULL, NULL},
	{"command", ROLE_HOOK, 0, NULL, NULL, visit_command},
	{"variable_assignment", ROLE_HOOK, 0, NULL, NULL, visit_bash_assignment},
	{"variable_name", ROLE_IDENT, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};
