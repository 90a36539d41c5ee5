#include "qa/observe.h"

#include "qa/act.h"
#include "qa/ax.h"
#include "qa/crawl_judge.h"
#include "qa/scripts.h"

#include <string.h>

#define MAX_CONTROLS 400
#define MAX_PRESSES 40
#define MAX_AXE_FRAMES 8
#define STUCK 3 /* presses that do not move the focus */
#define PARTS 7 /* of a date with its time */

/* Run a text in the driver's own world of a frame (NULL: there is none). */
static int
evaluate(struct page *p, const struct page_frame *f, const char *text, json_t **ret,
	struct dd_err *err)
{
	int64_t world = 0;
	if (p->crashed || !f)
		return err_set(err, DD_ECORRUPT, "there is no page");
	OWN_FREE char *session = mem_strdup(f->session);
	int rc = page_world(p, f, &world, err);
	return rc ? rc : page_evaluate(p, session, world, text, PAGE_CALL_MS, ret, err);
}

static int
ask_page(struct page *p, const char *mode, const char *origin, json_t **ret, struct dd_err *err)
{
	struct str plain = script_plain(), script = script_observe();
	OWN(buf) struct buf call = {0};
	buf_printf(&call, "{" STR_FMT STR_FMT "('%s', ", STR_ARG(plain), STR_ARG(script), mode);
	buf_put_json(&call, str_of(origin));
	buf_puts(&call, ")}");
	return evaluate(p, page_main_frame(p), call.p, ret, err);
}

int
observe_content(struct page *p, char **ret, struct dd_err *err)
{
	OWN_JSON json_t *value = NULL;
	int rc = ask_page(p, "content", "", &value, err);
	if (rc == 0)
		*ret = mem_strdup(json_is_string(value) ? json_string_value(value) : "");
	return rc;
}

/* ---- controls ---- */

static const struct {
	const char *role, *kind;
} roles[] = {
	{"link", "link"},
	{"button", "button"},
	{"menuitem", "button"},
	{"tab", "button"},
	{"DisclosureTriangle", "button"},
	{"switch", "tick"},
	{"checkbox", "tick"},
	{"radio", "tick"},
	{"textbox", "field"},
	{"searchbox", "field"},
	{"spinbutton", "field"},
	{"combobox", "field"},
	{"slider", "field"},
	{"Date", "field"}, /* Chromium's own, for what ARIA has no role of */
	{"DateTime", "field"},
	{"InputTime", "field"},
	{"ColorWell", "field"},
};

static const char describe[] =
	"function(origin) {\n"
	"  const e = of(this).nodeType === 1 ? this : this.parentElement, f = e.form || of(e).closest('form');\n"
	"  const base = of(of(e).ownerDocument).baseURI, here = of(of(e).ownerDocument).defaultView.location.href.split('#')[0];\n"
	"  const where = (n) => { const at = []; for (; n && of(n).nodeType === 1; n = of(n).parentElement || of(n).getRootNode().host)\n"
	"    at.unshift(of(n).localName + (of(n).parentNode ? [...of(of(n).parentNode).children].indexOf(n) : '')); return at.join('>').slice(0, 500); };\n"
	"  const type = e.localName === 'select' ? 'select' : e.localName === 'input' || e.localName === 'button' ? e.type : '';\n"
	"  const text = (v) => String(v == null ? '' : v).slice(0, 500), r = e.getBoundingClientRect();\n"
	"  const a = e.closest('a[href], area[href]'), out = {type, form: f ? where(f) : '', required: !!e.required};\n"
	"  out.off = !!e.closest(':disabled, [aria-disabled=true], [inert]') || !!e.readOnly || r.width < 1 || r.height < 1 || !e.checkVisibility({checkVisibilityCSS: true});\n"
	/* the parts of a date */
	"  out.off = out.off || (of(e).getAttribute('pseudo') || '').startsWith('-webkit-');\n"
	"  if (f) { out.method = of(f).method; out.action = new URL(of(f).action, base).pathname; }\n"
	"  if (f && (type === 'submit' || type === 'image')) out.submits = true;\n"
	"  if (a) { const u = new URL(a.href, base);\n"
	"    out.href = u.protocol === 'javascript:' || (u.href.split('#')[0] === here && a.getAttribute('href').startsWith('#')) ? '' : text(u.pathname + u.search);\n"
	"    out.same = u.origin === origin || u.protocol === 'javascript:' || (u.protocol === 'blob:' && u.href.includes(origin)); }\n"
	"  if (e.maxLength > 0) out.maxlength = e.maxLength;\n"
	"  for (const k of ['min', 'max', 'accept']) if (e.hasAttribute(k)) out[k] = text(e.getAttribute(k));\n"
	"  out.hint = text([e.name, e.id, e.autocomplete, e.placeholder].filter((v) => typeof v === 'string').join(' '));\n"
	"  if (type === 'select') out.options = [...e.options].filter((o) => !o.disabled).slice(0, 20).map((o) => text(o.label.trim()));\n"
	"  out.where = where(e);\n"
	"  out.current = e.matches('[aria-selected=true], [aria-pressed=true], [aria-current]');\n"
	"  return out;\n"
	"}";

static const char *
kind_of(const char *role)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		if (strcmp(roles[i].role, role) == 0)
			return roles[i].kind;
	return NULL;
}

/* Which of those of its role and name it is, from 1; 0: it is the only one.  As ax_find counts. */
static int64_t
number_of(const struct ax *ax, size_t at)
{
	int64_t before = 0, all = 0;
	for (size_t i = 0; i < ax->n; i++) {
		if (strcasecmp(ax->items[i].role, ax->items[at].role) != 0 ||
			strcasecmp(ax->items[i].name, ax->items[at].name) != 0)
			continue;
		all++;
		before += i < at;
	}
	return all > 1 ? before + 1 : 0;
}

static void
check_name(const struct ax_item *item, const char *kind, json_t *control, json_t *checks)
{
	bool field = strcmp(kind, "field") == 0 || strcmp(kind, "tick") == 0;
	const char *where = json_string_value(json_object_get(control, "where"));
	const char *hint = json_string_value(json_object_get(control, "hint"));
	OWN_FREE char *text = mem_printf("a %s has no name", item->role);
	OWN_FREE char *cause = mem_printf(
		"%s%s%s", where ? where : "", hint && *hint ? " " : "", hint ? hint : "");
	if (!*item->name && where && !json_is_true(json_object_get(control, "off")))
		json_array_append_new(
			checks, json_pack("{s:s, s:s, s:s}", "kind", field ? "label" : "name",
					"cause", cause, "text", text));
}

static int
take_control(struct page *p, const struct ax *ax, size_t at, const char *origin, json_t *page,
	json_t *controls, struct dd_err *err)
{
	const struct ax_item *item = &ax->items[at];
	const char *kind = kind_of(item->role);
	OWN_JSON json_t *control = NULL;
	if (!kind || !item->node)
		return 0;
	int rc = act_ask(p, item->node, describe, origin, &control, err);
	if (rc < 0)
		return rc == -DD_EIO ? rc : 0; /* it went away */
	if (!json_is_object(control))
		return 0;
	check_name(item, kind, control, json_object_get(page, "checks"));
	if (json_is_true(json_object_get(control, "submits")))
		kind = "submit";
	/* The button that a browser makes of a field for a file. */
	const char *type = json_string_value(json_object_get(control, "type"));
	if (type && strcmp(type, "file") == 0)
		kind = "field";
	/* A link that leads nowhere is used as a button. */
	const char *href = json_string_value(json_object_get(control, "href"));
	if (strcmp(kind, "link") == 0 && (!href || !*href) &&
		json_is_true(json_object_get(control, "same")))
		kind = "button";
	json_object_set_new(control, "role", json_text(str_of(item->role)));
	json_object_set_new(control, "name", json_text(str_of(item->name)));
	json_object_set_new(control, "nth", json_integer(number_of(ax, at)));
	json_object_set_new(control, "kind", json_string(kind));
	json_array_append(controls, control);
	return 0;
}

int
observe_page(struct page *p, const char *origin, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *page = NULL, *controls = json_array();
	OWN(ax) struct ax ax = {0};
	int rc = ask_page(p, "page", origin, &page, err);
	if (rc == 0 && !json_is_object(page))
		rc = err_set(err, DD_ECORRUPT, "there is no page");
	if (rc == 0 && !json_is_true(json_object_get(page, "outside")))
		rc = ax_read(p, &ax, err);
	for (size_t i = 0; rc == 0 && i < ax.n && json_array_size(controls) < MAX_CONTROLS; i++)
		rc = take_control(p, &ax, i, origin, page, controls, err);
	if (rc < 0)
		return rc;
	json_object_set(page, "controls", controls);
	*ret = TAKE(page);
	return 0;
}

/* ---- accessibility ---- */

static void
take_found(const json_t *found, json_t *facts)
{
	json_t *one;
	size_t i;
	json_array_foreach ((json_t *)found, i, one) {
		const char *kind = json_string_value(json_object_get(one, "kind"));
		const char *cause = json_string_value(json_object_get(one, "cause"));
		const char *text = json_string_value(json_object_get(one, "text"));
		if (kind && cause && text)
			crawl_fact(facts, kind, cause, text);
	}
}

int
observe_axe(struct page *p, const char *origin, json_t *facts, struct dd_err *err)
{
	struct str core = script_axe_core(), script = script_axe();
	OWN(buf) struct buf call = {0};
	int rc = 0;
	buf_printf(&call, STR_FMT ";\n" STR_FMT "(", STR_ARG(core), STR_ARG(script));
	buf_put_json(&call, str_of(origin));
	buf_putc(&call, ')');
	for (size_t i = 0; rc == 0 && i < p->nframes && i < MAX_AXE_FRAMES; i++) {
		OWN_JSON json_t *found = NULL;
		rc = evaluate(p, &p->frames[i], call.p, &found, err);
		if (rc == 0)
			take_found(found, facts);
	}
	return rc;
}

/* ---- the keyboard ---- */

int
observe_focus(struct page *p, int64_t focusable, json_t *facts, struct dd_err *err)
{
	OWN_FREE char *last = mem_strdup("");
	int64_t same = 0, most = focusable + STUCK;
	int rc = 0;
	if (focusable < 2)
		return 0;
	for (int64_t i = 1; rc == 0 && i <= most && i <= MAX_PRESSES; i++) {
		OWN_JSON json_t *value = NULL;
		rc = act_press(p, "Tab", err);
		if (rc == 0)
			rc = ask_page(p, "focus", "", &value, err);
		const char *at = json_is_string(value) ? json_string_value(value) : "";
		same = *at && strcmp(at, last) == 0 ? same + 1 : 0;
		free(last);
		last = mem_strdup(at);
		bool parts = strncmp(at, "parts ", 6) == 0;
		int64_t enough = STUCK + (parts ? PARTS : 0);
		most += (parts && same) || same >= enough;
		/* A busy page may be slow to take a key: it gets time once, and more presses. */
		if (rc == 0 && same == enough)
			rc = page_settle(p, err);
		if (same < 2 * enough)
			continue;
		crawl_fact(facts, "trap", at, "the keyboard does not get out of it");
		json_t *fact = json_array_get(facts, json_array_size(facts) - 1);
		json_object_set_new(fact, "presses", json_integer(i));
		return 0;
	}
	return rc;
}
