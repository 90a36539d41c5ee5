#include "agents/fixer_cast.h"

#include "agents/source_c.h"

#include <ctype.h>
#include <string.h>

/* ---- types ---- */

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Without what changes no value's place: qualifiers, signs, the "int" of "long int"; blanks only between words. */
static void
put_plain(struct str type, struct buf *out)
{
	static const char *const dropped[] = {
		"const", "volatile", "restrict", "signed", "unsigned", NULL};
	OWN(buf) struct buf plain = {0};
	bool was_int = false, is_long = false;
	for (size_t i = 0; i < type.n;) {
		size_t n = 0;
		while (i + n < type.n && is_word(type.p[i + n]))
			n++;
		struct str word = {type.p + i, n ? n : 1};
		bool drop = word.p[0] == ' ';
		for (size_t k = 0; n && dropped[k]; k++)
			drop = drop || str_eq(word, dropped[k]);
		was_int = n && str_eq(word, "int");
		if (!drop && !(was_int && is_long)) {
			if (n && plain.n && is_word(plain.p[plain.n - 1]))
				buf_putc(&plain, ' ');
			buf_add_str(&plain, word);
		}
		is_long = n ? str_eq(word, "long") || str_eq(word, "short") || (drop && is_long)
			    : drop && is_long;
		i += word.n;
	}
	/* "unsigned" alone is an int. */
	buf_add_str(out, plain.n && plain.p[0] != '*' ? buf_str(&plain) : STR("int"));
	if (plain.n && plain.p[0] == '*')
		buf_add_str(out, buf_str(&plain));
}

/* Every pointer is a pointer. */
static void
put_collapsed(struct str type, struct buf *out)
{
	OWN(buf) struct buf plain = {0};
	put_plain(str_trim(type), &plain);
	buf_add_str(out, str_ends(buf_str(&plain), "*") ? STR("*") : buf_str(&plain));
}

struct function_type {
	struct buf result, parameters; /* parameters: each with a comma behind it */
	bool unspecified;	       /* "()" */
};

static void
function_type_cleanup(struct function_type *f)
{
	buf_cleanup(&f->result);
	buf_cleanup(&f->parameters);
}

/* "R (*)(P, ...)"; false: it is none, or has parameters that are functions. */
static bool
take_function(struct str type, struct function_type *ret)
{
	static const char mark[] = "(*)(";
	const char *at = memmem(type.p, type.n, mark, sizeof(mark) - 1);
	if (!at || !type.n || type.p[type.n - 1] != ')')
		return false;
	const char *from = at + sizeof(mark) - 1;
	struct str list = {from, (size_t)(type.p + type.n - 1 - from)}, one;
	if (memchr(list.p, '(', list.n))
		return false;
	put_collapsed((struct str){type.p, (size_t)(at - type.p)}, &ret->result);
	ret->unspecified = !list.n;
	if (str_eq(list, "void"))
		return true;
	while (list.n && str_next(&list, ',', &one)) {
		put_collapsed(one, &ret->parameters);
		buf_putc(&ret->parameters, ',');
	}
	return true;
}

static bool
is_same(const struct buf *a, const struct buf *b)
{
	return a->n == b->n && (!a->n || memcmp(a->p, b->p, a->n) == 0);
}

/* A result that nobody takes does no harm. */
static bool
is_function_alike(const struct function_type *to, const struct function_type *from)
{
	bool result =
		is_same(&to->result, &from->result) ||
		(str_eq(buf_str(&to->result), "void") && str_eq(buf_str(&from->result), "int"));
	return result && (to->unspecified || from->unspecified ||
				 is_same(&to->parameters, &from->parameters));
}

bool
fixer_cast_is_alike(struct str to, struct str from)
{
	OWN(function_type) struct function_type f = {0}, g = {0};
	OWN(buf) struct buf a = {0}, b = {0};
	bool is = take_function(to, &f), was = take_function(from, &g);
	if (is || was)
		return is && was && is_function_alike(&f, &g);
	put_plain(to, &a);
	put_plain(from, &b);
	return str_ends(buf_str(&a), "*") && is_same(&a, &b);
}

/* ---- what the compiler says ---- */

struct types {
	struct str to;		/* as it is to be written */
	struct str meant, from; /* behind the names */
};

/* The next in quotes, and behind it what it is also known as. */
static bool
next_type(const char **rest, struct str *ret_written, struct str *ret_meant)
{
	static const char aka[] = " {aka '";
	const char *open = strchr(*rest, '\''), *shut = open ? strchr(open + 1, '\'') : NULL;
	if (!shut)
		return false;
	*ret_written = *ret_meant = (struct str){open + 1, (size_t)(shut - open - 1)};
	*rest = shut + 1;
	if (strncmp(*rest, aka, sizeof(aka) - 1) != 0)
		return true;
	open = *rest + sizeof(aka) - 2;
	shut = strchr(open + 1, '\'');
	if (!shut)
		return false;
	*ret_meant = (struct str){open + 1, (size_t)(shut - open - 1)};
	*rest = shut + 1;
	return true;
}

static bool
read_types(const struct diagnostic *d, struct types *ret)
{
	struct str m = str_of(d->message), first, second, first_meant, second_meant;
	bool passing = str_starts(m, "passing argument ");
	const char *rest = passing ? d->note : d->message;
	if (!rest || !next_type(&rest, &first, &first_meant) ||
		!next_type(&rest, &second, &second_meant))
		return false;
	if (str_starts(m, "returning "))
		*ret = (struct types){second, second_meant, first_meant};
	else if (passing || str_starts(m, "assignment to ") || str_starts(m, "initialization of "))
		*ret = (struct types){first, first_meant, second_meant};
	else
		return false;
	return true;
}

/* ---- what is cast ---- */

/* Behind an operator, up to what ends it at its level. */
static size_t
end_of_expression(struct str blank, size_t at)
{
	int depth = 0;
	for (; at < blank.n; at++) {
		char c = blank.p[at];
		if (depth == 0 && strchr(";,)}]?:", c))
			return at;
		depth += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
	}
	return at;
}

static bool
find_expression(const struct diagnostic *d, struct str text, struct str blank, size_t at,
	size_t *ret_at, size_t *ret_n)
{
	size_t from = d->first ? source_offset(text, d->line, d->first) : at;
	bool assigns = str_starts(str_of(d->message), "assignment to ");
	if (from == SOURCE_NOWHERE || (assigns && blank.p[at] != '='))
		return false;
	from = assigns ? at + 1 : from;
	size_t to = end_of_expression(blank, from);
	if (to >= blank.n || blank.p[to] == '?')
		return false;
	while (from < to && isspace((unsigned char)text.p[from]))
		from++;
	while (to > from && isspace((unsigned char)text.p[to - 1]))
		to--;
	*ret_at = from;
	*ret_n = to - from;
	return to > from;
}

static bool
is_constant(struct str e)
{
	uint64_t n;
	if (e.n > 2 && e.p[0] == '\'' && e.p[e.n - 1] == '\'')
		return true;
	if (e.n && e.p[0] == '-')
		e = (struct str){e.p + 1, e.n - 1};
	if (e.n > 1 && strchr("lL", e.p[e.n - 1]))
		e.n--;
	if (!str_starts(e, "0x") && !str_starts(e, "0X"))
		return str_parse_u64(e, UINT64_MAX, &n);
	for (size_t i = 2; i < e.n; i++)
		if (!isxdigit((unsigned char)e.p[i]))
			return false;
	return e.n > 2;
}

/* Does a cast before it take all of it? */
static bool
is_primary(struct str e)
{
	int depth = 0;
	if (is_constant(e) || (e.n > 1 && e.p[0] == '"' && !memchr(e.p + 1, '"', e.n - 2)))
		return true;
	for (size_t i = 0; i < e.n; i++) {
		char c = e.p[i];
		bool arrow = c == '-' && i + 1 < e.n && e.p[i + 1] == '>';
		bool shut = c == ')' || c == ']';
		depth -= shut;
		if (depth == 0 && !shut && !is_word(c) && c != '.' && c != '(' && c != '[' &&
			!arrow && !(c == '>' && i && e.p[i - 1] == '-') && !(i == 0 && c == '&'))
			return false;
		depth += c == '(' || c == '[';
	}
	return true;
}

static char *
cast_to(struct str type, struct str e)
{
	bool whole = is_primary(e);
	return mem_printf("(" STR_FMT ")%s" STR_FMT "%s", STR_ARG(type), whole ? "" : "(",
		STR_ARG(e), whole ? "" : ")");
}

char *
fixer_cast(const struct diagnostic *d, struct str text, struct str blank, size_t at, size_t *ret_at,
	size_t *ret_n)
{
	struct types t;
	if (!read_types(d, &t) || !find_expression(d, text, blank, at, ret_at, ret_n))
		return NULL;
	struct str e = {text.p + *ret_at, *ret_n};
	if (strstr(d->message, " makes integer from pointer"))
		return str_eq(e, "NULL") ? mem_strdup("0") : NULL;
	if (strstr(d->message, " makes pointer from integer"))
		return is_constant(e) ? cast_to(t.to, e) : NULL;
	if (strstr(d->message, " incompatible "))
		return fixer_cast_is_alike(t.meant, t.from) ? cast_to(t.to, e) : NULL;
	return NULL;
}
