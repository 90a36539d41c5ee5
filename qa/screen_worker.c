/* Body of the worker "screen": drives the browser through scenarios, and gives what it saw. */
#include "qa/qa.h"

#include "base/fs.h"
#include "base/log.h"
#include "qa/act.h"
#include "qa/capture.h"
#include "qa/screen.h"
#include "qa/walk.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct task {
	char *base_url;
	int64_t seed, width, height, time_ms;
	struct scenario_list scenarios;
	json_t *walks; /* {known, still}: the scenarios are walks of a crawl (crawl.h); NULL */
};

struct player {
	const struct task *task;
	struct cdp cdp;
	struct page page;
	struct map known; /* structures of pages: a crawl's */
	struct ax seen;	  /* what the step before this one saw in the page */
	bool unsafe;	  /* the application's data may have changed */
};

/* ---- talking to drydock ---- */

static int
put(void *ctx, const char *kind, struct str data, struct dd_err *err)
{
	bool *pictured = ctx;
	if (pictured)
		*pictured |= strcmp(kind, "picture") == 0;
	return screen_tell(kind, data, err);
}

static int
read_task(struct task *ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = SCREEN_MAX_FRAME};
	OWN_JSON json_t *j = NULL;
	worker_take_input(&text);
	int rc = json_parse(buf_str(&text), &j, err);
	if (rc < 0)
		return rc;
	const char *url = json_string_value(json_object_get(j, "base_url"));
	ret->base_url = url ? mem_strdup(url) : NULL;
	ret->seed = json_integer_value(json_object_get(j, "seed"));
	ret->width = json_integer_value(json_object_get(j, "width"));
	ret->height = json_integer_value(json_object_get(j, "height"));
	ret->time_ms = json_integer_value(json_object_get(j, "time_ms"));
	ret->walks = json_incref(json_object_get(j, "walks"));
	return scenario_list_from_json(j, &ret->scenarios, err);
}

/* ---- playing ---- */

/* DD_EIO: the browser is gone, or nobody listens.  The step is told in any case. */
static int
play_step(struct player *p, const struct scenario_step *s, int64_t began_ns,
	struct screen_step *step, struct dd_err *err)
{
	bool pictured = false;
	const struct capture_sink sink = {.put = put, .ctx = &pictured};
	OWN(dd_err) struct dd_err why = {0};
	int64_t now = clock_mono_ns();
	step->at_ms = (double)(now - began_ns) / 1e6;
	int rc = page_begin_step(&p->page, step, &why);
	if (rc == 0)
		rc = act(&p->page, s, p->task->base_url, &p->seen, &why);
	ax_cleanup(&p->seen);
	step->action_ms = (double)(clock_mono_ns() - now) / 1e6;
	if (rc < 0) {
		step->status = TEST_FAILED;
		step->message = mem_strdup(err_msg(&why));
	}
	if (rc == -DD_EIO)
		return err_move(err, &why);
	rc = capture_evidence(&p->page, &sink, &p->seen, err);
	if ((rc < 0 || !pictured) && !step->message) {
		step->status = TEST_FAILED;
		step->message = mem_strdup(rc < 0 ? err_msg(err) : "there is no picture of it");
	}
	return rc;
}

static int
skip_rest(const struct scenario *s, size_t from, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = from; rc == 0 && i < s->n; i++) {
		OWN(screen_step)
		struct screen_step step = {.n = (int64_t)i + 1, .status = TEST_SKIPPED};
		step.action = scenario_step_words(&s->steps[i]);
		rc = screen_tell_json("step", json_encode(screen_step_fields, &step), err);
	}
	return rc;
}

static int
play_steps(struct player *p, const struct scenario *s, struct screen_scenario *done,
	struct dd_err *err)
{
	int64_t began = clock_mono_ns();
	int rc = 0;
	size_t i = 0;
	while (rc == 0 && i < s->n && !done->failed) {
		OWN(screen_step) struct screen_step step = {.n = (int64_t)i + 1};
		step.action = scenario_step_words(&s->steps[i]);
		rc = play_step(p, &s->steps[i++], began, &step, err);
		p->page.step = NULL;
		done->failed += step.status == TEST_FAILED;
		int told = screen_tell_json("step", json_encode(screen_step_fields, &step), NULL);
		rc = rc ? rc : told;
	}
	done->steps = (int64_t)i;
	int told = skip_rest(s, i, NULL);
	return rc ? rc : told;
}

static int
walk(struct player *p, size_t i, struct screen_scenario *done, struct dd_err *err)
{
	bool pictured = false;
	const struct capture_sink sink = {.put = put, .ctx = &pictured};
	struct walk w = {.page = &p->page,
		.scenario = &p->task->scenarios.v[i],
		.base_url = p->task->base_url,
		.to = &sink,
		.known = &p->known,
		.still = json_is_true(json_array_get(json_object_get(p->task->walks, "still"), i))};
	int rc = w.base_url ? walk_play(&w, err)
			    : err_set(err, DD_EINVAL, "nobody says where the application is");
	done->steps = w.steps;
	done->failed = w.failed;
	p->unsafe |= w.unsafe;
	return rc;
}

static int
play(struct player *p, size_t i, struct dd_err *err)
{
	const struct scenario *s = &p->task->scenarios.v[i];
	const struct task *t = p->task;
	int64_t began = clock_mono_ns();
	OWN(screen_scenario) struct screen_scenario done = {.scenario = mem_strdup(s->name)};
	int rc =
		page_open(&p->page, &p->cdp, (int)t->width, (int)t->height, (uint32_t)t->seed, err);
	if (rc == 0 && i + 1 < t->scenarios.n)
		page_expect_next(&p->page);
	if (rc == 0)
		rc = t->walks ? walk(p, i, &done, err) : play_steps(p, s, &done, err);
	page_close(&p->page);
	ax_cleanup(&p->seen);
	if (rc < 0)
		done.message = mem_strdup(err_msg(err));
	done.status = rc < 0 || done.failed ? TEST_FAILED : TEST_PASSED;
	done.ms = (double)(clock_mono_ns() - began) / 1e6;
	int told = screen_tell_json("scenario", json_encode(screen_scenario_fields, &done), NULL);
	return rc ? rc : told;
}

static void
take_known(struct player *p)
{
	static char yes;
	json_t *print;
	size_t i;
	json_array_foreach (json_object_get(p->task->walks, "known"), i, print)
		if (json_is_string(print))
			map_put(&p->known, json_string_value(print), &yes);
}

int
qa_screen_worker_main(int argc, char **argv)
{
	struct task t = {0};
	struct player p = {.task = &t};
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *version = NULL;
	(void)argc;
	(void)argv;
	(void)signal(SIGPIPE, SIG_IGN); /* a browser that is gone is told by what it said */
	int rc = read_task(&t, &err);
	if (rc == 0) {
		cdp_init(&p.cdp, SCREEN_FROM, SCREEN_TO, SCREEN_ERRORS, t.time_ms);
		rc = cdp_call(&p.cdp, NULL, "Browser.getVersion", NULL, 60000, &version, &err);
	}
	if (rc == 0)
		rc = screen_tell_json("browser", json_incref(version), &err);
	take_known(&p);
	/* What changes the application's data is the last that is done with them. */
	for (size_t i = 0; rc == 0 && i < t.scenarios.n && !p.unsafe; i++)
		rc = play(&p, i, &err);
	if (rc == 0)
		cdp_send(&p.cdp, NULL, "Browser.close", NULL);
	if (rc == 0)
		(void)!cdp_wait(&p.cdp, 200, NULL);
	blank_cleanup(&p.page.next);
	cdp_cleanup(&p.cdp);
	scenario_list_cleanup(&t.scenarios);
	map_cleanup(&p.known);
	json_decref(t.walks);
	free(t.base_url);
	if (rc < 0)
		fprintf(stderr, "%s\n", err_msg(&err));
	return rc < 0 ? 1 : 0;
}
