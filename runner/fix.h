/*
 * drydock fix: a durable run that repairs an application.  It stands the application up, takes what fails, lets authors
 * propose changes, and keeps a change if what it gives is better in no case worse: each step is journalled, so that a
 * killed repair goes on where it was and ends with the same commits.
 *
 *   before/       the stand-up of the source as it is
 *   attempt-N/    that of the source with all changes kept so far and the one of attempt N
 *   fix.patch, pr.md, result.json   what it gives
 *
 * The only thing written outside of the state directory is a new branch drydock/ID of the source's repository.
 */
#ifndef RUNNER_FIX_H
#define RUNNER_FIX_H

#include "runner/standup.h"

/* ---- proposing (fix_propose.c) ---- */

enum fix_author {
	AUTHOR_PYTHON,
	AUTHOR_C,
	AUTHOR_BUILD,
	AUTHOR_MODEL,
	AUTHOR_MERGE, /* a commit that is there, put onto another: of runner/fix_rebase.h alone */
	AUTHOR_END
};
extern const char *const fix_author_names[]; /* "python-3", "c", "build", "model", "merge" */

struct fix_ground { /* what a proposal is made on; all borrowed */
	const struct state *state;
	const char *owner;
	const struct stack *root, *work; /* packages; source and changes */
	const struct command_list *commands;
	const char *const *env;
	/* That the tests have beside them, for judging: */
	const struct service_list *services;
	const struct supplied_file_list *files;
	struct answers *answers;
	const char *run_dir;
	bool strict;
	const char *
		name; /* of the proposal, unique in all runs: the layer of a rule's changes is known by it */
	const char *log_path;
};

/*
 * *ret: {"author", "layer": key or null when there is nothing to propose, "fixes": [{"path", "rule", "text"}], "units":
 * [{"path", "before", "after", "symbols"}], "left": [{"path", "line", "message"}], "note"}.  A new reference.
 */
int fix_propose(const struct fix_ground *g, enum fix_author author, json_t **ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * Close the desk of an author.  If its result has fixes, what it changed becomes a layer; "author" and "layer" are added.
 * step: names what was done on the tree, and so, with the tree, the layer: the same step must give the same bytes.
 */
struct pod;
int fix_keep_changes(const struct fix_ground *g, struct pod *desk, enum fix_author author,
	const char *step, json_t *result, struct dd_err *err) DD_MUST_USE;

/*
 * Judge what a layer changes (agents/judge.h), by building and testing it again and again.  g: packages, and the source
 * without the layer.  passes: all tests passed with it.  tests_may_change: the goal asks for it, or a rule of ours writes them in another dialect.  *ret: as
 * judge_change gives it, with "findings"; a new reference.
 */
int fix_judge(const struct fix_ground *g, const char *layer, bool passes, bool tests_may_change,
	json_t **ret, struct dd_err *err) DD_MUST_USE;

/* ---- looking at changes (fix_changes.c) ---- */

/*
 * What the layers change in the tree below them: *ret is {"files": [{"path", "created", and what touched.h gives}], "findings":
 * [{"path", "line", "kind", "text"}], "linters", "suppressed": of lint.h}, and the patch is appended.  The findings are what no honest repair does to tests.
 */
int fix_changes(const struct state *st, const struct stack *below, const struct strlist *layers,
	json_t **ret, struct buf *patch, struct dd_err *err) DD_MUST_USE;

struct gitrepo_object_list;
struct fix_commit_spec { /* borrowed */
	const char
		*dir; /* of the repository, which is read by a worker from a stream of its bytes */
	const char *parent; /* hexadecimal; NULL: HEAD */
	const struct stack *below;
	const struct strlist *layers, *messages; /* one commit a layer */
	int64_t time_s;
};
/* DD_EUNSUPPORTED: it cannot be read, or a file differs from its commit; the message says what. */
int fix_commits(const struct state *st, const struct fix_commit_spec *spec,
	struct gitrepo_object_list *ret, char **ret_commit, struct dd_err *err) DD_MUST_USE;

struct gitrepo_pack_spec;
/* gitrepo_pack (base/git_push.h) of the repository at dir, by a worker that gets a stream of its bytes.  Errors as fix_commits. */
int fix_pack(const struct state *st, const char *dir, const struct gitrepo_pack_spec *spec,
	struct buf *pack, struct gitrepo_object_list *objects, struct dd_err *err) DD_MUST_USE;

/* Files of a layer on `below` that are tests, appended for fix_put_files (fix_changes.c). */
int fix_tests_of(const struct state *st, const struct stack *below, const char *layer,
	struct buf *texts, struct dd_err *err) DD_MUST_USE;

/* ---- onto another commit (fix_changes.c) ---- */

/*
 * What gitrepo_list_picks gives of the repository at dir: *ret is {"base", "commits": [{"commit", "subject", "message", "files"}]}, a new
 * reference.  Errors as of fix_commits, and the worker's words for what cannot be put onto another commit.
 */
int fix_picks(const struct state *st, const char *dir, const char *commit, const char *onto,
	json_t **ret, struct dd_err *err) DD_MUST_USE;

struct fix_merge_spec {	 /* borrowed */
	const char *dir; /* of the repository, as for fix_commits */
	const char *commit, *onto;
	const struct stack *tree; /* that the change is put onto */
};
/*
 * gitrepo_merge: *ret_files is [{"path", "created", "clash", "places": [{"now", "change", "by"}]}], a new reference; texts is for
 * fix_put_files, appended.  Errors as of fix_commits.
 */
int fix_merge(const struct state *st, const struct fix_merge_spec *spec, json_t **ret_files,
	struct buf *texts, struct dd_err *err) DD_MUST_USE;
struct fix_pick { /* a commit that is put onto another (runner/fix_rebase.c) */
	const char *commit, *onto, *message; /* borrowed */
	json_t *files;			     /* of fix_merge */
	struct buf texts;
	bool merged; /* texts is there */
};
/* Write them in a desk.  marked: they need not parse.  DD_EINVAL: refused, and the message says why.  *ret_files as of fix_bench_edit. */
int fix_put_files(struct pod *desk, struct str texts, bool marked, json_t **ret_files,
	struct dd_err *err) DD_MUST_USE;

struct fix_origin_spec {      /* borrowed */
	const char *dir;      /* of the repository, as for fix_commits */
	const char *revision; /* a commit or a name; one that is gone: HEAD */
	const char *path;
	int64_t line;
	const struct stack *
		tree; /* whose file it is a line of; NULL: that of the revision, which must be there */
};
/*
 * Which commit a line is of: *ret is {"commit", "author", "subject", "time_s", "path", "line": there, "text": of it there,
 * "run", "attempt": as its trailers say}, without a commit {}; a new reference.  Errors as fix_commits, and DD_EINVAL: there is no such line.
 */
int fix_origin(const struct state *st, const struct fix_origin_spec *spec, json_t **ret,
	struct dd_err *err) DD_MUST_USE;

/* Body of the worker "fix": propose HOW | build COMMAND | judge passes|fails may-change|stay COMMAND | changes N | repository |
 * commits N TIME PARENT|HEAD | pack COMMIT FROM|- pack|objects | lint new|there WAS IS | cover | edit |
 * show PATH FROM TO | picks COMMIT ONTO | merge COMMIT ONTO | put whole|marked | origin tree|revision REVISION PATH LINE. */
int fix_worker_main(int argc, char **argv);

/* ---- the run ---- */

/* Do the run (new, or resumed), print how it ended, and give the exit status. */
struct cli_call;
int fix_run(
	const struct cli_call *call, struct state *st, struct run *run, struct answers *answers);

#endif
