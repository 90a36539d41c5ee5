/* Go. */
#include "graph/lang_inner.h"

#include <string.h>

static void
visit_go_import(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode path = walk_child(node, "path"), name = walk_child(node, "name");
	if (ts_node_is_null(path))
		return;
	uint32_t module = facts_string(w->f, lang_unquoted(walk_text(w, path)));
	(void)walk_refer(w, REL_IMPORTS, module, node);
	if (walk_is(name, "dot")) {
		walk_bind(w, BIND_MEMBER, 0, module, walk_own(w, "*"), node);
		return;
	}
	uint32_t bound = ts_node_is_null(name) ? lang_last_part(w, module) : walk_string(w, name);
	walk_bind(w, BIND_IMPORT, bound, module, 0, node);
}

static void
visit_go_method(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = walk_child(node, "name"), list = walk_child(node, "receiver");
	TSNode receiver = ts_node_is_null(list) ? list : ts_node_named_child(list, 0);
	uint32_t type =
		ts_node_is_null(receiver) ? 0 : walk_type_name(w, walk_child(receiver, "type"));
	uint32_t e = walk_define(w, KIND_METHOD, walk_string(w, name), node);
	w->f->entities[e - 1].owner = type;
	TSNode result = walk_child(node, "result");
	if (walk_is(result, "parameter_list"))
		result = walk_child(ts_node_named_child(result, 0), "type");
	uint32_t gives = walk_type_name(w, result);
	w->f->entities[e - 1].type = gives;
	w->told = ts_node_is_null(name) ? w->told : ts_node_start_byte(name);
	walk_inside(w, e);
}

/* Names that := or var declares, each with the value beside it. */
static void
visit_go_declaration(struct walk *w, TSNode node, const struct action *a)
{
	TSNode left = walk_child(node, "left"), right = walk_child(node, "right");
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
	uint32_t type = walk_type_name(w, walk_child(node, "type"));
	TSNode values = walk_child(node, "value");
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
	uint32_t type = walk_type_name(w, walk_child(node, "type")), n = 0;
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
		walk_typed_local(w, name, type, node);
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
	{"block", ROLE_BLOCK, 0, NULL, NULL, NULL},
	{"func_literal", ROLE_BLOCK, 0, NULL, NULL, NULL},
	{"comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"interpreted_string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"raw_string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"package_clause", ROLE_HOOK, 0, NULL, NULL, lang_visit_package},
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
