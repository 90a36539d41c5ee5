/*
 * The lexical tier: what can be said of a text without a grammar for it.  Files that are
 * no source are read by written.h; in source that could not be parsed, a word at the start of a line before a parenthesis is taken for a
 * function.
 */
#ifndef GRAPH_LEXICAL_H
#define GRAPH_LEXICAL_H

#include "graph/facts.h"

/* Adds to ret, whose strings become views of text and of `owned`. */
void lexical_facts(const char *path, struct str text, struct facts *ret, struct strlist *owned);

#endif
