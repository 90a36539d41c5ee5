/*
 * A workspace: a YAML file that names repositories which form one application.
 *
 *   workspace: harbour          # optional: its name; else that of the file
 *   members:
 *   - name: tides               # also the host name that leads to it: small letters, digits and "-"
 *     source: tides             # as SOURCE of drydock up; a path is seen from the directory of the file
 *   - name: winch
 *     source: winch
 *     needs: [tides]            # these run beside its tests, and before it
 *     facts: winch-facts.yaml   # optional: its drydock.yaml
 *
 * Its run stands up each member as a part of it (run_open_part), those first that others need, with the
 * members that it needs running beside its tests (runner/beside.h); then all of them are started together, in one network.
 */
#ifndef RUNNER_WORKSPACE_H
#define RUNNER_WORKSPACE_H

#include "record/answers.h"
#include "runner/cli.h"
#include "runner/run.h"

struct workspace_member {
	char *name, *source;
	char *facts; /* absolute path; NULL */
	char *recipe,
		*image; /* of a replay: absolute path of its lock, the base image that names; NULL */
	struct strlist needs;
	struct strlist beside; /* the same, with what those need, each behind what it needs */
};
RECORD_LIST(workspace_member);

struct workspace {
	char *workspace; /* its name */
	struct workspace_member_list
		members; /* each behind what it needs, else in the order of the file */
};
void workspace_cleanup(struct workspace *w);
extern const struct json_field workspace_fields[];

#define WORKSPACE_MAX_MEMBERS 20
#define WORKSPACE_LOCK "drydock.workspace.lock.json"

/* Is it a file that can be one, by its name? */
bool workspace_is(const char *path);

/* Read it, in a worker; sources become absolute.  DD_EINVAL: what is wrong in it. */
int workspace_read(const struct state *st, const char *path, struct workspace *ret,
	struct dd_err *err) DD_MUST_USE;

/* Is this a lock of a whole workspace (the file, or the folder that has it)? */
bool workspace_is_lock(const char *path);
/* Each member gets its recipe from the lock.  DD_EINVAL: it is none, or one of another workspace. */
int workspace_take_lock(struct workspace *w, const char *path, struct dd_err *err) DD_MUST_USE;

/* Into the options of a run that is to be made. */
void workspace_to_options(const struct workspace *w, struct run_options *ret);

/* run_change_answers, of it and of all members that were begun. */
int workspace_change_answers(struct run *run, const char *path, struct dd_err *err) DD_MUST_USE;

/* Do the run (new, or resumed), of a workspace or of one application, and print how it ended; gives the exit status. */
int workspace_or_one(
	const struct cli_call *call, struct state *st, struct run *run, struct answers *answers);

/* Worker "workspace": the file on standard input, the same as JSON on standard output. */
int workspace_worker_main(int argc, char **argv);

#endif
