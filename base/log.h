/*
 * What people see on standard error: a log line, and progress.  Levels by -q/-v and the
 * environment; colour only on a terminal without NO_COLOR.  Results go to standard output and are
 * not this module's.  Text that came from the target must be passed through buf_put_visible.
 *
 * Progress: nested steps; on a terminal one line is redrawn with the running step and its time,
 * else one line when a step begins and one when it ends.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/own.h"
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };

void log_init(enum log_level level);
void log_warn(const char *fmt, ...) DD_PRINTF(1, 2);
void log_info(const char *fmt, ...) DD_PRINTF(1, 2);
void log_debug(const char *fmt, ...) DD_PRINTF(1, 2); /* only with -v */

/* A step begins; the returned number is handed to progress_end. */
int progress_begin(const char *fmt, ...) DD_PRINTF(1, 2);
/* What the running step does right now (a terminal shows it, a log does not). */
void progress_note(const char *fmt, ...) DD_PRINTF(1, 2);
/* The step ended; `how` is a short result such as "ok", "cached" or "failed". */
void progress_end(int step, const char *how);

/* Nanoseconds: CLOCK_MONOTONIC for durations, CLOCK_REALTIME for what is stored. */
int64_t clock_mono_ns(void);
int64_t clock_real_ns(void);

#endif
