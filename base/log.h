/*
 * What people see on standard error: a log line, and progress.  Colour and redrawing only on a
 * terminal (not a dumb one; colour not with NO_COLOR, https://no-color.org).  Results go to
 * standard output and are not this module's.
 *
 * Texts are made visible (buf_put_visible) on their way out, so that what a target named cannot
 * drive the terminal; each line is one write.  For one thread.
 *
 * Progress: nested steps.  On a terminal one line is redrawn with the running step and its time,
 * cut to the width; else one line when a step begins and one when it ends.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/own.h"
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };

/*
 * Choose the level and look at standard error and the environment.  DRYDOCK_LOG=quiet or verbose
 * decides where the command line did not (level LOG_NORMAL).  Without this call: normal, and never
 * as on a terminal.
 */
void log_init(enum log_level level);
void log_warn(const char *fmt, ...) DD_PRINTF(1, 2);  /* also when quiet */
void log_info(const char *fmt, ...) DD_PRINTF(1, 2);  /* not when quiet */
void log_debug(const char *fmt, ...) DD_PRINTF(1, 2); /* only when verbose */

/*
 * A step begins, inside the one that runs; the returned number is handed to progress_end.  Past 16
 * levels a step is not shown (-1, which progress_end takes).
 */
int progress_begin(const char *fmt, ...) DD_PRINTF(1, 2);
/* What the running step does right now (a terminal shows it, a log does not).  May come often. */
void progress_note(const char *fmt, ...) DD_PRINTF(1, 2);
/* Redraw the time, for loops that wait: cheap, draws at most ten times a second. */
void progress_tick(void);
/* The step ended, and those inside it; `how` is a short result such as "ok" or "failed". */
void progress_end(int step, const char *how);
/* The text as it is, from a signal handler; where it cannot be written there is nobody to tell. NULL is fine. */
void log_say(int fd, const char *text);

/*
 * From now on what would end as "failed" was stopped, and has not failed: the user wants everything to end.
 * Async-signal-safe.
 */
void progress_set_stopping(void);

/* Nanoseconds: CLOCK_MONOTONIC for durations, CLOCK_REALTIME for what is stored. */
int64_t clock_mono_ns(void);
int64_t clock_real_ns(void);
/* Such a time in UTC, to the second: "2024-01-31T23:59:59Z"; heap. */
char *clock_rfc3339(int64_t real_ns);

#endif
