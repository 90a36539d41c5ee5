/*
 * Inside the room: what the worker "screen" gives, on its way to where it is kept.  Its frames are counted and copied;
 * evidence becomes objects of the content store while it comes (texts redacted), steps become lines of a file, one a
 * scenario: <dir>/<NN>-<name>.jsonl, each line a struct screen_step, the last a struct screen_scenario.
 */
#ifndef QA_SCREEN_EVIDENCE_H
#define QA_SCREEN_EVIDENCE_H

#include "qa/qa.h"

struct screen_evidence;

struct screen_evidence *screen_evidence_create(
	const struct screen_spec *spec, struct screen_result *result);
void screen_evidence_destroy(struct screen_evidence *e);
/* Who is asked when the worker says "wait"; NULL: nobody.  Its failure is the evidence's. */
void screen_evidence_on_wait(
	struct screen_evidence *e, int (*fn)(void *ctx, struct dd_err *err), void *ctx);
/* Pieces of the worker's output, of any size.  After a failure they are dropped. */
void screen_evidence_add(struct screen_evidence *e, struct str data);
/* What failed on the way, if anything; DD_ECORRUPT: a frame was not what the worker says. */
int screen_evidence_end(struct screen_evidence *e, struct dd_err *err) DD_MUST_USE;

#endif
