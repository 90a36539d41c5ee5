/*
 * Theory of operation.  The text is copied token by token; a name that has a definition is replaced by it, and what came of that is
 * gone through again, in which that definition is not used once more.  So nesting ends; how much comes of it is
 * bounded by the bytes that are gone through in all.
 */
#include "graph/expand.h"

#include "base/map.h"

#include <ctype.h>
#include <string.h>

#define WORK_MAX ((size_t)8 << 20) /* bytes that are gone through */
#define OUT_MAX ((size_t)32 << 20)
#define DEPTH_MAX 64
#define ARGS_MAX 64
#define ALIASES_MAX 8

struct macro {
	char *body;
	struct strlist params; /* "..." is named __VA_ARGS__ */
	bool like_function, is_variadic;
	bool is_word; /* the body is one: it may be a name of another */
	bool busy;    /* it is being expanded */
};

struct expander {
	struct map macros;
	unsigned how;
	size_t work;
	unsigned braces; /* open in the text itself */
	char last; /* byte of what was put, but for blanks, comments and lines of the preprocessor; 0: none was */
	bool over;
};

static void
destroy_macro(void *p)
{
	struct macro *m = p;
	free(m->body);
	strlist_cleanup(&m->params);
	free(m);
}

/* ---- tokens ---- */

enum token_kind { TOKEN_BLANK, TOKEN_WORD, TOKEN_LITERAL, TOKEN_OTHER };

struct token {
	enum token_kind kind;
	struct str s;
};

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* Bytes of a comment at the start; 0. */
static size_t
comment(struct str s)
{
	if (!str_starts(s, "/*") && !str_starts(s, "//"))
		return 0;
	const char *p = s.p + 2, *end = s.p + s.n;
	if (s.p[1] == '*') {
		p = memmem(p, s.n - 2, "*/", 2);
		return p ? (size_t)(p + 2 - s.p) : s.n;
	}
	for (; (p = memchr(p, '\n', (size_t)(end - p)));
		p++) /* a line that continues it is of it */
		if (p[p[-1] == '\r' ? -2 : -1] != '\\')
			return (size_t)(p - s.p);
	return s.n;
}

static size_t
quoted(struct str s)
{
	size_t n = 1;
	while (n < s.n && s.p[n] != s.p[0] && s.p[n] != '\n')
		n += 1 + (s.p[n] == '\\' && n + 1 < s.n);
	return n >= s.n ? s.n : n + (s.p[n] != '\n');
}

/* The first token of a text that is not empty; blanks and comments in a row are one. */
static struct token
first_token(struct str s)
{
	struct token t = {TOKEN_OTHER, {s.p, 1}};
	size_t n = 0, skipped;
	while (n < s.n) {
		if (isspace((unsigned char)s.p[n]))
			n++;
		else if ((skipped = comment((struct str){s.p + n, s.n - n})))
			n += skipped;
		else if (s.p[n] == '\\' && n + 1 < s.n &&
			 (s.p[n + 1] == '\n' || s.p[n + 1] == '\r'))
			n += 2;
		else
			break;
	}
	if (n) {
		t = (struct token){TOKEN_BLANK, {s.p, n}};
	} else if (is_word(s.p[0])) {
		bool number = isdigit((unsigned char)s.p[0]);
		while (n < s.n && (is_word(s.p[n]) || (number && s.p[n] == '.')))
			n++;
		t = (struct token){number ? TOKEN_LITERAL : TOKEN_WORD, {s.p, n}};
	} else if (s.p[0] == '"' || s.p[0] == '\'') {
		t = (struct token){TOKEN_LITERAL, {s.p, quoted(s)}};
	}
	return t;
}

static bool
next_token(struct str *rest, struct token *ret)
{
	if (!rest->n)
		return false;
	*ret = first_token(*rest);
	rest->p += ret->s.n;
	rest->n -= ret->s.n;
	return true;
}

/* The same, but for blanks. */
static bool
next_solid(struct str *rest, struct token *ret)
{
	while (next_token(rest, ret))
		if (ret->kind != TOKEN_BLANK)
			return true;
	return false;
}

static bool
is_char(struct token t, char c)
{
	return t.kind == TOKEN_OTHER && t.s.p[0] == c;
}

/* ---- definitions ---- */

/* Bytes at the start of what an end of line is no end of, or in which there is none. */
static size_t
line_piece(struct str s)
{
	size_t n = comment(s);
	if (n)
		return n;
	if (s.p[0] == '\\')
		return s.n > 1 && s.p[1] == '\r' ? 3 : 2;
	return s.p[0] == '"' || s.p[0] == '\'' ? quoted(s) : 1;
}

/* The line that begins at s, with those that continue it. */
static struct str
whole_line(struct str s)
{
	size_t n = 0;
	while (n < s.n && s.p[n] != '\n')
		n += line_piece((struct str){s.p + n, s.n - n});
	return (struct str){s.p, n < s.n ? n : s.n};
}

/* Behind # and blanks: the word, and *line behind it. */
static struct str
directive_word(struct str *line)
{
	struct token t;
	*line = str_trim(*line);
	if (line->n && line->p[0] == '#') {
		line->p++;
		line->n--;
		if (next_solid(line, &t) && t.kind == TOKEN_WORD)
			return t.s;
	}
	return (struct str){"", 0};
}

/* Behind the parenthesis: names up to the one that closes it. */
static void
take_params(struct str *rest, struct macro *m)
{
	struct token t, last = {0};
	while (next_solid(rest, &t) && !is_char(t, ')')) {
		if (t.kind == TOKEN_WORD && m->params.n < ARGS_MAX)
			strlist_add_str(&m->params, t.s);
		if (is_char(t, '.') && !m->is_variadic) {
			m->is_variadic = true;
			if (last.kind != TOKEN_WORD &&
				m->params.n < ARGS_MAX) /* "args..." is named */
				strlist_add(&m->params, "__VA_ARGS__");
		}
		last = t;
	}
}

static void
define(struct expander *x, struct str line)
{
	struct token name, t;
	OWN(buf) struct buf body = {0};
	if (!next_solid(&line, &name) || name.kind != TOKEN_WORD ||
		((x->how & EXPAND_FIRST) && map_get_str(&x->macros, name.s)))
		return;
	struct macro *m = mem_new(struct macro);
	m->like_function = line.n && line.p[0] == '(';
	if (m->like_function) {
		line.p++;
		line.n--;
		take_params(&line, m);
	}
	while (next_token(&line, &t))
		if (t.kind == TOKEN_BLANK)
			buf_putc(&body, ' ');
		else
			buf_add_str(&body, t.s);
	struct str text = str_trim(buf_str(&body));
	m->is_word =
		text.n && first_token(text).kind == TOKEN_WORD && first_token(text).s.n == text.n;
	m->body = str_dup(text);
	map_put_str(&x->macros, name.s, m);
}

struct directive {
	struct str line;       /* with those that continue it; empty: there is none */
	struct str word, rest; /* "define", and what is behind that */
};

/* A comment may stand behind it. */
static bool
is_zero(struct str s)
{
	struct token t;
	return next_solid(&s, &t) && str_eq(t.s, "0") && !next_solid(&s, &t);
}

/* What "#if 0" leaves out: how deep in it a directive stands, 0: not in it. */
static unsigned
leave_out(unsigned depth, const struct directive *d)
{
	if (!depth)
		return str_eq(d->word, "if") && is_zero(d->rest);
	if (depth == 1 && str_starts(d->word, "el"))
		return 0;
	if (str_starts(d->word, "if"))
		return depth + 1;
	return str_eq(d->word, "endif") ? depth - 1 : depth;
}

/* What it defines, unless it is left out; *out_of: as leave_out gives it, of the one before and of this one. */
static void
take_directive(struct expander *x, const struct directive *d, unsigned *out_of)
{
	const unsigned was = *out_of;
	struct str rest = d->rest;
	struct token t;
	*out_of = leave_out(was, d);
	if (was || *out_of)
		return;
	if (str_eq(d->word, "define")) {
		define(x, rest);
	} else if (str_eq(d->word, "undef") && !(x->how & EXPAND_FIRST) && next_solid(&rest, &t)) {
		OWN_FREE char *name = str_dup(t.s);
		(void)map_remove(&x->macros, name);
	}
}

/* Take what stands before the next directive, and that; both empty at the end. */
static void
next_directive(struct str *rest, struct str *ret_before, struct directive *ret)
{
	struct str at = *rest;
	struct token t;
	bool begins = true;
	*ret_before = at;
	*ret = (struct directive){{"", 0}, {"", 0}, {"", 0}};
	while (next_token(&at, &t)) {
		if (begins && is_char(t, '#')) {
			size_t n = (size_t)(t.s.p - rest->p);
			*ret_before = (struct str){rest->p, n};
			ret->line = ret->rest = whole_line((struct str){t.s.p, rest->n - n});
			ret->word = directive_word(&ret->rest);
			n += ret->line.n;
			*rest = (struct str){rest->p + n, rest->n - n};
			return;
		}
		begins = t.kind == TOKEN_BLANK && (begins || memchr(t.s.p, '\n', t.s.n));
	}
	*rest = (struct str){rest->p + rest->n, 0};
}

/* ---- uses ---- */

/* What a name stands for; names of names are followed. */
static struct macro *
find_macro(const struct expander *x, struct str name)
{
	struct macro *m = map_get_str(&x->macros, name);
	for (int i = 0; m && m->is_word && !m->like_function && i < ALIASES_MAX; i++) {
		struct macro *other = map_get(&x->macros, m->body);
		if (!other || other == m)
			break;
		m = other;
	}
	return m && !m->busy ? m : NULL;
}

struct args {
	struct str v[ARGS_MAX];
	size_t n;
};

/* Text up to the parenthesis that closes the one behind which it begins; false: there is none.  *rest is behind it then. */
static bool
take_args(struct expander *x, struct str *rest, size_t max, struct args *ret)
{
	struct token t;
	struct str at = *rest;
	const char *from = at.p;
	int depth = 0;
	*ret = (struct args){0};
	while (!x->over && next_token(&at, &t)) {
		x->work += t.s.n;
		x->over = x->work > WORK_MAX;
		bool ends = is_char(t, ')') && !depth;
		if (ends || (is_char(t, ',') && !depth && ret->n + 1 < max)) {
			ret->v[ret->n++] = str_trim((struct str){from, (size_t)(t.s.p - from)});
			from = at.p;
		}
		if (ends) {
			*rest = at;
			return true;
		}
		depth += is_char(t, '(') - is_char(t, ')');
	}
	return false;
}

static void expand(struct expander *x, struct str s, unsigned depth, struct buf *out);

static void
trim_end(struct buf *b)
{
	while (b->n && b->p[b->n - 1] == ' ')
		b->n--;
}

static size_t
find_param(const struct macro *m, struct str word)
{
	size_t i = 0;
	while (i < m->params.n && !str_eq(word, m->params.v[i]))
		i++;
	return i;
}

static bool
is_pasted(struct str rest)
{
	return str_starts(str_trim(rest), "##");
}

/* The body with arguments in place of parameters; expanded: the same with macros in them replaced. */
static void
substitute(
	const struct macro *m, const struct args *args, const struct buf *expanded, struct buf *out)
{
	struct str rest = str_of(m->body);
	struct token t;
	bool paste = false;
	while (next_token(&rest, &t)) {
		size_t i = t.kind == TOKEN_WORD ? find_param(m, t.s) : m->params.n;
		bool is_last = m->is_variadic && i + 1 == m->params.n;
		if (is_char(t, '#') && str_starts(rest, "#")) {
			next_token(&rest, &t);
			trim_end(out);
			paste = true;
		} else if (is_char(t, '#') && m->like_function) {
			(void)next_solid(&rest, &t);
			buf_puts(out, "\"\"");
		} else if (t.kind == TOKEN_BLANK) {
			if (!paste)
				buf_putc(out, ' ');
		} else if (i < m->params.n && (paste || is_pasted(rest))) {
			struct str arg = i < args->n ? args->v[i] : (struct str){"", 0};
			/* "f(a, ## __VA_ARGS__)" */
			if (paste && is_last && !arg.n && out->n && out->p[out->n - 1] == ',')
				out->n--;
			buf_add_str(out, arg);
			paste = false;
		} else {
			buf_add_str(out, i < m->params.n ? buf_str(&expanded[i]) : t.s);
			paste = false;
		}
	}
}

/* Put what the macro gives; *rest is behind its arguments then.  False: it has none here. */
static bool
put_macro(struct expander *x, struct macro *m, struct str *rest, unsigned depth, struct buf *out)
{
	struct args args = {0};
	struct buf expanded[ARGS_MAX] = {0};
	OWN(buf) struct buf body = {.max = OUT_MAX};
	struct str behind = *rest;
	struct token t;
	size_t most = m->is_variadic && m->params.n ? m->params.n : ARGS_MAX;
	if (m->like_function &&
		!(next_solid(&behind, &t) && is_char(t, '(') && take_args(x, &behind, most, &args)))
		return false;
	const char last = x->last;
	for (size_t i = 0; m->like_function && i < args.n && i < m->params.n; i++) {
		expanded[i].max = OUT_MAX;
		expand(x, args.v[i], depth + 1, &expanded[i]);
	}
	x->last = last; /* arguments are not put themselves */
	substitute(m, &args, expanded, &body);
	m->busy = true;
	buf_putc(out, ' ');
	expand(x, buf_str(&body), depth + 1, out);
	buf_putc(out, ' ');
	m->busy = false;
	x->over = x->over || body.truncated;
	for (size_t i = 0; i < ARGS_MAX; i++)
		buf_cleanup(&expanded[i]);
	if (m->like_function)
		*rest = behind;
	return true;
}

/* ---- what nobody defines ---- */

static bool
is_capital(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (islower((unsigned char)word.p[i]))
			return false;
	return word.n > 1 && !isdigit((unsigned char)word.p[0]);
}

static bool
is_keyword(struct str word)
{
	static const char *const words[] = {"if", "while", "for", "switch", "do", "else", "return",
		"case", "default", "sizeof", "goto", "break", "continue", NULL};
	return str_is_one(word, words);
}

/* Does another statement follow, the end of the block, or a directive? */
static bool
is_statement_next(struct str rest)
{
	struct token t;
	return !next_solid(&rest, &t) || t.kind == TOKEN_WORD || is_char(t, '}');
}

static bool
is_at_end_of_line(struct str rest)
{
	struct token t;
	return next_token(&rest, &t) && t.kind == TOKEN_BLANK && memchr(t.s.p, '\n', t.s.n);
}

/* A word in the text itself that nobody defines; false: it is none that may be a macro.  *rest: as put_macro. */
static bool
put_guessed(struct expander *x, struct str word, struct str *rest, struct buf *out)
{
	struct str behind = *rest, after;
	struct token t;
	struct args args;
	bool begins = x->last && strchr(";{}:)", x->last);
	if (!(x->how & EXPAND_GUESS) || !x->braces || !begins || is_keyword(word))
		return false;
	bool is_call = next_solid(&behind, &t) && is_char(t, '(') &&
		       take_args(x, &behind, ARGS_MAX, &args);
	after = is_call ? behind : *rest;
	if (is_call && next_solid(&after, &t) && is_char(t, '{')) {
		buf_puts(out, "for (;;)");
		x->last = ')';
		*rest = behind;
		return true;
	}
	after = is_call ? behind : *rest;
	if (!is_capital(word) || !is_statement_next(after) ||
		!(is_call || is_at_end_of_line(after)))
		return false;
	buf_puts(out, "0;");
	x->last = ';';
	if (is_call)
		*rest = behind;
	return true;
}

/* ---- all ---- */

static void
put_token(struct expander *x, struct token t, struct str *rest, unsigned depth, struct buf *out)
{
	struct macro *m = t.kind == TOKEN_WORD && depth < DEPTH_MAX ? find_macro(x, t.s) : NULL;
	if (m && put_macro(x, m, rest, depth, out))
		return;
	if (!m && t.kind == TOKEN_WORD && !depth && put_guessed(x, t.s, rest, out))
		return;
	if (!depth && is_char(t, '{'))
		x->braces++;
	if (!depth && is_char(t, '}'))
		x->braces -= x->braces > 0;
	if (t.kind != TOKEN_BLANK)
		x->last = t.s.p[t.s.n - 1];
	buf_add_str(out, t.s);
}

/* A text without directives. */
static void
expand(struct expander *x, struct str s, unsigned depth, struct buf *out)
{
	struct token t;
	x->work += s.n;
	x->over = x->over || x->work > WORK_MAX || out->truncated;
	while (!x->over && next_token(&s, &t)) {
		put_token(x, t, &s, depth, out);
		x->over = x->over || out->truncated;
	}
}

/* A definition is no part of a statement; what decides of others is. */
static void
put_directive(const struct directive *d, bool begins, struct buf *out)
{
	if (begins) /* another branch of what was left out */
		buf_printf(out, "#if " STR_FMT,
			STR_ARG(str_eq(d->word, "else") ? STR("1") : str_trim(d->rest)));
	else if (!str_eq(d->word, "define") && !str_eq(d->word, "undef"))
		buf_add_str(out, d->line);
}

static void
expand_text(struct expander *x, struct str text, struct buf *out)
{
	struct str before;
	struct directive d;
	unsigned out_of = 0;
	while (text.n && !x->over) {
		next_directive(&text, &before, &d);
		if (!out_of)
			expand(x, before, 0, out);
		bool was_out = out_of, begins = was_out && str_starts(d.word, "el");
		take_directive(x, &d, &out_of);
		if (!out_of && (!was_out || begins))
			put_directive(&d, begins, out);
	}
}

static void
take_headers(struct expander *x, struct str headers)
{
	struct str before;
	struct directive d;
	unsigned out_of = 0;
	while (headers.n) {
		next_directive(&headers, &before, &d);
		take_directive(x, &d, &out_of);
	}
}

bool
expand_macros(struct str headers, struct str text, unsigned how, struct buf *out)
{
	struct expander x = {.macros = {.destroy = destroy_macro}, .how = how};
	out->max = OUT_MAX;
	take_headers(&x, headers);
	expand_text(&x, text, out);
	map_cleanup(&x.macros);
	return !x.over && !out->truncated;
}

void
expand_includes(struct str text, void (*each)(void *ctx, struct str name), void *ctx)
{
	struct str before;
	struct directive d;
	while (text.n) {
		next_directive(&text, &before, &d);
		struct str name = str_trim(d.rest);
		const char *end =
			name.n > 2 && strchr("<\"", name.p[0])
				? memchr(name.p + 1, name.p[0] == '<' ? '>' : '"', name.n - 1)
				: NULL;
		if (end && (str_eq(d.word, "include") || str_eq(d.word, "import")))
			each(ctx, (struct str){name.p + 1, (size_t)(end - name.p - 1)});
	}
}
