#include "qa/page.h"

#include "base/log.h"
#include "qa/page_events.h"

#include <string.h>

#define SETTLE_MS 8000 /* to come to rest */
#define FIRST_TICKS 3  /* of those of a step: what these bring about is looked at after each */
#define STUCK_MS 500   /* after that long, time passes although something is awaited */
#define SCRIPT_MS 3000 /* for the page's scripts in one tick */
#define INPUT_MS 4000  /* for what a page does at once when it is clicked or typed into */
#define NAVIGATION_MS 15000

static void
set_string(char **to, const json_t *from, const char *key)
{
	const char *text = json_string_value(json_object_get(from, key));
	free(*to);
	*to = text ? mem_strdup(text) : NULL;
}

void
page_ask(struct page *p, struct cdp_ask *a, const char *method, json_t *params, enum cdp_form form)
{
	if (!p->crashed) {
		cdp_ask(p->cdp, a, p->session, method, params, form);
		return;
	}
	json_decref(params);
	*a = (struct cdp_ask){.done = true, .method = method};
	a->rc = err_set(&a->why, DD_ECORRUPT, "the page crashed");
}

int
page_take(struct page *p, struct cdp_ask *a, struct dd_err *err)
{
	bool input = strncmp(a->method, "Input.", 6) == 0;
	int rc = cdp_take(p->cdp, a, input ? INPUT_MS : PAGE_CALL_MS, err);
	return rc == -DD_ELIMIT
		       ? err_set(err, DD_ELIMIT,
				 "the page does not answer; a script of its own may run on")
		       : rc;
}

int
page_call(struct page *p, const char *method, json_t *params, json_t **ret, struct dd_err *err)
{
	struct cdp_ask a = {0};
	page_ask(p, &a, method, params, CDP_JSON);
	int rc = page_take(p, &a, err);
	if (rc == 0 && ret)
		*ret = TAKE(a.json);
	cdp_drop(p->cdp, &a);
	return rc;
}

int
page_evaluate(struct page *p, const char *session, int64_t context, const char *expression,
	int timeout_ms, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *result = NULL;
	const struct page_frame world = {.session = (char *)session, .context = context};
	p->asked = &world;
	int rc = cdp_call(p->cdp, session, "Runtime.evaluate",
		json_pack("{s:s, s:I, s:b, s:b}", "expression", expression, "contextId",
			(json_int_t)context, "returnByValue", 1, "awaitPromise", 1),
		timeout_ms, &result, err);
	p->asked = NULL;
	const json_t *thrown = json_object_get(result, "exceptionDetails");
	if (rc == -DD_ELIMIT)
		cdp_send(p->cdp, session, "Runtime.terminateExecution", NULL);
	if (rc < 0)
		return rc;
	if (thrown) {
		const char *text = json_string_value(
			json_object_get(json_object_get(thrown, "exception"), "description"));
		return err_set(err, DD_EINVAL, "%.300s", text ? text : "a script failed");
	}
	if (ret)
		*ret = json_incref(json_object_get(json_object_get(result, "result"), "value"));
	return 0;
}

const struct page_frame *
page_main_frame(const struct page *p)
{
	for (size_t i = 0; i < p->nframes; i++)
		if (p->target && strcmp(p->frames[i].frame, p->target) == 0)
			return &p->frames[i];
	return NULL;
}

int
page_world(struct page *p, const struct page_frame *f, int64_t *ret_context, struct dd_err *err)
{
	OWN_JSON json_t *result = NULL;
	int rc = cdp_call(p->cdp, f->session, "Page.createIsolatedWorld",
		json_pack("{s:s, s:s}", "frameId", f->frame, "worldName", "drydock"), PAGE_CALL_MS,
		&result, err);
	if (rc == 0)
		*ret_context = json_integer_value(json_object_get(result, "executionContextId"));
	return rc;
}

void
page_unmet(struct page *p, const char *name)
{
	if (p->step)
		strlist_add_new(&p->step->unmet, name);
}

/* ---- opening ---- */

static void
emulate(struct page *p)
{
	cdp_send(p->cdp, p->session, "Emulation.setDeviceMetricsOverride",
		json_pack("{s:i, s:i, s:i, s:b}", "width", p->width, "height", p->height,
			"deviceScaleFactor", 1, "mobile", 0));
	cdp_send(p->cdp, p->session, "Emulation.setTimezoneOverride",
		json_pack("{s:s}", "timezoneId", "UTC"));
	cdp_send(p->cdp, p->session, "Emulation.setLocaleOverride",
		json_pack("{s:s}", "locale", "en-US"));
	cdp_send(p->cdp, p->session, "Emulation.setFocusEmulationEnabled",
		json_pack("{s:b}", "enabled", 1));
	cdp_send(p->cdp, p->session, "Page.setInterceptFileChooserDialog",
		json_pack("{s:b}", "enabled", 1));
}

/* Make the page that was asked for its own. */
static int
attach(struct page *p, struct dd_err *err)
{
	int rc = blank_wait(&p->next, PAGE_CALL_MS, err);
	p->context = TAKE(p->next.context);
	p->target = TAKE(p->next.target);
	p->session = TAKE(p->next.session);
	blank_cleanup(&p->next);
	if (rc < 0)
		return rc;
	page_prepare_session(p, p->session);
	emulate(p);
	return page_call(p, "Runtime.runIfWaitingForDebugger", NULL, NULL, err);
}

int
page_open(struct page *p, struct cdp *cdp, int width, int height, uint32_t seed, struct dd_err *err)
{
	p->cdp = cdp;
	p->width = width;
	p->height = height;
	p->seed = seed;
	p->requests.destroy = page_request_destroy;
	cdp->wants = page_wants;
	cdp->on_event = page_on_event;
	cdp->ctx = p;
	cdp_send(cdp, NULL, "Target.setAutoAttach",
		json_pack("{s:b, s:b, s:b}", "autoAttach", 1, "waitForDebuggerOnStart", 1,
			"flatten", 1));
	blank_begin(&p->next, cdp);
	return attach(p, err);
}

void
page_expect_next(struct page *p)
{
	blank_begin(&p->next, p->cdp);
}

void
page_close(struct page *p)
{
	p->step = NULL;
	if (p->context && p->cdp && !p->cdp->dead)
		(void)!cdp_call(p->cdp, NULL, "Target.disposeBrowserContext",
			json_pack("{s:s}", "browserContextId", p->context), PAGE_CALL_MS, NULL,
			NULL);
	if (p->cdp) {
		p->cdp->on_event = NULL;
		p->cdp->lost = NULL;
	}
	page_forget_frames(p, NULL);
	free(p->frames);
	free(p->context);
	free(p->target);
	free(p->session);
	free(p->clock);
	map_cleanup(&p->loading);
	map_cleanup(&p->requests);
	*p = (struct page){.next = p->next};
}

int
page_begin_step(struct page *p, struct screen_step *step, struct dd_err *err)
{
	OWN_FREE char *source = page_clock_source(p);
	OWN_JSON json_t *added = NULL;
	p->step = step;
	p->dialogs = p->popups = p->downloads = p->documents_of_step = 0;
	blank_go_on(&p->next);
	if (p->crashed)
		return 0;
	if (p->scripts_off)
		page_set_scripts(p, true);
	if (p->clock)
		cdp_send(p->cdp, p->session, "Page.removeScriptToEvaluateOnNewDocument",
			json_pack("{s:s}", "identifier", p->clock));
	int rc = page_call(p, "Page.addScriptToEvaluateOnNewDocument",
		json_pack("{s:s}", "source", source), &added, err);
	if (rc == 0)
		set_string(&p->clock, added, "identifier");
	return rc;
}

/* ---- going on ---- */

int
page_go(struct page *p, const char *url, struct dd_err *err)
{
	OWN_JSON json_t *result = NULL;
	if (p->crashed)
		return err_set(err, DD_ECORRUPT, "the page crashed");
	int rc = cdp_call(p->cdp, p->session, "Page.navigate", json_pack("{s:s}", "url", url),
		NAVIGATION_MS, &result, err);
	const char *why = json_string_value(json_object_get(result, "errorText"));
	if (rc == -DD_ELIMIT)
		cdp_send(p->cdp, p->session, "Page.stopLoading", NULL);
	if (rc < 0)
		return rc;
	/* A download is told of a moment later. */
	for (int i = 0; rc == 0 && why && !p->downloads && i < 10; i++)
		rc = cdp_wait(p->cdp, 50, err);
	if (rc < 0)
		return rc;
	if (why && p->downloads)
		return err_set(err, DD_EINVAL, "it is a download");
	return why ? err_set(err, DD_EINVAL, "%.200s", why) : 0;
}

/* Let up to n ticks pass in a frame; *ret_passed. */
static int
tick(struct page *p, const struct page_frame *f, int n, int *ret_passed, struct dd_err *err)
{
	OWN_JSON json_t *passed = NULL;
	OWN_FREE char *session = mem_strdup(f->session);
	OWN_FREE char *call =
		mem_printf("window.__drydock ? __drydock.tick(%d, %d) : %d", PAGE_TICK_MS, n, n);
	int rc = page_evaluate(p, session, f->context, call, SCRIPT_MS, &passed, err);
	json_int_t told = json_integer_value(passed); /* by the page: it may be anything */
	*ret_passed = told > 1 && told <= n ? (int)told : 1;
	return rc;
}

/* Where there are several frames their clocks go on together, tick by tick. */
static int
pass(struct page *p, int n, int *ret_passed, struct dd_err *err)
{
	*ret_passed = 1;
	/* Without scripts there is nothing to pass for, and nothing would answer. */
	for (size_t i = 0; i < p->nframes && !p->crashed && !p->scripts_off; i++) {
		int rc = tick(p, &p->frames[i], p->nframes == 1 ? n : 1, ret_passed, err);
		if (rc == -DD_EIO)
			return rc;
		if (rc == -DD_ELIMIT) {
			page_unmet(p, "script");
			break;
		}
		/* Else: the document went away meanwhile. */
	}
	p->clock_ms += (int64_t)PAGE_TICK_MS * *ret_passed;
	return 0;
}

int
page_pass(struct page *p, struct dd_err *err)
{
	int passed;
	return pass(p, 1, &passed, err);
}

static bool
is_busy(const struct page *p)
{
	return p->in_flight || map_count(&p->loading);
}

static void
note_busy(struct page *p)
{
	if (map_count(&p->loading))
		page_unmet(p, "load");
	if (p->in_flight)
		page_unmet(p, "requests");
}

int
page_settle(struct page *p, struct dd_err *err)
{
	int64_t until = clock_mono_ns() + INT64_C(1000000) * SETTLE_MS, last = clock_mono_ns();
	int64_t begin_ms = p->clock_ms;
	uint64_t document = p->documents;
	int ticks = 0, rc = 0;
	while (rc == 0 && !p->crashed && ticks < PAGE_SETTLE_TICKS) {
		if (clock_mono_ns() > until) {
			note_busy(p);
			break;
		}
		page_sweep_requests(p);
		bool stuck = clock_mono_ns() - last > INT64_C(1000000) * STUCK_MS;
		if (is_busy(p) && !stuck) {
			rc = cdp_wait(p->cdp, 50, err);
			continue;
		}
		bool busy = is_busy(p);
		int left = PAGE_SETTLE_TICKS - ticks, passed;
		rc = pass(p, busy || ticks < FIRST_TICKS ? 1 : left, &passed, err);
		ticks += busy ? 0 : passed;
		last = clock_mono_ns();
		if (document != p->documents) { /* a new document begins where this step began */
			document = p->documents;
			ticks = 0;
		}
	}
	p->clock_ms = begin_ms + PAGE_TICK_MS * PAGE_SETTLE_TICKS;
	return rc;
}
