/*
 * Review of a change by a model of another family than its author's: on the diff and on what was measured, against
 * criteria that are stated; never by length or by how much is explained.  Its answer is structured; a rejection without a
 * reason is none.
 */
#ifndef AGENTS_REVIEW_H
#define AGENTS_REVIEW_H

#include "agents/agent.h"

struct review_spec {	  /* borrowed */
	const char *name; /* of the agent */
	const struct model *model;
	const char *goal; /* of the user; NULL */
	const struct strlist
		*rules;	  /* that its author had from people, verbatim in the prompt; NULL */
	struct str patch; /* of the target and of a model: data */
	struct str evidence;
	const struct provider_watch *watch; /* NULL */
};

enum review_verdict { REVIEW_NONE, REVIEW_ACCEPTED, REVIEW_REJECTED };
extern const char *const review_verdict_names[]; /* "none", "accepted", "rejected" */

struct review_result {
	enum review_verdict verdict; /* REVIEW_NONE: it gave no answer of the form */
	char *reason;		     /* of the reviewer, or why there is no verdict */
	json_t *defects;	     /* [{"file", "line", "claim"}]; NULL */
};
void review_result_cleanup(struct review_result *r);

/* Fails as agent_run does; *failure as there. */
int review_run(struct calls *c, const struct review_spec *spec, enum call_failure *failure,
	struct review_result *ret, struct dd_err *err) DD_MUST_USE;

#endif
