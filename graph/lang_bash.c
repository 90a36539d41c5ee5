/* Bash, and what other shells have of it. */
#include "graph/lang_inner.h"

static void
visit_command(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = walk_child(node, "name");
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
	TSNode name = walk_child(node, "name");
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
		uint32_t name = walk_is(n, "variable_assignment")
					? walk_string(w, walk_child(n, "name"))
					: 0;
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
