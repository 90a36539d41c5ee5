/* Body of the worker "terminal": types into a program's terminal as a scenario says, and gives what it shows. */
#include "qa/qa.h"

#include "base/fs.h"
#include "base/log.h"
#include "qa/scenario.h"
#include "qa/screen.h"
#include "qa/terminal.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define START_MS 3000 /* until a program shows something */
#define REACT_MS 400  /* until it answers a key */
#define EXPECT_MS 10000
#define SAME_MS 150 /* where nothing was done to it */
#define LOOK_MS 50
#define WAIT_MS 5000	/* until drydock says what became of the program */
#define MAX_PROMPTS 100 /* answered in a step */
#define PROMPT_STILL_MS 300

struct player {
	struct scenario_list scenarios; /* one */
	struct strlist secrets;
	json_t *prompts;
	struct terminal *terminal;
	struct screen_step *step;
	bool secret_typed; /* what the program wrote since may hold it in pieces */
	int prompted;
	int64_t prompted_at; /* so many bytes had come when a prompt was answered last */
};

/* ---- talking to drydock ---- */

static int
read_task(struct player *ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = SCREEN_MAX_FRAME};
	OWN_JSON json_t *j = NULL;
	worker_take_input(&text);
	int rc = json_parse(buf_str(&text), &j, err);
	if (rc < 0)
		return rc;
	json_to_strings(json_object_get(j, "secrets"), &ret->secrets);
	ret->prompts = json_incref(json_object_get(j, "prompts"));
	rc = scenario_list_from_json(json_object_get(j, "scenario"), &ret->scenarios, err);
	return rc == 0 && !ret->scenarios.v[0].in_terminal
		       ? err_set(err, DD_EINVAL, "that is no scenario of a terminal")
		       : rc;
}

/* What became of the program: "running", "exit 0", "signal 9"; "" when nobody says. */
static void
ask_status(struct buf *ret)
{
	struct pollfd p = {SCREEN_TO, POLLIN, 0};
	char c = 0;
	buf_reset(ret);
	if (screen_tell("wait", STR("?"), NULL) < 0)
		return;
	while (poll(&p, 1, WAIT_MS) > 0 && read(SCREEN_TO, &c, 1) == 1 && c != '\n')
		buf_putc(ret, c);
}

/* ---- prompts ---- */

static bool
is_secret(const struct player *p, const char *text)
{
	return strlist_has(&p->secrets, text);
}

static int
type(struct player *p, const char *text, struct dd_err *err)
{
	p->secret_typed = p->secret_typed || is_secret(p, text);
	return terminal_type(p->terminal, text, err);
}

/* The answer to what stands before the cursor; NULL: there is none. */
static const char *
find_answer(struct player *p)
{
	struct terminal_view v = {0};
	terminal_look(p->terminal, &v);
	OWN_FREE char *text = terminal_view_row(&v, v.cursor_row, v.cursor_column);
	terminal_view_cleanup(&v);
	OWN_FREE char *slug = question_slug(str_of(text));
	return json_string_value(json_object_get(p->prompts, slug));
}

/* A program that waits behind a prompt whose answer was given gets it, once. */
static void
answer_prompt(struct player *p)
{
	if (!json_object_size(p->prompts) || p->prompted >= MAX_PROMPTS ||
		p->step->output_bytes == p->prompted_at)
		return;
	const char *answer = find_answer(p);
	if (!answer || terminal_pass(p->terminal, PROMPT_STILL_MS))
		return; /* it is still writing */
	OWN_FREE char *line = mem_printf("%s\n", answer);
	p->secret_typed = p->secret_typed || is_secret(p, answer);
	p->prompted_at = p->step->output_bytes;
	p->prompted++;
	if (type(p, line, NULL) == 0)
		(void)terminal_settle(p->terminal, REACT_MS);
}

/* ---- steps ---- */

static bool
sees(struct player *p, const struct scenario_target *t)
{
	struct terminal_view v = {0};
	terminal_look(p->terminal, &v);
	bool seen = terminal_view_find(&v, t->text, (int)t->row - 1, 1, NULL, NULL);
	terminal_view_cleanup(&v);
	return seen;
}

static int
expect(struct player *p, const struct scenario_target *t, struct dd_err *err)
{
	const int64_t until = clock_mono_ns() + EXPECT_MS * INT64_C(1000000);
	for (;;) {
		/* It holds once it holds of a screen that is still. */
		if (sees(p, t) != t->absent) {
			(void)terminal_settle(p->terminal, 0);
			if (sees(p, t) != t->absent)
				return 0;
		}
		if (terminal_has_ended(p->terminal) || clock_mono_ns() >= until)
			break;
		if (!terminal_pass(p->terminal, LOOK_MS))
			answer_prompt(p);
	}
	return err_set(err, DD_EINVAL, "%s%s",
		t->absent ? "the text is still there" : "the text is not there",
		terminal_has_ended(p->terminal) ? ", and the program has ended" : "");
}

static int
click(struct player *p, const struct scenario_target *t, struct dd_err *err)
{
	struct terminal_view v = {0};
	int row = 0, column = 0;
	terminal_look(p->terminal, &v);
	bool found = terminal_view_find(&v, t->name, (int)t->row - 1, t->nth, &row, &column);
	terminal_view_cleanup(&v);
	return found ? terminal_click(p->terminal, row, column, err)
		     : err_set(err, DD_EINVAL, "the text is not there");
}

static int
expect_exit(struct player *p, int64_t status, struct dd_err *err)
{
	const int64_t until = clock_mono_ns() + EXPECT_MS * INT64_C(1000000);
	OWN_FREE char *wanted = mem_printf("exit %lld", (long long)status);
	OWN(buf) struct buf said = {.max = 64};
	do {
		if (!terminal_pass(p->terminal, LOOK_MS))
			answer_prompt(p);
		ask_status(&said);
	} while (str_eq(buf_str(&said), "running") && clock_mono_ns() < until);
	if (str_eq(buf_str(&said), wanted))
		return 0;
	if (str_eq(buf_str(&said), "running"))
		return err_set(err, DD_EINVAL, "the program still runs");
	return err_set(
		err, DD_EINVAL, "the program ended with %s", said.n ? said.p : "nobody knows what");
}

static int
resize(struct player *p, const char *size, struct dd_err *err)
{
	int64_t columns, rows;
	return scenario_parse_size(size, &columns, &rows)
		       ? terminal_resize(p->terminal, (int)columns, (int)rows, err)
		       : err_set(err, DD_EINVAL, "\"%.40s\" is no size", size);
}

static int
act(struct player *p, const struct scenario_step *s, struct dd_err *err)
{
	switch (s->kind) {
	case SCENARIO_TYPE:
		return type(p, s->on.text, err);
	case SCENARIO_PRESS:
		return terminal_press(p->terminal, s->word, err);
	case SCENARIO_CLICK:
		return click(p, &s->on, err);
	case SCENARIO_EXPECT:
		return expect(p, &s->on, err);
	case SCENARIO_RESIZE:
		return resize(p, s->word, err);
	case SCENARIO_EXIT:
		return expect_exit(p, s->status, err);
	case SCENARIO_GO:
		return err_set(err, DD_EINVAL, "a terminal has no address");
	case SCENARIO_SHOOT:
		break;
	}
	return 0;
}

/* ---- evidence ---- */

static int
put_picture(const struct terminal_view *v, struct dd_err *err)
{
	struct picture p = {0};
	OWN(buf) struct buf png = {0};
	int rc = terminal_view_draw(v, &p, err);
	if (rc < 0)
		return rc;
	png_write(&p, &png);
	picture_cleanup(&p);
	return screen_tell("picture", buf_str(&png), err);
}

static int
put_output(struct player *p, struct dd_err *err)
{
	struct str output = terminal_output(p->terminal);
	if (p->secret_typed || (size_t)p->step->output_bytes > output.n)
		strlist_add(&p->step->unmet, "output");
	return p->secret_typed ? 0 : screen_tell("output", output, err);
}

/* Was it given something that it may answer? */
static bool
is_input(enum scenario_kind kind)
{
	return kind == SCENARIO_TYPE || kind == SCENARIO_PRESS || kind == SCENARIO_CLICK ||
	       kind == SCENARIO_RESIZE;
}

static int
capture(struct player *p, enum scenario_kind kind, struct dd_err *err)
{
	const int64_t began = clock_mono_ns();
	struct terminal_view v = {0};
	if (!terminal_settle(p->terminal, is_input(kind) ? REACT_MS : SAME_MS))
		strlist_add(&p->step->unmet, "still");
	terminal_look(p->terminal, &v);
	for (size_t i = 0; i < p->secrets.n; i++)
		terminal_view_hide(&v, p->secrets.v[i]);
	p->step->title = mem_strdup(v.title);
	p->step->width = v.columns * CELL_WIDTH;
	p->step->height = v.rows * CELL_HEIGHT;
	int rc = put_picture(&v, err);
	if (rc == 0)
		rc = screen_tell_json("tree", terminal_view_describe(&v), err);
	if (rc == 0)
		rc = put_output(p, err);
	terminal_view_cleanup(&v);
	p->step->evidence_ms = (double)(clock_mono_ns() - began) / 1e6;
	return rc;
}

/* ---- a scenario ---- */

/* A failed step is told in it; an error is ours. */
static int
play_step(struct player *p, const struct scenario_step *s, int64_t began_ns, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	terminal_begin_step(p->terminal, p->step);
	p->prompted = 0;
	p->prompted_at = -1;
	if (p->step->n == 1)
		(void)terminal_settle(p->terminal, START_MS);
	const int64_t now = clock_mono_ns();
	p->step->at_ms = (double)(now - began_ns) / 1e6;
	if (act(p, s, &why) < 0) {
		p->step->status = TEST_FAILED;
		p->step->message = mem_strdup(err_msg(&why));
	}
	p->step->action_ms = (double)(clock_mono_ns() - now) / 1e6;
	return capture(p, s->kind, err);
}

static int
play(struct player *p, struct dd_err *err)
{
	const struct scenario *s = &p->scenarios.v[0];
	const int64_t began = clock_mono_ns();
	OWN(screen_scenario) struct screen_scenario done = {.scenario = mem_strdup(s->name)};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < s->n; i++) {
		OWN(screen_step)
		struct screen_step step = {.n = (int64_t)i + 1, .screen = SCREEN_TERMINAL};
		step.action = scenario_step_words(&s->steps[i]);
		p->step = &step;
		if (done.failed)
			step.status = TEST_SKIPPED;
		else
			rc = play_step(p, &s->steps[i], began, err);
		done.failed += step.status == TEST_FAILED;
		done.steps += step.status != TEST_SKIPPED;
		int told = screen_tell_json("step", json_encode(screen_step_fields, &step), NULL);
		rc = rc ? rc : told;
		terminal_begin_step(p->terminal, NULL);
	}
	if (rc < 0)
		done.message = mem_strdup(err_msg(err));
	done.status = rc < 0 || done.failed ? TEST_FAILED : TEST_PASSED;
	done.ms = (double)(clock_mono_ns() - began) / 1e6;
	int told = screen_tell_json("scenario", json_encode(screen_scenario_fields, &done), NULL);
	return rc ? rc : told;
}

int
qa_terminal_worker_main(int argc, char **argv)
{
	struct player p = {0};
	OWN(dd_err) struct dd_err err = {0};
	(void)argc;
	(void)argv;
	(void)signal(SIGPIPE, SIG_IGN);
	int rc = read_task(&p, &err);
	if (rc == 0) {
		const struct scenario_terminal *t = &p.scenarios.v[0].terminal;
		p.terminal = terminal_create(SCREEN_FROM, (int)t->columns, (int)t->rows);
		rc = play(&p, &err);
	}
	terminal_destroy(p.terminal);
	scenario_list_cleanup(&p.scenarios);
	strlist_cleanup(&p.secrets);
	json_decref(p.prompts);
	if (rc < 0)
		fprintf(stderr, "%s\n", err_msg(&err));
	return rc < 0 ? 1 : 0;
}
