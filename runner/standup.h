/*
 * The durable run of `drydock up`: intake, base image, package index, discovery, recipe, report,
 * each a journalled step.  Run again on the same journal it goes on where it was.
 */
#ifndef RUNNER_STANDUP_H
#define RUNNER_STANDUP_H

#include "base/map.h"
#include "envprobe/envprobe.h"
#include "runner/intake.h"
#include "runner/run.h"

struct views {			       /* of its entry pages (runner/views.h) */
	char *browser;		       /* NULL: it did not look */
	char *note;		       /* why it did not, or not to the end; NULL */
	struct screen_step_list steps; /* empty: it serves no pages, or nobody was to look */
};

struct standup_result {
	struct source source;
	struct image base;
	char *index_digest;
	struct probe_result probe;
	char *egress_log; /* absolute path: what was asked of the network, by all tries of the run
			   */
	struct egress_log egress; /* its content, once the run is over */
	char *recipe;		  /* absolute path of drydock.lock.json; NULL when there is none */
	char *report;		  /* absolute path of report.html */
	char *cases;		  /* absolute path of the test cases, JSON lines; NULL: no tests */
	struct views views;
	json_t *differences;  /* of a replay, see replay_differences; NULL */
	struct map upstreams; /* name -> URL, of this machine's configuration */
	double seconds;	      /* of all steps, without the time the run lay still */
};
void standup_result_cleanup(struct standup_result *r);

/*
 * Run or go on.  An outcome is no error; DD_ESTOPPED when a signal stopped it (the run is
 * resumable), any other error is ours.
 */
int standup(const struct state *st, struct run *run, struct answers *answers,
	struct standup_result *ret, struct dd_err *err) DD_MUST_USE;

/*
 * The steps of a replay that stand for discovery: install the locked packages, build, test
 * (runner/replay.c).  Fills r->probe.
 */
int standup_replay(const struct state *st, struct run *run, struct answers *answers,
	const struct recipe *recipe, struct standup_result *r, struct dd_err *err) DD_MUST_USE;

/*
 * How the result of a replay differs from what its recipe yielded (runner/differences.c): an object of lists,
 * files that are `missing` or `added`, those `linked` otherwise, those whose `text` or only whose `bytes`
 * differ, and `tests` that ended otherwise, {id, was, is}; and how many cases were `renamed`: they ended the same under an id
 * with other numbers, or another directory below /tmp.  NULL: the recipe does not say.  A new reference.
 */
json_t *replay_differences(const struct recipe *r, const struct probe_result *now);

/* NAME=value for each variable of the recipe, and what everything gets; what has no answer is added to missing. */
void standup_environment(const struct recipe *r, struct answers *answers, struct strlist *ret,
	struct strlist *missing);

/* Of all its steps so far. */
int standup_seconds(const struct run *run, double *ret, struct dd_err *err) DD_MUST_USE;

/* The object of `drydock up --json`; secrets redacted. */
json_t *standup_to_json(
	const struct run *run, const struct standup_result *r, const struct answers *answers);

/* The recipe of a finished run, for recipe_write; strings are copies, secrets redacted. */
void standup_recipe(const struct run *run, const struct standup_result *r,
	const struct answers *answers, struct recipe *ret);

#endif
