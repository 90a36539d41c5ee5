/* JavaScript, and what TypeScript has beside it. */
#include "graph/lang_inner.h"
#include "graph/walk_inner.h"

#include <string.h>

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

/* Without parentheses, and what TypeScript says of it, around it. */
static TSNode
bare(TSNode n)
{
	while (walk_is(n, "parenthesized_expression") || walk_is(n, "as_expression") ||
		walk_is(n, "satisfies_expression"))
		n = ts_node_named_child(n, 0);
	return n;
}

static bool
is_function(TSNode n)
{
	n = bare(n);
	return walk_is(n, "arrow_function") || walk_is(n, "function_expression") ||
	       walk_is(n, "generator_function");
}

/* The name of the object in "X.prototype", "X" itself when it is none of those. */
static TSNode
without_prototype(struct walk *w, TSNode object)
{
	bool prototype = walk_is(object, "member_expression") &&
			 str_eq(walk_text(w, walk_child(object, "property")), "prototype");
	return prototype ? walk_child(object, "object") : object;
}

/* "module.exports" and "exports" */
static bool
is_exports(struct walk *w, TSNode n)
{
	struct str s = walk_text(w, n);
	return str_eq(s, "exports") || str_eq(s, "module.exports");
}

/* The entity whose object is `this`: a class, or a function that makes some; 0: none that is known. */
static uint32_t
self(const struct walk *w)
{
	uint32_t e = w->scope;
	while (e && w->f->entities[e - 1].kind == KIND_FUNCTION && w->f->entities[e - 1].parent &&
		w->f->entities[w->f->entities[e - 1].parent - 1].kind != KIND_TYPE)
		e = w->f->entities[e - 1].parent;
	for (uint32_t up = e; up; up = w->f->entities[up - 1].parent)
		if (w->f->entities[up - 1].kind == KIND_TYPE)
			return up;
	return e && w->f->entities[e - 1].kind == KIND_FUNCTION ? e : 0;
}

/* The type of the objects that a value is known to be of: a string, 0 for none. */
static uint32_t
made_type(struct walk *w, TSNode value)
{
	if (walk_is(value, "new_expression"))
		return walk_type_name(w, walk_child(value, "constructor"));
	uint32_t name = walk_is(value, "identifier") ? walk_string(w, value) : 0;
	if (!name || !walk_is_local(w, name))
		return 0;
	for (size_t i = w->f->nbinds, k = 0; i > 0 && k < 64; i--, k++) {
		const struct fact_bind *b = &w->f->binds[i - 1];
		if (b->name == name && b->scope == w->scope)
			return b->kind == BIND_TYPE ? b->value : 0;
	}
	return 0;
}

/* return new A(...): what calling the function gives, when nothing else says so. */
static void
visit_return(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode value = bare(ts_node_named_child(node, 0));
	struct fact_entity *e = w->scope ? &w->f->entities[w->scope - 1] : NULL;
	if (e && graph_kind_is_code(e->kind) && !e->type) {
		uint32_t type = walk_is(value, "this")		   ? walk_string(w, value)
				: walk_is(value, "new_expression") ? made_type(w, value)
								   : 0;
		w->f->entities[w->scope - 1].type = type;
	}
	walk_children(w);
}

/* A function that is put under a name: of an object, of a prototype, of what the module exports. */
static void
put_function(struct walk *w, TSNode object, uint32_t name, TSNode node, TSNode value)
{
	object = without_prototype(w, object);
	bool exports = ts_node_is_null(object) || is_exports(w, object);
	uint32_t own = walk_string(
		w, walk_child(value, "name")); /* what a function expression is called by itself */
	bool whole = ts_node_is_null(object);
	uint32_t e = walk_define(w, whole ? KIND_FUNCTION : KIND_METHOD, own ? own : name, node);
	if (own && own != name && exports)
		walk_bind(w, BIND_ALIAS, name, own, 0, node);
	if (own)
		w->told = ts_node_start_byte(walk_child(value, "name"));
	if (walk_is(object, "identifier") && !exports)
		w->f->entities[e - 1].owner = walk_string(w, object);
	walk_inside(w, e);
}

/* { a, b: c, f() {} }: what a module exports. */
static void
export_object(struct walk *w, TSNode object)
{
	for (uint32_t i = 0; i < ts_node_named_child_count(object); i++) {
		TSNode p = ts_node_named_child(object, i), value = walk_child(p, "value"),
		       key = walk_child(p, "key");
		uint32_t chain = walk_chain(w, value);
		uint32_t module = required(w, value);
		if (module)
			walk_bind(w, BIND_IMPORT, walk_string(w, key), module, 0, p);
		else if (walk_is(p, "pair") && chain && chain != walk_string(w, key))
			walk_bind(w, BIND_ALIAS, walk_string(w, key), chain, 0, p);
	}
}

/* module.exports = ..., exports.a = ... */
static void
visit_exports(struct walk *w, TSNode whole, uint32_t name, TSNode value, TSNode node)
{
	uint32_t module = required(w, value), chain = walk_chain(w, value), scope = w->scope;
	uint32_t as = ts_node_is_null(whole) ? walk_own(w, "export=") : name;
	bool class = walk_is(value, "class") || walk_is(value, "class_declaration");
	if (class)
		chain = walk_string(w, walk_child(value, "name"));
	w->scope = 0;
	if (ts_node_is_null(whole) && walk_is(value, "object"))
		export_object(w, value);
	else if (module && ts_node_is_null(whole))
		walk_bind(w, BIND_MEMBER, 0, module, walk_own(w, "*"), node);
	else if (module)
		walk_bind(w, BIND_IMPORT, as, module, 0, node);
	else if (chain && chain != as)
		walk_bind(w, BIND_ALIAS, as, chain, 0, node);
	w->scope = scope;
}

/* a = ..., a.b = ..., this.a = ... */
static void
visit_js_assign(struct walk *w, TSNode node, const struct action *a)
{
	const struct action plain = {.role = ROLE_ASSIGN, .a = a->a, .b = a->b};
	TSNode left = walk_child(node, "left"), value = walk_child(node, "right"), last = value;
	while (walk_is(last, "assignment_expression")) /* a = b = value */
		last = walk_child(last, "right");
	if (!walk_is(left, "member_expression")) {
		if (walk_is(left, "identifier") && walk_is(value, "new_expression") &&
			walk_is_local(w, walk_string(w, left)))
			walk_bind_value(w, walk_string(w, left), value);
		walk_assign(w, node, &plain);
		return;
	}
	TSNode object = walk_child(left, "object");
	uint32_t name = walk_string(w, walk_child(left, "property"));
	TSNode none = {{0}, NULL, NULL};
	bool whole = is_exports(w, left), part = is_exports(w, object);
	if (whole && is_function(last))
		walk_bind(w, BIND_ALIAS, walk_own(w, "export="),
			ts_node_is_null(walk_child(last, "name"))
				? name
				: walk_string(w, walk_child(last, "name")),
			0, node);
	else if (whole || part)
		visit_exports(w, whole ? none : left, name, last, node);
	uint32_t type = walk_is(object, "this") ? self(w) : 0, of = type ? made_type(w, last) : 0;
	if (of) {
		uint32_t scope = w->scope;
		w->scope = type;
		walk_bind(w, BIND_TYPE, name, of, walk_own(w, "this"), node);
		w->scope = scope;
	}
	if (is_function(value)) {
		w->told = ts_node_start_byte(walk_child(left, "property"));
		put_function(w, whole ? none : object, name, node, value);
		return;
	}
	walk_children(w);
}

/* f: function () {} in an object, and in a class. */
static void
visit_pair(struct walk *w, TSNode node, const struct action *a)
{
	TSNode key = walk_child(node, a->kind ? "name" : "key"), value = walk_child(node, "value");
	if (ts_node_is_null(key))
		key = walk_child(node, "property");
	uint32_t name = walk_string(w, key);
	if (is_function(value) && name && !walk_is(key, "computed_property_name")) {
		w->told = ts_node_start_byte(key);
		TSNode own = walk_child(value, "name");
		if (!ts_node_is_null(own))
			name = walk_string(w, own);
		if (!ts_node_is_null(own))
			w->told = ts_node_start_byte(own);
		walk_inside(w, walk_define(w, KIND_METHOD, name, node));
	} else if (a->kind && name) {
		uint32_t type = walk_type_name(w, walk_child(node, "type"));
		uint32_t e = walk_define(w, KIND_FIELD, name, node);
		w->told = ts_node_start_byte(key);
		w->f->entities[e - 1].type = type;
		if (!type)
			walk_bind_value(w, name, value);
		walk_inside(w, e);
	} else {
		walk_children(w);
	}
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
	uint32_t part_of =
		walk_is(value, "member_expression") ? required(w, walk_child(value, "object")) : 0;
	if (part_of && string) {
		(void)walk_refer(w, REL_IMPORTS, part_of, node);
		walk_bind(w, BIND_MEMBER, string, part_of,
			walk_string(w, walk_child(value, "property")), node);
		return;
	}
	bool function = is_function(value);
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
	size_t before = w->f->nentities;
	walk_variable(w, string, type, node);
	if (!type)
		walk_bind_value(w, string, value);
	bool object = walk_is(value, "object") && w->f->nentities > before && !w->function;
	if (object)
		walk_inside(w, (uint32_t)w->f->nentities);
	else
		walk_children(w);
}

static void
visit_js_comment(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	struct str s = walk_text(w, node);
	if (!str_starts(s, "/**") || !memchr(s.p, '{', s.n))
		return;
	w->doc_from = ts_node_start_byte(node);
	w->doc_to = ts_node_end_byte(node);
}

/* The documentation of the function whose parameters begin there; empty: none. */
static struct str
documentation(const struct walk *w, TSNode params)
{
	uint32_t at = ts_node_start_byte(params);
	if (!w->doc_to || at < w->doc_to || at - w->doc_to > 200 || at > w->text.n)
		return (struct str){"", 0};
	for (uint32_t i = w->doc_to; i < at; i++)
		if (strchr(";{}()", w->text.p[i]))
			return (struct str){"", 0};
	return (struct str){w->text.p + w->doc_from, w->doc_to - w->doc_from};
}

/* The one type of "{A}", "{?A}", "{A=}", "{A|null}"; empty: it is more than a name. */
static struct str
documented_type(struct str *line)
{
	const char *end = memchr(line->p, '}', line->n);
	struct str type = {line->p + 1, end ? (size_t)(end - line->p) - 1 : 0};
	*line = end ? (struct str){end + 1, (size_t)(line->p + line->n - end) - 1}
		    : (struct str){"", 0};
	while (type.n && (type.p[0] == '?' || type.p[0] == '!'))
		type = (struct str){type.p + 1, type.n - 1};
	size_t n = 0;
	while (n < type.n && (walk_is_name_char((unsigned char)type.p[n]) || type.p[n] == '.'))
		n++;
	struct str rest = str_trim((struct str){type.p + n, type.n - n});
	bool one = !rest.n || str_eq(rest, "=") || str_eq(rest, "|null") ||
		   str_eq(rest, "|undefined") || str_eq(rest, "| null") ||
		   str_eq(rest, "| undefined");
	return one ? (struct str){type.p, n} : (struct str){"", 0};
}

/* The type that the documentation says a parameter, or (name empty) the result, is of: a string, or 0. */
static uint32_t
documented(struct walk *w, struct str doc, struct str name)
{
	struct str line;
	while (str_next_line(&doc, &line)) {
		const char *at =
			memmem(line.p, line.n, name.n ? "@param" : "@return", name.n ? 6 : 7);
		const char *brace = at ? memchr(at, '{', (size_t)(line.p + line.n - at)) : NULL;
		if (!brace)
			continue;
		struct str rest = {brace, (size_t)(line.p + line.n - brace)};
		struct str type = documented_type(&rest);
		rest = str_trim(rest);
		if (rest.n && rest.p[0] == '[')
			rest = (struct str){rest.p + 1, rest.n - 1};
		bool it = rest.n >= name.n && memcmp(rest.p, name.p, name.n) == 0 &&
			  (rest.n == name.n || !walk_is_name_char((unsigned char)rest.p[name.n]));
		if (type.n && (!name.n || it))
			return facts_string(w->f, type);
	}
	return 0;
}

static void
visit_js_params(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t n = ts_node_named_child_count(node);
	struct str doc = documentation(w, node);
	if (doc.n && w->scope && w->scope == w->function && !w->f->entities[w->scope - 1].type) {
		uint32_t result = documented(w, doc, (struct str){"", 0});
		w->f->entities[w->scope - 1].type = result;
	}
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
		type = type || !doc.n ? type : documented(w, doc, w->f->strings[string]);
		walk_typed_local(w, string, type, p);
		walk_parameter(w, string, type, p);
	}
	w->doc_to = doc.n ? 0 : w->doc_to;
	walk_children(w);
}

const struct rule rules_javascript[] = {
	{"arrow_function", ROLE_BLOCK, 0, NULL, NULL, NULL},
	{"comment", ROLE_HOOK, 0, NULL, NULL, visit_js_comment},
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
	{"field_definition", ROLE_HOOK, KIND_FIELD, NULL, NULL, visit_pair},
	{"pair", ROLE_HOOK, 0, NULL, NULL, visit_pair},
	{"return_statement", ROLE_HOOK, 0, NULL, NULL, visit_return},
	{"class_heritage", ROLE_BASES, 0, NULL, NULL, NULL},
	{"formal_parameters", ROLE_HOOK, 0, NULL, NULL, visit_js_params},
	{"variable_declarator", ROLE_HOOK, 0, "name", NULL, visit_js_variable},
	{"call_expression", ROLE_CALL, 0, "function", NULL, NULL},
	{"new_expression", ROLE_NEW, 0, "constructor", NULL, NULL},
	{"arguments", ROLE_ARGS, 0, NULL, NULL, NULL},
	{"member_expression", ROLE_MEMBER, 0, "object", "property", NULL},
	{"assignment_expression", ROLE_HOOK, 0, "left", "right", visit_js_assign},
	{"identifier", ROLE_IDENT, 0, NULL, NULL, NULL},
	{"shorthand_property_identifier", ROLE_IDENT, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};

/* Of an overload, or of what is elsewhere. */
static void
visit_signature(struct walk *w, TSNode node, const struct action *a)
{
	TSNode name = walk_child(node, "name");
	uint32_t e = walk_define(w, (enum graph_kind)a->kind, walk_string(w, name), node);
	bool in_class = a->kind == KIND_FUNCTION || walk_is(ts_node_parent(node), "class_body");
	w->f->entities[e - 1].flags |= in_class ? FACT_DECLARATION : 0;
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
	{"function_signature", ROLE_HOOK, KIND_FUNCTION, NULL, NULL, visit_signature},
	{"enum_body", ROLE_HOOK, 0, NULL, NULL, visit_enum_body},
	{"interface_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"type_alias_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"enum_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"abstract_class_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"internal_module", ROLE_DEF, KIND_MODULE, "name", NULL, NULL},
	{"public_field_definition", ROLE_HOOK, KIND_FIELD, NULL, NULL, visit_pair},
	{"property_signature", ROLE_DEF, KIND_FIELD, "name", NULL, NULL},
	{"method_signature", ROLE_HOOK, KIND_METHOD, NULL, NULL, visit_signature},
	{"abstract_method_signature", ROLE_DEF, KIND_METHOD, "name", NULL, NULL},
	{"extends_clause", ROLE_BASES, 0, NULL, NULL, NULL},
	{"implements_clause", ROLE_BASES, 0, NULL, NULL, NULL},
	{"extends_type_clause", ROLE_BASES, 0, NULL, NULL, NULL},
	{"variable_declarator", ROLE_HOOK, 0, "name", "type", visit_js_variable},
	{"type_identifier", ROLE_TYPE, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};
