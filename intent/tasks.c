/* What a plan asks for, task by task, as those are told who do it. */
#include "intent/intent.h"

#include <string.h>

static void
task_cleanup(struct intent_task *t)
{
	free(t->id);
	free(t->title);
	free(t->goal);
	strlist_cleanup(&t->requirements);
	strlist_cleanup(&t->wanted);
	strlist_cleanup(&t->writes);
	strlist_cleanup(&t->after);
	strlist_cleanup(&t->beside);
	strlist_cleanup(&t->tests);
	strlist_cleanup(&t->translates);
	intent_screen_list_cleanup(&t->screens);
}

void
intent_tasks_cleanup(struct intent_tasks *t)
{
	for (size_t i = 0; i < t->n; i++)
		task_cleanup(&t->v[i]);
	for (size_t i = 0; i < t->nwanted; i++) {
		free(t->wanted[i].id);
		free(t->wanted[i].text);
	}
	free(t->v);
	free(t->wanted);
	*t = (struct intent_tasks){0};
}

static bool
is_in(const struct plandoc_item *i, const char *section)
{
	return i->level == 3 && i->id && strcmp(i->section, section) == 0;
}

/* Does one of the names stand in the field? */
static bool
is_about(const struct plandoc_item *i, const char *key, const struct strlist *names)
{
	OWN(strlist) struct strlist own = {0};
	plandoc_names(i, key, &own);
	for (size_t k = 0; k < own.n; k++)
		if (strlist_has(names, own.v[k]))
			return true;
	return false;
}

/* ---- requirements ---- */

static char *
requirement_text(const struct plandoc_item *r)
{
	OWN(buf) struct buf out = {0};
	buf_printf(&out, "%s: %s", r->id, r->title);
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].key && strcmp(r->v[i].key, "check") == 0 && *r->v[i].text)
			buf_printf(&out, " Check: %s", r->v[i].text);
	return buf_take(&out);
}

static void
read_wanted(const struct plandoc *p, struct intent_task *t)
{
	for (size_t i = 0; i < t->requirements.n; i++) {
		const struct plandoc_item *r = plandoc_find(p, t->requirements.v[i]);
		OWN_FREE char *text = r ? requirement_text(r) : NULL;
		if (text)
			strlist_add(&t->wanted, text);
	}
}

static void
gather_wanted(struct intent_tasks *all)
{
	size_t cap = 0;
	OWN(strlist) struct strlist seen = {0};
	for (size_t t = 0; t < all->n; t++)
		for (size_t i = 0; i < all->v[t].wanted.n; i++) {
			struct str rest = str_of(all->v[t].wanted.v[i]), id;
			if (strlist_has(&seen, rest.p) || !str_next(&rest, ':', &id))
				continue;
			strlist_add(&seen, all->v[t].wanted.v[i]);
			all->wanted =
				mem_grow(all->wanted, all->nwanted, &cap, sizeof(*all->wanted));
			all->wanted[all->nwanted++] = (struct intent_requirement){
				str_dup(id), mem_strdup(all->v[t].wanted.v[i])};
		}
}

/* ---- the goal ---- */

static void
put_line(struct buf *out, size_t *n, const char *title, const char *text)
{
	if ((*n)++ == 0)
		buf_printf(out, "\n%s:\n", title);
	buf_printf(out, "- %s\n", text);
}

static const char *
chosen_option(const struct plandoc_item *i)
{
	const char *chosen = plandoc_value(i, "chosen");
	OWN_FREE char *key = mem_printf("option %c", chosen && *chosen ? *chosen : '-');
	return plandoc_value(i, key);
}

static void
put_decisions(const struct plandoc *p, const struct strlist *ids, struct buf *out)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct plandoc_item *item = &p->v[i];
		const char *what = NULL;
		if (is_in(item, "Trade-offs") && is_about(item, "from", ids))
			what = chosen_option(item);
		else if (is_in(item, "Contradictions") && is_about(item, "between", ids))
			what = plandoc_value(item, "resolved");
		else if (is_in(item, "Questions"))
			what = plandoc_value(item, "answer");
		if (!what || !*what)
			continue;
		OWN_FREE char *line = mem_printf("%s: %s", item->title, what);
		put_line(out, &n, "What people decided", line);
	}
}

/* "FILE:LINE" in a file that it writes. */
static bool
is_of_file(const struct plandoc_item *i, const struct strlist *writes)
{
	const char *place = plandoc_value(i, "place");
	const char *colon = place ? strrchr(place, ':') : NULL;
	OWN_FREE char *path = colon ? mem_strndup(place, (size_t)(colon - place)) : NULL;
	return path && strlist_has(writes, path);
}

static void
put_cases(const struct plandoc *p, const struct intent_task *t, struct buf *out)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++)
		if (is_in(&p->v[i], "Edge cases") &&
			(is_about(&p->v[i], "from", &t->requirements) ||
				is_of_file(&p->v[i], &t->writes)))
			put_line(out, &n, "Edge cases", p->v[i].title);
}

static void
put_gates(const struct plandoc_item *task, struct buf *out)
{
	size_t n = 0;
	for (size_t i = 0; i < task->n; i++)
		if (task->v[i].key && strcmp(task->v[i].key, "gate") == 0 && *task->v[i].text)
			put_line(out, &n, "It is accepted when", task->v[i].text);
}

static const char new_tests_goal[] =
	"New tests are measured: with the tests of your change alone, on the source as it is, one of those that are new has to fail.\n";

static void
put_screens(const struct intent_task *t, struct buf *out)
{
	size_t n = 0;
	for (size_t i = 0; i < t->screens.n; i++) {
		const struct intent_screen *s = &t->screens.v[i];
		OWN_FREE char *line = mem_printf(
			"the page at %s, in a window of 1280 by 720 pixels, looks like %s: at most %g %% of the pixels differ",
			s->at, s->picture, s->percent);
		put_line(out, &n, "Its screens are measured", line);
	}
}

/* ---- tasks ---- */

static void
read_task(const struct plandoc *p, const struct plandoc_item *item, struct intent_task *t)
{
	OWN(strlist) struct strlist ids = {0};
	OWN(buf) struct buf goal = {0};
	*t = (struct intent_task){.id = mem_strdup(item->id), .title = mem_strdup(item->title)};
	plandoc_names(item, "requirements", &t->requirements);
	plandoc_names(item, "holds", &t->requirements);
	plandoc_names(item, "writes", &t->writes);
	plandoc_names(item, "after", &t->after);
	plandoc_names(item, "parallel with", &t->beside);
	plandoc_names(item, "tests", &t->tests);
	plandoc_names(item, "translates", &t->translates);
	const char *new_tests = plandoc_value(item, INTENT_NEW_TESTS);
	t->red_first = new_tests && strcmp(new_tests, INTENT_RED_FIRST) == 0;
	(void)intent_screens(item, &t->screens); /* what is wrong, the check tells */
	read_wanted(p, t);
	strlist_copy(&ids, &t->requirements);
	strlist_add(&ids, t->id);
	buf_printf(&goal, "%s: %s\n", t->id, t->title);
	for (size_t i = 0; i < item->n; i++)
		if (!item->v[i].key && *item->v[i].text)
			buf_printf(&goal, "%s\n", item->v[i].text);
	put_decisions(p, &ids, &goal);
	put_cases(p, t, &goal);
	put_gates(item, &goal);
	if (t->red_first)
		buf_puts(&goal, new_tests_goal);
	put_screens(t, &goal);
	t->goal = buf_take(&goal);
}

static bool
may_come(const struct plandoc_item *item, const struct strlist *before)
{
	OWN(strlist) struct strlist after = {0};
	plandoc_names(item, "after", &after);
	for (size_t i = 0; i < after.n; i++)
		if (!strlist_has(before, after.v[i]))
			return false;
	return true;
}

void
intent_tasks(const struct plandoc *p, struct intent_tasks *ret)
{
	OWN(strlist) struct strlist before = {0};
	ret->v = mem_zalloc(p->n + 1, sizeof(*ret->v));
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < p->n && !more; i++) {
			const struct plandoc_item *item = &p->v[i];
			if (!plandoc_is_task(item) || strlist_has(&before, item->id) ||
				!may_come(item, &before))
				continue;
			read_task(p, item, &ret->v[ret->n++]);
			strlist_add(&before, item->id);
			more = true;
		}
	}
	gather_wanted(ret);
}

bool
intent_are_beside(const struct intent_task *a, const struct intent_task *b)
{
	if (!a->writes.n || !b->writes.n || !strlist_has(&a->beside, b->id) ||
		!strlist_has(&b->beside, a->id))
		return false;
	for (size_t i = 0; i < a->writes.n; i++)
		if (strlist_has(&b->writes, a->writes.v[i]))
			return false;
	return true;
}
