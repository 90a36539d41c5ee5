/*
 * drydock eval: how close configurations come to known answers.  A suite is a directory with a directory a case:
 *
 *   CASE/case.json   {"source": PATH, "intent": FILE, "hidden": DIR, "hidden_cases": N,
 *                     "budget": {"seconds", "usd", "tokens"}}, paths are relative to CASE, or absolute
 *
 * A case is a repair (drydock fix) of a copy of the source.  Only when it is over, the files of `hidden` are put over the tree that
 * it left, and that is stood up once more: the cases of tests that were not there before are the hidden ones.
 *
 * What is done is kept as <state>/evals/KEY.json, the run that is under way as KEY.run; KEY is the digest of drydock's version, the case, its source and the
 * configuration with its models, so that the same command goes on where it was.
 */
#ifndef RUNNER_EVAL_H
#define RUNNER_EVAL_H

#include "base/json.h"
#include "runner/run.h"

#define EVAL_MAX_CASES 1000

struct eval_case {
	char *name, *dir; /* of the directory */
	char *source, *intent,
		*hidden;	 /* absolute; intent is its text, NULL: what fails is to pass */
	int64_t hidden_cases;	 /* at least 1 */
	int64_t seconds, tokens; /* 0: no bound */
	double usd;
	struct hash_hex digest; /* of all that it is made of */
};

struct eval_config {
	char *name, *models; /* models: absolute path; NULL: as drydock fix would */
	bool strict;
	struct hash_hex digest;
};

struct eval_suite {
	struct eval_case *v; /* in the order of names */
	size_t n;
};
void eval_suite_cleanup(struct eval_suite *s);
void eval_config_cleanup(struct eval_config *c);

/* DD_EINVAL: the suite is not well formed; the message names the file. */
int eval_suite_read(const char *dir, struct eval_suite *ret, struct dd_err *err) DD_MUST_USE;
/* path NULL: as the user's drydock fix would do it. */
int eval_config_read(const char *path, struct eval_config *ret, struct dd_err *err) DD_MUST_USE;

struct eval_result {   /* of one case with one configuration */
	char *run;     /* NULL: it could not be begun */
	char *outcome; /* of the repair, or "refused" */
	char *why;     /* it was refused, or nothing hidden ran; NULL */
	bool built;
	int64_t visible_passed, visible_failed; /* after the repair */
	int64_t hidden_passed, hidden_failed;	/* what of hidden_cases did not run has failed */
	double usd, seconds;
	int64_t tokens;
};
void eval_result_cleanup(struct eval_result *r);
extern const struct json_field eval_result_fields[];
bool eval_result_solved(const struct eval_result *r);

/* DD_ESTOPPED: a signal stopped it, and it goes on when it is asked again.  anew: what is kept is done again. */
int eval_run(const struct state *st, const struct eval_case *c, const struct eval_config *config,
	bool anew, struct eval_result *ret, struct dd_err *err) DD_MUST_USE;

/* Wilson's interval of a share at 95 %; n 0: from 0 to 1. */
void eval_wilson(size_t k, size_t n, double *ret_low, double *ret_high);
/* The two-sided exact sign test: how likely a split of n as uneven as k is by chance. */
double eval_sign_test(size_t k, size_t n);

#endif
