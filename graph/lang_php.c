/* PHP. */
#include "graph/lang_inner.h"

static void
visit_php_use(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t n = ts_node_named_child_count(node);
	if (!n)
		return;
	uint32_t whole = walk_string(w, ts_node_named_child(node, 0));
	TSNode alias = walk_child(node, "alias");
	(void)walk_refer(w, REL_IMPORTS, whole, node);
	walk_bind(w, BIND_ALIAS,
		ts_node_is_null(alias) ? lang_last_part(w, whole) : walk_string(w, alias), whole, 0,
		node);
}

static void
visit_php_include(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode path = ts_node_named_child(node, 0);
	if (walk_is(path, "string") || walk_is(path, "encapsed_string"))
		(void)walk_refer(w, REL_IMPORTS,
			facts_string(w->f, lang_unquoted(walk_text(w, path))), node);
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
	{"namespace_definition", ROLE_HOOK, 0, NULL, NULL, lang_visit_namespace},
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
