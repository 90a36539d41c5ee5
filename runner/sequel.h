/* What the commands have in common that begin a run which goes on from an earlier repair: refine, rebase. */
#ifndef RUNNER_SEQUEL_H
#define RUNNER_SEQUEL_H

#include "runner/commands.h"
#include "runner/fix_author.h"
#include "runner/scan.h"

struct sequel_options {
	const char *answers, *patch, *osv;
	bool offline;
	struct spending_options spending;
	struct limit_options limits;
};
/* Their rows, for a table of option_def; `member` is the sequel_options in `type`, the options struct. */
#define SEQUEL_OPTIONS(type, member) \
	SPENDING_OPTIONS(type, member.spending), \
		{"patch", 0, OPTION_TEXT, offsetof(type, member.patch), "FILE", \
			"write the changes there, too"}, \
		{"answers", 0, OPTION_TEXT, offsetof(type, member.answers), "FILE", \
			"answers to questions (default: those of RUN)"}, \
		{"offline", 0, OPTION_FLAG, offsetof(type, member.offline), NULL, \
			"use only what is in the store"}, \
		OSV_OPTION(offsetof(type, member.osv)), LIMIT_OPTIONS(type, member.limits)

/* What is the command's own: whether `of` may be gone on from, and the rest of the new run's options. */
typedef int sequel_fill(
	const void *options, const struct run *of, struct run_options *ret, struct dd_err *err);

/*
 * A new run of what the run `name` was of, and as that was begun where the options say nothing else; what is wrong with them
 * is told before there is one.  `fill` is asked first, with `own`.  needed_by as of fix_take_spending.
 */
int sequel_new_run(const struct state *st, const char *name, const struct sequel_options *o,
	const char *needed_by, sequel_fill *fill, const void *own, struct run *ret,
	struct dd_err *err) DD_MUST_USE;

#endif
