/* Inside the room: from the name of a module or package to what it is. */
#ifndef GRAPH_MODULES_H
#define GRAPH_MODULES_H

#include "graph/resolver.h"

/* What an import in that file means; THING_OUTSIDE: nothing that is here, THING_UNKNOWN: the language does not say. */
struct thing modules_find(struct resolver *r, const struct model_file *from, struct str name);
/* A package by name, when some file here says that it belongs to it; else THING_UNKNOWN. */
struct thing modules_package(const struct resolver *r, struct str name);

/* The file or directory whose path is that with the first suffix that makes one; 0: none does. */
uint32_t modules_first_with_suffix(
	const struct resolver *r, struct str path, const char *const *suffixes);
/* "../a/./b" below dir, in b. */
struct str modules_normal_path(struct buf *b, struct str dir, struct str path);
/* dir/rest, in b; "." is no part of it. */
struct str modules_join(struct buf *b, struct str dir, struct str rest);

#endif
