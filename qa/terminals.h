/* Inside the room: scenarios of programs that are looked at in a terminal. */
#ifndef QA_TERMINALS_H
#define QA_TERMINALS_H

#include "qa/qa.h"
#include "qa/screen_evidence.h"

/*
 * Play one scenario of the spec in its application's pod, its evidence to `evidence`.  What the program or its driver does
 * is a result; DD_EINVAL: there is no such pod, or an answer is missing.
 */
int terminal_play(const struct screen_spec *spec, size_t at, struct screen_evidence *evidence,
	struct screen_result *result, struct dd_err *err) DD_MUST_USE;

#endif
