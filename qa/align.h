/*
 * Which rows of two pictures belong together when rows were put in or taken out between them.  Private to the room.
 *
 * Between the rows that are equal at both ends, rows whose content occurs once in each picture are anchors; the
 * longest run of them in one order is kept (patience diff, B. Cohen) and grown by the equal rows around it.  What is
 * left between two anchors is the same rows changed, as far as both have some, and put in or taken out beyond that.
 * Time n log n, a few numbers a row: a picture cannot make it slow.
 */
#ifndef QA_ALIGN_H
#define QA_ALIGN_H

#include "qa/png.h"

enum run_kind { RUN_PAIRED, RUN_INSERTED, RUN_REMOVED };

struct row_run {
	enum run_kind kind;
	uint32_t ya, yb, n; /* n rows from ya of the first picture and yb of the second */
};

struct row_runs {
	struct row_run *v; /* heap; from the top, without a gap in either picture */
	size_t n, cap;
};

/*
 * Pictures of different widths have all their rows paired, from the top; and so have those of one size whose
 * `differing` pixels, counted in place, are not many more than those that are left otherwise.
 */
void align_rows(const struct picture *a, const struct picture *b, double threshold,
	uint64_t differing, struct row_runs *ret);
void row_runs_cleanup(struct row_runs *r);

#endif
