#include "parity/shellish.h"

#include <ctype.h>
#include <string.h>

#define WORDS_MAX 60

void
shellish_cleanup(struct shellish *s)
{
	strlist_cleanup(&s->words);
	free(s->here);
	free(s->to);
	free(s->from);
	*s = (struct shellish){0};
}

static bool
is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static char
first_of(const struct str *s)
{
	return s->n ? s->p[0] : '\0';
}

static void
skip(struct str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* Behind the opening quote; to the closing one, or the end. */
static void
take_quoted(struct str *rest, char quote, struct buf *word)
{
	while (rest->n && rest->p[0] != quote) {
		if (rest->p[0] == '\\' && rest->n > 1 && (quote == '"' || rest->p[1] == quote)) {
			skip(rest, 1);
			buf_putc(word, first_of(rest) == 'n' ? '\n' : rest->p[0]);
		} else {
			buf_putc(word, rest->p[0]);
		}
		skip(rest, 1);
	}
	if (rest->n)
		skip(rest, 1);
}

static bool
take_word(struct str *rest, const char *ends, struct buf *word)
{
	bool quoted = false;
	while (rest->n && !isspace((unsigned char)rest->p[0]) && !is_one_of(rest->p[0], ends)) {
		char c = rest->p[0];
		skip(rest, 1);
		if (c == '"' || c == '\'') {
			quoted = true;
			take_quoted(rest, c, word);
		} else if (c == '\\' && rest->n) {
			buf_putc(word, rest->p[0]);
			skip(rest, 1);
		} else {
			buf_putc(word, c);
		}
	}
	return quoted;
}

static void
take_redirection(struct str *rest, const char *ends, struct shellish *ret)
{
	OWN(buf) struct buf word = {0};
	char kind = rest->p[0];
	skip(rest, 1);
	bool twice = first_of(rest) == kind;
	while (rest->n && is_one_of(rest->p[0], "<>&-"))
		skip(rest, 1);
	while (rest->n && is_one_of(rest->p[0], " \t"))
		skip(rest, 1);
	take_word(rest, ends, &word);
	char **to = kind == '>' ? &ret->to : twice ? &ret->here : &ret->from;
	if (!word.n || *to)
		return;
	*to = mem_strdup(word.p);
	ret->appends = kind == '>' && twice;
}

static void
add_word(struct str *rest, const char *ends, struct shellish *ret)
{
	OWN(buf) struct buf word = {0};
	bool quoted = take_word(rest, ends, &word);
	size_t n = ret->words.n;
	if ((!word.n && !quoted) || n >= WORDS_MAX)
		return;
	if (word.n && is_one_of(first_of(rest), "<>") && !quoted &&
		isdigit((unsigned char)word.p[0]) && word.n == 1)
		return; /* 2>FILE */
	strlist_add(&ret->words, word.n ? word.p : "");
	if (quoted)
		ret->quoted |= (uint64_t)1 << n;
}

bool
shellish_next(struct str *rest, bool as_list, struct shellish *ret)
{
	const char *parts = as_list ? "" : "|;&()`";
	const char *blanks = as_list ? "[](){},;" : "";
	const char *ends = as_list ? "[](){},;" : "|;&()`<>";
	*ret = (struct shellish){0};
	while (rest->n && (is_one_of(rest->p[0], parts) || isspace((unsigned char)rest->p[0])))
		skip(rest, 1);
	if (!rest->n)
		return false;
	while (rest->n && !is_one_of(rest->p[0], parts)) {
		char c = rest->p[0];
		if (!as_list && rest->n > 2 && memcmp(rest->p, "\"$(", 3) == 0) {
			skip(rest, 3); /* a command in a word: what is around it is none */
			return true;
		}
		if (isspace((unsigned char)c) || is_one_of(c, blanks))
			skip(rest, 1);
		else if (c == '#' && !as_list)
			skip(rest, rest->n);
		else if (!as_list && is_one_of(c, "<>"))
			take_redirection(rest, ends, ret);
		else
			add_word(rest, ends, ret);
	}
	return true;
}
