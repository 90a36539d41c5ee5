#include "qa/blank.h"

#include "base/log.h"

#include <string.h>

static void
take_string(char **to, struct cdp_ask *a, const char *key)
{
	const char *text = json_string_value(json_object_get(a->json, key));
	*to = text ? mem_strdup(text) : NULL;
}

void
blank_begin(struct blank *b, struct cdp *cdp)
{
	if (b->cdp)
		return;
	b->cdp = cdp;
	cdp_ask(cdp, &b->context_asked, NULL, "Target.createBrowserContext",
		json_pack("{s:b}", "disposeOnDetach", 1), CDP_JSON);
}

static void
ask_target(struct blank *b)
{
	take_string(&b->context, &b->context_asked, "browserContextId");
	cdp_send(b->cdp, NULL, "Browser.setDownloadBehavior",
		json_pack("{s:s, s:s*, s:b}", "behavior", "deny", "browserContextId", b->context,
			"eventsEnabled", 1));
	b->is_target_asked = true;
	cdp_ask(b->cdp, &b->target_asked, NULL, "Target.createTarget",
		json_pack("{s:s, s:s*}", "url", "about:blank", "browserContextId", b->context),
		CDP_JSON);
}

void
blank_go_on(struct blank *b)
{
	if (b->context_asked.done && b->context_asked.rc == 0 && !b->is_target_asked)
		ask_target(b);
}

bool
blank_attached(struct blank *b, const char *context, const char *session)
{
	if (!b->context || !context || strcmp(context, b->context) != 0 || b->session)
		return false;
	b->session = mem_strdup(session);
	return true;
}

int
blank_wait(struct blank *b, int timeout_ms, struct dd_err *err)
{
	int64_t until = clock_mono_ns() + INT64_C(1000000) * timeout_ms;
	int rc = cdp_take(b->cdp, &b->context_asked, timeout_ms, err);
	if (rc == 0 && !b->is_target_asked)
		ask_target(b);
	if (rc == 0)
		rc = cdp_take(b->cdp, &b->target_asked, timeout_ms, err);
	if (rc == 0)
		take_string(&b->target, &b->target_asked, "targetId");
	while (rc == 0 && !b->session) {
		if (clock_mono_ns() > until)
			return err_set(err, DD_EIO, "the browser showed no page");
		rc = cdp_wait(b->cdp, 100, err);
	}
	return rc;
}

void
blank_cleanup(struct blank *b)
{
	if (b->cdp) {
		cdp_drop(b->cdp, &b->context_asked);
		cdp_drop(b->cdp, &b->target_asked);
	}
	free(b->context);
	free(b->target);
	free(b->session);
	*b = (struct blank){0};
}
