/* Two builds side by side: along actions of the same words, from their first states on. */
#include "qa/crawl_model.h"

#include <string.h>

struct pairing {
	const struct crawl *old, *new;
	struct map met; /* "OLD NEW" of pairs */
	size_t (*pairs)[2];
	size_t n, cap;
	json_t *out;
};

static void
differ(struct pairing *p, const char *kind, const char *text, const struct crawl_state *new,
	const struct crawl_state *old)
{
	json_array_append_new(
		p->out, json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:O}", "kind", kind, "text", text,
				"path", new->path, "picture", new->picture, "before", old->picture,
				"steps", new->steps));
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

static const struct crawl_edge *
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
compare_edges(struct pairing *p, const struct crawl_edge *o, const struct crawl_edge *n)
{
	const struct crawl_state *from = &p->new->states[n->from];
	const struct crawl_state *old = &p->old->states[o->to], *new = &p->new->states[n->to];
	OWN_FREE char *text = NULL;
	if (!o->outcome && !n->outcome) {
		if (strcmp(old->print, new->print) == 0) {
			meet(p, o->to, n->to);
			return;
		}
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
	const struct crawl_state *o = &p->old->states[old], *n = &p->new->states[new];
	bool same = strcmp(o->print, n->print) == 0;
	if (same && o->picture && n->picture && strcmp(o->picture, n->picture) != 0)
		differ(p, "screen", "the same page looks different", n, o);
	for (size_t i = 0; i < p->new->nedges; i++) {
		const struct crawl_edge *e = &p->new->edges[i];
		const struct crawl_edge *was =
			e->from == new ? find_edge(p->old, old, e->words) : NULL;
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
		OWN_FREE char *key = mem_printf(
			"%s %s", crawl_text(finding, "kind"), crawl_text(finding, "cause"));
		OWN_FREE char *text = mem_printf(
			"%s: %s", crawl_text(finding, "kind"), crawl_text(finding, "text"));
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
