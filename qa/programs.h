/*
 * Inside the room: a program of a scenario in its application's pod, and the worker that looks at it: what terminals and
 * displays have in common.  drydock keeps what the worker gives, says what became of the program when it is asked, and ends
 * both.
 */
#ifndef QA_PROGRAMS_H
#define QA_PROGRAMS_H

#include "qa/qa.h"
#include "qa/scenario.h"
#include "qa/screen_evidence.h"

struct program_stage {
	const struct screen_spec *spec;
	size_t at; /* of the scenario in the spec */
	const struct scenario *scenario;
	struct screen_evidence *evidence;
	struct screen_result *result;
	int asked, told;      /* the pipe of what became of the program: the driver's end, ours */
	struct exec *program; /* NULL: it was not started, or has ended */
	struct exec_result end;
	/* Set: the program is started when the driver asks for the first time, by this. */
	int (*start)(struct program_stage *s, struct dd_err *err);
	const json_t
		*more; /* an object: what the driver's task has besides; borrowed, may be NULL */
};

/* DD_EINVAL: there is no pod of an application. */
int program_open(const struct screen_spec *spec, size_t at, struct screen_evidence *evidence,
	struct screen_result *result, struct program_stage *ret, struct dd_err *err) DD_MUST_USE;
/* A program that still runs is ended: its scenario is over. */
void program_close(struct program_stage *s);

/*
 * Start the scenario's command in the application's pod.  env ("NAME=VALUE", ends with NULL) is set over what it has from
 * there; fds and terminal as of exec_spec.
 */
int program_start(struct program_stage *s, const char *const *env, const int fds[3], bool terminal,
	struct dd_err *err) DD_MUST_USE;

/*
 * Run the worker of that name to its end, with its task and these descriptors; what it gives becomes evidence.  `prefix`
 * is that of the answers it is given.  What the worker or the program does is told in the result.  DD_EINVAL: an answer
 * is missing.
 */
int program_drive(struct program_stage *s, const char *worker, const char *prefix,
	const struct exec_fd *pass, size_t npass, struct dd_err *err) DD_MUST_USE;

/*
 * The pipe over which a driver is told what became of its program, and a line into it.  drydock never waits for a driver:
 * DD_ECORRUPT: it asked more often than it read.
 */
int program_open_status(int *ret_asked, int *ret_told, struct dd_err *err) DD_MUST_USE;
int program_tell_status(int told, const char *line, struct dd_err *err) DD_MUST_USE;

/* ---- in the worker ---- */

struct program_task {
	struct scenario_list scenarios; /* one */
	struct strlist secrets;
	json_t *answers; /* {slug: text}: of those whose id has the prefix, by what follows it */
	json_t *more;	 /* NULL: nothing */
};
void program_task_cleanup(struct program_task *t);
/* DD_EINVAL: it is no scenario of that screen. */
int program_task_read(enum screen_kind screen, struct program_task *ret, struct dd_err *err)
	DD_MUST_USE;
bool program_task_is_secret(const struct program_task *t, const char *text);

/* What became of the program: "running", "exit 0", "signal 9"; "" when nobody says. */
void program_ask_status(struct buf *ret);
/* Was it seen to have ended?  Not where nobody says. */
bool program_has_ended(void);

/*
 * Does it end with that status within ms?  `wait` is called meanwhile, and takes a while.  DD_EINVAL: no, and how it is
 * instead.
 */
int program_expect_exit(int64_t status, int64_t ms, void (*wait)(void *ctx), void *ctx,
	struct dd_err *err) DD_MUST_USE;

/*
 * Play the scenario's steps with `step`, which fills in what its step was and gives its evidence: a step that failed is
 * told in it, and the rest is skipped; an error is the driver's.  Steps and scenario are told to drydock.
 */
typedef int program_step_fn(
	void *ctx, const struct scenario_step *s, struct screen_step *step, struct dd_err *err);
int program_play(const struct scenario *s, program_step_fn *step, void *ctx, struct dd_err *err)
	DD_MUST_USE;

#endif
