/*
 * SQL word by word, in a worker: comments are passed over, texts and quoted names are one word each.  Hostile text; each call
 * ends, at the latest at the end of the text.
 */
#ifndef ENVPROBE_SQL_READER_H
#define ENVPROBE_SQL_READER_H

#include "base/str.h"

enum sql_kind { SQL_END, SQL_WORD, SQL_QUOTED, SQL_STRING, SQL_NUMBER, SQL_PUNCT };

struct sql_token {
	enum sql_kind kind;
	struct str text; /* quotes and all */
};

struct sql_reader { /* a copy of it looks ahead */
	struct str rest;
	struct sql_token now;
};

void sql_next(struct sql_reader *r);
/* Is it this word, in letters of any case, or this sign? */
bool sql_is(const struct sql_reader *r, const char *word);
/* The same, and then it is behind it. */
bool sql_take(struct sql_reader *r, const char *word);
bool sql_is_name(const struct sql_reader *r);
/* "schema.name" is a name, as it is written.  Heap; NULL: there is none. */
char *sql_take_name(struct sql_reader *r);
/* Behind the bracket that fits the one before what is read now. */
void sql_skip_group(struct sql_reader *r);
/* Is it what ends an item of a list, or a statement? */
bool sql_ends_item(const struct sql_reader *r);

#endif
