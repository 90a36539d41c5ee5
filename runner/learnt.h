/*
 * What runs learnt, kept in the state directory beyond them, so that the next run of the same source begins with
 * it: after every round of discovery what was known then, and at the end the recipe.  Found by the digest of the
 * tree, else by where it came from.
 */
#ifndef RUNNER_LEARNT_H
#define RUNNER_LEARNT_H

#include "record/record.h"
#include "runner/run.h"

struct learnt {
	char *run;	 /* id of the run that learnt it */
	char *tree;	 /* digest of its source */
	char *base;	 /* digest of its base image */
	char *told;	 /* digest of what a person had said beforehand */
	char *asked;	 /* which answers it had, by their ids */
	bool build_only; /* it ran no tests */
	bool no_prune;	 /* it kept what nothing was seen to use */
	struct premises facts;
	json_t *recipe; /* its lock; NULL: it has none, or is not over */
};
void learnt_cleanup(struct learnt *l);
extern const struct json_field learnt_fields[];

/* DD_ENOENT: nothing was. */
int learnt_find(const struct state *st, const char *tree, const char *source, struct learnt *ret,
	struct dd_err *err) DD_MUST_USE;
/* In place of what was learnt of it before. */
int learnt_save(const struct state *st, const char *source, const struct learnt *l,
	struct dd_err *err) DD_MUST_USE;

/*
 * Remove what no run has taken up for unused_ns; dry_run: only count it.  Files and their bytes are added to *n and
 * *bytes.
 */
int learnt_collect(const struct state *st, int64_t unused_ns, bool dry_run, size_t *n,
	uint64_t *bytes, struct dd_err *err) DD_MUST_USE;

#endif
