/*
 * Oscillation: a repair that swings between two states, one change breaking what the other mends.  It is seen in the outcomes of
 * cases over the attempts, not in what authors say: a case that flips for the second time (mended and broken again, or the
 * other way round) swings.
 *
 * Two cases conflict when each passes in some tree that was tried, and no tree passes both.  If one tree passes both, it was a
 * regression, however often it swings.  A conflict is told as a contradiction, with the attempts that prove it: that is a
 * proof over what was tried, each side in full, and no more.
 *
 * Pure; one thread.
 */
#ifndef AGENTS_FLIPS_H
#define AGENTS_FLIPS_H

#include "base/json.h"
#include "record/record.h"

struct flips_attempt {
	struct case_result_list cases;
	struct strlist files, requirements; /* that it changes, and that it is for */
};

struct flips {
	struct flips_attempt *v; /* the first is the tree as it was */
	size_t n, cap;
};
void flips_cleanup(struct flips *f);
/* All is copied; files and requirements may be NULL. */
void flips_add(struct flips *f, const struct case_result_list *cases, const struct strlist *files,
	const struct strlist *requirements);

/* Cases that flipped twice or more, in the order in which they did.  One that was not run does not flip. */
void flips_swinging(const struct flips *f, struct strlist *ret);

struct flips_conflict {
	struct strlist left, right;	    /* cases of each side: the smallest set is one each */
	size_t left_by, right_by;	    /* attempts that pass that side, and most of all else */
	struct strlist files, requirements; /* of the attempts that passed one of them */
};
void flips_conflict_cleanup(struct flips_conflict *c);

/*
 * The first conflict that a swinging case has: one case a side; cases that always ended with one of them are with it.  False:
 * there is none, whatever swings are regressions.
 */
bool flips_conflict(const struct flips *f, struct flips_conflict *ret);

/*
 * A conflict that has outlived its flag by two attempts, in which whoever repairs knew of it: told as requirements that
 * contradict each other.
 */
#define FLIPS_PATIENCE 2
bool flips_contradiction(const struct flips *f, struct flips_conflict *ret);

/* {"cases": [left, right], "with": [[...], [...]], "files", "requirements", "attempts": [n, n]}; attempts count from 0. */
json_t *flips_conflict_json(const struct flips_conflict *c);

#endif
