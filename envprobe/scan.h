/*
 * Reading build files without running them: calls of macros or functions, with their arguments
 * split the way the language does it.  Good enough to find what is declared, never trusted to be
 * complete.
 */
#ifndef ENVPROBE_SCAN_H
#define ENVPROBE_SCAN_H

#include "base/str.h"

enum scan_language {
	SCAN_M4,    /* NAME([a], b): comma separated, [] quotes, "dnl" and # comments */
	SCAN_CMAKE, /* name(a "b c"): blank separated, case-insensitive names, # comments */
	SCAN_MESON, /* name('a', key: b): comma separated, '' quotes, # comments */
};

struct scan_call {
	char *name;	     /* CMake: lower case */
	struct strlist args; /* quotes taken off; Meson keyword arguments as "key:value" */
	unsigned line;
};
void scan_call_cleanup(struct scan_call *c);

struct scan {
	struct str text;
	size_t pos;
	unsigned line;
	enum scan_language language;
};

/*
 * The next call at or behind the position; false at the end.  The position moves behind the opening
 * parenthesis, so that calls in arguments are found, too.  ret is replaced (cleaned up first).
 */
bool scan_next_call(struct scan *s, struct scan_call *ret);

/*
 * The first string in quotes behind a word of the line, perhaps with blanks and one `mark` between: gem("x"), gem 'x',
 * package='x'.  Heap; NULL: there is none.
 */
char *scan_string_behind(struct str line, const char *word, char mark);

/* "path:line" as a citation, heap. */
char *scan_cite(const char *path, unsigned line);

/* Does the text contain the word, with no letter, digit or underscore at its sides? */
bool scan_has_word(struct str text, const char *word);

/* Line number (from 1) of an offset. */
unsigned scan_line_of(struct str text, size_t offset);

#endif
