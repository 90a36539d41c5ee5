#include "envprobe/given.h"

#include <string.h>

#define EXPORT "export "

/* Has a person, or drydock itself, as for a service, given it a value? */
static bool
is_set(const struct loop *l, const char *name)
{
	OWN_FREE char *start = mem_printf("%s=", name);
	for (size_t i = 0; i < l->env.n; i++)
		if (str_starts(str_of(l->env.v[i]), start))
			return true;
	return false;
}

/* NAME='value', with a blank behind it; heap. */
static char *
word_of(const struct given_variable *v)
{
	OWN(buf) struct buf word = {0};
	buf_printf(&word, "%s=", v->name);
	buf_put_shell(&word, str_of(v->value));
	buf_putc(&word, ' ');
	return buf_take(&word);
}

static void
tell(struct loop *l, const struct given_variable *v)
{
	OWN_FREE char *option = mem_printf("tests=with %s=%s, as %s gives them; %s reads it",
		v->name, v->value, v->where, v->read);
	OWN_FREE char *id = mem_printf("env:%s", v->name);
	struct question *q = question_list_find(&l->r->questions, id);
	if (is_set(l, v->name)) {
		loop_forget_options(l, option);
		return;
	}
	strlist_add_new(&l->r->options, option);
	if (q && !q->default_value)
		q->default_value = mem_strdup(v->value);
}

size_t
given_length(const char *run)
{
	size_t n = str_starts(str_of(run), EXPORT) ? strlen(EXPORT) : 0, end = 0;
	for (;;) {
		size_t name = strspn(run + n, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		const char *value = run + n + name;
		const char *blank = strchr(value, ' ');
		if (!name || *value != '=' || !blank)
			return end;
		n = (size_t)(blank + 1 - run);
		end = n;
	}
}

/* The word among those that stand before the command; NULL. */
static char *
find(const struct command *c, const char *word)
{
	const char *end = c->run + given_length(c->run);
	char *at = strstr(c->run, word);
	while (at && at != c->run && at[-1] != ' ')
		at = strstr(at + 1, word);
	return at && at < end ? at : NULL;
}

/* A list of commands gets them for all of it. */
static void
give(struct command *c, const struct buf *words)
{
	OWN_FREE char *run = TAKE(c->run);
	const bool exports = str_starts(str_of(run), EXPORT);
	const size_t skip = exports && given_length(run) ? strlen(EXPORT) : 0;
	if (!skip && (exports || strpbrk(run, ";&|(){}\n")))
		c->run = mem_printf(EXPORT "%s&& %s", words->p, run);
	else
		c->run = mem_printf("%.*s%s%s", (int)skip, run, words->p, run + skip);
}

static void
take_back(struct command *c, char *at, size_t n)
{
	static const char nothing[] = EXPORT "&& ";
	memmove(at, at + n, strlen(at + n) + 1);
	if (str_starts(str_of(c->run), nothing))
		memmove(c->run, c->run + strlen(nothing), strlen(c->run + strlen(nothing)) + 1);
}

static void
apply(const struct loop *l, struct command *c)
{
	const struct given_variable_list *all = &l->r->project.given;
	OWN(buf) struct buf words = {0};
	for (size_t i = 0; i < all->n; i++) {
		OWN_FREE char *word = word_of(&all->v[i]);
		char *at = find(c, word);
		const bool set = is_set(l, all->v[i].name);
		if (set && at)
			take_back(c, at, strlen(word));
		else if (!set && !at)
			buf_puts(&words, word);
	}
	if (words.n)
		give(c, &words);
}

void
given_apply(struct loop *l)
{
	const struct given_variable_list *all = &l->r->project.given;
	struct command_list *c = &l->r->project.commands;
	for (size_t i = 0; i < all->n; i++)
		tell(l, &all->v[i]);
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].phase == PHASE_TEST)
			apply(l, &c->v[i]);
}
