/* Inside the room: one run of npm in a pod. */
#ifndef IMAGES_NPM_POD_H
#define IMAGES_NPM_POD_H

#include "images/npm.h"
#include "record/steplog.h"

struct npm_run {
	/* in */
	const struct npm_job *job;
	const struct npm_sources *sources;
	const json_t *files;		/* path below dir -> text: all that npm finds */
	const char *const *command;	/* arguments of npm */
	const struct strlist *options;	/* more of them */
	const struct module_set *known; /* archives to be answered from the store; may be NULL */
	struct steplog *log;
	/* out */
	int exit_code;
	struct buf tail;   /* the last of what npm printed */
	struct buf hidden; /* node_modules/.package-lock.json */
	struct buf lock;   /* package-lock.json as npm left it */
	struct egress_log egress;
	struct pod *pod; /* with node_modules in its work tree, when exit_code is 0 */
};
int npm_run(struct npm_run *r, struct dd_err *err) DD_MUST_USE;
void npm_run_cleanup(struct npm_run *r); /* closes the pod unless it was taken */

/* The registry that npm on this root stack has of its own; heap. */
int npm_ask_default(const struct state *st, const struct stack *root, char **ret,
	struct dd_err *err) DD_MUST_USE;

#endif
