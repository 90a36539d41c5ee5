/* Names as they are written: chains ("a.b", "f().c"), receivers, types. */
#include "graph/walk_inner.h"

#define MAX_CHAIN 80

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

#define MAX_LINKS 12

/* Calls with arguments as "f()", and what is said to be of a type as "=Type"; false: it is neither. */
static bool
put_chain(struct walk *w, TSNode n, struct buf *b, unsigned depth)
{
	static const char *const typed[] = {"as_expression", "cast_expression",
		"type_assertion_expression", "satisfies_expression", NULL};
	while (walk_is(n, "parenthesized_expression") || walk_is(n, "non_null_expression"))
		n = ts_node_named_child(n, 0);
	if (ts_node_is_null(n) || depth > MAX_LINKS)
		return false;
	uint32_t plain = walk_chain(w, n);
	const struct action *a = walk_action(w, n);
	if (plain) {
		buf_add_str(b, w->f->strings[plain]);
		return true;
	}
	bool says = a->role == ROLE_NEW;
	for (const char *const *t = typed; *t && !says; t++)
		says = walk_is(n, *t);
	if (says) {
		TSNode type = walk_child(n, "type");
		uint32_t first = walk_is(n, "as_expression") ? ts_node_named_child_count(n) - 1 : 0;
		uint32_t name = walk_type_name(
			w, ts_node_is_null(type) ? ts_node_named_child(n, first) : type);
		buf_printf(b, "=" STR_FMT, STR_ARG(w->f->strings[name]));
		return name != 0;
	}
	TSNode object = walk_field(n, a->a), name = walk_field(n, a->b);
	if (a->role == ROLE_CALL) {
		bool there = put_chain(w, object, b, depth + 1);
		buf_puts(b, "()");
		return there;
	}
	if ((a->role != ROLE_METHOD && a->role != ROLE_MEMBER) || ts_node_is_null(name) ||
		(!ts_node_is_null(object) && !put_chain(w, object, b, depth + 1)))
		return false;
	if (b->n)
		buf_putc(b, '.');
	buf_add_str(b, walk_text(w, name));
	if (a->role == ROLE_METHOD)
		buf_puts(b, "()");
	return true;
}

/* What stands before the dot of a call; 0: nothing that can be followed. */
uint32_t
walk_receiver(struct walk *w, TSNode object)
{
	uint32_t plain = walk_chain(w, object);
	bool others = w->id == LANG_PYTHON || w->id == LANG_C || w->id == LANG_CPP;
	if (plain || others || ts_node_is_null(object))
		return plain;
	OWN(buf) struct buf b = {.max = 200};
	if (!put_chain(w, object, &b, 0) || b.truncated || b.n > MAX_CHAIN || !b.n)
		return 0;
	return walk_own(w, b.p);
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
	return facts_string(w->f, (struct str){s.p, n});
}
