#include "record/guide.h"

#include <string.h>

const char *const guide_gap_names[] = {"critical", "major", "minor", "review", NULL};

#define F(type, member, what) \
	{ \
		.key = #member, .kind = what, .offset = offsetof(struct type, member) \
	}
#define LIST(type, member, elem) \
	{ \
		.key = #member, .kind = JSON_K_ARRAY, .offset = offsetof(struct type, member), \
		.sub = elem##_fields, .elem_size = sizeof(struct elem) \
	}

const struct json_field guide_item_fields[] = {F(guide_item, id, JSON_K_STRING),
	{.key = "gap",
		.kind = JSON_K_ENUM,
		.offset = offsetof(struct guide_item, gap),
		.names = guide_gap_names},
	F(guide_item, task, JSON_K_STRING), F(guide_item, why, JSON_K_STRING),
	F(guide_item, first_step, JSON_K_STRING), F(guide_item, path, JSON_K_STRING),
	F(guide_item, hours_low, JSON_K_REAL), F(guide_item, hours_high, JSON_K_REAL),
	F(guide_item, basis, JSON_K_STRING), F(guide_item, skill, JSON_K_STRING),
	F(guide_item, files, JSON_K_STRLIST), {.key = NULL}};
RECORD_IMPLEMENT(guide_item)

const struct json_field guide_part_fields[] = {F(guide_part, name, JSON_K_STRING),
	F(guide_part, weight, JSON_K_REAL), F(guide_part, done, JSON_K_REAL),
	F(guide_part, how, JSON_K_STRING), F(guide_part, evidence, JSON_K_STRING), {.key = NULL}};
RECORD_IMPLEMENT(guide_part)

const struct json_field guide_fields[] = {F(guide, run, JSON_K_STRING),
	F(guide, asked, JSON_K_STRING), F(guide, outcome, JSON_K_STRING),
	F(guide, percent, JSON_K_REAL), LIST(guide, parts, guide_part),
	F(guide, hours_low, JSON_K_REAL), F(guide, hours_high, JSON_K_REAL),
	LIST(guide, items, guide_item), {.key = NULL}};

void
guide_cleanup(struct guide *g)
{
	json_release(guide_fields, g);
	memset(g, 0, sizeof(*g));
}

static int
by_gap(const void *a, const void *b)
{
	const struct guide_item *x = a, *y = b;
	if (x->gap != y->gap)
		return x->gap < y->gap ? -1 : 1;
	return strcmp(x->id, y->id);
}

void
guide_finish(struct guide *g)
{
	g->percent = g->hours_low = g->hours_high = 0;
	for (size_t i = 0; i < g->parts.n; i++)
		g->percent += g->parts.v[i].weight * g->parts.v[i].done;
	for (size_t i = 0; i < g->items.n; i++) {
		g->hours_low += g->items.v[i].hours_low;
		g->hours_high += g->items.v[i].hours_high;
	}
	if (g->items.n)
		qsort(g->items.v, g->items.n, sizeof(*g->items.v), by_gap);
}
