#include "qa/page_events.h"

#include "base/log.h"
#include "qa/scripts.h"

#include <string.h>

#define MAX_FRAMES 64
#define MAX_REQUESTS 5000
#define MAX_LOGGED 1000
#define MAX_TEXT 4096
#define MAX_DIALOGS 20
#define MAX_POPUPS 10
#define MAX_DOCUMENTS 20
#define UNREAD_MS 250

static const char *
text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

/* Hostile text of any length as one that is kept. */
static char *
bounded(const char *text)
{
	OWN(buf) struct buf out = {.max = MAX_TEXT};
	buf_puts(&out, text ? text : "");
	if (out.truncated) /* not in the middle of a character */
		while (out.n && ((unsigned char)out.p[out.n - 1] & 0xC0) == 0x80)
			out.n--;
	if (out.truncated && out.n && (unsigned char)out.p[out.n - 1] >= 0xC0)
		out.n--;
	if (out.p)
		out.p[out.n] = '\0';
	return buf_take(&out);
}

void
page_note(struct page *p, const char *level, const char *text, const char *url, int64_t line)
{
	if (!p->step)
		return;
	if (p->step->console.n >= MAX_LOGGED) {
		p->step->dropped++;
		return;
	}
	struct screen_message *m = screen_message_list_add(&p->step->console);
	m->level = bounded(level);
	m->text = bounded(text);
	m->url = url && *url ? bounded(url) : NULL;
	m->line = line;
}

/* ---- sessions ---- */

char *
page_clock_source(const struct page *p)
{
	struct str script = script_clock();
	return mem_printf(STR_FMT "(%u, %lld, %lld)", STR_ARG(script), p->seed,
		(long long)PAGE_EPOCH_MS, (long long)p->clock_ms);
}

static json_t *
auto_attach(void)
{
	return json_pack(
		"{s:b, s:b, s:b}", "autoAttach", 1, "waitForDebuggerOnStart", 1, "flatten", 1);
}

void
page_prepare_session(struct page *p, const char *session)
{
	static const char *const enabled[] = {"Page.enable", "Runtime.enable", "Network.enable",
		"Log.enable", "Inspector.enable", NULL};
	OWN_FREE char *clock = page_clock_source(p);
	for (size_t i = 0; enabled[i]; i++)
		cdp_send(p->cdp, session, enabled[i], NULL);
	cdp_send(p->cdp, session, "Target.setAutoAttach", auto_attach());
	if (p->session && strcmp(session, p->session) == 0)
		return; /* its clock is set by page_begin_step */
	cdp_send(p->cdp, session, "Page.addScriptToEvaluateOnNewDocument",
		json_pack("{s:s}", "source", clock));
}

static void
on_attached(struct page *p, const char *session, const json_t *params)
{
	const json_t *info = json_object_get(params, "targetInfo");
	const char *type = text_of(info, "type"), *own = text_of(params, "sessionId");
	const char *target = text_of(info, "targetId");
	const char *context = text_of(info, "browserContextId");
	if (!type || !own || !target)
		return;
	if (!session && strcmp(type, "page") == 0 && blank_attached(&p->next, context, own))
		return;
	if (!session && (!context || !p->context || strcmp(context, p->context) != 0))
		return; /* the browser's first page, or one of a scenario that is over */
	if (strcmp(type, "page") == 0) {
		p->popups++;
		page_note(p, "popup", text_of(info, "url"), NULL, 0);
		cdp_send(p->cdp, own, "Runtime.runIfWaitingForDebugger", NULL);
		cdp_send(
			p->cdp, NULL, "Target.closeTarget", json_pack("{s:s}", "targetId", target));
		if (p->popups >= MAX_POPUPS)
			cdp_send(p->cdp, p->session, "Runtime.terminateExecution", NULL);
		return;
	}
	if (session && strcmp(type, "iframe") == 0)
		page_prepare_session(p, own);
	cdp_send(p->cdp, own, "Runtime.runIfWaitingForDebugger", NULL);
}

static void
on_detached(struct page *p, const char *session, const json_t *params)
{
	const char *gone = text_of(params, "sessionId");
	(void)session;
	/* While page_open waits for it, it has its own way to fail; later it asks for another. */
	if (gone && p->session && p->next.session && strcmp(gone, p->next.session) == 0)
		blank_cleanup(&p->next);
	if (gone)
		page_forget_frames(p, gone);
	if (gone && p->session && strcmp(gone, p->session) == 0)
		p->crashed = true;
}

static void
on_crashed(struct page *p, const char *session, const json_t *params)
{
	(void)params;
	if (!session || !p->session || strcmp(session, p->session) != 0)
		return;
	p->crashed = true;
	p->cdp->lost = p->session;
	page_forget_frames(p, NULL);
	map_cleanup(&p->loading);
	page_note(p, "crash", "the page's process ended", NULL, 0);
}

/* ---- documents ---- */

void
page_set_scripts(struct page *p, bool on)
{
	p->scripts_off = !on;
	if (!on)
		page_unmet(p, "script");
	cdp_send(p->cdp, p->session, "Emulation.setScriptExecutionDisabled",
		json_pack("{s:b}", "value", !on));
}

void
page_forget_frames(struct page *p, const char *session)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->nframes; i++) {
		if (session && strcmp(p->frames[i].session, session) != 0) {
			p->frames[kept++] = p->frames[i];
			continue;
		}
		free(p->frames[i].session);
		free(p->frames[i].frame);
	}
	p->nframes = kept;
}

static void
on_context(struct page *p, const char *session, const json_t *params)
{
	const json_t *c = json_object_get(params, "context");
	const json_t *aux = json_object_get(c, "auxData");
	const char *frame = text_of(aux, "frameId");
	if (!session || !frame || !json_is_true(json_object_get(aux, "isDefault")) ||
		p->nframes >= MAX_FRAMES)
		return;
	p->frames = mem_grow(p->frames, p->nframes, &p->cap_frames, sizeof(*p->frames));
	p->frames[p->nframes++] = (struct page_frame){mem_strdup(session), mem_strdup(frame),
		json_integer_value(json_object_get(c, "id"))};
}

/* id 0: all of the session's. */
static void
let_be(struct page *p, const char *session, int64_t id)
{
	if (p->asked && strcmp(p->asked->session, session) == 0 && (!id || p->asked->context == id))
		p->cdp->let_be = true;
}

static void
on_context_gone(struct page *p, const char *session, const json_t *params)
{
	json_int_t id = json_integer_value(json_object_get(params, "executionContextId"));
	if (session)
		let_be(p, session, id);
	for (size_t i = 0; session && i < p->nframes; i++) {
		struct page_frame *f = &p->frames[i];
		if (f->context != id || strcmp(f->session, session) != 0)
			continue;
		free(f->session);
		free(f->frame);
		memmove(f, f + 1, (--p->nframes - i) * sizeof(*f));
		return;
	}
}

static void
on_contexts_cleared(struct page *p, const char *session, const json_t *params)
{
	(void)params;
	if (!session)
		return;
	let_be(p, session, 0);
	page_forget_frames(p, session);
}

static void
on_loading(struct page *p, const char *session, const json_t *params)
{
	static char yes;
	const char *frame = text_of(params, "frameId");
	(void)session;
	if (frame && map_count(&p->loading) < MAX_FRAMES)
		map_put(&p->loading, frame, &yes);
}

static void
on_loaded(struct page *p, const char *session, const json_t *params)
{
	const char *frame = text_of(params, "frameId");
	(void)session;
	if (frame)
		(void)map_remove(&p->loading, frame);
}

/* Documents a frame was on its way to when it went elsewhere: nobody tells of their end. */
static void
drop_navigations(struct page *p, const char *frame, const char *loader)
{
	for (struct map_entry *e = map_first(&p->requests); e; e = map_next(e)) {
		struct page_request *r = map_value(e);
		if (!r->counted || !r->frame || !frame || !loader || strcmp(r->frame, frame) != 0 ||
			strcmp(r->loader, loader) == 0)
			continue;
		r->counted = false;
		p->in_flight--;
	}
}

static void
on_navigated(struct page *p, const char *session, const json_t *params)
{
	const json_t *frame = json_object_get(params, "frame");
	(void)session;
	if (text_of(frame, "parentId"))
		return;
	p->documents++;
	drop_navigations(p, text_of(frame, "id"), text_of(frame, "loaderId"));
	/* One that goes elsewhere without end is brought to rest: the next document runs no scripts. */
	if (p->step && ++p->documents_of_step == MAX_DOCUMENTS)
		page_set_scripts(p, false);
}

/* ---- what a page asks of its user ---- */

static void
on_dialog(struct page *p, const char *session, const json_t *params)
{
	const char *type = text_of(params, "type");
	OWN_FREE char *text =
		mem_printf("%s: %s", type ? type : "dialog", text_of(params, "message"));
	page_note(p, "dialog", text, text_of(params, "url"), 0);
	/* One that asks without end is stopped before it can go on. */
	if (++p->dialogs >= MAX_DIALOGS)
		cdp_send(p->cdp, session, "Runtime.terminateExecution", NULL);
	cdp_send(p->cdp, session, "Page.handleJavaScriptDialog",
		json_pack("{s:b, s:s*}", "accept", 1, "promptText",
			text_of(params, "defaultPrompt")));
}

static void
on_download(struct page *p, const char *session, const json_t *params)
{
	(void)session;
	p->downloads++;
	page_note(p, "download", text_of(params, "suggestedFilename"), text_of(params, "url"), 0);
}

/* ---- console ---- */

static void
put_value(struct buf *out, const json_t *v)
{
	const json_t *value = json_object_get(v, "value");
	const char *text = text_of(v, "unserializableValue");
	if (json_is_string(value))
		buf_puts(out, json_string_value(value));
	else if (text || (text = text_of(v, "description")))
		buf_puts(out, text);
	else if (value)
		json_print(value, 0, out);
	else
		buf_puts(out, text_of(v, "type") ? text_of(v, "type") : "?");
}

static void
on_console(struct page *p, const char *session, const json_t *params)
{
	OWN(buf) struct buf text = {.max = MAX_TEXT};
	const json_t *args = json_object_get(params, "args"), *v;
	const json_t *top = json_array_get(
		json_object_get(json_object_get(params, "stackTrace"), "callFrames"), 0);
	size_t i;
	(void)session;
	json_array_foreach ((json_t *)args, i, v) {
		if (i)
			buf_putc(&text, ' ');
		put_value(&text, v);
	}
	page_note(p, text_of(params, "type"), text.p, text_of(top, "url"),
		top ? json_integer_value(json_object_get(top, "lineNumber")) + 1 : 0);
}

static void
on_exception(struct page *p, const char *session, const json_t *params)
{
	const json_t *d = json_object_get(params, "exceptionDetails");
	const char *text = text_of(json_object_get(d, "exception"), "description");
	(void)session;
	page_note(p, "exception", text ? text : text_of(d, "text"), text_of(d, "url"),
		json_integer_value(json_object_get(d, "lineNumber")) + 1);
}

static void
on_log(struct page *p, const char *session, const json_t *params)
{
	const json_t *e = json_object_get(params, "entry");
	(void)session;
	page_note(p, text_of(e, "level"), text_of(e, "text"), text_of(e, "url"),
		json_integer_value(json_object_get(e, "lineNumber")));
}

/* ---- network ---- */

void
page_request_destroy(void *v)
{
	struct page_request *r = v;
	screen_request_cleanup(&r->seen);
	free(r->frame);
	free(r->loader);
	free(r);
}

static void
log_request(struct page *p, struct page_request *r)
{
	r->seen.ms = (double)(clock_mono_ns() - r->began_ns) / 1e6;
	if (!p->step)
		return;
	if (p->step->requests.n >= MAX_LOGGED) {
		p->step->dropped++;
		return;
	}
	*screen_request_list_add(&p->step->requests) = r->seen;
	r->seen = (struct screen_request){0};
}

static void
end_request(struct page *p, const char *id, const char *error, int64_t bytes)
{
	struct page_request *r = map_get(&p->requests, id);
	if (!r)
		return;
	p->in_flight -= r->counted;
	r->seen.error = error ? bounded(error) : NULL;
	if (bytes > 0)
		r->seen.bytes = bytes;
	log_request(p, r);
	(void)map_remove(&p->requests, id);
}

static bool
is_stream(const char *type)
{
	return type && (strcmp(type, "EventSource") == 0 || strcmp(type, "WebSocket") == 0 ||
			       strcmp(type, "Ping") == 0);
}

static void
on_request(struct page *p, const char *session, const json_t *params)
{
	const char *id = text_of(params, "requestId"), *type = text_of(params, "type");
	const json_t *request = json_object_get(params, "request");
	const json_t *redirect = json_object_get(params, "redirectResponse");
	const char *url = text_of(request, "url");
	(void)session;
	if (!id || !url || strncmp(url, "data:", 5) == 0)
		return;
	struct page_request *old = map_get(&p->requests, id);
	if (old)
		old->seen.status = json_integer_value(json_object_get(redirect, "status"));
	end_request(p, id, NULL, 0);
	if (map_count(&p->requests) >= MAX_REQUESTS)
		return;
	struct page_request *r = mem_new(struct page_request);
	r->seen.method = bounded(text_of(request, "method"));
	r->seen.url = bounded(url);
	r->seen.type = type ? bounded(type) : NULL;
	r->began_ns = clock_mono_ns();
	r->counted = !is_stream(type);
	const char *frame = text_of(params, "frameId"), *loader = text_of(params, "loaderId");
	if (type && frame && loader && strcmp(type, "Document") == 0) {
		r->frame = mem_strdup(frame);
		r->loader = mem_strdup(loader);
	}
	p->in_flight += r->counted;
	map_put(&p->requests, id, r);
}

static void
on_response(struct page *p, const char *session, const json_t *params)
{
	const char *id = text_of(params, "requestId");
	struct page_request *r = id ? map_get(&p->requests, id) : NULL;
	(void)session;
	if (!r)
		return;
	r->seen.status =
		json_integer_value(json_object_get(json_object_get(params, "response"), "status"));
	if (r->seen.type && strcmp(r->seen.type, "Fetch") == 0)
		r->heard_ns = clock_mono_ns();
}

static void
on_data(struct page *p, const char *session, const json_t *params)
{
	const char *id = text_of(params, "requestId");
	struct page_request *r = id ? map_get(&p->requests, id) : NULL;
	(void)session;
	if (r && r->heard_ns)
		r->heard_ns = clock_mono_ns();
}

static const char *
find_unread(const struct page *p)
{
	int64_t since = clock_mono_ns() - INT64_C(1000000) * UNREAD_MS;
	for (struct map_entry *e = map_first(&p->requests); e; e = map_next(e)) {
		const struct page_request *r = map_value(e);
		if (r->heard_ns && r->heard_ns < since)
			return map_key(e);
	}
	return NULL;
}

void
page_sweep_requests(struct page *p)
{
	for (const char *id; (id = find_unread(p));) {
		OWN_FREE char *key = mem_strdup(id);
		end_request(p, key, NULL, 0);
	}
}

static void
on_finished(struct page *p, const char *session, const json_t *params)
{
	const char *id = text_of(params, "requestId");
	(void)session;
	if (id)
		end_request(p, id, NULL,
			(int64_t)json_number_value(json_object_get(params, "encodedDataLength")));
}

static void
on_failed(struct page *p, const char *session, const json_t *params)
{
	const char *id = text_of(params, "requestId");
	const char *why = text_of(params, "blockedReason");
	(void)session;
	if (id)
		end_request(p, id, why ? why : text_of(params, "errorText"), 0);
}

/* ---- dispatch ---- */

static const struct {
	const char *method;
	void (*fn)(struct page *p, const char *session, const json_t *params);
} handlers[] = {
	{"Network.requestWillBeSent", on_request},
	{"Network.responseReceived", on_response},
	{"Network.dataReceived", on_data},
	{"Network.loadingFinished", on_finished},
	{"Network.loadingFailed", on_failed},
	{"Page.frameStartedLoading", on_loading},
	{"Page.frameStoppedLoading", on_loaded},
	{"Page.frameDetached", on_loaded},
	{"Page.frameNavigated", on_navigated},
	{"Page.javascriptDialogOpening", on_dialog},
	{"Runtime.executionContextCreated", on_context},
	{"Runtime.executionContextDestroyed", on_context_gone},
	{"Runtime.executionContextsCleared", on_contexts_cleared},
	{"Runtime.consoleAPICalled", on_console},
	{"Runtime.exceptionThrown", on_exception},
	{"Log.entryAdded", on_log},
	{"Browser.downloadWillBegin", on_download},
	{"Target.attachedToTarget", on_attached},
	{"Target.detachedFromTarget", on_detached},
	{"Inspector.targetCrashed", on_crashed},
};
#define HANDLERS (sizeof(handlers) / sizeof(*handlers))

bool
page_wants(void *page, struct str method)
{
	(void)page;
	for (size_t i = 0; i < HANDLERS; i++)
		if (str_eq(method, handlers[i].method))
			return true;
	return false;
}

void
page_on_event(void *page, const char *session, const char *method, const json_t *params)
{
	for (size_t i = 0; i < HANDLERS; i++)
		if (strcmp(method, handlers[i].method) == 0)
			handlers[i].fn(page, session, params);
}
