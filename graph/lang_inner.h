/*
 * What the files lang_*.c share: each has hooks and the table of rules (rule.h) of a language, or of a family.  The
 * functions called lang_visit_* are hooks that more than one table names.
 */
#ifndef GRAPH_LANG_INNER_H
#define GRAPH_LANG_INNER_H

#include "graph/walk.h"

/* Of the string with that number, what is behind the last separator; gives a string. */
uint32_t lang_last_part(struct walk *w, uint32_t chain);
/* Without the quotes around it, if it has any. */
struct str lang_unquoted(struct str s);

/* "package a.b": what the file shows is in it. */
void lang_visit_package(struct walk *w, TSNode node, const struct action *a);
/* The arguments of a generic type. */
void lang_visit_type_arguments(struct walk *w, TSNode node, const struct action *a);
/* "namespace A.B", with or without a body. */
void lang_visit_namespace(struct walk *w, TSNode node, const struct action *a);

#endif
