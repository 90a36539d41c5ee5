/*
 * Packages of the npm registry, as a layer of the work tree that holds node_modules and nothing
 * else.
 *
 * Fetch and run are different phases.  npm itself, a distribution package on the root stack, is run
 * as an ordinary user in a pod with the egress broker as its registry, in a directory that holds
 * only what the parser worker "npm" took over from package.json and the lock file: names, versions,
 * digests.  Scripts are off; neither the tree's .npmrc nor anything else of it is there.  Every
 * archive lands in the content store; with a locked set nothing is resolved, the broker answers
 * from the store, and what npm then makes is the same.  Lifecycle scripts are for a build without
 * network to run (npm_result.scripts).
 */
#ifndef IMAGES_NPM_H
#define IMAGES_NPM_H

#include "images/npmrc.h"
#include "record/answers.h"
#include "record/record.h"

struct npm_job {
	const struct state *state;
	const struct stack *root;	 /* with npm on it */
	const struct stack *source;	 /* one layer */
	const char *dir;		 /* of package.json below the source; NULL: its root */
	struct answers *answers;	 /* for what no registry has; may be NULL */
	const struct module_set *locked; /* of a recipe: nothing is resolved; may be NULL */
	bool offline;
	const char *owner;	/* of the lease of the layer */
	const char *log_path;	/* what npm prints */
	const char *egress_log; /* file that what was asked of the network is added to */
};

struct npm_result {
	char *layer; /* key; NULL: it needs no packages, or brings them along, or see outcome */
	bool cached; /* the layer was there */
	struct module_set set;		 /* when there is a layer */
	struct strlist scripts;		 /* names of packages with lifecycle scripts */
	struct strlist optional_scripts; /* whose failure is none */
	struct question_list questions;
	struct feature_off_list features_off;
	enum run_outcome outcome; /* OUTCOME_NONE, or why the packages cannot be had */
	struct diagnosis diagnosis;
};
void npm_result_cleanup(struct npm_result *r);

/*
 * Find or make the layer.  DD_ENOENT offline when an archive is not in the store; DD_EIO when a
 * registry does not answer; DD_ECORRUPT when a locked archive came with another digest.
 */
int npm_install(const struct npm_job *job, struct npm_result *ret, struct dd_err *err) DD_MUST_USE;

/*
 * The machine's registries, with the default that npm has of its own where the configuration names
 * none: as npm on an earlier root stack, or the machine's own npm, told.  Maybe without any.
 */
int npm_sources_of_machine(const struct state *st, struct npm_sources *ret, struct dd_err *err)
	DD_MUST_USE;

/* Which registries Node applications get their packages from. */
void npm_doctor(const struct state *st, struct doctor_list *ret);

/* Worker "npm". */
int npm_worker_main(int argc, char **argv);

#endif
