#include "runner/views.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/log.h"
#include "images/images.h"
#include "qa/qa.h"
#include "qa/scenario.h"
#include "runner/beside.h"
#include "runner/revive.h"

#include <string.h>

#define STEP "views"
#define TIME_LIMIT_MS 120000 /* of looking at one path */
#define ALL_LIMIT_MS (20 * 60 * 1000)
#define MAX_PICTURE ((size_t)64 << 20)

struct viewer {
	const struct state *st;
	struct run *run;
	const struct answers *answers; /* to redact by */
	const struct standup_result *r;
	char *dir;
	bool passing; /* its pictures are not kept as files */
	const struct strlist *paths;
	struct views *views; /* of each of them */
	struct dd_err err;   /* of a picture that could not be kept */
};

char *
views_picture(const struct screen_step *step)
{
	return mem_printf(VIEWS_DIR "/%02lld.png", (long long)step->n);
}

void
views_cleanup(struct views *v)
{
	free(v->browser);
	free(v->note);
	screen_step_list_cleanup(&v->steps);
	*v = (struct views){0};
}

/* ---- looking ---- */

static int
keep_picture(const struct viewer *v, const struct screen_step *step, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(v->st, "cas");
	OWN_FREE char *from = cas_path(cas, step->picture);
	OWN_FREE char *name = views_picture(step);
	OWN_FREE char *to = run_path(v->run, name);
	OWN(buf) struct buf png = {.max = MAX_PICTURE};
	int rc = fs_read(from, MAX_PICTURE, &png, err);
	return rc ? rc : fs_write_atomic(to, buf_str(&png), 0600, err);
}

static void
take_step(void *ctx, size_t scenario, const struct screen_step *step)
{
	struct viewer *v = ctx;
	OWN_JSON json_t *j = json_encode(screen_step_fields, step);
	if (v->err.msg)
		return;
	int rc = json_decode(j, screen_step_fields, false,
		screen_step_list_add(&v->views[scenario].steps), STEP, &v->err);
	if (rc == 0 && step->picture && !v->passing)
		(void)!keep_picture(v, step, &v->err);
}

static json_t *
scenario_of(const struct strlist *urls, const char *path)
{
	json_t *steps = json_array();
	for (size_t i = 0; i < urls->n && i < VIEWS_MAX; i++) {
		OWN_FREE char *url = mem_printf("%s%s", urls->v[i], path);
		json_array_append_new(steps, json_pack("{s:s}", "go", url));
	}
	return json_pack(
		"{s:s, s:o}", "name", strcmp(path, "/") == 0 ? "entry" : path, "steps", steps);
}

/* One for each path, as what follows a step that failed is not looked at. */
static int
make_scenarios(const struct strlist *urls, const struct strlist *paths, struct scenario_list *ret,
	struct dd_err *err)
{
	json_t *all = json_array();
	for (size_t i = 0; i < paths->n; i++)
		json_array_append_new(all, scenario_of(urls, paths->v[i]));
	OWN_JSON json_t *j = json_pack("{s:o}", "scenarios", all);
	return scenario_list_from_json(j, ret, err);
}

static int64_t
time_limit_ms(const struct viewer *v)
{
	return v->paths->n < ALL_LIMIT_MS / TIME_LIMIT_MS ? (int64_t)v->paths->n * TIME_LIMIT_MS
							  : ALL_LIMIT_MS;
}

static int
look(struct viewer *v, const struct image *browser, struct revived *application, struct dd_err *err)
{
	struct scenario_list scenarios = {0};
	struct screen_result result = {0};
	OWN_FREE char *owner = run_owner(v->run);
	int rc = make_scenarios(revived_urls(application), v->paths, &scenarios, err);
	const struct screen_spec spec = {
		.state = v->st,
		.root = &browser->stack,
		.env = &browser->env,
		.application = revived_pod(application),
		.base_url = revived_urls(application)->v[0],
		.scenarios = &scenarios,
		.answers = (struct answers *)v->answers,
		.dir = v->dir,
		.owner = owner,
		.seed = 1,
		.time_limit_ms = time_limit_ms(v),
		.on_step = take_step,
		.ctx = v,
	};
	if (rc == 0)
		rc = qa_play_screens(&spec, &result, err);
	if (rc == 0 && v->err.msg)
		rc = err_move(err, &v->err);
	for (size_t i = 0; i < v->paths->n; i++) {
		v->views[i].browser = result.browser ? mem_strdup(result.browser) : NULL;
		v->views[i].note = result.ended ? mem_strdup(result.ended) : NULL;
	}
	screen_result_cleanup(&result);
	scenario_list_cleanup(&scenarios);
	return rc;
}

static int
start_and_look(struct viewer *v, const struct image *browser, struct dd_err *err)
{
	struct beside beside = {0};
	struct revived *application = NULL;
	int rc = beside_open(v->st, v->run, v->run->options.answers, &beside, NULL, err);
	const struct revive_spec spec = {
		.state = v->st, .run = v->run, .network_of = beside_network(&beside)};
	if (rc == 0)
		rc = revive(&spec, &application, err);
	if (rc == 0 && revived_urls(application)->n)
		rc = look(v, browser, application, err);
	revived_close(application);
	beside_close(&beside);
	return rc;
}

/* *ret_there: false where there is no image of it, and none was asked for. */
static int
find_browser(const struct viewer *v, struct image *ret, bool *ret_there, struct dd_err *err)
{
	const struct run_options *o = &v->run->options;
	int rc = o->browser ? image_ensure(v->st, IMAGE_BROWSER, false, o->offline, NULL, ret, err)
			    : image_open(v->st, IMAGE_BROWSER, ret, err);
	*ret_there = rc == 0;
	return rc == -DD_ENOENT && !o->browser ? 0 : rc;
}

static bool
serves_pages(const struct start *s)
{
	for (size_t i = 0; s->run && i < s->ports.n; i++)
		if (s->ports.v[i].protocol == PORT_HTTP)
			return true;
	return false;
}

/* Nothing half: a step is kept with its picture or not at all. */
static int
view(struct viewer *v, struct dd_err *err)
{
	OWN(image) struct image browser = {0};
	OWN(dd_err) struct dd_err why = {0};
	bool there = false;
	int rc = fs_remove_tree(v->dir, err);
	if (rc < 0)
		return rc;
	rc = find_browser(v, &browser, &there, &why);
	if (rc == 0 && !there)
		return 0;
	int step = progress_begin("looking at its pages");
	if (rc == 0)
		rc = start_and_look(v, &browser, &why);
	progress_end(step, rc < 0 ? "failed" : "ok");
	if (rc == -DD_ESTOPPED)
		return err_move(err, &why);
	if (rc < 0) {
		for (size_t i = 0; i < v->paths->n; i++) {
			views_cleanup(&v->views[i]);
			v->views[i].note = mem_strdup(err_msg(&why));
		}
		log_warn("its pages were not looked at: %s", err_msg(&why));
		return fs_remove_tree(v->dir, err);
	}
	return 0;
}

static json_t *
put_text(const char *s)
{
	return s ? json_text(str_of(s)) : json_null();
}

static json_t *
encode(const struct views *v)
{
	return json_pack("{s:o, s:o, s:o}", "browser", put_text(v->browser), "note",
		put_text(v->note), "steps", screen_step_list_to_json(&v->steps));
}

static int
do_views(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct viewer *v = ctx;
	int rc = serves_pages(&v->r->probe.start) ? view(v, err) : 0;
	if (rc < 0)
		return err_wrap(err, "screens");
	*ret_result = encode(v->views);
	answers_redact_json(v->answers, *ret_result);
	return 0;
}

/* ---- what it saw ---- */

static char *
copy_text(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? mem_strdup(s) : NULL;
}

static int
load(const json_t *j, struct views *ret, struct dd_err *err)
{
	views_cleanup(ret);
	ret->browser = copy_text(j, "browser");
	ret->note = copy_text(j, "note");
	return screen_step_list_from_json(json_object_get(j, "steps"), STEP, &ret->steps, err);
}

static int
forget_if_gone(struct run *run, struct dd_err *err)
{
	OWN_JSON json_t *j = journal_result(run->journal, STEP);
	struct views v = {0};
	bool gone = false;
	int rc = j ? load(j, &v, err) : 0;
	for (size_t i = 0; i < v.steps.n; i++) {
		OWN_FREE char *name = views_picture(&v.steps.v[i]);
		OWN_FREE char *path = run_path(run, name);
		gone = gone || (v.steps.v[i].picture && !fs_exists(path));
	}
	views_cleanup(&v);
	return rc == 0 && gone ? journal_forget_from(run->journal, STEP, err) : rc;
}

int
views_take(const struct state *st, struct run *run, struct answers *answers,
	struct standup_result *r, struct dd_err *err)
{
	OWN_FREE char *dir = run_path(run, VIEWS_DIR);
	OWN(strlist) struct strlist given = {0}, paths = {0};
	OWN_JSON json_t *j = NULL;
	struct views views = {0};
	answers_given(answers, &given);
	strlist_add(&paths, "/");
	struct viewer v = {.st = st,
		.run = run,
		.answers = given.n ? answers : NULL,
		.r = r,
		.dir = dir,
		.paths = &paths,
		.views = &views};
	int rc = forget_if_gone(run, err);
	if (rc == 0)
		rc = journal_step(run->journal, STEP, do_views, &v, &j, err);
	views_cleanup(&views);
	dd_err_cleanup(&v.err);
	return rc < 0 ? rc : load(j, &r->views, err);
}

int
views_look(const struct state *st, struct run *run, struct answers *answers,
	const struct standup_result *r, bool keep, const struct strlist *paths, struct views *ret,
	struct dd_err *err)
{
	OWN_FREE char *dir = run_path(run, keep ? VIEWS_DIR : VIEWS_DIR ".again");
	OWN(strlist) struct strlist given = {0};
	answers_given(answers, &given);
	memset(ret, 0, paths->n * sizeof(*ret));
	struct viewer v = {.st = st,
		.run = run,
		.answers = given.n ? answers : NULL,
		.r = r,
		.dir = dir,
		.passing = !keep,
		.paths = paths,
		.views = ret};
	int rc = serves_pages(&r->probe.start) ? view(&v, err) : 0;
	if (rc == 0 && !keep)
		rc = fs_remove_tree(dir, err);
	dd_err_cleanup(&v.err);
	for (size_t i = 0; rc < 0 && i < paths->n; i++)
		views_cleanup(&ret[i]);
	return rc;
}

json_t *
views_to_json(const struct run *run, const struct views *v)
{
	size_t i;
	json_t *step;
	if (!v->browser && !v->note)
		return json_null();
	json_t *j = encode(v);
	json_array_foreach (json_object_get(j, "steps"), i, step) {
		OWN_FREE char *name = views_picture(&v->steps.v[i]);
		OWN_FREE char *path = run_path(run, name);
		if (v->steps.v[i].picture)
			json_object_set_new(step, "path", json_text(str_of(path)));
	}
	return j;
}
