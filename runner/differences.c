/* How the result of a replay differs from what its recipe yielded. */
#include "runner/standup.h"

#include "base/map.h"
#include "envprobe/built.h"

#include <stdlib.h>
#include <string.h>

static void
add_difference(json_t *to, const char *id, const enum test_status *was, const enum test_status *is)
{
	json_array_append_new(to, json_pack("{s:o, s:s?, s:s?}", "id", json_text(str_of(id)), "was",
					  was ? test_status_names[*was] : NULL, "is",
					  is ? test_status_names[*is] : NULL));
}

/* A case that only one of the two has, and its id without what is another number or directory each time. */
struct lone {
	char *mask;
	const char *id;
	enum test_status status;
};
struct lone_list {
	struct lone *v;
	size_t n, cap;
};

static void
lone_list_cleanup(struct lone_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].mask);
	free(l->v);
}

static char *
mask_of(const char *id)
{
	OWN(buf) struct buf b = {0};
	for (const char *p = id; *p;) {
		size_t digits = strspn(p, "0123456789");
		bool scratch = strncmp(p, "/tmp/", 5) == 0;
		buf_puts(&b, scratch ? "/tmp/#" : digits ? "#" : "");
		if (!scratch && !digits)
			buf_putc(&b, *p);
		p += scratch ? 5 + strcspn(p + 5, "/ )") : digits ? digits : 1;
	}
	return buf_take(&b);
}

static void
add_lone(struct lone_list *l, const char *id, enum test_status status)
{
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = (struct lone){mask_of(id), id, status};
}

static int
compare_kind(const struct lone *a, const struct lone *b)
{
	int by_mask = strcmp(a->mask, b->mask);
	return by_mask ? by_mask : (int)a->status - (int)b->status;
}

static int
compare_lone(const void *a, const void *b)
{
	int by_kind = compare_kind(a, b);
	return by_kind ? by_kind
		       : strcmp(((const struct lone *)a)->id, ((const struct lone *)b)->id);
}

/* What ended the same under a name that differs in its numbers is the same; the others are differences. */
static size_t
pair_up(struct lone_list *was, struct lone_list *is, json_t *differences)
{
	size_t i = 0, k = 0, renamed = 0;
	if (was->n)
		qsort(was->v, was->n, sizeof(*was->v), compare_lone);
	if (is->n)
		qsort(is->v, is->n, sizeof(*is->v), compare_lone);
	while (i < was->n || k < is->n) {
		int order = i == was->n ? 1 : k == is->n ? -1 : compare_kind(&was->v[i], &is->v[k]);
		if (order == 0)
			renamed++;
		else if (order < 0)
			add_difference(differences, was->v[i].id, &was->v[i].status, NULL);
		else
			add_difference(differences, is->v[k].id, NULL, &is->v[k].status);
		i += order <= 0;
		k += order >= 0;
	}
	return renamed;
}

static json_t *
compare_tests(const struct case_result_list *before, const struct test_case_list *now,
	size_t *ret_renamed)
{
	struct map known = {0};
	struct lone_list was = {0}, is = {0};
	json_t *all = json_array();
	for (size_t i = 0; i < now->n; i++)
		map_put(&known, now->v[i].id, &now->v[i]);
	for (size_t i = 0; i < before->n; i++) {
		const struct case_result *c = &before->v[i];
		const struct test_case *same = map_get(&known, c->id);
		if (!same)
			add_lone(&was, c->id, c->status);
		else if (same->status != c->status)
			add_difference(all, c->id, &c->status, &same->status);
		(void)map_remove(&known, c->id);
	}
	for (struct map_entry *e = map_first(&known); e; e = map_next(e))
		add_lone(&is, map_key(e), ((struct test_case *)map_value(e))->status);
	*ret_renamed = pair_up(&was, &is, all);
	lone_list_cleanup(&was);
	lone_list_cleanup(&is);
	map_cleanup(&known);
	return all;
}

json_t *
replay_differences(const struct recipe *r, const struct probe_result *now)
{
	struct built_difference d = {0};
	if (!r->built_files.n && !r->cases.n)
		return NULL;
	built_files_compare(&r->built_files, &now->built_files, &d);
	size_t renamed = 0;
	json_t *tests = compare_tests(&r->cases, &now->tests.cases, &renamed);
	json_t *j = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "missing",
		json_from_strings(&d.missing), "added", json_from_strings(&d.added), "linked",
		json_from_strings(&d.linked), "text", json_from_strings(&d.text), "bytes",
		json_from_strings(&d.bytes), "tests", tests, "renamed", (json_int_t)renamed);
	built_difference_cleanup(&d);
	return j;
}
