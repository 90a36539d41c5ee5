#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define MAX_ARGS 400
#define MAX_CALL_BYTES 65536

void
scan_call_cleanup(struct scan_call *c)
{
	free(c->name);
	c->name = NULL;
	strlist_cleanup(&c->args);
}

char *
scan_cite(const char *path, unsigned line)
{
	return mem_printf("%s:%u", path, line);
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool
scan_has_word(struct str text, const char *word)
{
	size_t n = strlen(word);
	const char *end = text.p + text.n;
	for (const char *p = text.p; text.n >= n && p <= end - n; p++) {
		p = memmem(p, (size_t)(end - p), word, n);
		if (!p)
			return false;
		bool left = p == text.p || !is_word(p[-1]);
		bool right = p + n == end || !is_word(p[n]);
		if (left && right)
			return true;
	}
	return false;
}

unsigned
scan_line_of(struct str text, size_t offset)
{
	unsigned line = 1;
	for (size_t i = 0; i < offset && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

static char
peek(const struct scan *s, size_t ahead)
{
	return s->pos + ahead < s->text.n ? s->text.p[s->pos + ahead] : '\0';
}

static void
advance(struct scan *s, size_t n)
{
	for (size_t i = 0; i < n && s->pos < s->text.n; i++) {
		s->line += s->text.p[s->pos] == '\n';
		s->pos++;
	}
}

static bool
at_comment(const struct scan *s)
{
	if (peek(s, 0) == '#')
		return true;
	bool start = s->pos == 0 || !is_word(s->text.p[s->pos - 1]);
	return s->language == SCAN_M4 && start && s->pos + 3 <= s->text.n &&
	       memcmp(s->text.p + s->pos, "dnl", 3) == 0 && !is_word(peek(s, 3));
}

static void
skip_line(struct scan *s)
{
	while (s->pos < s->text.n && peek(s, 0) != '\n')
		advance(s, 1);
}

/* A name with an opening parenthesis behind it; the position is left behind the parenthesis. */
static bool
read_name(struct scan *s, struct str *ret)
{
	size_t n = 0;
	while (is_word(peek(s, n)) || (s->language == SCAN_MESON && n && peek(s, n) == '.'))
		n++;
	size_t gap = 0;
	while (s->language == SCAN_CMAKE && (peek(s, n + gap) == ' ' || peek(s, n + gap) == '\t'))
		gap++;
	bool call = n && peek(s, n + gap) == '(';
	*ret = (struct str){s->text.p + s->pos, n};
	advance(s, call ? n + gap + 1 : n ? n : 1);
	return call;
}

struct args {
	struct scan s; /* a copy: reading arguments does not move the caller */
	struct buf now;
	bool any; /* the argument being read has begun */
	struct strlist *out;
};

static void
end_argument(struct args *a)
{
	struct str t = str_trim(buf_str(&a->now));
	if (a->any && a->out->n < MAX_ARGS)
		strlist_add_str(a->out, t);
	buf_reset(&a->now);
	a->any = false;
}

/* Quoted text up to its end; m4 quotes nest. */
static void
read_quoted(struct args *a, char close)
{
	char open = peek(&a->s, 0);
	int depth = 1;
	a->any = true;
	advance(&a->s, 1);
	while (a->s.pos < a->s.text.n) {
		char c = peek(&a->s, 0);
		if (c == '\\' && open != '[') {
			advance(&a->s, 1);
			c = peek(&a->s, 0);
		} else if (c == close && --depth == 0) {
			advance(&a->s, 1);
			return;
		} else if (c == open && open != close) {
			depth++;
		}
		buf_putc(&a->now, c);
		advance(&a->s, 1);
	}
}

static char
closing_quote(enum scan_language language, char c)
{
	if (language == SCAN_M4)
		return c == '[' ? ']' : '\0';
	if (c == '"' || (language == SCAN_MESON && c == '\''))
		return c;
	return '\0';
}

static bool
separates(enum scan_language language, char c)
{
	return language == SCAN_CMAKE ? isspace((unsigned char)c) || c == ';' : c == ',';
}

static void
read_arguments(struct args *a)
{
	int depth = 0;
	size_t start = a->s.pos;
	while (a->s.pos < a->s.text.n && a->s.pos - start < MAX_CALL_BYTES) {
		char c = peek(&a->s, 0);
		char close = closing_quote(a->s.language, c);
		if (close) {
			read_quoted(a, close);
			continue;
		}
		if (at_comment(&a->s)) {
			skip_line(&a->s);
			continue;
		}
		if (c == ')' && depth == 0)
			break;
		depth += (c == '(') - (c == ')');
		if (depth == 0 && separates(a->s.language, c)) {
			end_argument(a);
		} else if (!isspace((unsigned char)c) || a->any) {
			a->any = true;
			if (!(isspace((unsigned char)c) && a->s.language == SCAN_MESON))
				buf_putc(&a->now, c);
		}
		advance(&a->s, 1);
	}
	end_argument(a);
}

bool
scan_next_call(struct scan *s, struct scan_call *ret)
{
	if (!s->line)
		s->line = 1;
	while (s->pos < s->text.n) {
		struct str name;
		unsigned line = s->line;
		if (at_comment(s)) {
			skip_line(s);
			continue;
		}
		if (!read_name(s, &name))
			continue;
		scan_call_cleanup(ret);
		ret->line = line;
		ret->name = str_dup(name);
		for (char *p = ret->name; s->language == SCAN_CMAKE && *p; p++)
			*p = (char)tolower((unsigned char)*p);
		struct args a = {.s = *s, .out = &ret->args, .now = {.max = MAX_CALL_BYTES}};
		read_arguments(&a);
		buf_cleanup(&a.now);
		return true;
	}
	return false;
}

char *
scan_string_behind(struct str line, const char *word, char mark)
{
	size_t n = strlen(word);
	line = str_trim(line); /* so that no look behind a word has it to do */
	for (size_t i = 0; i + n < line.n; i++) {
		if (memcmp(line.p + i, word, n) != 0 ||
			(i && (isalnum((unsigned char)line.p[i - 1]) || line.p[i - 1] == '_')))
			continue;
		struct str rest = str_trim((struct str){line.p + i + n, line.n - i - n});
		if (rest.n && rest.p[0] == mark)
			rest = str_trim((struct str){rest.p + 1, rest.n - 1});
		if (!rest.n || !strchr("'\"", rest.p[0]))
			continue;
		const char *end = memchr(rest.p + 1, rest.p[0], rest.n - 1);
		return end ? mem_strndup(rest.p + 1, (size_t)(end - rest.p - 1)) : NULL;
	}
	return NULL;
}
