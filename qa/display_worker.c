/* Body of the worker "display": points, clicks and types as a scenario says, and gives what is to be seen. */
#include "qa/qa.h"

#include "base/log.h"
#include "qa/display.h"
#include "qa/programs.h"
#include "qa/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define START_MS 5000 /* until a program shows something */
#define REACT_MS 500  /* until it answers a key */
#define EXPECT_MS 10000
#define SAME_MS 150 /* where nothing was done to it */
#define LOOK_MS 40
#define STILL_MS 150
#define SETTLE_MS 3000 /* from its first change */
#define FIRST_SETTLE_MS 1000
#define MANAGER_MS 10000
#define DIALOG_STILL_MS 250
#define MAX_DIALOGS 100 /* answered in a scenario */
#define MAX_PICTURES 16 /* of windows, of a step */
#define MAX_OUTPUT \
	((size_t)1 << 20) /* of a step, that is kept; and of the program, that is searched */
#define MAX_PIECES 64	  /* of output, at a time */

struct player {
	struct program_task task; /* its answers: of dialogs */
	struct display *display;
	struct screen_step *step;
	struct buf output; /* of the step */
	struct buf recent; /* the end of what the program wrote */
	bool closed;	   /* it writes no more */
	bool secret_typed;
	struct strlist asked; /* questions that were told */
	uint32_t answered[MAX_DIALOGS];
	size_t nanswered;
	uint32_t dialog; /* that waits to be answered; 0: none */
	int64_t dialog_since_ns;
};

/* ---- what the program writes ---- */

static void
keep_output(struct player *p, const char *bytes, size_t n)
{
	p->step->output_bytes += (int64_t)n;
	if (!p->secret_typed)
		buf_add(&p->output, bytes, n);
	if (p->recent.n > 2 * MAX_OUTPUT)
		buf_drop_front(&p->recent, MAX_OUTPUT);
	buf_add(&p->recent, bytes, n);
}

/* What comes within so many ms, all of them; no more than so much, for who never stops waits then. */
static void
pass_output(struct player *p, int ms)
{
	char piece[65536];
	const int64_t until = clock_mono_ns() + ms * INT64_C(1000000);
	for (int i = 0; !p->closed && i < MAX_PIECES; i++) {
		const int64_t left = (until - clock_mono_ns()) / 1000000;
		struct pollfd f = {SCREEN_ERRORS, POLLIN, 0};
		if (poll(&f, 1, left > 0 ? (int)left : 0) <= 0)
			break;
		ssize_t n = read(SCREEN_ERRORS, piece, sizeof(piece));
		p->closed = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
		if (n > 0)
			keep_output(p, piece, (size_t)n);
	}
	const int64_t rest = (until - clock_mono_ns()) / 1000;
	if (rest > 0)
		(void)usleep((useconds_t)rest);
}

/* ---- dialogs ---- */

static void
tell(struct player *p, const char *level, const char *slug)
{
	struct screen_message *m = screen_message_list_add(&p->step->console);
	m->level = mem_strdup(level);
	m->text = mem_printf("dialog:%s", slug);
}

static const char *
answer_of(struct player *p, const struct display_window *w)
{
	OWN_FREE char *slug = display_view_slug(w);
	return json_string_value(json_object_get(p->task.answers, slug));
}

static bool
was_answered(const struct player *p, uint32_t id)
{
	for (size_t i = 0; i < p->nanswered; i++)
		if (p->answered[i] == id)
			return true;
	return false;
}

/* The middle, or a place in it, from its lower right where that is negative; of the display. */
static void
place_in(const struct display_window *w, const char *at, int *ret_x, int *ret_y)
{
	int x = w->w / 2, y = w->h / 2;
	if (at && scenario_parse_place(at, &x, &y)) {
		x = x < 0 ? w->w + x : x;
		y = y < 0 ? w->h + y : y;
	}
	*ret_x = w->x + x;
	*ret_y = w->y + y;
}

static int
type(struct player *p, const char *text, bool secret, struct dd_err *err)
{
	p->secret_typed = p->secret_typed || secret;
	return display_type(p->display, text, err);
}

/* "@X,Y": a click there; else text, with Enter behind it unless it ends with that. */
static void
give_answer(struct player *p, const struct display_window *w, const char *answer)
{
	int x, y;
	if (*answer == '@' && scenario_parse_place(answer + 1, &x, &y)) {
		place_in(w, answer + 1, &x, &y);
		(void)!display_click(p->display, x, y, NULL);
		return;
	}
	OWN_FREE char *line =
		mem_printf("%s%s", answer, str_ends(str_of(answer), "\n") ? "" : "\n");
	if (display_activate(p->display, w, NULL) == 0)
		(void)!type(p, line, program_task_is_secret(&p->task, answer), NULL);
}

/* A window that waits, and whose answer was given, gets it, once; when it has been there for a while. */
static void
answer_dialogs(struct player *p)
{
	struct display_view v = {0};
	const int64_t now = clock_mono_ns();
	if (!json_object_size(p->task.answers) || p->nanswered == MAX_DIALOGS ||
		display_look(p->display, &v, NULL) < 0) {
		p->dialog = 0;
		return;
	}
	const struct display_window *w = NULL;
	for (size_t i = 0; i < v.n && !w; i++)
		if (v.v[i].managed && !was_answered(p, v.v[i].id) && answer_of(p, &v.v[i]))
			w = &v.v[i];
	if (w && w->id != p->dialog)
		p->dialog_since_ns = now;
	p->dialog = w ? w->id : 0;
	if (w && now - p->dialog_since_ns > DIALOG_STILL_MS * INT64_C(1000000)) {
		OWN_FREE char *slug = display_view_slug(w);
		p->answered[p->nanswered++] = w->id;
		tell(p, "answered", slug);
		give_answer(p, w, answer_of(p, w));
	}
	display_view_cleanup(&v);
}

static bool
is_spoken_of(const struct player *p, const struct display_window *w)
{
	const struct scenario *s = &p->task.scenarios.v[0];
	for (size_t i = 0; i < s->n; i++)
		if (s->steps[i].on.name && strstr(w->title, s->steps[i].on.name))
			return true;
	return false;
}

/* A dialog that nobody answers and no step speaks of asks something of people; its slug, heap, else NULL. */
static char *
question_of(struct player *p, const struct display_window *w)
{
	if (!w->dialog || is_spoken_of(p, w) || answer_of(p, w))
		return NULL;
	char *slug = display_view_slug(w);
	if (!strlist_has(&p->asked, slug)) {
		strlist_add(&p->asked, slug);
		tell(p, "question", slug);
	}
	return slug;
}

/* ---- waiting ---- */

static void
pass_time(void *ctx)
{
	struct player *p = ctx;
	pass_output(p, LOOK_MS);
	answer_dialogs(p);
}

/*
 * Until two pictures that are STILL_MS apart, and all between them, are the same; first_ms for its first change, which nothing
 * brings once the program has closed its output, and settle_ms from there.  False: it is still changing then.
 */
static bool
settle(struct player *p, int first_ms, int settle_ms)
{
	int64_t until = clock_mono_ns() + first_ms * INT64_C(1000000), since = clock_mono_ns();
	bool changed = false, same = false;
	if (display_is_same(p->display, &same, NULL) < 0)
		return false;
	for (;;) {
		pass_time(p);
		if (display_is_same(p->display, &same, NULL) < 0)
			return false;
		const int64_t now = clock_mono_ns();
		if (!changed && (!same || p->closed || now >= until)) {
			changed = true;
			until = now + settle_ms * INT64_C(1000000);
		}
		since = same && !p->dialog ? since : now;
		if (changed && now - since >= STILL_MS * INT64_C(1000000))
			return true;
		if (changed && now >= until)
			return false;
	}
}

static bool
has_manager(struct player *p)
{
	struct display_view v = {0};
	if (display_look(p->display, &v, NULL) < 0)
		return false;
	display_view_cleanup(&v);
	return v.manager;
}

/* ---- steps ---- */

static int
find(struct player *p, const struct scenario_target *t, struct display_view *ret,
	const struct display_window **ret_w, struct dd_err *err)
{
	int rc = display_look(p->display, ret, err);
	if (rc < 0)
		return rc;
	*ret_w = display_view_find(ret, t);
	if (*ret_w)
		return 0;
	display_view_cleanup(ret);
	return err_set(err, DD_EINVAL, "the window is not there");
}

static bool
sees(struct player *p, const struct scenario_target *t)
{
	struct display_view v = {0};
	const struct display_window *w = NULL;
	if (t->text &&
		!memmem(p->recent.p ? p->recent.p : "", p->recent.n, t->text, strlen(t->text)))
		return false;
	if (!t->name && !t->class)
		return true;
	if (find(p, t, &v, &w, NULL) < 0)
		return false;
	display_view_cleanup(&v);
	return true;
}

static int
expect(struct player *p, const struct scenario_target *t, struct dd_err *err)
{
	const int64_t until = clock_mono_ns() + EXPECT_MS * INT64_C(1000000);
	bool ended = false;
	/* It holds once it holds of a display that is still. */
	while (!display_is_lost(p->display)) {
		if (sees(p, t) != t->absent) {
			(void)settle(p, 0, SETTLE_MS);
			if (sees(p, t) != t->absent && !display_is_lost(p->display))
				return 0;
		}
		if (ended || clock_mono_ns() >= until)
			break;
		ended = p->closed && program_has_ended();
		pass_time(p);
	}
	return err_set(err, DD_EINVAL, "%s%s%s",
		t->name || t->class ? "the window is " : "the text is ",
		t->absent ? "still there" : "not there",
		display_is_lost(p->display)    ? ", and the display is gone"
		: ended || program_has_ended() ? ", and the program has ended"
					       : "");
}

/* Where others do not cover it. */
static int
click_in(struct player *p, const struct display_view *v, const struct display_window *w,
	const char *at, struct dd_err *err)
{
	int x, y;
	place_in(w, at, &x, &y);
	if (x < 0 || y < 0 || x >= v->width || y >= v->height)
		return err_set(err, DD_EINVAL, "the place is not on the display");
	const struct display_window *there = display_view_at(v, x, y);
	if (there && there != w)
		return err_set(
			err, DD_EINVAL, "another window covers the place: \"%.80s\"", there->title);
	return display_click(p->display, x, y, err);
}

static int
click(struct player *p, const struct scenario_target *t, struct dd_err *err)
{
	struct display_view v = {0};
	const struct display_window *w = NULL;
	int x, y;
	if (!t->name && !t->class)
		return scenario_parse_place(t->at, &x, &y)
			       ? display_click(p->display, x, y, err)
			       : err_set(err, DD_EINVAL, "\"%.40s\" is no place", t->at);
	int rc = find(p, t, &v, &w, err);
	if (rc == 0)
		rc = click_in(p, &v, w, t->at, err);
	display_view_cleanup(&v);
	return rc;
}

static int
type_into(struct player *p, const struct scenario_target *t, struct dd_err *err)
{
	struct display_view v = {0};
	const struct display_window *w = NULL;
	int rc = t->name || t->class ? find(p, t, &v, &w, err) : 0;
	if (rc == 0 && w)
		rc = display_activate(p->display, w, err);
	display_view_cleanup(&v);
	const bool secret = program_task_is_secret(&p->task, t->text);
	return rc ? rc : type(p, t->text, secret, err);
}

static int
act(struct player *p, const struct scenario_step *s, struct dd_err *err)
{
	switch (s->kind) {
	case SCENARIO_TYPE:
		return type_into(p, &s->on, err);
	case SCENARIO_PRESS:
		return display_press(p->display, s->word, err);
	case SCENARIO_CLICK:
		return click(p, &s->on, err);
	case SCENARIO_EXPECT:
		return expect(p, &s->on, err);
	case SCENARIO_EXIT:
		return program_expect_exit(s->status, EXPECT_MS, pass_time, p, err);
	case SCENARIO_GO:
	case SCENARIO_RESIZE:
		return err_set(err, DD_EINVAL, "a display has nothing of that kind");
	case SCENARIO_SHOOT:
		break;
	}
	return 0;
}

/* ---- evidence ---- */

static int
put_picture(struct picture *p, const char *kind, struct dd_err *err)
{
	OWN(buf) struct buf png = {0};
	png_write(p, &png);
	picture_cleanup(p);
	return screen_tell(kind, buf_str(&png), err);
}

/* What cannot be had is named, and what there is is given. */
static int
put_pictures(struct player *p, const struct display_view *v, struct dd_err *err)
{
	struct picture picture = {0};
	bool all = v->n <= MAX_PICTURES && !v->more;
	int rc = 0;
	if (display_picture(p->display, &picture, NULL) == 0)
		rc = put_picture(&picture, "picture", err);
	else
		strlist_add_new(&p->step->unmet, "picture");
	for (size_t i = 0; rc == 0 && i < v->n && i < MAX_PICTURES; i++) {
		const struct display_window *w = &v->v[i];
		all = all && w->w <= DISPLAY_MAX_PICTURE && w->h <= DISPLAY_MAX_PICTURE;
		if (display_window_picture(p->display, w, &picture, NULL) == 0)
			rc = put_picture(&picture, "whole", err);
		else
			all = false;
	}
	if (!all)
		strlist_add_new(&p->step->unmet, "windows");
	return rc;
}

static int
put_output(struct player *p, struct dd_err *err)
{
	if (p->secret_typed || (size_t)p->step->output_bytes > p->output.n)
		strlist_add_new(&p->step->unmet, "output");
	return p->secret_typed ? 0 : screen_tell("output", buf_str(&p->output), err);
}

static int
put_windows(struct player *p, struct display_view *v, struct dd_err *err)
{
	char *questions[DISPLAY_MAX_WINDOWS] = {0};
	for (size_t i = 0; i < v->n; i++)
		questions[i] = question_of(p, &v->v[i]);
	json_t *tree = display_view_describe(v, questions);
	for (size_t i = 0; i < v->n; i++)
		free(questions[i]);
	return screen_tell_json("tree", tree, err);
}

/* Was it given something that it may answer? */
static bool
is_input(enum scenario_kind kind)
{
	return kind == SCENARIO_TYPE || kind == SCENARIO_PRESS || kind == SCENARIO_CLICK;
}

static int
capture(struct player *p, enum scenario_kind kind, struct dd_err *err)
{
	const int64_t began = clock_mono_ns();
	struct display_view v = {0};
	int rc = 0;
	if (!settle(p, is_input(kind) ? REACT_MS : SAME_MS, SETTLE_MS))
		strlist_add(&p->step->unmet, "still");
	if (display_look(p->display, &v, NULL) == 0) {
		if (!v.manager)
			strlist_add(&p->step->unmet, "window manager");
		p->step->title = mem_strdup(v.n ? v.v[0].title : "");
		p->step->width = v.width;
		p->step->height = v.height;
		rc = put_pictures(p, &v, err);
		if (rc == 0)
			rc = put_windows(p, &v, err);
		display_view_cleanup(&v);
	} else {
		strlist_add(&p->step->unmet, "picture");
		strlist_add(&p->step->unmet, "windows");
	}
	pass_output(p, 0);
	if (rc == 0)
		rc = put_output(p, err);
	p->step->evidence_ms = (double)(clock_mono_ns() - began) / 1e6;
	return rc;
}

/* ---- a scenario ---- */

static int
play_step(void *ctx, const struct scenario_step *s, struct screen_step *step, struct dd_err *err)
{
	struct player *p = ctx;
	OWN(dd_err) struct dd_err why = {0};
	const int64_t now = clock_mono_ns();
	p->step = step;
	buf_reset(&p->output);
	p->output.truncated = false;
	if (step->n == 1)
		(void)settle(p, START_MS, FIRST_SETTLE_MS);
	int failed = act(p, s, &why);
	step->action_ms = (double)(clock_mono_ns() - now) / 1e6;
	int rc = capture(p, s->kind, err);
	if (failed == 0)
		failed = display_is_lost(p->display) ? err_set(&why, DD_EIO, "the display is gone")
						     : 0;
	if (failed < 0) {
		step->status = TEST_FAILED;
		step->message = mem_strdup(err_msg(&why));
	}
	return rc;
}

static int
read_cookie(const struct program_task *t, unsigned char ret[DISPLAY_COOKIE], struct dd_err *err)
{
	const char *hex = json_string_value(json_object_get(t->more, "cookie"));
	unsigned byte;
	if (!hex || strlen(hex) != (size_t)2 * DISPLAY_COOKIE)
		return err_set(err, DD_EINVAL, "there is no key to the display");
	for (size_t i = 0; i < DISPLAY_COOKIE && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++)
		ret[i] = (unsigned char)byte;
	return 0;
}

/* With a window manager; then the program is started, which drydock does when it is asked for the first time. */
static int
open_display(struct player *p, struct dd_err *err)
{
	unsigned char cookie[DISPLAY_COOKIE];
	OWN(buf) struct buf said = {.max = 64};
	const int64_t until = clock_mono_ns() + MANAGER_MS * INT64_C(1000000);
	bool same;
	int rc = read_cookie(&p->task, cookie, err);
	if (rc == 0)
		rc = display_open(SCREEN_FROM, cookie, &p->display, err);
	if (rc < 0)
		return rc;
	while (!has_manager(p)) {
		if (display_is_lost(p->display) || clock_mono_ns() > until)
			return err_set(err, DD_EIO, "its window manager does not start");
		(void)usleep(LOOK_MS * 1000);
	}
	rc = display_is_same(p->display, &same, err);
	if (rc == 0)
		program_ask_status(&said);
	return rc;
}

int
qa_display_worker_main(int argc, char **argv)
{
	struct player p = {.output = {.max = MAX_OUTPUT}};
	OWN(dd_err) struct dd_err err = {0};
	(void)argc;
	(void)argv;
	(void)signal(SIGPIPE, SIG_IGN);
	int rc = program_task_read(SCREEN_DISPLAY, &p.task, &err);
	if (rc == 0)
		rc = open_display(&p, &err);
	if (rc == 0)
		rc = program_play(&p.task.scenarios.v[0], play_step, &p, &err);
	display_close(p.display);
	program_task_cleanup(&p.task);
	buf_cleanup(&p.output);
	buf_cleanup(&p.recent);
	strlist_cleanup(&p.asked);
	if (rc < 0)
		fprintf(stderr, "%s\n", err_msg(&err));
	return rc < 0 ? 1 : 0;
}
