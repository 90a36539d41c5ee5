/* What a failure of npm means, and what else is worth a try. */
#include "images/npm_work.h"

#include <string.h>

/* Something else to try: false when there is nothing. */
bool
npm_change_tactics(struct npm_work *w, const char *code)
{
	static const char *const misplaced[] = {
		"E404", "ETARGET", "EINTEGRITY", "E400", "E405", NULL};
	if (w->job->locked)
		return false;
	if (w->by_convention && str_is_one(str_of(code), misplaced)) {
		w->by_convention = false;
		return true;
	}
	if (w->clean && strcmp(code, "EUSAGE") == 0) {
		w->clean = false; /* the lock file is not in step with package.json */
		return true;
	}
	if (strcmp(code, "ERESOLVE") == 0 &&
		!strlist_has(&w->r->set.options, "--legacy-peer-deps")) {
		strlist_add(&w->r->set.options, "--legacy-peer-deps");
		return true;
	}
	return false;
}

static const struct {
	const char *code;
	enum run_outcome outcome;
	enum diagnosis_class class;
	const char *way_out;
} failures[] = {
	{"E404", OUTCOME_UNSATISFIABLE, DIAGNOSIS_NO_PROVIDER,
		"configure npm on this machine for a registry that has it, or put it under node_modules of the "
		"source"},
	{"ETARGET", OUTCOME_UNSATISFIABLE, DIAGNOSIS_NO_PROVIDER,
		"ask for a version that the registry has, or configure npm for one that has it"},
	{"E401", OUTCOME_UNSATISFIABLE, DIAGNOSIS_NO_LOGIN,
		"log in to the registry with npm on this machine"},
	{"E403", OUTCOME_UNSATISFIABLE, DIAGNOSIS_NO_LOGIN,
		"log in to the registry with npm on this machine"},
	{"EINTEGRITY", OUTCOME_UNSATISFIABLE, DIAGNOSIS_CHANGED_UPSTREAM,
		"the registry has other bytes than the lock file wants: find out which are right"},
	{"ERESOLVE", OUTCOME_BUILD_FAILED, DIAGNOSIS_CONFLICT, "mend the versions in package.json"},
	{"EBADPLATFORM", OUTCOME_UNSATISFIABLE, DIAGNOSIS_WRONG_PLATFORM,
		"stand it up on the platform it wants"},
	{"EBADENGINE", OUTCOME_UNSATISFIABLE, DIAGNOSIS_WRONG_ENGINE,
		"use an image with the engine it wants"},
	/* Only the registries answer: a dependency of a dependency lies elsewhere. */
	{"ECONNREFUSED", OUTCOME_UNSATISFIABLE, DIAGNOSIS_NOT_ON_REGISTRY,
		"publish it to a registry"},
	{"ENOTFOUND", OUTCOME_UNSATISFIABLE, DIAGNOSIS_NOT_ON_REGISTRY, "publish it to a registry"},
	{"EAI_AGAIN", OUTCOME_UNSATISFIABLE, DIAGNOSIS_NOT_ON_REGISTRY, "publish it to a registry"},
	{"ENETUNREACH", OUTCOME_UNSATISFIABLE, DIAGNOSIS_NOT_ON_REGISTRY,
		"publish it to a registry"},
	{"ENOENT", OUTCOME_UNSATISFIABLE, DIAGNOSIS_NOT_ON_REGISTRY,
		"publish what is fetched with git to a registry"},
	{NULL, OUTCOME_BUILD_FAILED, DIAGNOSIS_NPM_FAILED, "the log shows what npm printed"},
};

/* An upstream that does not answer is no fault of the target's. */
int
npm_judge_failure(
	struct npm_work *w, const struct npm_run *run, const json_t *failure, struct dd_err *err)
{
	static const char *const unreachable[] = {"E502", "E503", "E504", NULL};
	const char *code = npm_string(failure, "code"), *text = npm_string(failure, "text");
	size_t i = 0;
	if (str_is_one(str_of(code), unreachable))
		return err_set(err, DD_EIO, "the npm registry does not answer: %s", text);
	if (run->exit_code == 127) {
		npm_diagnose(w, OUTCOME_UNSATISFIABLE, DIAGNOSIS_NO_PROVIDER,
			mem_strdup(
				"it needs npm, which no package of this machine's sources provides"),
			NULL, "add a package source that has npm");
		return 0;
	}
	while (failures[i].code && strcmp(failures[i].code, code) != 0)
		i++;
	npm_diagnose(w, failures[i].outcome, failures[i].class,
		mem_printf("npm could not install its packages: %s %s", code, text), "package.json",
		failures[i].way_out);
	return 0;
}
