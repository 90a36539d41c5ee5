/*
 * Whether what is left of the old code still does something.  A line that stays is one that both ends of the file have in common, or
 * that is there once before and once after: it is broken where it stands, not where the same is there as text.
 */
#include "agents/judging.h"

#include "agents/inventory.h"

#include <string.h>

#define KEPT_MAX 4

struct kept { /* one line, in the text before and after */
	struct str was, is;
};

struct keeping {
	struct kept v[KEPT_MAX];
	size_t n;
};

static void
keep(struct keeping *k, struct str was, struct str is)
{
	OWN(buf) struct buf other = {0};
	if (k->n < KEPT_MAX && !inventory_is_comment(is) && !judge_text_names_files(str_trim(is)) &&
		judge_text_mutant(is, &other))
		k->v[k->n++] = (struct kept){was, is};
}

struct lines {
	struct str *v;
	size_t n;
};

static void
cut(struct str text, struct lines *ret)
{
	struct str line;
	size_t cap = 0;
	*ret = (struct lines){0};
	while (str_next_line(&text, &line)) {
		ret->v = mem_grow(ret->v, ret->n, &cap, sizeof(*ret->v));
		ret->v[ret->n++] = line;
	}
}

/* Each line that is there once, to where it is; others to a place that is none. */
static void
note_single(const struct lines *l, struct map *ret)
{
	for (size_t i = 0; i < l->n; i++)
		map_put_str(ret, l->v[i], map_get_str(ret, l->v[i]) ? ret : (void *)&l->v[i]);
}

/* Those next to what was changed come first. */
static void
find_kept(const struct judge_change *c, struct keeping *ret)
{
	struct lines was, is;
	OWN(map) struct map before = {0}, after = {0};
	cut(c->before, &was);
	cut(c->after, &is);
	size_t shorter = was.n < is.n ? was.n : is.n, front = 0, back = 0;
	while (front < shorter && str_same(was.v[front], is.v[front]))
		front++;
	while (back < shorter - front && str_same(was.v[was.n - 1 - back], is.v[is.n - 1 - back]))
		back++;
	note_single(&was, &before);
	note_single(&is, &after);
	for (size_t i = front; i < is.n - back; i++) {
		const struct str *w = map_get_str(&before, is.v[i]);
		if (w && w != (void *)&before && map_get_str(&after, is.v[i]) == &is.v[i])
			keep(ret, *w, is.v[i]);
	}
	for (size_t i = 0; i < front || i < back; i++) {
		if (i < front)
			keep(ret, was.v[front - 1 - i], is.v[front - 1 - i]);
		if (i < back)
			keep(ret, was.v[was.n - back + i], is.v[is.n - back + i]);
	}
	free(was.v);
	free(is.v);
}

static void
put_mutant(struct str text, const char *mutated, struct buf *out)
{
	struct str line;
	while (str_next_line(&text, &line)) {
		if (line.p != mutated || !judge_text_mutant(line, out))
			buf_add_str(out, line);
		buf_putc(out, '\n');
	}
}

static int
look_at_mutant(struct judging *j, const struct judge_change *c, bool changed, const struct kept *k,
	bool *ret_noticed, struct dd_err *err)
{
	OWN(buf) struct buf text = {0}, line = {0};
	OWN(look) struct look l = {0};
	put_mutant(changed ? c->after : c->before, changed ? k->is.p : k->was.p, &text);
	(void)judge_text_mutant(k->was, &line); /* it has one */
	const struct judge_file file = {c->path, buf_str(&text)};
	int rc = judging_look(j, changed ? j->base : NULL, &file, 1, &l, err);
	if (rc < 0 || !changed)
		return rc < 0 ? rc
			      : judging_is_other(j, &l, k->was, buf_str(&line), ret_noticed, err);
	*ret_noticed = look_notices(&j->with, &l);
	return 0;
}

static int
check_kept(struct judging *j, const struct judge_change *c, const struct keeping *k,
	struct dd_err *err)
{
	bool noticed = false, before = false;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < k->n && !noticed && !judging_is_over(j); i++)
		rc = look_at_mutant(j, c, true, &k->v[i], &noticed, err);
	for (size_t i = 0; rc == 0 && i < k->n && !noticed && !before && !judging_is_over(j); i++)
		rc = look_at_mutant(j, c, false, &k->v[i], &before, err);
	if (rc == 0 && !j->late && before && !noticed)
		judging_found(j, JUDGE_BYPASSED, c->path,
			"what is left of the old code is there, and no test comes to it any more");
	return rc;
}

int
judging_bypassed(struct judging *j, struct dd_err *err)
{
	size_t kept = 0;
	int rc = 0;
	*judging_check(j, JUDGE_BYPASSED) = CHECK_PASSED;
	for (size_t i = 0; rc == 0 && i < j->s->nchanges && kept < KEPT_MAX && !judging_is_over(j);
		i++) {
		const struct judge_change *c = &j->s->changes[i];
		struct keeping k = {0};
		if (!j->base[i] || !c->was || !c->is || judging_part(c->path) != PART_CODE)
			continue;
		find_kept(c, &k);
		kept += k.n;
		rc = check_kept(j, c, &k, err);
	}
	return rc;
}
