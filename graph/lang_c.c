/*
 * C and C++.  The preprocessor is read as what it is in the tree: a macro is an entity whose body's names are
 * references of its own (those in the place of a callee are calls), and what stands under #if keeps the condition.
 */
#include "graph/walk.h"

#include <string.h>

#define MAX_CONDITION 200

/* ---- declarators ---- */

struct declarator {
	TSNode name;   /* null: none */
	bool function; /* declares a function, not a variable that points to one */
};

static struct declarator
read_declarator(TSNode n)
{
	struct declarator d = {0};
	bool pointer = false;
	for (int i = 0; i < 32 && !ts_node_is_null(n); i++) {
		const char *type = ts_node_type(n);
		if (strcmp(type, "function_declarator") == 0)
			d.function = true;
		else if (strcmp(type, "pointer_declarator") == 0 ||
			 strcmp(type, "reference_declarator") == 0)
			pointer = d.function;
		TSNode inner = walk_child(n, "declarator");
		if (ts_node_is_null(inner) && (strcmp(type, "parenthesized_declarator") == 0 ||
						      strcmp(type, "attributed_declarator") == 0 ||
						      strcmp(type, "reference_declarator") == 0))
			inner = ts_node_named_child(n, 0);
		if (ts_node_is_null(inner))
			break;
		n = inner;
	}
	d.name = n;
	d.function = d.function && !pointer;
	return d;
}

/* "A::B" of "A::B::f", and *name becomes f. */
static uint32_t
split_qualified(struct walk *w, TSNode *name)
{
	uint32_t from = ts_node_start_byte(*name);
	TSNode n = *name;
	while (walk_is(n, "qualified_identifier"))
		n = walk_child(n, "name");
	if (ts_node_is_null(n) || ts_node_eq(n, *name))
		return 0;
	*name = n;
	uint32_t to = ts_node_start_byte(n);
	if (to < from + 3 || to > w->text.n)
		return 0;
	return facts_string(w->f, (struct str){w->text.p + from, to - 2 - from});
}

static bool
has_storage_class(const struct walk *w, TSNode node, const char *which)
{
	uint32_t n = ts_node_child_count(node);
	for (uint32_t i = 0; i < n && i < 8; i++) {
		TSNode c = ts_node_child(node, i);
		if (walk_is(c, "storage_class_specifier") && str_eq(walk_text(w, c), which))
			return true;
	}
	return false;
}

static bool
in_type(const struct walk *w)
{
	return w->scope && w->f->entities[w->scope - 1].kind == KIND_TYPE;
}

static void
visit_function(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	struct declarator d = read_declarator(walk_child(node, "declarator"));
	uint32_t owner = ts_node_is_null(d.name) ? 0 : split_qualified(w, &d.name);
	uint32_t name = walk_string(w, d.name);
	if (!name) {
		walk_children(w);
		return;
	}
	if (w->function && !in_type(w)) {
		/* CASE(x) { ... } in a function is a macro and a block. */
		w->told = ts_node_start_byte(d.name);
		if (!walk_is_local(w, name))
			(void)walk_refer(w, REL_CALLS, name, node);
		walk_children(w);
		return;
	}
	enum graph_kind kind = owner || in_type(w) ? KIND_METHOD : KIND_FUNCTION;
	if (lang_is_test(w->id, w->path, walk_text(w, d.name)))
		kind = KIND_TEST;
	uint32_t e = walk_define(w, kind, name, node);
	struct fact_entity *entity = &w->f->entities[e - 1];
	entity->owner = owner;
	entity->type = walk_type_name(w, walk_child(node, "type"));
	entity = &w->f->entities[e - 1];
	if (has_storage_class(w, node, "static") && kind == KIND_FUNCTION)
		entity->flags |= FACT_STATIC;
	w->told = ts_node_start_byte(d.name);
	walk_inside(w, e);
}

static void
declare(struct walk *w, TSNode node, TSNode declarator, uint32_t type)
{
	struct declarator d = read_declarator(declarator);
	uint32_t owner = ts_node_is_null(d.name) ? 0 : split_qualified(w, &d.name);
	uint32_t name = walk_string(w, d.name);
	if (!name)
		return;
	w->told = ts_node_start_byte(d.name);
	if (d.function && !(w->function && !in_type(w))) {
		uint32_t e = walk_define(w, in_type(w) ? KIND_METHOD : KIND_FUNCTION, name, node);
		w->f->entities[e - 1].flags |= FACT_DECLARATION;
		w->f->entities[e - 1].type = type;
		if (has_storage_class(w, node, "static"))
			w->f->entities[e - 1].flags |= FACT_STATIC;
		return;
	}
	if (d.function)
		return; /* a prototype inside a function */
	walk_variable(w, name, type, node);
	if (w->function)
		return;
	struct fact_entity *e = &w->f->entities[w->f->nentities - 1];
	e->owner = owner;
	if (has_storage_class(w, node, "extern"))
		e->flags |= FACT_DECLARATION;
	if (has_storage_class(w, node, "static"))
		e->flags |= FACT_STATIC;
}

/* Each declarator when the walk comes to it, so that its initialiser is read behind it. */
static void
visit_declaration(struct walk *w, TSNode node, const struct action *a)
{
	uint32_t type = walk_type_name(w, walk_child(node, "type"));
	struct walk_level l = walk_down(w);
	while (walk_next(w, &l)) {
		if (children_field(&w->children, l.opened) == a->a)
			declare(w, node, w->node, type);
		walk_visit(w);
	}
}

static void
visit_parameter(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	struct declarator d = read_declarator(walk_child(node, "declarator"));
	uint32_t name = walk_string(w, d.name);
	if (name && w->function) {
		uint32_t type = walk_type_name(w, walk_child(node, "type"));
		walk_typed_local(w, name, type, node);
		walk_parameter(w, name, type, node);
	}
	if (name)
		w->told = ts_node_start_byte(d.name);
	walk_children(w);
}

/* The names of a definition in the old style. */
static void
visit_parameter_list(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t n = w->function ? ts_node_named_child_count(node) : 0;
	for (uint32_t i = 0; i < n && i < 64; i++) {
		TSNode c = ts_node_named_child(node, i);
		if (walk_is(c, "identifier"))
			walk_local(w, walk_string(w, c));
	}
	walk_children(w);
}

static void
visit_typedef(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	struct declarator d = read_declarator(walk_child(node, "declarator"));
	uint32_t name = walk_string(w, d.name);
	if (!name) {
		walk_children(w);
		return;
	}
	uint32_t e = walk_define(w, KIND_TYPE, name, node);
	uint32_t type = walk_type_name(w, walk_child(node, "type"));
	w->f->entities[e - 1].type = type;
	w->told = ts_node_start_byte(d.name);
	/* What a nameless struct holds belongs to the name that it is given here. */
	TSNode spec = walk_child(node, "type");
	bool nameless = !ts_node_is_null(spec) && ts_node_is_null(walk_child(spec, "name")) &&
			!ts_node_is_null(walk_child(spec, "body"));
	if (nameless)
		walk_inside(w, e);
	else
		walk_children(w);
}

static void
visit_struct(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = walk_child(node, "name");
	TSNode body = walk_child(node, "body");
	if (ts_node_is_null(name) || ts_node_is_null(body)) {
		walk_children(w);
		return;
	}
	(void)split_qualified(w, &name);
	uint32_t e = walk_define(w, KIND_TYPE, walk_string(w, name), node);
	w->told = ts_node_start_byte(name);
	walk_inside(w, e);
}

/* ---- what is put into a field, for calls through it ---- */

static void
refer_stored(struct walk *w, TSNode field, TSNode value)
{
	if (walk_is(value, "pointer_expression"))
		value = walk_child(value, "argument");
	if (!walk_is(value, "identifier"))
		return;
	uint32_t name = walk_string(w, value);
	if (!name || walk_is_local(w, name))
		return;
	struct fact_ref *ref = walk_refer(w, REL_TAKES_ADDRESS, name, value);
	size_t at = (size_t)(ref - w->f->refs);
	uint32_t receiver = walk_string(w, field);
	w->f->refs[at].receiver = receiver;
	w->told = ts_node_start_byte(value);
}

static void
visit_initializer(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode designator = walk_child(node, "designator");
	if (walk_is(designator, "field_designator"))
		refer_stored(w, ts_node_named_child(designator, 0), walk_child(node, "value"));
	walk_children(w);
}

static void
visit_assignment(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode left = walk_child(node, "left");
	if (walk_is(left, "field_expression")) {
		refer_stored(w, walk_child(left, "field"), walk_child(node, "right"));
	} else if (walk_is(left, "identifier")) {
		uint32_t name = walk_string(w, left);
		if (name && !walk_is_local(w, name))
			(void)walk_refer(w, REL_WRITES, name, left);
		w->told = ts_node_start_byte(left);
	}
	walk_children(w);
}

/* ---- the preprocessor ---- */

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Behind a string, a character constant or a comment that begins at i; i when none does. */
static size_t
behind_quoted(struct str s, size_t i)
{
	char c = s.p[i];
	if (c == '"' || c == '\'') {
		size_t j = i + 1;
		while (j < s.n && s.p[j] != c)
			j += s.p[j] == '\\' ? 2 : 1;
		return j < s.n ? j + 1 : s.n;
	}
	if (c == '/' && i + 1 < s.n && s.p[i + 1] == '*') {
		const char *end = memmem(s.p + i + 2, s.n - i - 2, "*/", 2);
		return end ? (size_t)(end - s.p) + 2 : s.n;
	}
	if (c == '/' && i + 1 < s.n && s.p[i + 1] == '/') {
		const char *end = memchr(s.p + i, '\n', s.n - i);
		return end ? (size_t)(end - s.p) : s.n;
	}
	return i;
}

#define MAX_NESTED_CALLS 16

/* The calls around a place of a macro's body: whose argument it is, and which. */
struct body_calls {
	struct {
		uint32_t ref; /* index + 1; 0: parentheses that call nothing */
		unsigned arg;
	} v[MAX_NESTED_CALLS];
	unsigned depth, beyond;
};

static void
refer_in_body(struct walk *w, struct str word, bool called, bool alone, struct body_calls *calls,
	TSNode at)
{
	static const char *const keywords[] = {"if", "while", "for", "switch", "return", "sizeof",
		"do", "else", "struct", "union", "enum", "const", "int", "char", "void", "unsigned",
		"long", "short", "static", "case", "break", "goto", "defined", "double", "float",
		"signed", "volatile", NULL};
	for (const char *const *k = keywords; *k; k++)
		if (str_eq(word, *k))
			return;
	uint32_t name = facts_string(w->f, word);
	struct walk_name *n = walk_name(w, name);
	struct fact_ref *ref = walk_refer(w, called ? REL_CALLS : REL_READS, name, at);
	if (n->macro == w->scope) {
		ref->flags |= FACT_PARAM;
		ref->param = n->param;
	}
	size_t index = (size_t)(ref - w->f->refs);
	if (!called && alone && calls->depth && !calls->beyond && calls->v[calls->depth - 1].ref) {
		unsigned arg = calls->v[calls->depth - 1].arg;
		ref->arg = arg < 255 ? (uint8_t)arg : 0;
		ref->call = (uint32_t)index + 1 - calls->v[calls->depth - 1].ref;
	}
}

static void
open_parenthesis(struct body_calls *c, uint32_t ref)
{
	if (c->depth == MAX_NESTED_CALLS) {
		c->beyond++;
		return;
	}
	c->v[c->depth].ref = ref;
	c->v[c->depth++].arg = 1;
}

static void
close_parenthesis(struct body_calls *c)
{
	if (c->beyond)
		c->beyond--;
	else if (c->depth)
		c->depth--;
}

static char
next_char(struct str s, size_t i)
{
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\\' || s.p[i] == '\n' ||
				  s.p[i] == '\r'))
		i++;
	return i < s.n ? s.p[i] : 0;
}

/* The words of a macro's body; one before a parenthesis is called, one behind a dot or an arrow is a field. */
static void
read_body(struct walk *w, struct str s, TSNode at)
{
	struct body_calls calls = {0};
	char before = 0;
	uint32_t pending = 0; /* the call whose parenthesis comes next */
	for (size_t i = 0; i < s.n;) {
		size_t behind = behind_quoted(s, i);
		if (behind > i) {
			i = behind;
			continue;
		}
		char c = s.p[i];
		if (is_word(c)) {
			size_t from = i;
			while (i < s.n && is_word(s.p[i]))
				i++;
			char next = next_char(s, i);
			bool member = before == '.' || before == '>';
			if ((c < '0' || c > '9') && !member && before != '#' && next != '#') {
				bool called = next == '(';
				bool alone = (before == '(' || before == ',') &&
					     (next == ')' || next == ',');
				size_t n = w->f->nrefs;
				refer_in_body(w, (struct str){s.p + from, i - from}, called, alone,
					&calls, at);
				pending = called && w->f->nrefs > n ? (uint32_t)w->f->nrefs : 0;
			}
			before = 'a';
			continue;
		}
		if (c == '(') {
			open_parenthesis(&calls, pending);
			pending = 0;
		} else if (c == ')') {
			close_parenthesis(&calls);
		} else if (c == ',' && calls.depth && !calls.beyond) {
			calls.v[calls.depth - 1].arg++;
		}
		if (c == '>' && before != '-')
			c = ' '; /* a comparison, no arrow */
		if (c != ' ' && c != '\t' && c != '\\' && c != '\n' && c != '\r')
			before = c;
		i++;
	}
}

/* To the end of the directive: the grammar ends a body at its first comment. */
static struct str
whole_body(const struct walk *w, TSNode value)
{
	size_t from = ts_node_start_byte(value), to = ts_node_end_byte(value);
	bool comment = false;
	for (; to < w->text.n && (comment || w->text.p[to] != '\n' || w->text.p[to - 1] == '\\');
		to++) {
		if (!comment && w->text.p[to] == '/' && to + 1 < w->text.n &&
			w->text.p[to + 1] == '*')
			comment = true;
		else if (comment && w->text.p[to] == '/' && w->text.p[to - 1] == '*')
			comment = false;
	}
	return from < to && to <= w->text.n ? (struct str){w->text.p + from, to - from}
					    : (struct str){"", 0};
}

static void
visit_macro(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = walk_child(node, "name");
	TSNode params = walk_child(node, "parameters");
	TSNode value = walk_child(node, "value");
	uint32_t string = walk_string(w, name);
	if (!string)
		return;
	uint32_t scope = w->scope, e;
	w->scope = 0;
	e = walk_define(w, KIND_MACRO, string, node);
	struct str text = str_trim(walk_text(w, node));
	uint32_t newlines = 0;
	for (size_t i = 0; i < text.n; i++)
		newlines += text.p[i] == '\n';
	w->f->entities[e - 1].end = w->f->entities[e - 1].line + newlines;
	w->scope = e;
	if (!ts_node_is_null(params)) {
		w->f->entities[e - 1].flags |= FACT_HAS_PARAMS;
		uint32_t n = ts_node_named_child_count(params);
		for (uint32_t i = 0; i < n && i < 255; i++) {
			struct walk_name *p =
				walk_name(w, walk_string(w, ts_node_named_child(params, i)));
			p->macro = e;
			p->param = (uint8_t)(i + 1);
		}
	}
	if (!ts_node_is_null(value))
		read_body(w, whole_body(w, value), value);
	w->scope = scope;
}

static void
visit_include(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	struct str s = walk_text(w, walk_child(node, "path"));
	if (s.n < 3)
		return;
	bool system = s.p[0] == '<';
	struct fact_ref *ref = walk_refer(
		w, REL_IMPORTS, facts_string(w->f, (struct str){s.p + 1, s.n - 2}), node);
	if (system)
		ref->flags |= FACT_SYSTEM;
}

static uint32_t
both(struct walk *w, uint32_t outer, struct str inner, bool not )
{
	OWN(buf) struct buf b = {.max = MAX_CONDITION};
	if (outer)
		buf_printf(&b, STR_FMT " && ", STR_ARG(w->f->strings[outer]));
	buf_printf(&b, not ? "!(" STR_FMT ")" : STR_FMT, STR_ARG(inner));
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] == '\n' || b.p[i] == '\r' || b.p[i] == '\t')
			b.p[i] = ' ';
	return b.n ? walk_own(w, b.p) : outer;
}

/* The first #define below is of the same name: the guard of a header. */
static bool
is_guard(struct walk *w, TSNode node, struct str name)
{
	if (w->cond || !ts_node_is_null(walk_child(node, "alternative")))
		return false;
	uint32_t n = ts_node_named_child_count(node);
	for (uint32_t i = 1; i < n && i < 6; i++) {
		TSNode c = ts_node_named_child(node, i);
		if (walk_is(c, "preproc_def")) {
			struct str d = walk_text(w, walk_child(c, "name"));
			return d.n == name.n && memcmp(d.p, name.p, d.n) == 0;
		}
	}
	return false;
}

static void
under(struct walk *w, uint32_t cond, uint32_t outer, uint32_t negated)
{
	uint32_t c = w->cond, o = w->outer, n = w->negated;
	w->cond = cond;
	w->outer = outer;
	w->negated = negated;
	walk_children(w);
	w->cond = c;
	w->outer = o;
	w->negated = n;
}

static void
visit_if(struct walk *w, TSNode node, const struct action *a)
{
	struct str text = walk_text(w, walk_child(node, "condition"));
	TSNode name = walk_child(node, "name");
	OWN(buf) struct buf defined = {.max = MAX_CONDITION};
	bool not = false;
	if (!ts_node_is_null(name)) {
		struct str directive = walk_text(w, ts_node_child(node, 0));
		not = directive.n && memmem(directive.p, directive.n, "ndef", 4) != NULL;
		text = walk_text(w, name);
		if (not &&is_guard(w, node, text)) {
			w->told = ts_node_start_byte(name);
			walk_children(w);
			return;
		}
		buf_printf(&defined, "defined(" STR_FMT ")", STR_ARG(text));
		text = buf_str(&defined);
	}
	w->told = ts_node_is_null(name) ? w->told : ts_node_start_byte(name);
	bool chained = a->kind != 0; /* #elif: the ones before it do not hold */
	uint32_t outer = chained ? w->negated : w->cond;
	uint32_t cond = both(w, outer, text, not ), negated = both(w, outer, text, !not );
	under(w, cond, chained ? w->outer : w->cond, negated);
}

static void
visit_else(struct walk *w, TSNode node, const struct action *a)
{
	(void)node;
	(void)a;
	under(w, w->negated, w->outer, w->negated);
}

const struct rule rules_c[] = {
	{"comment", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"concatenated_string", ROLE_PIECES, 0, NULL, NULL, NULL},
	{"char_literal", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"number_literal", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"function_definition", ROLE_HOOK, 0, NULL, NULL, visit_function},
	{"declaration", ROLE_HOOK, 0, "declarator", NULL, visit_declaration},
	{"field_declaration", ROLE_HOOK, 0, "declarator", NULL, visit_declaration},
	{"parameter_list", ROLE_HOOK, 0, NULL, NULL, visit_parameter_list},
	{"parameter_declaration", ROLE_HOOK, 0, NULL, NULL, visit_parameter},
	{"type_definition", ROLE_HOOK, 0, NULL, NULL, visit_typedef},
	{"struct_specifier", ROLE_HOOK, 0, NULL, NULL, visit_struct},
	{"union_specifier", ROLE_HOOK, 0, NULL, NULL, visit_struct},
	{"enum_specifier", ROLE_HOOK, 0, NULL, NULL, visit_struct},
	{"enumerator", ROLE_DEF, KIND_ENUMERATOR, "name", NULL, NULL},
	{"call_expression", ROLE_CALL, 0, "function", NULL, NULL},
	{"argument_list", ROLE_ARGS, 0, NULL, NULL, NULL},
	{"field_expression", ROLE_MEMBER, 0, "argument", "field", NULL},
	{"identifier", ROLE_IDENT, 0, NULL, NULL, NULL},
	{"type_identifier", ROLE_TYPE, 0, NULL, NULL, NULL},
	{"assignment_expression", ROLE_HOOK, 0, NULL, NULL, visit_assignment},
	{"initializer_pair", ROLE_HOOK, 0, NULL, NULL, visit_initializer},
	{"preproc_def", ROLE_HOOK, 0, NULL, NULL, visit_macro},
	{"preproc_function_def", ROLE_HOOK, 0, NULL, NULL, visit_macro},
	{"preproc_include", ROLE_HOOK, 0, NULL, NULL, visit_include},
	{"preproc_if", ROLE_HOOK, 0, NULL, NULL, visit_if},
	{"preproc_ifdef", ROLE_HOOK, 0, NULL, NULL, visit_if},
	{"preproc_elif", ROLE_HOOK, 1, NULL, NULL, visit_if},
	{"preproc_elifdef", ROLE_HOOK, 1, NULL, NULL, visit_if},
	{"preproc_else", ROLE_HOOK, 0, NULL, NULL, visit_else},
	{"preproc_defined", ROLE_SKIP, 0, NULL, NULL, NULL},
	{"goto_statement", ROLE_SKIP, 0, NULL, NULL, NULL},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};

const struct rule rules_cpp[] = {
	{"class_specifier", ROLE_HOOK, 0, NULL, NULL, visit_struct},
	{"namespace_definition", ROLE_DEF, KIND_MODULE, "name", NULL, NULL},
	{"base_class_clause", ROLE_BASES, 0, NULL, NULL, NULL},
	{"alias_declaration", ROLE_DEF, KIND_TYPE, "name", NULL, NULL},
	{"new_expression", ROLE_NEW, 0, "type", NULL, NULL},
	{"qualified_identifier", ROLE_MEMBER, 0, "scope", "name", NULL},
	{"raw_string_literal", ROLE_STRING, 0, NULL, NULL, NULL},
	{"optional_parameter_declaration", ROLE_HOOK, 0, NULL, NULL, visit_parameter},
	{NULL, ROLE_NONE, 0, NULL, NULL, NULL},
};
