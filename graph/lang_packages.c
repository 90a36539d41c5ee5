/* Packages, namespaces and the names of modules, as several languages write them. */
#include "graph/lang_inner.h"

/* Behind the last separator. */
uint32_t
lang_last_part(struct walk *w, uint32_t chain)
{
	struct str s = w->f->strings[chain];
	size_t i = s.n;
	while (i && s.p[i - 1] != '.' && s.p[i - 1] != '/' && s.p[i - 1] != '\\' &&
		s.p[i - 1] != ':')
		i--;
	return facts_string(w->f, (struct str){s.p + i, s.n - i});
}

struct str
lang_unquoted(struct str s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'' || s.p[0] == '`'))
		return (struct str){s.p + 1, s.n - 2};
	return s;
}

void
lang_visit_package(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	uint32_t n = ts_node_named_child_count(node);
	if (n)
		walk_bind(w, BIND_PACKAGE, 0, walk_string(w, ts_node_named_child(node, n - 1)), 0,
			node);
}

void
lang_visit_namespace(struct walk *w, TSNode node, const struct action *a)
{
	(void)a;
	TSNode name = walk_child(node, "name");
	walk_bind(w, BIND_PACKAGE, 0, walk_string(w, name), 0, node);
	w->told = ts_node_is_null(name) ? w->told : ts_node_start_byte(name);
	walk_children(w);
}
