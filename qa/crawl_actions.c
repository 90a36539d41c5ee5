/* What can be done in a state: its controls, as actions. */
#include "qa/crawl_model.h"
#include "qa/crawl_values.h"

#include <string.h>

#define MAX_PER_TEMPLATE 2 /* links and buttons that differ in numbers alone */
#define MAX_FIELDS 30

/* ---- the fence ---- */

const char *
crawl_fence(const char *name)
{
	static const char *const words[] = {"delete", "remove", "drop", "destroy", "erase", "purge",
		"wipe", "truncate", "uninstall", "shutdown", "shut down", "factory reset",
		"reset all", "log out", "logout", "sign out", "sign off", "unsubscribe",
		"close account", "deactivate", NULL};
	for (size_t i = 0; words[i]; i++) {
		const char *at = strcasestr(name, words[i]);
		bool begins = at && (at == name || !((at[-1] | 32) >= 'a' && (at[-1] | 32) <= 'z'));
		if (begins)
			return words[i];
	}
	return NULL;
}

static void
fence(struct crawl *c, size_t state, const json_t *control, const char *why)
{
	OWN_FREE char *key = mem_printf("fence %s %s %s", crawl_text(control, "role"),
		crawl_text(control, "name"), crawl_text(control, "href"));
	if (map_get(&c->seen, key))
		return;
	crawl_put_number(&c->seen, key, 1);
	json_array_append_new(
		c->fenced, json_pack("{s:I, s:s, s:s, s:s}", "state", (json_int_t)state, "role",
				   crawl_text(control, "role"), "name", crawl_text(control, "name"),
				   "why", why));
}

/* ---- templates ---- */

/* Numbers become one sign, so that pages of a catalogue and rows of a table are of one template. */
static char *
template_of(const char *kind, const char *where, const char *text)
{
	OWN(buf) struct buf out = {0};
	buf_printf(&out, "%s %s ", kind, where);
	for (const char *p = text; *p && *p != '#'; p++) {
		if (*p < '0' || *p > '9')
			buf_putc(&out, *p);
		else if (out.p[out.n - 1] != '#')
			buf_putc(&out, '#');
	}
	return buf_take(&out);
}

/* Has it been used, or enough of its template? */
static bool
is_used(struct crawl *c, const char *kind, const char *where, const char *text)
{
	OWN_FREE char *exact = mem_printf("=%s %s %s", kind, where, text);
	OWN_FREE char *template = template_of(kind, where, text);
	const size_t *n = map_get(&c->seen, template);
	if (map_get(&c->seen, exact) || (n && *n >= MAX_PER_TEMPLATE))
		return true;
	crawl_put_number(&c->seen, exact, 1);
	crawl_put_number(&c->seen, template, n ? *n + 1 : 1);
	return false;
}

/* ---- steps ---- */

static json_t *
target(const json_t *control, const char *text)
{
	json_t *t = json_pack("{s:s, s:s}", "role", crawl_text(control, "role"), "name",
		crawl_text(control, "name"));
	json_t *nth = json_object_get(control, "nth");
	if (json_integer_value(nth) > 0)
		json_object_set(t, "nth", nth);
	if (text)
		json_object_set_new(t, "text", json_string(text));
	return t;
}

static json_t *
step(const char *key, json_t *value)
{
	json_t *s = json_object();
	json_object_set_new(s, key, value);
	return s;
}

static bool
is_kind(const json_t *control, const char *kind)
{
	return strcmp(crawl_text(control, "kind"), kind) == 0;
}

static bool
is_of_form(const json_t *control, const char *form)
{
	return strcmp(crawl_text(control, "form"), form) == 0 && !crawl_flag(control, "off");
}

/* Fill a form; ""; what is in none. */
static json_t *
fill(const struct crawl *c, const json_t *controls, const char *form, enum crawl_variant v)
{
	json_t *steps = json_array(), *control;
	size_t i, n = 0;
	json_array_foreach ((json_t *)controls, i, control) {
		if (!is_of_form(control, form) || n >= MAX_FIELDS)
			continue;
		if (is_kind(control, "tick") && v == CRAWL_PLAUSIBLE &&
			crawl_flag(control, "required"))
			json_array_append_new(steps, step("click", target(control, NULL)));
		OWN_FREE char *text = is_kind(control, "field")
					      ? crawl_value(control, v, c->seed + (uint32_t)n)
					      : NULL;
		if (text)
			json_array_append_new(steps, step("type", target(control, text)));
		n += text != NULL;
	}
	return steps;
}

static bool
has_field(const json_t *controls, const char *form)
{
	json_t *control;
	size_t i;
	json_array_foreach ((json_t *)controls, i, control)
		if (is_of_form(control, form) && is_kind(control, "field"))
			return true;
	return false;
}

/* Has the form a control of that kind and type?  form NULL: any form, or none. */
static bool
has_typed(const json_t *controls, const char *form, const char *kind, const char *type)
{
	json_t *control;
	size_t i;
	json_array_foreach ((json_t *)controls, i, control)
		if ((!form || is_of_form(control, form)) && is_kind(control, kind) &&
			strcmp(crawl_text(control, "type"), type) == 0)
			return true;
	return false;
}

/* What acts on what is ticked has nothing to do where nothing is. */
static bool
has_tick(const json_t *controls, const char *form)
{
	return has_typed(controls, form, "tick", "checkbox");
}

static bool
has_password(const json_t *controls, const char *form)
{
	return has_typed(controls, form, "field", "password");
}

static char *
words_of(const json_t *control)
{
	int64_t nth = json_integer_value(json_object_get(control, "nth"));
	return nth ? mem_printf("%s \"%s\" (number %lld)", crawl_text(control, "role"),
			     crawl_text(control, "name"), (long long)nth)
		   : mem_printf(
			     "%s \"%s\"", crawl_text(control, "role"), crawl_text(control, "name"));
}

/* ---- actions of a state ---- */

static void
add_link(struct crawl *c, size_t state, const json_t *control)
{
	const char *href = crawl_text(control, "href");
	OWN_FREE char *what = words_of(control);
	OWN_FREE char *words = mem_printf("click %s", what);
	if (!crawl_flag(control, "same")) {
		fence(c, state, control, "another origin");
		return;
	}
	if (!is_used(c, "link", "", href))
		crawl_add_action(c, state, words,
			json_pack("[o]", step("click", target(control, NULL))), RANK_LINK);
}

/* May it be without effect?  What copies or prints changes nothing that a page can show, what takes back may have nothing to
 * take back, and what was just used (on the way here, `used`) may be so once. */
static bool
may_be_silent(const json_t *control, const char *used)
{
	static const char *const words[] = {"copy", "print", "share", "clear", "reset", "cancel",
		"close", "refresh", "reload", "undo", "top", NULL};
	for (size_t i = 0; words[i]; i++)
		if (strcasestr(crawl_text(control, "name"), words[i]))
			return true;
	return !is_kind(control, "button") || crawl_flag(control, "current") ||
	       (*used && strcmp(crawl_text(control, "where"), used) == 0);
}

static void
add_button(struct crawl *c, size_t state, const json_t *controls, const json_t *control,
	const char *used)
{
	const char *name = crawl_text(control, "name");
	OWN_FREE char *what = words_of(control);
	OWN_FREE char *words = mem_printf("click %s", what);
	OWN_FREE char *where =
		mem_printf("%s %s", c->states[state].print, crawl_text(control, "role"));
	if (is_used(c, "button", where, *name ? name : what))
		return;
	json_t *steps =
		is_kind(control, "button") ? fill(c, controls, "", CRAWL_PLAUSIBLE) : json_array();
	json_array_append_new(steps, step("click", target(control, NULL)));
	struct crawl_action *a = crawl_add_action(c, state, words, steps, RANK_BUTTON);
	a->still = !may_be_silent(control, used);
	free(a->where);
	a->where = mem_strdup(crawl_text(control, "where"));
}

/* Fill its form, and send it: by the control, or from the field that it is.  where: what tells it from others of this kind. */
static void
add_filled(struct crawl *c, size_t state, const json_t *controls, const json_t *control,
	enum crawl_variant v, const char *where)
{
	bool enters = is_kind(control, "field");
	const char *form = crawl_text(control, "form");
	bool get = strcasecmp(crawl_text(control, "method"), "get") == 0;
	OWN_FREE char *what = words_of(control);
	OWN_FREE char *kind = mem_printf("form %d", (int)v);
	OWN_FREE char *sends =
		enters ? mem_printf("press Enter in %s", what) : mem_printf("click %s", what);
	OWN_FREE char *words = has_field(controls, form)
				       ? mem_printf("fill (%s), %s", crawl_variant_names[v], sends)
				       : mem_strdup(sends);
	if (is_used(c, kind, where, crawl_text(control, "action")))
		return;
	json_t *steps = fill(c, controls, form, v);
	json_array_append_new(steps, enters ? step("press", json_string("Enter"))
					    : step("click", target(control, NULL)));
	struct crawl_action *a =
		crawl_add_action(c, state, words, steps, get ? RANK_BUTTON : RANK_FORM);
	a->still = v == CRAWL_PLAUSIBLE && !enters && !has_tick(controls, form);
	a->account = v == CRAWL_PLAUSIBLE && has_password(controls, form);
}

static void
add_submit(struct crawl *c, size_t state, const json_t *controls, const json_t *control)
{
	bool get = strcasecmp(crawl_text(control, "method"), "get") == 0;
	bool fields = has_field(controls, crawl_text(control, "form"));
	OWN_FREE char *what = words_of(control);
	OWN_FREE char *where = mem_printf("%s %s", get ? "" : c->states[state].print, what);
	for (int v = 0; v < (fields ? CRAWL_VARIANTS : 1); v++)
		add_filled(c, state, controls, control, (enum crawl_variant)v, where);
}

/* A form of one field that has no control to send it by is sent from there (HTML, "implicit submission"). */
static bool
is_sent_from_field(const json_t *controls, const json_t *control)
{
	static const char *const typed[] = {
		"text", "search", "url", "tel", "email", "password", "number", NULL};
	const char *form = crawl_text(control, "form");
	const json_t *other;
	size_t i;
	if (!*form || !is_kind(control, "field") ||
		!str_is_one(str_of(crawl_text(control, "type")), typed))
		return false;
	json_array_foreach ((json_t *)controls, i, other)
		if (other != control && strcmp(crawl_text(other, "form"), form) == 0 &&
			(is_kind(other, "field") || is_kind(other, "submit")))
			return false;
	return true;
}

bool
crawl_asks_password(const json_t *controls)
{
	return has_password(controls, NULL);
}

void
crawl_add_sign_on(struct crawl *c, size_t state, const json_t *controls)
{
	json_t *control;
	size_t i;
	json_array_foreach ((json_t *)controls, i, control) {
		OWN_FREE char *what = words_of(control);
		OWN_FREE char *where = mem_printf("%s %s", c->states[state].print, what);
		if (is_kind(control, "submit") && !crawl_flag(control, "off") &&
			!crawl_fence(crawl_text(control, "name")) &&
			has_password(controls, crawl_text(control, "form")))
			add_filled(c, state, controls, control, CRAWL_PLAUSIBLE, where);
	}
}

void
crawl_add_actions(struct crawl *c, size_t state, const json_t *controls, const char *used)
{
	json_t *control;
	size_t i;
	json_array_foreach ((json_t *)controls, i, control) {
		const char *word = crawl_fence(crawl_text(control, "name"));
		if (crawl_flag(control, "off") ||
			(is_kind(control, "field") && !is_sent_from_field(controls, control)))
			continue;
		if (word)
			fence(c, state, control, word);
		else if (is_kind(control, "link"))
			add_link(c, state, control);
		else if (is_kind(control, "submit") || is_kind(control, "field"))
			add_submit(c, state, controls, control);
		else if (is_kind(control, "button") || !*crawl_text(control, "form"))
			add_button(c, state, controls, control, used);
	}
}
