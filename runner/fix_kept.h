/* What an earlier repair gave, for who goes on from there or asks about it: read from what it left, nothing is changed. */
#ifndef RUNNER_FIX_KEPT_H
#define RUNNER_FIX_KEPT_H

#include "runner/run.h"

/* Its result.json, a new reference.  DD_ENOENT: there is none yet. */
int fix_kept_result(const struct run *of, json_t **ret, struct dd_err *err) DD_MUST_USE;
/* What `read` gives of the run that named["run"] says, which is open and held as long as that. */
int fix_kept_read(const struct state *st, const json_t *named,
	int (*read)(const void *ctx, const struct run *of, json_t **ret_result, struct dd_err *err),
	const void *ctx, json_t **ret_result, struct dd_err *err) DD_MUST_USE;
/* What a refinement or a rebase goes on from, as its first step journalled it, a new reference; NULL: it is neither. */
int fix_kept_base(const struct run *of, json_t **ret, struct dd_err *err) DD_MUST_USE;
#define KEPT_REFINED "refine/base"
#define KEPT_REBASED "rebase/base"
/* DD_EINVAL: its branch is not where the run left it; the message says what to do. */
int fix_kept_unmoved(const struct run *of, const json_t *result, struct dd_err *err) DD_MUST_USE;
/* What people wanted of it, in their words: its plan, its goal, or its guidance and what that was about; a new reference. */
int fix_kept_wanted(const struct run *of, json_t **ret, struct dd_err *err) DD_MUST_USE;
/* Names of branches that go on from one another have the same stem. */
const char *fix_kept_stem(const json_t *earlier_base, const json_t *result);
/* Of one of the result's attempts. */
bool fix_kept_has(const json_t *attempt);
/* The attempt whose tree has all that was kept; 0: nothing was. */
int64_t fix_kept_last(const json_t *result);
/*
 * The source as its stand-up of that attempt had it (0: of the source as it was), in the form of source_fields: with the
 * layers that were kept till then; a new reference.  DD_ECORRUPT: it has none.
 */
int fix_kept_source(const struct run *of, int64_t attempt, json_t **ret, struct dd_err *err)
	DD_MUST_USE;

#endif
