#include "qa/walk.h"

#include "base/log.h"
#include "qa/act.h"
#include "qa/crawl_judge.h"
#include "qa/crawl_print.h"
#include "qa/observe.h"

#include <string.h>

static int
put_json(const struct walk *w, const char *kind, json_t *j, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	json_print(j, 0, &text);
	return w->to->put(w->to->ctx, kind, buf_str(&text), err);
}

/* "http://127.0.0.1:8080" of the address without its path. */
static char *
origin_of(const char *base_url)
{
	const char *host = strstr(base_url, "://");
	const char *end = host ? strchr(host + 3, '/') : NULL;
	return end ? mem_strndup(base_url, (size_t)(end - base_url)) : mem_strdup(base_url);
}

/* A step whose evidence is the next one's. */
static int
pass_step(struct walk *w, const struct scenario_step *s, struct screen_step *step,
	char **ret_failed, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	int64_t began = clock_mono_ns();
	int rc = page_begin_step(w->page, step, &why);
	if (rc == 0)
		rc = act(w->page, s, w->base_url, NULL, &why);
	step->action_ms = (double)(clock_mono_ns() - began) / 1e6;
	OWN_FREE char *origin = origin_of(w->base_url);
	w->unsafe |= crawl_is_unsafe(step);
	crawl_sent_on(step, origin, &w->excused);
	w->lacks_script = crawl_lacks_script(step, origin, w->lacks_script);
	if (rc == 0)
		return 0;
	step->status = TEST_FAILED;
	step->message = mem_strdup(err_msg(&why));
	*ret_failed = mem_strdup(err_msg(&why));
	return rc == -DD_EIO ? err_move(err, &why) : 0;
}

static bool
is_silent(const struct walk *w, const struct screen_step *step, const json_t *page)
{
	return step->status == TEST_PASSED && !step->requests.n && !step->console.n &&
	       !w->page->crashed && !json_is_true(json_object_get(page, "invalid"));
}

static void
add_print(struct walk *w, json_t *page, json_t *seen, bool *ret_new)
{
	static char yes;
	struct hash_hex print = crawl_print(json_object_get(page, "nodes"));
	*ret_new = !map_get(w->known, print.s);
	map_put(w->known, print.s, &yes);
	json_object_set_new(seen, "print", json_string(print.s));
}

/* Is the last step of no effect? */
static int
judge_effect(struct walk *w, const struct scenario_step *s, const char *before,
	const struct screen_step *step, const json_t *page, json_t *facts, struct dd_err *err)
{
	OWN_FREE char *after = NULL;
	if (!before || w->lacks_script || !is_silent(w, step, page))
		return 0;
	int rc = observe_content(w->page, &after, err);
	if (rc == 0 && strcmp(before, after) == 0) {
		OWN_FREE char *words = scenario_step_words(s);
		OWN_FREE char *cause = mem_printf(
			"%s %s", json_string_value(json_object_get(page, "path")) ?: "", words);
		OWN_FREE char *text = mem_printf("%s has no effect", words);
		crawl_fact(facts, "dead", cause, text);
	}
	return rc;
}

/* Where axe-core does not run, a page is not blamed for it. */
static int
look_at_access(struct walk *w, const char *origin, json_t *facts, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	int rc = observe_axe(w->page, origin, facts, &why);
	if (rc == -DD_EIO)
		return err_move(err, &why);
	if (rc < 0)
		page_unmet(w->page, "axe-core");
	return 0;
}

static void
list_typed(const struct scenario *s, struct strlist *ret)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->steps[i].kind == SCENARIO_TYPE && s->steps[i].on.text)
			strlist_add(ret, s->steps[i].on.text);
}

static int
look(struct walk *w, const struct scenario_step *s, const char *before, struct screen_step *step,
	json_t *seen, struct dd_err *err)
{
	OWN_FREE char *origin = origin_of(w->base_url);
	OWN_JSON json_t *page = NULL;
	json_t *facts = json_object_get(seen, "facts");
	bool new = false;
	int rc = observe_page(w->page, origin, &page, err);
	bool outside = json_is_true(json_object_get(page, "outside"));
	if (outside && !json_is_true(json_object_get(page, "lost"))) /* else the browser's own */
		json_object_set_new(seen, "outside", json_true());
	else if (rc == 0 && !outside)
		add_print(w, page, seen, &new);
	if (rc == 0)
		rc = judge_effect(w, s, before, step, page, facts, err);
	crawl_judge(step, page, origin, &w->excused, facts);
	if (rc == 0 && new)
		rc = look_at_access(w, origin, facts, err);
	if (rc != -DD_EIO) /* a page that cannot be looked at has its picture */
		rc = new || json_array_size(facts) || rc < 0
			     ? capture_evidence(w->page, w->to, NULL, err)
			     : 0;
	if (rc == 0 && new)
		rc = observe_focus(w->page, json_integer_value(json_object_get(page, "focusable")),
			facts, err);
	if (page) {
		json_object_set(seen, "path", json_object_get(page, "path"));
		json_object_set(seen, "controls", json_object_get(page, "controls"));
	}
	return rc == -DD_EIO ? rc : 0;
}

static int
last_step(struct walk *w, const struct scenario_step *s, struct screen_step *step, json_t *seen,
	struct dd_err *err)
{
	OWN_FREE char *before = NULL, *failed = NULL;
	int rc = 0;
	if (w->still)
		rc = observe_content(w->page, &before, err);
	if (rc != -DD_EIO)
		rc = pass_step(w, s, step, &failed, err);
	if (failed)
		json_object_set_new(seen, "failed", json_text(str_of(failed)));
	return rc < 0 ? rc : look(w, s, before, step, seen, err);
}

int
walk_play(struct walk *w, struct dd_err *err)
{
	OWN_JSON json_t *seen = json_pack("{s:[]}", "facts");
	int rc = 0;
	list_typed(w->scenario, &w->excused);
	for (size_t i = 0; rc == 0 && i < w->scenario->n && !w->failed; i++) {
		const struct scenario_step *s = &w->scenario->steps[i];
		OWN(screen_step) struct screen_step step = {.n = (int64_t)i + 1};
		OWN_FREE char *failed = NULL;
		step.action = scenario_step_words(s);
		if (i + 1 == w->scenario->n)
			rc = last_step(w, s, &step, seen, err);
		else
			rc = pass_step(w, s, &step, &failed, err);
		if (failed)
			json_object_set_new(seen, "failed", json_text(str_of(failed)));
		w->page->step = NULL;
		w->steps++;
		w->failed += step.status == TEST_FAILED;
		OWN_JSON json_t *line = json_encode(screen_step_fields, &step);
		int told = put_json(w, "step", line, NULL);
		rc = rc ? rc : told;
	}
	strlist_cleanup(&w->excused);
	return rc ? rc : put_json(w, "seen", seen, err);
}
