/*
 * Flakes of a run's tests and their causes, which drydock qa test found later: beside the run (RUN_LATER), outside of its
 * attestation, as JSON and as a page.
 */
#ifndef RUNNER_FLAKY_H
#define RUNNER_FLAKY_H

#include "runner/page.h"
#include "runner/run.h"

#define FLAKY_PAGE RUN_LATER "/flakes.html" /* below the run */

/* Keep them, without secrets by now, and a page of them. */
int flaky_write(const struct run *run, const struct flake_list *flakes, struct dd_err *err)
	DD_MUST_USE;
/* What was written last, an array; NULL: nobody looked, or it is no such file.  A new reference. */
json_t *flaky_read(const struct run *run);

/* As a table with its heading; nothing where there are none. */
void flaky_put(struct page *p, const struct flake_list *flakes);

#endif
