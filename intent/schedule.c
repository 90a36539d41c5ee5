/*
 * Theory of operation.  Requirements whose first file is the same are one task.  Two tasks may run side by side only when it is sure
 * that they cannot meet: nothing in the tree may be affected by both (graph_affected, which has too much rather than too
 * little), all they write is known, and the map could read the code that is affected.  Otherwise one is after the other:
 * what supplies the other comes first, else the one that the page tells first.  Edges go along one order of all tasks,
 * so that there is no cycle; those that others imply are left out.
 */
#include "intent/draft.h"

#include "base/words.h"

#include <string.h>

#define MAX_TESTS 12
#define TEST_STEPS 4

/* ---- tasks ---- */

/* NULL: it would be one task too many. */
static struct task *
task_of(struct draft *d, const struct wanted *w)
{
	for (size_t t = 0; w->writes.n && !w->unknown.n && t < d->ntasks; t++)
		if (d->tasks[t].writes.n && !d->tasks[t].unsure &&
			strcmp(d->tasks[t].writes.v[0], w->writes.v[0]) == 0)
			return &d->tasks[t];
	if (d->ntasks == DRAFT_MAX_TASKS)
		return NULL;
	struct task *t = &d->tasks[d->ntasks++];
	t->title = mem_strdup(w->s->text);
	return t;
}

static void
make_tasks(struct draft *d)
{
	d->tasks = mem_zalloc(d->n + 1, sizeof(*d->tasks));
	for (size_t i = 0; i < d->n; i++) {
		const struct wanted *w = &d->wanted[i];
		if (draft_is_constraint(w))
			continue;
		struct task *t = task_of(d, w);
		if (!t) {
			d->tasks_left++;
			continue;
		}
		strlist_add(&t->requirements, w->id);
		for (size_t k = 0; k < w->writes.n; k++)
			strlist_add_new(&t->writes, w->writes.v[k]);
		if (w->unknown.n && !t->unsure)
			t->unsure = mem_printf(
				"`%s` is not in the tree: what is made new may be anywhere",
				w->unknown.v[0]);
		if (!w->writes.n && !t->unsure)
			t->unsure = mem_strdup("no file was found for it");
	}
	for (size_t t = 0; t < d->ntasks; t++)
		d->tasks[t].id = mem_printf("T-%s", d->tasks[t].requirements.v[0] + 2);
}

/* The nearest tests along relations that are known, and those that are ranked for a requirement of the task. */
static int
find_tests(struct draft *d, struct task *t)
{
	OWN_JSON json_t *near = NULL;
	size_t i, k;
	json_t *f;
	int rc = graph_affected_by(d->affected, &t->writes, TEST_STEPS, &near, d->err);
	if (rc < 0)
		return rc;
	for (i = 0; i < d->n; i++)
		json_array_foreach (
			strlist_has(&t->requirements, d->wanted[i].id) ? d->wanted[i].likely : NULL,
			k, f) {
			const char *path = json_string_value(json_object_get(f, "file"));
			if (path && draft_is_test(path) && t->tests.n < MAX_TESTS / 2 &&
				map_get(&d->digests, path))
				strlist_add_new(&t->tests, path);
		}
	json_array_foreach (json_object_get(near, "files"), i, f) {
		const char *path = json_string_value(json_object_get(f, "file"));
		t->near += json_integer_value(json_object_get(f, "steps")) == 1;
		if (path && draft_is_test(path) && t->tests.n < MAX_TESTS &&
			map_get(&d->digests, path))
			strlist_add_new(&t->tests, path);
	}
	return 0;
}

static int
find_affected(struct draft *d, struct task *t)
{
	size_t i;
	json_t *f;
	int rc = graph_affected_by(d->affected, &t->writes, 0, &t->affected, d->err);
	if (rc < 0)
		return rc;
	json_array_foreach (json_object_get(t->affected, "files"), i, f) {
		const char *path = json_string_value(json_object_get(f, "file"));
		bool written = json_integer_value(json_object_get(f, "steps")) == 0;
		bool code = json_is_true(json_object_get(f, "code"));
		bool unread = json_is_true(json_object_get(f, "unread"));
		if (!path)
			continue;
		map_put(&t->files, path, f);
		if (!t->unsure && code && unread)
			t->unsure = mem_printf("`%s` could not be read in full", path);
		else if (!t->unsure && written && !code)
			t->unsure =
				mem_printf("`%s` is nothing the map can read relations from", path);
	}
	json_array_foreach (json_object_get(t->affected, "shared"), i, f) {
		OWN_FREE char *key = mem_printf("%lld", (long long)json_integer_value(f));
		map_put(&t->shared, key, t);
	}
	if (!t->unsure && json_is_true(json_object_get(t->affected, "truncated")))
		t->unsure = mem_strdup("the tree has more relations than are looked at");
	return find_tests(d, t);
}

/* ---- which comes first ---- */

/* Why the two may meet, heap; NULL: they cannot. */
static char *
meeting(const struct task *a, const struct task *b)
{
	if (a->unsure || b->unsure)
		return mem_strdup(a->unsure ? a->unsure : b->unsure);
	for (size_t i = 0; i < a->writes.n; i++)
		if (strlist_has(&b->writes, a->writes.v[i]))
			return mem_printf("both write `%s`", a->writes.v[i]);
	for (struct map_entry *e = map_first(&a->files); e; e = map_next(e))
		if (map_get(&b->files, map_key(e)))
			return mem_printf("both may affect `%s`", map_key(e));
	for (struct map_entry *e = map_first(&a->shared); e; e = map_next(e))
		if (map_get(&b->shared, map_key(e)))
			return mem_strdup("both use the same table, endpoint, variable or target");
	return NULL;
}

/* May what a writes change what b writes, and not the other way round? */
static bool
supplies(const struct task *a, const struct task *b)
{
	size_t to = 0, back = 0;
	for (size_t i = 0; i < b->writes.n; i++)
		to += map_get(&a->files, b->writes.v[i]) &&
		      !strlist_has(&a->writes, b->writes.v[i]);
	for (size_t i = 0; i < a->writes.n; i++)
		back += map_get(&b->files, a->writes.v[i]) &&
			!strlist_has(&b->writes, a->writes.v[i]);
	return to > back;
}

/* An order in which suppliers come first where that is no circle; each time the first that nobody left has to precede. */
static void
put_in_order(struct draft *d)
{
	OWN_FREE size_t *order = mem_zalloc(d->ntasks + 1, sizeof(*order));
	OWN_FREE bool *done = mem_zalloc(d->ntasks + 1, sizeof(*done));
	for (size_t n = 0; n < d->ntasks; n++) {
		size_t first = d->ntasks, pick = d->ntasks;
		for (size_t t = 0; t < d->ntasks && pick == d->ntasks; t++) {
			bool free_to_go = !done[t];
			first = !done[t] && first == d->ntasks ? t : first;
			for (size_t o = 0; free_to_go && o < d->ntasks; o++)
				free_to_go =
					done[o] || o == t || !supplies(&d->tasks[o], &d->tasks[t]);
			pick = free_to_go ? t : pick;
		}
		pick = pick == d->ntasks ? first : pick;
		done[pick] = true;
		order[n] = pick;
	}
	struct task *tasks = mem_zalloc(d->ntasks + 1, sizeof(*tasks));
	for (size_t n = 0; n < d->ntasks; n++) {
		tasks[n] = d->tasks[order[n]];
		tasks[n].index = n;
	}
	free(d->tasks);
	d->tasks = tasks;
}

int
draft_tasks(struct draft *d)
{
	int rc = 0;
	make_tasks(d);
	for (size_t t = 0; rc == 0 && t < d->ntasks; t++)
		rc = find_affected(d, &d->tasks[t]);
	if (rc == 0)
		put_in_order(d);
	return rc;
}

/* ---- as items of the plan ---- */

struct order {
	char **why; /* [from * n + to], from < to: why to is after from; NULL: it is not, by itself */
	bool *reaches; /* the same, by any way */
	size_t n;
};

static void
order_cleanup(struct order *o)
{
	for (size_t i = 0; i < o->n * o->n; i++)
		free(o->why[i]);
	free(o->why);
	free(o->reaches);
}

static void
order_make(const struct draft *d, struct order *o)
{
	o->n = d->ntasks;
	o->why = mem_zalloc(o->n * o->n + 1, sizeof(*o->why));
	o->reaches = mem_zalloc(o->n * o->n + 1, sizeof(*o->reaches));
	for (size_t b = 0; b < o->n; b++)
		for (size_t a = b; a-- > 0;) {
			char *why = meeting(&d->tasks[a], &d->tasks[b]);
			/* It is after one that is after a: that is enough. */
			if (why && o->reaches[a * o->n + b]) {
				free(why);
				continue;
			}
			o->why[a * o->n + b] = why;
			for (size_t c = 0; why && c <= a; c++)
				o->reaches[c * o->n + b] |= c == a || o->reaches[c * o->n + a];
		}
}

static void
put_gates(const struct task *t, struct plandoc_item *i)
{
	plandoc_field(i, "gate", "it builds, and so does all that is affected");
	if (t->tests.n)
		plandoc_list(i, "tests", &t->tests);
	plandoc_field(i, "gate", "%s",
		t->tests.n
			? "these tests before and after, case by case; new ones, whose files are among `writes`, pass"
			: "no test reaches it: one that shows the behaviour of now comes first, its file among `writes`");
	if (t->tests.n)
		plandoc_field(i, INTENT_NEW_TESTS, INTENT_RED_FIRST);
	if (t->constraints.n)
		plandoc_list(i, "holds", &t->constraints);
}

#define DIFFER_PERCENT 0.5

/* What the page shows is what all tasks come to: pictures are of the last. */
static void
put_screens(const struct draft *d, const struct task *t, struct plandoc_item *i)
{
	for (size_t k = 0; t->index + 1 == d->ntasks && k < d->page.pictures.n; k++) {
		const struct intent_screen s = {.picture = d->page.pictures.v[k],
			.at = (char *)"/",
			.percent = DIFFER_PERCENT};
		OWN_FREE char *text = intent_screen_text(&s);
		plandoc_field(i, "screen", "%s", text);
	}
}

static void
put_task(struct draft *d, const struct order *o, const struct task *t)
{
	struct plandoc_item *i = plandoc_add(&d->plan, 3, t->id, t->title);
	OWN(strlist) struct strlist after = {0}, beside = {0};
	for (size_t a = 0; a < o->n; a++) {
		size_t low = a < t->index ? a : t->index, high = a + t->index - low;
		if (a < t->index && o->why[a * o->n + t->index])
			strlist_add(&after, d->tasks[a].id);
		if (a != t->index && !o->reaches[low * o->n + high])
			strlist_add(&beside, d->tasks[a].id);
	}
	plandoc_list(i, "requirements", &t->requirements);
	plandoc_list(i, "writes", &t->writes);
	if (!t->writes.n)
		plandoc_field(i, "writes", "%s", "");
	plandoc_list(i, "after", &after);
	for (size_t a = 0; a < t->index; a++)
		if (o->why[a * o->n + t->index])
			plandoc_field(i, "because", "after `%s`: %s", d->tasks[a].id,
				o->why[a * o->n + t->index]);
	plandoc_list(i, "parallel with", &beside);
	plandoc_field(i, "affects", "at most %zu files", map_count(&t->files));
	put_gates(t, i);
	put_screens(d, t, i);
}

/* A constraint is kept by the tasks that write what it names, or, naming nothing, by all. */
static void
hand_out_constraints(struct draft *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct wanted *w = &d->wanted[i];
		size_t given = 0;
		if (!draft_is_constraint(w))
			continue;
		for (size_t t = 0; t < d->ntasks; t++)
			for (size_t k = 0; k < w->named.n; k++)
				if (map_get(&d->tasks[t].files, w->named.v[k])) {
					strlist_add_new(&d->tasks[t].constraints, w->id);
					given++;
				}
		for (size_t t = 0; !given && t < d->ntasks; t++)
			strlist_add_new(&d->tasks[t].constraints, w->id);
	}
}

int
draft_put_tasks(struct draft *d)
{
	OWN(order) struct order o = {0};
	hand_out_constraints(d);
	order_make(d, &o);
	struct plandoc_item *s = plandoc_add(&d->plan, 2, NULL, "Tasks");
	plandoc_note(s,
		"A task builds and passes its gates before one that is after it begins. `parallel with` is proven from the map: nothing in the");
	plandoc_note(s,
		"tree may be affected by both, as long as each writes no more than its `writes`, which the sandbox sees to.");
	for (size_t t = 0; t < d->ntasks; t++)
		put_task(d, &o, &d->tasks[t]);
	return 0;
}
