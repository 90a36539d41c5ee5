/* What a source tree holds that somebody will regret (security.h): the worker that looks, and its answer. */
#ifndef RUNNER_SCAN_H
#define RUNNER_SCAN_H

#include "sandbox/sandbox.h"
#include "security/security.h"

/*
 * packages: dependencies beside those of lock files, a list as security_dependency_list_to_json gives it; NULL: none.  osv: absolute
 * path of advisories; NULL.
 */
int scan_stack(const struct state *st, const struct stack *tree, const json_t *packages,
	const char *osv, struct security_result *ret, struct dd_err *err) DD_MUST_USE;

#endif
