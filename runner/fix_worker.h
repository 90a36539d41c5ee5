/* Parts of the worker "fix" (fix_worker_main), which reads and changes the target's tree inside the sandbox. */
#ifndef RUNNER_FIX_WORKER_H
#define RUNNER_FIX_WORKER_H

#include "base/json.h"

/* What a run of the tests may take when another one took so long, both in ms: beyond that it hangs. */
static inline int64_t
fix_patience_ms(int64_t took_ms)
{
	return 15000 + 4 * took_ms;
}

/* For struct edit_check; ctx: int *, the tree.  Is less of the file understood than before? */
struct edit_change;
bool fix_worker_is_worse(void *ctx, const struct edit_change *all, size_t n, size_t which);

/* Every file of the tree but those of .git, up to a number, in the order of names; ends with what fn returns but 0. */
typedef int fix_visit_file(void *ctx, int root, const char *path, struct dd_err *err);
int fix_worker_visit(int root, fix_visit_file *fn, void *ctx, struct dd_err *err) DD_MUST_USE;
/* A file of the tree; what cannot be read is as if it were not there. */
bool fix_worker_read(int root, const char *path, size_t max, struct buf *ret);

/*
 * Standard input: [{"path", "find", "replace"}].  Standard output: {"verdict", "why" or null, "files": [{"path",
 * "created"}]}; refused, the tree is as it was.
 */
int fix_worker_edit(struct dd_err *err) DD_MUST_USE;
struct edit_result;
/* That output of edits that were tried; why: they were refused. */
int fix_worker_tell_edits(const struct edit_result *r, const char *why, struct dd_err *err)
	DD_MUST_USE;
/* Standard output: "LINES SHA256\n" of a file, then its lines from..to as they are; "-\n": there is no such file. */
int fix_worker_show(const char *path, uint64_t from, uint64_t to, struct dd_err *err) DD_MUST_USE;

/* ---- fix_origin.c ---- */

/* fix_origin, with the repository at its place; of_tree: the text of the tree's file.  Standard output: its result. */
int fix_worker_origin(bool of_tree, const char *repository, const char *revision, const char *path,
	int64_t line, struct dd_err *err) DD_MUST_USE;

/* ---- fix_merged.c ---- */

/* gitrepo_list_picks of the repository at its place.  Standard output: {"base", "commits": [{"commit", "subject", "message", "files"}]}. */
int fix_worker_picks(const char *repository, const char *commit, const char *onto,
	struct dd_err *err) DD_MUST_USE;
/*
 * gitrepo_merge of the tree.  Standard output, as messages: [{"path", "created", "clash", "places": [{"now": [line, lines],
 * "change": [line, lines], "by"}]}], then path and text of each that has one.
 */
int fix_worker_merge(const char *repository, const char *commit, const char *onto,
	struct dd_err *err) DD_MUST_USE;
/* Standard input: path and text of files, as messages; they are written, as fix_worker_edit does.  marked: they need not parse. */
int fix_worker_put(bool marked, struct dd_err *err) DD_MUST_USE;

/* ---- fix_printed.c ---- */

/* lint_compare, with exit statuses; counted_compare.  Their input is of fix_read_printed, their result goes to the standard output. */
int fix_worker_lint(bool is_new, int was, int is, struct dd_err *err) DD_MUST_USE;
int fix_worker_cover(struct dd_err *err) DD_MUST_USE;

/* From outside: have a worker ("fix" ARGS) read what was printed, with njson (at most 2) values beside it.  *ret is a new reference. */
struct state;
int fix_read_printed(const struct state *st, const char *const *args, const json_t *const *json,
	size_t njson, struct str was, struct str is, json_t **ret, struct dd_err *err) DD_MUST_USE;

#endif
