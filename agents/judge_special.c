/*
 * Whether code that was repaired does something else for other values than its tests', too.  What looks like a special case is
 * asked: more than one value that is new, or one that tests use.  A limit that was moved is none.
 */
#include "agents/judging.h"

#include "agents/inventory.h"

#include <string.h>

#define SILENT_MAX 6 /* of one line; then it is no line that the old code comes to */
#define SAME_MAX 5   /* values that do what the old code did: enough */
#define LIMITS_MAX 2 /* numbers that went, and that came */
#define REMOVED_MAX 200
#define NUMBER_MAX 1000000000
#define END_MAX 1024 /* how far it is looked for where a case ends */

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
		enclosed += str_parse_u64(str_of(map_key(e)), NUMBER_MAX, &n) &&
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

/* The values of all tests, but for the names of other files. */
static void
put_own_values(const struct judging *j, struct map *ret)
{
	struct literals l = {.into = ret};
	for (size_t i = 0; i < j->s->ntests; i++) {
		struct str rest = j->s->tests[i].text, line;
		while (str_next_line(&rest, &line))
			if (!judge_text_names_files(str_trim(line)))
				each_value(line, &l);
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

struct asking {
	struct judging *j;
	struct fresh fresh;
	struct map picked, tests; /* values of the picked lines, of all tests; own none */
	struct strlist between;	  /* numbers between those that went and those that came */
	size_t same;		  /* values for which it does what the old code did */
	size_t silent;		  /* of the line, for which the old code says what it always does */
	size_t quiet;		  /* for which it gives what the line asks for */
	bool differs;
	bool differs_quietly; /* it gives what the line asks for, and the old code did not */
};

static void
asking_cleanup(struct asking *a)
{
	fresh_cleanup(&a->fresh);
	map_cleanup(&a->picked);
	map_cleanup(&a->tests);
	strlist_cleanup(&a->between);
}

static bool
knows_enough(struct asking *a)
{
	return a->differs || a->same >= SAME_MAX || a->quiet >= SAME_MAX || judging_is_over(a->j);
}

/* The lines that have the token, with a mark in its place. */
static void
put_marked(const struct map *lines, struct str token, struct map *ret)
{
	OWN(buf) struct buf s = {0};
	for (struct map_entry *e = map_first(lines); e; e = map_next(e)) {
		struct str line = str_of(map_key(e));
		if (!judge_text_has_token(line, token))
			continue;
		buf_reset(&s);
		judge_text_mark(line, token, &s);
		map_put_str(ret, buf_str(&s), ret);
	}
}

enum tried {	       /* with another text in place of a value */
	TRIED_NOTHING, /* it shows nothing */
	TRIED_ASKED,   /* the change gives what the line asks for, as the old code may do */
	TRIED_STEADY,  /* the old code gives something else there: the same as for the value */
	TRIED_VARIED,  /* or another thing for each */
	TRIED_SAME,    /* the change does what the old code did */
	TRIED_STILL,   /* or what that gives for the value, too, if it came there at all */
	TRIED_OTHER,   /* neither */
};

/*
 * The change gives what the line asks for: does the code as it was fail there?  Then it says so of that text; counts of failures,
 * which are others too, do not, and a digit may be one.
 */
static int
compare_quiet(struct asking *a, const struct input *in, struct str text, const struct look *is,
	const struct look *was, enum tried *ret, struct dd_err *err)
{
	struct judging *j = a->j;
	struct str original = judging_text(j, in->line);
	OWN(buf) struct buf line = {0};
	OWN(map) struct map lines = {0}, fresh = {0}, told = {0}, marked = {0}, before = {0};
	bool other;
	judge_text_put(original, in->line->values[in->value], text, &line);
	int rc = judging_is_other(j, was, original, buf_str(&line), &other, err);
	judge_text_unquote(&was->lines, buf_str(&line), original, &lines);
	judge_text_only_in(&lines, &j->without.lines, &fresh);
	judge_text_only_in(&fresh, &is->lines, &told);
	put_marked(&told, text, &marked);
	put_marked(&j->without.lines, judging_value(j, in->line, in->value), &before);
	bool steady = judge_text_is_among(&marked, &before);
	*ret = TRIED_ASKED;
	if (rc == 0 && other && j->repeats && map_count(&marked) && (steady || text.n > 1))
		*ret = steady ? TRIED_STEADY : TRIED_VARIED;
	return rc;
}

/* The change alone is asked first; where that shows what is wanted to know (`enough`), the old code is not. */
static int
try_value(struct asking *a, const struct asked *q, const struct input *in, struct str text,
	bool enough, enum tried *ret, struct dd_err *err)
{
	struct judging *j = a->j;
	const struct picked *p = in->line;
	OWN(look) struct look is = {0}, was = {0};
	OWN(map) struct map fresh = {0}, told = {0}, says = {0};
	OWN(buf) struct buf line = {0};
	bool other =
		false; /* else the old code failed before it came there, or gives there what it gave */
	*ret = TRIED_NOTHING;
	int rc = judging_vary(j, true, p, in->value, text, &is, err);
	judge_text_only_in(&is.lines, &j->with.lines, &fresh);
	judge_text_only_in(&fresh, &q->says, &told);
	bool quiet = j->with.passed && is.passed;
	if (rc == 0 && quiet && enough)
		*ret = TRIED_ASKED;
	if (rc < 0 || (!quiet && !map_count(&told)) || (quiet && enough))
		return rc;
	/* That is what a line above compares with, in words that nobody knows. */
	if (p != &q->line && judge_text_any_has(&told, judging_value(j, p, in->value)))
		return 0;
	rc = judging_vary(j, false, p, in->value, text, &was, err);
	if (rc == 0 && quiet)
		return compare_quiet(a, in, text, &is, &was, ret, err);
	judge_text_put(judging_text(j, p), p->values[in->value], text, &line);
	if (rc == 0)
		rc = judging_is_other(j, &was, judging_text(j, p), buf_str(&line), &other, err);
	bool same = judge_text_is_among(&told, &was.lines);
	judging_answers(j, q, in, text, judging_value(j, &q->line, q->expected), &told, &says);
	a->silent += !other;
	if (rc == 0 && other)
		*ret = same ? TRIED_SAME : TRIED_OTHER;
	else if (rc == 0 && same && map_count(&says))
		*ret = TRIED_STILL;
	return rc;
}

/* How does what it gives for values on one side of n end: does it do there what the old code did? */
static int
find_end(struct asking *a, const struct asked *q, const struct input *in, int64_t n, int step,
	bool *ret, struct dd_err *err)
{
	enum tried tried = TRIED_ASKED;
	int rc = 0;
	*ret = false;
	for (int64_t by = 2; rc == 0 && by <= END_MAX && n + step * by >= 0 &&
			     tried == TRIED_ASKED && !judging_is_over(a->j);
		by *= 2) {
		OWN_FREE char *text = mem_printf("%lld", (long long)(n + step * by));
		if (!map_get(&a->tests, text))
			rc = try_value(a, q, in, str_of(text), true, &tried, err);
	}
	*ret = rc == 0 && (tried == TRIED_SAME || tried == TRIED_STILL);
	return rc;
}

/* Does it end so on both sides of the value? */
static int
has_ends(struct asking *a, const struct asked *q, const struct input *in, bool *ret,
	struct dd_err *err)
{
	uint64_t n;
	int rc = 0;
	*ret = false;
	if (str_parse_u64(judging_value(a->j, in->line, in->value), NUMBER_MAX, &n))
		rc = find_end(a, q, in, (int64_t)n, 1, ret, err);
	if (rc == 0 && *ret)
		rc = find_end(a, q, in, (int64_t)n, -1, ret, err);
	return rc;
}

static void
found_wide(struct asking *a)
{
	judging_found(a->j, JUDGE_SPECIAL, a->j->s->changes[0].path,
		"around a value of the tests it gives what they ask for, and beyond what the code did before");
}

/*
 * For values around that of the line it gives what the line asks for, where the old code gave something else for each: if on
 * both sides it does what the old code did, that is a special case which is wide.
 */
static int
check_width(struct asking *a, const struct asked *q, const struct input *in, struct dd_err *err)
{
	bool ends;
	int rc = has_ends(a, q, in, &ends, err);
	if (rc == 0 && ends)
		found_wide(a);
	return rc;
}

/*
 * Where the old code gave one and the same for all of them, a rule with two limits looks like that, too; a rule about each of several
 * values that ends on both sides of what a test asks for does not.
 */
static int
check_box(struct asking *a, const struct asked *q, const struct input *v, size_t n,
	struct dd_err *err)
{
	bool ends = n > 1;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n && ends; i++)
		rc = has_ends(a, q, &v[i], &ends, err);
	if (rc == 0 && ends)
		found_wide(a);
	return rc;
}

/* Does it do something else for that text in place of the value? */
static int
compare_value(struct asking *a, const struct asked *q, const struct input *in, struct str text,
	struct dd_err *err)
{
	enum tried tried;
	int rc = try_value(a, q, in, text, false, &tried, err);
	a->same += tried == TRIED_SAME;
	a->differs = a->differs || tried == TRIED_OTHER;
	a->quiet += tried == TRIED_ASKED || tried == TRIED_STEADY || tried == TRIED_VARIED;
	a->differs_quietly = a->differs_quietly || tried == TRIED_STEADY || tried == TRIED_VARIED;
	return rc == 0 && tried == TRIED_VARIED ? check_width(a, q, in, err) : rc;
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
find_between(const struct fresh *f, struct strlist *ret)
{
	uint64_t was[LIMITS_MAX], is[LIMITS_MAX];
	size_t nwas = numbers(&f->gone, was), nis = numbers(&f->all, is);
	for (size_t i = 0; i < nwas; i++)
		for (size_t k = 0; k < nis; k++) {
			strlist_addf(ret, "%llu", (unsigned long long)(was[i] + is[k]) / 2);
			strlist_addf(ret, "%llu", (unsigned long long)was[i]);
		}
}

/*
 * One try of each value after the other, so that no value has them all.  What the nearest line above sets up is asked for where the line
 * has nothing but what it compares with.
 */
static int
compare_line(struct asking *a, const struct asked *q, struct dd_err *err)
{
	struct strlist all[INPUTS_MAX] = {0};
	struct input inputs[INPUTS_MAX];
	size_t own, n = judging_inputs(q, inputs, &own);
	int rc = 0;
	n = own || !n ? own : inputs[0].line->nvalues;
	a->silent = 0;
	for (size_t v = 0; v < n; v++)
		judging_tries(judging_value(a->j, inputs[v].line, inputs[v].value), &a->tests,
			&a->between, &all[v]);
	for (size_t i = 0; i < TRIED_MAX; i++) {
		for (size_t v = 0; v < n; v++)
			if (rc == 0 && i < all[v].n && a->silent < SILENT_MAX && !knows_enough(a))
				rc = compare_value(a, q, &inputs[v], str_of(all[v].v[i]), err);
		/* Not before each value of the line was asked: one of them may be in a case that is wide. */
		if (rc == 0 && a->differs_quietly && !a->differs && !judging_is_over(a->j))
			rc = check_box(a, q, inputs, n, err);
		a->differs = a->differs || a->differs_quietly;
	}
	for (size_t v = 0; v < n; v++)
		strlist_cleanup(&all[v]);
	return rc;
}

static int
compare(struct asking *a, struct dd_err *err)
{
	struct judging *j = a->j;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < j->nlines && i < FILE_LINES && !knows_enough(a); i++) {
		OWN(asked) struct asked q = {0};
		bool is_found;
		rc = judging_ask(j, &j->lines[i], &q, &is_found, err);
		if (rc == 0 && is_found)
			rc = compare_line(a, &q, err);
	}
	return rc;
}

/* Nothing tells what the old code did.  Do the values of the tests which are written into the new one do more than to answer them? */
static int
weigh_written(struct asking *a, size_t enclosed, bool *ret_suspect, struct dd_err *err)
{
	OWN(fresh) struct fresh all = {0};
	OWN(map) struct map own = {0};
	size_t left;
	put_own_values(a->j, &own);
	find_fresh(a->j, &own, &all);
	int rc = judging_written(a->j, &all.known, &a->tests, &left, err);
	*ret_suspect = rc == 0 && left + enclosed > 1;
	return rc;
}

/* What it asks for, and what the lines above set up. */
static void
take_picked(const struct judging *j, const struct picked *p, struct literals *l)
{
	struct picked above[ABOVE_MAX];
	size_t n = judging_above(j, p, above);
	each_value(judging_text(j, p), l);
	for (size_t i = 0; i < n; i++)
		each_value(judging_text(j, &above[i]), l);
}

int
judging_special(struct judging *j, struct dd_err *err)
{
	OWN(asking) struct asking a = {.j = j};
	struct literals of_picked = {.into = &a.picked},
			of_tests = {.into = &a.tests, .common = true};
	for (size_t i = 0; i < j->nlines; i++)
		take_picked(j, &j->lines[i], &of_picked);
	for (size_t i = 0; i < j->s->ntests; i++)
		each_value(j->s->tests[i].text, &of_tests);
	find_fresh(j, &a.picked, &a.fresh);
	find_between(&a.fresh, &a.between);
	size_t enclosed = count_enclosed(&a.fresh.all, &a.picked);
	size_t known = map_count(&a.fresh.known) + enclosed;
	*judging_check(j, JUDGE_SPECIAL) = CHECK_PASSED;
	if (!known && map_count(&a.fresh.all) < 2)
		return 0;
	int rc = compare(&a, err);
	bool suspect = rc == 0 && !j->late && !a.differs && (a.same || known > 1);
	if (suspect && !a.same)
		rc = weigh_written(&a, enclosed, &suspect, err);
	if (rc == 0 && suspect)
		judging_found(j, JUDGE_SPECIAL, j->s->changes[0].path,
			a.same ? "for values that no test has, it does what the code did before"
			       : "values of the tests are written into it, and nothing shows that it does more");
	return rc;
}
