/*
 * Files that are no source: what build files, configuration, SQL and documents define and speak of.  Read line by
 * line, without a grammar; values are not kept, for they may be secrets.
 */
#ifndef GRAPH_WRITTEN_H
#define GRAPH_WRITTEN_H

#include "graph/facts.h"

/* owned: keeps the strings that are not in the text.  False: it is no such file. */
bool written_facts(const char *path, struct str text, struct facts *ret, struct strlist *owned);

#endif
