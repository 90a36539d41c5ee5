/*
 * What a build.xml of Ant says.  It is read as text, element by element: properties and targets of other files, and what
 * tasks define, are not known.
 */
#ifndef ENVPROBE_ANT_H
#define ENVPROBE_ANT_H

#include "base/str.h"

/* Put blanks in the place of comments, which keep their lines: what is in them is no element.  Before all that follows. */
void ant_blank_comments(struct buf *text);

/* The value of an attribute in the first element of that name; heap, NULL. */
char *ant_attribute(struct str xml, const char *element, const char *name);

/* The target that runs tests: one of the usual names that does more than compile them, else the first of them; NULL. */
const char *ant_test_target(struct str xml);

/*
 * Directories that Ant ends without: those of jars and of sources, each once, without what is not told in the file itself,
 * or leads out of the tree.
 */
void ant_directories(struct str xml, struct strlist *ret);

#endif
