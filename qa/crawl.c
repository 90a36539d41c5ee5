#include "qa/crawl_model.h"

#include <string.h>

#define MAX_STATES 2000
#define MAX_PATH 40 /* steps of a walk */

void
crawl_put_number(struct map *m, const char *key, size_t n)
{
	size_t *value = mem_new(size_t);
	*value = n;
	map_put(m, key, value);
}

struct crawl_action *
crawl_add_action(
	struct crawl *c, size_t from, const char *words, json_t *steps, enum crawl_rank rank)
{
	c->actions = mem_grow(c->actions, c->nactions, &c->cap_actions, sizeof(*c->actions));
	c->actions[c->nactions] = (struct crawl_action){.from = from,
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
	c->states[c->nstates++] = (struct crawl_state){.print = mem_strdup(""),
		.path = mem_strdup(""),
		.steps = json_array()}; /* before anything was done */
	crawl_add_action(c, 0, "go to /", json_pack("[{s:s}]", "go", "/"), RANK_LINK);
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
		json_decref(c->actions[i].doubt);
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

/* ---- walks ---- */

static json_t *
walk_steps(const struct crawl *c, const struct crawl_action *a)
{
	json_t *steps = json_copy(c->states[a->from].steps);
	json_array_extend(steps, a->steps);
	return steps;
}

static size_t
depth_of(const struct crawl *c, const struct crawl_action *a)
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
collect(struct crawl *c, size_t depth, enum crawl_rank rank)
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
		collect(c, depth, (enum crawl_rank)rank);
	for (size_t i = 0; i < c->nstage; i++) {
		const struct crawl_action *a = &c->actions[c->stage[i]];
		OWN_FREE char *name = mem_printf("walk %zu", c->walks + i + 1);
		json_array_append_new(
			walks, json_pack("{s:s, s:o}", "name", name, "steps", walk_steps(c, a)));
		json_array_append_new(still, json_boolean(a->still));
	}
	for (size_t i = 1; i < c->nstates; i++)
		json_array_append_new(known, json_string(c->states[i].print));
	json_t *next =
		json_pack("{s:o, s:o, s:o}", "scenarios", walks, "still", still, "known", known);
	if (c->nstage)
		return next;
	json_decref(next);
	return NULL;
}

/* ---- what was seen ---- */

static void
add_finding(struct crawl *c, const struct crawl_action *a, const json_t *fact, long state,
	const char *picture)
{
	static char yes;
	const char *kind = crawl_text(fact, "kind"), *cause = crawl_text(fact, "cause");
	OWN_FREE char *key = mem_printf("%s %s", kind, cause);
	json_int_t presses = json_integer_value(json_object_get(fact, "presses"));
	if (!*kind || map_get(&c->causes, key))
		return;
	map_put(&c->causes, key, &yes);
	json_t *steps = walk_steps(c, a);
	for (json_int_t i = 0; i < presses && i < 100; i++)
		json_array_append_new(steps, json_pack("{s:s}", "press", "Tab"));
	json_array_append_new(
		c->findings, json_pack("{s:s, s:s, s:s, s:I, s:s?, s:o}", "kind", kind, "cause",
				     cause, "text", crawl_text(fact, "text"), "state",
				     (json_int_t)state, "picture", picture, "steps", steps));
}

static void
add_edge(struct crawl *c, const struct crawl_action *a, const char *outcome, size_t to)
{
	c->edges = mem_grow(c->edges, c->nedges, &c->cap_edges, sizeof(*c->edges));
	c->edges[c->nedges++] = (struct crawl_edge){a->from, mem_strdup(a->words), outcome, to};
}

/* The state's number; *ret_new: it was not known. */
static size_t
find_state(struct crawl *c, const struct crawl_action *a, const char *print, const char *path,
	const char *picture, bool *ret_new)
{
	const size_t *number = map_get(&c->prints, print);
	*ret_new = !number;
	if (number)
		return *number;
	c->states = mem_grow(c->states, c->nstates, &c->cap_states, sizeof(*c->states));
	c->states[c->nstates] = (struct crawl_state){.print = mem_strdup(print),
		.path = mem_strdup(path),
		.picture = picture ? mem_strdup(picture) : NULL,
		.steps = walk_steps(c, a)};
	crawl_put_number(&c->prints, print, c->nstates);
	return c->nstates++;
}

/*
 * Who registered can sign on, which nobody could when that page was first seen: behind a form with a password it is a state
 * of its own, once.
 */
static void
sign_on(struct crawl *c, const struct crawl_action *a, const json_t *seen, const char *picture,
	size_t to)
{
	const json_t *controls = json_object_get(seen, "controls");
	OWN_FREE char *print = mem_printf("%s account", c->states[to].print);
	bool new = false;
	if (!a->account || to == a->from || !crawl_asks_password(controls) ||
		strstr(c->states[a->from].print, " account") || c->nstates >= MAX_STATES)
		return;
	size_t state = find_state(c, a, print, c->states[to].path, picture, &new);
	if (new &&json_array_size(c->states[state].steps) < MAX_PATH)
		crawl_add_sign_on(c, state, controls);
}

/* A machine may have been slow: that a script does not end is said when it does not twice. */
static void
walk_again(struct crawl *c, const struct crawl_action *a, json_t *slow, size_t state,
	const char *picture)
{
	struct crawl_action *again =
		crawl_add_action(c, a->from, a->words, json_incref(a->steps), a->rank);
	again->again = true;
	again->doubt = json_pack(
		"{s:O, s:I, s:s?}", "facts", slow, "state", (json_int_t)state, "picture", picture);
	again->still = a->still;
	again->account = a->account;
	free(again->where);
	again->where = mem_strdup(a->where);
}

static void
take_seen(struct crawl *c, const struct crawl_action *a, const json_t *seen, const char *picture)
{
	const json_t *controls = json_object_get(seen, "controls"), *fact;
	bool new = false;
	size_t i, to = 0;
	const char *outcome = crawl_flag(seen, "outside")   ? "another origin"
			      : *crawl_text(seen, "failed") ? "not done"
			      : !*crawl_text(seen, "print") ? "no page"
							    : NULL;
	if (!outcome && c->nstates < MAX_STATES)
		to = find_state(
			c, a, crawl_text(seen, "print"), crawl_text(seen, "path"), picture, &new);
	add_edge(c, a, outcome, to);
	OWN_JSON json_t *slow = json_array();
	json_array_foreach ((json_t *)json_object_get(seen, "facts"), i, fact)
		if (!a->again && strcmp(crawl_text(fact, "kind"), "hang") == 0)
			json_array_append(slow, (json_t *)fact);
		else
			add_finding(c, a, fact, (long)to, picture);
	if (new &&json_array_size(c->states[to].steps) < MAX_PATH)
		crawl_add_actions(c, to, controls, a->where);
	else if (to && !new)
		sign_on(c, a, seen, picture, to);
	if (json_array_size(slow))
		walk_again(c, a, slow, to, picture);
}

void
crawl_take(struct crawl *c, size_t i, const json_t *seen, const char *picture)
{
	if (i >= c->nstage || c->actions[c->stage[i]].done)
		return;
	c->actions[c->stage[i]].done = true;
	c->walks++;
	const struct crawl_action a = c->actions[c->stage[i]]; /* adding to the list moves it */
	if (seen) {
		take_seen(c, &a, seen, picture);
		return;
	}
	OWN_JSON json_t *fact = json_pack(
		"{s:s, s:s, s:s}", "kind", "crash", "cause", a.words, "text", "the browser ended");
	add_edge(c, &a, "the browser ended", 0);
	add_finding(c, &a, fact, 0, picture);
}

void
crawl_end(struct crawl *c)
{
	for (size_t i = 0; i < c->nactions; i++) {
		const struct crawl_action *a = &c->actions[i];
		const json_t *fact;
		size_t k;
		if (a->done || !a->doubt)
			continue;
		json_array_foreach (json_object_get(a->doubt, "facts"), k, fact)
			add_finding(c, a, fact,
				(long)json_integer_value(json_object_get(a->doubt, "state")),
				json_string_value(json_object_get(a->doubt, "picture")));
	}
}

/* ---- results ---- */

json_t *
crawl_findings(const struct crawl *c)
{
	return json_incref(c->findings);
}

static json_t *
describe_edge(const struct crawl_edge *e)
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
		json_array_append_new(
			states, json_pack("{s:I, s:s, s:s, s:O}", "id", (json_int_t)i,
					"fingerprint", c->states[i].print, "path",
					c->states[i].path, "steps", c->states[i].steps));
	for (size_t i = 0; i < c->nedges; i++)
		json_array_append_new(edges, describe_edge(&c->edges[i]));
	for (size_t i = 0; i < c->nactions; i++)
		left += !c->actions[i].done;
	return json_pack("{s:I, s:o, s:o, s:O, s:I}", "seed", (json_int_t)c->seed, "states", states,
		"edges", edges, "fenced", c->fenced, "left", (json_int_t)left);
}
