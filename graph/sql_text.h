/*
 * SQL, read for the tables it speaks of.  No grammar: words are looked at, strings and comments are left out, and
 * what is in parentheses without a SELECT of its own (EXTRACT(YEAR FROM x)) is no list of tables.
 */
#ifndef GRAPH_SQL_TEXT_H
#define GRAPH_SQL_TEXT_H

#include "graph/facts.h"

struct sql_text {
	struct facts *f;
	uint32_t scope, line; /* where it stands: entity, line of its beginning */
	bool likely;	      /* it may be prose */
	/* A string that is not in the text, as one of the file. */
	uint32_t (*own)(void *ctx, const char *s);
	void *ctx;
};

/* Does a literal begin as SQL does?  *ret_likely: in small letters, as prose may. */
bool sql_text_begins(struct str s, bool *ret_likely);
/* Adds tables with their columns, and references to tables. */
void sql_text_facts(const struct sql_text *t, struct str s);

#endif
