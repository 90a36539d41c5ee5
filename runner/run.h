/*
 * A run: a directory <state>/runs/<id> with its journal, logs, results, recipe and report.  Its
 * lock file is flocked by the drydock that works on it; a directory whose lock nobody holds is a
 * run at rest.  Ids sort by time: "20240131-235959123-a1b2".
 */
#ifndef RUNNER_RUN_H
#define RUNNER_RUN_H

#include "record/journal.h"
#include "record/record.h"
#include "runner/limit_options.h"

struct run_options { /* journalled at creation; what resume goes by */
	char *source;
	char *answers; /* absolute path of the answers file; NULL: none */
	char *image;   /* NULL: the base image */
	char *recipe;  /* absolute path of the recipe of a replay; NULL: discovery */
	char *bundle;  /* absolute path of the bundle that the recipe comes in; NULL */
	bool discover; /* what a replay of the recipe shows to be broken */
	bool fix; /* a repair, or a plan's execution: what it stands up are parts of it (run_open_part) */
	bool strict;	/* of a repair: also what compilers of today refuse */
	bool no_branch; /* of a repair: nothing is written into the repository of the source */
	char *patch;	/* of a repair: absolute path of the file that gets it; NULL */
	char *osv;	/* of a repair: absolute path of advisories (runner/scan.h); NULL: none */
	int64_t fix_ms; /* of a repair: how long it may take; 0: no limit */
	char *goal; /* of a repair: what the user wants of a model; NULL: that what fails passes */
	char *models; /* absolute path of the models.json to use; NULL: of a repair the user's own, else none is asked */
	int64_t budget_tokens, budget_nano_usd; /* for calls to models; 0: no bound */
	json_t *plan; /* of a plan's execution (runner/work.h): {"path", "digest", "by", "time_s"}; NULL */
	char *notify; /* of that: who is told; NULL */
	int64_t jobs; /* of that: so many tasks at the same time; 0, 1: one after the other */
	json_t *refine; /* of a refinement (runner/fix_refine.h): {"run", "page", "text", "by"}; NULL */
	json_t *rebase; /* of a branch that is put onto another commit (runner/fix_rebase.h): {"run"}; NULL */
	json_t *workspace; /* its members, each a part of the run (runner/workspace.h); NULL */
	struct strlist
		peers; /* of a member: the others that run beside its tests, each behind what it needs */
	json_t *given; /* of a part: the source, instead of taking it in; NULL */
	bool build_only;
	bool offline;
	bool screens;		     /* look at the entry pages where there is a browser */
	bool browser;		     /* and make its image where there is none */
	bool no_prune;		     /* of packages that nothing was seen to use */
	char *facts;		     /* absolute path of a drydock.yaml; NULL: that of the source */
	bool no_learnt;		     /* what earlier runs learnt is not used */
	bool apart;		     /* nor is anything left that later runs learn from */
	bool install_anew;	     /* no layer of packages of an earlier run is taken */
	struct strlist without;	     /* packages a replay hides the files of */
	struct limit_options limits; /* of each pod of the run */
	int64_t time_ms, silence_ms; /* of each command of build and tests; 0: the defaults */
	int64_t created_ns;	     /* real time */
};
void run_options_cleanup(struct run_options *o);

struct run {
	char *id;
	char *dir;
	char *whole; /* of a part: the directory of the run that it is in; NULL */
	int lock_fd; /* -1: opened for reading only */
	int hold_fd; /* 0: not held */
	struct journal *journal;
	struct run_options options;
};

/* Create the directory and journal of a new run and lock it.  o is copied. */
int run_create(const struct state *st, const struct run_options *o, struct run *ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * Open by "latest", NULL (the same) or a unique prefix; with "/NAME" behind it, that member of its workspace.  DD_ENOENT, or
 * DD_EINVAL when it is not unique. lock: DD_EBUSY while a drydock works on it.
 */
int run_open(const struct state *st, const char *name, bool lock, struct run *ret,
	struct dd_err *err) DD_MUST_USE;
/* run_open without the lock, and kept from being collected (run_hold).  After an error nothing is open. */
int run_open_held(const struct state *st, const char *name, struct run *ret, struct dd_err *err)
	DD_MUST_USE;
void run_cleanup(struct run *r);

/* Outcome journalled at the end of a run; OUTCOME_NONE while it has none. */
enum run_outcome run_outcome(const struct run *r);

/*
 * Before a resume: with new answers (path may be NULL: the old file), or when the run was blocked,
 * the steps that answers decide are forgotten, so that they are done again.
 */
int run_change_answers(struct run *r, const char *path, struct dd_err *err) DD_MUST_USE;

/* A pinned run is never collected. */
bool run_is_pinned(const struct run *r);
int run_pin(struct run *r, bool pinned, struct dd_err *err) DD_MUST_USE;

/* Ids, oldest first. */
int run_list(const struct state *st, struct strlist *ret, struct dd_err *err) DD_MUST_USE;

/*
 * A run inside a run: a directory of it with a journal of its own, made with these options where it is not there yet.
 * Id and leases are the run's.
 */
int run_open_part(const struct run *of, const char *name, const struct run_options *o,
	struct run *ret, struct dd_err *err) DD_MUST_USE;

/* A member of the workspace that the run is of, or is a part of.  DD_EINVAL: it has none of that name. */
int run_open_member(const struct run *of, const char *name, struct run *ret, struct dd_err *err)
	DD_MUST_USE;
#define RUN_MEMBERS "members" /* they are below */
/* DD_EINVAL: it is the run of a workspace, and what is asked for is one of a member. */
int run_require_single(const struct run *r, struct dd_err *err) DD_MUST_USE;
/* DD_EINVAL: it is a member, and what is asked for is done to a run as a whole. */
int run_require_whole(const struct run *r, struct dd_err *err) DD_MUST_USE;

bool run_is_live(const struct run *r); /* a drydock (maybe this one) works on it */

/*
 * Keep it from being collected until run_cleanup, whoever works on it; any number of processes may.
 * DD_EBUSY: it is being removed.
 */
int run_hold(struct run *r, struct dd_err *err) DD_MUST_USE;
bool run_is_held(const struct run *r);

/* Delete a run we hold the lock of and release its layers; only run_cleanup may follow. */
int run_discard(const struct state *st, struct run *r, struct dd_err *err) DD_MUST_USE;

/* Delete a run at rest and release its layers.  DD_EBUSY: somebody works on it or holds it. */
int run_remove(const struct state *st, const char *id, struct dd_err *err) DD_MUST_USE;

/* Who holds what a command reads that is no run; what it left when it was killed is swept.  Heap. */
char *run_command_owner(void);

/* Remove what a drydock killed while it created a run left behind. */
int run_sweep(const struct state *st, struct dd_err *err) DD_MUST_USE;

/* "run-<id>": the owner of its layer leases.  Heap. */
char *run_owner(const struct run *r);

/* In the directory of a run: what commands that take it up later leave.  No attestation is about it. */
#define RUN_LATER "later"

char *run_path(const struct run *r, const char *name); /* dir/name, heap */

#endif
