/*
 * Which lines of a change its tests execute: how a tree is built and tested so that it can be said, and what the lines that were
 * touched come to, before and after.  C and C++ by gcc's own counters, Python by a trace, JavaScript by what V8 counts.  A file
 * of another language, or one of which nothing was seen, is not measured, and told as such.
 */
#ifndef AGENTS_COUNTED_H
#define AGENTS_COUNTED_H

#include "base/json.h"

/* Can lines of such a file be counted? */
bool counted_knows(const char *path);
/* Has the tree to be built anew for it, with counters? */
bool counted_must_build(const char *path);

struct counted_spec {		     /* borrowed */
	const char *root;	     /* the tree */
	const struct strlist *paths; /* the files, from the root */
	const char *build;	     /* commands of a shell, to be done first; NULL: it is built */
	const char *test;
};
/*
 * A script for sh that builds, tests and prints what was counted, for counted_compare.  It ends with COUNTED_NOT_BUILT where the build
 * fails; how the tests end is no matter.
 */
#define COUNTED_NOT_BUILT 3
void counted_put_script(const struct counted_spec *spec, struct buf *out);

/* In a script: compilers of C and C++ in a directory that is there, which give the others in PATH these options first. */
#define COUNTED_LINES "--coverage -fprofile-update=atomic"
void counted_put_compilers(const char *dir, const char *options, struct buf *out);

/*
 * What the script printed without and with a change, whose files are as touched.h has them: {"measured": [{"path", "was": [covered,
 * lines], "is": [covered, lines]}], "not_measured": [paths], "was": [covered, lines], "is": [covered, lines], "findings": [{"path",
 * "line", "kind": "uncovered", "text"}], "lower": bool}.  Only lines that can be executed are counted; lower: a smaller part of
 * them than before.  Of a file that ran before and is not seen any more all that it has of the change counts as not covered.  A new
 * reference.
 */
json_t *counted_compare(const char *root, const json_t *files, struct str was, struct str is);

#endif
