/*
 * Inside the room: one entry of a sources file, in either syntax of sources.list(5): a line
 * "deb [OPTIONS] URI SUITE COMPONENTS", or a stanza of fields (deb822).  apt says which entry a
 * source is of; here is read what apt does not say of it.  Pure text in.
 */
#ifndef IMAGES_SOURCE_ENTRY_H
#define IMAGES_SOURCE_ENTRY_H

#include "base/str.h"

/*
 * The entry that apt calls "PATH:NUMBER": the line of that number, or, when the path ends with
 * ".sources", the stanza; {"", 0} when there is none.
 */
struct str source_entry_find(struct str file, const char *path, uint64_t number);

/*
 * Value of an option ("signed-by", "trusted"), without case; heap, NULL.  Continued lines of a
 * stanza are joined by newlines, a lone "." among them stands for an empty one.
 */
char *source_entry_option(struct str entry, const char *name);

/* Whose signatures count: paths of key files, and keys that are in the entry itself, each once. */
void source_entry_keys(struct str entry, struct strlist *paths, struct strlist *keys);

#endif
