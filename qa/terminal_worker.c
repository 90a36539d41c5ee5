/* Body of the worker "terminal": types into a program's terminal as a scenario says, and gives what it shows. */
#include "qa/qa.h"

#include "base/log.h"
#include "qa/programs.h"
#include "qa/screen.h"
#include "qa/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define START_MS 3000 /* until a program shows something */
#define REACT_MS 400  /* until it answers a key */
#define EXPECT_MS 10000
#define SAME_MS 150 /* where nothing was done to it */
#define LOOK_MS 50
#define MAX_PROMPTS 100 /* answered in a step */
#define PROMPT_STILL_MS 300

struct player {
	struct program_task task; /* its answers: of prompts */
	struct terminal *terminal;
	struct screen_step *step;
	bool secret_typed; /* what the program wrote since may hold it in pieces */
	int prompted;
	int64_t prompted_at; /* so many bytes had come when a prompt was answered last */
};

/* ---- prompts ---- */

static int
type(struct player *p, const char *text, struct dd_err *err)
{
	p->secret_typed = p->secret_typed || program_task_is_secret(&p->task, text);
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
	return json_string_value(json_object_get(p->task.answers, slug));
}

/* A program that waits behind a prompt whose answer was given gets it, once. */
static void
answer_prompt(struct player *p)
{
	if (!json_object_size(p->task.answers) || p->prompted >= MAX_PROMPTS ||
		p->step->output_bytes == p->prompted_at)
		return;
	const char *answer = find_answer(p);
	if (!answer || terminal_pass(p->terminal, PROMPT_STILL_MS))
		return; /* it is still writing */
	OWN_FREE char *line = mem_printf("%s\n", answer);
	p->secret_typed = p->secret_typed || program_task_is_secret(&p->task, answer);
	p->prompted_at = p->step->output_bytes;
	p->prompted++;
	if (type(p, line, NULL) == 0)
		(void)terminal_settle(p->terminal, REACT_MS);
}

/* ---- steps ---- */

static void
pass_time(void *ctx)
{
	struct player *p = ctx;
	if (!terminal_pass(p->terminal, LOOK_MS))
		answer_prompt(p);
}

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
		pass_time(p);
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
		return program_expect_exit(s->status, EXPECT_MS, pass_time, p, err);
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
	for (size_t i = 0; i < p->task.secrets.n; i++)
		terminal_view_hide(&v, p->task.secrets.v[i]);
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

static int
play_step(void *ctx, const struct scenario_step *s, struct screen_step *step, struct dd_err *err)
{
	struct player *p = ctx;
	OWN(dd_err) struct dd_err why = {0};
	terminal_begin_step(p->terminal, step);
	p->step = step;
	p->prompted = 0;
	p->prompted_at = -1;
	if (step->n == 1)
		(void)terminal_settle(p->terminal, START_MS);
	const int64_t now = clock_mono_ns();
	if (act(p, s, &why) < 0) {
		step->status = TEST_FAILED;
		step->message = mem_strdup(err_msg(&why));
	}
	step->action_ms = (double)(clock_mono_ns() - now) / 1e6;
	int rc = capture(p, s->kind, err);
	terminal_begin_step(p->terminal, NULL);
	return rc;
}

int
qa_terminal_worker_main(int argc, char **argv)
{
	struct player p = {0};
	OWN(dd_err) struct dd_err err = {0};
	(void)argc;
	(void)argv;
	(void)signal(SIGPIPE, SIG_IGN);
	int rc = program_task_read(SCREEN_TERMINAL, &p.task, &err);
	if (rc == 0) {
		const struct scenario *s = &p.task.scenarios.v[0];
		p.terminal =
			terminal_create(SCREEN_FROM, (int)s->program.width, (int)s->program.height);
		rc = program_play(s, play_step, &p, &err);
	}
	terminal_destroy(p.terminal);
	program_task_cleanup(&p.task);
	if (rc < 0)
		fprintf(stderr, "%s\n", err_msg(&err));
	return rc < 0 ? 1 : 0;
}
