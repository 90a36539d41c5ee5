#include "qa/act.h"

#include "base/log.h"
#include "qa/scripts.h"

#include <ctype.h>
#include <string.h>

#define EXPECT_MS 5000 /* of the page's time, and twice that of ours */

/* ---- finding ---- */

static int
find(struct page *p, const struct scenario_target *t, int64_t *ret_node, struct dd_err *err)
{
	OWN(ax) struct ax ax = {0};
	int rc = ax_read(p, &ax, err);
	return rc < 0 ? rc : ax_find(&ax, t->role, t->name, t->nth, ret_node, err);
}

static bool
has_time(int64_t until_ns, const struct page *p, int64_t until_page_ms)
{
	return !p->crashed && clock_mono_ns() < until_ns && p->clock_ms < until_page_ms;
}

/* What is not there yet may come: time passes for the page meanwhile. */
static int
find_in_time(struct page *p, const struct scenario_target *t, int64_t *ret_node, struct dd_err *err)
{
	int64_t until = clock_mono_ns() + INT64_C(2000000) * EXPECT_MS,
		page = p->clock_ms + EXPECT_MS;
	int rc = find(p, t, ret_node, err);
	while (rc == -DD_ENOENT && has_time(until, p, page)) {
		rc = page_pass(p, err);
		if (rc == 0)
			rc = find(p, t, ret_node, err);
	}
	return rc;
}

/* ---- a node ---- */

/* Its object, in a world of the driver's own, where the page's scripts have put nothing in the way; heap. */
static int
resolve(struct page *p, int64_t node, char **ret_object, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	const struct page_frame *f = page_main_frame(p);
	int64_t world = 0;
	if (!f)
		return err_set(err, DD_ENOENT, "it went away");
	int rc = page_world(p, f, &world, err);
	if (rc == 0)
		rc = page_call(p, "DOM.resolveNode",
			json_pack("{s:I, s:I}", "backendNodeId", (json_int_t)node,
				"executionContextId", (json_int_t)world),
			&answer, err);
	const char *id =
		json_string_value(json_object_get(json_object_get(answer, "object"), "objectId"));
	if (rc == 0 && !id)
		rc = err_set(err, DD_ENOENT, "it went away");
	if (rc == 0)
		*ret_object = mem_strdup(id);
	return rc;
}

int
act_ask(struct page *p, int64_t node, const char *function, const char *argument, json_t **ret,
	struct dd_err *err)
{
	struct str plain = script_plain();
	OWN_FREE char *object = NULL, *plainly = mem_printf("function(argument) {" STR_FMT
							    "return (%s).call(this, argument); }",
					      STR_ARG(plain), function);
	OWN_JSON json_t *answer = NULL;
	int rc = resolve(p, node, &object, err);
	if (rc == 0)
		rc = page_call(p, "Runtime.callFunctionOn",
			json_pack("{s:s, s:s, s:b, s:[{s:s}]}", "objectId", object,
				"functionDeclaration", plainly, "returnByValue", 1, "arguments",
				"value", argument),
			&answer, err);
	if (rc == 0)
		*ret = json_incref(json_object_get(json_object_get(answer, "result"), "value"));
	return rc;
}

static int
scroll_to(struct page *p, int64_t node, struct dd_err *err)
{
	return page_call(p, "DOM.scrollIntoViewIfNeeded",
		json_pack("{s:I}", "backendNodeId", (json_int_t)node), NULL, err);
}

/* Find it, and have it in sight. */
static int
reach(struct page *p, const struct scenario_target *t, const struct ax *seen, int64_t *ret_node,
	struct dd_err *err)
{
	if (seen && ax_find(seen, t->role, t->name, t->nth, ret_node, NULL) == 0 &&
		scroll_to(p, *ret_node, NULL) == 0)
		return 0;
	int rc = find_in_time(p, t, ret_node, err);
	return rc ? rc : scroll_to(p, *ret_node, err);
}

/* What lies over its middle; "": nothing does. */
static const char covered_by[] =
	"function() {\n"
	"  const e = of(this).nodeType === 1 ? this : this.parentElement, r = of(e).getBoundingClientRect();\n"
	"  const root = of(of(e).getRootNode()), x = r.x + r.width / 2, y = r.y + r.height / 2;\n"
	"  const top = root.elementFromPoint ? root.elementFromPoint(x, y) : null;\n"
	"  if (!top || e === top || of(e).contains(top) || of(top).contains(e) || of(top).control === e) return '';\n"
	"  return '<' + of(top).localName + (of(top).id ? ' id=' + of(top).id : '') + '>';\n"
	"}";

static int
middle_of(struct page *p, int64_t node, double *ret_x, double *ret_y, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	int rc = page_call(p, "DOM.getContentQuads",
		json_pack("{s:I}", "backendNodeId", (json_int_t)node), &answer, err);
	const json_t *quad = json_array_get(json_object_get(answer, "quads"), 0);
	if (rc == 0 && json_array_size(quad) != 8)
		rc = err_set(err, DD_ENOENT, "it cannot be seen");
	if (rc < 0)
		return rc;
	*ret_x = *ret_y = 0;
	for (size_t i = 0; i < 8; i += 2) {
		*ret_x += json_number_value(json_array_get(quad, i)) / 4;
		*ret_y += json_number_value(json_array_get(quad, i + 1)) / 4;
	}
	return 0;
}

/* ---- input ---- */

static int
mouse(struct page *p, const char *type, double x, double y, struct dd_err *err)
{
	bool moves = strcmp(type, "mouseMoved") == 0;
	return page_call(p, "Input.dispatchMouseEvent",
		json_pack("{s:s, s:f, s:f, s:s, s:i}", "type", type, "x", x, "y", y, "button",
			moves ? "none" : "left", "clickCount", moves ? 0 : 1),
		NULL, err);
}

static int
click(struct page *p, const struct scenario_target *t, const struct ax *seen, struct dd_err *err)
{
	OWN_JSON json_t *above = NULL;
	int64_t node;
	double x = 0, y = 0;
	int rc = reach(p, t, seen, &node, err);
	if (rc == 0)
		rc = middle_of(p, node, &x, &y, err);
	if (rc == 0)
		rc = act_ask(p, node, covered_by, "", &above, err);
	const char *what = json_string_value(above);
	if (rc == 0 && what && *what)
		rc = err_set(err, DD_EINVAL, "%.80s lies over it", what);
	rc = rc ? rc : mouse(p, "mouseMoved", x, y, err);
	rc = rc ? rc : mouse(p, "mousePressed", x, y, err);
	return rc ? rc : mouse(p, "mouseReleased", x, y, err);
}

static const struct key {
	const char *name, *key, *text;
	int code;
} keys[] = {
	{"Enter", "Enter", "\r", 13},
	{"Tab", "Tab", NULL, 9},
	{"Escape", "Escape", NULL, 27},
	{"Space", " ", " ", 32},
	{"Backspace", "Backspace", NULL, 8},
	{"Delete", "Delete", NULL, 46},
	{"ArrowUp", "ArrowUp", NULL, 38},
	{"ArrowDown", "ArrowDown", NULL, 40},
	{"ArrowLeft", "ArrowLeft", NULL, 37},
	{"ArrowRight", "ArrowRight", NULL, 39},
	{"Home", "Home", NULL, 36},
	{"End", "End", NULL, 35},
	{"PageUp", "PageUp", NULL, 33},
	{"PageDown", "PageDown", NULL, 34},
};

int
act_press(struct page *p, const char *name, struct dd_err *err)
{
	/* A letter or a digit is a key, too; its code is that of its capital. */
	const struct key plain = {name, name, name, toupper((unsigned char)*name)};
	const struct key *k = isalnum((unsigned char)*name) && !name[1] ? &plain : NULL;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			k = &keys[i];
	if (!k)
		return err_set(err, DD_EINVAL, "there is no key \"%.40s\"", name);
	int rc = page_call(p, "Input.dispatchKeyEvent",
		json_pack("{s:s, s:s, s:s, s:i, s:s*}", "type", k->text ? "keyDown" : "rawKeyDown",
			"key", k->key, "code", k->name, "windowsVirtualKeyCode", k->code, "text",
			k->text),
		NULL, err);
	return rc ? rc
		  : page_call(p, "Input.dispatchKeyEvent",
			    json_pack("{s:s, s:s, s:s, s:i}", "type", "keyUp", "key", k->key,
				    "code", k->name, "windowsVirtualKeyCode", k->code),
			    NULL, err);
}

/*
 * A list is not typed into: its option is chosen.  A date, a time, a colour or a place on a scale is set as HTML writes it, and
 * a field for a file gets a small one of that name.  "type": the driver types.
 */
static const char choose[] =
	"function(text) {\n"
	"  const done = () => {\n"
	"    for (const t of ['input', 'change']) this.dispatchEvent(new Event(t, {bubbles: true}));\n"
	"    return 'chosen';\n"
	"  };\n"
	"  if (this.localName === 'input' && this.type === 'file') {\n"
	"    const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p+FUpQAAAABJRU5ErkJggg==';\n"
	"    const image = text.endsWith('.png'), all = new DataTransfer();\n"
	"    const bytes = image ? Uint8Array.from(atob(dot), (c) => c.charCodeAt(0)) : text + '\\n';\n"
	"    all.items.add(new File([bytes], text, {type: image ? 'image/png' : 'text/plain'}));\n"
	"    this.files = all.files;\n"
	"    return done();\n"
	"  }\n"
	"  if (this.localName === 'input' && /^(date|time|datetime-local|month|week|color|range)$/.test(this.type)) {\n"
	"    this.value = text;\n"
	"    return text && !this.value ? 'it takes no such value' : done();\n"
	"  }\n"
	"  if (this.localName !== 'select') return this.focus ? (this.focus(), 'type') : 'not a field';\n"
	"  const o = [...this.options].find((o) => o.label.trim() === text.trim() || o.value === text);\n"
	"  if (!o) return 'it has no option of that name';\n"
	"  this.value = o.value;\n"
	"  return done();\n"
	"}";

static int
type(struct page *p, const struct scenario_target *t, const struct ax *seen, struct dd_err *err)
{
	OWN_JSON json_t *how = NULL;
	int64_t node;
	int rc = reach(p, t, seen, &node, err);
	if (rc == 0)
		rc = act_ask(p, node, choose, t->text, &how, err);
	const char *done = json_string_value(how);
	if (rc == 0 && done && strcmp(done, "chosen") == 0)
		return 0;
	if (rc == 0 && (!done || strcmp(done, "type") != 0))
		rc = err_set(err, DD_EINVAL, "%s", done ? done : "it is not a field");
	if (rc == 0)
		rc = page_call(p, "Input.dispatchKeyEvent",
			json_pack("{s:s, s:s, s:s, s:[s]}", "type", "rawKeyDown", "key", "a",
				"code", "KeyA", "commands", "selectAll"),
			NULL, err);
	return rc ? rc
		  : page_call(
			    p, "Input.insertText", json_pack("{s:s}", "text", t->text), NULL, err);
}

/* ---- expecting ---- */

/* Is the text rendered, in the page or in a frame of its origin? */
static const char has_text[] =
	"((wanted) => {\n"
	"  const tidy = (s) => s.replace(/\\s+/g, ' ').trim().toLowerCase();\n"
	"  const look = (d) => (of(d).body && tidy(of(d).body.innerText).includes(tidy(wanted))) ||\n"
	"    [...of(d).querySelectorAll('iframe')].some((f) => f.contentDocument && look(f.contentDocument));\n"
	"  return look(document);\n"
	"})";

static int
see(struct page *p, const struct scenario_target *t, bool *ret_seen, struct dd_err *err)
{
	OWN_JSON json_t *seen = NULL;
	OWN(buf) struct buf call = {0};
	struct str plain = script_plain();
	int64_t node, world = 0;
	if (!t->text) { /* one of several is enough */
		struct scenario_target any = *t;
		any.nth = t->nth ? t->nth : 1;
		int rc = find(p, &any, &node, err);
		*ret_seen = rc == 0;
		return rc == -DD_ENOENT ? 0 : rc;
	}
	*ret_seen = false;
	const struct page_frame *f = page_main_frame(p);
	if (p->crashed || !f)
		return p->crashed ? err_set(err, DD_ECORRUPT, "the page crashed") : 0;
	buf_printf(&call, "{" STR_FMT "%s(", STR_ARG(plain), has_text);
	buf_put_json(&call, str_of(t->text));
	buf_puts(&call, ")}");
	OWN_FREE char *session = mem_strdup(f->session);
	int rc = page_world(p, f, &world, err);
	if (rc == 0)
		rc = page_evaluate(p, session, world, call.p, PAGE_CALL_MS, &seen, err);
	*ret_seen = json_is_true(seen);
	return rc == -DD_EINVAL ? 0 : rc;
}

static int
expect(struct page *p, const struct scenario_target *t, struct dd_err *err)
{
	int64_t until = clock_mono_ns() + INT64_C(2000000) * EXPECT_MS,
		page = p->clock_ms + EXPECT_MS;
	OWN(dd_err) struct dd_err why = {0};
	bool seen = false;
	int rc = see(p, t, &seen, &why);
	while (rc == 0 && seen == t->absent && has_time(until, p, page)) {
		rc = page_pass(p, err);
		if (rc == 0)
			rc = see(p, t, &seen, &why);
	}
	if (rc < 0)
		return err_move(err, &why);
	if (seen != t->absent)
		return 0;
	if (t->absent)
		return err_set(err, DD_EINVAL, "it is still there");
	return t->text ? err_set(err, DD_EINVAL, "the text is not there")
		       : err_set(err, DD_EINVAL, "%s", err_msg(&why));
}

/* ---- one step ---- */

static int
go(struct page *p, const char *to, const char *base_url, struct dd_err *err)
{
	OWN_FREE char *url = scenario_address(base_url, to);
	if (!url)
		return err_set(err, DD_EINVAL,
			"\"%.100s\" is neither a path of the application nor http(s)://", to);
	return page_go(p, url, err);
}

static int
act_at_once(struct page *p, const struct scenario_step *s, const char *base_url,
	const struct ax *seen, struct dd_err *err)
{
	switch (s->kind) {
	case SCENARIO_GO:
		return go(p, s->word, base_url, err);
	case SCENARIO_CLICK:
		return click(p, &s->on, seen, err);
	case SCENARIO_TYPE:
		return type(p, &s->on, seen, err);
	case SCENARIO_PRESS:
		return act_press(p, s->word, err);
	case SCENARIO_EXPECT:
		return expect(p, &s->on, err);
	case SCENARIO_RESIZE:
	case SCENARIO_EXIT:
		return err_set(err, DD_EINVAL, "that is done in a terminal");
	case SCENARIO_SHOOT:
		break;
	}
	return 0;
}

int
act(struct page *p, const struct scenario_step *s, const char *base_url, const struct ax *seen,
	struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	int rc = act_at_once(p, s, base_url, seen, err);
	int settled = rc == -DD_EIO ? 0 : page_settle(p, &why);
	if (settled < 0)
		return err_move(err, &why);
	if (rc == 0 && p->crashed)
		return err_set(err, DD_ECORRUPT, "the page crashed");
	return rc;
}
