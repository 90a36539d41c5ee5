/*
 * Cheating: what no honest repair does to tests, to what runs them, and to the code under them.  Each file is compared
 * before and after a change, line by line and in the terms of many languages at once; nothing is parsed, so that
 * nothing hides behind a syntax error.  Fewer cases and worse outcomes are for the comparison of results (loop.h).
 */
#ifndef AGENTS_INVENTORY_H
#define AGENTS_INVENTORY_H

#include "base/json.h"
#include "base/map.h"
#include "base/str.h"

enum cheat_kind {
	CHEAT_TEST_REMOVED,	 /* a test is gone, or is no test any more */
	CHEAT_TEST_SKIPPED,	 /* a mark that skips, or that expects failure, is new */
	CHEAT_ASSERTION_REMOVED, /* a test has fewer assertions */
	CHEAT_ASSERTION_CHANGED, /* as many, but others */
	CHEAT_ALWAYS_TRUE,	 /* an assertion that cannot fail is new */
	CHEAT_EXIT_FAKED,	 /* an exit status is forced, or a failure of a command ignored */
	CHEAT_RUNNER_PATCHED,	 /* what finds and runs the tests is new or another */
	CHEAT_CONSTANT_BODY,	 /* logic gave way to a constant */
	CHEAT_INPUT_SPECIAL,	 /* a value that tests use is a special case of the code */
	CHEAT_HIDDEN_FAILURE, /* a failure is swallowed, a limit or tolerance of a test another */
};
extern const char *const cheat_kind_names[]; /* "test-removed", ...; NULL-terminated */

/* Is it a test, or does it decide what runs as one? */
bool inventory_is_test(const char *path);
/* Does it say how all is built and tests are run: a Makefile, package.json, ...? */
bool inventory_is_build(const char *path);

/* The numbers and strings of a test, but for those that are everywhere (0, 1, "", ...), into a map that owns no values. */
void inventory_literals(struct str text, struct map *ret);
/* Each number and string of the text, in order, quotes left out. */
void inventory_each_literal(
	struct str text, void (*each)(void *ctx, struct str literal), void *ctx);
bool inventory_is_common(struct str literal); /* one of those that are everywhere */
bool inventory_asserts(struct str line);      /* does a line of a test compare? */
bool inventory_is_comment(struct str line);

/*
 * Append {"path", "line", "kind", "text"} to findings for what the change of the file does.  literals: of all tests.
 * before is empty for a new file.
 */
void inventory_compare(const char *path, struct str before, struct str after,
	const struct map *literals, json_t *findings);

/*
 * Is this a reason to refuse the change?  What rules of ours make of a test in another dialect of its language is no cheat as
 * long as its tests and assertions are all there; of a model nothing is accepted.
 */
bool inventory_is_reason(const json_t *finding, bool by_rule);

#endif
