/*
 * envprobe: finds out what an application needs to build and run.
 *
 *   detect   a parser worker reads the source tree: build system, commands, declared needs
 *   attempt  install what is known, build in a pristine tree, run the tests, watched by the tracer
 *   learn    error text (rules in data files), failed look-ups, config.log -> needs
 *   resolve  needs -> packages through an index compiled from the machine's own package lists
 *   again, from the last good layer, until it is up, nothing new is learnt, or only a person can go
 * on
 *
 * Every decision is a journalled step, so that a killed run goes on where it was.
 */
#ifndef ENVPROBE_ENVPROBE_H
#define ENVPROBE_ENVPROBE_H

#include "images/apt.h"
#include "record/answers.h"
#include "record/journal.h"
#include "record/record.h"

/* What the loop hands to the function that runs the tests. */
struct probe_tests {
	const struct stack *root;
	const struct stack *work;
	const struct command_list *commands;
	const struct service_spec *services; /* that run beside them */
	size_t nservices;
	const char *const *env;
	const struct pod_bind *binds;
	size_t nbinds;
	struct trace *trace;
	char *(*on_prompt)(void *ctx, const char *run, struct str tail);
	void *prompt_ctx;
	const char *log_path;
};

struct probe_spec {
	const struct state *state;
	struct journal *journal;
	const char *run_dir;
	const char *owner; /* lease owner of its layers: "run-<id>" */
	const struct image *image;
	const struct apt_index *index;
	const struct stack *source; /* the work stack: the source layer */
	struct answers *answers;
	const char *egress_log; /* path; appended to */
	bool offline;
	bool no_prune;	 /* keep what nothing was seen to use */
	bool build_only; /* the tests are not run */
	const struct strlist
		*peers; /* names of other applications that run beside the tests; NULL */
	const struct recipe *
		known; /* what it needed before: its packages are the first that are wanted; NULL */
	const struct premises *facts;	      /* what a person says beforehand; NULL */
	const struct premises *learnt_before; /* by a run of the same source; NULL */
	/* What is known after a round is told to it, with ctx; NULL: nobody. */
	int (*learnt)(void *ctx, const struct premises *now, struct dd_err *err);
	/*
	 * Asks somebody else what else could be tried, with ctx (tail.h); NULL: nobody.  *ret: {"model", "package", "note"}.
	 */
	int (*ask)(
		void *ctx, const json_t *evidence, int64_t nth, json_t **ret, struct dd_err *err);
	int max_attempts;	  /* 0: 20 */
	int64_t step_limit_ms;	  /* of one command; 0: 30 minutes */
	int64_t silence_limit_ms; /* 0: 10 minutes */
	/* Runs the tests of an attempt (qa, handed down by runner). */
	int (*run_tests)(void *ctx, const struct probe_tests *t, struct test_run *ret,
		enum exec_cause *ret_cause, struct dd_err *err);
	void *ctx;
};

struct probe_result {
	enum run_outcome outcome;
	struct diagnosis diagnosis;
	struct project project;
	struct attempt_list attempts;
	struct package_list packages;
	struct install_batch_list batches;
	struct module_set_list modules;
	struct env_var_list environment;
	struct supplied_file_list files;
	struct prompt_answer_list prompts;
	struct question_list questions;
	struct feature_off_list features_off;
	struct refusal_list refused; /* of every attempt */
	struct strlist options;
	struct service_list services; /* started before the tests */
	struct test_run tests;
	struct seen_run_list
		runs; /* by the tests, of programs that are not the system's, and of servers */
	struct start start;		    /* how the application is run; see probe_starts */
	struct start_try_list starts;	    /* all that was tried */
	struct stack root;		    /* with the packages */
	struct stack work;		    /* source and built tree */
	double build_seconds;		    /* of the last configure + build */
	double test_seconds;		    /* of the last tests, by the clock */
	struct built_file_list built_files; /* of the last build that succeeded */
};
void probe_result_cleanup(struct probe_result *r);

/* Errors are ours (disk, package sources, stop); a target that fails is an outcome. */
int probe_run(const struct probe_spec *spec, struct probe_result *ret, struct dd_err *err)
	DD_MUST_USE;

/*
 * Commands that might be how the application is run, the best first, from its built tree and what its tests ran: to be
 * tried by whoever has a pod for it.
 */
int probe_starts(const struct state *st, const struct probe_result *r, struct start_try_list *ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * A drydock.yaml: its text, or the file of that name in the root of a source.  DD_EINVAL: it is none, and why;
 * DD_ENOENT: the source has none.
 */
#define FACTS_MAX_BYTES ((size_t)1 << 20)
int probe_facts_read(const struct state *st, struct str text, struct premises *ret,
	struct dd_err *err) DD_MUST_USE;
int probe_facts_of_source(const struct state *st, const struct stack *source, struct premises *ret,
	struct dd_err *err) DD_MUST_USE;
/* The way back: one that says the same. */
void probe_facts_print(const struct premises *f, struct buf *out);
/* What a run with this result would tell the next one, but for what it was told itself (NULL: nothing). */
void probe_learnt(const struct probe_result *r, const struct premises *told, struct premises *ret);

/* "NAME=value" of what every build and test gets: PATH, HOME, a fixed locale and time zone, ... */
void probe_environment(struct strlist *ret);

/* Those of it that mean the same elsewhere, as constants of a recipe; one that is there is kept. */
void probe_recipe_environment(struct env_var_list *ret);

/* A stack as the results of steps have it: the keys of its layers, from the lowest. */
json_t *probe_stack_to_json(const struct stack *s);
void probe_stack_from_json(const json_t *keys, struct stack *ret); /* in place of what it had */

/* Stacks of an attempt of a run: its packages, and its tree as far as it was kept.  DD_ENOENT. */
int probe_attempt_stacks(struct journal *j, const struct image *image, const struct stack *source,
	int64_t attempt, struct stack *ret_root, struct stack *ret_work, struct dd_err *err)
	DD_MUST_USE;

/*
 * Run the configure and build commands of a recipe once on given stacks, without learning;
 * used by replay.  Freezes the built tree and pushes it on `work`.
 */
struct build_spec {
	const struct state *state;
	const struct stack *root;
	struct stack *work;
	const struct command_list *commands;
	const char *const *env;
	const struct pod_bind *binds;
	size_t nbinds;
	struct answers *answers;
	const char *owner;
	const char *log_path;
	struct trace *trace; /* of its connections; may be NULL */
	int64_t step_limit_ms, silence_limit_ms;
};
struct build_outcome {
	bool built;
	enum run_outcome outcome; /* not built: blocked or build-failed */
	struct diagnosis diagnosis;
	struct question_list questions; /* that it asked on its terminal */
};
void build_outcome_cleanup(struct build_outcome *o);
int probe_build(const struct build_spec *spec, struct build_outcome *ret, struct dd_err *err)
	DD_MUST_USE;

/* Why a build failed, and what a test run means; waits_for: a question without an answer, NULL. */
enum run_outcome probe_judge_build(const char *failed, enum exec_cause cause,
	const struct question *waits_for, struct diagnosis *ret);
enum run_outcome probe_judge_tests(const struct test_run *t, enum exec_cause cause,
	const struct question *waits_for, struct diagnosis *ret);

/*
 * Files that a person supplied, where builds and tests look for them: those of the tree in a layer on the work
 * stack, so that a build may change its own copy; the others bound read-only from a layer on no stack.
 */
struct probe_placing {
	const struct state *state;
	const char *owner; /* of the layers' leases */
	struct answers *answers;
	const struct stack *source; /* the work stack without them */
	const struct supplied_file_list *files;
};
struct probe_files {
	char *tree;    /* key; NULL: none of them is in the tree */
	char *outside; /* key; NULL: none of them is elsewhere */
	struct pod_bind *binds;
	size_t nbinds;
};
void probe_files_cleanup(struct probe_files *f);

/* Makes the layers.  DD_EINVAL: an answer cannot be read, or is no archive where one is needed. */
int probe_place_files(const struct probe_placing *spec, struct probe_files *ret, struct dd_err *err)
	DD_MUST_USE;
/* Fills in the binds of f->outside. */
void probe_bind_files(
	const struct state *st, const struct supplied_file_list *files, struct probe_files *f);
/* Those of an attempt of a run that are not in its tree (0: of the last); none is no error. */
int probe_attempt_files(const struct state *st, struct journal *j, int64_t attempt,
	struct probe_files *ret, struct dd_err *err) DD_MUST_USE;
/* Below the tree or absolute, plain, and not where a pod has file systems of its own (but its home)? */
bool probe_may_place(const char *path);

/* What the tests need to have services beside them. */
struct probe_serving {
	struct service_spec *services; /* without an environment; valid as long as the list */
	size_t nservices;
	const char *(*argv)[4]; /* of the services, and their strings */
	struct strlist words;
	char *hosts; /* file with the names that lead to them; NULL */
	struct pod_bind *binds;
	size_t nbinds;
};
void probe_serving_cleanup(struct probe_serving *s);
struct probe_serve_spec {
	const struct service_list *services;
	struct answers *answers;
	const char *run_dir;
	const struct strlist *names;  /* more names that lead to this machine; may be NULL */
	const struct pod_bind *binds; /* first among its own; borrowed */
	size_t nbinds;
};
/* DD_EINVAL: a secret command has no answer. */
int probe_serve(const struct probe_serve_spec *spec, struct probe_serving *ret, struct dd_err *err)
	DD_MUST_USE;

/* The refused connections of a trace, by target and program; their attempt is 0. */
void probe_refused(const struct trace *t, enum run_step step, struct refusal_list *ret);

/* Prompts of tests: ctx of probe_answer_prompt, an on_prompt of theirs.  answers is borrowed. */
struct prompter *probe_prompter_create(struct answers *answers);
void probe_prompter_destroy(struct prompter *p); /* NULL is fine */
char *probe_answer_prompt(void *ctx, const char *run, struct str tail);
/* What was asked, borrowed. */
const struct question_list *probe_prompter_questions(const struct prompter *p);

/*
 * What is installed on a root stack, as its package tool tells, and what of that the programs built
 * in the work tree are linked to: for the journal, and for recipe_facts.  *ret is a new reference.
 */
int probe_inventory(const struct state *st, const struct stack *root, const struct stack *work,
	json_t **ret, struct dd_err *err) DD_MUST_USE;

/* What the files of a recipe are made from; all of it borrowed. */
struct recipe_facts {
	const struct recipe *recipe;
	const struct probe_result *found;
	const json_t *inventory;       /* of probe_inventory; NULL: not known */
	const struct answers *answers; /* whose secrets are in no file */
};

/* Has a person answered it?  What a default stands for is not answered, nor is what blocks. */
bool recipe_is_answered(const struct recipe *r, const struct question *q);

/*
 * The files that build and run it again, into dir: drydock.lock.json, drydock.buildinfo, Dockerfile,
 * .devcontainer/devcontainer.json, BUILD.md, sbom.cdx.json, sbom.spdx.json; where the recipe has
 * services or variables, compose.yaml and .env.example.
 */
int recipe_write(const struct recipe_facts *f, const char *dir, struct dd_err *err) DD_MUST_USE;

/* The files that say what was found out, also where there is no recipe: NEEDS.md, needs.json, evidence.jsonl, drydock.yaml. */
int recipe_write_findings(const struct recipe_facts *f, const char *dir, struct dd_err *err)
	DD_MUST_USE;

/* RECIPE: the lock file or its folder.  DD_EINVAL: it is no recipe, or not a complete one. */
int recipe_load(const char *path, struct recipe *ret, struct dd_err *err) DD_MUST_USE;

/* Compile the tables of patterns that logs and sources are held against, for what match_on_compiled does with them. */
int probe_compile_patterns(struct dd_err *err) DD_MUST_USE;

/*
 * Workers: "built" (what a build made, at /src), "detect", "endpoints", "references", "rows", "spare" and "locate" (source tree at /src), "facts" (the
 * same, or a drydock.yaml on standard input), "evidence" (log on standard input), "index" and "owners" (package lists), "place" and
 * "starts" (work tree at WORK_DIR).
 */
int probe_built_worker_main(int argc, char **argv);
int probe_detect_worker_main(int argc, char **argv);
int probe_endpoints_worker_main(int argc, char **argv);
int probe_evidence_worker_main(int argc, char **argv);
int probe_facts_worker_main(int argc, char **argv);
int probe_index_worker_main(int argc, char **argv);
int probe_locate_worker_main(int argc, char **argv);
int probe_owners_worker_main(int argc, char **argv);
int probe_place_worker_main(int argc, char **argv);
int probe_rows_worker_main(int argc, char **argv);
int probe_starts_worker_main(int argc, char **argv);
int probe_references_worker_main(int argc, char **argv);
int probe_spare_worker_main(int argc, char **argv);

#endif
