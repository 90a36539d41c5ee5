#include "qa/programs.h"

#include "base/fs.h"
#include "base/io.h"
#include "qa/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_TIME_MS (10 * 60 * 1000)
#define DRIVER_MEMORY ((uint64_t)512 << 20)
#define END_MS 10000

/* ---- the program ---- */

int
program_start(struct program_stage *s, const char *const *env, const int fds[3], bool terminal,
	struct dd_err *err)
{
	const struct scenario_program *p = &s->scenario->program;
	const char *const argv[] = {"/bin/sh", "-c", p->run, NULL};
	OWN(strlist) struct strlist all = {0};
	OWN_FREE char *dir = p->dir ? fs_join(WORK_DIR, p->dir) : NULL;
	strlist_set_env(&all, "LANG", "C.UTF-8");
	if (s->spec->program_env)
		strlist_copy(&all, s->spec->program_env);
	for (size_t i = 0; env[i]; i++) {
		OWN_FREE char *name = mem_strndup(env[i], strcspn(env[i], "="));
		strlist_set_env(&all, name, env[i] + strlen(name) + 1);
	}
	const struct exec_spec exec = {.argv = argv,
		.env = (const char *const *)all.v,
		.cwd = dir,
		.profile = PROFILE_TEST,
		.fds = {fds[0], fds[1], fds[2]},
		.terminal = terminal};
	return exec_start(s->spec->application, &exec, &s->program, err);
}

static bool
wait_for_program(struct program_stage *s, int ms)
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
program_open_status(int *ret_asked, int *ret_told, struct dd_err *err)
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
program_tell_status(int told, const char *line, struct dd_err *err)
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
	struct program_stage *s = ctx;
	int (*start)(struct program_stage *, struct dd_err *) = TAKE(s->start);
	int rc = start ? start(s, err) : 0;
	if (rc < 0)
		return rc;
	OWN_FREE char *line = !wait_for_program(s, 0) ? mem_strdup("running\n")
			      : s->end.signal	      ? mem_printf("signal %d\n", s->end.signal)
						      : mem_printf("exit %d\n", s->end.exit_code);
	return program_tell_status(s->told, line, err);
}

/* ---- the driver ---- */

static json_t *
secrets_and_answers(struct answers *a, const char *prefix, json_t *answers)
{
	OWN(strlist) struct strlist ids = {0}, secrets = {0};
	if (a)
		answers_given(a, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		const char *value = NULL;
		if (answers_get(a, ids.v[i], &value) != ANSWER_GIVEN)
			continue;
		if (*value && answers_is_secret(a, ids.v[i]))
			strlist_add(&secrets, value);
		if (str_starts(str_of(ids.v[i]), prefix))
			json_object_set_new(
				answers, ids.v[i] + strlen(prefix), json_text(str_of(value)));
	}
	return json_from_strings(&secrets);
}

static int
write_task(const struct program_stage *s, const char *prefix, struct buf *ret, struct dd_err *err)
{
	OWN_JSON json_t *scenario = NULL, *answers = json_object();
	int rc = screen_task_scenario(s->spec, s->at, &scenario, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *secrets = secrets_and_answers(s->spec->answers, prefix, answers);
	OWN_JSON json_t *j = json_pack("{s:O, s:O, s:O, s:O*}", "scenario", scenario, "secrets",
		secrets, "answers", answers, "more", s->more);
	json_print(j, 0, ret);
	return 0;
}

static void
take(void *ctx, struct str data)
{
	struct program_stage *s = ctx;
	screen_evidence_add(s->evidence, data);
}

int
program_drive(struct program_stage *s, const char *name, const char *prefix,
	const struct exec_fd *pass, size_t npass, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	OWN(buf) struct buf task = {0};
	int rc = write_task(s, prefix, &task, err);
	if (rc < 0)
		return rc;
	const struct worker_spec worker = {.state = s->spec->state,
		.name = name,
		.input = buf_str(&task),
		.on_output = take,
		.ctx = s,
		.pass = pass,
		.npass = npass,
		.memory_bytes = DRIVER_MEMORY,
		.time_limit_ms = s->spec->time_limit_ms ? s->spec->time_limit_ms : DEFAULT_TIME_MS};
	screen_evidence_on_wait(s->evidence, tell_driver, s);
	int driven = worker_run(&worker, NULL, &why);
	screen_evidence_on_wait(s->evidence, NULL, NULL);
	rc = screen_evidence_end(s->evidence, err);
	if (rc < 0 || driven == 0)
		return rc;
	if (driven == -DD_ESTOPPED)
		return err_move(err, &why);
	s->result->ended = mem_strdup(err_msg(&why));
	return 0;
}

/* ---- the whole ---- */

int
program_open(const struct screen_spec *spec, size_t at, struct screen_evidence *evidence,
	struct screen_result *result, struct program_stage *ret, struct dd_err *err)
{
	const struct scenario *scenario = &spec->scenarios->v[at];
	*ret = (struct program_stage){.spec = spec,
		.at = at,
		.scenario = scenario,
		.evidence = evidence,
		.result = result,
		.asked = -1,
		.told = -1};
	if (!spec->application)
		return err_set(err, DD_EINVAL,
			"a program %s a %s is played in the pod of a run: name it with --run",
			scenario->screen == SCREEN_TERMINAL ? "in" : "on",
			screen_kind_names[scenario->screen]);
	return program_open_status(&ret->asked, &ret->told, err);
}

void
program_close(struct program_stage *s)
{
	if (s->program)
		(void)!exec_signal(s->program, SIGKILL, NULL);
	(void)wait_for_program(s, END_MS);
	if (s->asked >= 0)
		(void)close(s->asked);
	if (s->told >= 0)
		(void)close(s->told);
}
