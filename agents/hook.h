/*
 * Hooks of pre-commit, as its configuration declares them: which files one looks at, and with what arguments it may be run where
 * it is only to tell what it finds.  Pure.
 */
#ifndef AGENTS_HOOK_H
#define AGENTS_HOOK_H

#include "base/json.h"
#include "base/str.h"

/*
 * Append those of the paths that the patterns of the hook and of the whole configuration let through.  False: one of the patterns
 * cannot be read, and all paths are appended.
 */
bool hook_paths(
	const json_t *config, const json_t *hook, const struct strlist *paths, struct strlist *ret);

/* Its arguments, without those that make a tool repair what it looks at.  A new reference. */
json_t *hook_args(const json_t *hook);

#endif
