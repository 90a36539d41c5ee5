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
	{"package_declaration", ROLE_HOOK, 0, NULL, NULL, lang_visit_package},
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
	TSNode alias = walk_child(node, "name");
	if (!ts_node_is_null(alias))
		walk_bind(w, BIND_ALIAS, walk_string(w, alias), whole, 0, node);
	else
		walk_bind(w, BIND_MEMBER, 0, whole, walk_own(w, "*"), node);
}

const struct rule rules_csharp[] = {
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
