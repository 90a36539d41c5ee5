/*
 * The journal of one run: an SQLite database in its directory, the only truth about what was done.
 *
 * A run is a deterministic program over recorded steps.  journal_step journals the intent, calls
 * fn, journals the result; a step that has a result already gives it back without calling fn.
 * Killed at any moment, the same program is run again on the same journal and goes on where it was:
 * whatever fn does must be harmless to repeat.  Code between steps may use only results of steps
 * and the journalled options.  Times and random numbers come from steps.
 *
 * Fault points: db.commit.before and db.commit.after at every transition (base/fault.h).
 */
#ifndef RECORD_JOURNAL_H
#define RECORD_JOURNAL_H

#include "base/json.h"

struct journal;

/* create: the database must not exist yet; else it must. */
int journal_open(const char *run_dir, bool create, struct journal **ret, struct dd_err *err)
	DD_MUST_USE;
void journal_close(struct journal *j);

/*
 * Called before the result of a step is written down: what the result rests on must reach the disk
 * first.  A failure leaves the step open and is returned.
 */
typedef int journal_barrier(void *ctx, struct dd_err *err);
void journal_set_barrier(struct journal *j, journal_barrier *fn, void *ctx);

/*
 * fn sets *ret_result (a new reference) or fails; a failure leaves the step open, so that it is
 * done again on resume, and is returned.  *ret_result: new reference; the argument may be NULL.
 */
typedef int journal_fn(void *ctx, json_t **ret_result, struct dd_err *err);
int journal_step(struct journal *j, const char *key, journal_fn *fn, void *ctx, json_t **ret_result,
	struct dd_err *err) DD_MUST_USE;

/* *ret: result of a finished step as a new reference, NULL if it has none. */
int journal_find(struct journal *j, const char *key, json_t **ret, struct dd_err *err) DD_MUST_USE;
json_t *journal_result(struct journal *j, const char *key); /* the same; NULL also on failure */

/* A fact kept beside the steps (options of the run, outcome): last write wins. */
int journal_set(struct journal *j, const char *key, json_t *value, struct dd_err *err) DD_MUST_USE;
int journal_get(struct journal *j, const char *key, json_t **ret, struct dd_err *err)
	DD_MUST_USE; /* new reference, or NULL when it was not set */

/*
 * Forget the steps whose key starts with one of the prefixes (NULL-terminated) and set a fact, in
 * one transition: for when an answer changes what they were decided by.
 */
int journal_forget(struct journal *j, const char *const *prefixes, const char *fact, json_t *value,
	struct dd_err *err) DD_MUST_USE;

/* Forget a step and those that were begun after it: what it gave is lost. */
int journal_forget_from(struct journal *j, const char *key, struct dd_err *err) DD_MUST_USE;

/*
 * Take over the finished steps of another journal, in their order, and end the step `key`, in one transition.  A step that is
 * here already stays as it is.
 */
int journal_adopt(struct journal *j, struct journal *from, const char *key, struct dd_err *err)
	DD_MUST_USE;

struct journal_entry {
	const char *key;
	int64_t started_ns, ended_ns; /* real time, of the last try; ended_ns 0 while open */
	int64_t tries;		      /* times it was begun */
	struct str result; /* as it was written down; empty while open.  Until fn returns */
};
/* Steps in the order they were begun. */
int journal_each(struct journal *j, int (*fn)(void *ctx, const struct journal_entry *e), void *ctx,
	struct dd_err *err) DD_MUST_USE;

#endif
