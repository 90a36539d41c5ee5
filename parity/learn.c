#include "parity/learn.h"

#include "parity/compose.h"
#include "parity/each.h"
#include "parity/vary_text.h"

#include <ctype.h>
#include <string.h>

#define PRINTED_WORDS 60 /* of one step */
#define WANTED_MAX 20
#define HINT_MAX 4 /* bytes that a program adds to a word, or would have others for */

/* Had a step before this one the same under that name? */
static bool
was_said(struct vary *v, const struct parity_case *c, size_t step, const char *name,
	const char *text)
{
	for (size_t i = 0; i < step; i++)
		for (size_t at = 1; at < c->steps[i].args.n; at++) {
			const char *other = strcmp(c->steps[i].args.v[at], text) == 0
						    ? compose_name_of(v, &c->steps[i], at)
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
		size_t word;
		struct vary_form *f = compose_form_of(v, s, at, &word);
		if (!f)
			continue;
		bool same = was_said(v, c, step, f->words.v[word] + 1, s->args.v[at]);
		f->tries[word][same]++;
		f->good[word][same] += good;
	}
}

static void
learn_success(struct vary *v, const struct case_step *s)
{
	for (size_t i = 0; i < v->nforms; i++)
		v->forms[i].succeeded += compose_is_of_form(s, &v->forms[i]);
}

static void
learn_arguments(struct vary *v, const struct case_step *s)
{
	for (size_t i = 1; i < s->args.n; i++) {
		const char *name = compose_name_of(v, s, i);
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
	struct vary_named *w = vary_named_in(v->wanted, v->nwanted, name);
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
		const char *name = compose_name_of(v, s, i);
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

/* How wide its lines are at most: programs fill and break lines at widths. */
static void
learn_width(struct vary *v, const struct buf *out)
{
	struct str rest = buf_str(out), line;
	size_t most = 0;
	while (str_next_line(&rest, &line))
		most = line.n > most ? line.n : most;
	for (size_t i = 0; i < v->nwidths; i++)
		if (v->widths[i] == most)
			return;
	if (most >= WIDTH_MIN && most <= WIDTH_MAX && v->nwidths < VARY_WIDTHS)
		v->widths[v->nwidths++] = most;
}

/* ---- places ---- */

#define BEFORE_MAX 8 /* calls before the one with the place */

/* The files, the calls before it that wrote, and the call; false: it is too much. */
static bool
scene_of(const struct parity_case *c, const struct parity_seen *seen, size_t step,
	struct parity_case *ret)
{
	for (size_t i = 0; i < c->nfiles; i++)
		case_add_file(ret, c->files[i].name, c->files[i].text);
	for (size_t i = 0; i < step && ret->n <= BEFORE_MAX; i++)
		if (seen->steps[i].exit_code == 0 && seen->steps[i].cause == CAUSE_NONE &&
			seen->steps[i].writes)
			(void)case_insert_step(ret, ret->n, &c->steps[i]);
	return ret->n <= BEFORE_MAX && case_insert_step(ret, ret->n, &c->steps[step]);
}

/* Of one place, the call that says most is kept. */
static void
note_place(struct vary *v, const char *key, struct vary_place new, const struct parity_case *scene)
{
	struct vary_place *p = map_get(&v->places_of, key);
	if (p && p->rich * 3 / 2 >= new.rich)
		return;
	if (!p && v->nplaces == VARY_PLACES)
		return;
	if (!p) {
		p = &v->places[v->nplaces++];
		map_put(&v->places_of, key, p);
	}
	new.next = p->next;
	parity_case_cleanup(&p->of);
	*p = new;
	case_copy(&p->of, scene);
}

/* Where other things may stand: an argument is told by its option, or by its number and the words before the first that varies. */
static void
learn_places(
	struct vary *v, const struct parity_case *c, const struct parity_seen *seen, size_t step)
{
	OWN(parity_case) struct parity_case scene = {0};
	const struct case_step *s = &c->steps[step];
	size_t rich = 1 + seen->steps[step].out.n;
	if (!s->args.n || !scene_of(c, seen, step, &scene))
		return;
	for (size_t at = 1; at < s->args.n; at++) {
		bool valued = s->args.v[at - 1][0] == '-';
		OWN_FREE char *key = valued ? mem_printf("%s %s", s->args.v[0], s->args.v[at - 1])
					    : mem_printf("%s %zu", s->args.v[0], at);
		if (s->args.v[at][0] != '-' && strlen(s->args.v[at]) < 60)
			note_place(v, key,
				(struct vary_place){.kind = PLACE_ARGUMENT, .at = at, .rich = rich},
				&scene);
		for (size_t f = 0; f < c->nfiles; f++) {
			if (strcmp(c->files[f].name, s->args.v[at]) != 0)
				continue;
			OWN_FREE char *of_file = mem_printf("%s <%zu", s->args.v[0], at);
			note_place(v, of_file,
				(struct vary_place){.kind = PLACE_FILE, .at = f, .rich = rich},
				&scene);
		}
	}
	OWN_FREE char *of_input = mem_printf("%s <", s->args.v[0]);
	if (s->input && *s->input)
		note_place(v, of_input, (struct vary_place){.kind = PLACE_INPUT, .rich = rich},
			&scene);
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
learn_case(struct vary *v, const struct parity_case *c, const struct parity_seen *seen, bool is_new)
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
		learn_width(v, &s->out);
		learn_places(v, c, seen, i);
	}
	bool leaves = seen->files.n != v->nothing.n ||
		      memcmp(seen->files.p, v->nothing.p, v->nothing.n) != 0;
	if (leaves && (is_new || v->nstories < 10) && story_of(c, seen, &story))
		keep_story(v, &story);
}
