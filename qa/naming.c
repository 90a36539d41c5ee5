#include "qa/naming.h"

#include "base/json.h"
#include "base/map.h"

#include <math.h>
#include <string.h>

#define MAX_NODES 5000
#define MAX_DEPTH 400
#define MAX_PLACE 1e6
#define MAX_WORDS 3
#define MAX_NAME 80

struct node {
	char *role, *name;
	double x, y, w, h;
	struct node *other; /* the same element in the other tree */
};

struct tree {
	struct node *v;
	size_t n;
};

struct naming {
	struct tree a, b;
};

#define O(member) offsetof(struct node, member)
static const struct json_field node_fields[] = {
	{.key = "role", .kind = JSON_K_STRING, .offset = O(role), .required = true},
	{.key = "name", .kind = JSON_K_STRING, .offset = O(name)},
	{.key = "x", .kind = JSON_K_REAL, .offset = O(x), .required = true},
	{.key = "y", .kind = JSON_K_REAL, .offset = O(y), .required = true},
	{.key = "w", .kind = JSON_K_REAL, .offset = O(w), .required = true},
	{.key = "h", .kind = JSON_K_REAL, .offset = O(h), .required = true},
	{.key = NULL},
};
static const struct json_field tree_fields[] = {
	{.key = "nodes",
		.kind = JSON_K_ARRAY,
		.offset = 0,
		.required = true,
		.sub = node_fields,
		.elem_size = sizeof(struct node)},
	{.key = NULL},
};

/* ---- trees ---- */

static void
node_cleanup(struct node *n)
{
	free(n->role);
	free(n->name);
}

static void
tidy(struct node *n)
{
	double *const v[] = {&n->x, &n->y, &n->w, &n->h};
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		*v[i] = fmin(fmax(*v[i], i < 2 ? -MAX_PLACE : 0), MAX_PLACE);
	if (!n->name)
		n->name = mem_strdup("");
}

/* A text that only repeats what it is in is left out. */
static void
flatten(const json_t *tree, const char *above, unsigned depth, json_t *out)
{
	const json_t *one;
	size_t i;
	json_array_foreach ((json_t *)tree, i, one) {
		const char *role = json_string_value(json_object_get(one, "role"));
		const char *name = json_string_value(json_object_get(one, "name"));
		bool text = role && strcmp(role, "StaticText") == 0;
		bool named = role && name && *name && strcmp(role, "RootWebArea") != 0 &&
			     !(text && strcmp(name, above) == 0);
		if (named && json_object_get(one, "x")) {
			json_t *copy = json_copy((json_t *)one);
			json_object_del(copy, "children");
			if (text)
				json_object_set_new(copy, "role", json_string("text"));
			json_array_append_new(out, copy);
		}
		if (depth < MAX_DEPTH)
			flatten(json_object_get(one, "children"), named ? name : above, depth + 1,
				out);
	}
}

static int
load(struct str text, const char *what, struct tree *ret, struct dd_err *err)
{
	OWN_JSON json_t *given = NULL, *flat = json_array(), *j = NULL;
	struct json_array_of nodes = {0};
	if (!text.n)
		return 0;
	int rc = json_parse(text, &given, err);
	if (rc < 0)
		return err_wrap(err, "%s", what);
	if (json_is_array(given))
		flatten(given, "", 0, flat);
	j = json_is_array(given) ? json_pack("{s:O}", "nodes", flat) : json_incref(given);
	rc = json_decode(j, tree_fields, false, &nodes, what, err);
	*ret = (struct tree){nodes.v, nodes.n};
	if (rc < 0)
		return err_set(err, DD_ECORRUPT, "%s is not a tree of elements", what);
	for (; ret->n > MAX_NODES; ret->n--) /* they are not named */
		node_cleanup(&ret->v[ret->n - 1]);
	for (size_t i = 0; i < ret->n; i++)
		tidy(&ret->v[i]);
	return 0;
}

/* role, name and which of those it is. */
static char *
key_of(const struct node *n, struct map *seen)
{
	OWN_FREE char *plain = mem_printf("%s %s", n->role, n->name);
	uintptr_t k = (uintptr_t)map_get(seen, plain) + 1;
	map_put(seen, plain, (void *)k);
	return mem_printf("%zu %s", (size_t)k, plain);
}

static void
match(struct naming *n)
{
	OWN(map) struct map seen_a = {0}, seen_b = {0}, by_key = {0};
	for (size_t i = 0; i < n->a.n; i++) {
		OWN_FREE char *key = key_of(&n->a.v[i], &seen_a);
		map_put(&by_key, key, &n->a.v[i]);
	}
	for (size_t i = 0; i < n->b.n; i++) {
		OWN_FREE char *key = key_of(&n->b.v[i], &seen_b);
		struct node *other = map_get(&by_key, key);
		n->b.v[i].other = other;
		if (other)
			other->other = &n->b.v[i];
	}
}

int
naming_create(struct str tree_a, struct str tree_b, struct naming **ret, struct dd_err *err)
{
	struct naming *n = mem_new(struct naming);
	int rc = load(tree_a, "the first tree", &n->a, err);
	if (rc == 0)
		rc = load(tree_b, "the second tree", &n->b, err);
	if (rc < 0) {
		naming_destroy(n);
		return rc;
	}
	match(n);
	*ret = n;
	return 0;
}

static void
release(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		node_cleanup(&t->v[i]);
	free(t->v);
}

void
naming_destroy(struct naming *n)
{
	if (!n)
		return;
	release(&n->a);
	release(&n->b);
	free(n);
}

/* ---- places ---- */

/* Of the area that both cover, in square pixels. */
static double
common(const struct node *n, const struct area *a)
{
	double w = fmin(n->x + n->w, (double)a->x + a->w) - fmax(n->x, a->x);
	double h = fmin(n->y + n->h, (double)a->y + a->h) - fmax(n->y, a->y);
	return w > 0 && h > 0 ? w * h : 0;
}

/* 1: they are the same; an element that only contains the area counts as little as it is large. */
static double
fit(const struct node *n, const struct area *a)
{
	const double both = common(n, a);
	return both / (n->w * n->h + (double)a->w * a->h - both);
}

static bool
lies_over(const struct node *a, const struct node *b)
{
	const struct area place = {(uint32_t)fmax(b->x, 0), (uint32_t)fmax(b->y, 0),
		(uint32_t)fmax(b->w, 1), (uint32_t)fmax(b->h, 1)};
	return common(a, &place) * 2 >= b->w * b->h;
}

/* An element of the first tree that only changed its name. */
static const struct node *
former(const struct naming *n, const struct node *of)
{
	for (size_t i = 0; i < n->a.n; i++) {
		const struct node *a = &n->a.v[i];
		if (!a->other && strcmp(a->role, of->role) == 0 && lies_over(a, of))
			return a;
	}
	return NULL;
}

static bool
has_successor(const struct naming *n, const struct node *of)
{
	for (size_t i = 0; i < n->b.n; i++) {
		const struct node *b = &n->b.v[i];
		if (!b->other && strcmp(b->role, of->role) == 0 && lies_over(of, b))
			return true;
	}
	return false;
}

/* ---- words ---- */

static void
put_name(struct buf *out, const char *name)
{
	size_t n = strlen(name);
	if (n > MAX_NAME)
		for (n = MAX_NAME; n && ((unsigned char)name[n] & 0xc0) == 0x80;)
			n--;
	buf_printf(out, "'%.*s%s'", (int)n, name, name[n] ? "..." : "");
}

static void
put_node(struct buf *out, const struct node *n)
{
	buf_printf(out, "%s%.40s ", out->n ? "; " : "", n->role);
	put_name(out, n->name);
}

static void
put_move(struct buf *out, double dx, double dy)
{
	if (fabs(dx) >= 1)
		buf_printf(out, " %.0f px %s", fabs(dx), dx > 0 ? "right" : "left");
	if (fabs(dx) >= 1 && fabs(dy) >= 1)
		buf_puts(out, " and");
	if (fabs(dy) >= 1)
		buf_printf(out, " %.0f px %s", fabs(dy), dy > 0 ? "down" : "up");
}

/* False: nothing is known to have changed about it. */
static bool
put_change(const struct naming *all, const struct node *n, struct buf *out)
{
	const struct node *was = n->other;
	if (was) {
		const double dx = n->x - was->x, dy = n->y - was->y;
		const bool sized = fabs(n->w - was->w) >= 1 || fabs(n->h - was->h) >= 1;
		if (fabs(dx) < 1 && fabs(dy) < 1 && !sized)
			return false;
		put_node(out, n);
		if (sized)
			buf_printf(out, " is %.0fx%.0f, was %.0fx%.0f", n->w, n->h, was->w, was->h);
		else {
			buf_puts(out, " moved");
			put_move(out, dx, dy);
		}
		return true;
	}
	if (!all->a.n)
		return false;
	const struct node *old = former(all, n);
	put_node(out, n);
	if (old) {
		buf_puts(out, " was ");
		put_name(out, old->name);
	} else
		buf_puts(out, " is new");
	return true;
}

char *
naming_describe(const struct naming *n, const struct area *area)
{
	OWN(buf) struct buf out = {.max = 4096};
	const struct node *best = NULL;
	size_t words = 0;
	for (size_t i = 0; i < n->b.n && words < MAX_WORDS; i++) {
		const struct node *b = &n->b.v[i];
		if (common(b, area) <= 0)
			continue;
		if (!best || fit(b, area) >= fit(best, area))
			best = b;
		words += put_change(n, b, &out);
	}
	for (size_t i = 0; i < n->a.n && words < MAX_WORDS; i++) {
		const struct node *a = &n->a.v[i];
		if (a->other || common(a, area) <= 0 || (n->b.n && has_successor(n, a)))
			continue;
		put_node(&out, a);
		buf_puts(&out, n->b.n ? " is gone" : "");
		words++;
	}
	if (!words && best) {
		put_node(&out, best);
		buf_puts(&out, " looks different");
	}
	return buf_take(&out);
}
