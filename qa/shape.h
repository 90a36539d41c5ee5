/*
 * Reports in which one line is one thing: a table of line shapes a format, read by one engine (shapes.c).
 *
 * A shape is text that a line begins with; in it `~` is any number of blanks, `#` digits, `^` any of dots, stars and
 * blanks, `$` the end of the line, `%x` what stands before the next text of the shape (or up to the end of the
 * line), and `\` takes the next character as it is.  x: n name, s suite, m message, t a duration, w whatever.  A `%x`
 * ends at the first place where the text behind it is found: matching never goes back, so it is linear.
 */
#ifndef QA_SHAPE_H
#define QA_SHAPE_H

#include "base/str.h"

#define SHAPE_MAX_LINE 8192 /* what is longer is looked at no further */

struct shape_found { /* views into the line; empty: not in the shape */
	struct str name, suite, message, time;
};

bool shape_match(const char *shape, struct str line, struct shape_found *ret);

#endif
