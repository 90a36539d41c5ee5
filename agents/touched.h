/*
 * Which lines of a file a change touches: those it takes away, by their numbers before, and those it brings, by their numbers
 * after.  From a unified diff of ours; pure.  As JSON, since it travels from the worker that reads the tree to who judges:
 * {"removed": n, "added": n, "was": [[first, count], ...], "is": [[first, count], ...]}.
 */
#ifndef AGENTS_TOUCHED_H
#define AGENTS_TOUCHED_H

#include "base/json.h"

/* patch: of one file.  A new reference. */
json_t *touched_lines(struct str patch);

/* The first line that it brings which is a line of conflict ("<<<<<<< " or ">>>>>>> ", as merges write them); 0: none is. */
int64_t touched_conflict(struct str patch);

/* Is the line among the spans of a file, which are its "was" or its "is"? */
bool touched_has(const json_t *spans, int64_t line);

/* The number before the change of a line that stands after it and is not among those it brings. */
int64_t touched_before(const json_t *file, int64_t line);

#endif
