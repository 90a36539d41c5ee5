/*
 * Theory of operation.  Three parties, as with pages (screens.c):
 *
 *   program   in the application's pod, as its tests are, on a terminal of that pod.
 *   driver    the worker "terminal", profile `parser`: the only one that reads what the program writes, and types.
 *   drydock   counts and keeps what the driver gives, says what became of the program when it asks, and ends both.
 *
 * The terminal's other end is the driver's alone: a program that writes without end waits while nobody reads.
 */
#include "qa/terminals.h"

#include "base/fs.h"
#include "base/io.h"
#include "qa/scenario.h"
#include "qa/screen.h"
#include "qa/terminal_view.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_TIME_MS (10 * 60 * 1000)
#define DRIVER_MEMORY ((uint64_t)512 << 20)
#define END_MS 10000

struct stage {
	const struct screen_spec *spec;
	const struct scenario *scenario;
	struct screen_evidence *evidence;
	int terminal;	      /* our end */
	int asked, told;      /* the pipe of what became of the program: the driver's end, ours */
	struct exec *program; /* NULL: it has ended */
	struct exec_result end;
};

/* ---- the program ---- */

static void
environment(const struct screen_spec *spec, struct strlist *ret)
{
	strlist_set_env(ret, "LANG", "C.UTF-8");
	if (spec->program_env)
		strlist_copy(ret, spec->program_env);
	strlist_set_env(ret, "TERM", "xterm-256color");
}

static int
start_program(struct stage *s, struct dd_err *err)
{
	const struct scenario_terminal *t = &s->scenario->terminal;
	const char *const argv[] = {"/bin/sh", "-c", t->run, NULL};
	const struct winsize size = {
		.ws_row = (unsigned short)t->rows, .ws_col = (unsigned short)t->columns};
	OWN(strlist) struct strlist env = {0};
	OWN_FREE char *dir = t->dir ? fs_join(WORK_DIR, t->dir) : NULL;
	OWN_FD int program = -1;
	int rc = pod_terminal(s->spec->application, &s->terminal, &program, err);
	if (rc == 0 && ioctl(s->terminal, TIOCSWINSZ, &size) < 0)
		rc = err_errno(err, errno, "the size of a terminal");
	environment(s->spec, &env);
	const struct exec_spec exec = {.argv = argv,
		.env = (const char *const *)env.v,
		.cwd = dir,
		.profile = PROFILE_TEST,
		.fds = {program, program, program},
		.terminal = true};
	return rc ? rc : exec_start(s->spec->application, &exec, &s->program, err);
}

static bool
wait_for_program(struct stage *s, int ms)
{
	if (!s->program)
		return true;
	int rc = exec_wait(s->program, ms, &s->end, NULL);
	if (rc == -DD_EBUSY)
		return false;
	if (rc < 0) /* nobody knows: no status that somebody may expect */
		s->end = (struct exec_result){.exit_code = -1};
	s->program = NULL; /* exec_wait freed it */
	return true;
}

int
terminal_open_status(int *ret_asked, int *ret_told, struct dd_err *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	if (fcntl(fds[1], F_SETFL, O_NONBLOCK) < 0) {
		int why = errno;
		(void)close(fds[0]);
		(void)close(fds[1]);
		return err_errno(err, why, "cannot make a pipe that does not block");
	}
	*ret_asked = fds[0];
	*ret_told = fds[1];
	return 0;
}

int
terminal_tell_status(int told, const char *line, struct dd_err *err)
{
	const size_t n = strlen(line);
	ssize_t w;
	do
		w = io_write(told, line, n); /* so little is written whole or not at all */
	while (w < 0 && errno == EINTR);
	if (w < 0 && errno == EAGAIN)
		return err_set(err, DD_ECORRUPT, "the driver asks and does not read");
	return w < 0 ? err_errno(err, errno, "cannot tell the driver") : 0;
}

static int
tell_driver(void *ctx, struct dd_err *err)
{
	struct stage *s = ctx;
	OWN_FREE char *line = !wait_for_program(s, 0) ? mem_strdup("running\n")
			      : s->end.signal	      ? mem_printf("signal %d\n", s->end.signal)
						      : mem_printf("exit %d\n", s->end.exit_code);
	return terminal_tell_status(s->told, line, err);
}

/* ---- the driver ---- */

static json_t *
secrets_and_prompts(struct answers *a, json_t *prompts)
{
	static const char prefix[] = "prompt:";
	OWN(strlist) struct strlist ids = {0}, secrets = {0};
	if (a)
		answers_given(a, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		const char *value = NULL;
		if (answers_get(a, ids.v[i], &value) != ANSWER_GIVEN || !*value)
			continue;
		if (answers_is_secret(a, ids.v[i]))
			strlist_add(&secrets, value);
		if (str_starts(str_of(ids.v[i]), prefix))
			json_object_set_new(
				prompts, ids.v[i] + strlen(prefix), json_text(str_of(value)));
	}
	return json_from_strings(&secrets);
}

static int
write_task(const struct stage *s, size_t at, struct buf *ret, struct dd_err *err)
{
	OWN_JSON json_t *scenario = NULL, *prompts = json_object();
	int rc = screen_task_scenario(s->spec, at, &scenario, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *secrets = secrets_and_prompts(s->spec->answers, prompts);
	OWN_JSON json_t *j = json_pack(
		"{s:O, s:O, s:O}", "scenario", scenario, "secrets", secrets, "prompts", prompts);
	json_print(j, 0, ret);
	return 0;
}

static void
take(void *ctx, struct str data)
{
	struct stage *s = ctx;
	screen_evidence_add(s->evidence, data);
}

static int
drive(struct stage *s, struct str task, struct screen_result *result, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	const struct exec_fd pass[] = {{s->terminal, SCREEN_FROM}, {s->asked, SCREEN_TO}};
	const struct worker_spec worker = {.state = s->spec->state,
		.name = "terminal",
		.input = task,
		.on_output = take,
		.ctx = s,
		.pass = pass,
		.npass = 2,
		.memory_bytes = DRIVER_MEMORY,
		.time_limit_ms = s->spec->time_limit_ms ? s->spec->time_limit_ms : DEFAULT_TIME_MS};
	screen_evidence_on_wait(s->evidence, tell_driver, s);
	int driven = worker_run(&worker, NULL, &why);
	screen_evidence_on_wait(s->evidence, NULL, NULL);
	int rc = screen_evidence_end(s->evidence, err);
	if (rc < 0 || driven == 0)
		return rc;
	if (driven == -DD_ESTOPPED)
		return err_move(err, &why);
	result->ended = mem_strdup(err_msg(&why));
	return 0;
}

/* ---- the whole ---- */

char *
qa_terminal_environment(void)
{
	return terminal_view_environment();
}

static int
open_stage(struct stage *s, struct dd_err *err)
{
	if (!s->spec->application)
		return err_set(err, DD_EINVAL,
			"a program in a terminal is played in the pod of a run: name it with --run");
	int rc = terminal_open_status(&s->asked, &s->told, err);
	return rc ? rc : start_program(s, err);
}

/* A program that still runs is ended: its scenario is over. */
static void
close_stage(struct stage *s)
{
	const int fds[] = {s->terminal, s->asked, s->told};
	if (s->program)
		(void)!exec_signal(s->program, SIGKILL, NULL);
	(void)wait_for_program(s, END_MS);
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

int
terminal_play(const struct screen_spec *spec, size_t at, struct screen_evidence *evidence,
	struct screen_result *result, struct dd_err *err)
{
	struct stage s = {.spec = spec,
		.scenario = &spec->scenarios->v[at],
		.evidence = evidence,
		.terminal = -1,
		.asked = -1,
		.told = -1};
	OWN(buf) struct buf task = {0};
	int rc = write_task(&s, at, &task, err);
	if (rc == 0)
		rc = open_stage(&s, err);
	if (rc == 0)
		rc = drive(&s, buf_str(&task), result, err);
	close_stage(&s);
	return rc;
}
