/*
 * C as it is written has words that are macros and no part of the language: "static int __init f(void)",
 * "LUA_API int (f)(void)", "EXPORT_SYMBOL(f)" without a semicolon.  Blanks in their place keep every other byte where
 * it is.
 */
#ifndef GRAPH_BLANK_H
#define GRAPH_BLANK_H

#include "base/str.h"

/* Blanks words in place; false: there are none. */
bool blank_attributes(char *text, size_t n);

#endif
