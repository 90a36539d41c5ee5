/*
 * Inside the room: what the worker "screen" and drydock say to each other.
 *
 * The worker is given descriptors SCREEN_FROM and SCREEN_TO (the browser's pipe) and SCREEN_ERRORS (its standard error),
 * and as input one JSON object (struct screen_task).  It answers with frames: a line "KIND LENGTH", then so many bytes.
 * "picture", "whole", "tree" and "dom" are evidence of the step that comes behind them, "step" is a struct screen_step
 * without digests, "scenario" a struct screen_scenario, as JSON; "seen" is what a walk of a crawl saw (crawl.h).
 *
 * The worker "terminal" is given SCREEN_FROM, our end of a terminal, and SCREEN_TO, a pipe from drydock, and as input
 * {scenario, secrets: texts to hide, answers: {slug: text}}.  Its frames are "picture", "tree", "output" (the bytes of the
 * program), "step", "scenario"; "wait" asks what became of the program, and a line on the pipe says "running", "exit N" or
 * "signal N".
 *
 * The worker "display" is the same but for SCREEN_FROM, which is a connection to an X server, SCREEN_ERRORS, from which the
 * program's output is read, and more: {cookie: 32 hexadecimal digits} in its input.  Each "whole" is the picture of a
 * window.  The program is started when it is asked about for the first time.
 */
#ifndef QA_SCREEN_H
#define QA_SCREEN_H

#include "base/json.h"

#define SCREEN_FROM 3
#define SCREEN_TO 4
#define SCREEN_ERRORS 5

/*
 * A scenario of the spec as JSON, with the texts of the answers it types.  DD_EINVAL: there is no such answer.
 */
struct screen_spec;
int screen_task_scenario(
	const struct screen_spec *spec, size_t at, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* In a worker: a frame to drydock; of JSON, whose reference is taken. */
int screen_tell(const char *kind, struct str data, struct dd_err *err) DD_MUST_USE;
int screen_tell_json(const char *kind, json_t *j, struct dd_err *err) DD_MUST_USE;

#define SCREEN_MAX_FRAME ((size_t)64 << 20)

#endif
