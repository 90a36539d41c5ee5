#include "parity/vary.h"

#include "parity/compose.h"
#include "parity/learn.h"
#include "parity/seed.h"
#include "parity/vary_text.h"

#include <ctype.h>
#include <string.h>

#define POOL_MAX 3000
#define KIND_MAX 100
#define LINES_MAX 300 /* of one stream */

/* ---- holes of usages ---- */

static void
fill_holes(struct vary *v, struct parity_case *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->steps[i].args.n; k++) {
			const char *arg = c->steps[i].args.v[k], *hole = strchr(arg, SEED_HOLE);
			if (!hole)
				continue;
			OWN_FREE char *put = vary_fill(v, hole + 1, c);
			OWN_FREE char *whole =
				vary_splice(arg, (size_t)(hole - arg), strlen(hole), put);
			step_set_arg(&c->steps[i], k, whole);
		}
}

/* A sample that a call names is there. */
static void
bring_samples(struct vary *v, struct parity_case *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->steps[i].args.n; k++) {
			const char *arg = c->steps[i].args.v[k], *name = strrchr(arg, '/');
			name = name ? name + 1 : arg;
			for (size_t f = 0; f < v->nsamples; f++) {
				if (strcmp(v->samples[f].name, name) != 0)
					continue;
				case_add_file(c, name, v->samples[f].text);
				if (name != arg) {
					OWN_FREE char *plain = mem_strdup(name);
					step_set_arg(&c->steps[i], k, plain);
				}
				break;
			}
		}
}

/* ---- variations ---- */

static const struct parity_case *
any_case(struct vary *v)
{
	if (v->nleaving && vary_one_in(v, 2))
		return &v->pool[v->leaving[v->nleaving - 1 - vary_below(v, v->nleaving)]];
	size_t fresh = v->n - v->first_new;
	if (fresh && vary_one_in(v, 2)) {
		size_t window = fresh < 60 ? fresh : 60;
		return &v->pool[v->n - 1 - vary_below(v, window)];
	}
	return &v->pool[vary_below(v, v->n)];
}

/* A step, or all of them, of another case. */
static void
take_steps(struct vary *v, struct parity_case *c)
{
	/* What somebody wrote down names every command; what was new grows by few of them. */
	const struct parity_case *other =
		vary_one_in(v, 2) ? &v->pool[vary_below(v, v->first_new)] : any_case(v);
	for (size_t i = 0; i < other->nfiles; i++)
		case_add_file(c, other->files[i].name, other->files[i].text);
	if (!other->n)
		return;
	if (vary_one_in(v, 3))
		for (size_t i = 0; i < other->n; i++)
			(void)case_insert_step(c, c->n, &other->steps[i]);
	else
		(void)case_insert_step(c, vary_one_in(v, 2) ? c->n : vary_below(v, c->n + 1),
			&other->steps[vary_below(v, other->n)]);
	fill_holes(v, c);
}

/* An argument becomes what another call of the same command has there. */
static void
cross_step(struct vary *v, struct case_step *s)
{
	for (size_t i = 0; i < 20 && s->args.n > 1; i++) {
		const struct parity_case *other = any_case(v);
		const struct case_step *from =
			other->n ? &other->steps[vary_below(v, other->n)] : s;
		size_t at = 1 + vary_below(v, s->args.n - 1);
		if (from->args.n <= at || strcmp(from->args.v[0], s->args.v[0]) != 0)
			continue;
		step_set_arg(s, at, from->args.v[at]);
		return;
	}
}

/* An option, or another argument, of a call of the same command, with what is behind it. */
static void
take_option(struct vary *v, struct case_step *s)
{
	for (size_t i = 0; i < 30; i++) {
		const struct parity_case *other =
			vary_one_in(v, 2) ? &v->pool[vary_below(v, v->first_new)] : any_case(v);
		const struct strlist *from =
			&other->steps[other->n ? vary_below(v, other->n) : 0].args;
		size_t at = 1 + vary_below(v, from->n);
		if (!other->n || from->n <= at || strcmp(from->v[0], s->args.v[0]) != 0)
			continue;
		step_insert_arg(s, s->args.n, from->v[at]);
		if (from->v[at][0] == '-' && at + 1 < from->n && from->v[at + 1][0] != '-')
			step_insert_arg(s, s->args.n, from->v[at + 1]);
		return;
	}
}

/* The first word says what the others mean: another one only now and then. */
static size_t
argument_to_change(struct vary *v, const struct case_step *s)
{
	return s->args.n > 1 && !vary_one_in(v, 15) ? 1 + vary_below(v, s->args.n - 1) : 0;
}

static void
change_one(struct vary *v, struct case_step *s)
{
	size_t way = vary_below(v, 14);
	OWN_FREE char *word = NULL;
	if (s->args.n && (way == 12 || (s->args.n == 1 && !vary_one_in(v, 8)))) {
		take_option(v, s);
	} else if (way == 13) {
		cross_step(v, s);
	} else if (way < 9 && s->args.n) {
		size_t at = argument_to_change(v, s);
		word = vary_other_word(v, s->args.v[at]);
		step_set_arg(s, at, word);
	} else if (way < 10) {
		word = vary_any_word(v);
		step_insert_arg(s, vary_below(v, s->args.n + 1), word);
	} else if (way == 10 && s->args.n) {
		step_drop_arg(s, argument_to_change(v, s));
	} else if (s->input || vary_one_in(v, 4)) {
		char *text = vary_other_text(v, s->input ? s->input : vary_sample(v));
		free(s->input);
		s->input = text;
	}
}

static void
change_step(struct vary *v, struct parity_case *c)
{
	change_one(v, &c->steps[vary_below(v, c->n)]);
}

static void
change_file(struct vary *v, struct parity_case *c)
{
	struct case_file *f = &c->files[vary_below(v, c->nfiles)];
	char *text = vary_other_text(v, f->text);
	free(f->text);
	f->text = text;
}

static void
change_order(struct vary *v, struct parity_case *c)
{
	size_t a = vary_below(v, c->n), b = vary_below(v, c->n);
	struct case_step s = c->steps[a];
	if (vary_one_in(v, 3) && c->n > 1) {
		case_drop_step(c, a);
	} else if (vary_one_in(v, 2)) {
		(void)case_insert_step(c, b, &c->steps[a]);
	} else {
		c->steps[a] = c->steps[b];
		c->steps[b] = s;
	}
}

static void
vary_once(struct vary *v, struct parity_case *c)
{
	size_t way = vary_below(v, 12);
	if (!c->n || way < 3)
		take_steps(v, c);
	else if (way < 4)
		change_order(v, c);
	else if (way < 7 && c->nfiles)
		change_file(v, c);
	else
		change_step(v, c);
}

/* Calls that show something come behind what was changed. */
static void
look_behind(struct vary *v, struct parity_case *c)
{
	for (size_t i = 1 + vary_below(v, 3); i > 0 && v->ngood; i--) {
		if (vary_one_in(v, 2))
			take_steps(v, c);
		else if (case_insert_step(c, c->n, &v->good[vary_below(v, v->ngood)]) &&
			 vary_one_in(v, 2))
			change_one(v, &c->steps[c->n - 1]);
	}
}

/* One call many times, each a little different. */
static void
repeat_one(struct vary *v, struct parity_case *c)
{
	size_t at = vary_below(v, c->n);
	for (size_t i = 2 + vary_below(v, vary_one_in(v, 4) ? CASE_STEPS_MAX : 5); i > 0; i--) {
		if (case_insert_step(c, at + 1, &c->steps[at]) && !vary_one_in(v, 4))
			change_one(v, &c->steps[at + 1]);
	}
}

/* Of what is to be varied; what a call does not take, most programs only say. */
static void
vary_case(struct vary *v, struct parity_case *c)
{
	for (size_t i = 1 + vary_below(v, 3); i > 0; i--)
		vary_once(v, c);
	for (size_t i = 0; i < c->n; i++)
		if (vary_one_in(v, 3))
			change_one(v, &c->steps[i]);
	fill_holes(v, c);
	if (c->n && vary_one_in(v, 3))
		repeat_one(v, c);
	else if (!vary_one_in(v, 3))
		look_behind(v, c);
}

/* Half of the time any way, else one by what it brought for its tries. */
static size_t
any_way(struct vary *v)
{
	size_t weight[VARY_WAYS], sum = 0, i = 0;
	if (vary_one_in(v, 2))
		return vary_below(v, VARY_WAYS);
	for (size_t k = 0; k < VARY_WAYS; k++)
		sum += weight[k] = 1 + (v->ways[k].news + 1) * 100 / (v->ways[k].tries + 2);
	for (size_t at = vary_below(v, sum); at >= weight[i]; i++)
		at -= weight[i];
	return i;
}

static void
vary_new(struct vary *v, struct parity_case *ret)
{
	size_t way = vary_one_in(v, 4) ? 1 + COMPOSE_EACH : any_way(v);
	v->origin->way = &v->ways[way];
	if (way && compose_case(v, (enum compose_way)(way - 1), ret))
		return;
	parity_case_cleanup(ret);
	case_copy(ret, any_case(v));
	vary_case(v, ret);
}

void
vary_next(struct vary *v, struct parity_case *ret, struct vary_origin *ret_origin)
{
	bool as_it_is = v->next < v->first_new;
	*ret_origin = (struct vary_origin){0};
	v->origin = ret_origin;
	if (as_it_is)
		case_copy(ret, &v->pool[v->next++]);
	else
		vary_new(v, ret);
	fill_holes(v, ret);
	bring_samples(v, ret);
	if (!ret->n)
		case_add_step(ret);
}

/* ---- what is new ---- */

char *
vary_kind(const struct vary *v, struct str line)
{
	OWN(buf) struct buf out = {.max = KIND_MAX};
	for (size_t i = 0; i < line.n;) {
		unsigned char c = (unsigned char)line.p[i];
		size_t n = 1;
		while (i + n < line.n && isalpha(c) && isalpha((unsigned char)line.p[i + n]))
			n++;
		struct str word = {line.p + i, n};
		if (isalpha(c) && map_get_str(&v->known, word))
			buf_add_str(&out, word);
		else {
			char is = isalpha(c) ? 'a' : isdigit(c) ? '0' : c < 128 ? (char)c : 'a';
			if (!out.n || out.p[out.n - 1] != is ||
				(is != '0' && is != ' ' && is != 'a'))
				buf_putc(&out, is);
		}
		i += n;
	}
	return buf_take(&out);
}

static bool
note_kind(struct vary *v, const char *what, struct str line)
{
	OWN_FREE char *kind = vary_kind(v, line);
	OWN_FREE char *key = mem_printf("%s %s", what, kind);
	if (map_get(&v->kinds, key))
		return false;
	map_put(&v->kinds, key, v);
	return true;
}

static bool
note_text(struct vary *v, const char *what, const struct buf *text)
{
	struct str rest = buf_str(text), line;
	bool new = false;
	for (size_t i = 0; i < LINES_MAX && str_next_line(&rest, &line); i++)
		new = note_kind(v, what, line) || new;
	return new;
}

/* ---- what calls show ---- */

#define WORN 4 /* times that a call said the same */
#define SAID_MAX 20000

/* By digest: inputs may be long, and many are kept. */
static struct hash_hex
key_of(const struct case_step *s)
{
	OWN(buf) struct buf key = {0};
	buf_puts(&key, s->input ? s->input : "");
	for (size_t i = 0; i < s->args.n; i++) {
		buf_putc(&key, '\0');
		buf_puts(&key, s->args.v[i]);
	}
	return hash_bytes(buf_str(&key));
}

static void
note_said(struct vary *v, const struct case_step *of, const struct seen_step *seen)
{
	struct hash_hex key = key_of(of);
	struct hash_hex text = hash_bytes(buf_str(&seen->out));
	struct vary_said *s = map_get(&v->of_call, key.s);
	if (!s && map_count(&v->of_call) < SAID_MAX) {
		s = mem_new(struct vary_said);
		*s = (struct vary_said){.next = v->said, .text = text};
		v->said = s;
		map_put(&v->of_call, key.s, s);
	}
	if (!s)
		return;
	if (seen->writes && of->args.n)
		map_put(&v->writers, of->args.v[0], v);
	s->times++;
	s->differs = s->differs || strcmp(s->text.s, text.s) != 0;
}

bool
vary_is_worn(const struct vary *v, const struct case_step *of)
{
	struct hash_hex key = key_of(of);
	const struct vary_said *s = map_get(&v->of_call, key.s);
	return s && s->times >= WORN && !s->differs;
}

bool
vary_is_writer(const struct vary *v, const struct strlist *words)
{
	return words->n && map_get(&v->writers, words->v[0]);
}

#define GOOD_MAX 400

static void
note_good(struct vary *v, const struct case_step *of, const struct seen_step *seen)
{
	if (seen->exit_code != 0 || seen->cause != CAUSE_NONE || !seen->out.n ||
		v->ngood == GOOD_MAX)
		return;
	v->good = mem_grow(v->good, v->ngood, &v->good_cap, sizeof(*v->good));
	struct case_step *s = &v->good[v->ngood++];
	*s = (struct case_step){.input = of->input ? mem_strdup(of->input) : NULL};
	strlist_copy(&s->args, &of->args);
}

/* Of one step: is a kind of line new? */
static bool
learn_step(struct vary *v, const struct case_step *of, const struct seen_step *seen)
{
	OWN_FREE char *exit =
		mem_printf("exit %d %d %d", seen->exit_code, seen->signal, seen->cause);
	bool new = note_kind(v, exit, str_of(of->args.n ? of->args.v[0] : ""));
	new = note_text(v, "out", &seen->out) || new;
	return note_text(v, "err", &seen->err) || new;
}

static void
vary_tell(struct vary_way *w, bool is_new)
{
	if (!w)
		return;
	w->tries++;
	w->news += is_new;
}

bool
vary_learn(struct vary *v, const struct parity_case *c, const struct parity_seen *seen, size_t n,
	const struct vary_origin *origin)
{
	bool any = false, any_good = false;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < seen[i].n; k++) {
			bool new = learn_step(v, &c->steps[k], &seen[i].steps[k]);
			if (i == 0)
				note_said(v, &c->steps[k], &seen[i].steps[k]);
			if (new)
				note_good(v, &c->steps[k], &seen[i].steps[k]);
			any = any || new;
			any_good = any_good || (new &&seen[i].steps[k].exit_code == 0);
		}
	if (!v->nothing.n && n)
		buf_add_str(&v->nothing, buf_str(&seen[0].files));
	if (n)
		learn_case(v, c, &seen[0], any);
	vary_tell(origin->way, any_good);
	vary_tell(origin->on_story, any_good);
	if (!any || v->n >= POOL_MAX)
		return any;
	if (n && (seen[0].files.n != v->nothing.n ||
			 memcmp(seen[0].files.p, v->nothing.p, v->nothing.n) != 0)) {
		v->leaving =
			mem_grow(v->leaving, v->nleaving, &v->leaving_cap, sizeof(*v->leaving));
		v->leaving[v->nleaving++] = v->n;
	}
	v->pool = mem_grow(v->pool, v->n, &v->cap, sizeof(*v->pool));
	v->pool[v->n] = (struct parity_case){0};
	case_copy(&v->pool[v->n++], c);
	return true;
}

void
vary_cleanup(struct vary *v)
{
	for (size_t i = 0; i < v->n; i++)
		parity_case_cleanup(&v->pool[i]);
	free(v->pool);
	for (size_t i = 0; i < v->nsamples; i++) {
		free(v->samples[i].name);
		free(v->samples[i].text);
	}
	for (size_t i = 0; i < v->ngood; i++) {
		strlist_cleanup(&v->good[i].args);
		free(v->good[i].input);
	}
	free(v->good);
	strlist_cleanup(&v->words);
	strlist_cleanup(&v->numbers);
	strlist_cleanup(&v->values);
	for (size_t i = 0; i < v->nnamed; i++) {
		free(v->named[i].name);
		strlist_cleanup(&v->named[i].values);
	}
	for (size_t i = 0; i < v->nwanted; i++) {
		free(v->wanted[i].name);
		strlist_cleanup(&v->wanted[i].values);
	}
	for (size_t i = 0; i < v->nforms; i++)
		strlist_cleanup(&v->forms[i].words);
	for (size_t i = 0; i < v->nstories; i++)
		parity_case_cleanup(&v->stories[i].of);
	for (size_t i = 0; i < v->nplaces; i++)
		parity_case_cleanup(&v->places[i].of);
	map_cleanup(&v->places_of);
	map_cleanup(&v->pairs);
	strlist_cleanup(&v->printed);
	strlist_cleanup(&v->kept);
	buf_cleanup(&v->nothing);
	free(v->leaving);
	while (v->said) {
		struct vary_said *next = v->said->next;
		free(v->said);
		v->said = next;
	}
	map_cleanup(&v->of_call);
	map_cleanup(&v->writers);
	map_cleanup(&v->known);
	map_cleanup(&v->kinds);
}
