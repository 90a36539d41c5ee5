/* Rust. */
#include "graph/lang_inner.h"
#include "graph/uses.h"

/* What an impl block holds belongs to its type. */
static void
visit_impl(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t type = walk_type_name(w, walk_child(node, "type"));
	TSNode trait = walk_child(node, "trait");
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
	TSNode what = walk_child(node, "argument");
	if (ts_node_is_null(what))
		return;
	(void)walk_refer(w, REL_IMPORTS, walk_string(w, what), node);
	TSNode path = walk_child(what, "path"), list = walk_child(what, "list");
	if (walk_is(what, "scoped_identifier"))
		walk_bind(w, BIND_ALIAS, walk_string(w, walk_child(what, "name")),
			walk_string(w, what), 0, node);
	if (walk_is(what, "use_as_clause"))
		walk_bind(w, BIND_ALIAS, walk_string(w, walk_child(what, "alias")),
			walk_string(w, path), 0, node);
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
	TSNode pattern = walk_child(node, "pattern");
	uint32_t name = walk_is(pattern, "identifier") ? walk_string(w, pattern) : 0;
	uint32_t type = walk_type_name(w, walk_child(node, "type"));
	walk_local(w, name);
	if (name && type)
		walk_bind(w, BIND_TYPE, name, type, 0, node);
	else
		walk_bind_value(w, name, walk_child(node, "value"));
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
	{"block", ROLE_BLOCK, 0, NULL, NULL, NULL},
	{"closure_expression", ROLE_BLOCK, 0, NULL, NULL, NULL},
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
