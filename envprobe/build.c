#include "envprobe/build.h"

#include "base/log.h"
#include "record/steplog.h"

#include <string.h>

#define DEFAULT_STEP_MS (30 * 60 * 1000)
#define DEFAULT_SILENCE_MS (10 * 60 * 1000)

void
build_run_cleanup(struct build_run *b)
{
	free(b->failed);
	free(b->layer);
	b->failed = b->layer = NULL;
}

struct sink {
	struct steplog *log;
	struct prompter *prompter;
};

static void
take(void *ctx, int stream, struct str data)
{
	struct sink *s = ctx;
	(void)stream;
	steplog_add(s->log, data);
}

static char *
answer(void *ctx, struct str tail)
{
	struct sink *s = ctx;
	return prompter_answer(s->prompter, tail);
}

static int
run_command(struct build_run *b, struct pod *pod, const struct command *c, struct sink *s,
	struct dd_err *err)
{
	OWN_FREE char *cwd = c->dir ? mem_printf(WORK_DIR "/%s", c->dir) : mem_strdup(WORK_DIR);
	const char *argv[] = {"/bin/sh", "-c", c->run, NULL};
	const struct exec_spec spec = {
		.argv = argv,
		.env = b->env,
		.cwd = cwd,
		.profile = PROFILE_BUILD,
		.fds = {-1, -1, -1},
		.on_output = take,
		.on_prompt = answer,
		.ctx = s,
		.time_limit_ms = b->step_limit_ms ? b->step_limit_ms : DEFAULT_STEP_MS,
		.silence_limit_ms = b->silence_limit_ms ? b->silence_limit_ms : DEFAULT_SILENCE_MS,
		.trace_classes = !b->trace	    ? 0
				 : b->trace_classes ? b->trace_classes
						    : TRACE_ALL,
		.trace = b->trace,
	};
	struct exec_result r;
	s->prompter->run = c->run;
	progress_note("%s", c->run);
	steplog_note(s->log, "$ %s", c->run);
	int rc = pod_exec(pod, &spec, &r, err);
	if (rc < 0)
		return rc;
	if (r.cause == CAUSE_STOPPED)
		return err_set(err, DD_ESTOPPED, "stopped");
	if (r.exit_code == 0 && r.cause == CAUSE_NONE)
		return 0;
	b->failed = mem_strdup(c->run);
	b->failed_phase = c->phase;
	b->exit_code = r.exit_code;
	b->cause = r.cause;
	steplog_note(s->log, "[drydock: ended with status %d, cause %s]", r.exit_code,
		exec_cause_name(r.cause));
	return 0;
}

static int
run_commands(struct build_run *b, struct pod *pod, struct steplog *log, struct dd_err *err)
{
	struct sink s = {log, b->prompter};
	int rc = 0;
	for (size_t i = 0; rc == 0 && !b->failed && i < b->commands->n; i++) {
		const struct command *c = &b->commands->v[i];
		if (c->phase != PHASE_TEST)
			rc = run_command(b, pod, c, &s, err);
	}
	b->built = rc == 0 && !b->failed;
	return rc;
}

/*
 * What the built tree depends on: the packages, the source (both in the stacks), commands, environment.  And the
 * run: what another made of the same may differ, and who compares the two must see it.
 */
static struct hash_hex
layer_key(const struct build_run *b)
{
	OWN_JSON json_t *commands = command_list_to_json(b->commands);
	OWN(buf) struct buf text = {0};
	buf_puts(&text, "build 1 ");
	json_print(commands, 0, &text);
	for (size_t i = 0; i < b->root->n; i++)
		buf_printf(&text, " %s", b->root->v[i].s);
	for (const char *const *e = b->env; *e; e++)
		buf_printf(&text, "\n%s", *e);
	for (size_t i = 0; i < b->nbinds; i++)
		buf_printf(&text, "\n%s", b->binds[i].src);
	buf_printf(&text, "\n%s", b->owner);
	return stack_next_key(b->work, buf_str(&text));
}

static int
freeze(struct build_run *b, struct pod *pod, struct dd_err *err)
{
	struct hash_hex key = layer_key(b);
	int rc = layer_lease(b->state, b->owner, key.s, err);
	if (rc < 0) {
		pod_close(pod);
		return rc;
	}
	b->layer = mem_strdup(key.s);
	return pod_freeze(pod, POD_WORK, key.s, err);
}

int
build_perform(struct build_run *b, struct dd_err *err)
{
	struct steplog *log;
	struct pod *pod;
	const struct pod_spec spec = {.state = b->state,
		.root = *b->root,
		.work = b->work,
		.binds = b->binds,
		.nbinds = b->nbinds};
	int64_t start = clock_mono_ns();
	int rc = steplog_open(b->log_path, b->answers, &log, err);
	if (rc < 0)
		return rc;
	rc = pod_open(&spec, &pod, err);
	if (rc < 0) {
		(void)!steplog_close(log, NULL);
		return rc;
	}
	rc = run_commands(b, pod, log, err);
	int closed = steplog_close(log, rc < 0 ? NULL : err);
	rc = rc < 0 ? rc : closed;
	b->seconds = (double)(clock_mono_ns() - start) / 1e9;
	if (rc == 0 && b->inspect)
		rc = b->inspect(b->ctx, pod, err);
	if (rc == 0 && b->built)
		return freeze(b, pod, err);
	pod_close(pod);
	return rc;
}

/* ---- replay ---- */

void
build_outcome_cleanup(struct build_outcome *o)
{
	diagnosis_cleanup(&o->diagnosis);
	question_list_cleanup(&o->questions);
}

int
probe_build(const struct build_spec *spec, struct build_outcome *ret, struct dd_err *err)
{
	struct prompter prompter = {.answers = spec->answers};
	struct build_run b = {.state = spec->state,
		.root = spec->root,
		.work = spec->work,
		.commands = spec->commands,
		.env = spec->env,
		.binds = spec->binds,
		.nbinds = spec->nbinds,
		.log_path = spec->log_path,
		.answers = spec->answers,
		.prompter = &prompter,
		.trace = spec->trace,
		.trace_classes = TRACE_CONNECT,
		.step_limit_ms = spec->step_limit_ms,
		.silence_limit_ms = spec->silence_limit_ms,
		.owner = spec->owner};
	int rc = build_perform(&b, err);
	if (rc == 0 && b.layer)
		stack_push(spec->work, b.layer);
	if (rc == 0) {
		*ret = (struct build_outcome){.built = b.built};
		if (!b.built)
			ret->outcome = probe_judge_build(
				b.failed, b.cause, prompter_unanswered(&prompter), &ret->diagnosis);
		question_list_merge(&ret->questions, &prompter.questions);
	}
	build_run_cleanup(&b);
	prompter_cleanup(&prompter);
	return rc;
}
