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

/* Behind the comment that begins at i. */
static size_t
behind_comment(const char *s, size_t n, size_t i)
{
	if (s[i + 1] == '/')
		return line_end(s, n, i);
	const char *e = memmem(s + i + 2, n - i - 2, "*/", 2);
	return e ? (size_t)(e - s) + 2 : n;
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

static bool
is_one_of(const char *s, struct token t, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == t.to - t.from &&
			memcmp(s + t.from, *words, t.to - t.from) == 0)
			return true;
	return false;
}

/* What a declaration may begin with and no expression continues with. */
static bool
begins_type(const char *s, struct token t)
{
	static const char *const words[] = {"int", "char", "void", "unsigned", "signed", "long",
		"short", "float", "double", "struct", "union", "enum", "const", "volatile",
		"static", "extern", "inline", "register", "typedef", NULL};
	return t.kind == 'w' && is_one_of(s, t, words);
}

/* A whole type: no other word of a type follows it. */
static bool
is_basic_type(const char *s, struct token t)
{
	static const char *const words[] = {
		"int", "char", "void", "float", "double", "bool", "size_t", NULL};
	return t.kind == 'w' && is_one_of(s, t, words);
}

/* May a word that it precedes be anything but an attribute? */
static bool
wants_type(const char *s, struct token t)
{
	static const char *const words[] = {"const", "volatile", "static", "extern", "inline",
		"register", "typedef", "struct", "union", "enum", "return", "sizeof", "goto",
		"case", "unsigned", "signed", "long", "short", "else", "do", NULL};
	return t.kind != 'w' || is_one_of(s, t, words);
}

/* The same for one with arguments; `next` is their parenthesis. */
static size_t
dispensable_call(const char *s, size_t n, struct token before, struct token t, struct token next,
	unsigned braces, unsigned how)
{
	size_t behind = behind_parentheses(s, n, next);
	struct token after = next_token(s, n, behind);
	bool underscores = s[t.from] == '_' && s[t.from + 1] == '_';
	if (begins_type(s, after))
		return behind; /* OWN(x) struct buf b; */
	if (before.kind == ')' && (after.kind == '{' || after.kind == ';') &&
		(underscores || !braces))
		return behind; /* f(void) __attr(x); */
	if (!(how & BLANK_BOLD) || braces || after.kind != 'w')
		return 0;
	/* EXPORT_SYMBOL(f) and the next definition; static int __ATTR(x) f() */
	return ends_statement(before.kind) || (before.kind == 'w' && underscores) ? behind : 0;
}

/* How far the macro at t reaches that can be left out; 0: it stays. */
static size_t
dispensable(
	const char *s, size_t n, struct token before, struct token t, unsigned braces, unsigned how)
{
	struct token next = next_token(s, n, t.to);
	bool underscores = s[t.from] == '_' && s[t.from + 1] == '_';
	if (next.kind == '(')
		return dispensable_call(s, n, before, t, next, braces, how);
	if (next.kind == 'w') {
		struct token after = next_token(s, n, next.to);
		bool two_follow = after.kind == 'w' || after.kind == '*' || before.kind == '*';
		bool sure = begins_type(s, next) || two_follow || is_basic_type(s, before) ||
			    (underscores && !wants_type(s, before));
		return sure || how & BLANK_BOLD ? t.to : 0;
	}
	if (next.kind == '*' && !wants_type(s, before))
		return t.to; /* char __user *p */
	if (before.kind == ')' &&
		(next.kind == '{' || (next.kind == ';' && (underscores || !braces))))
		return t.to;
	return 0;
}

/* The first of three words, or of two before a word of a type, where a declaration begins. */
static bool
is_first_of_three(const char *s, size_t n, struct token before, struct token t)
{
	static const char *const keywords[] = {"return", "else", "do", "goto", "case", "sizeof",
		"if", "while", "for", "switch", "auto", "restrict", "_Noreturn", "_Thread_local",
		"_Alignas", "__extension__", "__attribute__", "asm", NULL};
	if (t.kind != 'w' || !ends_statement(before.kind) || begins_type(s, t) ||
		is_basic_type(s, t) || is_one_of(s, t, keywords) ||
		(s[t.from] >= '0' && s[t.from] <= '9'))
		return false;
	struct token next = next_token(s, n, t.to);
	if (begins_type(s, next))
		return true;
	struct token after = next_token(s, n, next.to), then = next_token(s, n, after.to);
	if (then.kind == '(' && next_token(s, n, then.to).kind == '(')
		return false; /* type f OF((int a)) */
	return next.kind == 'w' && (after.kind == 'w' || after.kind == '*') &&
	       !is_one_of(s, next, keywords);
}

/* "int f OF((int a));": the macro and its own parentheses go, the parameters stay; 0: it is something else. */
static size_t
blank_prototype(char *s, size_t n, struct token before, struct token t)
{
	struct token outer = next_token(s, n, t.to);
	if (t.kind != 'w' || (before.kind != ')' && wants_type(s, before)) || outer.kind != '(' ||
		next_token(s, n, outer.to).kind != '(')
		return 0;
	struct token inner = next_token(s, n, outer.to);
	size_t behind = behind_parentheses(s, n, inner);
	struct token close = next_token(s, n, behind);
	char end = close.kind == ')' ? next_token(s, n, close.to).kind : 0;
	if (end != ';' && end != '{')
		return 0;
	blank(s, t.from, outer.to);
	blank(s, close.from, close.to);
	return outer.to;
}

/* NEW(struct a), MEMBER(p, struct a, m): an argument that is a type; the word before it may go. */
static bool
is_type_argument(const char *s, size_t n, const struct token *before, struct token t)
{
	static const char *const tags[] = {"struct", "union", "enum", NULL};
	static const char *const takers[] = {"sizeof", "typeof", "__typeof__", "offsetof",
		"_Alignof", "if", "while", "for", "switch", NULL};
	if (t.kind != 'w' || !is_one_of(s, t, tags) ||
		(before[0].kind != '(' && before[0].kind != ','))
		return false;
	if (before[0].kind == '(' && (wants_type(s, before[1]) || is_one_of(s, before[1], takers)))
		return false;
	struct token name = next_token(s, n, t.to), after = next_token(s, n, name.to);
	return name.kind == 'w' && (after.kind == ',' || after.kind == ')');
}

/* The star of "char *f(a, b) int a; char b;": the grammar knows no pointer in front of the old style. */
static bool
is_star_of_old_style(const char *s, size_t n, struct token star)
{
	if (star.kind != '*')
		return false;
	struct token name = next_token(s, n, star.to), t = next_token(s, n, name.to);
	if (name.kind != 'w' || t.kind != '(')
		return false;
	do {
		t = next_token(s, n, t.to);
		if (t.kind != 'w' || begins_type(s, t) || is_basic_type(s, t))
			return false;
		t = next_token(s, n, t.to);
	} while (t.kind == ',');
	return t.kind == ')' && next_token(s, n, t.to).kind == 'w';
}

bool
blank_attributes(char *text, size_t n, unsigned how)
{
	bool any = false;
	unsigned braces = 0;
	struct token before[2] = {{0}, {0}}; /* the last, and the one before it */
	for (struct token t = next_token(text, n, 0); t.kind; t = next_token(text, n, t.to)) {
		braces += t.kind == '{';
		braces -= t.kind == '}' && braces;
		size_t to = 0;
		if (looks_like_macro(text, t))
			to = dispensable(text, n, before[0], t, braces, how);
		if (!to && is_type_argument(text, n, before, t))
			to = t.to;
		if (!to && how & BLANK_C && !braces && is_first_of_three(text, n, before[0], t))
			to = t.to;
		if (!to && how & BLANK_C && !braces && is_star_of_old_style(text, n, t))
			to = t.to;
		if (!to && how & BLANK_C && !braces)
			to = blank_prototype(text, n, before[0], t);
		if (to) {
			blank(text, t.from, to);
			t.to = to;
			any = true;
			continue;
		}
		before[1] = before[0];
		before[0] = t;
	}
	return any;
}

/* ---- comments in macros ---- */

/* Behind the line that continues with a backslash as long as it does; comments on the way become blanks. */
static size_t
blank_comments_to_end(char *s, size_t n, size_t i)
{
	while (i < n && (s[i] != '\n' || s[i - 1] == '\\')) {
		if (s[i] == '/' && i + 1 < n && s[i + 1] == '*') {
			size_t to = behind_comment(s, n, i);
			blank(s, i, to);
			i = to;
		} else if (s[i] == '"' || s[i] == '\'') {
			i = next_token(s, n, i).to;
		} else {
			i++;
		}
	}
	return i;
}

void
blank_macro_comments(char *text, size_t n)
{
	char *p = text;
	while ((p = memmem(p, n - (size_t)(p - text), "define", 6))) {
		char *hash = p;
		while (hash > text && (hash[-1] == ' ' || hash[-1] == '\t'))
			hash--;
		size_t at = (size_t)(p - text) + 6;
		p = text +
		    (hash > text && hash[-1] == '#' ? blank_comments_to_end(text, n, at) : at);
	}
}

/* ---- branches of #if that are no whole ---- */

#define MAX_GROUPS 64

struct group {
	size_t from;   /* where its #if begins */
	size_t branch; /* where the lines of its last branch begin */
	int depth;     /* braces open there */
	bool uneven;   /* it is in the middle of a statement, or a branch left others open */
};

enum directive { DIRECTIVE_NONE, DIRECTIVE_IF, DIRECTIVE_ELSE, DIRECTIVE_END };

static enum directive
directive_at(const char *s, size_t n, size_t i)
{
	for (i++; i < n && (s[i] == ' ' || s[i] == '\t'); i++)
		;
	if (n - i >= 2 && memcmp(s + i, "if", 2) == 0)
		return DIRECTIVE_IF;
	if (n - i >= 2 && memcmp(s + i, "el", 2) == 0)
		return DIRECTIVE_ELSE;
	return n - i >= 5 && memcmp(s + i, "endif", 5) == 0 ? DIRECTIVE_END : DIRECTIVE_NONE;
}

/* Does an #if stand in the middle of a statement?  `before` is the character in front of it, `behind` where it ends. */
static bool
splits_statement(const char *s, size_t n, char before, size_t behind)
{
	static const char *const else_word[] = {"else", NULL};
	struct token next = next_token(s, n, behind);
	bool ended =
		before == 0 || before == ';' || before == '{' || before == '}' || before == ':';
	return !ended || strchr("?|&+=,)", next.kind ? next.kind : ';') ||
	       (next.kind == 'w' && is_one_of(s, next, else_word));
}

/* A group whose branches leave braces open: all but its last branch goes, and its directives. */
static bool
close_group(char *s, size_t n, const struct group *g, int depth, size_t end)
{
	bool uneven = g->uneven || depth != g->depth;
	if (!uneven)
		return false;
	blank(s, g->from, g->branch);
	blank(s, end, line_end(s, n, end + 1));
	return true;
}

bool
blank_uneven_branches(char *text, size_t n)
{
	struct group groups[MAX_GROUPS];
	size_t ngroups = 0;
	int depth = 0;
	bool any = false, line_start = true;
	char before = 0; /* the last character that was no blank */
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if (c == '\n') {
			line_start = true;
			continue;
		}
		if (c == '/' && i + 1 < n && (text[i + 1] == '*' || text[i + 1] == '/')) {
			i = behind_comment(text, n, i) - 1;
			continue;
		}
		if (c == '"' || c == '\'') {
			i = next_token(text, n, i).to - 1;
			line_start = false;
			before = c;
			continue;
		}
		depth += (c == '{') - (c == '}');
		if (c != '#' || !line_start) {
			if (c != ' ' && c != '\t' && c != '\r')
				before = c;
			line_start = line_start && (c == ' ' || c == '\t');
			continue;
		}
		enum directive d = directive_at(text, n, i);
		size_t behind = line_end(text, n, i + 1);
		if (d == DIRECTIVE_IF && ngroups < MAX_GROUPS) {
			groups[ngroups++] = (struct group){.from = i,
				.branch = behind,
				.depth = depth,
				.uneven = splits_statement(text, n, before, behind)};
		} else if (d == DIRECTIVE_ELSE && ngroups) {
			struct group *g = &groups[ngroups - 1];
			g->uneven = g->uneven || depth != g->depth;
			g->branch = behind;
			depth = g->depth;
		} else if (d == DIRECTIVE_END && ngroups) {
			any |= close_group(text, n, &groups[--ngroups], depth, i);
		}
		i = behind - 1;
		line_start = true;
	}
	return any;
}
