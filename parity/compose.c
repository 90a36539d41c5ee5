#include "parity/compose.h"

#include "parity/seed.h"
#include "parity/vary_text.h"

#include <ctype.h>
#include <string.h>

#define BOUND_MAX 32
#define STORY_STEPS (CASE_STEPS_MAX / 2)
#define PRINTED_WORDS 60 /* of one step */

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

/* What argument `at` is called; NULL: nobody says. */
static const char *
name_of(const struct vary *v, const struct case_step *s, size_t at)
{
	for (size_t i = 0; i < v->nforms; i++) {
		const struct vary_form *f = &v->forms[i];
		if (is_of_form(s, f) && at < f->words.n && !f->group[at] && is_hole(f->words.v[at]))
			return f->words.v[at] + 1;
	}
	return NULL;
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

/* What stands for a name; heap. */
static char *
choose(struct composing *k, const char *name)
{
	struct vary *v = k->v;
	const struct vary_named *known = vary_named_as(v, name);
	const char *same = bound_as(k, name);
	size_t way = vary_below(v, 10);
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

/* ---- calls ---- */

static void
fill_form(struct composing *k, const struct vary_form *f, struct case_step *s)
{
	struct vary *v = k->v;
	bool with[CASE_ARGS_MAX + 1] = {true};
	for (size_t i = 1; i <= CASE_ARGS_MAX; i++)
		with[i] = vary_one_in(v, 2);
	for (size_t i = 0; i < f->words.n; i++) {
		const char *word = f->words.v[i], *hole = strchr(word, SEED_HOLE);
		if (!with[f->group[i]])
			continue;
		if (!hole) {
			step_insert_arg(s, s->args.n, word);
			continue;
		}
		OWN_FREE char *put = choose(k, hole + 1);
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

static const struct vary_form *
any_form(struct vary *v)
{
	return v->nforms ? &v->forms[vary_below(v, v->nforms)] : NULL;
}

/* A call that succeeded before, of a command that stands not behind `from`, if there is one. */
static const struct case_step *
other_good(struct composing *k, size_t from)
{
	struct vary *v = k->v;
	const struct case_step *s = NULL;
	for (size_t i = 0; i < 12; i++) {
		bool there = false;
		s = &v->good[vary_below(v, v->ngood)];
		for (size_t at = from; !there && s->args.n && at < k->c->n; at++)
			there = k->c->steps[at].args.n &&
				strcmp(k->c->steps[at].args.v[0], s->args.v[0]) == 0;
		if (!there)
			break;
	}
	return s;
}

/* Calls of several kinds that show something. */
static void
show(struct composing *k)
{
	struct vary *v = k->v;
	size_t from = k->c->n;
	for (size_t i = 4 + vary_below(v, 7); i > 0; i--) {
		const struct vary_form *f = any_form(v);
		if (f && (!v->ngood || vary_one_in(v, 2)))
			(void)add_form_step(k, f);
		else if (v->ngood)
			(void)add_copy(k, other_good(k, from));
	}
}

/* Of two, the one that brought more for its tries, or is longer. */
static struct vary_story *
any_story(struct vary *v)
{
	struct vary_story *best = NULL;
	size_t most = 0;
	for (size_t i = 0; i < 3; i++) {
		struct vary_story *s = &v->stories[vary_below(v, v->nstories)];
		size_t worth =
			(s->way.news + 1) * 100 * (s->of.n + s->of.nfiles) / (s->way.tries + 3);
		if (!best || worth > most) {
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
	const struct vary_form *f = any_form(v);
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
	for (size_t i = 1 + vary_below(k->v, 8); i > 0; i--)
		if (k->v->nforms)
			(void)add_form_step(k, any_form(k->v));
		else
			(void)add_some_step(k);
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

static void
by_twin(struct composing *k)
{
	struct vary *v = k->v;
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

static void
by_texts(struct composing *k)
{
	struct vary *v = k->v;
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

static void
learn_arguments(struct vary *v, const struct case_step *s)
{
	for (size_t i = 1; i < s->args.n; i++) {
		const char *name = name_of(v, s, i);
		if (name && strlen(s->args.v[i]) < 60)
			vary_add_named(v, name, str_of(s->args.v[i]));
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

/* The steps that succeeded; false: there was none. */
static bool
story_of(const struct parity_case *c, const struct parity_seen *seen, struct parity_case *ret)
{
	for (size_t i = 0; i < c->nfiles; i++)
		case_add_file(ret, c->files[i].name, c->files[i].text);
	for (size_t i = 0; i < c->n && i < seen->n; i++)
		if (seen->steps[i].exit_code == 0 && seen->steps[i].cause == CAUSE_NONE)
			(void)case_insert_step(ret, ret->n, &c->steps[i]);
	return ret->n > 0;
}

static void
keep_story(struct vary *v, struct parity_case *story)
{
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
		if (s->exit_code != 0 || s->cause != CAUSE_NONE)
			continue;
		learn_arguments(v, &c->steps[i]);
		learn_words(v, &s->out);
	}
	bool leaves = seen->files.n != v->nothing.n ||
		      memcmp(seen->files.p, v->nothing.p, v->nothing.n) != 0;
	if (leaves && (is_new || v->nstories < 10) && story_of(c, seen, &story))
		keep_story(v, &story);
}
