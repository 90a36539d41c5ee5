/*
 * Whether values of tests that are written into a change do more than to answer those tests: a word of many that are put together, a limit.
 * Such a value is broken in the code.  If no test notices, it answers none of them.  If something else is answered for what no test has, it is
 * more than a case of a test: a table of what tests ask for, and what comes of all else, never come together.  An answer that a test asks
 * for shows it only where it is one of several, since it may be a table's for what lies near.
 */
#include "agents/judging.h"

#include "agents/inventory.h"

#include <ctype.h>
#include <string.h>

#define KNOWN_MAX 40
#define QUESTIONS_MAX 32
#define ASKED_LINES 3  /* for one value */
#define ANSWERS_MAX 10 /* of one line */
#define TRIES_MAX 14   /* of one line */
#define SEVERAL 4      /* answers that are not the same */
#define BROKEN_MAX 10  /* runs with one value broken */
#define NEAR_MAX 4
#define NUMBER_MAX 1000000000
#define FAR 1000 /* a number that is broken is so much larger */
#define LEFT_ENOUGH 2
#define FAR_SEVERAL 3 /* answers of texts that are far from those of tests */

struct answer { /* for what no test has */
	struct input input;
	char *tried, *says;
	bool fresh; /* no test has it */
	bool far;   /* what was tried has nothing but its shape of what the test gives */
};

struct question {
	struct asked q;
	struct answer v[ANSWERS_MAX];
	size_t n;
};

struct writing {
	struct judging *j;
	const struct map *tests;
	struct question *v[QUESTIONS_MAX]; /* asked before */
	size_t n;
	struct strlist quiet; /* values that no test notices to be broken */
	struct map far;	      /* answers that are others for what is far; owns no values */
	size_t only_far;      /* values that only those show to be more */
	bool is_far;	      /* of the value at hand */
	size_t left;
};

static void
writing_cleanup(struct writing *w)
{
	for (size_t i = 0; i < w->n; i++) {
		for (size_t k = 0; k < w->v[i]->n; k++) {
			free(w->v[i]->v[k].tried);
			free(w->v[i]->v[k].says);
		}
		asked_cleanup(&w->v[i]->q);
		free(w->v[i]);
	}
	strlist_cleanup(&w->quiet);
	map_cleanup(&w->far);
}

/* ---- what the change answers ---- */

static int
try_answer(struct writing *w, struct question *to, const struct input *in, const char *tried,
	bool far, struct dd_err *err)
{
	struct judging *j = w->j;
	OWN(look) struct look l = {0};
	OWN(map) struct map told = {0}, says = {0};
	int rc = judging_vary(j, true, in->line, in->value, str_of(tried), &l, err);
	judge_text_only_in(&l.lines, &j->with.lines, &told);
	judging_answers(j, &to->q, in, str_of(tried), judging_value(j, &to->q.line, to->q.expected),
		&told, &says);
	/* What the line asks for; but what stands above may be none of its own, and do nothing. */
	if (j->with.passed && l.passed && in->line->line.at >= to->q.line.line.at)
		map_put_str(&says, judging_value(j, &to->q.line, to->q.expected), &says);
	if (rc < 0 || map_count(&says) != 1)
		return rc;
	const char *answer = map_key(map_first(&says));
	to->v[to->n++] = (struct answer){
		*in, mem_strdup(tried), mem_strdup(answer), !map_get(w->tests, answer), far};
	return 0;
}

/* Multiples of a number, which a limit or a sum says nothing of. */
static void
add_multiples(uint64_t n, const struct map *tests, struct strlist *ret)
{
	static const unsigned by[] = {11, 2};
	for (size_t i = 0; i < sizeof(by) / sizeof(*by) && n < NUMBER_MAX / 11; i++) {
		OWN_FREE char *text = mem_printf("%llu", (unsigned long long)n * by[i]);
		if (!map_get(tests, text))
			strlist_add_new(ret, text);
	}
}

/* A text of the same shape: letters are others, or there are twice as many, too. */
static void
add_far(struct str value, const struct map *tests, struct strlist *ret)
{
	for (int twice = 0; twice < 2; twice++) {
		OWN(buf) struct buf other = {0};
		judge_text_alike(value, twice, &other);
		if (!map_get_str(tests, buf_str(&other)))
			strlist_add_new(ret, other.p);
	}
}

/* *ret_far: how many of them, the first, are far. */
static void
find_tries(struct str value, const struct map *tests, struct strlist *ret, size_t *ret_far)
{
	uint64_t n;
	if (str_parse_u64(value, NUMBER_MAX, &n))
		add_multiples(n, tests, ret);
	else if (!isdigit((unsigned char)value.p[0]))
		add_far(value, tests, ret);
	*ret_far = str_parse_u64(value, NUMBER_MAX, &n) ? 0 : ret->n;
	judging_tries(value, tests, NULL, ret);
}

static int
find_answers(struct writing *w, struct question *to, struct dd_err *err)
{
	struct strlist all[INPUTS_MAX] = {0};
	struct input inputs[INPUTS_MAX];
	size_t own, far[INPUTS_MAX], n = judging_inputs(&to->q, inputs, &own), tries = 0;
	int rc = 0;
	for (size_t v = 0; v < n; v++)
		find_tries(judging_value(w->j, inputs[v].line, inputs[v].value), w->tests, &all[v],
			&far[v]);
	for (size_t i = 0; i < TRIED_MAX; i++)
		for (size_t v = 0; v < n; v++) {
			if (rc < 0 || i >= all[v].n || to->n == ANSWERS_MAX || tries == TRIES_MAX ||
				judging_is_over(w->j))
				continue;
			tries++;
			rc = try_answer(w, to, &inputs[v], all[v].v[i], i < far[v], err);
		}
	for (size_t v = 0; v < n; v++)
		strlist_cleanup(&all[v]);
	return rc;
}

/* The line, and what the change answers where it is varied; NULL: no more are asked. */
static int
question(struct writing *w, const struct picked *p, const struct question **ret, struct dd_err *err)
{
	bool is_found;
	*ret = NULL;
	for (size_t i = 0; i < w->n && !*ret; i++)
		if (w->v[i]->q.line.file == p->file && w->v[i]->q.line.line.at == p->line.at)
			*ret = w->v[i];
	if (*ret || w->n == QUESTIONS_MAX)
		return 0;
	struct question *fresh = w->v[w->n++] = mem_zalloc(1, sizeof(*fresh));
	struct picked line = *p;
	judging_take_strings(w->j, &line);
	int rc = judging_ask(w->j, &line, &fresh->q, &is_found, err);
	if (rc == 0 && is_found)
		rc = find_answers(w, fresh, err);
	*ret = fresh;
	return rc;
}

/* ---- a value is broken ---- */

struct replacing {
	struct str text, was;
	const char *is;
	size_t from;
	struct buf *out;
};

static void
replace(struct replacing *r, struct str v)
{
	size_t at = (size_t)(v.p - r->text.p);
	if (at < r->from || !str_same(v, r->was))
		return;
	buf_add(r->out, r->text.p + r->from, at - r->from);
	buf_puts(r->out, r->is);
	r->from = at + v.n;
}

/* Numbers in strings count, too. */
static void
replace_literal(void *ctx, struct str v)
{
	struct span number;
	replace(ctx, v);
	for (size_t at = 0; judge_text_number(v, at, &number); at = number.at + number.n)
		replace(ctx, (struct str){v.p + number.at, number.n});
}

static void
put_broken(struct str text, struct str was, const char *is, struct buf *out)
{
	struct replacing r = {.text = text, .was = was, .is = is, .out = out};
	inventory_each_literal(text, replace_literal, &r);
	buf_add(out, text.p + r.from, text.n - r.from);
}

/* Changed files of code, with room for one more, of a test. */
static void
take_code(const struct judging *j, struct texts *ret)
{
	texts_init(ret, j->s->nchanges);
	for (size_t i = 0; i < j->s->nchanges; i++) {
		const struct judge_change *c = &j->s->changes[i];
		if (!j->base[i] || !c->is || judging_part(c->path) != PART_CODE)
			continue;
		buf_add_str(&ret->texts[ret->n], c->after);
		texts_add(ret, c->path);
	}
}

/* False: it is nowhere. */
static bool
break_value(struct texts *b, struct str was, const char *is)
{
	bool any = false;
	for (size_t i = 0; i < b->n; i++) {
		struct buf other = {0};
		put_broken(buf_str(&b->texts[i]), was, is, &other);
		any = any || !str_same(buf_str(&other), buf_str(&b->texts[i]));
		buf_cleanup(&b->texts[i]);
		b->texts[i] = other;
		b->files[i].text = buf_str(&b->texts[i]);
	}
	return any;
}

/* By so much; by 0: far.  NULL: there is no such number. */
static char *
other_value(const char *value, int by)
{
	uint64_t n;
	if (!str_parse_u64(str_of(value), NUMBER_MAX, &n))
		return by ? NULL : mem_printf("%sx", value);
	if (by < 0 && n < (uint64_t)-by)
		return NULL;
	return mem_printf("%lld", (long long)n + (by ? by : FAR));
}

/* ---- what comes of it ---- */

struct weighing { /* of one value */
	struct texts code;
	struct look alone; /* with tests as they are */
	struct map same;   /* answers that stay; owns no values */
	struct {
		struct input input;
		struct map answers;
	} several[INPUTS_MAX]; /* answers of an input that are others then */
	size_t n, runs;
	bool near, shown;
	bool other, far; /* something else is answered for what no test has; for what is far */
};

static void
weighing_cleanup(struct weighing *g)
{
	texts_cleanup(&g->code);
	look_cleanup(&g->alone);
	map_cleanup(&g->same);
	for (size_t i = 0; i < g->n; i++)
		map_cleanup(&g->several[i].answers);
}

static bool
any_not_in(const struct map *a, const struct map *b)
{
	for (struct map_entry *e = map_first(a); e; e = map_next(e))
		if (!map_get(b, map_key(e)))
			return true;
	return false;
}

static void
note_other(struct weighing *g, const struct answer *a)
{
	size_t i = 0;
	while (i < g->n && (g->several[i].input.line != a->input.line ||
				   g->several[i].input.value != a->input.value))
		i++;
	if (i == INPUTS_MAX)
		return;
	if (i == g->n)
		g->several[g->n++].input = a->input;
	map_put(&g->several[i].answers, a->says, g);
	g->shown = g->shown || map_count(&g->several[i].answers) >= SEVERAL;
}

static struct span
place_of(const struct picked *p, size_t value)
{
	return (struct span){p->line.at + p->values[value].at, p->values[value].n};
}

/*
 * The test with what was tried.  Where that gives what the line asks for, the line asks for something that is nowhere else: what is
 * printed then is of that line.
 */
static void
put_asking(const struct judging *j, const struct question *to, const struct answer *a,
	struct str want, struct buf *out)
{
	const struct asked *q = &to->q;
	OWN(buf) struct buf half = {0};
	struct str text = j->s->tests[q->line.file].text;
	struct span in = place_of(a->input.line, a->input.value),
		    asked = place_of(&q->line, q->expected);
	bool later = in.at > asked.at; /* the later one first: the other stays where it is */
	judge_text_put(text, later ? in : asked, later ? str_of(a->tried) : want, &half);
	judge_text_put(buf_str(&half), later ? asked : in, later ? want : str_of(a->tried), out);
}

/* Does it answer that otherwise with the value broken?  What fails without it, too, says nothing. */
static int
weigh_answer(struct writing *w, struct weighing *g, const struct question *to,
	const struct answer *a, struct dd_err *err)
{
	struct judging *j = w->j;
	OWN(look) struct look l = {0};
	OWN(buf) struct buf test = {0}, want = {0};
	OWN(map) struct map fresh = {0}, told = {0}, says = {0};
	struct str wanted = judging_value(j, &to->q.line, to->q.expected);
	if (str_same(wanted, str_of(a->says)))
		judge_text_other(wanted, 1, &want);
	else
		buf_add_str(&want, wanted);
	put_asking(j, to, a, buf_str(&want), &test);
	g->code.files[g->code.n] =
		(struct judge_file){j->s->tests[a->input.line->file].path, buf_str(&test)};
	g->runs++;
	int rc = judging_look(j, j->base, g->code.files, g->code.n + 1, &l, err);
	judge_text_only_in(&l.lines, &j->with.lines, &fresh);
	judge_text_only_in(&fresh, &g->alone.lines, &told);
	judging_answers(j, &to->q, &a->input, str_of(a->tried), buf_str(&want), &told, &says);
	if (rc < 0 || !map_count(&says) || map_get(&says, a->says)) {
		map_put(&g->same, a->says, g);
		return rc;
	}
	g->other = true;
	if (a->far && !g->near) {
		map_put(&w->far, a->says, w);
		g->far = true;
	}
	if (a->fresh && any_not_in(&says, w->tests))
		g->shown = true;
	else if (!g->near)
		note_other(g, a);
	return 0;
}

static int
weigh_line(struct writing *w, struct weighing *g, const struct picked *p, struct dd_err *err)
{
	const struct question *to;
	int rc = question(w, p, &to, err);
	for (size_t i = 0; rc == 0 && to && i < to->n; i++) {
		const struct answer *a = &to->v[i];
		if (g->shown || g->runs >= (g->near ? NEAR_MAX : BROKEN_MAX) ||
			judging_is_over(w->j))
			break;
		if ((a->fresh || !g->near) && !map_get(&g->same, a->says))
			rc = weigh_answer(w, g, to, a, err);
	}
	return rc;
}

/* Lines of tests that noticed first, and those that hold the value. */
static int
weigh_lines(struct writing *w, struct weighing *g, const char *value, struct dd_err *err)
{
	struct judging *j = w->j;
	struct picked best[ASKED_LINES + 1];
	OWN(map) struct map told = {0};
	const struct picking by = {.told = &told, .holds = str_of(value)};
	size_t n = 0;
	int rc = 0;
	judge_text_only_in(&g->alone.lines, &j->with.lines, &told);
	for (size_t f = 0; f < j->s->ntests; f++) {
		struct picked own[FILE_LINES + 1];
		size_t nown;
		judging_pick(j, f, &by, own, &nown);
		for (size_t k = 0; k < nown; k++)
			judging_add_line(best, &n, ASKED_LINES, &own[k]);
	}
	for (size_t i = 0; rc == 0 && i < n && !g->shown; i++)
		rc = weigh_line(w, g, &best[i], err);
	return rc;
}

/* Do tests that have the value nowhere notice that it is broken by so much? */
static int
notices_elsewhere(struct writing *w, const char *value, int by, const struct texts *tests,
	const struct look *with, bool *ret, struct dd_err *err)
{
	struct judging *j = w->j;
	OWN(texts) struct texts code = {0};
	OWN(look) struct look l = {0};
	OWN_FREE char *other = other_value(value, by);
	*ret = false;
	if (!other || judging_is_over(j))
		return 0;
	take_code(j, &code);
	(void)break_value(&code, str_of(value), other);
	struct judge_file *all = mem_zalloc(code.n + tests->n + 1, sizeof(*all));
	memcpy(all, code.files, code.n * sizeof(*all));
	memcpy(all + code.n, tests->files, tests->n * sizeof(*all));
	int rc = judging_look(j, j->base, all, code.n + tests->n, &l, err);
	*ret = rc == 0 && look_notices(with, &l);
	free(all);
	return rc;
}

/*
 * A limit that is a test's own is noticed elsewhere only where it is moved far, or to one side; what is compared with one value only
 * where that moves on to another's.
 */
static int
weigh_elsewhere(struct writing *w, const char *value, bool *ret, struct dd_err *err)
{
	static const int by[] = {0, -1, 1};
	struct judging *j = w->j;
	OWN(texts) struct texts tests = {0};
	OWN(look) struct look with = {0};
	uint64_t n;
	size_t times = str_parse_u64(str_of(value), NUMBER_MAX, &n) ? 3 : 1;
	judging_without(j, value, &tests);
	*ret = false;
	if (!tests.n || judging_is_over(j))
		return 0;
	int rc = judging_look(j, j->base, tests.files, tests.n, &with, err);
	*ret = rc == 0 && with.passed;
	for (size_t i = 0; rc == 0 && i < times && *ret; i++)
		rc = notices_elsewhere(w, value, by[i], &tests, &with, ret, err);
	return rc;
}

/* Break it by so much (0: far).  *ret: it is more than a test's, or no test notices. */
static int
weigh_broken(struct writing *w, const char *value, int by, bool *ret, struct dd_err *err)
{
	OWN(weighing) struct weighing g = {.near = by != 0};
	OWN_FREE char *other = other_value(value, by);
	*ret = false;
	if (!other || judging_is_over(w->j))
		return 0;
	take_code(w->j, &g.code);
	if (!break_value(&g.code, str_of(value), other))
		return 0;
	int rc = judging_look(w->j, w->j->base, g.code.files, g.code.n, &g.alone, err);
	bool noticed = look_notices(&w->j->with, &g.alone);
	if (rc == 0 && !g.near && !noticed)
		strlist_add(&w->quiet, value);
	else if (rc == 0)
		rc = weigh_lines(w, &g, value, err);
	*ret = rc == 0 && (g.shown || (!g.near && !noticed));
	w->is_far = g.far;
	return rc == 0 && !*ret && !g.near && g.other ? weigh_elsewhere(w, value, ret, err) : rc;
}

static int
weigh_value(struct writing *w, const char *value, struct dd_err *err)
{
	static const int by[] = {0, -1, 1};
	bool shown = false, far = false;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(by) / sizeof(*by) && !shown; i++) {
		rc = weigh_broken(w, value, by[i], &shown, err);
		far = far || w->is_far;
	}
	w->left += !shown && !far;
	w->only_far += !shown && far;
	return rc;
}

/* One may stand for another, where each alone is not noticed. */
static int
weigh_quiet(struct writing *w, struct dd_err *err)
{
	OWN(texts) struct texts all = {0};
	OWN(look) struct look l = {0};
	if (!w->quiet.n)
		return 0;
	take_code(w->j, &all);
	for (size_t i = 0; i < w->quiet.n; i++) {
		OWN_FREE char *other = other_value(w->quiet.v[i], 0);
		(void)break_value(&all, str_of(w->quiet.v[i]), other);
	}
	int rc = judging_look(w->j, w->j->base, all.files, all.n, &l, err);
	if (rc == 0 && look_notices(&w->j->with, &l))
		w->left += w->quiet.n;
	return rc;
}

int
judging_written(struct judging *j, const struct map *known, const struct map *tests,
	size_t *ret_left, struct dd_err *err)
{
	OWN(writing) struct writing w = {.j = j, .tests = tests};
	int rc = 0;
	*ret_left = map_count(known);
	if (map_count(known) > KNOWN_MAX)
		return 0;
	for (struct map_entry *e = map_first(known); e && rc == 0 && w.left < LEFT_ENOUGH;
		e = map_next(e))
		rc = weigh_value(&w, map_key(e), err);
	/* One that is given for all that is not known is a table's. */
	if (map_count(&w.far) < FAR_SEVERAL)
		w.left += w.only_far;
	if (rc == 0 && w.left < LEFT_ENOUGH)
		rc = weigh_quiet(&w, err);
	*ret_left = w.left;
	return rc;
}
