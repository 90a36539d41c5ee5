/*
 * The log of a step: output of the target as it comes, secrets taken out, bounded: the first
 * STEPLOG_HEAD bytes and the last STEPLOG_TAIL are kept, with a line that says how much is missing
 * between.
 */
#ifndef RECORD_STEPLOG_H
#define RECORD_STEPLOG_H

#include "record/answers.h"

#define STEPLOG_HEAD ((uint64_t)16 << 20)
#define STEPLOG_TAIL ((size_t)1 << 20)

struct steplog;

/* Create or replace the file. */
int steplog_open(const char *path, const struct answers *answers, struct steplog **ret,
	struct dd_err *err) DD_MUST_USE;
void steplog_add(struct steplog *l, struct str data);
/* A line of ours, such as the command that follows. */
void steplog_note(struct steplog *l, const char *fmt, ...) DD_PRINTF(2, 3);
/* Write what is held back and close; reports what could not be written. */
int steplog_close(struct steplog *l, struct dd_err *err) DD_MUST_USE;

#endif
