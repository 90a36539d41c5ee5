/*
 * What the tool of drydock cover (data/cover.py) prints, taken from its text: a process that ran the target wrote it.  Only a worker
 * reads it; what it gives has no more than what is built on, of the right kinds and in bounds.
 */
#ifndef RUNNER_COVER_ANSWER_H
#define RUNNER_COVER_ANSWER_H

#include "base/json.h"

#define COVER_ANSWER_MAX ((size_t)16 << 20) /* bytes */

/*
 * By mode, a new reference; every list of lines is of numbers that ascend:
 *   measure  {"statuses": [number], "lines": {path: lines}}
 *   record   {"functions": [{"path", "module", "root", "name", "line", "lines", "reason" or null, "cases": [{"args": [text], "lines",
 *            "result" or null, "raises" or null}]}]}
 *   write    {"style": "unittest" | "pytest", "files": [{"path", "module", "source", "root", "text", "tests": [{"name", "function", "lines"}]}]}
 *   check    {"tests": {module: {test: passed}}}
 *   mutants  {"killed": {module: {test: lines}}}
 * DD_ECORRUPT: it is another thing, or no JSON.  DD_ELIMIT: it has more than the tool gives.
 */
int cover_answer_take(const char *mode, struct str text, json_t **ret, struct dd_err *err)
	DD_MUST_USE;

/* Is n in a list of lines? */
bool cover_answer_has(const json_t *lines, json_int_t n);

#endif
