/* drydock qa shoot and play: screens of an application, with their evidence. */
#include "runner/commands.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/log.h"
#include "images/images.h"
#include "qa/qa.h"
#include "qa/scenario.h"
#include "runner/attest.h"
#include "runner/revive.h"
#include "runner/session.h"

#include <string.h>

#define MAX_FILE ((size_t)16 << 20)
#define MAX_PICTURE ((size_t)64 << 20)
#define MAX_SIDE 4096
#define MAX_SECONDS 86400
#define DEFAULT_DIR ATTEST_SCREENS

struct screens_options {
	struct common_options common;
	const char *run, *serve, *output, *answers;
	uint64_t seed, width, height, time;
	bool offline;
};

#define O(member) offsetof(struct screens_options, member)
static const struct option_def options[] = {
	{"run", 0, OPTION_TEXT, O(run), "RUN", "start the application of this run, and look at it"},
	{"serve", 0, OPTION_TEXT, O(serve), "DIR",
		"show the files of this directory, as the application, to the browser"},
	{"output", 'o', OPTION_TEXT, O(output), "DIR",
		"write pictures and records there (default: " DEFAULT_DIR
		", and of a run its own)"},
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers that steps type; secrets are kept out of the evidence"},
	{"seed", 0, OPTION_NUMBER, O(seed), "N",
		"what a page's randomness begins with (default: 1)"},
	{"width", 0, OPTION_NUMBER, O(width), "PX", "width of the window (default: 1280)"},
	{"height", 0, OPTION_NUMBER, O(height), "PX", "height of the window (default: 720)"},
	{"time", 0, OPTION_NUMBER, O(time), "S", "end it after this many seconds (default: 600)"},
	{"offline", 0, OPTION_FLAG, O(offline), NULL,
		"use only what is in the store, also for the image of the browser"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

struct screens {
	const struct screens_options *o;
	struct state st;
	struct run run; /* of --run */
	struct revived *application;
	struct image image, display;
	struct scenario_list scenarios;
	struct answers *answers;
	struct screen_result result;
	char *dir;
	json_t *questions; /* that dialogs ask */
	json_t *steps;	   /* an array of steps for each scenario that began */
	struct dd_err err; /* of a picture that could not be written */
};

static void
screens_cleanup(struct screens *s)
{
	revived_close(s->application);
	run_cleanup(&s->run);
	image_cleanup(&s->image);
	image_cleanup(&s->display);
	free(s->dir);
	scenario_list_cleanup(&s->scenarios);
	answers_destroy(s->answers);
	screen_result_cleanup(&s->result);
	json_decref(s->steps);
	json_decref(s->questions);
	dd_err_cleanup(&s->err);
	state_cleanup(&s->st);
}

/* ---- what is seen, as files ---- */

static int
write_picture(const struct screens *s, const char *digest, const char *name, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(&s->st, "cas");
	OWN_FREE char *from = cas_path(cas, digest);
	OWN_FREE char *to = fs_join(s->dir, name);
	OWN(buf) struct buf png = {.max = MAX_PICTURE};
	int rc = fs_read(from, MAX_PICTURE, &png, err);
	return rc ? rc : fs_write_atomic(to, buf_str(&png), 0644, err);
}

/* What a terminal or a display shows, as a file of text beside its picture. */
static int
write_text(const struct screens *s, const char *digest, const char *name, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(&s->st, "cas");
	OWN_FREE char *from = cas_path(cas, digest), *to = fs_join(s->dir, name);
	OWN_JSON json_t *tree = NULL;
	OWN(strlist) struct strlist lines = {0};
	OWN(buf) struct buf text = {0};
	int rc = json_parse_file(from, MAX_PICTURE, &tree, err);
	if (rc < 0)
		return rc;
	json_to_strings(json_object_get(tree, "lines"), &lines);
	for (size_t i = 0; i < lines.n; i++)
		buf_printf(&text, "%s\n", lines.v[i]);
	return fs_write_atomic(to, buf_str(&text), 0644, err);
}

static char *
picture_name(size_t scenario, const struct screen_step *step)
{
	return mem_printf("%02zu-%03lld.png", scenario, (long long)step->n);
}

static void
write_pictures(struct screens *s, size_t scenario, const struct screen_step *step)
{
	const char *only = step->whole.n == 1 ? step->whole.v[0] : "";
	int rc = 0;
	OWN_FREE char *name = picture_name(scenario, step);
	if (step->picture)
		rc = write_picture(s, step->picture, name, &s->err);
	if (rc == 0 && step->screen != SCREEN_PAGE && step->tree) {
		OWN_FREE char *text = mem_printf("%02zu-%03lld.txt", scenario, (long long)step->n);
		rc = write_text(s, step->tree, text, &s->err);
	}
	if (step->picture && strcmp(only, step->picture) == 0)
		return;
	for (size_t i = 0; rc == 0 && i < step->whole.n; i++) {
		OWN_FREE char *tile = mem_printf("%02zu-%03lld-%s%s%.0zu.png", scenario,
			(long long)step->n, step->screen == SCREEN_DISPLAY ? "window" : "whole",
			i ? "-" : "", i ? i + 1 : 0);
		rc = write_picture(s, step->whole.v[i], tile, &s->err);
	}
}

/* ---- what is told ---- */

static void
print_step(const struct screen_step *step)
{
	OWN(buf) struct buf line = {0};
	buf_printf(&line, "%3lld %-7s ", (long long)step->n, test_status_names[step->status]);
	buf_put_visible(&line, str_of(step->action));
	if (step->message) {
		buf_puts(&line, ": ");
		buf_put_visible(&line, str_of(step->message));
	}
	for (size_t i = 0; i < step->unmet.n; i++) {
		buf_puts(&line, i ? ", " : " (not met: ");
		buf_put_visible(&line, str_of(step->unmet.v[i]));
	}
	printf("%s%s\n", line.p, step->unmet.n ? ")" : "");
}

static void
print_name(const char *name)
{
	OWN(buf) struct buf safe = {0};
	buf_put_visible(&safe, str_of(name));
	printf("%s\n", safe.p ? safe.p : "");
}

/* What a dialog asks that nobody answered: people find it with its picture. */
static void
add_questions(struct screens *s, size_t scenario, const struct screen_step *step)
{
	for (size_t i = 0; i < step->console.n; i++) {
		const struct screen_message *m = &step->console.v[i];
		if (step->screen != SCREEN_DISPLAY || strcmp(m->level, "question") != 0)
			continue;
		json_array_append_new(s->questions,
			json_pack("{s:s, s:s, s:I, s:o, s:I, s:s?}", "id", m->text, "kind",
				question_kind_names[Q_DIALOG], "number", (json_int_t)scenario + 1,
				"scenario", json_text(str_of(s->scenarios.v[scenario].name)),
				"step", (json_int_t)step->n, "picture", step->picture));
	}
}

/* With the file of its picture, which write_pictures writes. */
static json_t *
describe_step(const struct screens *s, size_t scenario, const struct screen_step *step)
{
	json_t *j = json_encode(screen_step_fields, step);
	OWN_FREE char *name = picture_name(scenario, step);
	OWN_FREE char *path = fs_join(s->dir, name);
	if (step->picture)
		json_object_set_new(j, "path", json_text(str_of(path)));
	return j;
}

static void
take_step(void *ctx, size_t scenario, const struct screen_step *step)
{
	struct screens *s = ctx;
	add_questions(s, scenario, step);
	bool begins = json_array_size(s->steps) == scenario;
	if (begins)
		json_array_append_new(s->steps, json_array());
	json_array_append_new(
		json_array_get(s->steps, scenario), describe_step(s, scenario + 1, step));
	write_pictures(s, scenario + 1, step);
	if (s->o->common.json)
		return;
	if (begins && s->scenarios.n > 1)
		print_name(s->scenarios.v[scenario].name);
	print_step(step);
	(void)fflush(stdout);
}

static void
print_questions(const struct screens *s)
{
	json_t *q;
	size_t i;
	json_array_foreach (s->questions, i, q) {
		OWN(buf) struct buf safe = {0};
		buf_put_visible(&safe, str_of(json_string_value(json_object_get(q, "id"))));
		printf("a dialog asks %s (--answers), and its picture is %02zu-%03lld.png\n",
			safe.p, (size_t)json_integer_value(json_object_get(q, "number")),
			(long long)json_integer_value(json_object_get(q, "step")));
	}
}

static json_t *
describe(const struct screens *s)
{
	json_t *all = json_array();
	for (size_t i = 0; i < s->result.scenarios.n; i++) {
		json_t *j = json_encode(screen_scenario_fields, &s->result.scenarios.v[i]);
		json_t *steps = json_array_get(s->steps, i);
		json_object_set_new(j, "count", json_incref(json_object_get(j, "steps")));
		json_object_set(j, "steps", steps ? steps : json_null());
		if (i < s->result.files.n)
			json_object_set_new(j, "file", json_string(s->result.files.v[i]));
		json_array_append_new(all, j);
	}
	return json_pack("{s:s?, s:s?, s:s, s:s?, s:s?, s:I, s:I, s:O, s:o}", "image",
		s->image.digest, "display", s->display.digest, "dir", s->dir, "browser",
		s->result.browser, "ended", s->result.ended, "steps", (json_int_t)s->result.steps,
		"failed", (json_int_t)s->result.failed, "questions", s->questions, "scenarios",
		all);
}

static int
tell(const struct screens *s)
{
	const struct screen_result *r = &s->result;
	if (s->o->common.json) {
		OWN_JSON json_t *j = describe(s);
		OWN(buf) struct buf out = {0};
		json_print(j, 2, &out);
		printf("%s\n", out.p);
	} else {
		OWN(buf) struct buf safe = {0};
		buf_put_visible(&safe, str_of(r->ended));
		print_questions(s);
		printf("%lld steps, %lld failed; pictures and records are in %s%s%s\n",
			(long long)r->steps, (long long)r->failed, s->dir,
			r->ended ? "; it ended early: " : "", safe.p ? safe.p : "");
	}
	return r->failed || r->ended ? EXIT_TARGET_FAILED : EXIT_DONE;
}

/* ---- playing ---- */

static int
check_options(const struct screens_options *o, struct dd_err *err)
{
	if (o->seed > UINT32_MAX)
		return err_set(err, DD_EINVAL, "--seed: at most %u", UINT32_MAX);
	if (o->width > MAX_SIDE || o->height > MAX_SIDE)
		return err_set(err, DD_EINVAL, "--width, --height: at most %d", MAX_SIDE);
	if (o->time > MAX_SECONDS)
		return err_set(err, DD_EINVAL, "--time: at most %d", MAX_SECONDS);
	if (o->run && o->serve)
		return err_set(err, DD_EINVAL, "--run and --serve: it is one or the other");
	return o->serve && !fs_is_dir(o->serve)
		       ? err_set(err, DD_EINVAL, "--serve: %s is not a directory", o->serve)
		       : 0;
}

static bool
has_any(const struct screens *s, enum screen_kind screen)
{
	for (size_t i = 0; i < s->scenarios.n; i++)
		if (s->scenarios.v[i].screen == screen)
			return true;
	return false;
}

static int
open_run(struct screens *s, struct dd_err *err)
{
	const struct revive_spec spec = {.state = &s->st,
		.run = &s->run,
		.answers = s->o->answers,
		.services_only = !has_any(s, SCREEN_PAGE)};
	int rc = run_open_held(&s->st, s->o->run, &s->run, err);
	if (rc == 0 && !s->o->output)
		s->dir = run_path(&s->run, DEFAULT_DIR);
	if (rc == 0 && !s->o->answers) {
		answers_destroy(TAKE(s->answers));
		rc = command_load_answers(s->run.options.answers, &s->answers, err);
	}
	if (rc < 0)
		return rc;
	int step =
		progress_begin(spec.services_only ? "opening the run" : "starting the application");
	rc = revive(&spec, &s->application, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	if (rc == 0 && !spec.services_only && !revived_urls(s->application)->n)
		rc = err_set(err, DD_EINVAL,
			"the application of run %s answers on no port as web pages do", s->run.id);
	return rc;
}

/* NULL where there is nothing to keep out: evidence is then kept as it comes. */
static struct answers *
answers_with_any(const struct screens *s)
{
	OWN(strlist) struct strlist ids = {0};
	if (s->answers)
		answers_given(s->answers, &ids);
	return ids.n ? s->answers : NULL;
}

static struct screen_spec
spec_of(struct screens *s)
{
	const struct screens_options *o = s->o;
	const bool urls = s->application && revived_urls(s->application)->n;
	return (struct screen_spec){
		.state = &s->st,
		.root = &s->image.stack,
		.env = &s->image.env,
		.display_root = &s->display.stack,
		.application = s->application ? revived_pod(s->application) : NULL,
		.program_env = s->application ? revived_env(s->application) : NULL,
		.base_url = urls ? revived_urls(s->application)->v[0] : NULL,
		.scenarios = &s->scenarios,
		.answers = answers_with_any(s),
		.dir = s->dir,
		.seed = (uint32_t)(o->seed ? o->seed : 1),
		.width = (int64_t)o->width,
		.height = (int64_t)o->height,
		.time_limit_ms = (int64_t)o->time * 1000,
		.on_step = take_step,
		.ctx = s,
	};
}

static int
play(struct screens *s, struct dd_err *err)
{
	const struct screens_options *o = s->o;
	OWN_FREE char *serve = NULL, *owner = NULL;
	int rc = command_absolute_path(o->serve, &serve, err);
	if (rc == 0 && has_any(s, SCREEN_PAGE))
		rc = image_ensure(&s->st, IMAGE_BROWSER, false, o->offline, NULL, &s->image, err);
	if (rc == 0 && has_any(s, SCREEN_DISPLAY))
		rc = image_ensure(&s->st, IMAGE_DISPLAY, false, o->offline, NULL, &s->display, err);
	if (rc == 0 && o->run)
		rc = open_run(s, err);
	if (rc < 0)
		return rc;
	owner = s->application ? mem_printf("run-%s", s->run.id) : NULL;
	if (!s->dir)
		s->dir = mem_strdup(o->output ? o->output : DEFAULT_DIR);
	struct screen_spec spec = spec_of(s);
	spec.serve = serve;
	spec.owner = owner;
	const bool own = o->run && !o->output;
	OWN_FD int lock = -1;
	if (own)
		rc = attest_begin_evidence(&s->run, ATTEST_SCREENS, &lock, err);
	if (rc == 0)
		rc = qa_play_screens(&spec, &s->result, err);
	if (rc == 0 && s->err.msg)
		rc = err_move(err, &s->err);
	return rc == 0 && own ? attest_end_evidence(&s->st, &s->run, ATTEST_SCREENS, err) : rc;
}

/* Takes the scenarios. */
static int
run(const struct cli_call *call, struct scenario_list scenarios)
{
	const struct screens_options *o = call->options;
	struct screens s = {.o = o,
		.scenarios = scenarios,
		.steps = json_array(),
		.questions = json_array(),
		.run = {.lock_fd = -1}};
	OWN(dd_err) struct dd_err err = {0};
	int status = EXIT_DONE;
	int rc = check_options(o, &err);
	if (rc == 0)
		rc = command_load_answers(o->answers, &s.answers, &err);
	if (rc == 0)
		rc = session_start(&o->common, &s.st, &err);
	if (rc == 0)
		rc = play(&s, &err);
	status =
		rc < 0 ? cli_fail(o->run ? command_status_of_name(&err) : cli_status_of(&err), &err)
		       : tell(&s);
	screens_cleanup(&s);
	return status;
}

static int
run_shoot(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *j = json_pack("{s:s, s:[{s:o}]}", "name", "shoot", "steps", "go",
		json_text(str_of(call->args[0])));
	struct scenario_list l = {0};
	if (scenario_list_from_json(j, &l, &err) < 0)
		return cli_fail(EXIT_USAGE, &err);
	return run(call, l);
}

static int
run_play(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *j = NULL;
	struct scenario_list l = {0};
	if (json_parse_file(call->args[0], MAX_FILE, &j, &err) < 0)
		return cli_fail(EXIT_USAGE, &err);
	if (scenario_list_from_json(j, &l, &err) < 0) {
		(void)!err_wrap(&err, "%s", call->args[0]);
		return cli_fail(EXIT_USAGE, &err);
	}
	return run(call, l);
}

const struct subcommand cmd_qa_shoot = {
	.name = "qa shoot",
	.summary = "look at one address with a browser, and keep what it shows",
	.args = "URL",
	.description =
		"URL is a path of the application (/cart), or http://... of what listens on its loopback.",
	.options = options,
	.options_size = sizeof(struct screens_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_shoot,
};

const struct subcommand cmd_qa_play = {
	.name = "qa play",
	.summary =
		"play written scenarios in a browser, a terminal or on a display, and keep what each step shows",
	.args = "FILE",
	.description =
		"FILE is JSON: {\"name\": ..., \"steps\": [...]}, or {\"scenarios\": [...]} of such. A step is one of "
		"{\"go\": \"/path\"}, {\"click\": {\"role\": \"button\", \"name\": \"Pay\"}}, {\"type\": {\"role\": "
		"\"textbox\", \"name\": \"User\", \"text\": \"anna\"}} (or \"answer\": an id of --answers), {\"press\": "
		"\"Enter\"}, {\"expect\": {\"text\": \"Thank you\"}} (or role and name; \"absent\": true), {\"shoot\": "
		"\"a name\"}. Names are those that assistive technology reads; \"nth\" chooses among several.\n\n"
		"A scenario with {\"terminal\": {\"run\": \"less README\", \"dir\": ..., \"columns\": 80, \"rows\": 24}} starts that "
		"command in the pod of the run (--run), in a terminal. Its steps are {\"type\": {\"text\": \"anna\"}} (or \"answer\"), "
		"{\"press\": \"Ctrl-C\"} (Enter, Up, F1, a character ...; Ctrl-, Alt-, Shift- before it), {\"expect\": {\"text\": "
		"\"Saved\", \"row\": 24}}, {\"click\": {\"name\": \"Save\"}} where the program takes the mouse, {\"resize\": "
		"\"100x30\"}, {\"exit\": 0} and {\"shoot\": ...}. What it asks meanwhile is answered by --answers "
		"(\"prompt:...\"). What each step shows is kept as picture, text and attributes, beside the bytes that the "
		"program wrote.\n\n"
		"A scenario with {\"display\": {\"run\": \"./harbour\", \"dir\": ..., \"width\": 1280, \"height\": 720}} starts that "
		"command in the pod of the run, on an X11 display of its own with a window manager. Windows are found by a part of "
		"their title (\"name\") or by \"class\": {\"expect\": {\"name\": \"Harbour\"}} (or \"text\" that the program wrote; "
		"\"absent\": true), {\"click\": {\"name\": \"Harbour\", \"at\": \"40,60\"}} (from the lower right where it is negative, "
		"the middle without it, of the display without a window), {\"type\": {\"name\": \"Harbour\", \"text\": \"anna\"}} (or "
		"\"answer\"; without a window where the focus is), {\"press\": \"Alt-F\"}, {\"exit\": 0} and {\"shoot\": ...}. A dialog "
		"whose title, as in \"dialog:licence-agreement\", is among the answers gets that text and Enter, or for \"@-40,-20\" "
		"a click there; what no step and no answer speaks of is told as a question. Each step keeps a picture of the display and "
		"one of each window, also where others cover it.\n\n"
		"With --run the application of a run is started as its recipe says, and what it changes is thrown away. "
		"A step that fails ends its scenario; the exit status is then 1.",
	.options = options,
	.options_size = sizeof(struct screens_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_play,
};
