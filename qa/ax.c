#include "qa/ax.h"

#include <ctype.h>
#include <string.h>

#define MAX_NODES 100000
#define MAX_DEPTH 400
#define MAX_NAME 2000

void
ax_cleanup(struct ax *ax)
{
	json_decref(ax->tree);
	for (size_t i = 0; i < ax->n; i++) {
		free(ax->items[i].role);
		free(ax->items[i].name);
	}
	free(ax->items);
	*ax = (struct ax){0};
}

/* ---- reading ---- */

struct walk {
	struct ax *ax;
	struct map nodes; /* id -> json_t of the answer */
	bool too_much;
};

/* White space runs become one blank, none at the ends. */
static char *
tidy(const char *text)
{
	OWN(buf) struct buf out = {.max = MAX_NAME};
	struct str rest = str_of(text), word;
	while (str_next_word(&rest, &word)) {
		if (out.n)
			buf_putc(&out, ' ');
		buf_add_str(&out, word);
	}
	return buf_take(&out);
}

static const char *
value_text(const json_t *node, const char *key)
{
	return json_string_value(json_object_get(json_object_get(node, key), "value"));
}

static json_t *
states_of(const json_t *node)
{
	static const char *const kept[] = {"focused", "disabled", "checked", "pressed", "expanded",
		"selected", "required", "invalid", "readonly", "level", "modal", NULL};
	json_t *states = json_object(), *property;
	size_t i;
	json_array_foreach (json_object_get(node, "properties"), i, property) {
		const char *name = json_string_value(json_object_get(property, "name"));
		json_t *value = json_object_get(json_object_get(property, "value"), "value");
		for (size_t k = 0; name && value && kept[k]; k++)
			if (strcmp(kept[k], name) == 0)
				json_object_set(states, name, value);
	}
	return states;
}

static json_t *
describe(struct walk *w, const json_t *node, const char *role)
{
	OWN_FREE char *name = tidy(value_text(node, "name"));
	OWN_JSON json_t *states = states_of(node);
	json_t *value = json_object_get(json_object_get(node, "value"), "value");
	json_t *out = json_pack("{s:s, s:o}", "role", role, "name", json_text(str_of(name)));
	w->ax->items = mem_grow(w->ax->items, w->ax->n, &w->ax->cap, sizeof(*w->ax->items));
	w->ax->items[w->ax->n++] = (struct ax_item){mem_strdup(role), TAKE(name),
		json_integer_value(json_object_get(node, "backendDOMNodeId")), out};
	if (value)
		json_object_set(out, "value", value);
	if (json_object_size(states))
		json_object_set(out, "states", states);
	return out;
}

/* What is ignored gives its children to the one above. */
static void
walk(struct walk *w, const char *id, json_t *siblings, unsigned depth)
{
	json_t *node = map_get(&w->nodes, id), *child;
	const char *role = node ? value_text(node, "role") : NULL;
	size_t i;
	if (!node || !role || strcmp(role, "InlineTextBox") == 0)
		return;
	if (depth > MAX_DEPTH || w->ax->n >= MAX_NODES) {
		w->too_much = true;
		return;
	}
	json_t *below = siblings;
	if (!json_is_true(json_object_get(node, "ignored"))) {
		json_t *out = describe(w, node, role);
		json_array_append_new(siblings, out);
		below = json_array();
		json_object_set_new(out, "children", below);
	}
	(void)map_remove(&w->nodes, id); /* a node has one place, whatever the answer says */
	json_array_foreach (json_object_get(node, "childIds"), i, child)
		if (json_is_string(child))
			walk(w, json_string_value(child), below, depth + 1);
	if (below != siblings && !json_array_size(below))
		json_object_del(
			json_array_get(siblings, json_array_size(siblings) - 1), "children");
}

static void
walk_answer(struct ax *ax, const json_t *nodes, bool *ret_too_much)
{
	struct walk w = {.ax = ax};
	const char *root = NULL;
	json_t *node;
	size_t i;
	json_array_foreach ((json_t *)nodes, i, node) {
		const char *id = json_string_value(json_object_get(node, "nodeId"));
		if (id)
			map_put(&w.nodes, id, node);
		if (id && !root && !json_object_get(node, "parentId"))
			root = id;
	}
	if (root)
		walk(&w, root, ax->tree, 0);
	*ret_too_much |= w.too_much;
	map_cleanup(&w.nodes);
}

void
ax_ask(struct page *p, struct ax_asked *ret)
{
	*ret = (struct ax_asked){.v = mem_zalloc(p->nframes ? p->nframes : 1, sizeof(*ret->v))};
	for (size_t i = 0; i < p->nframes; i++)
		if (strcmp(p->frames[i].session, p->session) == 0)
			page_ask(p, &ret->v[ret->n++], "Accessibility.getFullAXTree",
				json_pack("{s:s}", "frameId", p->frames[i].frame), CDP_JSON);
}

int
ax_take(struct page *p, struct ax_asked *asked, struct ax *ret, struct dd_err *err)
{
	struct ax ax = {.tree = json_array()};
	bool too_much = false;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < asked->n; i++) {
		rc = page_take(p, &asked->v[i], err);
		if (rc == 0)
			walk_answer(&ax, json_object_get(asked->v[i].json, "nodes"), &too_much);
	}
	if (rc == 0 && too_much)
		rc = err_set(err, DD_ELIMIT, "the accessibility tree is too large");
	if (rc < 0) {
		ax_cleanup(&ax);
		return rc;
	}
	*ret = ax;
	return 0;
}

void
ax_drop(struct page *p, struct ax_asked *asked)
{
	for (size_t i = 0; i < asked->n; i++)
		cdp_drop(p->cdp, &asked->v[i]);
	free(asked->v);
	*asked = (struct ax_asked){0};
}

int
ax_read(struct page *p, struct ax *ret, struct dd_err *err)
{
	struct ax_asked asked;
	ax_ask(p, &asked);
	int rc = ax_take(p, &asked, ret, err);
	ax_drop(p, &asked);
	return rc;
}

/* ---- finding ---- */

static bool
has_part(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}

static bool
is_same(const char *text, const char *whole)
{
	return strcasecmp(text, whole) == 0;
}

static size_t
candidates(const struct ax *ax, const char *role, const char *name,
	bool (*fits)(const char *, const char *), int64_t nth, int64_t *ret_node)
{
	size_t found = 0;
	for (size_t i = 0; i < ax->n; i++) {
		const struct ax_item *item = &ax->items[i];
		if ((role && strcasecmp(role, item->role) != 0) || !fits(item->name, name))
			continue;
		if (++found == (size_t)(nth ? nth : 1))
			*ret_node = item->node;
	}
	return found;
}

static void
list_names(const struct ax *ax, const char *role, struct buf *out)
{
	out->max = 300;
	for (size_t i = 0; i < ax->n && !out->truncated; i++)
		if (strcasecmp(role, ax->items[i].role) == 0)
			buf_printf(out, "%s\"%.60s\"", out->n ? ", " : "", ax->items[i].name);
}

int
ax_find(const struct ax *ax, const char *role, const char *name, int64_t nth, int64_t *ret_node,
	struct dd_err *err)
{
	OWN_FREE char *wanted = tidy(name);
	OWN(buf) struct buf there = {0};
	int64_t node = 0;
	size_t found = candidates(ax, role, wanted, is_same, nth, &node);
	if (!found)
		found = candidates(ax, role, wanted, has_part, nth, &node);
	if (found && (nth ? (size_t)nth <= found : found == 1)) {
		*ret_node = node;
		return 0;
	}
	const char *what = role ? role : "thing";
	if (found)
		return err_set(err, DD_ENOENT, "there are %zu of %s \"%.100s\"%s", found, what,
			wanted, nth ? "" : "; choose one with \"nth\"");
	if (role)
		list_names(ax, role, &there);
	return err_set(err, DD_ENOENT, "there is no %s \"%.100s\"%s%s%s", what, wanted,
		there.n ? " (there is: " : "", there.n ? there.p : "", there.n ? ")" : "");
}
