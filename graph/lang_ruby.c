/* Ruby. */
#include "graph/lang_inner.h"
#include "graph/uses.h"

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
	TSNode left = walk_child(node, "left"), right = walk_child(node, "right");
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
	TSNode receiver = walk_child(right, "receiver");
	uint32_t made = walk_is(right, "call") && !ts_node_is_null(receiver) &&
					str_eq(walk_text(w, walk_child(right, "method")), "new")
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
	TSNode receiver = walk_child(node, "receiver"), method = walk_child(node, "method");
	if (ts_node_is_null(method)) {
		walk_children(w);
		return;
	}
	struct str name = walk_text(w, method);
	TSNode args = walk_child(node, "arguments");
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
				facts_string(w->f, lang_unquoted(walk_text(w, path))), node);
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
