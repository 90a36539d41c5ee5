#include "agents/source_c.h"

#include "base/map.h"

#include <ctype.h>
#include <string.h>

/* ---- blanking ---- */

struct blanker {
	struct str in;
	size_t i;
	struct buf *out;
};

static void
take(struct blanker *b, bool keep)
{
	char c = b->in.p[b->i++];
	buf_putc(b->out, keep || c == '\n' || c == '\r' ? c : ' ');
}

static bool
is_next(const struct blanker *b, const char *two)
{
	return b->i + 1 < b->in.n && b->in.p[b->i] == two[0] && b->in.p[b->i + 1] == two[1];
}

static void
comment(struct blanker *b)
{
	bool line = is_next(b, "//");
	take(b, false);
	take(b, false);
	while (b->i < b->in.n) {
		if (line && b->in.p[b->i] == '\n')
			return;
		if (!line && is_next(b, "*/")) {
			take(b, false);
			take(b, false);
			return;
		}
		take(b, false);
	}
}

static void
quoted(struct blanker *b)
{
	char quote = b->in.p[b->i];
	take(b, true);
	while (b->i < b->in.n && b->in.p[b->i] != quote && b->in.p[b->i] != '\n') {
		if (b->in.p[b->i] == '\\' && b->i + 1 < b->in.n)
			take(b, false);
		take(b, false);
	}
	if (b->i < b->in.n && b->in.p[b->i] == quote)
		take(b, true);
}

static void
directive(struct blanker *b)
{
	while (b->i < b->in.n && b->in.p[b->i] != '\n') {
		bool goes_on = is_next(b, "\\\n") || (is_next(b, "\\\r") && b->i + 2 < b->in.n &&
							     b->in.p[b->i + 2] == '\n');
		if (is_next(b, "/*")) {
			comment(b);
			continue;
		}
		take(b, false);
		while (goes_on && b->i < b->in.n && b->in.p[b->i] != '\n')
			take(b, false);
		if (goes_on && b->i < b->in.n)
			take(b, false);
	}
}

void
source_blank(struct str text, struct buf *out)
{
	struct blanker b = {.in = text, .out = out};
	bool begins = true;
	while (b.i < text.n) {
		char c = text.p[b.i];
		if (is_next(&b, "/*") || is_next(&b, "//")) {
			comment(&b);
			continue;
		}
		if (c == '#' && begins)
			directive(&b);
		else if (c == '"' || c == '\'')
			quoted(&b);
		else
			take(&b, true);
		begins = c == '\n' || (begins && (c == ' ' || c == '\t'));
	}
}

/* ---- places ---- */

size_t
source_offset(struct str text, uint64_t line, uint64_t column)
{
	size_t at = 0;
	if (!line || !column)
		return SOURCE_NOWHERE;
	for (uint64_t n = 1; n < line; n++) {
		const char *nl = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
		if (!nl)
			return SOURCE_NOWHERE;
		at = (size_t)(nl - text.p) + 1;
	}
	return column - 1 < text.n - at ? at + column - 1 : SOURCE_NOWHERE;
}

size_t
source_line_of(struct str text, size_t at)
{
	size_t line = 1;
	for (size_t i = 0; i < at && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

static size_t
skip_blank(struct str s, size_t at)
{
	while (at < s.n && isspace((unsigned char)s.p[at]))
		at++;
	return at;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* "int a" behind the ) of a function: the declaration of a parameter in the old style, not an attribute. */
static bool
is_parameter(struct str s)
{
	struct str word;
	s = str_trim(s);
	if (!s.n || !is_word(s.p[0]) || str_starts(s, "__attribute"))
		return false;
	return str_next_word(&s, &word) && s.n > 0;
}

size_t
source_piece(struct str blank, size_t at)
{
	size_t start = skip_blank(blank, 0), depth = 0, round = 0, params = 0;
	bool body = false;
	for (size_t i = start; i < blank.n; i++) {
		char c = blank.p[i];
		if (i >= at && start <= at)
			return start;
		if (c == '(')
			round++;
		else if (c == ')') {
			round -= round > 0;
			params = !depth && !round ? i + 1 : params;
		} else if (c == '{') {
			/* What follows an = or a word of a type is ended by a semicolon. */
			size_t k = i;
			while (k > start && isspace((unsigned char)blank.p[k - 1]))
				k--;
			if (!depth)
				body = k > start &&
				       (blank.p[k - 1] == ')' || blank.p[k - 1] == ';');
			depth++;
		} else if (c == '}')
			depth -= depth > 0;
		bool ended = !depth && ((c == ';' && !round) || (c == '}' && body));
		if (ended && c == ';' && params > start)
			ended = !is_parameter((struct str){blank.p + params, i - params});
		if (ended) {
			start = skip_blank(blank, i + 1);
			round = 0;
			body = false;
		}
	}
	return SOURCE_NOWHERE;
}

/* The word behind # and its argument; false: no directive. */
static bool
read_directive(struct str line, struct str *ret_word, struct str *ret_rest)
{
	line = str_trim(line);
	if (!line.n || line.p[0] != '#')
		return false;
	line = str_trim((struct str){line.p + 1, line.n - 1});
	size_t n = 0;
	while (n < line.n && isalpha((unsigned char)line.p[n]))
		n++;
	*ret_word = (struct str){line.p, n};
	*ret_rest = str_trim((struct str){line.p + n, line.n - n});
	return true;
}

/* A header guard is no nesting; neither is what no branch encloses. */
size_t
source_after_includes(struct str text, size_t before)
{
	size_t best = 0, depth = 0, least = SIZE_MAX;
	bool in_comment = false;
	struct str line, word, arg, rest = text;
	while (str_next_line(&rest, &line)) {
		size_t at = (size_t)(line.p - text.p), next = (size_t)(rest.p - text.p);
		if (at >= before)
			break;
		const char *open = memmem(line.p, line.n, "/*", 2);
		const char *close = memmem(line.p, line.n, "*/", 2);
		bool inside = in_comment;
		if (open && !(close && close > open))
			in_comment = true;
		else if (close)
			in_comment = false;
		if (inside || !read_directive(line, &word, &arg))
			continue;
		if (str_starts(word, "if"))
			depth++;
		else if (str_eq(word, "endif"))
			depth -= depth > 0;
		else if (str_eq(word, "include") && depth <= least) {
			least = depth;
			best = next;
		}
	}
	return best;
}

/* Only where nothing decides whether it is, but the guard that a header begins with. */
bool
source_includes(struct str text, struct str name)
{
	struct str line, word, arg, rest = text;
	size_t depth = 0, guard = 0;
	bool first = true;
	while (str_next_line(&rest, &line)) {
		if (!read_directive(line, &word, &arg))
			continue;
		guard = first && str_eq(word, "ifndef") ? 1 : guard;
		first = false;
		if (str_starts(word, "if"))
			depth++;
		else if (str_eq(word, "endif"))
			depth -= depth > 0;
		if (depth <= guard && str_eq(word, "include") && arg.n >= name.n + 2 &&
			memcmp(arg.p + 1, name.p, name.n) == 0 &&
			(arg.p[name.n + 1] == '>' || arg.p[name.n + 1] == '"'))
			return true;
	}
	return false;
}

/* ---- definitions ---- */

bool
source_head(struct str blank, size_t at, struct source_head *ret)
{
	size_t start = at == SOURCE_NOWHERE ? at : source_piece(blank, at), i = at, depth = 0;
	if (start == SOURCE_NOWHERE || at >= blank.n || !is_word(blank.p[at]))
		return false;
	while (i < blank.n && is_word(blank.p[i]))
		i++;
	i = skip_blank(blank, i);
	if (i >= blank.n || blank.p[i] != '(')
		return false;
	size_t close = i;
	do {
		depth += blank.p[close] == '(';
		depth -= blank.p[close] == ')';
		if (!depth)
			break;
	} while (++close < blank.n);
	size_t next = skip_blank(blank, close + 1), body = next;
	if (close >= blank.n || next >= blank.n)
		return false;
	while (body < blank.n && blank.p[body] != '{' && blank.p[body] != '}' &&
		blank.p[body] != '=')
		body++;
	if (body >= blank.n || blank.p[body] != '{')
		return false;
	if (body != next && !is_word(blank.p[next]))
		return false;
	/* f(a, b) { : names without types; what is between ) and { ends with ; */
	bool declared = body != next;
	size_t last = body;
	while (last > next && isspace((unsigned char)blank.p[last - 1]))
		last--;
	if (declared && blank.p[last - 1] != ';')
		return false;
	bool names_only = false;
	if (!declared) {
		/* One word a parameter, none of them `void`. */
		struct str inside = {blank.p + i + 1, close - i - 1}, part;
		names_only = str_trim(inside).n > 0;
		while (names_only && str_next(&inside, ',', &part)) {
			part = str_trim(part);
			for (size_t k = 0; k < part.n; k++)
				names_only = names_only && is_word(part.p[k]);
			names_only = names_only && !str_eq(part, "void");
		}
	}
	*ret = (struct source_head){start, at, close, body, declared || names_only};
	return true;
}

/* White space and comments become one blank. */
static void
put_flat(struct buf *out, struct str text)
{
	OWN(buf) struct buf blank = {0};
	source_blank(text, &blank);
	bool gap = false;
	for (size_t i = 0; i < blank.n; i++) {
		if (isspace((unsigned char)blank.p[i])) {
			gap = true;
			continue;
		}
		if (gap && out->n)
			buf_putc(out, ' ');
		gap = false;
		buf_putc(out, blank.p[i]);
	}
}

static bool
is_plain_type(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_word(s.p[i]) && s.p[i] != ' ' && s.p[i] != '*')
			return false;
	return true;
}

/* Without words that only a definition has. */
static void
put_type(struct buf *out, struct str type)
{
	struct str word, rest = type;
	while (str_next_word(&rest, &word)) {
		if (str_eq(word, "extern") || str_eq(word, "inline") || str_eq(word, "register"))
			continue;
		if (out->n)
			buf_putc(out, ' ');
		buf_add_str(out, word);
	}
}

char *
source_prototype(struct str text, const struct source_head *h, bool without)
{
	OWN(buf) struct buf type = {.max = 1000}, params = {.max = 4000}, out = {.max = 6000};
	size_t end = h->name;
	while (end < text.n && is_word(text.p[end]))
		end++;
	put_flat(&type, (struct str){text.p + h->start, h->name - h->start});
	put_flat(&params, (struct str){text.p + end, h->close + 1 - end});
	if (!is_plain_type(buf_str(&type)) || type.truncated || params.truncated)
		return NULL;
	put_type(&out, buf_str(&type));
	if (!out.n || str_eq(buf_str(&out), "static"))
		buf_puts(&out, out.n ? " int" : "int");
	if (out.p[out.n - 1] != '*')
		buf_putc(&out, ' ');
	buf_add(&out, text.p + h->name, end - h->name);
	struct str list = str_trim(buf_str(&params));
	if (without || h->old_style)
		buf_puts(&out, "();");
	else
		buf_printf(&out, STR_FMT ";", STR_ARG(list));
	return out.truncated ? NULL : buf_take(&out);
}

void
source_untyped(struct str text,
	void (*each)(void *ctx, struct str name, size_t line, bool is_static), void *ctx)
{
	static const char fixed[] = "static ";
	OWN(buf) struct buf blank = {.max = text.n + 1};
	struct str line, rest;
	size_t n = 0;
	source_blank(text, &blank);
	for (rest = buf_str(&blank); str_next_line(&rest, &line);) {
		struct source_head h;
		bool is_static = str_starts(line, fixed);
		size_t from = is_static ? strlen(fixed) : 0, to = from;
		n++;
		while (to < line.n && is_word(line.p[to]))
			to++;
		size_t at = (size_t)(line.p - blank.p) + from;
		struct str name = {line.p + from, to - from};
		while (to < line.n && (line.p[to] == ' ' || line.p[to] == '\t'))
			to++;
		if (name.n && !isdigit((unsigned char)name.p[0]) && to < line.n &&
			line.p[to] == '(' && source_head(buf_str(&blank), at, &h) &&
			h.start == at - from)
			each(ctx, name, n, is_static);
	}
}

void
source_words(struct str text, struct map *ret)
{
	for (size_t i = 0; i < text.n;) {
		size_t from = i;
		while (i < text.n && is_word(text.p[i]))
			i++;
		if (i > from)
			map_put_str(ret, (struct str){text.p + from, i - from}, ret);
		else
			i++;
	}
}
