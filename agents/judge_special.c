/*
 * Whether code that was repaired does something else for other values than its tests', too.  What looks like a special case is
 * asked: more than one value that is new, or one that tests use.  A limit that was moved is none.
 */
#include "agents/judging.h"

#include "agents/inventory.h"

#include <string.h>

#define SAME_MAX 5   /* values that do what the old code did: enough */
#define TRIED_MAX 16 /* in place of one */
#define LIMITS_MAX 2 /* numbers that went, and that came */
#define REMOVED_MAX 200
#define NUMBER_MAX 1000000000

struct literals {
	struct map *into;
	const struct map *but, *only; /* may be NULL */
	bool common;		      /* those, too, that any code may have */
};

static void
take_literal(void *ctx, struct str v)
{
	struct literals *l = ctx;
	if ((l->common || !inventory_is_common(v)) && !(l->but && map_get_str(l->but, v)) &&
		!(l->only && !map_get_str(l->only, v)))
		map_put_str(l->into, v, l->into);
}

/* Numbers in strings count, too; comments do not. */
static void
each_value(struct str text, struct literals *l)
{
	struct span v;
	struct str line;
	while (str_next_line(&text, &line)) {
		if (inventory_is_comment(line))
			continue;
		inventory_each_literal(line, take_literal, l);
		for (size_t at = 0; judge_text_number(line, at, &v); at = v.at + v.n)
			take_literal(l, (struct str){line.p + v.at, v.n});
	}
}

static bool
has_number(const struct map *m, uint64_t n)
{
	OWN_FREE char *text = mem_printf("%llu", (unsigned long long)n);
	return map_get(m, text) != NULL;
}

/* Values of tests between two of the code: what is larger than 23 and less than 25 is 24. */
static size_t
count_enclosed(const struct map *code, const struct map *tests)
{
	size_t enclosed = 0;
	uint64_t n;
	for (struct map_entry *e = map_first(code); e; e = map_next(e))
		enclosed += str_parse_u64(str_of(map_key(e)), 1000000000, &n) &&
			    has_number(tests, n + 1) && has_number(code, n + 2);
	return enclosed;
}

/* What the change brings, but for lines in the place of which another limit stood: they are no case more than there was. */
static void
put_brought(const struct judge_change *c, struct buf *out)
{
	OWN(map) struct map old = {0}, fresh = {0};
	struct str gone[REMOVED_MAX], rest, line;
	size_t n = 0;
	for (rest = c->after; str_next_line(&rest, &line);)
		map_put_str(&fresh, line, &fresh);
	for (rest = c->before; str_next_line(&rest, &line);) {
		map_put_str(&old, line, &old);
		if (n < REMOVED_MAX && !map_get_str(&fresh, line))
			gone[n++] = line;
	}
	for (rest = c->after; str_next_line(&rest, &line);) {
		size_t i = 0;
		if (map_get_str(&old, line))
			continue;
		while (i < n && !judge_text_limit_moved(gone[i], line))
			i++;
		if (i < n)
			gone[i] = gone[--n];
		else
			buf_printf(out, STR_FMT "\n", STR_ARG(line));
	}
}

struct fresh {		       /* in the code of a change; no map owns values */
	struct map all, known; /* new values; those of them that tests use */
	struct map gone;       /* values that are not there any more */
};

static void
fresh_cleanup(struct fresh *f)
{
	map_cleanup(&f->all);
	map_cleanup(&f->known);
	map_cleanup(&f->gone);
}

static void
find_fresh(const struct judging *j, const struct map *tests, struct fresh *ret)
{
	for (size_t i = 0; i < j->s->nchanges; i++) {
		const struct judge_change *c = &j->s->changes[i];
		OWN(map) struct map old = {0}, now = {0};
		OWN(buf) struct buf brought = {0};
		struct literals before = {.into = &old}, after = {.into = &now},
				fresh = {.into = &ret->all, .but = &old},
				shared = {.into = &ret->known, .but = &old, .only = tests},
				gone = {.into = &ret->gone, .but = &now};
		if (!j->base[i] || judging_part(c->path) != PART_CODE)
			continue;
		put_brought(c, &brought);
		each_value(c->before, &before);
		each_value(c->after, &after);
		each_value(buf_str(&brought), &fresh);
		each_value(buf_str(&brought), &shared);
		each_value(c->before, &gone);
	}
}

/*
 * The value of the line that it compares with: when it is another, the old one is printed, since that is what the code gives.
 * *ret_says: what a failure of the line prints.  False: it does not print what it got.
 */
static int
find_expected(struct judging *j, const struct picked *p, size_t *ret, struct map *ret_says,
	bool *ret_found, struct dd_err *err)
{
	int rc = 0;
	*ret_found = false;
	for (size_t v = p->nvalues; rc == 0 && !*ret_found && v-- > 0 && !judging_is_over(j);) {
		OWN(look) struct look l = {0};
		OWN(map) struct map says = {0};
		OWN(buf) struct buf other = {0};
		struct str old = judging_value(j, p, v);
		judge_text_other(old, 0, &other);
		rc = judging_vary(j, true, p, v, buf_str(&other), &l, err);
		if (rc < 0)
			return rc;
		judge_text_only_in(&l.lines, &j->with.lines, &says);
		if (!judge_text_any_has(&says, old))
			continue;
		judge_text_only_in(&says, ret_says, ret_says);
		*ret = v;
		*ret_found = true;
	}
	return rc;
}

struct asking {
	struct judging *j;
	struct fresh fresh;
	struct map picked, tests; /* values of the picked lines, of all tests; own none */
	size_t same;		  /* values for which it does what the old code did */
	size_t quiet;		  /* for which it gives what the line asks for */
	bool differs;
};

static void
asking_cleanup(struct asking *a)
{
	fresh_cleanup(&a->fresh);
	map_cleanup(&a->picked);
	map_cleanup(&a->tests);
}

static bool
knows_enough(struct asking *a)
{
	return a->differs || a->same >= SAME_MAX || a->quiet >= SAME_MAX || judging_is_over(a->j);
}

/*
 * The change gives what the line asks for: does the code as it was fail there?  Then it says so of that value; counts of failures,
 * which are others too, do not.
 */
static int
compare_quiet(struct asking *a, const struct picked *p, size_t value, struct str text,
	const struct look *is, const struct look *was, struct dd_err *err)
{
	struct judging *j = a->j;
	struct str original = judging_text(j, p);
	OWN(buf) struct buf line = {0};
	OWN(map) struct map lines = {0}, fresh = {0}, told = {0};
	bool other;
	judging_put_varied(original, p->values[value], text, &line);
	int rc = judging_is_other(j, was, original, buf_str(&line), &other, err);
	judge_text_unquote(&was->lines, buf_str(&line), original, &lines);
	judge_text_only_in(&lines, &j->without.lines, &fresh);
	judge_text_only_in(&fresh, &is->lines, &told);
	a->quiet++;
	a->differs =
		rc == 0 && other && j->repeats && text.n > 1 && judge_text_any_has(&told, text);
	return rc;
}

/* Does it do something else for that text in place of the value? */
static int
compare_value(struct asking *a, const struct picked *p, size_t value, struct str text,
	const struct map *says, struct dd_err *err)
{
	struct judging *j = a->j;
	OWN(look) struct look is = {0}, was = {0};
	OWN(map) struct map fresh = {0}, told = {0};
	int rc = judging_vary(j, true, p, value, text, &is, err);
	judge_text_only_in(&is.lines, &j->with.lines, &fresh);
	judge_text_only_in(&fresh, says, &told);
	bool quiet = j->with.passed && is.passed;
	if (rc < 0 || (!quiet && !map_count(&told)))
		return rc;
	rc = judging_vary(j, false, p, value, text, &was, err);
	if (rc == 0 && quiet)
		return compare_quiet(a, p, value, text, &is, &was, err);
	if (rc < 0 || look_is_same(&j->without, &was)) /* it failed before it came there */
		return rc;
	if (judge_text_is_among(&told, &was.lines))
		a->same++;
	else
		a->differs = true;
	return 0;
}

/* What tests hold, a special case may be made for. */
static void
add_try(const struct asking *a, struct str text, struct strlist *ret)
{
	if (ret->n < TRIED_MAX && !map_get_str(&a->tests, text))
		strlist_add_str(ret, text);
}

static void
add_number(const struct asking *a, int64_t n, struct strlist *ret)
{
	OWN_FREE char *text = mem_printf("%lld", (long long)n);
	if (n >= 0 && !strlist_has(ret, text))
		add_try(a, str_of(text), ret);
}

static size_t
numbers(const struct map *values, uint64_t *ret)
{
	size_t n = 0;
	for (struct map_entry *e = map_first(values); e && n < LIMITS_MAX; e = map_next(e))
		n += str_parse_u64(str_of(map_key(e)), NUMBER_MAX, &ret[n]);
	return n;
}

/* Between a number that went and one that came, code that has a limit there does something else. */
static void
add_between(const struct asking *a, struct strlist *ret)
{
	uint64_t was[LIMITS_MAX], is[LIMITS_MAX];
	size_t nwas = numbers(&a->fresh.gone, was), nis = numbers(&a->fresh.all, is);
	for (size_t i = 0; i < nwas; i++)
		for (size_t k = 0; k < nis; k++) {
			add_number(a, (int64_t)((was[i] + is[k]) / 2), ret);
			add_number(a, (int64_t)was[i], ret);
		}
}

/* Texts in place of a value: on both sides of it, and between limits. */
static void
find_tries(const struct asking *a, struct str value, struct strlist *ret)
{
	static const int steps[] = {1, -1, 4, -4, 10, -10, 100};
	uint64_t n;
	if (!str_parse_u64(value, NUMBER_MAX, &n)) {
		for (int which = 0; which < VARIATIONS; which++) {
			OWN(buf) struct buf other = {0};
			judge_text_other(value, which, &other);
			add_try(a, buf_str(&other), ret);
		}
		return;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (i == 2)
			add_between(a, ret);
		add_number(a, (int64_t)n + steps[i], ret);
	}
}

/* One try of each value after the other, so that no value has them all. */
static int
compare_line(struct asking *a, const struct picked *p, size_t expected, const struct map *says,
	struct dd_err *err)
{
	struct strlist all[VALUES_MAX] = {0};
	int rc = 0;
	for (size_t v = 0; v < p->nvalues; v++)
		if (v != expected)
			find_tries(a, judging_value(a->j, p, v), &all[v]);
	for (size_t i = 0; i < TRIED_MAX; i++)
		for (size_t v = 0; v < p->nvalues; v++)
			if (rc == 0 && i < all[v].n && !knows_enough(a))
				rc = compare_value(a, p, v, str_of(all[v].v[i]), says, err);
	for (size_t v = 0; v < p->nvalues; v++)
		strlist_cleanup(&all[v]);
	return rc;
}

static int
compare(struct asking *a, struct dd_err *err)
{
	struct judging *j = a->j;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < j->nlines && i < FILE_LINES && !knows_enough(a); i++) {
		const struct picked *p = &j->lines[i];
		OWN(map) struct map says = {0};
		size_t expected = 0;
		bool is_found;
		rc = find_expected(j, p, &expected, &says, &is_found, err);
		if (rc == 0 && is_found)
			rc = compare_line(a, p, expected, &says, err);
	}
	return rc;
}

int
judging_special(struct judging *j, struct dd_err *err)
{
	OWN(asking) struct asking a = {.j = j};
	struct literals of_picked = {.into = &a.picked},
			of_tests = {.into = &a.tests, .common = true};
	for (size_t i = 0; i < j->nlines; i++)
		each_value(judging_text(j, &j->lines[i]), &of_picked);
	for (size_t i = 0; i < j->s->ntests; i++)
		each_value(j->s->tests[i].text, &of_tests);
	find_fresh(j, &a.picked, &a.fresh);
	size_t known = map_count(&a.fresh.known) + count_enclosed(&a.fresh.all, &a.picked);
	*judging_check(j, JUDGE_SPECIAL) = CHECK_PASSED;
	if (!known && map_count(&a.fresh.all) < 2)
		return 0;
	int rc = compare(&a, err);
	if (rc == 0 && !j->late && !a.differs && (a.same || known > 1))
		judging_found(j, JUDGE_SPECIAL, j->s->changes[0].path,
			a.same ? "for values that no test has, it does what the code did before"
			       : "values of the tests are written into it, and nothing shows that it does more");
	return rc;
}
