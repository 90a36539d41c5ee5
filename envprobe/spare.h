/*
 * Inside the room: what a failed build can do without, where nothing is left to be installed: sources of tests that want what
 * cannot be had, sources that nothing builds or runs and that do not compile, a feature that a switch of the build leaves out, a copy of a
 * library that was taken out of the archive, where a switch has the machine's used.
 * Each is an option of the recipe, a feature that is off, and a question, whose answer may forbid it; one more attempt must
 * prove it.  What a switch did not help is taken back.
 */
#ifndef ENVPROBE_SPARE_H
#define ENVPROBE_SPARE_H

#include "envprobe/loop.h"
#include "envprobe/tree.h"

/* After a failed build from which nothing else was learnt.  *ret: the next attempt leaves something out. */
int spare_learn(struct loop *l, bool *ret, struct dd_err *err) DD_MUST_USE;

/* What the first sources of tests that were left out want, and where; false: none were. */
bool spare_lacks(const struct loop *l, const char **ret_name, const char **ret_where);

void spare_destroy(struct spare *s); /* NULL is fine */

/*
 * "tools/x.py" of "./x.py", which a command in tools printed (dir NULL: at the top); heap, NULL: it is no plain path below that
 * directory, as logs of a target may well say.
 */
char *spare_path(const char *dir, const char *name);

/* Does a switch, by its name, leave out what the words are about, and nothing else?  None that leaves out tests does. */
bool spare_concerns(const char *name, const struct strlist *about);

/* Does a switch, by its name, stand for a copy of somebody else's code of which the missing file is one: "use-bundled-moon"? */
bool spare_is_copy(const char *name, const char *missing);

/*
 * What the tree tells.  In: {"unread": [path], "failed": [path, as a compiler names it], "assigned": ["tcl 8.4"]}.  Out:
 * {"unused": those of unread that are there and that nothing else names, "includes": headers in <> of the failed ones,
 * "variables": [{"name", "where"}] of makefiles that have such a version and write it behind such a name}.
 */
json_t *spare_of_tree(const struct tree *t, const json_t *asked);

/* Journalled: one of these questions to the tree of the run. */
int spare_ask_tree(struct loop *l, const char *key, const struct strlist *asked, json_t **ret,
	struct dd_err *err) DD_MUST_USE;

#endif
