/* Inside the room: the state of the discovery loop, and its steps. */
#ifndef ENVPROBE_LOOP_H
#define ENVPROBE_LOOP_H

#include "base/map.h"
#include "envprobe/build.h"
#include "envprobe/endpoints.h"
#include "envprobe/envprobe.h"
#include "envprobe/evidence.h"
#include "envprobe/index.h"

struct wanted { /* a package to be installed, and the need that asks for it */
	char *package;
	enum need_scope scope;
	bool optional;
	char *why;
	struct strlist alternatives; /* others that provide the same */
	char *proof; /* that it is used, where nothing can be seen to use it; NULL */
};
struct wanted_list {
	struct wanted *v;
	size_t n, cap;
};

struct loop {
	const struct probe_spec *spec;
	struct probe_result *r;
	struct pkgindex *index;
	struct wanted_list wanted; /* for the next attempt */
	struct map asked;	   /* packages ever wanted */
	struct map banned;	   /* those that were not, because a drydock.yaml bans them */
	struct map instead;	   /* package -> the one that was chosen of those like it; heap */
	struct map guessed;  /* those that only something that was looked for asked for, and ... */
	struct map doubtful; /* ... that came with others of them, or gained nothing */
	char *wrong_answer;  /* to a decision: what ends the run; NULL */
	struct strlist env;  /* complete, NAME=value */
	struct stack source; /* with the files that were supplied */
	struct probe_files placed; /* the others of them */
	size_t nplaced;		   /* of r->files */
	int64_t n;		   /* of the attempt */
	struct stack modules;	   /* layers of the packages of its language's own registry */
	struct stack tree;  /* what a build starts from: source and modules, see loop_restack */
	bool modules_known; /* loop_modules was done */
	/* of the last build or test run */
	struct problem_list problems;
	struct need_list missing; /* from the trace */
	struct missing_file_list files;
	struct strlist touched;	    /* absent parts of the source that were looked at */
	struct surroundings around; /* of the source, once tests failed or were skipped */
	bool built;
	char *failed;
	char *failure; /* what it is told by; NULL: none */
	enum exec_cause cause;
	struct prompter prompter;
	bool tested; /* the tests ran in an attempt before */
	/* guess.c: packages were wanted for a script that may be none of tests; it was none in the end */
	bool for_guess, vain;
	bool gave_tracing;
	bool traces; /* they were denied what the profile `debug` opens */
	int64_t best_passed;
	char *migrated; /* what runs before the tests and makes their tables (migrations.c); NULL */
	int64_t passed_unmigrated;
	int64_t tail_asked; /* how often somebody else was asked (tail.c) */
	bool rows_tried;    /* made-up ones (rows.c) */
	int64_t passed_without_rows;
	struct supply *supply; /* services that are started by default; NULL: none */
	struct spare *spare;   /* what is left out (spare.c); NULL: nothing */
	/* of the last attempt that got further than the one before, or elsewhere */
	char *good_failure;
	struct gained {
		size_t layers, packages, batches, features, questions;
	} good;
	/*
	 * While a smaller set of packages is tried (prune.c): what has them all, so that the others are purged
	 * from it instead of installing the smaller set anew.  Borrowed; NULL.
	 */
	const struct stack *whole;
	const struct package_list *whole_packages;
};

void wanted_list_clear(struct wanted_list *l);

/* Is it a variable that every build has, with that value? */
bool probe_sets(const char *name, const char *value);

/* Is the package wanted already, or installed by an earlier attempt? */
bool loop_want(struct loop *l, const struct need *need);

/* What the source declares (declared.c). */
void loop_want_declared(struct loop *l);

/* Want once more, with their reasons, what of these packages was asked for and is not among the names. */
void loop_want_all_but(
	struct loop *l, const struct package_list *packages, const struct strlist *names);

/* The journalled steps of attempt l->n (install.c, steps.c); what they found is put into l and l->r. */
int loop_install(struct loop *l, struct dd_err *err) DD_MUST_USE;
/*
 * Once a run (modules.c): the packages of the language's own registry.  When they cannot be had,
 * l->r has the outcome and its diagnosis.
 */
int loop_modules(struct loop *l, struct dd_err *err) DD_MUST_USE;
/* Put l->tree together again, after l->source or l->modules changed. */
void loop_restack(struct loop *l);
int loop_build(struct loop *l, struct dd_err *err) DD_MUST_USE;
int loop_test(struct loop *l, struct dd_err *err) DD_MUST_USE;

/*
 * A script that only its name made a test (guess.c) and that came to no case: what it missed is wanted, once; true when
 * something of it is new.  Otherwise it is none, and is taken back; false: it is no such script.
 */
bool loop_want_for_guess(struct loop *l);
bool loop_forget_guess(struct loop *l);
/*
 * Behind the last attempt, limited when it had something new to try: a script that came to no case is taken back, and what was
 * installed for it taken out; true when the result is no more that of the recipe.
 */
bool loop_settle_guess(struct loop *l, bool limited);
/* Want what tests that came to no case miss, by their log or as they tried to run it; true when something of it is new. */
bool loop_want_missed(struct loop *l);

/* Did the attempt that is just over get anywhere?  (settle.c) */
void loop_weigh(struct loop *l);
/* After the last attempt: what only attempts brought that gained nothing is taken out again. */
void loop_settle(struct loop *l);
/* Want what tests say that they skip cases for; true when something of it is new. */
bool loop_want_skipped(struct loop *l);
/* With the verdict known: what that gives, if more cases run and no result gets worse (widen.c). */
int loop_widen(struct loop *l, struct dd_err *err) DD_MUST_USE;
/*
 * With the verdict known: what nothing was seen to use is taken out, if the result is the same without it, which
 * more attempts show (prune.c).
 */
int loop_prune(struct loop *l, struct dd_err *err) DD_MUST_USE;
struct attempt *loop_begin_attempt(struct loop *l);

/*
 * A declared need that no version of this machine's sources can satisfy: the outcome and its diagnosis, before
 * anything is installed; false: there is none.
 */
bool loop_judge_declared(struct loop *l);

/* Decide what a failed build or test run means (verdict.c): the diagnosis and the outcome. */
void loop_judge_build(struct loop *l);
void loop_judge_tests(struct loop *l);
/* Everything ran: no diagnosis, and what was asked for was not needed. */
void loop_succeed(struct loop *l, enum run_outcome outcome);
/*
 * Ask for an environment variable; true when the answers have it and it is new.  where: a place of
 * the source or of a log; NULL: none was seen.
 */
bool loop_ask_variable(
	struct loop *l, const char *name, const char *where, const char *why, bool blocking);

/* Where the source reads the variable, as detection found it, borrowed; NULL. */
const char *loop_cited_at(const struct loop *l, const char *name);
/*
 * Places (cite.c) for the variables among the problems, for what was asked and what was called;
 * log: as it is cited, relative to the run's directory.
 */
int loop_find_places(struct loop *l, const char *log, struct problem_list *problems,
	struct prompter *asked, struct refusal_list *refused, struct dd_err *err) DD_MUST_USE;
/* "t.sh:2" of "./t.sh: line 2: message" and the like, heap; NULL: the line names no place. */
char *place_in_message(struct str line);

/* Ask for services that the tests could not reach; true when an answer starts one from now on. */
bool loop_learn_services(struct loop *l);
/* The same for known ones that the source declares or has the clients of, and that nothing tried to reach; for a display that is said to miss. */
bool loop_guess_services(struct loop *l);
/* Host and port of the target of a connection; false: it is no such thing. */
bool service_address(const char *target, struct str *ret_host, uint64_t *ret_port);

void loop_clear_findings(struct loop *l);
void loop_forget_question(struct loop *l, const char *id);
/* Options of the result that begin so are taken back. */
void loop_forget_options(struct loop *l, const char *prefix);

/* Letters, digits and "_", no digit first: what a shell and a Dockerfile take for a name and nothing else. */
bool loop_is_variable_name(const char *name);

#endif
