#include "envprobe/sql_reader.h"

#include <string.h>
#include <strings.h>

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (c & 0x80);
}

static bool
is_letter(char c)
{
	return is_word_char(c) && !(c >= '0' && c <= '9');
}

static void
skip(struct str *s, size_t n)
{
	n = n < s->n ? n : s->n;
	s->p += n;
	s->n -= n;
}

static size_t
find_text(struct str s, const char *end)
{
	const char *at = memmem(s.p, s.n, end, strlen(end));
	return at ? (size_t)(at - s.p) + strlen(end) : s.n;
}

static bool
skip_blank(struct str *s)
{
	if (s->n && strchr(" \t\r\n\f", *s->p) && *s->p)
		skip(s, 1);
	else if (str_starts(*s, "--") || str_starts(*s, "#"))
		skip(s, find_text(*s, "\n"));
	else if (str_starts(*s, "/*"))
		skip(s, find_text(*s, "*/"));
	else
		return false;
	return true;
}

/* Up to the quote that ends it; one that stands twice does not. */
static size_t
quoted_length(struct str s, char end)
{
	size_t i = 1;
	for (; i < s.n; i++) {
		if (s.p[i] == '\\' && end == '\'')
			i++;
		else if (s.p[i] == end && i + 1 < s.n && s.p[i + 1] == end && end != ']')
			i++;
		else if (s.p[i] == end)
			return i + 1;
	}
	return s.n;
}

/* $tag$ text $tag$ */
static size_t
dollar_length(struct str s)
{
	size_t n = 1;
	while (n < s.n && is_word_char(s.p[n]))
		n++;
	if (n >= s.n || s.p[n] != '$')
		return 0;
	OWN_FREE char *tag = str_dup((struct str){s.p, n + 1});
	struct str rest = {s.p + n + 1, s.n - n - 1};
	return n + 1 + find_text(rest, tag);
}

void
sql_next(struct sql_reader *r)
{
	struct str *s = &r->rest;
	size_t n = 1;
	enum sql_kind kind = SQL_PUNCT;
	while (skip_blank(s))
		;
	if (!s->n) {
		r->now = (struct sql_token){SQL_END, {"", 0}};
		return;
	}
	char c = *s->p;
	if (c == '\'') {
		kind = SQL_STRING;
		n = quoted_length(*s, c);
	} else if (c == '"' || c == '`' || (c == '[' && s->n > 1 && is_letter(s->p[1]))) {
		kind = SQL_QUOTED;
		n = quoted_length(*s, c == '[' ? ']' : c);
	} else if (c == '$' && dollar_length(*s)) {
		kind = SQL_STRING;
		n = dollar_length(*s);
	} else if (c >= '0' && c <= '9') {
		kind = SQL_NUMBER;
		while (n < s->n && (is_word_char(s->p[n]) || s->p[n] == '.'))
			n++;
	} else if (is_word_char(c)) {
		kind = SQL_WORD;
		while (n < s->n && is_word_char(s->p[n]))
			n++;
	} else if (s->n > 1 && (memcmp(s->p, "<=", 2) == 0 || memcmp(s->p, ">=", 2) == 0 ||
				       memcmp(s->p, "<>", 2) == 0 || memcmp(s->p, "!=", 2) == 0 ||
				       memcmp(s->p, "::", 2) == 0)) {
		n = 2;
	}
	r->now = (struct sql_token){kind, {s->p, n}};
	skip(s, n);
}

bool
sql_is(const struct sql_reader *r, const char *word)
{
	return (r->now.kind == SQL_WORD || r->now.kind == SQL_PUNCT) &&
	       r->now.text.n == strlen(word) &&
	       strncasecmp(r->now.text.p, word, r->now.text.n) == 0;
}

bool
sql_take(struct sql_reader *r, const char *word)
{
	bool yes = sql_is(r, word);
	if (yes)
		sql_next(r);
	return yes;
}

bool
sql_is_name(const struct sql_reader *r)
{
	return r->now.kind == SQL_WORD || r->now.kind == SQL_QUOTED;
}

/* "schema.name" is a name.  Heap; NULL: there is none. */
char *
sql_take_name(struct sql_reader *r)
{
	OWN(buf) struct buf name = {.max = 200};
	if (!sql_is_name(r))
		return NULL;
	buf_add_str(&name, r->now.text);
	sql_next(r);
	while (sql_take(r, ".") && sql_is_name(r)) {
		buf_putc(&name, '.');
		buf_add_str(&name, r->now.text);
		sql_next(r);
	}
	return buf_take(&name);
}

/* Behind the bracket that fits the one before what is read now. */
void
sql_skip_group(struct sql_reader *r)
{
	for (int depth = 1; depth && r->now.kind != SQL_END; sql_next(r))
		depth += sql_is(r, "(") - sql_is(r, ")");
}

bool
sql_ends_item(const struct sql_reader *r)
{
	return r->now.kind == SQL_END || sql_is(r, ",") || sql_is(r, ")") || sql_is(r, ";");
}
