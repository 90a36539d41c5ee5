/* Of a workspace's run: what came of its members, and the files that tell of all of them. */
#ifndef RUNNER_WORKSPACE_MEMBERS_H
#define RUNNER_WORKSPACE_MEMBERS_H

#include "runner/standup.h"
#include "runner/workspace.h"

struct member_result {
	char *left; /* why it was not stood up; NULL: it was */
	struct standup_result r;
};

struct workspace_result {
	enum run_outcome outcome;
	struct diagnosis diagnosis;
	struct member_result *v; /* one a member, in their order */
	size_t n;
	json_t *together; /* {"ready", "why", "members": [{"name", "ports"}]}; NULL: they were not started together */
	char *recipe; /* absolute path of the lock of all; NULL */
	char *report; /* absolute path */
	double seconds;
};
void workspace_result_cleanup(struct workspace_result *r);

/* The object of --json; secrets redacted. */
json_t *workspace_to_json(const struct run *run, const struct workspace *w,
	const struct workspace_result *r, const struct answers *answers);

/* recipe/, NEEDS.md and needs.json of all, guide, report.html and result.json, into the run's directory. */
int workspace_write(const struct run *run, const struct workspace *w, struct workspace_result *r,
	const struct answers *answers, struct dd_err *err) DD_MUST_USE;

#endif
