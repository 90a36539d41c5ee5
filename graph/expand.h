/*
 * Macros of C in place of their uses, as far as a parser needs it to see statements: what the text and the texts that it includes
 * define is put in, arguments and all (C11 6.10.3, but that spacing is not kept).  No condition is decided but
 * "#if 0": of several definitions one is taken.  Works on whatever text; what it cannot make sense of stays as it is.
 */
#ifndef GRAPH_EXPAND_H
#define GRAPH_EXPAND_H

#include "base/str.h"

enum expand_how {
	EXPAND_FIRST = 1, /* of several definitions the first one; else the last before the use */
	/*
	 * What nobody defines may be a macro of a header that is elsewhere, where it is written like one: "each(x) {" begins a loop,
	 * NAME(x) that no semicolon follows is a statement.
	 */
	EXPAND_GUESS = 2,
};

/*
 * Append the text; headers: the texts of what it includes, one behind the other, of which only definitions are read.
 * False, and out holds a part: that would be too much.
 */
bool expand_macros(struct str headers, struct str text, unsigned how, struct buf *out);

/* What the text includes, in its order: as it is named there, without quotes. */
void expand_includes(struct str text, void (*each)(void *ctx, struct str name), void *ctx);

#endif
