/* Inside the room: scenarios of programs that are looked at on a display. */
#ifndef QA_DISPLAYS_H
#define QA_DISPLAYS_H

#include "qa/qa.h"
#include "qa/screen_evidence.h"

/*
 * Play one scenario of the spec: a display of its own, its program in its application's pod.  What program, display or
 * driver do is a result.  DD_EINVAL: there is no such pod, or an answer is missing; DD_EIO: the display does not start.
 */
int display_play(const struct screen_spec *spec, size_t at, struct screen_evidence *evidence,
	struct screen_result *result, struct dd_err *err) DD_MUST_USE;

#endif
