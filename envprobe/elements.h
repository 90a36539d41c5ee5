/*
 * XML that a source declares something in, by the paths of its elements.  No attributes, and no entity is expanded: a text that
 * declares one is read as far as that, like one that is broken.
 */
#ifndef ENVPROBE_ELEMENTS_H
#define ENVPROBE_ELEMENTS_H

#include "base/str.h"

#define ELEMENTS_MAX_TEXT 400 /* bytes; what stands behind them in an element is left out */

/* At the end of each element: its path, "/project/build", the trimmed text behind its last child, and the line. */
typedef void elements_take(void *ctx, const char *path, struct str text, unsigned line);
void elements_read(struct str xml, elements_take *take, void *ctx);

#endif
