/*
 * Inside the room: what the worker "screen" and drydock say to each other.
 *
 * The worker is given descriptors SCREEN_FROM and SCREEN_TO (the browser's pipe) and SCREEN_ERRORS (its standard error),
 * and as input one JSON object (struct screen_task).  It answers with frames: a line "KIND LENGTH", then so many bytes.
 * "picture", "whole", "tree" and "dom" are evidence of the step that comes behind them, "step" is a struct screen_step
 * without digests, "scenario" a struct screen_scenario, as JSON; "seen" is what a walk of a crawl saw (crawl.h).
 */
#ifndef QA_SCREEN_H
#define QA_SCREEN_H

#define SCREEN_FROM 3
#define SCREEN_TO 4
#define SCREEN_ERRORS 5

#define SCREEN_MAX_FRAME ((size_t)64 << 20)

#endif
