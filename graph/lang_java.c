/* Java, and C#, whose declarations and constructors are read like its own. */
#include "graph/lang_inner.h"

/* The declaration's type is that of its declarators. */
static void
visit_typed_declaration(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t before = w->var_type;
	w->var_type = walk_type_name(w, walk_child(node, "type"));
	struct str inferred = w->f->strings[w->var_type];
	if (str_eq(inferred, "var") || str_eq(inferred, "let"))
		w->var_type = 0;
	walk_children(w);
	w->var_type = before;
}

static void
visit_java_import(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = children_named_child(node, 0);
	uint32_t whole = ts_node_is_null(name) ? 0 : walk_string(w, name);
	if (!whole)
		return;
	(void)walk_refer(w, REL_IMPORTS, whole, node);
	bool all = walk_is(
		children_named_child(node, ts_node_named_child_count(node) - 1), "asterisk");
	if (all)
		walk_bind(w, BIND_MEMBER, 0, whole, walk_own(w, "*"), node);
	else
		walk_bind(w, BIND_ALIAS, lang_last_part(w, whole), whole, 0, node);
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
				TSNode last = children_named_child(
					node, ts_node_named_child_count(node) - 1);
				struct fact_ref *ref =
					walk_refer(w, REL_CALLS, walk_string(w, c), node);
				ref->arg = 1;
				if (walk_is(last, "argument_list"))
					walk_tell_arguments(w, node, ref);
			}
	}
	walk_children(w);
}

/* What stands in the arguments of a base is no base. */
void
lang_visit_type_arguments(struct walk *w, TSNode node, const struct action *a)
{
	(void)node;
	(void)a;
	bool bases = w->bases;
	w->bases = false;
	walk_children(w);
	w->bases = bases;
}

/* A.B is one name when it is a base. */
static void
visit_scoped_type(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t whole = w->bases ? walk_chain(w, node) : 0;
	if (whole)
		(void)walk_refer(w, REL_INHERITS, whole, node);
	else
		walk_children(w);
}

/* T extends A: what is a T is at least an A. */
static void
visit_type_parameter(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = children_named_child(node, 0), bound = children_named_child(node, 1);
	uint32_t type = walk_is(bound, "type_bound")
				? walk_type_name(w, children_named_child(bound, 0))
				: 0;
	if (type && walk_is(name, "type_identifier"))
		walk_bind(w, BIND_ALIAS, walk_string(w, name), type, 0, node);
	walk_children(w);
}

/* A constant of an enumeration calls a constructor of it with its arguments. */
static void
visit_enum_constant(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = walk_child(node, "name");
	uint32_t string = walk_string(w, name);
	w->told = ts_node_is_null(name) ? w->told : ts_node_start_byte(name);
	if (!ts_node_is_null(walk_child(node, "arguments")))
		walk_tell_arguments(w, node, walk_refer(w, REL_CALLS, walk_own(w, "this"), node));
	walk_inside(w, walk_define(w, KIND_ENUMERATOR, string, node));
}

/* What is caught has a type when it is one of one alone. */
static void
visit_catch(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = walk_child(node, "name");
	uint32_t type = 0;
	for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
		TSNode c = children_named_child(node, i);
		if (walk_is(c, "catch_type") && ts_node_named_child_count(c) == 1)
			type = walk_type_name(w, children_named_child(c, 0));
	}
	walk_typed_local(w, walk_string(w, name), type, node);
	w->told = ts_node_is_null(name) ? w->told : ts_node_start_byte(name);
	walk_children(w);
}

/* The last parameter, which takes all that is left. */
static void
visit_spread_parameter(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = node;
	uint32_t n = ts_node_named_child_count(node);
	for (uint32_t i = 0; i < n; i++)
		if (walk_is(children_named_child(node, i), "variable_declarator"))
			name = walk_child(children_named_child(node, i), "name");
	uint32_t string = walk_chain(w, name);
	walk_local(w, string);
	size_t before = w->f->nentities;
	walk_parameter(w, string, 0, node);
	if (w->f->nentities > before)
		w->f->entities[before].flags |= FACT_REST;
	walk_children(w);
}

const struct rule rules_java[] = {
	{"block", ROLE_BLOCK, 0, NULL, NULL, NULL},
	{"lambda_expression", ROLE_BLOCK, 0, NULL, NULL, NULL},
	{"type_arguments", ROLE_HOOK, 0, NULL, NULL, lang_visit_type_arguments},
	{"scoped_type_identifier", ROLE_HOOK, 0, NULL, NULL, visit_scoped_type},
	{"type_parameter", ROLE_HOOK, 0, NULL, NULL, visit_type_parameter},
	{"spread_parameter", ROLE_HOOK, 0, NULL, NULL, visit_spread_parameter},
	{"line_comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"block_comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"annotation", ROLE_ANNOTATION, 0, "name", NULL, NULL},
	{"marker_annotation", ROLE_ANNOTATION, 0, "name", NULL, NULL},
	{"package_declaration", ROLE_HOOK, 0, NULL, NULL, lang_visit_package},
	{"import_declaration", ROLE_HOOK, 0, NULL, NULL, visit_java_import},
	{"class_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"interface_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"enum_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"record_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"annotation_type_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"method_declaration", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"annotation_type_element_declaration", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"constructor_declaration", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"compact_constructor_declaration", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"explicit_constructor_invocation", ROLE_HOOK, 0, NULL, NULL, visit_constructor_call},
	{"enum_constant", ROLE_HOOK, 0, NULL, NULL, visit_enum_constant},
	{"superclass", ROLE_BASES, 0, NULL, NULL, NULL},
	{"super_interfaces", ROLE_BASES, 0, NULL, NULL, NULL},
	{"extends_interfaces", ROLE_BASES, 0, NULL, NULL, NULL},
	{"field_declaration", ROLE_HOOK, 0, NULL, NULL, visit_typed_declaration},
	{"local_variable_declaration", ROLE_HOOK, 0, NULL, NULL, visit_typed_declaration},
	{"variable_declarator", ROLE_VARIABLE, 0, "name", NULL, NULL},
	{"formal_parameter", ROLE_PARAM, KIND_PARAMETER, "name", "type", NULL},
	{"catch_formal_parameter", ROLE_HOOK, 0, NULL, NULL, visit_catch},
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
	uint32_t whole = n ? walk_string(w, children_named_child(node, n - 1)) : 0;
	if (!whole)
		return;
	(void)walk_refer(w, REL_IMPORTS, whole, node);
	TSNode alias = walk_child(node, "name");
	if (!ts_node_is_null(alias))
		walk_bind(w, BIND_ALIAS, walk_string(w, alias), whole, 0, node);
	else
		walk_bind(w, BIND_MEMBER, 0, whole, walk_own(w, "*"), node);
}

const struct rule rules_csharp[] = {
	{"block", ROLE_BLOCK, 0, NULL, NULL, NULL},
	{"lambda_expression", ROLE_BLOCK, 0, NULL, NULL, NULL},
	{"type_argument_list", ROLE_HOOK, 0, NULL, NULL, lang_visit_type_arguments},
	{"comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"verbatim_string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"interpolated_string_expression", ROLE_STRING, 1, NULL, NULL, NULL},
	{"element_access_expression", ROLE_SUBSCRIPT, 0, "expression", "subscript", NULL},
	{"attribute", ROLE_ANNOTATION, 0, "name", NULL, NULL},
	{"using_directive", ROLE_HOOK, 0, NULL, NULL, visit_using},
	{"namespace_declaration", ROLE_HOOK, 0, NULL, NULL, lang_visit_namespace},
	{"file_scoped_namespace_declaration", ROLE_HOOK, 0, NULL, NULL, lang_visit_namespace},
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
