#include "parity/compose.h"

#include "parity/each.h"
#include "parity/seed.h"
#include "parity/vary_text.h"

#include <ctype.h>
#include <string.h>

#define BOUND_MAX 32
#define EACH_VALUES 10 /* in one case */
#define STORY_STEPS (CASE_STEPS_MAX / 2)

/* ---- arguments by name, in one case ---- */

struct bound {
	const char *name, *value; /* borrowed of forms and of a copy of the story */
};

struct composing {
	struct vary *v;
	struct parity_case *c;
	struct bound bound[BOUND_MAX];
	size_t nbound;
};

static bool
is_hole(const char *word)
{
	return word[0] == SEED_HOLE;
}

/* It begins with the words that the form begins with. */
bool
compose_is_of_form(const struct case_step *s, const struct vary_form *f)
{
	size_t i = 0;
	for (; i < f->words.n && !f->group[i] && !strchr(f->words.v[i], SEED_HOLE); i++)
		if (i >= s->args.n || strcmp(s->args.v[i], f->words.v[i]) != 0)
			return false;
	return i > 0;
}

/* The word of the form that is argument `at`: where that stands, or what stands behind the same option; words.n: none is. */
static size_t
word_at(const struct vary_form *f, const struct case_step *s, size_t at)
{
	const char *option = at ? s->args.v[at - 1] : "";
	size_t i = f->words.n;
	if (option[0] == '-')
		for (i = 0; i < f->words.n && strcmp(f->words.v[i], option) != 0; i++)
			;
	if (i + 1 < f->words.n && is_hole(f->words.v[i + 1]))
		return i + 1;
	return at < f->words.n && !f->group[at] && is_hole(f->words.v[at]) ? at : f->words.n;
}

struct vary_form *
compose_form_of(struct vary *v, const struct case_step *s, size_t at, size_t *ret_word)
{
	for (size_t i = 0; i < v->nforms; i++) {
		struct vary_form *f = &v->forms[i];
		if (!compose_is_of_form(s, f))
			continue;
		*ret_word = word_at(f, s, at);
		if (*ret_word < f->words.n)
			return f;
	}
	return NULL;
}

const char *
compose_name_of(struct vary *v, const struct case_step *s, size_t at)
{
	size_t word;
	const struct vary_form *f = compose_form_of(v, s, at, &word);
	return f ? f->words.v[word] + 1 : NULL;
}

static void
bind_step(struct composing *k, const struct case_step *s)
{
	for (size_t i = 1; i < s->args.n; i++) {
		const char *name = compose_name_of(k->v, s, i);
		if (!name)
			continue;
		struct bound *b = &k->bound[k->nbound < BOUND_MAX ? k->nbound++
								  : vary_below(k->v, BOUND_MAX)];
		*b = (struct bound){name, vary_keep(k->v, s->args.v[i])};
	}
}

static const char *
bound_as(struct composing *k, const char *name)
{
	const char *found = NULL;
	size_t seen = 0;
	for (size_t i = 0; i < k->nbound; i++)
		if (strcasecmp(k->bound[i].name, name) == 0 && vary_one_in(k->v, ++seen))
			found = k->bound[i].value;
	return found;
}

/* What a program said it wanted there, once; heap, NULL: there is nothing. */
static char *
take_wanted(struct vary *v, const char *name)
{
	struct vary_named *w = vary_named_in(v->wanted, v->nwanted, name);
	if (!w || !w->values.n)
		return NULL;
	char *value = w->values.v[--w->values.n];
	w->values.v[w->values.n] = NULL;
	return value;
}

/* What stands for a name; heap. */
static char *
choose(struct composing *k, const char *name)
{
	struct vary *v = k->v;
	const struct vary_named *known = vary_named_as(v, name);
	const char *same = bound_as(k, name);
	size_t way = vary_below(v, 10);
	char *wanted = vary_one_in(v, 2) ? take_wanted(v, name) : NULL;
	if (wanted)
		return wanted;
	if (strchr(name, '|'))
		return vary_fill(v, name, k->c);
	if (same && way < 3)
		return mem_strdup(same);
	if (same && way < 6)
		return vary_close(v, same);
	if (known && known->values.n && way < 9) {
		const char *value = known->values.v[vary_below(v, known->values.n)];
		return way < 8 ? mem_strdup(value) : vary_close(v, value);
	}
	return vary_fill(v, name, k->c);
}

/* Is it better what a call before had (an id, say), or another (a name that is there only once)? */
static bool
prefers_same(struct vary *v, const struct vary_form *f, size_t at)
{
	size_t rate[2];
	for (size_t i = 0; i < 2; i++)
		rate[i] = (f->good[at][i] + 1) * 1000 / (f->tries[at][i] + 2);
	return vary_below(v, rate[0] + rate[1]) < rate[1];
}

/* What stood for word `at` in a call that succeeded, or in one that somebody wrote down; heap. */
static char *
sound(struct composing *k, const struct vary_form *f, size_t at, const char *name)
{
	struct vary *v = k->v;
	const struct vary_named *known = vary_named_as(v, name);
	const char *same = bound_as(k, name);
	if (same && prefers_same(v, f, at))
		return mem_strdup(same);
	if (strchr(name, '|') || !known || !known->values.n)
		return choose(k, name);
	return mem_strdup(known->values.v[vary_below(v, known->values.n)]);
}

/* ---- enumerations ---- */

#define FEW 12 /* values that are tried with each other */
#define PAIRS_MAX 20000

/* All that may stand there, if that is known, and is not much. */
static void
few_values(struct vary *v, const char *name, struct strlist *ret)
{
	const struct vary_named *known = vary_named_as(v, name);
	struct str rest = str_of(name), one;
	while (strchr(name, '|') && str_next(&rest, '|', &one))
		if (!memchr(one.p, '<', one.n))
			strlist_add_str(ret, one);
	if (!strchr(name, '|') && known && known->values.n <= FEW)
		strlist_copy(ret, &known->values);
	if (ret->n < 2 || ret->n > FEW)
		strlist_cleanup(ret);
}

/* How often this stood in one call with what the call has; counted once more where `count`. */
static size_t
pairs_of(struct vary *v, const struct case_step *s, const char *name, const char *value, bool count)
{
	size_t sum = 0;
	for (size_t i = s->args.n > 1; i < s->args.n; i++) {
		OWN_FREE char *key =
			mem_printf("%s %zu %s %s %s", s->args.v[0], i, s->args.v[i], name, value);
		size_t n = (size_t)(uintptr_t)map_get(&v->pairs, key);
		bool odd = strlen(s->args.v[i]) > 20 || (!n && map_count(&v->pairs) >= PAIRS_MAX);
		if (count && !odd)
			map_put(&v->pairs, key, (void *)(uintptr_t)(n + 1));
		sum += odd ? 0 : n;
	}
	return sum;
}

/* Of a few values, one that stood least with what the call has so far; heap, NULL: they are not few. */
static char *
paired(struct vary *v, const struct case_step *s, const char *name)
{
	OWN(strlist) struct strlist few = {0};
	few_values(v, name, &few);
	size_t least = SIZE_MAX, ties = 0, best = 0;
	for (size_t i = 0; i < few.n; i++) {
		size_t n = pairs_of(v, s, name, few.v[i], false);
		ties = n < least ? 1 : ties + (n == least);
		if (n < least || (n == least && vary_one_in(v, ties)))
			best = i;
		least = n < least ? n : least;
	}
	if (!few.n)
		return NULL;
	(void)pairs_of(v, s, name, few.v[best], true);
	return mem_strdup(few.v[best]);
}

/* ---- calls ---- */

static size_t
holes_of(const struct vary_form *f)
{
	size_t n = 0;
	for (size_t i = 0; i < f->words.n; i++)
		n += strchr(f->words.v[i], SEED_HOLE) != NULL;
	return n;
}

/* A call of which everything is odd is refused for the first thing that is: mostly one argument is. */
static void
fill_form(struct composing *k, const struct vary_form *f, struct case_step *s)
{
	struct vary *v = k->v;
	bool with[CASE_ARGS_MAX + 1] = {true};
	bool all_odd = vary_one_in(v, 5);
	size_t odd = vary_below(v, holes_of(f) + 1), hole_at = 0;
	for (size_t i = 1; i <= CASE_ARGS_MAX; i++)
		with[i] = vary_one_in(v, 2);
	for (size_t i = 0; i < f->words.n; i++) {
		const char *word = f->words.v[i], *hole = strchr(word, SEED_HOLE);
		bool is_odd = all_odd || (hole && hole_at++ == odd);
		if (!with[f->group[i]])
			continue;
		if (!hole) {
			step_insert_arg(s, s->args.n, word);
			continue;
		}
		bool pairs = strchr(hole, '|') || (!is_odd && vary_one_in(v, 2));
		OWN_FREE char *put = pairs ? paired(v, s, hole + 1) : NULL;
		if (!put)
			put = is_odd ? choose(k, hole + 1) : sound(k, f, i, hole + 1);
		OWN_FREE char *whole = vary_splice(word, (size_t)(hole - word), strlen(hole), put);
		step_insert_arg(s, s->args.n, whole);
		if (i + 1 == f->words.n && vary_one_in(v, 8)) {
			OWN_FREE char *more = choose(k, hole + 1);
			step_insert_arg(s, s->args.n, more);
		}
	}
}

static bool
add_form_step(struct composing *k, const struct vary_form *f)
{
	struct case_step *s = case_add_step(k->c);
	if (!s)
		return false;
	fill_form(k, f, s);
	bind_step(k, s);
	return true;
}

static bool
add_copy(struct composing *k, const struct case_step *of)
{
	if (!case_insert_step(k->c, k->c->n, of))
		return false;
	bind_step(k, of);
	return true;
}

/* Of two, the one that succeeded less for what can be said in it. */
static const struct vary_form *
any_form(struct vary *v)
{
	const struct vary_form *a, *b;
	if (!v->nforms)
		return NULL;
	a = &v->forms[vary_below(v, v->nforms)];
	b = &v->forms[vary_below(v, v->nforms)];
	if (vary_one_in(v, 3))
		return a;
	return b->succeeded * (holes_of(a) + 1) < a->succeeded * (holes_of(b) + 1) ? b : a;
}

/* A call that succeeded before, of a command that stands not behind `from`, if there is one. */
static const struct case_step *
other_good(struct composing *k, size_t from)
{
	struct vary *v = k->v;
	const struct case_step *s = NULL;
	for (size_t i = 0; i < 12; i++) {
		s = &v->good[vary_below(v, v->ngood)];
		bool there = vary_is_worn(v, s) || vary_is_writer(v, &s->args);
		for (size_t at = from; !there && s->args.n && at < k->c->n; at++)
			there = k->c->steps[at].args.n &&
				strcmp(k->c->steps[at].args.v[0], s->args.v[0]) == 0;
		if (!there)
			break;
	}
	return s;
}

/* Calls of several kinds that show something; mostly those that leave things as they are. */
static void
show(struct composing *k)
{
	struct vary *v = k->v;
	size_t from = k->c->n;
	for (size_t i = 3 + vary_below(v, 6); i > 0; i--) {
		const struct vary_form *f = any_form(v);
		for (size_t tries = 5; f && tries > 0 && vary_is_writer(v, &f->words); tries--)
			f = any_form(v);
		if (f && (!v->ngood || vary_one_in(v, 2)))
			(void)add_form_step(k, f);
		else if (v->ngood)
			(void)add_copy(k, other_good(k, from));
	}
}

/* Of a few, the one that brought most for its tries. */
static struct vary_story *
any_story(struct vary *v)
{
	struct vary_story *best = v->stories;
	size_t most = 0;
	for (size_t i = 1 + vary_below(v, 3); i > 0; i--) {
		struct vary_story *s = &v->stories[vary_below(v, v->nstories)];
		size_t worth = (s->way.news + 1) * 100 / (s->way.tries + 3);
		if (worth > most) {
			best = s;
			most = worth;
		}
	}
	return best;
}

/* A story, up to one of its steps. */
static void
begin(struct composing *k)
{
	struct vary *v = k->v;
	if (!v->nstories)
		return;
	struct vary_story *chosen = any_story(v);
	const struct parity_case *story = &chosen->of;
	v->origin->on_story = &chosen->way;
	size_t n = story->n > STORY_STEPS ? STORY_STEPS : story->n;
	for (size_t i = 0; i < story->nfiles; i++)
		case_add_file(k->c, story->files[i].name, story->files[i].text);
	if (n && vary_one_in(v, 3))
		n = 1 + vary_below(v, n);
	for (size_t i = 0; i < n; i++)
		(void)add_copy(k, &story->steps[i]);
}

/* One that was made, or succeeded before, or is of a form; the last of the case. */
static bool
add_some_step(struct composing *k)
{
	struct vary *v = k->v;
	const struct vary_form *f = any_form(v), *other = any_form(v);
	if (other && vary_is_writer(v, &other->words))
		f = other;
	if (k->c->n && vary_one_in(v, 3))
		return add_copy(k, &k->c->steps[vary_below(v, k->c->n)]);
	if (f && !vary_one_in(v, 3))
		return add_form_step(k, f);
	return v->ngood && add_copy(k, other_good(k, 0));
}

/* ---- ways ---- */

static void
by_forms(struct composing *k)
{
	const struct vary_form *f = any_form(k->v);
	for (size_t i = 1 + vary_below(k->v, 8); i > 0; i--) {
		if (f)
			(void)add_form_step(k, f);
		else
			(void)add_some_step(k);
		if (vary_one_in(k->v, 2)) /* else one more of its kind, to be held against it */
			f = any_form(k->v);
	}
}

static void
by_sweep(struct composing *k)
{
	struct vary *v = k->v;
	if (!add_some_step(k) || k->c->steps[k->c->n - 1].args.n < 2)
		return;
	size_t from = k->c->n - 1, at = 1 + vary_below(v, k->c->steps[from].args.n - 1);
	int64_t by = vary_one_in(v, 2) ? 1 : -1;
	bool counts = !vary_one_in(v, 3);
	for (size_t i = 4 + vary_below(v, 8); i > 0; i--) {
		size_t last = k->c->n - 1;
		if (!case_insert_step(k->c, last + 1, &k->c->steps[last]))
			return;
		OWN_FREE char *next = counts ? vary_step(v, k->c->steps[last].args.v[at], by)
					     : vary_same_shape(v, k->c->steps[from].args.v[at]);
		step_set_arg(&k->c->steps[last + 1], at, next);
	}
}

/* What succeeds mostly where it is another one than before (a key) becomes another that is known. */
static void
renew_keys(struct composing *k, struct case_step *s)
{
	struct vary *v = k->v;
	for (size_t at = 1; at < s->args.n; at++) {
		size_t word;
		const struct vary_form *f = compose_form_of(v, s, at, &word);
		const struct vary_named *known = f && !prefers_same(v, f, word)
							 ? vary_named_as(v, f->words.v[word] + 1)
							 : NULL;
		if (known && known->values.n)
			step_set_arg(s, at, known->values.v[vary_below(v, known->values.n)]);
	}
}

/* Of a few that succeeded, the one with most to be changed, if it writes. */
static const struct case_step *
richest_good(struct vary *v)
{
	const struct case_step *best = NULL;
	for (size_t i = 0; v->ngood && i < 6; i++) {
		const struct case_step *s = &v->good[vary_below(v, v->ngood)];
		if (vary_is_writer(v, &s->args) && (!best || s->args.n > best->args.n))
			best = s;
	}
	return best;
}

/* One call with each of its arguments in turn a little different, so that what is kept of them lies beside each other. */
static bool
each_argument(struct composing *k)
{
	struct vary *v = k->v;
	const struct case_step *of = richest_good(v);
	if (!of || !add_copy(k, of))
		return false;
	size_t from = k->c->n - 1;
	for (size_t at = 1; at < k->c->steps[from].args.n && k->c->n + 6 < CASE_STEPS_MAX; at++) {
		(void)case_insert_step(k->c, k->c->n, &k->c->steps[from]);
		struct case_step *s = &k->c->steps[k->c->n - 1];
		renew_keys(k, s);
		OWN_FREE char *near = vary_close(v, s->args.v[at]);
		step_set_arg(s, at, near);
	}
	return true;
}

static void
by_twin(struct composing *k)
{
	struct vary *v = k->v;
	if (vary_one_in(v, 2) && each_argument(k))
		return;
	for (size_t i = 1 + vary_below(v, 4); i > 0; i--) {
		if (!add_some_step(k) || k->c->steps[k->c->n - 1].args.n < 2)
			continue;
		struct case_step *s = &k->c->steps[k->c->n - 1];
		size_t at = 1 + vary_below(v, s->args.n - 1),
		       other = 1 + vary_below(v, s->args.n - 1);
		if (!case_insert_step(k->c, k->c->n, s))
			return;
		s = &k->c->steps[k->c->n - 1];
		const char *name = compose_name_of(v, s, at);
		OWN_FREE char *put = name ? choose(k, name) : vary_same_shape(v, s->args.v[at]);
		step_set_arg(s, at, put);
		OWN_FREE char *near = vary_close(v, s->args.v[other]);
		if (other != at)
			step_set_arg(s, other, near);
	}
}

static void
by_pile(struct composing *k)
{
	struct vary *v = k->v;
	if (!add_some_step(k) || k->c->steps[k->c->n - 1].args.n < 2)
		return;
	size_t from = k->c->n - 1, last = k->c->steps[from].args.n - 1,
	       n = 2 + vary_below(v, CASE_STEPS_MAX - 8);
	for (size_t i = 0; i < n && k->c->n + 4 < CASE_STEPS_MAX; i++) {
		OWN_FREE char *text =
			vary_one_in(v, 3) ? vary_sentence(v)
					  : vary_step(v, k->c->steps[k->c->n - 1].args.v[last], 1);
		(void)case_insert_step(k->c, k->c->n, &k->c->steps[from]);
		step_set_arg(&k->c->steps[k->c->n - 1], last, text);
	}
}

/* ---- what may stand somewhere else, one after another ---- */

static void
change_text(char **text, size_t which)
{
	char *other = each_text(*text, which);
	if (strlen(other) > CASE_TEXT_MAX)
		other[CASE_TEXT_MAX] = '\0';
	free(*text);
	*text = other;
}

static void
by_each(struct composing *k)
{
	struct vary *v = k->v;
	if (!v->nplaces)
		return;
	struct vary_place *p = &v->places[v->next_place++ % v->nplaces];
	const struct parity_case *of = &p->of;
	const struct case_step *call = &of->steps[of->n - 1];
	for (size_t i = 0; i < of->nfiles; i++)
		case_add_file(k->c, of->files[i].name, of->files[i].text);
	for (size_t i = 0; i + 1 < of->n; i++)
		(void)add_copy(k, &of->steps[i]);
	if (p->kind == PLACE_FILE)
		change_text(&k->c->files[p->at].text, p->next++);
	for (size_t i = p->kind == PLACE_ARGUMENT ? 0 : EACH_VALUES - 1; i < EACH_VALUES; i++) {
		if (!add_copy(k, call))
			return;
		struct case_step *s = &k->c->steps[k->c->n - 1];
		if (p->kind == PLACE_INPUT)
			change_text(&s->input, p->next++);
		if (p->kind != PLACE_ARGUMENT)
			continue;
		renew_keys(k, s);
		OWN_FREE char *word = each_word(v, call->args.v[p->at], p->next++);
		step_set_arg(s, p->at, word);
	}
}

static bool
has_texts(const struct parity_case *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->steps[i].input)
			return true;
	return c->nfiles > 0;
}

/* A case that was new, and has files or inputs, if there is one. */
static void
bring_texts(struct composing *k)
{
	struct vary *v = k->v;
	for (size_t i = 0; i < 30 && !has_texts(k->c); i++) {
		const struct parity_case *other = &v->pool[vary_below(v, v->n)];
		if (!has_texts(other))
			continue;
		for (size_t f = 0; f < other->nfiles; f++)
			case_add_file(k->c, other->files[f].name, other->files[f].text);
		for (size_t s = 0; s < other->n; s++)
			(void)add_copy(k, &other->steps[s]);
	}
}

static void
by_texts(struct composing *k)
{
	struct vary *v = k->v;
	bring_texts(k);
	for (size_t i = 0; i < k->c->nfiles; i++)
		if (!vary_one_in(v, 3)) {
			char *text = vary_other_text(v, k->c->files[i].text);
			free(k->c->files[i].text);
			k->c->files[i].text = text;
		}
	for (size_t i = 0; i < k->c->n; i++)
		if (k->c->steps[i].input && !vary_one_in(v, 3)) {
			char *text = vary_other_text(v, k->c->steps[i].input);
			free(k->c->steps[i].input);
			k->c->steps[i].input = text;
		}
}

bool
compose_case(struct vary *v, enum compose_way way, struct parity_case *ret)
{
	static void (*const ways[])(struct composing *) = {
		[COMPOSE_FORMS] = by_forms,
		[COMPOSE_SWEEP] = by_sweep,
		[COMPOSE_TWIN] = by_twin,
		[COMPOSE_PILE] = by_pile,
		[COMPOSE_TEXTS] = by_texts,
		[COMPOSE_EACH] = by_each,
	};
	struct composing k = {.v = v, .c = ret};
	if (!v->nforms && !v->ngood)
		return false;
	if (way == COMPOSE_EACH && !v->nplaces)
		return false;
	if (way == COMPOSE_TEXTS || (way != COMPOSE_EACH && !vary_one_in(v, 5)))
		begin(&k);
	ways[way](&k);
	show(&k);
	vary_keep_none(v);
	return ret->n > 0;
}
