/*
 * qa: runs tests and keeps the proof.  Result formats: XML (JUnit and others), JSON, TAP, automake, ctest,
 * GoogleTest, pytest and others (parse.h); else one case per command, by exit status, and it says so.
 * Results are parsed in a parser worker.  Rules: exit status and report disagree -> failure; zero
 * tests is not a pass; a truncated report is a failure that keeps the cases it has.
 */
#ifndef QA_QA_H
#define QA_QA_H

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
	struct trace *trace;	/* may be NULL */
	unsigned trace_classes; /* 0: all */
	/* As in exec_spec, with the command that asks. */
	char *(*on_prompt)(void *ctx, const char *run, struct str tail);
	void *ctx;
	const struct answers *answers; /* for redaction of the log, may be NULL */
	const char *log_path;	       /* output of all commands, with a header line for each */
	int64_t time_limit_ms, silence_limit_ms; /* of a command; 0: 30 and 10 minutes */
};

/*
 * Run every test command and gather the cases.  A test that fails is not an error of this function;
 * *ret_cause is that of the first command or service that did not end by itself, which ret->ended names.
 */
int qa_run_tests(const struct qa_spec *spec, struct test_run *ret, enum exec_cause *ret_cause,
	struct dd_err *err) DD_MUST_USE;

/* Body of the worker "results". */
int qa_results_worker_main(int argc, char **argv);

/* JSON lines, one case each {id, suite, name, level, status, ms, message, file}. */
int qa_write_cases(const char *path, const struct test_run *t, struct dd_err *err) DD_MUST_USE;

#endif
