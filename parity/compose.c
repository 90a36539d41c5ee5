#include "parity/compose.h"

#include "parity/seed.h"
#include "parity/vary_text.h"

#include <ctype.h>
#include <string.h>

#define BOUND_MAX 32
#define STORY_STEPS (CASE_STEPS_MAX / 2)
#define PRINTED_WORDS 60 /* of one step */
#define WANTED_MAX 20
#define HINT_MAX 4 /* bytes that a program adds to a word, or would have others for */

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
static bool
is_of_form(const struct case_step *s, const struct vary_form *f)
{
	size_t i = 0;
	for (; i < f->words.n && !f->group[i] && !strchr(f->words.v[i], SEED_HOLE); i++)
		if (i >= s->args.n || strcmp(s->args.v[i], f->words.v[i]) != 0)
			return false;
	return i > 0;
}

/* The form that has a name for argument `at`; NULL: nobody says what it is called. */
static struct vary_form *
form_of(struct vary *v, const struct case_step *s, size_t at)
{
	for (size_t i = 0; i < v->nforms; i++) {
		struct vary_form *f = &v->forms[i];
		if (is_of_form(s, f) && at < f->words.n && !f->group[at] && is_hole(f->words.v[at]))
			return f;
	}
	return NULL;
}

static const char *
name_of(struct vary *v, const struct case_step *s, size_t at)
{
	const struct vary_form *f = form_of(v, s, at);
	return f ? f->words.v[at] + 1 : NULL;
}

static void
bind_step(struct composing *k, const struct case_step *s)
{
	for (size_t i = 1; i < s->args.n; i++) {
		const char *name = name_of(k->v, s, i);
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

static struct vary_named *
wanted_as(struct vary *v, const char *name)
{
	for (size_t i = 0; i < v->nwanted; i++)
		if (strcasecmp(v->wanted[i].name, name) == 0)
			return &v->wanted[i];
	return NULL;
}

/* What a program said it wanted there, once; heap, NULL: there is nothing. */
static char *
take_wanted(struct vary *v, const char *name)
{
	struct vary_named *w = wanted_as(v, name);
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
		OWN_FREE char *put = is_odd ? choose(k, hole + 1) : sound(k, f, i, hole + 1);
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
	v->on_story = &chosen->way;
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
		const struct vary_form *f = form_of(v, s, at);
		const struct vary_named *known =
			f && !prefers_same(v, f, at) ? vary_named_as(v, f->words.v[at] + 1) : NULL;
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
		const char *name = name_of(v, s, at);
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
	};
	struct composing k = {.v = v, .c = ret};
	if (!v->nforms && !v->ngood)
		return false;
	if (way == COMPOSE_TEXTS || !vary_one_in(v, 5))
		begin(&k);
	ways[way](&k);
	show(&k);
	vary_keep_none(v);
	return ret->n > 0;
}

/* ---- what is learnt ---- */

/* Had a step before this one the same under that name? */
static bool
was_said(struct vary *v, const struct parity_case *c, size_t step, const char *name,
	const char *text)
{
	for (size_t i = 0; i < step; i++)
		for (size_t at = 1; at < c->steps[i].args.n; at++) {
			const char *other = strcmp(c->steps[i].args.v[at], text) == 0
						    ? name_of(v, &c->steps[i], at)
						    : NULL;
			if (other && strcasecmp(other, name) == 0)
				return true;
		}
	return false;
}

static void
learn_sameness(struct vary *v, const struct parity_case *c, size_t step, bool good)
{
	const struct case_step *s = &c->steps[step];
	for (size_t at = 1; at < s->args.n; at++) {
		struct vary_form *f = form_of(v, s, at);
		if (!f)
			continue;
		bool same = was_said(v, c, step, f->words.v[at] + 1, s->args.v[at]);
		f->tries[at][same]++;
		f->good[at][same] += good;
	}
}

static void
learn_success(struct vary *v, const struct case_step *s)
{
	for (size_t i = 0; i < v->nforms; i++)
		v->forms[i].succeeded += is_of_form(s, &v->forms[i]);
}

static void
learn_arguments(struct vary *v, const struct case_step *s)
{
	for (size_t i = 1; i < s->args.n; i++) {
		const char *name = name_of(v, s, i);
		if (name && strlen(s->args.v[i]) < 60)
			vary_add_named(v, name, str_of(s->args.v[i]));
	}
}

static bool
has_shape_of(struct str word, const char *text)
{
	if (strlen(text) != word.n || str_eq(word, text))
		return false;
	for (size_t i = 0; i < word.n; i++) {
		unsigned char a = (unsigned char)word.p[i], b = (unsigned char)text[i];
		if (!isdigit(a) != !isdigit(b) || !isupper(a) != !isupper(b) ||
			(!isalnum(a) && a != b))
			return false;
	}
	return true;
}

static bool
is_code(const char *text)
{
	bool digit = false, letter = false;
	for (; *text; text++) {
		if (isspace((unsigned char)*text))
			return false;
		digit = digit || isdigit((unsigned char)*text);
		letter = letter || isalpha((unsigned char)*text);
	}
	return digit && letter;
}

static bool
is_digits(struct str s)
{
	size_t i = 0;
	while (i < s.n && isdigit((unsigned char)s.p[i]))
		i++;
	return i > 0 && i == s.n;
}

/* To be tried; what succeeds is a value then. */
static void
add_wanted(struct vary *v, const char *name, struct str value)
{
	struct vary_named *w = wanted_as(v, name);
	OWN_FREE char *text = str_dup(value);
	if (!w && v->nwanted < sizeof(v->wanted) / sizeof(*v->wanted)) {
		w = &v->wanted[v->nwanted++];
		w->name = mem_strdup(name);
	}
	if (w && w->values.n < WANTED_MAX)
		strlist_add_new(&w->values, text);
}

/* A program that says what a code should have been (its check digit, or the whole of it) says a value of the argument's name. */
static void
learn_hint(struct vary *v, const char *name, const char *text, struct str word)
{
	size_t n = strlen(text);
	if (n <= HINT_MAX || !is_code(text))
		return;
	bool goes_on = word.n > n && word.n <= n + HINT_MAX && str_starts(word, text) &&
		       is_digits((struct str){word.p + n, word.n - n});
	if (goes_on || has_shape_of(word, text)) {
		add_wanted(v, name, word);
		return;
	}
	if (word.n > HINT_MAX || !is_digits(word) ||
		!is_digits((struct str){text + n - word.n, word.n}))
		return;
	OWN_FREE char *put = str_dup(word);
	OWN_FREE char *mended = vary_splice(text, n - word.n, word.n, put);
	add_wanted(v, name, str_of(mended));
}

static void
learn_hints(struct vary *v, const struct case_step *s, const struct seen_step *seen)
{
	struct str rest = buf_str(seen->out.n ? &seen->out : &seen->err), line, word;
	if (!str_next_line(&rest, &line) || rest.n)
		return;
	for (size_t i = 1; i < s->args.n; i++) {
		const char *name = name_of(v, s, i);
		struct str words = line;
		while (name && str_next_word(&words, &word))
			learn_hint(v, name, s->args.v[i], word);
	}
}

static void
learn_words(struct vary *v, const struct buf *out)
{
	struct str rest = buf_str(out), word;
	for (size_t i = 0; i < PRINTED_WORDS && str_next_word(&rest, &word); i++) {
		while (word.n && strchr(",;:.", word.p[word.n - 1]))
			word.n--;
		if (word.n > 2 && word.n < 40)
			vary_add_printed(v, word);
	}
}

static bool
any_writes(const struct parity_seen *seen)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->steps[i].writes)
			return true;
	return false;
}

/* The steps that succeeded, those that wrote where any is known to; false: there was none. */
static bool
story_of(const struct parity_case *c, const struct parity_seen *seen, struct parity_case *ret)
{
	bool written = any_writes(seen);
	for (size_t i = 0; i < c->nfiles; i++)
		case_add_file(ret, c->files[i].name, c->files[i].text);
	for (size_t i = 0; i < c->n && i < seen->n; i++)
		if (seen->steps[i].exit_code == 0 && seen->steps[i].cause == CAUSE_NONE &&
			(seen->steps[i].writes || !written))
			(void)case_insert_step(ret, ret->n, &c->steps[i]);
	return ret->n > 0;
}

static void
keep_story(struct vary *v, struct parity_case *story)
{
	for (size_t i = 0; i < v->nstories; i++)
		if (case_equal(&v->stories[i].of, story))
			return;
	bool full = v->nstories == sizeof(v->stories) / sizeof(*v->stories);
	struct vary_story *at = &v->stories[full ? vary_below(v, v->nstories) : v->nstories++];
	parity_case_cleanup(&at->of);
	*at = (struct vary_story){.of = *story};
	*story = (struct parity_case){0};
}

void
compose_learn(
	struct vary *v, const struct parity_case *c, const struct parity_seen *seen, bool is_new)
{
	OWN(parity_case) struct parity_case story = {0};
	for (size_t i = 0; i < c->n && i < seen->n; i++) {
		const struct seen_step *s = &seen->steps[i];
		learn_hints(v, &c->steps[i], s);
		learn_sameness(v, c, i, s->exit_code == 0 && s->cause == CAUSE_NONE);
		if (s->exit_code != 0 || s->cause != CAUSE_NONE)
			continue;
		learn_success(v, &c->steps[i]);
		learn_arguments(v, &c->steps[i]);
		learn_words(v, &s->out);
	}
	bool leaves = seen->files.n != v->nothing.n ||
		      memcmp(seen->files.p, v->nothing.p, v->nothing.n) != 0;
	if (leaves && (is_new || v->nstories < 10) && story_of(c, seen, &story))
		keep_story(v, &story);
}
