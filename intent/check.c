/* What is wrong with a plan as it is written now; nothing is taken from how it was made. */
#include "intent/intent.h"

#include "base/fs.h"
#include "base/map.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#define MAX_FAULTS 500

struct checking {
	const struct plandoc *p;
	json_t *faults;
	const struct plandoc_item **tasks;
	size_t n;
	bool *before; /* [a * n + b]: a is to be done before b begins, by any way */
};

static void fault(struct checking *c, const char *kind, const char *id, const char *other,
	const char *fmt, ...) DD_PRINTF(5, 6);
static void
fault(struct checking *c, const char *kind, const char *id, const char *other, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	OWN_FREE char *text = mem_vprintf(fmt, ap);
	va_end(ap);
	json_t *ids = json_array();
	if (id)
		json_array_append_new(ids, json_text(str_of(id)));
	if (other)
		json_array_append_new(ids, json_text(str_of(other)));
	if (json_array_size(c->faults) >= MAX_FAULTS) {
		json_decref(ids);
		return;
	}
	json_array_append_new(c->faults, json_pack("{s:s, s:o, s:o}", "fault", kind, "ids", ids,
						 "text", json_text(str_of(text))));
}

static bool
is_in(const struct plandoc_item *i, const char *section)
{
	return i->level == 3 && strcmp(i->section, section) == 0;
}

/* ---- ids ---- */

static void
check_ids(struct checking *c)
{
	static const char *const referring[] = {
		"after", "requirements", "parallel with", "between", "from", "holds", NULL};
	OWN(map) struct map seen = {0};
	for (size_t i = 0; i < c->p->n; i++) {
		const struct plandoc_item *item = &c->p->v[i];
		if (item->id && map_get(&seen, item->id))
			fault(c, "double-id", item->id, NULL, "%s is the id of two items",
				item->id);
		if (item->id)
			map_put(&seen, item->id, (void *)item);
		else if (item->level == 3)
			fault(c, "no-id", NULL, NULL, "line %u: \"%s\" has no id", item->line,
				item->title);
	}
	for (size_t i = 0; i < c->p->n; i++)
		for (const char *const *key = referring; *key; key++) {
			OWN(strlist) struct strlist names = {0};
			plandoc_names(&c->p->v[i], *key, &names);
			for (size_t k = 0; k < names.n; k++)
				if (!map_get(&seen, names.v[k]))
					fault(c, "unknown-id", c->p->v[i].id, names.v[k],
						"%s: `%s` names %s, which is not in the plan",
						c->p->v[i].id ? c->p->v[i].id : c->p->v[i].title,
						*key, names.v[k]);
		}
}

/* ---- what is wanted ---- */

static bool
is_constraint(const struct plandoc_item *i)
{
	const char *kind = plandoc_value(i, "kind");
	return kind && (strcmp(kind, "constraint") == 0 || strcmp(kind, "no goal") == 0);
}

static void
check_requirements(struct checking *c)
{
	OWN(strlist) struct strlist served = {0};
	for (size_t t = 0; t < c->n; t++)
		plandoc_names(c->tasks[t], "requirements", &served);
	for (size_t i = 0; i < c->p->n; i++) {
		const struct plandoc_item *r = &c->p->v[i];
		const char *kind = plandoc_value(r, "kind"), *check = plandoc_value(r, "check");
		if (!is_in(r, "Requirements") || !r->id || (kind && strcmp(kind, "no goal") == 0))
			continue;
		if (!check || !*check)
			fault(c, "no-check", r->id, NULL, "%s has no acceptance check%s", r->id,
				plandoc_value(r, "check proposed")
					? ": one is proposed, and nobody has made it a `check`"
					: "");
		if (!is_constraint(r) && !strlist_has(&served, r->id))
			fault(c, "no-task", r->id, NULL, "no task is for %s", r->id);
	}
}

static void
check_choices(struct checking *c)
{
	for (size_t i = 0; i < c->p->n; i++) {
		const struct plandoc_item *item = &c->p->v[i];
		if (is_in(item, "Trade-offs")) {
			const char *chosen = plandoc_value(item, "chosen");
			OWN_FREE char *key =
				mem_printf("option %c", chosen && *chosen ? *chosen : '-');
			if (!chosen || !*chosen)
				fault(c, "no-choice", item->id, NULL, "%s: no option is chosen",
					item->id ? item->id : item->title);
			else if ((chosen[1] && isalnum((unsigned char)chosen[1])) ||
				 !plandoc_value(item, key))
				fault(c, "no-choice", item->id, NULL,
					"%s: there is no option \"%s\"",
					item->id ? item->id : item->title, chosen);
		}
		const char *resolved = plandoc_value(item, "resolved");
		if (is_in(item, "Contradictions") && (!resolved || !*resolved))
			fault(c, "contradiction", item->id, NULL, "%s is not resolved: %s",
				item->id ? item->id : "", item->title);
	}
}

/* ---- tasks ---- */

static size_t
task_index(const struct checking *c, const char *id)
{
	for (size_t t = 0; t < c->n; t++)
		if (strcmp(c->tasks[t]->id, id) == 0)
			return t;
	return c->n;
}

static void
find_order(struct checking *c)
{
	c->before = mem_zalloc(c->n * c->n + 1, sizeof(*c->before));
	for (size_t t = 0; t < c->n; t++) {
		OWN(strlist) struct strlist after = {0};
		plandoc_names(c->tasks[t], "after", &after);
		for (size_t k = 0; k < after.n; k++) {
			size_t a = task_index(c, after.v[k]);
			if (a < c->n)
				c->before[a * c->n + t] = true;
		}
	}
	for (size_t via = 0; via < c->n; via++)
		for (size_t a = 0; a < c->n; a++)
			for (size_t b = 0; c->before[a * c->n + via] && b < c->n; b++)
				c->before[a * c->n + b] |= c->before[via * c->n + b];
}

/* Each circle once: told for the first of its tasks. */
static void
check_cycles(struct checking *c)
{
	for (size_t t = 0; t < c->n; t++) {
		OWN(buf) struct buf names = {0};
		bool first = c->before[t * c->n + t];
		for (size_t o = 0; first && o < c->n; o++) {
			bool both = c->before[t * c->n + o] && c->before[o * c->n + t];
			first = !both || o >= t;
			if (both)
				buf_printf(&names, "%s%s", names.n ? ", " : "", c->tasks[o]->id);
		}
		if (first)
			fault(c, "cycle", c->tasks[t]->id, NULL,
				"each of these is after the others: %s", names.p ? names.p : "");
	}
}

static void
check_writes(struct checking *c)
{
	for (size_t a = 0; a < c->n; a++)
		for (size_t b = a + 1; b < c->n; b++) {
			OWN(strlist) struct strlist x = {0}, y = {0}, beside = {0};
			if (c->before[a * c->n + b] || c->before[b * c->n + a])
				continue;
			plandoc_names(c->tasks[a], "writes", &x);
			plandoc_names(c->tasks[b], "writes", &y);
			for (size_t i = 0; i < x.n; i++)
				if (strlist_has(&y, x.v[i]))
					fault(c, "overlap", c->tasks[a]->id, c->tasks[b]->id,
						"%s and %s both write `%s`, and neither is after the other",
						c->tasks[a]->id, c->tasks[b]->id, x.v[i]);
			plandoc_names(c->tasks[a], "parallel with", &beside);
			plandoc_names(c->tasks[b], "parallel with", &beside);
			if (!strlist_has(&beside, c->tasks[a]->id) ||
				!strlist_has(&beside, c->tasks[b]->id))
				fault(c, "not-proven", c->tasks[a]->id, c->tasks[b]->id,
					"%s and %s have no order, and `parallel with` of both does not say that they need none",
					c->tasks[a]->id, c->tasks[b]->id);
		}
}

/* A translation names two programs: what there is, and what it becomes. */
static void
check_translation(struct checking *c, const struct plandoc_item *task)
{
	OWN(strlist) struct strlist commands = {0};
	plandoc_names(task, "translates", &commands);
	if (plandoc_value(task, "translates") && commands.n != 2)
		fault(c, "no-translation", task->id, NULL,
			"%s: `translates` wants two commands between backticks, of the original and of what it becomes",
			task->id);
}

static void
check_new_tests(struct checking *c, const struct plandoc_item *task)
{
	const char *value = plandoc_value(task, INTENT_NEW_TESTS);
	if (value && strcmp(value, INTENT_RED_FIRST) != 0)
		fault(c, "no-new-tests", task->id, NULL,
			"%s: `" INTENT_NEW_TESTS "` is `" INTENT_RED_FIRST
			"`, or no line of the task",
			task->id);
}

static void
check_screens(struct checking *c, const struct plandoc_item *task)
{
	OWN(intent_screen_list) struct intent_screen_list screens = {0};
	for (size_t wrong = intent_screens(task, &screens); wrong > 0; wrong--)
		fault(c, "no-screen", task->id, NULL,
			"%s: `screen` wants a picture between backticks, its SHA-256 or none, how many %% of its pixels may differ at most, and a path that begins with a slash, or none",
			task->id);
}

static void
check_tasks(struct checking *c)
{
	for (size_t t = 0; t < c->n; t++) {
		check_translation(c, c->tasks[t]);
		check_screens(c, c->tasks[t]);
		check_new_tests(c, c->tasks[t]);
		OWN(strlist) struct strlist writes = {0};
		plandoc_names(c->tasks[t], "writes", &writes);
		if (!writes.n)
			fault(c, "no-writes", c->tasks[t]->id, NULL,
				"%s writes nothing: name its files", c->tasks[t]->id);
		for (size_t i = 0; i < writes.n; i++)
			if (writes.v[i][0] == '/' || strstr(writes.v[i], "..") || !writes.v[i][0])
				fault(c, "bad-path", c->tasks[t]->id, NULL,
					"%s: `%s` is no path below the tree", c->tasks[t]->id,
					writes.v[i]);
		if (!plandoc_value(c->tasks[t], "gate"))
			fault(c, "no-gate", c->tasks[t]->id, NULL, "%s has no gate to pass",
				c->tasks[t]->id);
	}
}

/* ---- the tree ---- */

static void
check_source(struct checking *c, int root_fd, const char *value)
{
	const char *end = *value == '`' ? strchr(value + 1, '`') : NULL;
	if (!end)
		return;
	OWN_FREE char *path = mem_strndup(value + 1, (size_t)(end - value - 1));
	OWN_FREE char *digest = str_dup(str_trim(str_of(end + 1)));
	OWN_FD int fd = -1;
	struct hash_hex now;
	if (fs_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, &fd, NULL) < 0 ||
		hash_fd(fd, &now, NULL, NULL) < 0)
		fault(c, "stale", NULL, NULL, "`%s` is not there any more", path);
	else if (strcmp(now.s, digest) != 0)
		fault(c, "stale", NULL, NULL, "`%s` has changed since the plan was made", path);
}

static void
check_sources(struct checking *c, int root_fd)
{
	for (size_t i = 0; i < c->p->n; i++) {
		const struct plandoc_item *item = &c->p->v[i];
		for (size_t k = 0;
			item->level == 2 && strcmp(item->title, "Sources") == 0 && k < item->n; k++)
			if (item->v[k].key && strcmp(item->v[k].key, "file") == 0)
				check_source(c, root_fd, item->v[k].text);
	}
}

json_t *
intent_check(const struct plandoc *p, int root_fd)
{
	struct checking c = {.p = p, .faults = json_array()};
	c.tasks = mem_zalloc(p->n + 1, sizeof(*c.tasks));
	for (size_t i = 0; i < p->n; i++)
		if (plandoc_is_task(&p->v[i]))
			c.tasks[c.n++] = &p->v[i];
	check_ids(&c);
	check_requirements(&c);
	check_choices(&c);
	if (c.n > 500) {
		fault(&c, "too-many", NULL, NULL, "a plan has at most 500 tasks");
	} else {
		find_order(&c);
		check_cycles(&c);
		check_writes(&c);
		check_tasks(&c);
	}
	if (root_fd >= 0)
		check_sources(&c, root_fd);
	free(c.tasks);
	free(c.before);
	return c.faults;
}
