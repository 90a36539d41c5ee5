/* Names as they are written: chains ("a.b", "f().c"), receivers, types. */
#include "graph/walk_inner.h"

#define MAX_CHAIN 80	  /* as it is written */
#define MAX_OWN_CHAIN 400 /* put together of its links */

uint32_t
walk_chain(struct walk *w, TSNode node)
{
	if (ts_node_is_null(node))
		return 0;
	struct str s = walk_text(w, node);
	if (!s.n || s.n > MAX_CHAIN || !walk_is_name_char((unsigned char)s.p[0]) ||
		(s.p[0] >= '0' && s.p[0] <= '9'))
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (walk_is_name_char(c) || c == '.' || c == ':' || c == '\\' ||
			(c == '-' && i + 1 < s.n && s.p[i + 1] == '>') ||
			(c == '>' && i && s.p[i - 1] == '-') ||
			(c == '(' && i + 1 < s.n && s.p[i + 1] == ')') ||
			(c == ')' && i && s.p[i - 1] == '('))
			continue;
		return 0;
	}
	return facts_string(w->f, s);
}

#define MAX_LINKS 40

bool
walk_has_overloads(const struct walk *w)
{
	return w->id == LANG_JAVA || w->id == LANG_CSHARP;
}

static TSNode
arguments_of(TSNode call)
{
	TSNode args = walk_child(call, "arguments");
	if (!ts_node_is_null(args))
		return args;
	uint32_t n = ts_node_named_child_count(call);
	TSNode last = n ? children_named_child(call, n - 1) : args;
	return walk_is(last, "argument_list") ? last : args;
}

/* The next child that is no bracket, comma or comment. */
static bool
next_argument(struct walk *w, size_t opened, TSNode *ret)
{
	while (children_next(&w->children, opened, ret))
		if (children_named(*ret) && !children_extra(*ret))
			return true;
	return false;
}

/* UINT32_MAX: that is not known. */
static uint32_t
count_arguments(struct walk *w, TSNode args)
{
	uint32_t n = 0;
	TSNode arg;
	if (ts_node_is_null(args) || ts_node_named_child_count(args) >= 200)
		return UINT32_MAX;
	for (size_t opened = children_open(&w->children, args); next_argument(w, opened, &arg);)
		n++;
	return n;
}

static struct buf *
begin_chain(struct walk *w)
{
	buf_reset(&w->chain);
	w->chain.max = MAX_OWN_CHAIN;
	return &w->chain;
}

/* "()", with a comma for each argument where functions of one name differ in that. */
static void
put_called(struct walk *w, TSNode call, struct buf *b)
{
	uint32_t n = walk_has_overloads(w) ? count_arguments(w, arguments_of(call)) : 0;
	buf_putc(b, '(');
	for (uint32_t i = 0; i < n && n < 200; i++)
		buf_putc(b, ',');
	buf_putc(b, ')');
}

/* Calls with arguments as "f()", and what is said to be of a type as "=Type"; false: it is neither. */
static bool
put_chain(struct walk *w, TSNode n, struct buf *b, unsigned depth)
{
	while (walk_has(w, n, IS_TRANSPARENT))
		n = children_named_child(n, 0);
	if (ts_node_is_null(n) || depth > MAX_LINKS)
		return false;
	uint32_t plain = walk_chain(w, n);
	const struct action *a = walk_action(w, n);
	if (plain) {
		buf_add_str(b, w->f->strings[plain]);
		return true;
	}
	if (a->role == ROLE_NEW || a->is & IS_SAID) {
		TSNode type = walk_child(n, "type");
		uint32_t first = walk_is(n, "as_expression") ? ts_node_named_child_count(n) - 1 : 0;
		uint32_t name = walk_type_name(
			w, ts_node_is_null(type) ? children_named_child(n, first) : type);
		buf_printf(b, "=" STR_FMT, STR_ARG(w->f->strings[name]));
		return name != 0;
	}
	TSNode object = walk_field(n, a->a), name = walk_field(n, a->b);
	if (a->role == ROLE_CALL && w->id == LANG_GO && str_eq(walk_text(w, object), "new")) {
		uint32_t type = walk_type_name(w, children_named_child(arguments_of(n), 0));
		buf_printf(b, "=" STR_FMT, STR_ARG(w->f->strings[type]));
		return type != 0;
	}
	if (a->role == ROLE_CALL) {
		bool there = put_chain(w, object, b, depth + 1);
		put_called(w, n, b);
		return there;
	}
	if ((a->role != ROLE_METHOD && a->role != ROLE_MEMBER) || ts_node_is_null(name) ||
		(!ts_node_is_null(object) && !put_chain(w, object, b, depth + 1)))
		return false;
	if (b->n)
		buf_putc(b, '.');
	buf_add_str(b, walk_text(w, name));
	if (a->role == ROLE_METHOD)
		put_called(w, n, b);
	return true;
}

/* What is known of an argument's type: a chain that has it, "=Type", "null", "&" of a function; "?" else. */
static void
put_argument(struct walk *w, TSNode n, struct buf *b)
{
	static const struct {
		const char *node, *put;
	} shapes[] = {{"lambda_expression", "&"}, {"method_reference", "&"},
		{"class_literal", "=Class"}, {"typeof_expression", "=Type"},
		{"instanceof_expression", "=boolean"}, {NULL, NULL}};
	size_t before = b->n;
	if (walk_has(w, n, IS_ARGUMENT))
		n = children_named_child(n, ts_node_named_child_count(n) - 1);
	while (walk_has(w, n, IS_PARENTHESES))
		n = children_named_child(n, 0);
	if (walk_has(w, n, IS_TERNARY))
		n = walk_child(n, "consequence");
	struct str s = walk_text(w, n);
	TSNode left = n;
	while (walk_has(w, left, IS_BINARY))
		left = walk_child(left, "left");
	if (!s.n)
		buf_putc(b, '?');
	else if (s.p[0] == '"' && ts_node_named_child_count(n) <= ts_node_child_count(n) &&
		 walk_action(w, left)->role == ROLE_STRING)
		buf_puts(b, "=String"); /* "a" + b is one, too */
	else if (s.p[0] >= '0' && s.p[0] <= '9' && ts_node_child_count(n) == 0)
		buf_puts(b, s.p[s.n - 1] == 'L' || s.p[s.n - 1] == 'l' ? "=long"
			    : memchr(s.p, '.', s.n)		       ? "=double"
								       : "=int");
	else if (s.p[0] == '\'' && ts_node_named_child_count(n) == 0)
		buf_puts(b, "=char");
	else if (str_eq(s, "true") || str_eq(s, "false") || s.p[0] == '!')
		buf_puts(b, "=boolean");
	else if (!put_chain(w, n, b, 0)) {
		b->n = before;
		const char *put = "?";
		for (size_t i = 0; shapes[i].node; i++)
			if (walk_is(n, shapes[i].node))
				put = shapes[i].put;
		buf_puts(b, put);
	}
}

/* A string that says what is known of their types; 0: nothing. */
static uint32_t
argument_types(struct walk *w, TSNode args)
{
	struct buf *b = begin_chain(w);
	TSNode arg;
	size_t opened = children_open(&w->children, args);
	while (!b->truncated && next_argument(w, opened, &arg)) {
		if (b->n)
			buf_putc(b, ';');
		put_argument(w, arg, b);
	}
	children_close(&w->children, opened);
	return b->truncated || !b->n ? 0 : walk_own(w, b->p);
}

void
walk_tell_arguments(struct walk *w, TSNode call, struct fact_ref *ref)
{
	bool overloads = walk_has_overloads(w);
	if (!overloads && w->id != LANG_CPP && w->id != LANG_TYPESCRIPT && w->id != LANG_TSX)
		return;
	TSNode args = arguments_of(call);
	uint32_t n = count_arguments(w, args), index = (uint32_t)(ref - w->f->refs);
	if (n >= 200)
		return;
	uint32_t types = n && (overloads || w->id == LANG_CPP) ? argument_types(w, args) : 0;
	w->f->refs[index].arg = (uint8_t)(n + 1);
	w->f->refs[index].call = types;
}

/* What stands before the dot of a call; 0: nothing that can be followed. */
uint32_t
walk_receiver(struct walk *w, TSNode object)
{
	uint32_t plain = walk_chain(w, object);
	bool others = w->id == LANG_PYTHON || w->id == LANG_C || w->id == LANG_CPP;
	if (plain || others || ts_node_is_null(object))
		return plain;
	struct buf *b = begin_chain(w);
	return put_chain(w, object, b, 0) && !b->truncated && b->n ? walk_own(w, b->p) : 0;
}

uint32_t
walk_type_name(struct walk *w, TSNode node)
{
	if (ts_node_is_null(node))
		return 0;
	struct str s = str_trim(walk_text(w, node));
	while (s.n && (s.p[0] == ':' || s.p[0] == '*' || s.p[0] == '&' || s.p[0] == ' ' ||
			      s.p[0] == '?' || s.p[0] == '[' || s.p[0] == ']')) {
		s.p++;
		s.n--;
	}
	static const char *const qualifiers[] = {
		"struct ", "union ", "enum ", "const ", "mut ", "dyn ", "impl ", NULL};
	for (const char *const *q = qualifiers; *q; q++)
		if (str_starts(s, *q)) {
			s.p += strlen(*q);
			s.n -= strlen(*q);
		}
	size_t n = 0;
	while (n < s.n && n < MAX_CHAIN &&
		(walk_is_name_char((unsigned char)s.p[n]) || s.p[n] == '.' || s.p[n] == ':' ||
			s.p[n] == '\\'))
		n++;
	if (walk_has_overloads(w) && s.n >= n + 2 && s.p[n] == '[' && s.p[n + 1] == ']')
		n += 2;
	return facts_string(w->f, (struct str){s.p, n});
}
