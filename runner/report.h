/*
 * The report of a run: report.html, one self-contained page that opens from disk, and report.json
 * with the same facts.  Everything the target said is escaped, bounded, and has its secrets taken
 * out.
 */
#ifndef RUNNER_REPORT_H
#define RUNNER_REPORT_H

#include "runner/standup.h"

int standup_report(const struct run *run, const struct standup_result *r,
	const struct answers *answers, struct dd_err *err) DD_MUST_USE;

#endif
