#include "qa/crawl.h"

#include "base/map.h"
#include "qa/crawl_values.h"

#include <string.h>

#define MAX_STATES 2000
#define MAX_PER_TEMPLATE 2 /* links and buttons that differ in numbers alone */
#define MAX_FIELDS 30
#define MAX_PATH 40 /* steps of a walk */

struct state {
	char *print, *path, *picture;
	json_t *steps; /* a shortest way to it */
};

enum rank { /* which are walked first: those that change nothing */
	RANK_LINK,
	RANK_BUTTON,
	RANK_FORM,
};

struct action {
	size_t from;
	char *words;
	json_t *steps; /* behind those of the state */
	enum rank rank;
	bool still;
	char *where; /* of the control in its document; "": of none */
	bool done;
};

struct edge {
	size_t from;
	char *words;
	const char *outcome; /* static; NULL: it led to `to` */
	size_t to;
};

struct crawl {
	uint32_t seed;
	int64_t max_walks;
	struct state *states;
	size_t nstates, cap_states;
	struct action *actions;
	size_t nactions, cap_actions;
	struct edge *edges;
	size_t nedges, cap_edges;
	size_t *stage; /* indexes of the actions that were given last */
	size_t nstage, cap_stage;
	size_t walks;
	struct map prints; /* -> number of the state, size_t */
	struct map seen;   /* what was used, and templates -> how often, size_t */
	struct map causes; /* of findings */
	json_t *findings, *fenced;
};

static void
put_number(struct map *m, const char *key, size_t n)
{
	size_t *value = mem_new(size_t);
	*value = n;
	map_put(m, key, value);
}

static const char *
text_of(const json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));
	return text ? text : "";
}

static bool
flag(const json_t *j, const char *key)
{
	return json_is_true(json_object_get(j, key));
}

/* steps are stolen. */
static struct action *
add_action(struct crawl *c, size_t from, const char *words, json_t *steps, enum rank rank)
{
	c->actions = mem_grow(c->actions, c->nactions, &c->cap_actions, sizeof(*c->actions));
	c->actions[c->nactions] = (struct action){.from = from,
		.words = mem_strdup(words),
		.steps = steps,
		.rank = rank,
		.where = mem_strdup("")};
	return &c->actions[c->nactions++];
}

struct crawl *
crawl_create(uint32_t seed, int64_t max_walks)
{
	struct crawl *c = mem_new(struct crawl);
	c->seed = seed;
	c->max_walks = max_walks;
	c->prints.destroy = c->seen.destroy = free;
	c->findings = json_array();
	c->fenced = json_array();
	c->states = mem_grow(c->states, 0, &c->cap_states, sizeof(*c->states));
	c->states[c->nstates++] = (struct state){.print = mem_strdup(""),
		.path = mem_strdup(""),
		.steps = json_array()}; /* before anything was done */
	add_action(c, 0, "go to /", json_pack("[{s:s}]", "go", "/"), RANK_LINK);
	return c;
}

void
crawl_destroy(struct crawl *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nstates; i++) {
		free(c->states[i].print);
		free(c->states[i].path);
		free(c->states[i].picture);
		json_decref(c->states[i].steps);
	}
	for (size_t i = 0; i < c->nactions; i++) {
		free(c->actions[i].words);
		free(c->actions[i].where);
		json_decref(c->actions[i].steps);
	}
	for (size_t i = 0; i < c->nedges; i++)
		free(c->edges[i].words);
	free(c->states);
	free(c->actions);
	free(c->edges);
	free(c->stage);
	map_cleanup(&c->prints);
	map_cleanup(&c->seen);
	map_cleanup(&c->causes);
	json_decref(c->findings);
	json_decref(c->fenced);
	free(c);
}

size_t
crawl_walks(const struct crawl *c)
{
	return c->walks;
}

size_t
crawl_states(const struct crawl *c)
{
	return c->nstates - 1;
}

/* ---- the fence ---- */

const char *
crawl_fence(const char *name)
{
	static const char *const words[] = {"delete", "remove", "drop", "destroy", "erase", "purge",
		"wipe", "truncate", "uninstall", "shutdown", "shut down", "factory reset", "reset all",
		"log out", "logout", "sign out", "sign off", "unsubscribe", "close account", "deactivate", NULL};
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
	OWN_FREE char *key = mem_printf("fence %s %s %s", text_of(control, "role"),
		text_of(control, "name"), text_of(control, "href"));
	if (map_get(&c->seen, key))
		return;
	put_number(&c->seen, key, 1);
	json_array_append_new(c->fenced,
		json_pack("{s:I, s:s, s:s, s:s}", "state", (json_int_t)state, "role",
			text_of(control, "role"), "name", text_of(control, "name"), "why", why));
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
	put_number(&c->seen, exact, 1);
	put_number(&c->seen, template, n ? *n + 1 : 1);
	return false;
}

/* ---- steps ---- */

static json_t *
target(const json_t *control, const char *text)
{
	json_t *t = json_pack("{s:s, s:s}", "role", text_of(control, "role"), "name",
		text_of(control, "name"));
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
	return strcmp(text_of(control, "kind"), kind) == 0;
}

static bool
is_of_form(const json_t *control, const char *form)
{
	return strcmp(text_of(control, "form"), form) == 0 && !flag(control, "off");
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
		if (is_kind(control, "tick") && v == CRAWL_PLAUSIBLE && flag(control, "required"))
			json_array_append_new(steps, step("click", target(control, NULL)));
		OWN_FREE char *text =
			is_kind(control, "field") ? crawl_value(control, v, c->seed + (uint32_t)n) : NULL;
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

static char *
words_of(const json_t *control)
{
	int64_t nth = json_integer_value(json_object_get(control, "nth"));
	return nth ? mem_printf("%s \"%s\" (number %lld)", text_of(control, "role"),
			     text_of(control, "name"), (long long)nth)
		   : mem_printf("%s \"%s\"", text_of(control, "role"), text_of(control, "name"));
}

/* ---- actions of a state ---- */

static void
add_link(struct crawl *c, size_t state, const json_t *control)
{
	const char *href = text_of(control, "href");
	OWN_FREE char *what = words_of(control);
	OWN_FREE char *words = mem_printf("click %s", what);
	if (!flag(control, "same")) {
		fence(c, state, control, "another origin");
		return;
	}
	if (!is_used(c, "link", "", href))
		add_action(c, state, words, json_pack("[o]", step("click", target(control, NULL))),
			RANK_LINK);
}

/* May it be without effect?  What copies or prints changes nothing that a page can show, what takes back may have nothing to
 * take back, and what was just used (on the way here, `used`) may be so once. */
static bool
may_be_silent(const json_t *control, const char *used)
{
	static const char *const words[] = {"copy", "print", "share", "clear", "reset", "cancel",
		"close", "refresh", "reload", "undo", "top", NULL};
	for (size_t i = 0; words[i]; i++)
		if (strcasestr(text_of(control, "name"), words[i]))
			return true;
	return !is_kind(control, "button") || flag(control, "current") ||
	       (*used && strcmp(text_of(control, "where"), used) == 0);
}

static void
add_button(struct crawl *c, size_t state, const json_t *controls, const json_t *control,
	const char *used)
{
	const char *name = text_of(control, "name");
	OWN_FREE char *what = words_of(control);
	OWN_FREE char *words = mem_printf("click %s", what);
	OWN_FREE char *where = mem_printf("%s %s", c->states[state].print, text_of(control, "role"));
	if (is_used(c, "button", where, *name ? name : what))
		return;
	json_t *steps = is_kind(control, "button") ? fill(c, controls, "", CRAWL_PLAUSIBLE)
						   : json_array();
	json_array_append_new(steps, step("click", target(control, NULL)));
	struct action *a = add_action(c, state, words, steps, RANK_BUTTON);
	a->still = !may_be_silent(control, used);
	free(a->where);
	a->where = mem_strdup(text_of(control, "where"));
}

static void
add_submit(struct crawl *c, size_t state, const json_t *controls, const json_t *control)
{
	const char *form = text_of(control, "form"), *action = text_of(control, "action");
	bool get = strcasecmp(text_of(control, "method"), "get") == 0;
	bool fields = has_field(controls, form);
	OWN_FREE char *what = words_of(control);
	for (int v = 0; v < (fields ? CRAWL_VARIANTS : 1); v++) {
		OWN_FREE char *where = mem_printf("%s %s", get ? "" : c->states[state].print, what);
		OWN_FREE char *kind = mem_printf("form %d", v);
		if (is_used(c, kind, where, action))
			continue;
		json_t *steps = fill(c, controls, form, (enum crawl_variant)v);
		json_array_append_new(steps, step("click", target(control, NULL)));
		OWN_FREE char *words = fields ? mem_printf("fill (%s), click %s",
							crawl_variant_names[v], what)
					      : mem_printf("click %s", what);
		struct action *a =
			add_action(c, state, words, steps, get ? RANK_BUTTON : RANK_FORM);
		a->still = v == CRAWL_PLAUSIBLE;
	}
}

static void
add_actions(struct crawl *c, size_t state, const json_t *controls, const char *used)
{
	json_t *control;
	size_t i;
	json_array_foreach ((json_t *)controls, i, control) {
		const char *word = crawl_fence(text_of(control, "name"));
		if (flag(control, "off") || is_kind(control, "field"))
			continue;
		if (word)
			fence(c, state, control, word);
		else if (is_kind(control, "link"))
			add_link(c, state, control);
		else if (is_kind(control, "submit"))
			add_submit(c, state, controls, control);
		else if (is_kind(control, "button") || !*text_of(control, "form"))
			add_button(c, state, controls, control, used);
	}
}

/* ---- walks ---- */

static json_t *
walk_steps(const struct crawl *c, const struct action *a)
{
	json_t *steps = json_copy(c->states[a->from].steps);
	json_array_extend(steps, a->steps);
	return steps;
}

static size_t
depth_of(const struct crawl *c, const struct action *a)
{
	return json_array_size(c->states[a->from].steps);
}

/* Breadth first. */
static size_t
least_depth(const struct crawl *c)
{
	size_t least = SIZE_MAX;
	for (size_t i = 0; i < c->nactions; i++)
		if (!c->actions[i].done && depth_of(c, &c->actions[i]) < least)
			least = depth_of(c, &c->actions[i]);
	return least;
}

static void
collect(struct crawl *c, size_t depth, enum rank rank)
{
	for (size_t i = 0; i < c->nactions; i++)
		if (!c->actions[i].done && c->actions[i].rank == rank &&
			depth_of(c, &c->actions[i]) == depth &&
			(int64_t)(c->walks + c->nstage) < c->max_walks) {
			c->stage = mem_grow(c->stage, c->nstage, &c->cap_stage, sizeof(*c->stage));
			c->stage[c->nstage++] = i;
		}
}

json_t *
crawl_next(struct crawl *c)
{
	json_t *walks = json_array(), *still = json_array(), *known = json_array();
	size_t depth = least_depth(c);
	c->nstage = 0;
	for (int rank = RANK_LINK; rank <= RANK_FORM; rank++)
		collect(c, depth, (enum rank)rank);
	for (size_t i = 0; i < c->nstage; i++) {
		const struct action *a = &c->actions[c->stage[i]];
		OWN_FREE char *name = mem_printf("walk %zu", c->walks + i + 1);
		json_array_append_new(
			walks, json_pack("{s:s, s:o}", "name", name, "steps", walk_steps(c, a)));
		json_array_append_new(still, json_boolean(a->still));
	}
	for (size_t i = 1; i < c->nstates; i++)
		json_array_append_new(known, json_string(c->states[i].print));
	json_t *next = json_pack("{s:o, s:o, s:o}", "scenarios", walks, "still", still, "known", known);
	if (c->nstage)
		return next;
	json_decref(next);
	return NULL;
}

/* ---- what was seen ---- */

static void
add_finding(struct crawl *c, const struct action *a, const json_t *fact, long state,
	const char *picture)
{
	static char yes;
	const char *kind = text_of(fact, "kind"), *cause = text_of(fact, "cause");
	OWN_FREE char *key = mem_printf("%s %s", kind, cause);
	json_int_t presses = json_integer_value(json_object_get(fact, "presses"));
	if (!*kind || map_get(&c->causes, key))
		return;
	map_put(&c->causes, key, &yes);
	json_t *steps = walk_steps(c, a);
	for (json_int_t i = 0; i < presses && i < 100; i++)
		json_array_append_new(steps, json_pack("{s:s}", "press", "Tab"));
	json_array_append_new(c->findings,
		json_pack("{s:s, s:s, s:s, s:I, s:s?, s:o}", "kind", kind, "cause", cause, "text",
			text_of(fact, "text"), "state", (json_int_t)state, "picture", picture,
			"steps", steps));
}

static void
add_edge(struct crawl *c, const struct action *a, const char *outcome, size_t to)
{
	c->edges = mem_grow(c->edges, c->nedges, &c->cap_edges, sizeof(*c->edges));
	c->edges[c->nedges++] = (struct edge){a->from, mem_strdup(a->words), outcome, to};
}

/* The state's number; *ret_new: it was not known. */
static size_t
find_state(struct crawl *c, const struct action *a, const json_t *seen, const char *picture,
	bool *ret_new)
{
	const char *print = text_of(seen, "print");
	const size_t *number = map_get(&c->prints, print);
	*ret_new = !number;
	if (number)
		return *number;
	c->states = mem_grow(c->states, c->nstates, &c->cap_states, sizeof(*c->states));
	c->states[c->nstates] = (struct state){.print = mem_strdup(print),
		.path = mem_strdup(text_of(seen, "path")),
		.picture = picture ? mem_strdup(picture) : NULL,
		.steps = walk_steps(c, a)};
	put_number(&c->prints, print, c->nstates);
	return c->nstates++;
}

static void
take_seen(struct crawl *c, const struct action *a, const json_t *seen, const char *picture)
{
	const json_t *controls = json_object_get(seen, "controls"), *fact;
	bool new = false;
	size_t i, to = 0;
	const char *outcome = flag(seen, "outside") ? "another origin"
			      : *text_of(seen, "failed") ? "not done"
			      : !*text_of(seen, "print") ? "no page"
							 : NULL;
	if (!outcome && c->nstates < MAX_STATES)
		to = find_state(c, a, seen, picture, &new);
	add_edge(c, a, outcome, to);
	json_array_foreach ((json_t *)json_object_get(seen, "facts"), i, fact)
		add_finding(c, a, fact, (long)to, picture);
	if (new && json_array_size(c->states[to].steps) < MAX_PATH)
		add_actions(c, to, controls, a->where);
}

void
crawl_take(struct crawl *c, size_t i, const json_t *seen, const char *picture)
{
	if (i >= c->nstage || c->actions[c->stage[i]].done)
		return;
	c->actions[c->stage[i]].done = true;
	c->walks++;
	const struct action a = c->actions[c->stage[i]]; /* adding to the list moves it */
	if (seen) {
		take_seen(c, &a, seen, picture);
		return;
	}
	OWN_JSON json_t *fact = json_pack("{s:s, s:s, s:s}", "kind", "crash", "cause", a.words,
		"text", "the browser ended");
	add_edge(c, &a, "the browser ended", 0);
	add_finding(c, &a, fact, 0, picture);
}

/* ---- results ---- */

json_t *
crawl_findings(const struct crawl *c)
{
	return json_incref(c->findings);
}

static json_t *
describe_edge(const struct edge *e)
{
	json_t *j = json_pack("{s:I, s:s}", "from", (json_int_t)e->from, "action", e->words);
	if (e->outcome)
		json_object_set_new(j, "outcome", json_string(e->outcome));
	else
		json_object_set_new(j, "to", json_integer((json_int_t)e->to));
	return j;
}

json_t *
crawl_graph(const struct crawl *c)
{
	json_t *states = json_array(), *edges = json_array();
	size_t left = 0;
	for (size_t i = 1; i < c->nstates; i++)
		json_array_append_new(states,
			json_pack("{s:I, s:s, s:s, s:O}", "id", (json_int_t)i, "fingerprint",
				c->states[i].print, "path", c->states[i].path, "steps",
				c->states[i].steps));
	for (size_t i = 0; i < c->nedges; i++)
		json_array_append_new(edges, describe_edge(&c->edges[i]));
	for (size_t i = 0; i < c->nactions; i++)
		left += !c->actions[i].done;
	return json_pack("{s:I, s:o, s:o, s:O, s:I}", "seed", (json_int_t)c->seed, "states", states,
		"edges", edges, "fenced", c->fenced, "left", (json_int_t)left);
}

/* ---- two builds ---- */

struct pairing {
	const struct crawl *old, *new;
	struct map met; /* "OLD NEW" of pairs */
	size_t (*pairs)[2];
	size_t n, cap;
	json_t *out;
};

static void
differ(struct pairing *p, const char *kind, const char *text, const struct state *new,
	const struct state *old)
{
	json_array_append_new(p->out,
		json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:O}", "kind", kind, "text", text, "path",
			new->path, "picture", new->picture, "before", old->picture, "steps",
			new->steps));
}

static void
meet(struct pairing *p, size_t old, size_t new)
{
	static char yes;
	OWN_FREE char *key = mem_printf("%zu %zu", old, new);
	if (map_get(&p->met, key))
		return;
	map_put(&p->met, key, &yes);
	p->pairs = mem_grow(p->pairs, p->n, &p->cap, sizeof(*p->pairs));
	p->pairs[p->n][0] = old;
	p->pairs[p->n++][1] = new;
}

static const struct edge *
find_edge(const struct crawl *c, size_t from, const char *words)
{
	for (size_t i = 0; i < c->nedges; i++)
		if (c->edges[i].from == from && strcmp(c->edges[i].words, words) == 0)
			return &c->edges[i];
	return NULL;
}

/* An action that one crawl did not use there may have been used elsewhere, or not yet. */
static bool
was_offered(const struct crawl *c, const char *words)
{
	for (size_t i = 0; i < c->nactions; i++)
		if (strcmp(c->actions[i].words, words) == 0)
			return true;
	return false;
}

static void
compare_edges(struct pairing *p, const struct edge *o, const struct edge *n)
{
	const struct state *from = &p->new->states[n->from];
	const struct state *old = &p->old->states[o->to], *new = &p->new->states[n->to];
	OWN_FREE char *text = NULL;
	if (!o->outcome && !n->outcome) {
		meet(p, o->to, n->to);
		if (strcmp(old->print, new->print) == 0)
			return;
		text = mem_printf("%s leads to a page of another structure", n->words);
		differ(p, "structure", text, new, old);
		return;
	}
	if (o->outcome && n->outcome && strcmp(o->outcome, n->outcome) == 0)
		return;
	text = mem_printf("%s: %s, was: %s", n->words, n->outcome ? n->outcome : "a page",
		o->outcome ? o->outcome : "a page");
	differ(p, "structure", text, n->outcome ? from : new, old);
}

static void
compare_pair(struct pairing *p, size_t old, size_t new)
{
	const struct state *o = &p->old->states[old], *n = &p->new->states[new];
	bool same = strcmp(o->print, n->print) == 0;
	if (same && o->picture && n->picture && strcmp(o->picture, n->picture) != 0)
		differ(p, "screen", "the same page looks different", n, o);
	for (size_t i = 0; i < p->new->nedges; i++) {
		const struct edge *e = &p->new->edges[i];
		const struct edge *was = e->from == new ? find_edge(p->old, old, e->words) : NULL;
		if (was)
			compare_edges(p, was, e);
		else if (e->from == new && !was_offered(p->old, e->words))
			differ(p, "new", e->words, n, o);
	}
	for (size_t i = 0; i < p->old->nedges; i++)
		if (p->old->edges[i].from == old && !was_offered(p->new, p->old->edges[i].words))
			differ(p, "gone", p->old->edges[i].words, n, o);
}

/* Findings of one that the other has not, whatever path led there. */
static void
compare_findings(struct pairing *p, const struct crawl *a, const struct crawl *b, const char *kind)
{
	json_t *finding;
	size_t i;
	json_array_foreach (a->findings, i, finding) {
		OWN_FREE char *key =
			mem_printf("%s %s", text_of(finding, "kind"), text_of(finding, "cause"));
		OWN_FREE char *text =
			mem_printf("%s: %s", text_of(finding, "kind"), text_of(finding, "text"));
		if (map_get(&b->causes, key))
			continue;
		json_t *d = json_pack("{s:s, s:s, s:O, s:O}", "kind", kind, "text", text, "picture",
			json_object_get(finding, "picture"), "steps",
			json_object_get(finding, "steps"));
		json_array_append_new(p->out, d);
	}
}

json_t *
crawl_compare(const struct crawl *old, const struct crawl *new)
{
	struct pairing p = {.old = old, .new = new, .out = json_array()};
	meet(&p, 0, 0);
	for (size_t i = 0; i < p.n; i++)
		compare_pair(&p, p.pairs[i][0], p.pairs[i][1]);
	compare_findings(&p, new, old, "new finding");
	compare_findings(&p, old, new, "fixed");
	map_cleanup(&p.met);
	free(p.pairs);
	return p.out;
}
