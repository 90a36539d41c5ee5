/* The half of programs.h that is in the workers. */
#include "qa/programs.h"

#include "base/log.h"
#include "qa/screen.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 5000 /* until drydock says what became of the program */

void
program_task_cleanup(struct program_task *t)
{
	scenario_list_cleanup(&t->scenarios);
	strlist_cleanup(&t->secrets);
	json_decref(t->answers);
	json_decref(t->more);
	*t = (struct program_task){0};
}

int
program_task_read(enum screen_kind screen, struct program_task *ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = SCREEN_MAX_FRAME};
	OWN_JSON json_t *j = NULL;
	worker_take_input(&text);
	int rc = json_parse(buf_str(&text), &j, err);
	if (rc < 0)
		return rc;
	json_to_strings(json_object_get(j, "secrets"), &ret->secrets);
	ret->answers = json_incref(json_object_get(j, "answers"));
	ret->more = json_incref(json_object_get(j, "more"));
	rc = scenario_list_from_json(json_object_get(j, "scenario"), &ret->scenarios, err);
	return rc == 0 && ret->scenarios.v[0].screen != screen
		       ? err_set(err, DD_EINVAL, "that is no scenario of a %s",
				 screen_kind_names[screen])
		       : rc;
}

bool
program_task_is_secret(const struct program_task *t, const char *text)
{
	return strlist_has(&t->secrets, text);
}

void
program_ask_status(struct buf *ret)
{
	struct pollfd p = {SCREEN_TO, POLLIN, 0};
	char c = 0;
	buf_reset(ret);
	if (screen_tell("wait", STR("?"), NULL) < 0)
		return;
	while (poll(&p, 1, WAIT_MS) > 0 && read(SCREEN_TO, &c, 1) == 1 && c != '\n')
		buf_putc(ret, c);
}

bool
program_has_ended(void)
{
	OWN(buf) struct buf said = {.max = 64};
	program_ask_status(&said);
	return said.n && !str_eq(buf_str(&said), "running");
}

int
program_expect_exit(
	int64_t status, int64_t ms, void (*wait)(void *ctx), void *ctx, struct dd_err *err)
{
	const int64_t until = clock_mono_ns() + ms * 1000000;
	OWN_FREE char *wanted = mem_printf("exit %lld", (long long)status);
	OWN(buf) struct buf said = {.max = 64};
	do {
		wait(ctx);
		program_ask_status(&said);
	} while (str_eq(buf_str(&said), "running") && clock_mono_ns() < until);
	if (str_eq(buf_str(&said), wanted))
		return 0;
	if (str_eq(buf_str(&said), "running"))
		return err_set(err, DD_EINVAL, "the program still runs");
	return err_set(
		err, DD_EINVAL, "the program ended with %s", said.n ? said.p : "nobody knows what");
}

int
program_play(const struct scenario *s, program_step_fn *play, void *ctx, struct dd_err *err)
{
	const int64_t began = clock_mono_ns();
	OWN(screen_scenario) struct screen_scenario done = {.scenario = mem_strdup(s->name)};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < s->n; i++) {
		OWN(screen_step)
		struct screen_step step = {.n = (int64_t)i + 1, .screen = s->screen};
		step.action = scenario_step_words(&s->steps[i]);
		if (done.failed) {
			step.status = TEST_SKIPPED;
		} else {
			step.at_ms = (double)(clock_mono_ns() - began) / 1e6;
			rc = play(ctx, &s->steps[i], &step, err);
		}
		done.failed += step.status == TEST_FAILED;
		done.steps += step.status != TEST_SKIPPED;
		int told = screen_tell_json("step", json_encode(screen_step_fields, &step), NULL);
		rc = rc ? rc : told;
	}
	if (rc < 0)
		done.message = mem_strdup(err_msg(err));
	done.status = rc < 0 || done.failed ? TEST_FAILED : TEST_PASSED;
	done.ms = (double)(clock_mono_ns() - began) / 1e6;
	int told = screen_tell_json("scenario", json_encode(screen_scenario_fields, &done), NULL);
	return rc ? rc : told;
}
