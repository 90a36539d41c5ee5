/*
 * Where the source says something: the file and line of a prompt that a step showed, of a variable
 * that was missing, of an address nobody served.  The search runs in the parser worker "locate".
 */
#ifndef ENVPROBE_LOCATE_H
#define ENVPROBE_LOCATE_H

#include "envprobe/tree.h"
#include "record/record.h"
#include "sandbox/sandbox.h"

struct locate {
	char *text;
	bool word;   /* only where no letter, digit or underscore is beside it */
	char *place; /* out: "file:line"; NULL: nowhere */
};
RECORD_LIST(locate);
/* Text is copied. */
void locate_add(struct locate_list *l, const char *text, bool word);

/*
 * Fill in the places.  What is no word is also found by its first words, if at least two of them
 * are there: the rest may be filled in at run time.  What documents say counts last.
 */
int locate_in_source(const struct state *st, const struct stack *source, struct locate_list *l,
	struct dd_err *err) DD_MUST_USE;

/* The same on an open tree, for the worker and tests. */
void locate_in_tree(const struct tree *t, struct locate_list *l);

#endif
