/*
 * qa: runs tests and keeps the proof.  Result formats: XML (JUnit and others), JSON, TAP, automake, ctest,
 * GoogleTest, pytest and others (parse.h); else one case per command, by exit status, and it says so.
 * Results are parsed in a parser worker.  Rules: exit status and report disagree -> failure; zero
 * tests is not a pass; a truncated report is a failure that keeps the cases it has.
 */
#ifndef QA_QA_H
#define QA_QA_H

#include "base/json.h"
#include "record/answers.h"
#include "record/record.h"
#include "sandbox/sandbox.h"

struct qa_spec {
	const struct state *state;
	const struct stack *root;	     /* packages included */
	const struct stack *work;	     /* source and built tree */
	const struct command_list *commands; /* those of PHASE_TEST are run, in order */
	/*
	 * Started before the first, each ready before the next, with env for an environment.  One that does
	 * not start is a case that failed.
	 */
	const struct service_spec *services;
	size_t nservices;
	const char *const *env;
	const struct pod_bind *binds;
	size_t nbinds;
	struct pod *
		network_of; /* as in pod_spec: what runs in it serves the tests, too, each on its port; NULL */
	struct trace *trace;	/* may be NULL */
	unsigned trace_classes; /* 0: all */
	/* As in exec_spec, with the command that asks. */
	char *(*on_prompt)(void *ctx, const char *run, struct str tail);
	void *ctx;
	const struct answers *answers; /* for redaction of the log, may be NULL */
	const char *log_path;	       /* output of all commands, with a header line for each */
	int64_t time_limit_ms, silence_limit_ms; /* of a command; 0: 30 and 10 minutes */
	const struct qa_watch *watch;		 /* may be NULL */
};

/* Who wants to know more of the tests than their results: told in the pod that they run in. */
struct qa_watch {
	/* Nothing has run in it yet. */
	int (*opened)(void *ctx, struct pod *pod, struct dd_err *err);
	/* A test command of the spec ended, with these cases.  Commands that are appended to the spec's are run as well. */
	int (*ended)(void *ctx, struct pod *pod, size_t command, const struct exec_result *r,
		const struct test_run *t, struct dd_err *err);
	void *ctx;
};

/*
 * Run every test command and gather the cases.  A test that fails is not an error of this function;
 * *ret_cause is that of the first command or service that did not end by itself, which ret->ended names.
 */
int qa_run_tests(const struct qa_spec *spec, struct test_run *ret, enum exec_cause *ret_cause,
	struct dd_err *err) DD_MUST_USE;

/*
 * Run them `repeats` times (at least once), each time from the same start, and look into every case that failed: is it
 * run again alone, in order behind some of the others, under load, with calendar and random bytes held still, and its
 * connections are watched; what changes its result is the cause (flakes.c).  *ret is the first run; in it, a case that
 * passed and failed in another is marked flaky.  A case that always fails is no flake.
 */
int qa_find_flakes(const struct qa_spec *spec, int64_t repeats, struct test_run *ret,
	struct flake_list *ret_flakes, enum exec_cause *ret_cause, struct dd_err *err) DD_MUST_USE;

/* Body of the worker "results". */
int qa_results_worker_main(int argc, char **argv);

/* JSON lines, one case each {id, suite, name, level, status, flaky, ms, message, file}. */
int qa_write_cases(const char *path, const struct test_run *t, struct dd_err *err) DD_MUST_USE;

/* ---- screens ---- */

#define SCREEN_WIDTH 1280
#define SCREEN_HEIGHT 720
#define SCREEN_PORT 8080 /* where served files are, on the loopback of the browser's pod */

struct scenario_list;

struct screen_spec {
	const struct state *state;
	const struct stack *root;  /* of the image of the browser (images.h) */
	const struct strlist *env; /* of that image */
	const struct stack
		*display_root; /* of the image of the display; NULL: no scenario is of one */
	struct pod *
		application; /* in whose network the browser is opened (it shares its own); NULL: in one of its own */
	const struct strlist *
		program_env; /* of programs in terminals and on displays, which run in `application`; may be NULL */
	const char *base_url; /* what paths of a scenario lead to; NULL: the served files */
	const char *serve;    /* a directory whose files are served to the browser; NULL: none */
	const struct scenario_list *scenarios;
	struct answers *answers; /* for steps that type one, and for redaction; may be NULL */
	const char *dir;	 /* where lines are written; made */
	const char *owner;	 /* leases the evidence (layer_lease); NULL: nobody does */
	uint32_t seed;
	int64_t width, height; /* 0: SCREEN_WIDTH, SCREEN_HEIGHT */
	int64_t time_limit_ms; /* 0: 10 minutes; of all of it */
	/* Each step when its evidence is kept; scenario counts from 0. */
	void (*on_step)(void *ctx, size_t scenario, const struct screen_step *step);
	/* Set: scenarios are walks of a crawl; {"known", "still"} as crawl_next (crawl.h) gives them.  They end behind the
	 * first that may have changed the application's data, and on_seen gets what each saw. */
	const json_t *walks;
	void (*on_seen)(void *ctx, size_t scenario, const json_t *seen);
	void *ctx;
};

struct screen_result {
	char *browser; /* "Chrome/156.0...", as it says */
	int64_t steps, failed;
	struct screen_scenario_list scenarios;
	struct strlist files;	/* one a scenario, in spec->dir */
	struct strlist objects; /* digests of the evidence */
	char *ended;		/* why it ended early, in words; NULL */
};
void screen_result_cleanup(struct screen_result *r);

/*
 * Play scenarios in a browser of its own, each in a fresh context.  A step that fails, and a browser that dies, are
 * results (ret->failed, ret->ended) with the evidence up to there; an error is what keeps it from beginning, or from
 * being kept.
 */
int qa_play_screens(const struct screen_spec *spec, struct screen_result *ret, struct dd_err *err)
	DD_MUST_USE;

/* ---- crawling ---- */

struct crawl_stage {		 /* an application that nobody has touched */
	struct pod *application; /* as in screen_spec */
	const char *base_url, *serve;
};

struct crawl_spec {
	const struct state *state;
	const struct stack *root; /* of the image of the browser */
	const struct strlist *env;
	struct answers *answers;
	const char *dir, *owner; /* as in screen_spec */
	uint32_t seed;
	int64_t max_walks, time_limit_ms; /* 0: 300; 10 minutes */
	/* Give the application as it is at its start.  Asked before the first walk, and before each that follows one which may
	 * have changed its data. */
	int (*renew)(void *ctx, struct crawl_stage *ret, struct dd_err *err);
	/* A walk that was made: its steps so far. */
	void (*on_walk)(void *ctx, size_t walks, size_t states, size_t findings);
	void *ctx;
};

struct crawl_result {
	struct crawl *crawl; /* what is known (crawl.h); NULL: none */
	json_t *graph, *findings;
	char *browser, *ended; /* as in screen_result */
	int64_t walks, states;
	struct strlist objects;
};
void crawl_result_cleanup(struct crawl_result *r);

/* Walk through an application without a script (crawl.h).  Errors as of qa_play_screens, or of renew. */
int qa_crawl(const struct crawl_spec *spec, struct crawl_result *ret, struct dd_err *err)
	DD_MUST_USE;
/* Two of them side by side: what differs, an array (crawl_compare). */
json_t *qa_crawl_compare(const struct crawl_result *old, const struct crawl_result *new);

/* What drew the pictures of terminals: for baseline_environment.browser; heap. */
char *qa_terminal_environment(void);

/* Body of the workers "screen", "terminal", "display" and "serve". */
int qa_screen_worker_main(int argc, char **argv);
int qa_terminal_worker_main(int argc, char **argv);
int qa_display_worker_main(int argc, char **argv);
int qa_serve_worker_main(int argc, char **argv);

/*
 * The results in a form that other tools read: JUnit XML with Surefire's flake elements, TAP 14, or JSON, in which every
 * case has its level and `levels` counts by it.  Read again by parse_report, no case and no flake is lost.
 */
enum qa_emit_format { QA_EMIT_JSON, QA_EMIT_JUNIT, QA_EMIT_TAP };
extern const char *const qa_emit_format_names[]; /* "json", "junit", "tap" */
void qa_emit(enum qa_emit_format format, const struct test_run *t, const struct flake_list *flakes,
	struct buf *out);

/* Cases of two runs against each other, what is worst first, then by id. */
void qa_compare(const struct test_case_list *before, const struct test_case_list *after,
	struct change_list *ret);
/* A message without what differs from run to run: numbers, addresses, times, paths above a file's name.  Heap. */
char *qa_normal_message(const char *message);

/* The interval of Wilson's score for `failed` of `runs`, with 95 % confidence. */
void qa_wilson(int64_t failed, int64_t runs, double *ret_low, double *ret_high);

/*
 * In a worker: does a test command that printed this and exited with 0 pass?  Not if a case of a report in it failed, or
 * if the report ends too early.
 */
bool qa_output_passes(struct str output);

#endif
