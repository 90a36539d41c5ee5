#include "graph/blank.h"

#include <string.h>

struct token {
	size_t from, to; /* of the text */
	char kind;	 /* 'w' a word, else the character itself; 0 at the end */
};

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static size_t
line_end(const char *s, size_t n, size_t i)
{
	while (i < n && !(s[i] == '\n' && s[i - 1] != '\\'))
		i++;
	return i;
}

/* Behind blanks, comments, strings and lines of the preprocessor. */
static size_t
skip_blank(const char *s, size_t n, size_t i)
{
	for (;;) {
		while (i < n && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r'))
			i++;
		if (i + 1 < n && s[i] == '/' && s[i + 1] == '*') {
			const char *e = memmem(s + i + 2, n - i - 2, "*/", 2);
			i = e ? (size_t)(e - s) + 2 : n;
		} else if (i + 1 < n && s[i] == '/' && s[i + 1] == '/') {
			i = line_end(s, n, i);
		} else if (i < n && s[i] == '#') {
			i = line_end(s, n, i + 1);
		} else {
			return i;
		}
	}
}

static struct token
next_token(const char *s, size_t n, size_t i)
{
	i = skip_blank(s, n, i);
	struct token t = {i, i, 0};
	if (i >= n)
		return t;
	t.kind = s[i];
	t.to = i + 1;
	if (is_word(s[i])) {
		t.kind = 'w';
		while (t.to < n && is_word(s[t.to]))
			t.to++;
	} else if (s[i] == '"' || s[i] == '\'') {
		while (t.to < n && s[t.to] != s[i] && s[t.to] != '\n')
			t.to += s[t.to] == '\\' ? 2 : 1;
		t.to = t.to < n ? t.to + 1 : n;
	}
	return t;
}

/* Written like a macro: capitals throughout, or two leading underscores. */
static bool
looks_like_macro(const char *s, struct token t)
{
	if (t.kind != 'w' || t.to - t.from < 3)
		return false;
	if (s[t.from] == '_' && s[t.from + 1] == '_')
		return true;
	bool capital = false;
	for (size_t i = t.from; i < t.to; i++) {
		if (s[i] >= 'a' && s[i] <= 'z')
			return false;
		capital |= s[i] >= 'A' && s[i] <= 'Z';
	}
	return capital;
}

/* Behind the parenthesis that closes the one at `open`. */
static size_t
behind_parentheses(const char *s, size_t n, struct token open)
{
	unsigned depth = 0;
	for (struct token t = open; t.kind; t = next_token(s, n, t.to)) {
		depth += t.kind == '(';
		depth -= t.kind == ')';
		if (!depth)
			return t.to;
	}
	return n;
}

static bool
ends_statement(char kind)
{
	return kind == 0 || kind == ';' || kind == '}' || kind == '{';
}

static void
blank(char *s, size_t from, size_t to)
{
	for (; from < to; from++)
		if (s[from] != '\n' && s[from] != '\r')
			s[from] = ' ';
}

/* How far the macro at t reaches that can be left out; 0: it stays. */
static size_t
dispensable(const char *s, size_t n, struct token before, struct token t, unsigned braces)
{
	struct token next = next_token(s, n, t.to);
	if (next.kind == '(') {
		size_t behind = behind_parentheses(s, n, next);
		struct token after = next_token(s, n, behind);
		if (before.kind == ')' && (after.kind == '{' || after.kind == ';'))
			return behind; /* f(void) __attr(x); */
		if (!braces && ends_statement(before.kind) && after.kind == 'w')
			return behind; /* EXPORT_SYMBOL(f) and the next definition; or MACRO(x) int f() */
		if (!braces && before.kind == 'w' && s[t.from] == '_' && after.kind == 'w')
			return behind;
		/* LUA_API int: but here "(": LUAMOD_API (f)(void) */
		return 0;
	}
	if (next.kind == 'w')
		return t.to;
	if (next.kind == '*' && before.kind == 'w' && s[t.from] == '_')
		return t.to;
	if (before.kind == ')' && (next.kind == '{' || next.kind == ';'))
		return t.to;
	return 0;
}

bool
blank_attributes(char *text, size_t n)
{
	bool any = false;
	unsigned braces = 0;
	struct token before = {0};
	for (struct token t = next_token(text, n, 0); t.kind; t = next_token(text, n, t.to)) {
		braces += t.kind == '{';
		braces -= t.kind == '}' && braces;
		size_t to = looks_like_macro(text, t) ? dispensable(text, n, before, t, braces) : 0;
		if (to) {
			blank(text, t.from, to);
			t.to = to;
			any = true;
			continue;
		}
		before = t;
	}
	return any;
}
