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

/*
 * The advisories to go by: what is named, else $DRYDOCK_OSV, else osv or osv.zip of the user's configuration.  *ret: an absolute path,
 * heap; NULL: there are none.  DD_EINVAL: what is named is not there.
 */
int scan_advisories(const char *named, char **ret, struct dd_err *err) DD_MUST_USE;
#define OSV_OPTION(offset) \
	{ \
		"osv", 0, OPTION_TEXT, offset, "PATH", \
			"advisories in the OSV format: a file, a directory, or an archive such as all.zip (default: $DRYDOCK_OSV, " \
			"else osv or osv.zip in the user's configuration)" \
	}

#endif
