/*
 * Theory of operation.  A requirement changes the files it names, those that hold what it names, and those that the map ranks for its
 * text with these as seeds; of the latter only what is near the best, since a write set that is too large makes all
 * work sequential and one that is too small is caught by the sandbox, which refuses to write elsewhere.
 */
#include "intent/draft.h"

#include "base/fs.h"
#include "base/words.h"

#include <string.h>

#define MAX_PLACES 4 /* files of one name; more of them, and the name says nothing */
#define NEAR 0.5     /* of the best one's score */
#define TIED 0.3     /* of what is not by words alone, where something is named */
#define ENOUGH 0.45  /* and at least so much */

bool
draft_is_test(const char *path)
{
	const char *name = fs_name(path);
	return strncmp(path, "test", 4) == 0 || strstr(path, "/test") ||
	       strncmp(name, "test_", 5) == 0 || strstr(name, "_test.") || strstr(name, ".test.") ||
	       strstr(name, ".spec.");
}

static void
strlist_free(void *l)
{
	strlist_cleanup(l);
	free(l);
}

static struct strlist *
list_of(struct map *m, const char *key)
{
	struct strlist *l = map_get(m, key);
	if (!l) {
		l = mem_new(struct strlist);
		*l = (struct strlist){0};
		m->destroy = strlist_free;
		map_put(m, key, l);
	}
	return l;
}

/* One pass over the tree, whatever number of paths is looked for. */
static void
index_names(struct draft *d)
{
	for (struct map_entry *e = map_first(&d->digests); e; e = map_next(e))
		strlist_add(list_of(&d->by_name, fs_name(map_key(e))), map_key(e));
}

/* A path of the tree, or the only ones that end so. */
static void
find_path(const struct draft *d, const char *name, struct strlist *ret)
{
	OWN(strlist) struct strlist found = {0};
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	if (map_get(&d->digests, name)) {
		strlist_add_new(ret, name);
		return;
	}
	OWN_FREE char *tail = mem_printf("/%s", name);
	const struct strlist *same = map_get(&d->by_name, fs_name(name));
	for (size_t i = 0; same && i < same->n; i++)
		if (str_ends(str_of(same->v[i]), tail))
			strlist_add(&found, same->v[i]);
	for (size_t i = 0; i < found.n && found.n <= MAX_PLACES; i++)
		strlist_add_new(ret, found.v[i]);
}

static int
ask_symbol(const struct draft *d, const char *name, struct strlist *ret)
{
	OWN_JSON json_t *answer = NULL;
	OWN(strlist) struct strlist found = {0};
	OWN(dd_err) struct dd_err why = {0};
	size_t i;
	json_t *item;
	int rc = graph_find(d->in->g, name, &answer, &why);
	if (rc == -DD_ENOENT || rc == -DD_EINVAL)
		return 0;
	if (rc < 0)
		return err_move(d->err, &why);
	json_array_foreach (json_object_get(answer, "items"), i, item) {
		const json_t *file = json_object_get(json_object_get(item, "entity"), "file");
		if (json_is_string(file) && map_get(&d->digests, json_string_value(file)))
			strlist_add_new(&found, json_string_value(file));
	}
	for (i = 0; i < found.n && found.n <= MAX_PLACES; i++)
		strlist_add_new(ret, found.v[i]);
	return 0;
}

/* The map is asked for a name once, and for so many. */
static int
find_symbol(struct draft *d, const char *name, struct strlist *ret)
{
	const struct strlist *known = map_get(&d->symbols, name);
	int rc = 0;
	if (!known && map_count(&d->symbols) >= DRAFT_MAX_NAMES) {
		d->names_left++;
		return 0;
	}
	if (!known) {
		struct strlist *l = list_of(&d->symbols, name);
		rc = ask_symbol(d, name, l);
		known = l;
	}
	for (size_t i = 0; rc == 0 && i < known->n; i++)
		strlist_add_new(ret, known->v[i]);
	return rc;
}

static int
resolve_names(struct draft *d, struct wanted *w)
{
	OWN(strlist) struct strlist names = {0};
	int rc = 0;
	page_names(w->s->text, &names);
	for (size_t i = 0; i < w->checks.n; i++)
		page_names(w->checks.v[i], &names);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN(strlist) struct strlist files = {0};
		size_t left = d->names_left;
		find_path(d, names.v[i], &files);
		if (!files.n)
			rc = find_symbol(d, names.v[i], &files);
		for (size_t k = 0; k < files.n; k++)
			strlist_add_new(&w->named, files.v[k]);
		/* Of what was not looked for it is not known. */
		if (!files.n && left == d->names_left && page_is_code_name(names.v[i]))
			strlist_add_new(&w->unknown, names.v[i]);
	}
	return rc;
}

/* Beside what it names: what is near the best of the ranking. */
static void
choose_writes(const struct draft *d, struct wanted *w)
{
	double best = 0;
	size_t i, taken = 0;
	json_t *f;
	for (i = 0; i < w->named.n; i++)
		strlist_add_new(&w->writes, w->named.v[i]);
	json_array_foreach (w->likely, i, f) {
		const char *path = json_string_value(json_object_get(f, "file"));
		double score = json_number_value(json_object_get(f, "score"));
		if (!path || strlist_has(&w->writes, path) || !map_get(&d->digests, path) ||
			(w->named.n &&
				score - json_number_value(json_object_get(f, "by_text")) < TIED))
			continue;
		best = best > 0 ? best : score;
		/* Where nothing is named it is all a guess: the fewer the better. */
		size_t most = w->named.n ? DRAFT_MAX_WRITES : DRAFT_MAX_WRITES / 2;
		if (score < ENOUGH || score < best * NEAR || taken == most)
			break;
		strlist_add_new(&w->writes, path);
		taken++;
	}
}

static int
rank(struct draft *d, struct wanted *w)
{
	OWN_JSON json_t *answer = NULL;
	int rc = graph_likely_files(d->in->g, w->s->text, &w->named, 20, &answer, d->err);
	if (rc == 0)
		w->likely = json_incref(json_object_get(answer, "files"));
	return rc;
}

/* What was ranked for the requirement that has most words in common. */
static void
borrow_ranking(struct draft *d, struct wanted *w)
{
	const struct wanted *best = NULL;
	double most = 0.3;
	for (size_t i = 0; i < d->n; i++) {
		double o = d->wanted[i].likely ? draft_overlap(&w->words, &d->wanted[i].words) : 0;
		if (o > most) {
			most = o;
			best = &d->wanted[i];
		}
	}
	if (best)
		w->likely = json_incref(best->likely);
}

int
draft_find_files(struct draft *d)
{
	size_t rankings = 0;
	int rc = 0;
	index_names(d);
	for (size_t i = 0; rc == 0 && i < d->n; i++) {
		struct wanted *w = &d->wanted[i];
		rc = resolve_names(d, w);
		if (rc == 0 && !draft_is_constraint(w)) {
			if (rankings++ < DRAFT_MAX_RANKINGS) {
				rc = rank(d, w);
			} else {
				borrow_ranking(d, w);
				d->rankings_left++;
			}
			choose_writes(d, w);
		}
	}
	return rc;
}
