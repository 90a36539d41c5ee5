/* Words of names and of plain text, as they are compared: in small letters, without endings. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/str.h"

#define WORDS_LENGTH 40 /* bytes kept of one */

/*
 * The next word of *rest, in small letters, into ret (WORDS_LENGTH bytes, not terminated), and *rest behind it; false: there is none.
 * Parts of names are words: "HTTPServer_2" has http, server and 2; up to four digits right behind letters are of the
 * word: "ext4_fs" has ext4 and fs.  Bytes beyond ASCII are letters.
 */
bool words_next(struct str *rest, char *ret, size_t *ret_n);
/* How many bytes are left without the endings of plural and of verbs: "redacted", "redacts" and "redact" are one. */
size_t words_stem(const char *word, size_t n);
/* Is it one that says nothing by itself, as "the" does?  In small letters. */
bool words_is_common(const char *word);

/* The stems of a text that say something, each once, in its order; appended. */
void words_of(struct str text, struct strlist *ret);

#endif
