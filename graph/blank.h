/*
 * C as it is written has words that are macros and no part of the language: "static int __init f(void)",
 * "LUA_API int (f)(void)", "EXPORT_SYMBOL(f)" without a semicolon.  Blanks in their place keep every other byte where
 * it is.
 */
#ifndef GRAPH_BLANK_H
#define GRAPH_BLANK_H

#include "base/str.h"

enum blank_how {
	/*
	 * Also where it may be a call or a type after all: for a second try at what could not be parsed.  Without it only
	 * where nothing else can be meant: before the word of a type, between two words of a declaration.
	 */
	BLANK_BOLD = 1,
	/* The text is C: of three words in a row at the top of a file the first is a macro, however it is written. */
	BLANK_C = 2,
};

/* Blanks words in place; false: there are none. */
bool blank_attributes(char *text, size_t n, unsigned how);

/* The grammars end a macro at a comment in its body. */
void blank_macro_comments(char *text, size_t n);

/*
 * Where an #if splits a statement, or its branches open braces that they do not close, only the last branch stays: a
 * tree has place for one.
 * False: there are none.
 */
bool blank_uneven_branches(char *text, size_t n);

#endif
