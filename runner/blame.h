/*
 * Whose a line of a repair's result is: followed back through the changes that were kept, as their steps journalled them, to the
 * attempt that brought it, with the call to a model or the rule that wrote it; through the run that was refined; and else
 * to a commit of the source's repository.  A commit of ours names its run and attempt, so that it is found again where a
 * branch was merged or rebased.
 */
#ifndef RUNNER_BLAME_H
#define RUNNER_BLAME_H

#include "runner/run.h"
#include "sandbox/sandbox.h"

enum blame_by { BLAME_MODEL, BLAME_RULE, BLAME_SOURCE, BLAME_LOST };
extern const char *const
	blame_by_names[]; /* "model", "rule", "source", "lost": a run that is not there any more */

struct blame_spec { /* borrowed */
	const struct state *st;
	const struct run *run; /* a repair with a result, held */
	const char *path;
	int64_t line;
	const char *
		revision; /* of the source's repository, where the line is; NULL: of the run's result */
};
/*
 * *ret: {"run", "file", "line", "text": of a result, "by"} and, as there are, "attempt": {"run", "attempt", "line": there, and what
 * result.json says of it}, "call": {"span", "model", "digest", "usd", "input_tokens", "output_tokens", "files", "tools", "calls"},
 * "review_call", "guidance", "rules": of the file, "origin": of fix_origin or {"why"}.  A new reference; secrets of the answers file may
 * be in it.  DD_EINVAL: no repair, no such file or line; the message says which.
 */
int blame_line(const struct blame_spec *spec, json_t **ret, struct dd_err *err) DD_MUST_USE;

#endif
